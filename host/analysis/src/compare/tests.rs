mod edges;
mod gate;
mod guards;
mod looks;

use proptest::prelude::*;

use super::*;
use dyno_fixture::{plain_case, plain_process};
use dyno_model::{Process, RULES, Sample};

pub(super) const CONTEXT: Context<'static> = Context {
    pairing: Pairing::Paired,
    rules: RULES,
    exceptions: Exceptions::NONE,
    empty_batch_ns: Some(50.0),
    same_configuration: true,
    is_complete: true,
    same_machine: true,
    sharing: 0,
};

pub(super) const GATE: Context<'static> = Context {
    rules: Rules {
        gates: true,
        ..RULES
    },
    ..CONTEXT
};

/// A process whose samples all take `wall` and `cpu` ns per iteration.
fn process(block: u32, confirming: bool, wall: f64, cpu: f64) -> Process {
    let of_thousand = |ns: f64| (ns * 1000.0).round() as u64;
    let sample = Sample {
        iterations: 1000,
        wall_ns: of_thousand(wall),
        cpu_ns: of_thousand(cpu),
        switches: 0,
        waits: 0,
        counts: Default::default(),
    };
    Process {
        confirming,
        ..plain_process(block, vec![sample])
    }
}

fn case(name: &str, fuel: f64, walls: &[f64], cpus: &[f64]) -> Case {
    let processes = walls.iter().zip(cpus).enumerate();
    let processes = processes.map(|(block, (wall, cpu))| process(block as u32, false, *wall, *cpu));
    plain_case(name, fuel, processes.collect())
}

fn plugin(digest: &str, cases: Vec<Case>) -> Plugin {
    Plugin {
        digest: Some(digest.into()),
        inputs: Some("none".into()),
        cases,
        ..Plugin::named("p", "p")
    }
}

/// Ten processes about a level, one percent up and down.
fn level(ns: f64) -> Vec<f64> {
    (0..10)
        .map(|i| ns * (1.0 + 0.001 * f64::from(i % 5) - 0.002))
        .collect()
}

fn compared(base: Case, candidate: Case, context: &Context) -> CaseComparison {
    let (base, candidate) = (plugin("a", vec![base]), plugin("b", vec![candidate]));
    let mut compared = cases(&[&base], &[&candidate], context);
    assert_eq!(compared.len(), 1);
    compared.pop().unwrap()
}

fn simple(base_ns: f64, candidate_ns: f64, fuel: f64) -> CaseComparison {
    let one = case("x", 100.0, &level(base_ns), &level(base_ns));
    let other = case("x", fuel, &level(candidate_ns), &level(candidate_ns));
    compared(one, other, &CONTEXT)
}

#[test]
fn a_change_has_a_verdict_a_severity_and_a_diagnosis() {
    for (ns, fuel, verdict, severity, diagnosis) in [
        (
            100.0,
            100.0,
            Verdict::Equivalent,
            None,
            Diagnosis::Unchanged,
        ),
        (
            105.0,
            105.0,
            Verdict::Regressed,
            Some(Severity::Drift),
            Diagnosis::Work,
        ),
        (
            112.0,
            100.0,
            Verdict::Regressed,
            Some(Severity::Minor),
            Diagnosis::TimeOnly,
        ),
        (
            130.0,
            100.0,
            Verdict::Regressed,
            Some(Severity::Major),
            Diagnosis::TimeOnly,
        ),
        (
            160.0,
            90.0,
            Verdict::Regressed,
            Some(Severity::Critical),
            Diagnosis::Opposed,
        ),
        (100.0, 105.0, Verdict::Equivalent, None, Diagnosis::FuelOnly),
        (80.0, 80.0, Verdict::Improved, None, Diagnosis::Work),
    ] {
        let found = simple(100.0, ns, fuel);
        assert_eq!(found.verdict, verdict, "{ns}");
        assert_eq!(found.severity, severity, "{ns}");
        assert_eq!(found.diagnosis, Some(diagnosis), "{ns} {fuel}");
        assert_eq!(found.decided_by, Some(Metric::WallTime));
    }
}

#[test]
fn fuel_is_reported_from_a_thousandth_on() {
    let fuel = |fuel| {
        simple(100.0, 100.0, fuel)
            .change(Metric::Fuel)
            .unwrap()
            .verdict
    };
    assert_eq!(fuel(100.05), Verdict::Equivalent);
    assert_eq!(fuel(100.1), Verdict::Regressed);
    assert_eq!(fuel(99.9), Verdict::Improved);
}

#[test]
fn cpu_time_decides_where_wall_time_does_not_resolve() {
    let noisy: Vec<f64> = (0..10)
        .map(|i| if i % 2 == 0 { 100.0 } else { 140.0 })
        .collect();
    let one = case("x", 1.0, &level(100.0), &level(100.0));
    let other = case("x", 1.0, &noisy, &level(112.0));
    let found = compared(one, other, &CONTEXT);
    assert_eq!(
        found.change(Metric::WallTime).unwrap().verdict,
        Verdict::Unsure
    );
    assert_eq!(
        (found.decided_by, found.verdict),
        (Some(Metric::CpuTime), Verdict::Regressed)
    );
}

/// Two pairs of five in every block that a neighbour spoiled.
#[test]
fn a_block_is_the_median_of_its_pairs() {
    let side = |ns: f64, spoiled: &[usize]| {
        let mut case = case("x", 1.0, &[], &[]);
        for process in 0..50 {
            let spoils = spoiled.contains(&(process % 5));
            let ns = if spoils { ns * 1.4 } else { ns };
            let process = self::process(process as u32 / 5, false, ns, ns);
            case.processes.push(process);
        }
        // The order is that of the processes, whatever the order of the list is.
        for (order, process) in case.processes.iter_mut().enumerate() {
            process.order = order as u32;
        }
        case.processes.reverse();
        case
    };
    let found = compared(side(100.0, &[]), side(110.0, &[1, 3]), &CONTEXT);
    let change = found.change(Metric::WallTime).unwrap();
    assert_eq!((found.verdict, change.pairs), (Verdict::Regressed, 10));
    assert!((change.ratio - 1.1).abs() < 1e-6, "{change:?}");
}

#[test]
fn too_few_pairs_are_unsure_and_say_so() {
    let few = |ns: f64| level(ns)[..7].to_vec();
    let found = compared(
        case("x", 1.0, &few(100.0), &few(100.0)),
        case("x", 1.0, &few(200.0), &few(200.0)),
        &CONTEXT,
    );
    assert_eq!(found.verdict, Verdict::Unsure);
    assert!(found.notes[0].contains("too few"), "{:?}", found.notes);
}

#[test]
fn what_the_clock_does_not_resolve_is_no_change() {
    // 5 ns of 1000 iterations are 5 us, and an empty batch is said to take more.
    let context = Context {
        empty_batch_ns: Some(6000.0),
        ..CONTEXT
    };
    let one = || case("x", 1.0, &level(100.0), &level(100.0));
    let other = || case("x", 1.0, &level(105.0), &level(105.0));
    let found = compared(one(), other(), &context);
    assert_eq!(found.verdict, Verdict::Unsure);
    assert!(found.notes[0].contains("clock"), "{:?}", found.notes);
    assert_eq!(
        compared(one(), other(), &CONTEXT).verdict,
        Verdict::Regressed
    );
}

#[test]
fn identical_is_what_cannot_have_changed() {
    let one = plugin("a", vec![case("x", 1.0, &level(100.0), &level(100.0))]);
    let mut other = plugin("a", vec![case("x", 1.0, &level(150.0), &level(150.0))]);
    let verdict = |other: &Plugin, context: &Context| cases(&[&one], &[other], context)[0].verdict;
    assert_eq!(verdict(&other, &CONTEXT), Verdict::Identical);
    let elsewhere = Context {
        same_configuration: false,
        ..CONTEXT
    };
    assert_eq!(verdict(&other, &elsewhere), Verdict::Regressed);
    other.engine = Some("another 1".into());
    assert_eq!(verdict(&other, &CONTEXT), Verdict::Regressed);
    other.engine = one.engine.clone();
    assert_eq!(verdict(&other, &CONTEXT), Verdict::Identical);
    other.inputs = Some("others".into());
    assert_eq!(verdict(&other, &CONTEXT), Verdict::Regressed);
    other.inputs = None;
    assert_eq!(verdict(&other, &CONTEXT), Verdict::Regressed);
}

#[test]
fn what_only_one_side_has_is_new_or_gone() {
    let some = |name| case(name, 1.0, &level(100.0), &level(100.0));
    let base = plugin("a", vec![some("kept"), some("gone")]);
    let candidate = plugin("b", vec![some("new"), some("kept")]);
    let found = cases(&[&base], &[&candidate], &GATE);
    let found: Vec<_> = found
        .iter()
        .map(|case| {
            (
                case.case.as_str(),
                case.verdict,
                case.gate.as_ref().unwrap().outcome,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("new", Verdict::New, GateOutcome::Passed),
            ("kept", Verdict::Equivalent, GateOutcome::Passed),
            ("gone", Verdict::Gone, GateOutcome::Regressed)
        ]
    );
}

#[test]
fn plugins_are_matched_by_name_but_a_lone_one_by_being_alone() {
    let named = |name: &str| Plugin {
        name: name.into(),
        ..plugin("a", Vec::new())
    };
    let [a, b, c] = ["a", "b", "c"].map(named);
    assert_eq!(counterparts(&[&a], &[&b]), [(0, 0)]);
    assert_eq!(counterparts(&[&a, &b], &[&b, &c, &a]), [(1, 0), (0, 2)]);
    assert_eq!(counterparts(&[&a, &a], &[&a, &a]), [(0, 0), (1, 1)]);
}

#[test]
fn a_failure_is_never_a_pass() {
    let mut broken = case("x", 1.0, &level(100.0), &level(100.0));
    broken.outcome = Outcome::Trap {
        message: "unreachable".into(),
    };
    let found = compared(case("x", 1.0, &level(100.0), &level(100.0)), broken, &GATE);
    assert_eq!(found.verdict, Verdict::Unsure);
    assert_eq!(found.gate.unwrap().outcome, GateOutcome::Unsure);
}

#[test]
fn other_machines_compare_in_fuel_alone() {
    let context = Context {
        pairing: Pairing::Stored,
        same_machine: false,
        ..CONTEXT
    };
    let one = case("x", 100.0, &level(100.0), &level(100.0));
    let other = case("x", 110.0, &level(300.0), &level(300.0));
    let found = compared(one, other, &context);
    assert_eq!(found.verdict, Verdict::Unsure);
    assert!(found.change(Metric::WallTime).is_none());
    assert_eq!(
        found.change(Metric::Fuel).unwrap().verdict,
        Verdict::Regressed
    );
}

fn medians() -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec(90.0..130.0_f64, 10)
}

fn mirrored(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Regressed => Verdict::Improved,
        Verdict::Improved => Verdict::Regressed,
        verdict => verdict,
    }
}

proptest! {
    #[test]
    fn swapping_base_and_candidate_mirrors_the_verdict(one in medians(), other in medians()) {
        let side = |ns: &[f64]| case("x", 1.0, ns, ns);
        let there = compared(side(&one), side(&other), &CONTEXT);
        let back = compared(side(&other), side(&one), &CONTEXT);
        prop_assert_eq!(there.verdict, mirrored(back.verdict));
        let (there, back) = (there.changes[0], back.changes[0]);
        prop_assert!((there.ratio * back.ratio - 1.0).abs() < 1e-9);
        prop_assert!((there.lower * back.upper - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_faster_machine_changes_no_verdict(one in medians(), other in medians(), speed in 0.5..2.0_f64) {
        let side = |ns: &[f64], speed: f64| {
            let ns: Vec<f64> = ns.iter().map(|ns| ns * speed * 1000.0).collect();
            case("x", 1.0, &ns, &ns)
        };
        let here = compared(side(&one, 1.0), side(&other, 1.0), &CONTEXT);
        let there = compared(side(&one, speed), side(&other, speed), &CONTEXT);
        prop_assert!((here.changes[0].ratio / there.changes[0].ratio - 1.0).abs() < 1e-4);
    }

    #[test]
    fn the_order_of_blocks_does_not_matter(one in medians(), other in medians(), by in 1..10_usize) {
        let side = |ns: &[f64], by: usize| {
            let mut case = case("x", 1.0, ns, ns);
            case.processes.rotate_left(by);
            case
        };
        let here = compared(side(&one, 0), side(&other, 0), &CONTEXT);
        let there = compared(side(&one, by), side(&other, 0), &CONTEXT);
        prop_assert_eq!(&here.changes[0].lower, &there.changes[0].lower);
        prop_assert_eq!(here.verdict, there.verdict);
    }
}
