use std::path::Path;

use super::*;
use crate::{Advice, Suite};
use dyno_analysis::estimate::{ConcludeOptions, conclude};
use dyno_fixture as fixture;
use dyno_model::{Mark, Process, Sample, Throughput};

/// What goes wrong, what is compared, and what is said about it.
mod report;

fn phase(keys: &str) -> Phase {
    phase_named("baseline", keys)
}

fn phase_named(name: &str, keys: &str) -> Phase {
    let text = format!("[[plugins]]\npath = 'a'\n[phases.{name}]\n{keys}\n");
    let suite = Suite::parse(&text, Path::new("dyno.toml"));
    suite
        .unwrap_or_else(|error| panic!("{error}"))
        .phases
        .remove(0)
}

/// A process whose samples have one iteration each.
fn process(template: &Process, ns: &[u64]) -> Process {
    let sample = |wall_ns: &u64| Sample {
        iterations: 1,
        wall_ns: *wall_ns,
        cpu_ns: *wall_ns,
        switches: 0,
        waits: 0,
        counts: Default::default(),
    };
    Process {
        outcome: Outcome::Ok,
        checksum: Some(7),
        samples: ns.iter().map(sample).collect(),
        first_iteration_ns: 1000,
        rss_peak_bytes: 1 << 20,
        ..template.clone()
    }
}

/// A run of one case, `json/read`, whose processes have these samples.
fn run(processes: &[Vec<u64>]) -> Run {
    let mut run = fixture::full();
    run.plugins.truncate(1);
    let plugin = &mut run.plugins[0];
    plugin.cases.truncate(1);
    let case = &mut plugin.cases[0];
    let template = case.processes[0].clone();
    case.spec.name = "json/read".into();
    case.spec.expected = None;
    case.spec.throughput = Some(Throughput::Bytes(1000));
    case.processes = processes.iter().map(|ns| process(&template, ns)).collect();
    let count = case.count.as_mut().unwrap();
    count.fuel_per_iteration = 100.0;
    count.deterministic = true;
    for batch in count.passes.iter_mut().flat_map(|pass| &mut pass.batches) {
        batch.checksum = 7;
    }
    (
        count.memory.baseline_bytes,
        count.memory.peak_bytes,
        count.memory.released_bytes,
    ) = (1 << 20, 64 << 20, 2 << 20);
    count.memory.mean_bytes = 5e7;
    concluded(run)
}

fn concluded(mut run: Run) -> Run {
    for case in run.plugins.iter_mut().flat_map(|plugin| &mut plugin.cases) {
        conclude(
            case,
            ConcludeOptions {
                empty_batch_ns: None,
                strict: false,
                shared_core: false,
            },
        );
    }
    run
}

/// Processes with medians of 95 to 104 ns; by order statistics (the 2nd and 9th of ten) the
/// interval is 96 to 103.
fn ten() -> Run {
    let mut run = run(&(95..105).map(|ns| vec![ns; 20]).collect::<Vec<_>>());
    // They are noisy, which is another test's.
    run.plugins[0].cases[0].marks.clear();
    run
}

fn outcome(line: &str, run: &Run) -> CheckOutcome {
    let result = judge(&phase(&format!("criteria = ['{line}']")), run, None);
    assert_eq!(result.checks.len(), 1, "{line}");
    result.checks[0].outcome
}

#[test]
fn a_time_passes_with_its_whole_interval_and_fails_with_its_whole_interval() {
    use CheckOutcome::{Failed, Passed, Unsure};
    for (line, expected) in [
        ("wall-time <= 104ns", Passed),
        ("wall-time <= 103ns", Passed),
        ("wall-time < 103ns", Unsure),
        // The estimate, 99.5, is on the good side, and the interval is not.
        ("wall-time <= 100ns", Unsure),
        ("wall-time <= 96ns", Unsure),
        ("wall-time < 96ns", Failed),
        ("wall-time <= 95ns", Failed),
        ("wall-time <= 0.104us", Passed),
        ("wall-time >= 96ns", Passed),
        ("wall-time > 96ns", Unsure),
        ("wall-time >= 103ns", Unsure),
        ("wall-time > 103ns", Failed),
        ("cpu-time <= 200ns", Passed),
        ("first-iteration <= 1us", Passed),
        ("rss-peak <= 1MiB", Passed),
        ("spread-within <= 1%", Passed),
    ] {
        assert_eq!(outcome(line, &ten()), expected, "{line}");
    }
}

#[test]
fn what_is_counted_is_judged_as_it_is() {
    use CheckOutcome::{Failed, Passed};
    for (line, expected) in [
        ("fuel <= 100", Passed),
        ("fuel < 100", Failed),
        ("fuel = 100", Passed),
        ("fuel != 100", Failed),
        ("fuel >= 100.5", Failed),
        ("memory-peak <= 64MiB", Passed),
        ("memory-peak < 64MiB", Failed),
        ("memory-released <= 2MiB", Passed),
        ("checksum = 0x7", Passed),
        ("checksum != 0x7", Failed),
        ("checksum = 0x8", Failed),
    ] {
        assert_eq!(outcome(line, &ten()), expected, "{line}");
    }
}

#[test]
fn the_longest_time_is_the_lowest_throughput() {
    let result = judge(
        &phase("metrics = ['throughput-bytes', 'wall-time']"),
        &ten(),
        None,
    );
    let [rate, wall] = &result.readings[..] else {
        panic!()
    };
    assert_eq!(
        (wall.lower, wall.upper, wall.actual),
        (Some(96.0), Some(103.0), Some(Value::Number(99.5)))
    );
    assert_eq!(
        (rate.lower, rate.upper),
        (Some(1e12 / 103.0), Some(1e12 / 96.0))
    );
    assert_eq!(
        outcome("throughput-bytes >= 9GB", &ten()),
        CheckOutcome::Passed
    );
    assert_eq!(
        outcome("throughput-bytes >= 10GB", &ten()),
        CheckOutcome::Unsure
    );
    assert_eq!(
        outcome("throughput-elements >= 1", &ten()),
        CheckOutcome::NotMeasured
    );
}

/// If this fails, the less a case does the better it passes.
#[test]
fn what_is_folded_passes_nothing() {
    let mut folded = ten();
    let count = folded.plugins[0].cases[0].count.as_mut().unwrap();
    count.fuel_per_iteration = 0.0;
    let folded = concluded(folded);
    for line in ["wall-time <= 1000ns", "p50 <= 1000ns", "fuel <= 1000"] {
        assert_eq!(outcome(line, &ten()), CheckOutcome::Passed, "{line}");
        assert_eq!(outcome(line, &folded), CheckOutcome::Unsure, "{line}");
    }
    let rate = outcome("throughput-bytes >= 1", &folded);
    assert_eq!(rate, CheckOutcome::NotMeasured);
}

#[test]
fn a_quantile_is_of_processes_and_needs_enough_samples() {
    // 201 samples a process, 0 to 200 plus the process's number: NumPy's quantile of 0.95 is 190
    // plus the number, and the 2nd and 9th of ten are 191 and 198.
    let processes: Vec<Vec<u64>> = (0..10)
        .map(|number| (number..=200 + number).collect())
        .collect();
    let result = judge(
        &phase("criteria = ['p95 <= 198ns']\nblocks = 10"),
        &run(&processes),
        None,
    );
    let check = &result.checks[0];
    assert_eq!(check.outcome, CheckOutcome::Passed, "{check:?}");
    assert_eq!(
        (check.reading.lower, check.reading.upper),
        (Some(191.0), Some(198.0))
    );
    assert_eq!(check.reading.actual, Some(Value::Number(194.5)));
    // 199 in one of them, or 1800 in all, are too few.
    let mut short = processes.clone();
    short[3].truncate(199);
    for (few, says) in [
        (&short[..], "has 199 and 2008"),
        (&processes[..9], "has 201 and 1809: write samples = 223"),
    ] {
        let result = judge(
            &phase("criteria = ['p95 <= 198ns']\nblocks = 10"),
            &run(few),
            None,
        );
        assert_eq!(result.checks[0].outcome, CheckOutcome::NotMeasured);
        let [PhaseError::NotMeasured { reason, .. }] = &result.errors[..] else {
            panic!("{:?}", result.errors)
        };
        assert!(reason.contains(says), "{reason}");
    }
}

#[test]
fn one_process_and_a_count_that_differs_prove_nothing() {
    let result = judge(
        &phase("criteria = ['wall-time <= 1s']"),
        &run(&[vec![100; 50]]),
        None,
    );
    assert_eq!(
        (result.outcome, result.checks[0].outcome),
        (CheckOutcome::Unsure, CheckOutcome::Unsure)
    );
    assert_eq!(result.checks[0].reading.upper, None);
    assert!(result.recommendations.iter().any(|said| said.advice
        == Advice::Marked {
            mark: Mark::SingleProcess
        }));

    let mut unstable = ten();
    unstable.plugins[0].cases[0]
        .count
        .as_mut()
        .unwrap()
        .deterministic = false;
    assert_eq!(outcome("fuel <= 1M", &unstable), CheckOutcome::Unsure);
    let mut differs = ten();
    differs.plugins[0].cases[0].processes[0].checksum = Some(8);
    assert_eq!(
        outcome("checksum = 0x7", &concluded(differs)),
        CheckOutcome::Failed
    );
}
