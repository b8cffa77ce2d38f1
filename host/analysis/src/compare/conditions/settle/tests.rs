use super::*;
use dyno_model::RULES;

/// Wall time that other programs stretched is believed if CPU time says the same, and lies on the
/// same side of the threshold of 10 %.
#[test]
fn wall_time_stands_if_cpu_time_agrees_with_it() {
    use Verdict::{Equivalent, Regressed, Unsure};
    let load = Difference {
        condition: Condition::Load,
        name: "load".into(),
        base: None,
        candidate: None,
        unsettles: vec![Metric::WallTime],
    };
    let unsettled = |wall: (Verdict, f64), cpu: (Verdict, f64), metric| {
        let (mut comparison, _) = dyno_fixture::compared();
        let mut case = comparison.cases.swap_remove(0);
        let template = case.changes[0];
        let change = |metric, (verdict, upper)| Change {
            metric,
            verdict,
            upper,
            ..template
        };
        case.changes = vec![change(Metric::WallTime, wall), change(Metric::CpuTime, cpu)];
        is_unsettled(&case, metric, &[&load], &RULES)
    };
    for (wall, cpu, expected) in [
        ((Equivalent, 1.01), (Equivalent, 1.01), false),
        ((Regressed, 1.5), (Regressed, 1.2), false),
        ((Unsure, 1.05), (Unsure, 1.09), false),
        ((Unsure, 1.5), (Unsure, 1.2), false),
        ((Regressed, 1.05), (Equivalent, 1.01), true),
        ((Regressed, 1.5), (Regressed, 1.05), true),
        ((Unsure, 1.05), (Unsure, 1.2), true),
        ((Unsure, 1.1), (Unsure, 1.05), true),
        ((Unsure, 1.05), (Unsure, 1.1), true),
    ] {
        let rules_edge = 1.0 + RULES.threshold;
        assert_eq!(rules_edge, 1.1);
        let found = unsettled(wall, cpu, Metric::WallTime);
        assert_eq!(found, expected, "{wall:?} {cpu:?}");
        assert!(!unsettled(wall, cpu, Metric::CpuTime));
    }
}

/// If this fails, what another load made of a time that is only shown is put down to the code, or
/// the note names nothing that the runs differ in.
#[test]
fn a_time_that_is_shown_suffers_from_what_wall_time_does() {
    let load = Difference {
        condition: Condition::Load,
        name: "load".into(),
        base: None,
        candidate: None,
        unsettles: vec![Metric::WallTime],
    };
    let (mut comparison, _) = dyno_fixture::compared();
    let mut case = comparison.cases.swap_remove(0);
    let change = |metric| Change {
        metric,
        verdict: Verdict::Regressed,
        ..case.changes[0]
    };
    // Wall time itself stands, because CPU time says the same.
    let shown = [Metric::LoadTime, Metric::Cycles].map(change);
    case.changes = [Metric::WallTime, Metric::CpuTime].map(change).into();
    case.changes.extend(shown);
    case.notes.clear();
    settle_case(&mut case, &[&load], &RULES);
    let verdicts: Vec<_> = case.changes.iter().map(|change| change.verdict).collect();
    let stands = Verdict::Regressed;
    assert_eq!(verdicts, [stands, stands, Verdict::Unsure, stands]);
    let note = "no change of load time is put down to the code: the runs differ in load";
    assert_eq!(case.notes, [note]);
}

/// If this fails, what is above its hard limit can be let through as unsure.
#[test]
fn a_gate_that_fails_under_other_conditions_stands_for_what_is_settled_alone() {
    let gate = |rules: Rules, unsettled: &[Metric], fuel: (f64, Verdict)| {
        let (mut comparison, _) = dyno_fixture::compared();
        let mut case = comparison.cases.swap_remove(0);
        let template = case.changes[0];
        let change = |metric, candidate: f64, verdict| Change {
            metric,
            base: 100.0,
            candidate,
            ratio: candidate / 100.0,
            verdict,
            ..template
        };
        case.verdict = Verdict::Regressed;
        case.decided_by = Some(Metric::WallTime);
        case.changes = vec![
            change(Metric::WallTime, 150.0, Verdict::Regressed),
            change(Metric::Fuel, fuel.0, fuel.1),
            change(Metric::MemoryPeak, 100.0, Verdict::Equivalent),
        ];
        case.gate = Some(dyno_model::Gate {
            outcome: GateOutcome::Regressed,
            reason: "it is".into(),
            confirmation: None,
        });
        settle_gate(&mut case, unsettled, "seed", &rules);
        case.gate.unwrap().outcome
    };
    let limited = |fuel_max, memory_max| Rules {
        fuel_max,
        memory_max,
        ..RULES
    };
    let time = [Metric::WallTime, Metric::CpuTime];
    let all = [Metric::WallTime, Metric::CpuTime, Metric::Fuel];
    let (same, more) = ((100.0, Verdict::Equivalent), (110.0, Verdict::Regressed));
    let growing = Rules {
        fuel: Some(0.1),
        ..RULES
    };
    let (stands, unsure) = (GateOutcome::Regressed, GateOutcome::Unsure);
    for (rules, unsettled, fuel, expected) in [
        (RULES, &[][..], same, stands),
        (RULES, &time, same, unsure),
        (growing, &time, same, unsure),
        (growing, &time, more, stands),
        (growing, &all, more, unsure),
        (limited(Some(99.0), None), &time, same, stands),
        (limited(Some(100.0), None), &time, same, unsure),
        (limited(Some(99.0), None), &all, same, unsure),
        (
            limited(Some(99.0), None),
            &time,
            (100.0, Verdict::Unsure),
            unsure,
        ),
        (limited(None, Some(99.0)), &time, same, stands),
        (limited(None, Some(100.0)), &time, same, unsure),
    ] {
        assert_eq!(
            gate(rules, unsettled, fuel),
            expected,
            "{rules:?} {unsettled:?} {fuel:?}"
        );
    }
}
