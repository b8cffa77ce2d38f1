use super::super::sampler::fake::{FakeClock, drive};
use super::super::{Bench as _, Sampler};
use super::*;
use dyno_model::COUNTERS;

const SAMPLING: Sampling = Sampling {
    sample_ns: 2_000_000,
    budget_ns: 500_000_000,
    precision: 0.01,
    min_samples: 20,
    max_samples: 10_000,
};

const SETTINGS: TimeSettings = TimeSettings {
    sampling: SAMPLING,
    iterations: 16_384,
    deadline_ns: u64::MAX,
};

fn run(settings: TimeSettings, ns: impl Fn(u64, u64) -> u64) -> TimeSchedule {
    let clock = FakeClock::default();
    let mut calls = 0;
    drive(TimeSchedule::new(settings), &clock, |n| {
        calls += 1;
        clock.pass(ns(calls, n));
    })
}

#[test]
fn a_steady_case_ends_early_and_every_sample_has_the_same_iterations() {
    let done = run(SETTINGS, |_, n| n * 100);
    assert!(done.is_precise());
    assert_eq!(done.samples().len(), SAMPLING.min_samples);
    for sample in done.samples() {
        assert_eq!((sample.iterations, sample.wall_ns), (16_384, 1_638_400));
        assert_eq!(sample.cpu_ns, sample.wall_ns);
    }
    assert_eq!(done.first_ns(), 100);
    assert_eq!(done.checksum(), Some(7));
}

#[test]
fn an_unsteady_case_ends_with_its_budget_and_keeps_every_sample() {
    let done = run(SETTINGS, |call, n| n * (100 + call % 7 * 10));
    assert!(!done.is_precise());
    let spent: u64 = done.samples().iter().map(|sample| sample.wall_ns).sum();
    assert!((500_000_000..600_000_000).contains(&spent), "{spent}");
}

/// If this failed, a busy machine would end the sampling before there is anything to see.
#[test]
fn disturbed_samples_are_kept_and_do_not_count_as_enough() {
    let clock = FakeClock::default();
    let mut calls = 0;
    let done = drive(TimeSchedule::new(SETTINGS), &clock, |n| {
        calls += 1;
        clock.pass(n * 100);
        if calls % 2 == 0 {
            clock.preempt(3_000_000);
        }
    });
    let undisturbed = done.samples().iter().filter(|one| one.is_undisturbed());
    assert!(undisturbed.count() >= SAMPLING.min_samples);
    assert!(done.is_precise());
    assert!(done.samples().iter().any(|sample| sample.switches > 0));
}

#[test]
fn a_case_longer_than_its_budget_is_sampled_a_few_times() {
    let settings = TimeSettings {
        iterations: 1,
        ..SETTINGS
    };
    let done = run(settings, |_, n| n * 900_000_000);
    assert_eq!(done.samples().len(), 3);
}

/// If this failed, what was measured would be thrown away when the wall limit ends the process.
#[test]
fn sampling_ends_before_its_deadline() {
    let settings = TimeSettings {
        sampling: Sampling {
            budget_ns: 3_000_000_000,
            precision: 0.0,
            max_samples: 1000,
            min_samples: 10,
            ..SAMPLING
        },
        iterations: 1,
        deadline_ns: 1_000_000_000,
    };
    let done = run(settings, |call, n| n * (30_000_000 + call));
    let count = done.samples().len();
    assert!((28..=32).contains(&count), "{count}");
    // However long it takes, there is one.
    let done = run(settings, |_, n| n * 5_000_000_000);
    assert_eq!(done.samples().len(), 1);
}

#[test]
fn the_cold_iteration_and_two_batches_come_before_the_samples() {
    let mut sizes = Vec::new();
    let clock = FakeClock::default();
    let done = drive(TimeSchedule::new(SETTINGS), &clock, |n| {
        sizes.push(n);
        clock.pass(n * 100);
    });
    assert_eq!(sizes.len(), 1 + 2 + done.samples().len());
    assert_eq!(sizes[..2], [1, SETTINGS.iterations]);
    assert!(done.samples().iter().all(|one| one.wall_ns == 1_638_400));
}

/// If this fails, one of two that are compared takes longer than the other, and the machine
/// changes between them.
#[test]
fn of_two_that_are_compared_each_uses_its_twentieth_of_a_second_and_has_ten_samples() {
    let samples = |ns: u64| {
        let settings = TimeSettings::new(Sampling::compared());
        // No two are alike, as it is with a real clock.
        run(settings, |call, _| ns + call).samples().len()
    };
    // However narrow its interval is: 24 of 2 ms are 48 ms.
    assert_eq!(samples(2_000_000), 25);
    assert_eq!(samples(12_000_000), 10);
    // Four times its budget is all that it gets.
    assert_eq!(samples(50_000_000), 4);
}

/// If this fails, two sides that are to do the same do not where the machine is slow for a
/// while.
#[test]
fn a_given_number_of_samples_is_kept_for_forty_budgets() {
    let samples = |ns: u64| {
        let settings = TimeSettings::new(Sampling {
            budget_ns: 1_000_000,
            min_samples: 100,
            max_samples: 100,
            ..SAMPLING
        });
        run(settings, |_, _| ns).samples().len()
    };
    assert_eq!(samples(10_000), 100);
    assert_eq!(samples(350_000), 100);
    assert_eq!(samples(500_000), 80);
}

/// If this fails, sampling ends before its result is as precise as it was to be.
#[test]
fn an_interval_is_narrow_if_half_of_it_is_within_the_precision() {
    // Of twenty values, the 95 % interval of the median lies between the sixth and the fifteenth.
    let values = [90, 99, 101, 110].map(|ms| [ms * 1_000_000; 5]).concat();
    let is_precise = |precision| {
        let sampling = Sampling {
            precision,
            max_samples: 20,
            budget_ns: u64::MAX,
            ..SAMPLING
        };
        let done = run(TimeSettings::new(sampling), |call, _| {
            values[(call as usize + 16) % 20]
        });
        assert_eq!(done.samples().len(), 20);
        done.is_precise()
    };
    assert!(is_precise(0.01));
    assert!(!is_precise(0.0099));
}

#[test]
fn the_deadline_is_the_last_moment_at_which_a_batch_may_end() {
    let samples = |deadline_ns| {
        let settings = TimeSettings {
            deadline_ns,
            ..TimeSettings::new(Sampling {
                precision: 0.0,
                ..SAMPLING
            })
        };
        // A millisecond, with the 11 ns outside of the timed part.
        let done = run(settings, |call, _| 1_000_000 - 11 - call % 2);
        assert!(!done.is_precise());
        done.samples().len()
    };
    // Three batches come before the samples. Of every second one a nanosecond is missing, and the
    // last is expected to take what the one before it took.
    let end = |batches: u64| batches * 1_000_000 - batches / 2 - 1;
    assert_eq!(samples(end(40)), 37);
    assert_eq!(samples(end(40) - 1), 36);
    // Before the least number of samples, too, and not before there is one.
    assert_eq!(samples(end(10)), 7);
    assert_eq!(samples(end(10) - 1), 6);
    assert_eq!(samples(0), 1);
}

#[test]
fn a_first_batch_of_more_than_an_eighth_of_the_budget_is_the_warm_up() {
    let warm_ups = |first: u64| {
        let settings = TimeSettings::new(SAMPLING);
        let mut batches = 0;
        let clock = FakeClock::default();
        let done = drive(TimeSchedule::new(settings), &clock, |_| {
            batches += 1;
            clock.pass(if batches == 1 { first } else { 1000 });
        });
        batches - 1 - done.samples().len()
    };
    assert_eq!(warm_ups(62_500_000 - 11), 2);
    assert_eq!(warm_ups(62_500_000 - 10), 0);
}

/// If this fails, what another thread of the worker did is said to be the guest's.
#[test]
fn a_sample_has_what_was_counted_unless_the_guest_waited() {
    let counted = |waits: bool| {
        let clock = FakeClock::default();
        let settings = TimeSettings::new(SAMPLING);
        let done = drive(TimeSchedule::new(settings), &clock, |_| {
            clock.count(5);
            clock.pass(1000);
            if waits {
                clock.wait(1000);
            }
        });
        let sample = done.samples()[3];
        (sample.waits, sample.counts.get(COUNTERS[0]))
    };
    assert_eq!(counted(false), (0, Some(5)));
    assert_eq!(counted(true), (1, None));
}

#[test]
fn a_checksum_that_changes_once_is_none() {
    let checksum = |odd_batch: usize| {
        let mut sampler = Sampler::new(
            FakeClock::default(),
            TimeSchedule::new(TimeSettings::new(Sampling {
                max_samples: 20,
                ..SAMPLING
            })),
        );
        let mut batch = 0;
        let handed = |batch| if batch == odd_batch { 8 } else { 7 };
        while sampler.next(handed(batch)).unwrap().is_some() {
            batch += 1;
            sampler.start().unwrap();
            sampler.stop().unwrap();
        }
        assert_eq!(batch, 23);
        sampler.into_schedule().checksum()
    };
    for odd_batch in 1..=23 {
        assert_eq!(checksum(odd_batch), None, "{odd_batch}");
    }
    // What is handed to the first call is of no batch.
    assert_eq!(checksum(0), Some(7));
}
