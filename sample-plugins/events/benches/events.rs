//! Events on their way to those who handle them, with tower: single ones, batches, and pipelines of
//! middleware. Written for Criterion: `cargo bench` would run this file as well.

#![allow(
    clippy::await_holding_refcell_ref,
    reason = "there is one future at a time, which ends before the next one begins"
)]

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{Ready, ready};

use criterion::async_executor::{AsyncExecutor, FuturesExecutor};
use criterion::{BenchmarkId, Criterion, Throughput, black_box, criterion_group, criterion_main};
use tower::steer::Steer;
use tower::util::BoxService;
use tower::{Service, ServiceExt, service_fn};

/// What happened, and to whom.
#[derive(Clone, Copy, Debug)]
struct Event {
    kind: usize,
    subject: u64,
    /// The stations that it passed.
    hops: u64,
}

const KINDS: usize = 8;

/// Each of the kinds in turn, with subjects that no branch predictor guesses.
fn events(count: usize) -> Vec<Event> {
    let mut subject = 1_u64;
    (0..count)
        .map(|index| {
            subject = subject
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            Event {
                kind: index % KINDS,
                subject,
                hops: 0,
            }
        })
        .collect()
}

/// What a handler answers.
fn answer(kind: usize, event: Event) -> u64 {
    (event.subject >> kind) ^ event.hops
}

/// Picks one of eight handlers for each event.
fn bus() -> impl Service<Event, Response = u64, Error = Infallible> {
    let handler = |kind| {
        service_fn(move |event| -> Ready<Result<u64, Infallible>> {
            ready(Ok(answer(kind, event)))
        })
    };
    Steer::new((0..KINDS).map(handler), |event: &Event, _: &[_]| event.kind)
}

/// A handler behind `layers` layers of middleware, each in a box, as a program puts them together
/// that reads from its configuration which ones it wants.
fn pipeline(layers: usize) -> BoxService<Event, u64, Infallible> {
    let handler = service_fn(|event| ready(Ok(answer(0, event))));
    (0..layers).fold(handler.boxed(), |inner, _| {
        let hop = |event: Event| Event {
            hops: event.hops + 1,
            ..event
        };
        inner.map_request(hop).boxed()
    })
}

/// Hands over one event after the other, each when the service is ready, and sums up the answers.
async fn send_all(
    service: &mut impl Service<Event, Response = u64, Error = Infallible>,
    events: &[Event],
) -> u64 {
    let mut sum = 0_u64;
    for event in events {
        let Ok(ready) = service.ready().await;
        let Ok(answer) = ready.call(*event).await;
        sum = sum.wrapping_add(answer);
    }
    sum
}

fn dispatch(c: &mut Criterion) {
    let mut group = c.benchmark_group("dispatch");
    for count in [1, 10, 100, 1000, 10_000] {
        let name = if count == 1 { "single" } else { "batch" };
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new(name, count), |b| {
            let events = events(count);
            let expected = events.iter().fold(0_u64, |sum, event| {
                sum.wrapping_add(answer(event.kind, *event))
            });
            // The right handlers get the events, or there is nothing to measure.
            let sum = FuturesExecutor.block_on(send_all(&mut bus(), &events));
            assert_eq!(sum, expected);

            let bus = RefCell::new(bus());
            b.to_async(FuturesExecutor).iter(|| async {
                let mut bus = bus.borrow_mut();
                send_all(&mut *bus, black_box(&events)).await
            });
        });
    }
    group.finish();
}

fn middleware(c: &mut Criterion) {
    let mut group = c.benchmark_group("pipeline");
    group.throughput(Throughput::Elements(1));
    for layers in [1, 2, 5, 10, 20] {
        group.bench_function(BenchmarkId::new("layers", layers), |b| {
            let event = events(1)[0];
            let through = Event {
                hops: layers as u64,
                ..event
            };
            let sum = FuturesExecutor.block_on(send_all(&mut pipeline(layers), &[event]));
            assert_eq!(sum, answer(0, through));

            let pipeline = RefCell::new(pipeline(layers));
            b.to_async(FuturesExecutor).iter(|| async {
                let mut pipeline = pipeline.borrow_mut();
                send_all(&mut *pipeline, black_box(&[event])).await
            });
        });
    }
    group.finish();
}

criterion_group!(benches, dispatch, middleware);
criterion_main!(benches);
