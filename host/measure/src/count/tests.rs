use super::super::sampler::fake::{FakeClock, drive};
use super::*;

fn count(fuel: impl Fn(u64) -> u64) -> Counts {
    let clock = FakeClock::default();
    drive(CountSchedule::new(CountSettings::default()), &clock, |n| {
        clock.pass(fuel(n))
    })
    .counts()
}

#[test]
fn call_costs_cancel_and_the_first_batch_is_discarded() {
    let mut calls = 0;
    let clock = FakeClock::default();
    let counts = drive(CountSchedule::new(CountSettings::default()), &clock, |n| {
        calls += 1;
        clock.pass(if calls == 1 { 1_000_000 } else { 500 + 70 * n });
    })
    .counts();
    assert_eq!(counts.fuel_per_iteration, Some(70.0));
    assert!(counts.settled);
    let sizes: Vec<u64> = counts
        .batches
        .iter()
        .map(|batch| batch.iterations)
        .collect();
    assert_eq!(sizes, [1, 1, 2, 4, 8]);
    assert_eq!(counts.batches[1].untimed_fuel, 11);
}

#[test]
fn a_large_iteration_is_settled_by_one_agreement() {
    let counts = count(|n| n * 200_000_000);
    assert_eq!(
        (counts.fuel_per_iteration, counts.settled),
        (Some(2e8), true)
    );
    assert_eq!(counts.batches.len(), 4);
}

#[test]
fn an_unrolled_loop_is_counted_where_it_has_become_even() {
    // Four iterations at once cost 29, a remainder 10 each: the slope ends at 7.25.
    let counts = count(|n| 40 + n / 4 * 29 + n % 4 * 10);
    assert_eq!(counts.fuel_per_iteration, Some(7.25));
}

#[test]
fn a_long_iteration_is_counted_once() {
    let counts = count(|n| n * 2_000_000_000);
    assert_eq!(counts.fuel_per_iteration, Some(2e9));
    assert_eq!(
        (counts.method, counts.batches.len()),
        (CountMethod::Single, 2)
    );
}

/// If this failed, an iteration of a minute would be counted four times, and not within any
/// limit.
#[test]
fn a_very_long_iteration_is_not_even_repeated() {
    let counts = count(|n| n * 60_000_000_000);
    assert_eq!(counts.fuel_per_iteration, Some(6e10));
    assert_eq!((counts.batches.len(), counts.settled), (1, true));
}

#[test]
fn a_fresh_instance_is_counted_at_once() {
    let clock = FakeClock::default();
    let schedule = CountSchedule::once(CountSettings::default());
    let counts = drive(schedule, &clock, |n| clock.pass(500 * n)).counts();
    assert_eq!(
        (counts.fuel_per_iteration, counts.settled),
        (Some(500.0), true)
    );
    assert_eq!(
        (counts.method, counts.batches.len()),
        (CountMethod::Single, 1)
    );
}

#[test]
fn fuel_that_never_settles_ends_and_says_so() {
    let counts = count(|n| n * n * 1000);
    assert!(!counts.settled);
    assert!(counts.batches.len() < 40);
}

#[test]
fn folded_work_has_no_slope() {
    assert_eq!(count(|_| 123).fuel_per_iteration, Some(0.0));
}

/// If this fails, a case that sets up for long before each iteration is counted for minutes.
#[test]
fn fuel_outside_of_the_timed_part_is_part_of_how_large_a_batch_is() {
    let count = |untimed: u64, timed: u64| {
        let clock = FakeClock::default();
        let schedule = CountSchedule::new(CountSettings::default());
        let mut sampler = crate::Sampler::new(clock.clone(), schedule);
        while let Some(iterations) = crate::Bench::next(&mut sampler, 7).unwrap() {
            clock.pass(iterations * untimed);
            crate::Bench::start(&mut sampler).unwrap();
            clock.pass(iterations * timed);
            crate::Bench::stop(&mut sampler).unwrap();
        }
        let counts = sampler.into_schedule().counts();
        (
            counts.method,
            counts.batches.len(),
            counts.fuel_per_iteration,
        )
    };
    // Together more than 250 million, so that it is not multiplied.
    let long = count(200_000_000, 100_000_000);
    assert_eq!(long, (CountMethod::Single, 2, Some(1e8)));
    // 1, 1, 2 and 4 iterations, since 8 would have 1.6 billion.
    let short = count(150_000_000, 50_000_000);
    assert_eq!(short, (CountMethod::Slope, 4, Some(5e7)));
}

/// If this fails, one machine counts a case by its slope and another one by single iterations.
#[test]
fn what_is_too_much_for_several_iterations_is_more_than_the_setting() {
    let settings = CountSettings {
        single_fuel: 1000,
        ..CountSettings::default()
    };
    let count = |fuel| {
        let clock = FakeClock::default();
        // Each batch has 11 besides, outside of its timed part.
        let done = drive(CountSchedule::new(settings), &clock, |n| {
            clock.pass(fuel * n - 11);
        });
        let counts = done.counts();
        (counts.method, counts.batches.len())
    };
    assert_eq!(count(1000), (CountMethod::Slope, 5));
    assert_eq!(count(1001), (CountMethod::Single, 2));
    // Ten times as much is not repeated.
    assert_eq!(count(10_000), (CountMethod::Single, 2));
    assert_eq!(count(10_001), (CountMethod::Single, 1));
}

#[test]
fn no_batch_is_larger_than_the_setting() {
    let count = |batch_fuel| {
        let settings = CountSettings {
            batch_fuel,
            ..CountSettings::default()
        };
        let clock = FakeClock::default();
        let done = drive(CountSchedule::new(settings), &clock, |n| {
            clock.pass(100 * n);
        });
        let counts = done.counts();
        let sizes = counts.batches.iter().map(|batch| batch.iterations);
        assert_eq!(counts.fuel_per_iteration, Some(100.0));
        (sizes.collect::<Vec<_>>(), counts.settled)
    };
    // Twice the 2 * 100 of a batch and the 11 beside it; of one slope it is not known yet whether
    // it holds still.
    assert_eq!(count(421), (vec![1, 1, 2], false));
    assert_eq!(count(422), (vec![1, 1, 2, 4], true));
    assert_eq!(count(821), (vec![1, 1, 2, 4], true));
    assert_eq!(count(822), (vec![1, 1, 2, 4, 8], true));
}

#[test]
fn a_slope_holds_still_while_it_differs_by_no_more_than_its_share() {
    // Slopes of 1, 2 and 4: each differs from the one before by half of itself.
    let fuel = |n: u64| (n * n).div_ceil(3) + 10;
    let count = |stability| {
        let settings = CountSettings {
            stability,
            batch_fuel: 1 << 20,
            ..CountSettings::default()
        };
        let clock = FakeClock::default();
        let done = drive(CountSchedule::new(settings), &clock, |n| {
            clock.pass(fuel(n));
        });
        done.counts()
    };
    let settled = count(0.5);
    let slopes = settled.batches.windows(2).skip(1);
    let slopes = slopes.map(|two| (two[1].fuel - two[0].fuel) / two[0].iterations);
    assert_eq!(slopes.collect::<Vec<_>>(), [1, 2, 4]);
    assert_eq!((settled.settled, settled.batches.len()), (true, 5));
    assert!(!count(0.49).settled);
}
