//! What a gate does not let pass, besides time.

use super::*;
use dyno_model::{CaseRules, ChecksumRule, Gate, Gone, Pace};

fn same(name: &str, fuel: f64) -> Case {
    case(name, fuel, &level(100.0), &level(100.0))
}

fn gate_of(base: Case, candidate: Case, context: &Context) -> Gate {
    compared(base, candidate, context).gate.unwrap()
}

fn with(rules: Rules) -> Context<'static> {
    Context { rules, ..GATE }
}

/// If this fails, what was never seen to run is identical, and passes.
#[test]
fn identical_needs_one_side_that_ran_well() {
    let unseen = || Case {
        count: None,
        processes: Vec::new(),
        ..same("x", 1.0)
    };
    let gate = |base: Case, candidate: Case| {
        let (base, candidate) = (plugin("a", vec![base]), plugin("a", vec![candidate]));
        let case = cases(&[&base], &[&candidate], &GATE).remove(0);
        (case.verdict, case.gate.unwrap().outcome)
    };
    let passed = (Verdict::Identical, GateOutcome::Passed);
    let unsure = (Verdict::Unsure, GateOutcome::Unsure);
    assert_eq!(gate(unseen(), same("x", 1.0)), passed);
    assert_eq!(gate(same("x", 1.0), unseen()), passed);
    assert_eq!(gate(unseen(), unseen()), unsure);
    let trapped = Case {
        outcome: Outcome::Trap {
            message: "unreachable".into(),
        },
        ..same("x", 1.0)
    };
    assert_eq!(gate(unseen(), trapped.clone()), unsure);
    assert_eq!(gate(trapped.clone(), trapped), unsure);
}

/// If this fails, a plugin that knows when it is counted passes: as a new one, as an identical one,
/// by its counts alone.
#[test]
fn what_does_other_work_when_it_is_timed_passes_nothing() {
    let other = || {
        let mut case = same("x", 1.0);
        case.count.as_mut().unwrap().pace = Some(Pace {
            iterations: 1,
            cpu_ns: 1,
        });
        case
    };
    let gate = |base: Vec<Case>, candidate: Vec<Case>, context: &Context| {
        let digest = if context.rules.counts_only { "b" } else { "a" };
        let (base, candidate) = (plugin("a", base), plugin(digest, candidate));
        let case = cases(&[&base], &[&candidate], context).remove(0);
        let gate = case.gate.unwrap();
        (case.verdict, gate.outcome, gate.reason)
    };
    let counts = with(Rules {
        counts_only: true,
        ..GATE.rules
    });
    let sides = [
        (vec![other()], vec![other()], &GATE, Verdict::Identical),
        (vec![], vec![other()], &GATE, Verdict::New),
        (
            vec![same("x", 1.1)],
            vec![other()],
            &counts,
            Verdict::Unsure,
        ),
    ];
    for (base, candidate, context, verdict) in sides {
        let (found, outcome, reason) = gate(base, candidate, context);
        assert_eq!((found, outcome), (verdict, GateOutcome::Unsure), "{reason}");
        assert!(reason.contains("other work when it is timed"), "{reason}");
    }
}

/// If this fails, a benchmark that is gone passes, or one that was renamed does not.
#[test]
fn what_is_gone_is_regressed_unless_it_is_allowed_or_renamed() {
    let base = plugin("a", vec![same("old", 1.0), same("kept", 1.0)]);
    let candidate = plugin("b", vec![same("new", 1.0), same("kept", 1.0)]);
    let outcomes = |context: &Context| -> Vec<_> {
        let found = cases(&[&base], &[&candidate], context);
        let outcome = |case: CaseComparison| (case.case, case.verdict, case.gate.unwrap().outcome);
        found.into_iter().map(outcome).collect()
    };
    let last = |context: &Context| outcomes(context).pop().unwrap();
    let gone = |outcome| ("old".to_owned(), Verdict::Gone, outcome);
    assert_eq!(last(&GATE), gone(GateOutcome::Regressed));
    let warned = with(Rules {
        gone: Gone::Warn,
        ..GATE.rules
    });
    assert_eq!(last(&warned), gone(GateOutcome::Passed));
    let interrupted = Context {
        is_complete: false,
        ..GATE
    };
    assert_eq!(last(&interrupted), gone(GateOutcome::Unsure));
    let renamed = Exceptions {
        renames: [("old".to_owned(), "new".to_owned())].into(),
        ..Exceptions::default()
    };
    let renamed = Context {
        exceptions: &renamed,
        ..GATE
    };
    let passed = |name: &str| (name.to_owned(), Verdict::Equivalent, GateOutcome::Passed);
    assert_eq!(outcomes(&renamed), [passed("new"), passed("kept")]);
    // A name that the base has, too, is no new name of another case.
    let taken = Exceptions {
        renames: [("old".to_owned(), "kept".to_owned())].into(),
        ..Exceptions::default()
    };
    let taken = Context {
        exceptions: &taken,
        ..GATE
    };
    assert_eq!(last(&taken), gone(GateOutcome::Regressed));
    // A whole plugin, beside another that is still there.
    let [other, lone] = ["other", "lone"].map(|name| Plugin {
        name: name.into(),
        label: name.into(),
        source: name.into(),
        ..plugin(name, vec![same("x", 1.0)])
    });
    let found = cases(&[&base, &other], &[&lone, &candidate], &GATE);
    let found = found.last().unwrap();
    assert_eq!(
        (found.plugin.as_str(), found.verdict),
        ("other", Verdict::Gone)
    );
    let gate = found.gate.as_ref().unwrap();
    assert_eq!(gate.outcome, GateOutcome::Regressed);
    assert!(gate.reason.contains("this plugin"), "{}", gate.reason);
}

/// If this fails, a version that does something else passes for one that is as fast.
#[test]
fn another_result_is_unsure_unless_it_is_allowed() {
    let result = |checksum| Case {
        checksum,
        ..same("x", 1.0)
    };
    let allowed = with(Rules {
        checksum: ChecksumRule::Allow,
        ..GATE.rules
    });
    for (one, other, outcome) in [
        (Some(1), Some(1), GateOutcome::Passed),
        (None, None, GateOutcome::Unsure),
        (Some(1), Some(2), GateOutcome::Unsure),
        (Some(1), None, GateOutcome::Unsure),
    ] {
        let found = gate_of(result(one), result(other), &GATE);
        assert_eq!(found.outcome, outcome, "{one:?} {other:?}");
        let found = gate_of(result(one), result(other), &allowed);
        assert_eq!(found.outcome, GateOutcome::Passed, "{one:?} {other:?}");
    }
    // What grew goes before what cannot be said.
    let fuel = with(Rules {
        fuel: Some(0.1),
        ..GATE.rules
    });
    let other = Case {
        count: same("x", 2.0).count,
        ..result(Some(2))
    };
    let found = gate_of(result(Some(1)), other, &fuel);
    assert_eq!(found.outcome, GateOutcome::Regressed, "{}", found.reason);
}

/// If this fails, a threshold is about something that was not measured, and holds.
#[test]
fn what_a_threshold_is_about_has_to_be_there() {
    let uncounted = || Case {
        count: None,
        ..same("x", 1.0)
    };
    let rules = [
        Rules {
            fuel: Some(0.1),
            ..GATE.rules
        },
        Rules {
            memory: Some(0.1),
            ..GATE.rules
        },
        Rules {
            fuel_max: Some(1e9),
            ..GATE.rules
        },
        Rules {
            memory_max: Some(1e9),
            ..GATE.rules
        },
    ];
    for rules in rules {
        let found = gate_of(same("x", 1.0), same("x", 1.0), &with(rules));
        assert_eq!(found.outcome, GateOutcome::Passed, "{}", found.reason);
        let found = gate_of(same("x", 1.0), uncounted(), &with(rules));
        assert_eq!(found.outcome, GateOutcome::Unsure, "{}", found.reason);
    }
}

/// If this fails, a hard limit is not one, or is no limit for what is new or identical.
#[test]
fn hard_limits_hold_for_every_case_that_they_are_about() {
    let exceptions = Exceptions {
        cases: vec![CaseRules {
            pattern: "heavy*".into(),
            fuel_max: Some(100.0),
            ..CaseRules::default()
        }],
        ..Exceptions::default()
    };
    let context = Context {
        exceptions: &exceptions,
        ..GATE
    };
    let outcome =
        |name: &str, fuel: f64| gate_of(same(name, fuel), same(name, fuel), &context).outcome;
    assert_eq!(outcome("heavy", 100.0), GateOutcome::Passed);
    assert_eq!(outcome("heavy", 100.5), GateOutcome::Regressed);
    assert_eq!(outcome("light", 100.5), GateOutcome::Passed);
    let mut random = same("heavy", 1.0);
    random.count.as_mut().unwrap().deterministic = false;
    let found = gate_of(same("heavy", 1.0), random, &context);
    assert_eq!(found.outcome, GateOutcome::Unsure, "{}", found.reason);
    let base = plugin("a", vec![same("heavy", 200.0)]);
    let found = cases(&[&base], &[&base], &context).remove(0);
    assert_eq!(found.verdict, Verdict::Identical);
    assert_eq!(found.gate.unwrap().outcome, GateOutcome::Regressed);
    let more = plugin("b", vec![same("heavy", 50.0), same("heavy/new", 200.0)]);
    let found = cases(&[&base], &[&more], &context).remove(1);
    assert_eq!(found.verdict, Verdict::New);
    assert_eq!(found.gate.unwrap().outcome, GateOutcome::Regressed);
}

/// If this fails, counts alone are judged by times that a stored run has, or need them.
#[test]
fn counts_alone_need_no_time_and_look_at_none() {
    let context = with(Rules {
        counts_only: true,
        fuel: Some(COUNTED),
        memory: Some(COUNTED),
        ..GATE.rules
    });
    let counted = |fuel: f64| Case {
        processes: Vec::new(),
        ..same("x", fuel)
    };
    let timed = |fuel: f64, ns: f64| case("x", fuel, &level(ns), &level(ns));
    for (base, candidate, verdict, outcome) in [
        (
            counted(1000.0),
            counted(1000.0),
            Verdict::Equivalent,
            GateOutcome::Passed,
        ),
        (
            counted(1000.0),
            counted(1000.9),
            Verdict::Equivalent,
            GateOutcome::Passed,
        ),
        (
            counted(1000.0),
            counted(1001.0),
            Verdict::Regressed,
            GateOutcome::Regressed,
        ),
        (
            counted(1000.0),
            counted(900.0),
            Verdict::Improved,
            GateOutcome::Passed,
        ),
        (
            timed(1000.0, 100.0),
            timed(1000.0, 900.0),
            Verdict::Equivalent,
            GateOutcome::Passed,
        ),
        (
            timed(1000.0, 900.0),
            timed(1001.0, 100.0),
            Verdict::Regressed,
            GateOutcome::Regressed,
        ),
    ] {
        let found = compared(base, candidate, &context);
        assert_eq!(found.verdict, verdict);
        assert_eq!(found.decided_by, Some(Metric::Fuel));
        assert!(found.change(Metric::WallTime).is_none());
        assert_eq!(Next::of(&found, &context.rules), Next::Nothing);
        assert_eq!(found.gate.unwrap().outcome, outcome);
    }
}
