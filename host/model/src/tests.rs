//! What the types of a report say of themselves.

use super::*;

#[test]
fn a_time_has_its_milliseconds_and_ends_in_z() {
    // 10^9 seconds after the epoch, as every table of Unix time has it.
    let time = jiff::Timestamp::from_millisecond(1_000_000_000_007).unwrap();
    assert_eq!(rfc3339(time), "2001-09-09T01:46:40.007Z");
    let before = jiff::Timestamp::now();
    let shown: jiff::Timestamp = now().parse().unwrap();
    assert!(before.as_millisecond() <= shown.as_millisecond());
    assert!(shown <= jiff::Timestamp::now());
}

/// A fiftieth of the wall time is where METHOD.md draws the line.
#[test]
fn a_sample_is_undisturbed_up_to_a_fiftieth_unless_it_waits() {
    let sample = |cpu_ns, switches, waits| Sample {
        iterations: 1,
        wall_ns: 1000,
        cpu_ns,
        switches,
        waits,
        counts: Counts::default(),
    };
    let on_cpu = sample(980, 9, 0);
    assert_eq!((on_cpu.off_cpu_ns(), on_cpu.is_on_cpu()), (20, true));
    assert!(on_cpu.is_undisturbed());
    let preempted = sample(979, 0, 0);
    assert!(!preempted.is_on_cpu() && !preempted.is_undisturbed());
    // Where it waits, time off the CPU is its own, and a preemption is not.
    assert!(sample(100, 0, 1).is_undisturbed() && !sample(100, 0, 1).is_on_cpu());
    assert!(!sample(1000, 1, 1).is_undisturbed());
    // The clock of CPU time may be read a little later.
    assert_eq!(sample(1100, 0, 0).off_cpu_ns(), 0);
}

#[test]
fn the_faster_of_two_paces_takes_less_for_an_iteration() {
    let pace = |iterations, cpu_ns| Pace { iterations, cpu_ns };
    let (slow, fast) = (pace(4, 600), pace(2, 200));
    assert_eq!((slow.iteration_ns(), fast.iteration_ns()), (150.0, 100.0));
    assert_eq!(slow.faster(Some(fast)), fast);
    assert_eq!(fast.faster(Some(slow)), fast);
    assert_eq!(slow.faster(None), slow);
    // Of equal ones the one that was known.
    assert_eq!(fast.faster(Some(pace(4, 400))), pace(4, 400));
    assert_eq!(pace(0, 7).iteration_ns(), 7.0);
}

fn case() -> Case {
    let estimate = |median| Estimate {
        n: 1,
        min: median,
        median,
        mean: median,
        sd: 0.0,
        lower: median,
        upper: median,
        interval: IntervalMethod::Exact,
    };
    let measured = [(Metric::Fuel, 100.0), (Metric::WallTime, 5.0)];
    Case {
        spec: CaseSpec {
            throughput: Some(Throughput::Bytes(64)),
            ..CaseSpec::named("x")
        },
        outcome: Outcome::Ok,
        marks: vec![Mark::Noisy],
        checksum: None,
        count: None,
        calibration: None,
        processes: Vec::new(),
        measurements: measured
            .map(|(metric, median)| Measurement {
                metric,
                estimate: estimate(median),
            })
            .into(),
        output: None,
    }
}

/// If this fails, what a compiler removed has a throughput.
#[test]
fn work_that_was_not_done_is_none() {
    let mut case = case();
    assert_eq!(case.without_work(), None);
    assert_eq!(case.work(), Some(Throughput::Bytes(64)));
    for mark in [Mark::Folded, Mark::Implausible] {
        case.marks = vec![Mark::Noisy, mark];
        assert_eq!((case.without_work(), case.work()), (Some(mark), None));
    }
}

#[test]
fn the_headline_is_wall_time_unless_nearly_all_was_preempted() {
    let mut case = case();
    assert_eq!(case.headline(), Metric::WallTime);
    assert_eq!(case.estimate(Metric::WallTime).unwrap().median, 5.0);
    assert_eq!(case.estimate(Metric::Fuel).unwrap().median, 100.0);
    assert_eq!(case.estimate(Metric::CpuTime), None);
    case.marks.push(Mark::Preempted);
    assert_eq!(case.headline(), Metric::CpuTime);
}

#[test]
fn a_kept_plugin_is_from_where_it_was_kept() {
    let mut plugin = Plugin::named("p", "kept/here");
    assert_eq!((plugin.label.as_str(), plugin.origin()), ("p", "kept/here"));
    plugin.kept_from = Some("once/there".into());
    assert_eq!(plugin.origin(), "once/there");
    // A report of before there were several layouts has none.
    let old = r#"{"cache":"hit","duration_ns":1,"code_bytes":2}"#;
    let old: Compile = serde_json::from_str(old).unwrap();
    assert_eq!(old.layouts, 1);
}

fn compared(verdict: Verdict, gate: Option<GateOutcome>) -> CaseComparison {
    let change = |metric, ratio| Change {
        metric,
        base: 1.0,
        candidate: ratio,
        ratio,
        lower: ratio,
        upper: ratio,
        pairs: 0,
        verdict,
    };
    CaseComparison {
        plugin: "new".into(),
        base_plugin: None,
        case: "x".into(),
        verdict,
        reason: None,
        decided_by: Some(Metric::Fuel),
        cpu_may_decide: false,
        wall_is_disturbed: false,
        doubt: None,
        severity: None,
        diagnosis: None,
        changes: vec![change(Metric::WallTime, 1.5), change(Metric::Fuel, 2.0)],
        gate: gate.map(|outcome| Gate {
            outcome,
            reason: String::new(),
            confirmation: None,
        }),
        notes: Vec::new(),
    }
}

#[test]
fn a_case_knows_its_plugins_and_the_change_that_decided() {
    let mut case = compared(Verdict::Regressed, None);
    assert_eq!((case.of_base(), case.other_base()), ("new", None));
    case.base_plugin = Some("new".into());
    assert_eq!((case.of_base(), case.other_base()), ("new", None));
    case.base_plugin = Some("old".into());
    assert_eq!((case.of_base(), case.other_base()), ("old", Some("old")));
    assert_eq!(case.change(Metric::WallTime).unwrap().ratio, 1.5);
    assert_eq!(case.change(Metric::CpuTime), None);
    assert_eq!(case.decisive().unwrap().ratio, 2.0);
    case.decided_by = None;
    assert_eq!(case.decisive(), None);
    for (verdict, is_judged) in [
        (Verdict::Unsure, true),
        (Verdict::Identical, true),
        (Verdict::New, false),
        (Verdict::Gone, false),
    ] {
        assert_eq!(
            compared(verdict, None).is_judged(),
            is_judged,
            "{verdict:?}"
        );
    }
}

fn comparison(cases: Vec<CaseComparison>, rules: Rules) -> Comparison {
    let side = |name: &str| Side {
        run: name.into(),
        name: name.into(),
    };
    Comparison {
        base: side("a"),
        candidate: side("b"),
        judged_at: String::new(),
        pairing: Pairing::Paired,
        conditions: Conditions::default(),
        rules,
        exceptions: Exceptions::default(),
        cases,
    }
}

/// If this fails, a gate passes what it has not looked at.
#[test]
fn a_gate_ends_as_its_worst_case_does_and_passes_only_what_was_judged() {
    let comparison = |cases: Vec<CaseComparison>, gates, baseless| {
        let rules = Rules {
            gates,
            baseless,
            ..RULES
        };
        comparison(cases, rules)
    };
    use GateOutcome::{Passed, Regressed, Unsure};
    let of = |outcomes: &[GateOutcome]| {
        let cases = outcomes.iter();
        let cases = cases.map(|outcome| compared(Verdict::Equivalent, Some(*outcome)));
        comparison(cases.collect(), true, false).gate()
    };
    assert_eq!(of(&[Passed, Passed]), Some(Passed));
    assert_eq!(of(&[Passed, Unsure, Passed]), Some(Unsure));
    assert_eq!(of(&[Unsure, Regressed, Passed]), Some(Regressed));
    assert_eq!(of(&[]), Some(Unsure));
    let new = || vec![compared(Verdict::New, Some(Passed))];
    assert_eq!(comparison(new(), true, false).gate(), Some(Unsure));
    // Where nothing is held against anything, limits alone are judged, of cases that there are.
    assert_eq!(comparison(new(), true, true).gate(), Some(Passed));
    assert_eq!(comparison(Vec::new(), true, true).gate(), Some(Unsure));
    assert_eq!(comparison(new(), false, false).gate(), None);
}

#[test]
fn a_difference_unsettles_what_it_names() {
    let difference = Difference {
        condition: Condition::Load,
        name: "load".into(),
        base: None,
        candidate: None,
        unsettles: vec![Metric::WallTime],
    };
    assert!(difference.unsettles(Metric::WallTime));
    assert!(!difference.unsettles(Metric::Fuel));
}

#[test]
fn a_limit_has_its_default_until_it_is_set() {
    let mut limits = Limits::default();
    assert_eq!(limits.get(LimitKind::Random), 65_536);
    assert_eq!(limits.size(LimitKind::Cases), 1000);
    limits.set(LimitKind::Cases, 7);
    assert_eq!(
        (limits.get(LimitKind::Cases), limits.size(LimitKind::Cases)),
        (7, 7)
    );
    assert_eq!(limits.values()[&LimitKind::Cases], 7);
    assert_eq!(limits.values().len(), LIMITS.len());
}

/// If this fails, the manual promises a plugin more than it gets, or less.
#[test]
fn every_default_is_the_one_of_the_manual() {
    let manual = include_str!("../../../docs/plugins.md");
    let rows = manual
        .lines()
        .skip_while(|line| *line != "| flag | default | caps |");
    let of_row = |row: &'static str| {
        let mut cells = row.split('|').map(str::trim).skip(1);
        let flag = cells.next()?.strip_prefix("`--")?.strip_suffix('`')?;
        Some((flag, cells.next()?))
    };
    let documented: Vec<_> = rows
        .take_while(|row| !row.is_empty())
        .filter_map(of_row)
        .collect();
    // The budget stands with the limits, and is none of the table's.
    assert_eq!(documented.len(), LIMITS.len() + 1);
    for (spec, (flag, default)) in LIMITS.iter().zip(documented) {
        assert_eq!(spec.name, flag);
        assert_eq!(quantity::show(spec.default, spec.unit), default, "{flag}");
    }
}

#[test]
fn only_one_outcome_is_ok() {
    assert!(Outcome::Ok.is_ok());
    let reason = "interrupted".into();
    assert!(!Outcome::Skipped { reason }.is_ok());
}

fn run(cases: Vec<Case>) -> Run {
    Run {
        id: String::new(),
        started_at: String::new(),
        finished_at: String::new(),
        status: RunStatus::Complete,
        command: Vec::new(),
        host_version: String::new(),
        engine: String::new(),
        seed: 0,
        order_seed: 0,
        empty_batch_ns: None,
        settings: Default::default(),
        limits: Default::default(),
        grants: Vec::new(),
        confinement: Vec::new(),
        machine: Machine::default(),
        warnings: Vec::new(),
        plugins: vec![Plugin {
            cases,
            ..Plugin::named("p", "p.wat")
        }],
    }
}

/// If this fails, a table has an empty column, or hides what a machine counted.
#[test]
fn a_table_has_a_column_for_what_is_always_counted_and_for_what_one_case_has() {
    let always = [Metric::Fuel, Metric::MemoryPeak];
    assert_eq!(run(Vec::new()).columns(), always);
    // The time has its column anyway.
    assert_eq!(run(vec![case()]).columns(), always);
    let mut counted = case();
    let fuel = counted.measurements[0].clone();
    for metric in [Metric::BranchMisses, Metric::RssPeak] {
        let measured = Measurement {
            metric,
            ..fuel.clone()
        };
        counted.measurements.push(measured);
    }
    let with_misses = [Metric::Fuel, Metric::BranchMisses, Metric::MemoryPeak];
    assert_eq!(run(vec![case(), counted]).columns(), with_misses);

    assert_eq!(comparison(Vec::new(), RULES).columns(), always);
    let mut changed = compared(Verdict::Regressed, None);
    changed.changes[0].metric = Metric::BranchMisses;
    let cases = vec![compared(Verdict::Unsure, None), changed];
    assert_eq!(comparison(cases, RULES).columns(), with_misses);
}

#[test]
fn fuel_and_memory_may_not_grow_by_the_shares_that_were_given() {
    let growth = |fuel, memory| {
        let rules = Rules {
            fuel,
            memory,
            ..RULES
        };
        rules.growth().collect::<Vec<_>>()
    };
    let (fuel, memory) = ((Metric::Fuel, 0.0), (Metric::MemoryPeak, 0.5));
    assert_eq!(growth(None, None), []);
    assert_eq!(growth(Some(0.0), None), [fuel]);
    assert_eq!(growth(None, Some(0.5)), [memory]);
    assert_eq!(growth(Some(0.0), Some(0.5)), [fuel, memory]);
}

/// If this fails, a report whose nanoseconds are another program's seconds is read as it is.
#[test]
fn a_measurement_is_written_with_the_unit_of_its_metric_and_read_with_no_other() {
    for (measured, unit) in case().measurements.into_iter().zip(["fuel", "ns"]) {
        let mut written = serde_json::to_value(&measured).unwrap();
        assert_eq!(written["unit"], unit);
        let read: Measurement = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(read, measured);
        written["unit"] = "s".into();
        let refused = serde_json::from_value::<Measurement>(written).unwrap_err();
        let said = format!("is measured in {unit}, not in \"s\"");
        assert!(refused.to_string().ends_with(&said), "{refused}");
    }
}
