use super::*;
use crate::compare::compare;
use dyno_fixture::{full, plain_case, plain_process};
use dyno_model::{
    Comparison, Exceptions, GateOutcome, Machine, Pairing, Plugin, Process, RULES, Rules, Sample,
    UnsureReason, Verdict,
};

/// Ten processes of some milliseconds about a level, of whose wall time other programs took a
/// share.
fn processes(ns: f64, taken: f64) -> Vec<Process> {
    let process = |block: u32| {
        let ns = ns * (1.0 + 0.001 * f64::from(block % 5));
        let sample = Sample {
            iterations: 1000,
            wall_ns: (ns * 1000.0 / (1.0 - taken)) as u64,
            cpu_ns: (ns * 1000.0) as u64,
            switches: u32::from(taken > 0.0),
            waits: 0,
            counts: Default::default(),
        };
        plain_process(block, vec![sample])
    };
    (0..10).map(process).collect()
}

/// A run of one case with so much fuel that takes so long.
fn run(digest: &str, fuel: f64, ns: f64, taken: f64) -> Run {
    Run {
        machine: Machine::default(),
        empty_batch_ns: Some(100.0),
        grants: Vec::new(),
        plugins: vec![Plugin {
            digest: Some(digest.into()),
            inputs: Some("none".into()),
            cases: vec![plain_case("x", fuel, processes(ns, taken))],
            ..Plugin::named("p", "p")
        }],
        ..full()
    }
}

const GATE: Rules = Rules {
    gates: true,
    fuel: Some(0.01),
    ..RULES
};

fn stored(base: &Run, candidate: &Run, rules: Rules) -> Comparison {
    let names = ["base", "candidate"];
    compare(
        base,
        candidate,
        names,
        Pairing::Stored,
        (rules, Exceptions::NONE),
        String::new(),
    )
}

/// What is said of the one case: the verdict of time, of fuel, and the gate's outcome.
fn verdicts_of(comparison: &Comparison) -> (Verdict, Verdict, GateOutcome) {
    let case = &comparison.cases[0];
    let fuel = case.change(Metric::Fuel).unwrap().verdict;
    (case.verdict, fuel, case.gate.as_ref().unwrap().outcome)
}

#[test]
fn the_same_conditions_are_no_difference_and_say_what_the_noise_hides() {
    let (base, candidate) = (run("a", 100.0, 5000.0, 0.0), run("b", 130.0, 6500.0, 0.0));
    let found = stored(&base, &candidate, GATE);
    assert_eq!(found.conditions.differences, []);
    let noise = found.conditions.noise.unwrap();
    assert!(
        noise.resolution > 0.0 && noise.resolution < 0.01,
        "{noise:?}"
    );
    assert_eq!(
        (noise.base.preempted, noise.base.noisy, noise.base.cases),
        (0.0, 0, 1)
    );
    // A gate of stored runs still has to be confirmed by fresh blocks, which fuel has not.
    assert_eq!(
        verdicts_of(&found),
        (
            Verdict::Regressed,
            Verdict::Regressed,
            GateOutcome::Regressed
        )
    );
    // Side by side nothing can differ.
    let names = ["base", "candidate"];
    let mut other = candidate.clone();
    other.seed = 1;
    let paired = compare(
        &base,
        &other,
        names,
        Pairing::Paired,
        (GATE, Exceptions::NONE),
        String::new(),
    );
    assert_eq!(paired.conditions, Default::default());
}

#[test]
fn what_a_condition_may_have_changed_is_unsure_and_nothing_else() {
    let base = run("a", 100.0, 5000.0, 0.0);
    let unsure = Verdict::Unsure;
    type Change = fn(&mut Run);
    let changes: [(Change, Verdict, Verdict, GateOutcome); 6] = [
        (|run| run.seed = 1, unsure, unsure, GateOutcome::Unsure),
        (
            |run| run.engine = "x 1".into(),
            unsure,
            unsure,
            GateOutcome::Unsure,
        ),
        // Fuel is known to have grown, whatever time did.
        (
            |run| run.confinement = vec!["rlimits".into()],
            unsure,
            Verdict::Regressed,
            GateOutcome::Regressed,
        ),
        (
            |run| run.empty_batch_ns = Some(150.0),
            unsure,
            Verdict::Regressed,
            GateOutcome::Regressed,
        ),
        (
            |run| {
                run.settings.insert("count_batch_fuel".into(), 1);
            },
            Verdict::Regressed,
            unsure,
            GateOutcome::Unsure,
        ),
        // A kernel, a limit that was not hit and a layer of another version change nothing.
        (
            |run| {
                run.confinement = vec!["rlimits".into(), "landlock (ABI 9)".into()];
                run.machine = Machine::of([("kernel".to_owned(), "9".to_owned())].into());
                run.limits.values_mut().for_each(|limit| *limit += 1);
                run.settings.insert("blocks".into(), 3);
            },
            Verdict::Regressed,
            Verdict::Regressed,
            GateOutcome::Regressed,
        ),
    ];
    let mut base = base;
    base.machine = Machine::of(Default::default());
    for (at, (change, time, fuel, gate)) in changes.into_iter().enumerate() {
        let mut candidate = run("b", 130.0, 6500.0, 0.0);
        candidate.machine = base.machine.clone();
        change(&mut candidate);
        let found = stored(&base, &candidate, GATE);
        assert!(!found.conditions.differences.is_empty());
        assert_eq!(verdicts_of(&found), (time, fuel, gate), "{at}: {found:#?}");
        let is_unsettled = time == unsure || fuel == unsure;
        assert_eq!(
            found.cases[0].notes.len(),
            usize::from(is_unsettled),
            "{at}"
        );
    }
}

/// If this fails, what would have failed passes because it is not known.
#[test]
fn a_gate_never_passes_what_is_unsettled() {
    let base = run("a", 100.0, 5000.0, 0.0);
    let same = run("b", 100.0, 5000.0, 0.0);
    assert_eq!(
        verdicts_of(&stored(&base, &same, GATE)).2,
        GateOutcome::Passed
    );
    let mut other = same.clone();
    other.seed = 1;
    let found = stored(&base, &other, GATE);
    assert_eq!(
        verdicts_of(&found),
        (Verdict::Unsure, Verdict::Unsure, GateOutcome::Unsure)
    );
    let reason = &found.cases[0].gate.as_ref().unwrap().reason;
    assert_eq!(
        reason,
        "the runs were made under other conditions: they differ in seed"
    );
    // Identical bytes cannot have changed, however their times were taken.
    let mut identical = run("a", 100.0, 9000.0, 0.0);
    identical.empty_batch_ns = Some(190.0);
    assert_eq!(
        verdicts_of(&stored(&base, &identical, GATE)).0,
        Verdict::Identical
    );
}

/// If this fails, a busy machine makes a regression of nothing, or hides one.
#[test]
fn under_another_load_wall_time_stands_only_where_cpu_time_agrees() {
    let (quiet, slow) = (run("a", 100.0, 5000.0, 0.0), run("b", 100.0, 6500.0, 0.5));
    // Slower by both clocks: 30 % by the one that other programs cannot change.
    assert_eq!(
        stored(&quiet, &slow, GATE).cases[0].verdict,
        Verdict::Regressed
    );
    // Nothing but other programs took time from it, so that CPU time decides, and wall time shows
    // nothing.
    let busy = run("b", 100.0, 5000.0, 0.5);
    let found = stored(&quiet, &busy, GATE);
    assert_eq!(verdicts_of(&found).0, Verdict::Equivalent);
    assert_eq!(found.cases[0].decided_by, Some(Metric::CpuTime));
    assert_eq!(
        found.cases[0].change(Metric::WallTime).unwrap().verdict,
        Verdict::Unsure
    );
    assert_eq!(found.conditions.differences[0].condition, Condition::Load);
    assert_eq!(
        found.conditions.differences[0].candidate.as_deref(),
        Some("50.0 %")
    );
    // A guest that waits of its own accord has no CPU time to fall back to: the base waited, or was
    // kept waiting.
    let mut base = run("a", 100.0, 5000.0, 0.2);
    let mut candidate = run("b", 100.0, 5000.0, 0.2);
    let waits = |run: &mut Run, switches| {
        let processes = run.plugins[0].cases[0].processes.iter_mut();
        for sample in processes.flat_map(|process| &mut process.samples) {
            (sample.waits, sample.switches) = (1, switches);
        }
    };
    waits(&mut base, 1);
    waits(&mut candidate, 0);
    let found = stored(&base, &candidate, GATE);
    assert_eq!(
        verdicts_of(&found),
        (Verdict::Unsure, Verdict::Equivalent, GateOutcome::Unsure)
    );
}

#[test]
fn a_shared_core_and_inputs_that_are_not_known_are_conditions() {
    let base = run("a", 100.0, 5000.0, 0.0);
    let mut shared = run("b", 100.0, 5000.0, 0.0);
    shared.plugins[0].cases[0].marks.push(Mark::SharedCore);
    let found = differences(&base, &shared);
    assert_eq!(
        (found[0].condition, found[0].unsettles.as_slice()),
        (Condition::Core, WALL)
    );
    let mut other = run("b", 100.0, 5000.0, 0.0);
    other.plugins[0].inputs = Some("other".into());
    assert_eq!(differences(&base, &other)[0].condition, Condition::Inputs);
    // Directories that were not read may hold anything.
    let mut granted = [base.clone(), other];
    for run in &mut granted {
        run.grants = vec!["--dir=/x::/x".into()];
        run.plugins[0].inputs = None;
    }
    let found = differences(&granted[0], &granted[1]);
    assert_eq!(
        (found[0].condition, &found[0].base),
        (Condition::Inputs, &None)
    );
}

/// If this fails, a slower machine is a regression, and a faster one hides it.
#[test]
fn times_of_machines_of_different_classes_are_not_compared() {
    let cpu = |name: &str| Machine::of([("cpu".to_owned(), name.to_owned())].into());
    let mut base = run("a", 100.0, 5000.0, 0.0);
    base.machine = cpu("AMD EPYC");
    let mut candidate = run("b", 130.0, 6500.0, 0.0);
    candidate.machine = base.machine.clone();
    let same = stored(&base, &candidate, GATE);
    assert_eq!(
        (same.cases[0].verdict, same.cases[0].reason),
        (Verdict::Regressed, None)
    );
    candidate.machine = cpu("Intel Xeon");
    let found = stored(&base, &candidate, GATE);
    assert_eq!(
        verdicts_of(&found),
        (Verdict::Unsure, Verdict::Regressed, GateOutcome::Regressed)
    );
    assert_eq!(found.cases[0].reason, Some(UnsureReason::OtherMachine));
    let [difference] = found.conditions.differences.as_slice() else {
        panic!("{:?}", found.conditions.differences);
    };
    assert_eq!(
        (
            difference.condition,
            difference.name.as_str(),
            difference.unsettles.as_slice()
        ),
        (Condition::Class, "cpu", TIME)
    );
    // Without a limit of fuel, nothing is known that a gate could fail for, or pass.
    let by_time = Rules { fuel: None, ..GATE };
    let gate = stored(&base, &candidate, by_time).cases[0].gate.clone();
    assert_eq!(gate.unwrap().outcome, GateOutcome::Unsure);
}

#[test]
fn grants_that_differ_are_shown_with_their_values_but_for_those_of_variables() {
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    let mut base = run("a", 100.0, 5000.0, 0.0);
    base.grants = words(&["--arg=1", "--arg=2", "--env=A", "--stdin=same"]);
    let mut candidate = run("b", 100.0, 5000.0, 0.0);
    candidate.grants = words(&[
        "--arg=1",
        "--env=A",
        "--own-dir",
        "--stdin=same",
        "--stdout=out",
    ]);
    let found = differences(&base, &candidate);
    let found: Vec<_> = found
        .iter()
        .map(|one| {
            (
                one.name.as_str(),
                one.base.as_deref(),
                one.candidate.as_deref(),
                one.unsettles(Metric::Fuel),
            )
        })
        .collect();
    let value = Some("given, its value is not recorded");
    assert_eq!(
        found,
        [
            ("--arg", Some("1 2"), Some("1"), true),
            ("A", value, value, true),
            ("--own-dir", None, Some("given"), true),
            ("--stdout", None, Some("out"), false),
        ]
    );
}

/// What grew by exactly its limit is settled, whatever became of time.
#[test]
fn a_gate_fails_for_what_grew_by_the_limit_though_time_is_unsettled() {
    let base = run("a", 100.0, 5000.0, 0.0);
    let gate = |fuel: f64| {
        let mut candidate = run("b", fuel, 5000.0, 0.0);
        candidate.confinement = vec!["rlimits".into()];
        verdicts_of(&stored(&base, &candidate, GATE)).2
    };
    assert_eq!(gate(101.0), GateOutcome::Regressed);
    assert_eq!(gate(100.9), GateOutcome::Unsure);
}

#[test]
fn a_setting_unsettles_what_it_may_have_changed() {
    assert_eq!(setting_unsettles("count_iterations"), [Metric::Fuel]);
    for name in ["blocks", "processes", "strict", "budget_ns", "samples_max"] {
        assert_eq!(setting_unsettles(name), [], "{name}");
    }
    for name in ["sample_ns", "whatever", "recount_ns"] {
        assert_eq!(setting_unsettles(name), TIME, "{name}");
    }
}

/// A tenth, and two steps of the clock, which a slower machine takes longer for an empty batch.
#[test]
fn a_machine_is_slower_by_a_tenth_and_two_steps_of_its_clock() {
    let differs = |one: f64, other: f64| {
        let sides = [one, other].map(|ns| Run {
            empty_batch_ns: Some(ns),
            ..run("a", 100.0, 5000.0, 0.0)
        });
        let found = state(&sides[0], &sides[1]);
        let speeds = found.iter().filter(|one| one.condition == Condition::Speed);
        speeds.count() == 1
    };
    for (one, other, expected) in [
        (1000.0, 1000.0, false),
        (1000.0, 1099.0, false),
        (1000.0, 1101.0, true),
        (1101.0, 1000.0, true),
        (1099.0, 1000.0, false),
        (100.0, 120.0, false),
        (100.0, 120.5, true),
        (120.5, 100.0, true),
        // A clock that does not count yet.
        (0.0, 100.0, false),
        (100.0, 0.0, false),
        (-1.0, -100.0, false),
    ] {
        assert_eq!(differs(one, other), expected, "{one} {other}");
    }
}
