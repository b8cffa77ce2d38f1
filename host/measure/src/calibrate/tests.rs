use super::super::sampler::fake::{FakeClock, drive};
use super::super::{Bench as _, Sampler};
use super::*;

const TARGET: u64 = 2_000_000;

/// The batches that were ordered, and what came out, for work that takes `ns(batch,
/// iterations)`.
fn run(ns: impl Fn(u64, u64) -> u64) -> (Vec<u64>, Calibrated) {
    let clock = FakeClock::default();
    let mut sizes = Vec::new();
    let done = drive(CalibrateSchedule::new(TARGET), &clock, |n| {
        sizes.push(n);
        clock.pass(ns(sizes.len() as u64, n));
    });
    (sizes, done.calibrated().unwrap())
}

fn iterations(ns: impl Fn(u64, u64) -> u64) -> u64 {
    run(ns).1.iterations(TARGET)
}

#[test]
fn a_sample_is_the_rung_nearest_to_the_target() {
    assert_eq!(iterations(|_, n| n), 1 << 21);
    assert_eq!(iterations(|_, n| n * 1000), 2048);
    assert_eq!(iterations(|_, n| n * 80_000_000), 1);
    let (sizes, _) = run(|_, n| n);
    assert!(sizes.iter().all(|size| size.is_power_of_two()), "{sizes:?}");
    assert!(sizes.len() <= 9 + 2 * ROUNDS, "{sizes:?}");
}

/// If this failed, two versions would do different work, and two runs of one, too.
#[test]
fn a_cost_that_differs_a_little_leads_to_the_same_rung() {
    for ns in 800..1_250 {
        assert_eq!(iterations(|_, n| n * ns), 2048, "{ns}");
    }
}

#[test]
fn a_cost_that_depends_on_the_number_is_seen() {
    let ratio = |ns: fn(u64, u64) -> u64| run(ns).1.doubled_ratio.unwrap();
    assert!((ratio(|_, n| n * 1000) - 1.0).abs() < 0.001);
    // The i-th iteration takes i times as long.
    assert!((ratio(|_, n| n * n * 10) - 2.0).abs() < 0.001);
    // Set-up within the timed part.
    assert!(ratio(|_, n| 1_500_000 + n) < 0.7);
    // A neighbour that takes every third batch's time, or some of it at random.
    let noisy = ratio(|batch, n| n * 1000 * (1 + batch % 3));
    assert!((noisy - 1.0).abs() < 0.001, "{noisy}");
    let noisy = ratio(|batch, n| n * (1000 + batch * 7919 % 400));
    assert!((noisy - 1.0).abs() < 0.1, "{noisy}");
}

/// If this failed, two runs of one case would do different work, because of what is done once
/// or what a neighbour did.
#[test]
fn one_slow_batch_decides_nothing() {
    let lazy = iterations(|batch, n| n * 1000 + u64::from(batch == 1) * 30_000_000);
    assert_eq!(lazy, 2048);
    let clock = FakeClock::default();
    let mut batch = 0;
    let done = drive(CalibrateSchedule::new(TARGET), &clock, |n| {
        batch += 1;
        clock.pass(n * 1000);
        if batch % 2 == 0 {
            clock.preempt(5_000_000);
        }
    });
    assert_eq!(done.calibrated().unwrap().iterations(TARGET), 2048);
}

#[test]
fn a_program_is_not_compared_with_twice_as_much_of_it() {
    let clock = FakeClock::default();
    let schedule = CalibrateSchedule::new(TARGET).without_doubling();
    let done = drive(schedule, &clock, |n| clock.pass(n * n * 1000));
    assert_eq!(done.calibrated().unwrap().doubled_ratio, None);
}

#[test]
fn what_takes_long_is_not_done_twice_as_often() {
    let (sizes, found) = run(|_, n| n * 5_000_000_000);
    assert_eq!((sizes, found.doubled_ratio), (vec![1], None));
}

#[test]
fn work_that_takes_no_time_at_all_comes_to_an_end() {
    let (sizes, found) = run(|_, _| 0);
    assert!(sizes.len() < 20, "{sizes:?}");
    assert_eq!(found.iterations(TARGET), 1 << 40);
}

fn with_set_up(ns: impl Fn(u64) -> u64) -> u64 {
    let clock = FakeClock::default();
    let mut sampler = Sampler::new(clock.clone(), CalibrateSchedule::new(TARGET));
    while let Some(iterations) = sampler.next(7).unwrap() {
        clock.pass(ns(iterations));
        sampler.start().unwrap();
        clock.pass(iterations * 13);
        sampler.stop().unwrap();
    }
    let found = sampler.into_schedule().calibrated().unwrap();
    found.iterations(TARGET)
}

#[test]
fn long_set_up_of_each_batch_does_not_make_the_samples_short() {
    assert!(with_set_up(|_| 200_000_000) * 13 >= TARGET / 2);
}

#[test]
fn long_set_up_of_each_iteration_keeps_the_batches_small() {
    assert_eq!(with_set_up(|n| n * 60_000_000), 1);
}

#[test]
fn waiting_is_what_an_iteration_takes() {
    let clock = FakeClock::default();
    let done = drive(CalibrateSchedule::new(TARGET), &clock, |n| {
        clock.pass(n * 100_000);
        clock.wait(n * 900_000);
    });
    assert_eq!(done.calibrated().unwrap().iterations(TARGET), 2);
}

/// If this fails, a busy machine makes samples shorter than a quiet one.
#[test]
fn what_neighbours_took_is_no_cost_unless_nothing_else_is_known() {
    let found = |work: fn(&FakeClock, u64)| {
        let clock = FakeClock::default();
        let done = drive(CalibrateSchedule::new(TARGET), &clock, |n| work(&clock, n));
        done.calibrated().unwrap().iterations(TARGET)
    };
    let half = |clock: &FakeClock, n| {
        clock.pass(n * 1000);
        clock.preempt(n * 1000);
    };
    assert_eq!(found(half), 2048);
    // A clock of CPU time so coarse that it does not move.
    assert_eq!(found(|clock, n| clock.preempt(n * 1000)), 2048);
}

/// A batch of twice as many may take a fifth of a second.
#[test]
fn twice_as_much_is_tried_only_where_it_is_short() {
    let (sizes, found) = run(|_, n| n * 110_000_000);
    assert_eq!((sizes, found.doubled_ratio), (vec![1, 1], None));
    let (sizes, found) = run(|_, n| n * 90_000_000);
    assert_eq!(sizes, [1, 1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2]);
    assert!(found.doubled_ratio.is_some());
}

/// If this fails, what an iteration takes is found out from batches that are too short to know
/// it.
#[test]
fn batches_grow_until_their_timed_part_is_long_enough_beside_some_set_up() {
    let clock = FakeClock::default();
    let mut sampler = Sampler::new(clock.clone(), CalibrateSchedule::new(TARGET));
    let mut sizes = Vec::new();
    while let Some(iterations) = sampler.next(7).unwrap() {
        sizes.push(iterations);
        clock.pass(iterations * 500);
        sampler.start().unwrap();
        clock.pass(iterations * 100);
        sampler.stop().unwrap();
    }
    // 16,384 take 1.6 ms, more than two thirds of 2 ms, and with their set-up less than ten
    // times that.
    assert_eq!(sizes[..6], [1, 16, 256, 4096, 16_384, 16_384]);
    let found = sampler.into_schedule().calibrated().unwrap();
    assert_eq!((found.iteration_ns, found.whole_ns.round()), (100.0, 600.0));
}
