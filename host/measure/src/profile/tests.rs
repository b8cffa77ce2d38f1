use super::super::sampler::fake::{FakeClock, drive};
use super::*;

fn sizes(size: ProfileSize, fuel: u64) -> Vec<u64> {
    let clock = FakeClock::default();
    let mut sizes = Vec::new();
    let schedule = ProfileSchedule::new(size);
    assert_eq!(schedule.profiled(), None);
    let done = drive(schedule, &clock, |n| {
        sizes.push(n);
        clock.pass(fuel * n);
    });
    // Of the last batch, and of no other.
    let profiled = done.profiled().unwrap();
    let last = *sizes.last().unwrap();
    assert_eq!(
        (profiled.order.iterations, profiled.timed),
        (last, fuel * last)
    );
    sizes
}

#[test]
fn one_batch_is_discarded_and_one_is_large_enough() {
    assert_eq!(sizes(ProfileSize::Enough, 20_000), [1, 512]);
    assert_eq!(sizes(ProfileSize::Enough, 1 << 40), [1, 1]);
    assert_eq!(sizes(ProfileSize::Enough, 0), [1, ITERATIONS_MAX]);
    assert_eq!(sizes(ProfileSize::Iterations(3), 20_000), [1, 3]);
    assert_eq!(sizes(ProfileSize::First, 20_000), [1]);
}

/// If this fails, a profile shows what was not measured, or does not add up to what was.
#[test]
fn the_last_batch_is_told_by_function_between_start_and_stop() {
    let clock = FakeClock::default();
    let mut bench = Profiler::new(clock.clone(), ProfileSize::Iterations(3));
    for wanted in [1, 3] {
        assert_eq!(bench.next(7), Ok(Some(wanted)));
        clock.pass(100);
        bench.start().unwrap();
        for _ in 0..wanted {
            // Beginning costs one, before it can be told.
            clock.pass(1);
            bench.enter(9);
            clock.pass(20);
            bench.leave();
        }
        clock.pass(4);
        bench.stop().unwrap();
        bench.enter(5);
        clock.pass(1000);
        bench.leave();
    }
    assert_eq!(bench.next(7), Ok(None));
    assert_eq!(bench.finish(), Ok(()));
    let found = bench.into_profiled();
    let batch = found.batch.unwrap();
    assert_eq!((batch.order.iterations, batch.timed), (3, 3 * 21 + 4));
    let nodes = found.nodes.iter();
    let nodes: Vec<_> = nodes
        .map(|node| (node.place, node.fuel, node.calls))
        .collect();
    let expected = [
        (crate::Place::Host, 4, 0),
        (crate::Place::Function(9), 63, 3),
    ];
    assert_eq!(nodes, expected);
    let [sum] = found.sums.as_slice() else {
        panic!("{:?}", found.sums);
    };
    assert_eq!((sum.function, sum.fuel, sum.calls), (9, 63, 3));
}

#[test]
fn a_guest_that_breaks_the_protocol_is_told_so_in_a_profile_too() {
    let mut bench = Profiler::new(FakeClock::default(), ProfileSize::Enough);
    assert_eq!(bench.start(), Err(ProtocolError::OutsideBatch));
    assert_eq!(bench.stop(), Err(ProtocolError::OutsideBatch));
    assert_eq!(bench.finish(), Err(ProtocolError::EarlyReturn));
    assert!(bench.into_profiled().batch.is_none());
}

/// If this fails, a case that sets up for long before each iteration is profiled for minutes.
#[test]
fn fuel_outside_of_the_timed_part_is_part_of_how_large_the_batch_is() {
    // Each batch has 11 besides: together an eighth of 20 million, or a little more.
    assert_eq!(sizes(ProfileSize::Enough, 2_500_000 - 11), [1, 8]);
    assert_eq!(sizes(ProfileSize::Enough, 2_500_000 - 10), [1, 4]);
}
