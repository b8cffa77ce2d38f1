//! Where each mark begins: just not, and just so.

use super::*;

/// What is marked, after some change of a case of five processes in which nothing is worth a word.
fn marked(change: impl FnOnce(&mut Case)) -> Vec<Mark> {
    marked_in(QUIET, change)
}

fn marked_in(options: ConcludeOptions, change: impl FnOnce(&mut Case)) -> Vec<Mark> {
    let processes = vec![process(&[100; 9], Some(7)); 5];
    let mut case = case(None, [7, 7], processes);
    change(&mut case);
    conclude(&mut case, options);
    case.marks
}

fn set_pace(case: &mut Case, cpu_ns: u64) {
    let iterations = 8;
    let count = case.count.as_mut().unwrap();
    count.pace = Some(Pace { iterations, cpu_ns });
}

#[test]
fn of_a_plain_case_there_is_nothing_to_say() {
    assert_eq!(marked(|_| ()), []);
}

#[test]
fn passes_that_differ_are_nondeterministic_if_there_are_two() {
    let of = |deterministic: bool, passes: usize| {
        marked(|case| {
            let count = case.count.as_mut().unwrap();
            count.deterministic = deterministic;
            count.passes.truncate(passes);
        })
    };
    assert_eq!(of(false, 2), [Mark::Nondeterministic]);
    assert_eq!(of(false, 1), []);
    assert_eq!(of(true, 2), []);
}

#[test]
fn less_than_one_unit_of_fuel_is_no_work_and_has_no_other_fault() {
    let with_fuel = |fuel: f64| {
        move |case: &mut Case| {
            let count = case.count.as_mut().unwrap();
            count.fuel_per_iteration = fuel;
            count.settled = false;
            case.calibration = Some(Calibration {
                iterations: 1000,
                iteration_ns: 100.0,
                doubled_ratio: Some(2.0),
            });
        }
    };
    assert_eq!(
        marked(with_fuel(1.0)),
        [Mark::FuelUnsettled, Mark::Nonlinear]
    );
    assert_eq!(marked(with_fuel(0.99)), [Mark::Folded]);
}

#[test]
fn batches_of_twice_as_many_may_cost_a_tenth_more_or_less() {
    for (ratio, is_nonlinear) in [
        (1.0, false),
        (1.1, false),
        (1.101, true),
        (0.95, false),
        (0.91, false),
        (0.909, true),
    ] {
        let marks = marked(|case| {
            case.calibration = Some(Calibration {
                iterations: 1000,
                iteration_ns: 100.0,
                doubled_ratio: Some(ratio),
            });
        });
        assert_eq!(marks.contains(&Mark::Nonlinear), is_nonlinear, "{ratio}");
    }
}

/// Eight times the CPU time of the count pass, and a tenth of a millisecond for each wait.
#[test]
fn timed_work_may_be_slower_by_so_much_and_no_more() {
    for (waits, timed_ns, is_implausible) in [
        (0, 8_000_000, false),
        (0, 8_000_001, true),
        (1000, 8_100_000, false),
        (1000, 8_100_001, true),
        (500, 8_050_000, false),
        (500, 8_050_001, true),
    ] {
        let marks = marked(|case| {
            set_pace(case, 8 * 1_000_000);
            case.count.as_mut().unwrap().fuel_per_iteration = 1e6;
            for process in &mut case.processes {
                *process = super::process(&[timed_ns; 3], Some(7));
                for sample in &mut process.samples {
                    sample.waits = waits;
                }
            }
        });
        let found = marks.contains(&Mark::Implausible);
        assert_eq!(found, is_implausible, "{waits} {timed_ns}");
    }
}

/// Twenty times, of what the count pass took beyond 20 microseconds.
#[test]
fn timed_work_may_be_faster_by_so_much_and_no_more() {
    let of = |cpu_ns| marked(|case| set_pace(case, cpu_ns)).contains(&Mark::Implausible);
    assert!(!of(8 * 2000 + 20_000));
    assert!(of(8 * 2000 + 20_001));
    // Nothing was measured.
    assert!(!of(0));
    // That its batches are not linear is no excuse for being faster.
    let bent = marked(|case| {
        set_pace(case, 1_000_000);
        case.calibration = Some(Calibration {
            iterations: 1000,
            iteration_ns: 100.0,
            doubled_ratio: Some(2.0),
        });
    });
    assert!(bent.contains(&Mark::Implausible), "{bent:?}");
}

#[test]
fn an_implausible_case_says_both_speeds_in_two_digits() {
    let said = |fuel: f64, counted_ns: u64, timed_ns: u64| {
        let mut case = case(None, [7, 7], vec![process(&[timed_ns; 3], Some(7))]);
        set_pace(&mut case, 8 * counted_ns);
        case.count.as_mut().unwrap().fuel_per_iteration = fuel;
        conclude(&mut case, STRICT);
        let Outcome::Implausible { message } = case.outcome else {
            panic!("{:?}", case.outcome)
        };
        let (_, speeds) = message.split_once("it used ").unwrap();
        let (counted, rest) = speeds
            .split_once(" fuel per ns when it was counted, and ")
            .unwrap();
        let timed = rest
            .strip_suffix(" when it was timed: it does other work then")
            .unwrap();
        (counted.to_owned(), timed.to_owned())
    };
    let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());
    assert_eq!(said(99.0, 400, 500_000), pair("0.25", "0.00020"));
    assert_eq!(said(1.2e6, 60_000, 6), pair("20", "200000"));
    assert_eq!(said(94_600.0, 20_000, 200_000), pair("4.7", "0.47"));
}

#[test]
fn a_sample_that_stood_still_is_suspended_if_its_neighbours_did_not() {
    const SECOND: u64 = 1_000_000_000;
    for (usual, off_cpu, is_suspended) in [
        (0, SECOND, false),
        (0, SECOND + 1, true),
        (SECOND / 10, SECOND + 1, true),
        (SECOND / 5, 2 * SECOND, false),
        (SECOND / 5, 2 * SECOND + 1, true),
        (SECOND / 1000, SECOND / 2, false),
    ] {
        let marks = marked(|case| {
            for sample in &mut case.processes[2].samples {
                sample.wall_ns += usual;
            }
            let sample = &mut case.processes[2].samples[4];
            sample.wall_ns = sample.cpu_ns + off_cpu;
        });
        let found = marks.contains(&Mark::Suspended);
        assert_eq!(found, is_suspended, "{usual} {off_cpu}");
    }
}

#[test]
fn an_empty_batch_may_be_a_hundredth_of_a_sample() {
    // Samples of 1000 iterations of 100 ns.
    let of = |empty_batch_ns| {
        let options = ConcludeOptions {
            empty_batch_ns,
            ..QUIET
        };
        marked_in(options, |_| ())
    };
    assert_eq!(of(Some(1000.0)), []);
    assert_eq!(of(Some(1000.5)), [Mark::TimerFloor]);
    assert_eq!(of(None), []);
}

#[test]
fn a_core_is_shared_by_what_was_timed() {
    let shared = ConcludeOptions {
        shared_core: true,
        ..QUIET
    };
    assert_eq!(marked_in(shared, |_| ()), [Mark::SharedCore]);
    let untimed = marked_in(shared, |case| case.processes.clear());
    assert!(!untimed.contains(&Mark::SharedCore), "{untimed:?}");
}

/// A fifth of its time was taken from each sample of so many processes.
fn preempted(of_five: usize, waits: u32) -> Vec<Mark> {
    marked(|case| {
        for sample in case.processes[..of_five]
            .iter_mut()
            .flat_map(|process| &mut process.samples)
        {
            sample.wall_ns += sample.wall_ns / 5;
            sample.waits = waits;
            sample.switches = waits;
        }
    })
}

#[test]
fn wall_time_stands_if_every_other_process_was_undisturbed() {
    assert_eq!(preempted(2, 0), []);
    assert_eq!(preempted(3, 0), [Mark::Preempted]);
    assert_eq!(preempted(5, 0), [Mark::Preempted]);
    // What waits has no CPU time to fall back on.
    assert_eq!(preempted(5, 1), [Mark::Noisy]);
    // With four, two are every other one.
    let four = |disturbed: usize| {
        marked(|case| {
            case.processes.pop();
            for process in &mut case.processes[..disturbed] {
                for sample in &mut process.samples {
                    sample.wall_ns += sample.wall_ns / 5;
                }
            }
        })
    };
    assert_eq!(four(2), []);
    assert_eq!(four(3), [Mark::Preempted]);
}

/// Three samples that were not disturbed are enough of a process; one of two is not.
#[test]
fn a_process_needs_three_undisturbed_samples_or_all_that_it_has() {
    let of = |samples: usize, undisturbed: usize| {
        marked(|case| {
            for process in &mut case.processes {
                process.samples.truncate(samples);
                for sample in process.samples.iter_mut().skip(undisturbed) {
                    sample.wall_ns += sample.wall_ns / 5;
                }
            }
        })
        .contains(&Mark::Preempted)
    };
    assert!(!of(9, 3) && of(9, 2));
    assert!(!of(2, 2) && of(2, 1));
}

/// If this fails, CPU time is called the time of what sleeps, or wall time that of what does not.
#[test]
fn a_case_waits_if_more_than_a_tenth_of_its_samples_do() {
    let waiting = |count: usize, waits: u32, off_cpu_ns: u64| {
        let mut case = case(None, [7, 7], vec![process(&[100; 10], Some(7)); 2]);
        let samples = case
            .processes
            .iter_mut()
            .flat_map(|process| &mut process.samples);
        for sample in samples.take(count) {
            sample.waits = waits;
            sample.wall_ns += off_cpu_ns;
        }
        is_waiting(&case)
    };
    assert!(waiting(3, 1, 50_000));
    assert!(!waiting(2, 1, 50_000));
    assert!(!waiting(20, 0, 50_000), "it was only preempted");
    assert!(!waiting(20, 1, 0), "its waits took no time");
}

#[test]
fn a_case_is_unsteady_if_most_processes_drift_the_same_way() {
    let of = |drifts: &[i64]| {
        let process = |drift: &i64| {
            let ns: Vec<u64> = (0..60).map(|n| (10_000 + drift * n) as u64).collect();
            process(&ns, Some(7))
        };
        let mut case = case(None, [7, 7], drifts.iter().map(process).collect());
        case.count.as_mut().unwrap().fuel_per_iteration = 10_000.0;
        conclude(&mut case, QUIET);
        case.marks.contains(&Mark::Unsteady)
    };
    assert!(!of(&[0, 0, 0, 0]));
    assert!(!of(&[20, 20, 0, 0]));
    assert!(of(&[20, 20, 20, 0]));
    assert!(of(&[-20, -20, -20, 0]));
    assert!(!of(&[20, 20, -20, -20]));
    assert!(!of(&[-20, -20, 0, 0]));
    assert!(of(&[20, 20, 20, 20, 0, 0]));
    assert!(!of(&[20, 20, 20, 0, 0, 0]));
}
