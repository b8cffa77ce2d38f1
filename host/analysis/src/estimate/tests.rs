//! Cases made to order, and what is concluded of them.

mod marks;

use super::marks::FUEL_PER_NS_MAX;
use super::*;
use dyno_fixture::{plain_case, plain_process};
use dyno_model::{Calibration, CountBatch, CountPass, IntervalMethod, Pace, Throughput};

const QUIET: ConcludeOptions = ConcludeOptions {
    empty_batch_ns: Some(50.0),
    strict: false,
    shared_core: false,
};
const STRICT: ConcludeOptions = ConcludeOptions {
    strict: true,
    ..QUIET
};

fn process(ns: &[u64], checksum: Option<u64>) -> Process {
    let sample = |ns: &u64| Sample {
        iterations: 1000,
        wall_ns: ns * 1000,
        cpu_ns: ns * 1000,
        switches: 0,
        waits: 0,
        counts: Default::default(),
    };
    Process {
        checksum,
        ..plain_process(0, ns.iter().map(sample).collect())
    }
}

fn case(expected: Option<u64>, counted: [u64; 2], processes: Vec<Process>) -> Case {
    let pass = |checksum| CountPass {
        batches: vec![CountBatch {
            iterations: 1,
            fuel: 100,
            untimed_fuel: 1,
            checksum,
        }],
        total_fuel: 101,
    };
    let mut case = plain_case("x", 100.0, processes);
    case.spec.expected = expected;
    case.checksum = None;
    if let Some(count) = &mut case.count {
        count.passes = counted.into_iter().map(pass).collect();
    }
    case
}

fn wall(case: &Case) -> Estimate {
    case.measurements
        .iter()
        .find(|m| m.metric == Metric::WallTime)
        .unwrap()
        .estimate
}

#[test]
fn a_process_is_the_unit() {
    let mut many = case(
        None,
        [7, 7],
        vec![
            process(&[90, 100, 500], Some(7)),
            process(&[120; 50], Some(7)),
        ],
    );
    conclude(&mut many, QUIET);
    assert_eq!((wall(&many).n, wall(&many).median), (2, 110.0));
    assert_eq!((many.checksum, &many.outcome), (Some(7), &Outcome::Ok));
}

/// If this fails, what was not counted is shown as a count, or samples without one weigh in.
#[test]
fn what_the_processor_counted_is_an_estimate_per_iteration_and_else_there_is_none() {
    let counting = |counts: [u64; 3]| {
        let mut process = process(&[100; 3], Some(7));
        for (sample, count) in process.samples.iter_mut().zip(counts) {
            sample.counts = [(Metric::Instructions, count)].into_iter().collect();
        }
        process
    };
    let processes = vec![counting([5_000, 7_000, 0]), counting([8_000, 8_000, 8_000])];
    let mut counted = case(None, [7, 7], processes);
    conclude(&mut counted, QUIET);
    let instructions = counted.estimate(Metric::Instructions).unwrap();
    assert_eq!((instructions.n, instructions.median), (2, 7.0));
    assert_eq!(counted.estimate(Metric::Cycles), None);
    let mut uncounted = case(None, [7, 7], vec![counting([0; 3]), counting([0; 3])]);
    conclude(&mut uncounted, QUIET);
    assert_eq!(uncounted.estimate(Metric::Instructions), None);
}

#[test]
fn one_process_says_that_it_is_only_one() {
    let mut one = case(None, [7, 7], vec![process(&[90, 100, 110], Some(7))]);
    conclude(&mut one, QUIET);
    assert_eq!(wall(&one).interval, IntervalMethod::WithinProcess);
    assert!(one.marks.contains(&Mark::SingleProcess));
}

#[test]
fn a_checksum_that_differs_anywhere_is_marked_and_fails_only_if_strict() {
    for (counted, processes) in [
        ([7, 8], vec![process(&[9], Some(7))]),
        ([7, 7], vec![process(&[9], Some(8))]),
        ([7, 7], vec![process(&[9], None)]),
        ([7, 7], vec![process(&[9], Some(7)), process(&[9], Some(8))]),
    ] {
        let mut differs = case(None, counted, processes);
        conclude(&mut differs, QUIET);
        assert_eq!((differs.checksum, &differs.outcome), (None, &Outcome::Ok));
        assert!(differs.marks.contains(&Mark::Nondeterministic));
        conclude(&mut differs, STRICT);
        assert!(matches!(differs.outcome, Outcome::Nondeterministic { .. }));
    }
}

#[test]
fn what_is_nondeterministic_says_what_differed() {
    let message = |mut case: Case| {
        conclude(&mut case, STRICT);
        match case.outcome {
            Outcome::Nondeterministic { message } => message,
            other => panic!("{other:?}"),
        }
    };
    let checksums = case(None, [7, 8], vec![process(&[100; 3], Some(7))]);
    assert_eq!(
        message(checksums),
        "the checksum differs between passes, batches or processes"
    );
    let mut fuel = case(None, [7, 7], vec![process(&[100; 3], Some(7))]);
    fuel.count.as_mut().unwrap().deterministic = false;
    assert_eq!(
        message(fuel),
        "two metered passes over the same work, with the same random numbers, took different fuel"
    );
}

#[test]
fn a_wrong_checksum_fails_and_an_earlier_failure_stands() {
    let mut wrong = case(Some(8), [7, 7], vec![process(&[9], Some(7))]);
    conclude(&mut wrong, QUIET);
    assert_eq!(
        wrong.outcome,
        Outcome::Checksum {
            expected: 8,
            actual: 7
        }
    );
    let mut failed = case(Some(8), [7, 7], Vec::new());
    failed.outcome = Outcome::Error {
        message: "no".into(),
    };
    conclude(&mut failed, STRICT);
    assert_eq!(
        failed.outcome,
        Outcome::Error {
            message: "no".into()
        }
    );
}

/// The engine puts fuel in before it drops what no result needs.
#[test]
fn work_that_was_removed_is_folded_and_fails_only_if_strict() {
    for (fuel_per_ns, is_folded) in [(0.0, true), (FUEL_PER_NS_MAX, false), (450.0, true)] {
        let mut removed = case(None, [7, 7], vec![process(&[10, 10, 10], Some(7))]);
        removed.spec.throughput = Some(Throughput::Bytes(1000));
        removed.count.as_mut().unwrap().fuel_per_iteration = 10.0 * fuel_per_ns;
        conclude(&mut removed, QUIET);
        assert_eq!(
            (removed.without_work().is_some(), &removed.outcome),
            (is_folded, &Outcome::Ok)
        );
        assert_eq!(removed.work().is_none(), is_folded, "{fuel_per_ns}");
        conclude(&mut removed, STRICT);
        let failed = matches!(removed.outcome, Outcome::Folded { .. });
        assert_eq!(failed, is_folded, "{:?}", removed.outcome);
    }
    // A clock that does not count yet is no proof.
    let mut unclocked = case(None, [7, 7], vec![process(&[0, 0, 0], Some(7))]);
    conclude(&mut unclocked, STRICT);
    assert_eq!(unclocked.outcome, Outcome::Ok);
}

/// The two cases that an audit of hostile plugins found, and work whose cost differs between the
/// builds as far as it was ever seen to.
#[test]
fn other_work_when_timed_is_implausible_and_fails_only_if_strict() {
    let ns = |ns: u64| vec![process(&[ns, ns, ns], Some(7))];
    for (fuel, counted_ns, timed_ns, is_implausible) in [
        (99.0, 400, 500_000, true),
        (1.2e6, 60_000, 6, true),
        (1.2e6, 60_000, 6_000, false),
        (1.2e6, 60_000, 400_000, false),
        // Too short to be seen.
        (99.0, 400, 4, false),
    ] {
        let mut other = case(None, [7, 7], ns(timed_ns));
        other.spec.throughput = Some(Throughput::Bytes(1000));
        let count = other.count.as_mut().unwrap();
        count.fuel_per_iteration = fuel;
        count.pace = Some(Pace {
            iterations: 8,
            cpu_ns: 8 * counted_ns,
        });
        conclude(&mut other, QUIET);
        let expected = is_implausible.then_some(Mark::Implausible);
        assert_eq!(
            (other.without_work(), &other.outcome),
            (expected, &Outcome::Ok)
        );
        assert_eq!(other.work().is_none(), is_implausible);
        conclude(&mut other, STRICT);
        let failed = matches!(other.outcome, Outcome::Implausible { .. });
        assert_eq!(failed, is_implausible, "{:?}", other.outcome);
    }
}

/// If this fails, honest cases are called dishonest: waiting, which is free when it is counted; and
/// what costs more in larger batches, which has a mark of its own that no gate passes.
#[test]
fn what_waits_or_is_nonlinear_is_not_implausible() {
    let mut waits = case(None, [7, 7], vec![process(&[50_000; 3], Some(7))]);
    waits.count.as_mut().unwrap().pace = Some(Pace {
        iterations: 8,
        cpu_ns: 8000,
    });
    let mut bent = waits.clone();
    conclude(&mut waits, QUIET);
    assert_eq!(waits.without_work(), Some(Mark::Implausible));
    for sample in &mut waits.processes[0].samples {
        sample.waits = 1000;
    }
    conclude(&mut waits, QUIET);
    assert_eq!(waits.without_work(), None);
    bent.calibration = Some(Calibration {
        iterations: 1000,
        iteration_ns: 50_000.0,
        doubled_ratio: Some(1.9),
    });
    conclude(&mut bent, QUIET);
    assert!(bent.marks.contains(&Mark::Nonlinear));
    assert_eq!(bent.without_work(), None);
}

#[test]
fn marks_say_what_a_reader_must_know() {
    let mut folded = case(None, [7, 7], vec![process(&[1, 1, 1], Some(7))]);
    folded.count.as_mut().unwrap().fuel_per_iteration = 0.0;
    folded.processes[0].precise = false;
    folded.processes[0].samples[0].wall_ns += 5_000_000_000;
    conclude(&mut folded, QUIET);
    for mark in [Mark::Folded, Mark::TimerFloor, Mark::BudgetEnded] {
        assert!(
            folded.marks.contains(&mark),
            "{mark:?} in {:?}",
            folded.marks
        );
    }
    let mut stopped = case(None, [7, 7], vec![process(&[100; 9], Some(7))]);
    stopped.processes[0].samples[3].wall_ns += 5_000_000_000;
    conclude(&mut stopped, QUIET);
    assert!(stopped.marks.contains(&Mark::Suspended));
}

/// If this fails, the processes with which a session begins never show that the machine is too
/// noisy.
#[test]
fn five_processes_that_differ_are_noisy() {
    let of = |levels: [u64; 5]| {
        // Samples of a process differ by 10 %, so that only the medians of the processes decide.
        let process =
            |level: u64| process(&[level - level / 10, level, level + level / 10], Some(7));
        let mut case = case(None, [7, 7], levels.map(process).into());
        conclude(&mut case, QUIET);
        case.marks.contains(&Mark::Noisy)
    };
    // Standard deviations of 6.3 % and 1.6 %.
    assert!(of([108_000, 92_000, 100_000, 96_000, 104_000]));
    assert!(!of([102_000, 98_000, 100_000, 99_000, 101_000]));
}

/// If this fails, what a process measured before it failed is part of the result.
#[test]
fn a_process_that_failed_and_one_without_samples_say_nothing_of_time() {
    let mut failed = process(&[900, 900, 900], Some(7));
    failed.outcome = Outcome::Error {
        message: "no".into(),
    };
    failed.first_iteration_ns = 1_000_000;
    let mut empty = process(&[], Some(7));
    empty.first_iteration_ns = 1_000_000;
    let fine = [process(&[100; 3], Some(7)), process(&[120; 3], Some(7))];
    let [one, other] = fine;
    let mut case = case(None, [7, 7], vec![one, failed, empty, other]);
    conclude(&mut case, QUIET);
    assert_eq!((wall(&case).n, wall(&case).median), (2, 110.0));
    let first = case.estimate(Metric::FirstIteration).unwrap();
    assert_eq!((first.n, first.median), (2, 10.0));
    assert!(!case.marks.contains(&Mark::SingleProcess));
}
