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

#[test]
fn the_rung_is_the_one_nearest_to_the_target_that_set_up_allows() {
    for (iteration_ns, whole_ns, iterations) in [
        (1000.0, 1000.0, 2048),
        // Half way between two rungs, which are powers of two.
        (1380.0, 1380.0, 1024 << 1),
        (1382.0, 1382.0, 1024),
        (0.0, 0.0, 1 << 40),
        (1e12, 1e12, 1),
        // Ten times the target over so many of them, and a little more.
        (1000.0, 9765.625, 2048),
        (1000.0, 9765.626, 1024),
        (1000.0, 1e12, 1),
    ] {
        let found = Calibrated {
            iteration_ns,
            whole_ns,
            doubled_ratio: None,
        };
        assert_eq!(found.iterations(TARGET), iterations, "{found:?}");
    }
}

/// What an iteration took in batches of 2048 and of 4096 in turn, ns.
fn rounds(costs: &[(u64, f64)]) -> Calibrated {
    let schedule = CalibrateSchedule {
        found: Some(Calibrated {
            iteration_ns: 1000.0,
            whole_ns: 1500.0,
            doubled_ratio: None,
        }),
        rounds: costs.iter().map(|(size, ns)| (size * 2048, *ns)).collect(),
        ..CalibrateSchedule::new(TARGET)
    };
    schedule.calibrated().unwrap()
}

/// If this fails, a case whose cost depends on how often it is done is taken for one that does not,
/// or a neighbour makes an honest one look so.
#[test]
fn the_ratio_is_the_least_that_all_rounds_agree_on() {
    for (costs, fastest, ratio) in [
        // All say more, and the second least: its batch of twice as many came first.
        (
            &[(1, 100.0), (2, 150.0), (2, 125.0), (1, 100.0)][..],
            100.0,
            Some(1.25),
        ),
        // The fastest of both say less of it than any round.
        (
            &[(1, 100.0), (2, 150.0), (2, 180.0), (1, 120.0)],
            100.0,
            Some(1.5),
        ),
        (
            &[(1, 80.0), (2, 160.0), (2, 120.0), (1, 60.0)],
            60.0,
            Some(2.0),
        ),
        // All say less.
        (
            &[(1, 100.0), (2, 50.0), (2, 75.0), (1, 100.0)],
            100.0,
            Some(0.75),
        ),
        // One says more, and one less.
        (
            &[(1, 100.0), (2, 150.0), (2, 50.0), (1, 100.0)],
            100.0,
            Some(1.0),
        ),
        // A round that took no time says nothing.
        (
            &[(1, 100.0), (2, 150.0), (2, 150.0), (1, 100.0), (1, 100.0)],
            100.0,
            Some(1.5),
        ),
        (&[(1, 0.0), (2, 150.0)], 0.0, None),
        // Nothing was compared.
        (&[(1, 100.0)], 1000.0, None),
        (&[], 1000.0, None),
    ] {
        let found = rounds(costs);
        assert_eq!(found.doubled_ratio, ratio, "{costs:?}");
        assert_eq!((found.iteration_ns, found.whole_ns), (fastest, 1500.0));
    }
}

#[test]
fn of_a_guest_that_waits_nobody_says_what_its_number_costs() {
    let ratio = |waiting_batch: u64| {
        let clock = FakeClock::default();
        let mut batch = 0;
        let done = drive(CalibrateSchedule::new(TARGET), &clock, |n| {
            batch += 1;
            clock.pass(n * 1000);
            if batch == waiting_batch {
                clock.wait(1);
            }
        });
        assert!(batch > 10);
        done.calibrated().unwrap().doubled_ratio
    };
    assert_eq!(ratio(0), Some(1.0));
    // While the batches grow, and when they are compared.
    assert_eq!((ratio(1), ratio(9)), (None, None));
}

/// If this fails, calibrating takes longer than what it is for, or is not sure of what it found.
#[test]
fn long_batches_are_neither_repeated_nor_doubled() {
    let sizes = |iteration_ns: u64| run(|_, n| n * iteration_ns).0;
    // Twice as many take a fifth of a second, and no more.
    assert_eq!(sizes(100_000_000).len(), 2 + 2 * ROUNDS);
    assert_eq!(sizes(100_000_001), [1, 1]);
    assert_eq!(sizes(500_000_000), [1, 1]);
    assert_eq!(sizes(500_000_001), [1]);
}

#[test]
fn batches_grow_by_two_to_sixteen_times_until_they_are_two_thirds_of_the_target() {
    let grown = |iteration_ns: u64| {
        let (sizes, found) = run(|_, n| n * iteration_ns);
        let (grown, compared) = sizes.split_at(sizes.len() - 2 * ROUNDS);
        let iterations = found.iterations(TARGET);
        let turns = [1, 2, 2, 1].map(|times| times * iterations);
        let expected = turns.iter().cycle().take(2 * ROUNDS);
        assert!(compared.iter().eq(expected), "{sizes:?}");
        grown.to_vec()
    };
    assert_eq!(grown(1_400_000), [1, 1]);
    assert_eq!(grown(1_300_000), [1, 2, 2]);
    assert_eq!(grown(400_000), [1, 4, 4]);
    // Three times 2 * 666,667 are a little more than twice the target.
    assert_eq!(grown(666_667), [1, 2, 2]);
    assert_eq!(grown(666_666), [1, 2, 4, 4]);
    assert_eq!(grown(200_000), [1, 8, 8]);
    assert_eq!(grown(130_000), [1, 8, 16, 16]);
    assert_eq!(grown(100), [1, 16, 256, 4096, 16_384, 16_384]);
}

#[test]
fn set_up_of_the_first_batch_is_each_ones_unless_it_grows() {
    let sizes = |first: u64, each: u64| {
        let clock = FakeClock::default();
        let mut sampler = Sampler::new(clock.clone(), CalibrateSchedule::new(TARGET));
        let mut sizes = Vec::new();
        while let Some(iterations) = sampler.next(7).unwrap() {
            sizes.push(iterations);
            clock.pass(first + each * (iterations - 1));
            sampler.start().unwrap();
            clock.pass(iterations * 1000);
            sampler.stop().unwrap();
        }
        sizes
    };
    // Ten times the target: two iterations tell which it is.
    assert_eq!(sizes(20_000_000, 0)[..4], [1, 2, 32, 512]);
    assert_eq!(sizes(19_999_999, 0)[..4], [1, 16, 256, 1024]);
    // Of each iteration: the second one makes a batch of two too long.
    let long = sizes(20_000_000, 20_000_000);
    assert_eq!(long[..3], [1, 2, 2]);
    assert!(long.iter().all(|size| *size <= 2), "{long:?}");
    // As much as that, and a little less.
    assert_eq!(sizes(20_000_000, 19_998_000)[..3], [1, 2, 2]);
    assert_eq!(sizes(20_000_000, 19_997_999)[..3], [1, 2, 32]);
}

#[test]
fn the_set_up_of_twice_as_many_iterations_is_part_of_how_long_they_take() {
    let next_round = |whole_ns| {
        let schedule = CalibrateSchedule {
            found: Some(Calibrated {
                iteration_ns: 1e7,
                whole_ns,
                doubled_ratio: None,
            }),
            ..CalibrateSchedule::new(20_000_000)
        };
        schedule.next_round()
    };
    // Two make a sample, and four take a fifth of a second, or a little more.
    assert_eq!(next_round(5e7), Some(2));
    assert_eq!(next_round(5.01e7), None);
}
