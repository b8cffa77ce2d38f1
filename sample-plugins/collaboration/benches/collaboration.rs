//! What a shared text does all day, with yrs: take in characters, merge what several people wrote at the
//! same time, and travel between them as updates. Written for Criterion: `cargo bench` would run this
//! file as well.

use criterion::{
    BatchSize, BenchmarkId, Criterion, Throughput, black_box, criterion_group, criterion_main,
};
use yrs::updates::decoder::Decode;
use yrs::{Doc, GetString, ReadTxn, StateVector, Text, Transact, Update};

/// The name of the text in each document.
const NAME: &str = "article";

/// Where a writer's next character goes.
#[derive(Clone, Copy)]
enum Place {
    End,
    Start,
    Anywhere,
}

/// One transaction for each character, as typing makes them.
fn write(doc: &Doc, characters: u32, place: Place) {
    let text = doc.get_or_insert_text(NAME);
    let mut random = doc.client_id().get();
    for _ in 0..characters {
        let mut transaction = doc.transact_mut();
        let length = text.len(&transaction);
        let index = match place {
            Place::End => length,
            Place::Start => 0,
            Place::Anywhere => {
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                ((random >> 33) % (u64::from(length) + 1)) as u32
            }
        };
        text.insert(&mut transaction, index, "x");
    }
}

/// All that a document holds, as an update of version 1.
fn encoded(doc: &Doc) -> Vec<u8> {
    let transaction = doc.transact();
    transaction.encode_state_as_update_v1(&StateVector::default())
}

/// Takes in an update. Ours are well-formed; a panic fails the case.
fn apply(doc: &Doc, update: Update) {
    let applied = doc.transact_mut().apply_update(update);
    assert!(applied.is_ok(), "{applied:?}");
}

fn decoded(update: &[u8]) -> Update {
    Update::decode_v1(update).unwrap_or_else(|error| panic!("{error}"))
}

fn content(doc: &Doc) -> String {
    doc.get_or_insert_text(NAME).get_string(&doc.transact())
}

fn insert(c: &mut Criterion) {
    let mut group = c.benchmark_group("insert");
    for (name, place) in [
        ("end", Place::End),
        ("start", Place::Start),
        ("anywhere", Place::Anywhere),
    ] {
        for characters in [100, 1000] {
            group.throughput(Throughput::Elements(characters.into()));
            group.bench_with_input(BenchmarkId::new(name, characters), &place, |b, &place| {
                b.iter_batched_ref(
                    || Doc::with_client_id(1),
                    |doc| write(doc, characters, place),
                    BatchSize::LargeInput,
                );
            });
        }
    }
    group.finish();
}

/// Each of the writers begins with the same text and writes 100 characters into it, unseen by the
/// others.
fn merge(c: &mut Criterion) {
    const EDITS: u32 = 100;
    let mut group = c.benchmark_group("merge");
    for writers in [2, 4, 8, 16] {
        group.throughput(Throughput::Elements(u64::from(writers * EDITS)));
        group.bench_function(BenchmarkId::new("writers", writers), |b| {
            let base = Doc::with_client_id(1);
            write(&base, 1000, Place::End);
            let updates: Vec<Vec<u8>> = (0..writers)
                .map(|writer| {
                    let doc = Doc::with_client_id(u64::from(writer) + 2);
                    apply(&doc, decoded(&encoded(&base)));
                    let seen = doc.transact().state_vector();
                    write(&doc, EDITS, Place::Anywhere);
                    doc.transact().encode_diff_v1(&seen)
                })
                .collect();
            let copy = |updates: &mut dyn Iterator<Item = &Vec<u8>>| {
                let doc = Doc::with_client_id(1);
                apply(&doc, decoded(&encoded(&base)));
                updates.for_each(|update| apply(&doc, decoded(update)));
                content(&doc)
            };
            // What the whole is for: in whatever order the edits arrive, the text is the same.
            assert_eq!(
                copy(&mut updates.iter()),
                copy(&mut updates.iter().rev()),
                "the copies differ"
            );
            let state = encoded(&base);
            b.iter_batched_ref(
                || {
                    let doc = Doc::with_client_id(1);
                    apply(&doc, decoded(&state));
                    doc
                },
                |doc| {
                    for update in &updates {
                        apply(doc, decoded(update));
                    }
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

/// A text written at random places falls into many blocks, one written to the end into one.
fn exchange(c: &mut Criterion) {
    for (name, place) in [("contiguous", Place::End), ("scattered", Place::Anywhere)] {
        let doc = Doc::with_client_id(1);
        write(&doc, 5000, place);
        let update = encoded(&doc);
        let bytes = Throughput::Bytes(update.len() as u64);

        let mut group = c.benchmark_group("encode");
        group.throughput(bytes.clone());
        group.bench_function(name, |b| b.iter(|| encoded(black_box(&doc))));
        group.finish();

        let mut group = c.benchmark_group("apply");
        group.throughput(bytes);
        group.bench_function(name, |b| {
            b.iter_with_large_drop(|| {
                let copy = Doc::with_client_id(2);
                apply(&copy, decoded(black_box(&update)));
                copy
            });
        });
        group.finish();
    }
}

criterion_group!(benches, insert, merge, exchange);
criterion_main!(benches);
