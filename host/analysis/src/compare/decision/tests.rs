//! Cases with samples made to order: what only other programs did, what the guest waited for, what
//! the layout did.

use super::*;
use crate::compare::cases;
use crate::compare::tests::{CONTEXT, GATE};
use dyno_fixture::{plain_case, plain_process};
use dyno_model::{Calibration, CaseComparison, GateOutcome, Pace, Plugin, Process, Sample};

/// How one process of a case ran.
#[derive(Clone, Copy)]
struct Ran {
    cpu_ns: u64,
    waited_ns: u64,
    preempted_ns: u64,
    layout: u32,
}

const PLAIN: Ran = Ran {
    cpu_ns: 1000,
    waited_ns: 0,
    preempted_ns: 0,
    layout: 0,
};

fn process(block: u32, order: u32, ran: Ran) -> Process {
    let sample = Sample {
        iterations: 1000,
        wall_ns: (ran.cpu_ns + ran.waited_ns + ran.preempted_ns) * 1000,
        cpu_ns: ran.cpu_ns * 1000,
        switches: u32::from(ran.preempted_ns > 0),
        waits: u32::from(ran.waited_ns > 0),
        counts: Default::default(),
    };
    Process {
        block,
        order,
        layout: ran.layout,
        ..plain_process(order, vec![sample; 5])
    }
}

/// A plugin of one case with ten blocks of five processes; `ran` says how, by the number of the
/// process.
fn side(fuel: f64, ran: impl Fn(u64) -> Ran) -> Plugin {
    let processes = (0..50).map(|number| process(number / 5, number, ran(number.into())));
    let case = plain_case("x", fuel, processes.collect());
    Plugin {
        cases: vec![case],
        ..Plugin::named("it", "it.wasm")
    }
}

fn compared(base: &Plugin, candidate: &Plugin, context: &Context) -> CaseComparison {
    cases(&[base], &[candidate], context).swap_remove(0)
}

/// Some noise that no number of processes hides: a share of 0 to 0.5 %.
fn noise(number: u64) -> u64 {
    number.wrapping_mul(2_654_435_761) % 6
}

/// If this failed, a case that waits 40 % longer would pass, because the CPU has no more to do.
#[test]
fn waiting_is_time() {
    let waits = |waited_ns: u64| {
        side(100.0, move |number| Ran {
            cpu_ns: 700 + noise(number),
            waited_ns: waited_ns * (10 + number % 19) / 20,
            ..PLAIN
        })
    };
    let found = compared(&waits(2000), &waits(2800), &GATE);
    assert!(!found.cpu_may_decide);
    assert_ne!(found.decided_by, Some(Metric::CpuTime));
    assert_ne!(found.gate.unwrap().outcome, GateOutcome::Passed);
    assert!(
        found
            .changes
            .iter()
            .any(|change| change.metric == Metric::CpuTime)
    );
    // The same times on a machine that others use: CPU time may say that nothing changed.
    let preempted = |preempted_ns: u64| {
        side(100.0, move |number| Ran {
            cpu_ns: 700 + noise(number),
            preempted_ns: preempted_ns * (10 + number % 19) / 20,
            ..PLAIN
        })
    };
    let found = compared(&preempted(2000), &preempted(2800), &GATE);
    assert_eq!(found.decided_by, Some(Metric::CpuTime));
    assert_eq!(found.verdict, Verdict::Equivalent);
    let gate = found.gate.unwrap();
    assert_eq!(gate.outcome, GateOutcome::Passed);
    assert!(gate.reason.starts_with("CPU time, "), "{}", gate.reason);
    assert!(gate.reason.contains(" % … "), "{}", gate.reason);
}

/// If this failed, one spoiled sample in five would be what the case takes.
#[test]
fn wall_time_is_that_of_undisturbed_samples() {
    let spoiled = |ns: u64| {
        let mut plugin = side(100.0, move |number| Ran {
            cpu_ns: ns + noise(number),
            ..PLAIN
        });
        for process in &mut plugin.cases[0].processes {
            for at in [0, 3] {
                process.samples[at].wall_ns *= 1 + u64::from(process.order % 5);
                process.samples[at].switches = 1;
            }
        }
        plugin
    };
    let found = compared(&spoiled(1000), &spoiled(1100), &CONTEXT);
    let wall = found.change(Metric::WallTime).unwrap();
    assert!((wall.ratio - 1.1).abs() < 0.002, "{wall:?}");
    assert_eq!(
        (found.verdict, found.decided_by),
        (Verdict::Regressed, Some(Metric::WallTime))
    );
}

/// If this failed, a reader who divides the values would get another change than the one that is
/// shown.
#[test]
fn what_is_shown_divides() {
    let ns = |scale: u64| {
        side(100.0, move |number| Ran {
            cpu_ns: scale + 7 * noise(number * number),
            ..PLAIN
        })
    };
    for change in compared(&ns(1000), &ns(1100), &CONTEXT).changes {
        assert!(
            (change.candidate / change.base - change.ratio).abs() < 1e-9,
            "{change:?}"
        );
    }
}

#[test]
fn times_that_contradict_each_other_are_unsure() {
    // Wall time of undisturbed samples may exceed CPU time by 2 %, which is no contradiction; this
    // is one.
    let mut base = side(100.0, |number| Ran {
        cpu_ns: 1000 + noise(number),
        waited_ns: 1000,
        ..PLAIN
    });
    let candidate = side(100.0, |number| Ran {
        cpu_ns: 1500 + noise(number),
        waited_ns: 100,
        ..PLAIN
    });
    let found = compared(&base, &candidate, &GATE);
    assert_eq!(found.reason, Some(UnsureReason::Contradiction));
    assert_eq!(found.gate.unwrap().outcome, GateOutcome::Unsure);
    // With more fuel on one side, that explains it.
    base.cases[0].count.as_mut().unwrap().fuel_per_iteration = 50.0;
    let found = compared(&base, &candidate, &GATE);
    assert_eq!((found.verdict, found.reason), (Verdict::Improved, None));
}

/// The n-th process of a side in one of eight layouts, of which each third one is slower by `by`
/// percent.
fn layouts(fuel: f64, ns: u64, by: u64) -> Plugin {
    side(fuel, move |number| {
        let layout = (number * 7 + number / 8) as u32 % 8;
        let slow = if layout.is_multiple_of(3) {
            ns * by / 100
        } else {
            0
        };
        Ran {
            cpu_ns: ns + slow + noise(number),
            layout,
            ..PLAIN
        }
    })
}

/// If this failed, a function that moved would be blamed for what the cache makes of its place.
#[test]
fn a_change_in_some_layouts_alone_is_the_layouts() {
    let one = layouts(100.0, 1000, 0);
    // All layouts of one side but a few are slower: more than half of the blocks are, and the
    // verdict is clear.
    let some = side(100.0, |number| {
        let layout = (number * 7 + number / 8) as u32 % 8;
        let slow = if layout < 6 { 120 } else { 0 };
        Ran {
            cpu_ns: 1000 + slow + noise(number),
            layout,
            ..PLAIN
        }
    });
    let found = compared(&one, &some, &GATE);
    assert_eq!(
        (found.verdict, found.reason),
        (Verdict::Unsure, Some(UnsureReason::Layout))
    );
    assert_eq!(found.gate.unwrap().outcome, GateOutcome::Unsure);
    assert!(found.notes[0].contains("layout"), "{:?}", found.notes);
    // In every layout, it is a change; and so it is if fuel says that there is more to do.
    let all = layouts(100.0, 1120, 2);
    assert_eq!(compared(&one, &all, &CONTEXT).verdict, Verdict::Regressed);
    let mut more = some.clone();
    more.cases[0].count.as_mut().unwrap().fuel_per_iteration = 112.0;
    assert_eq!(compared(&one, &more, &CONTEXT).verdict, Verdict::Regressed);
}

/// If this failed, a cost that depends on the number of iterations would be called equal, or
/// better.
#[test]
fn nothing_good_is_said_of_what_cannot_be_measured_so() {
    fn nonlinear(case: &mut Case) {
        case.calibration = Some(Calibration {
            iterations: 1024,
            iteration_ns: 1000.0,
            doubled_ratio: Some(1.9),
        });
    }
    fn unsettled(case: &mut Case) {
        case.count.as_mut().unwrap().settled = false;
    }
    fn folded(case: &mut Case) {
        case.count.as_mut().unwrap().fuel_per_iteration = 0.0;
    }
    fn implausible(case: &mut Case) {
        case.count.as_mut().unwrap().pace = Some(Pace {
            iterations: 1,
            cpu_ns: 10,
        });
    }
    type Spoil = fn(&mut Case);
    let spoilers: [(Spoil, UnsureReason); 4] = [
        (folded, UnsureReason::Folded),
        (implausible, UnsureReason::Implausible),
        (nonlinear, UnsureReason::Nonlinear),
        (unsettled, UnsureReason::FuelUnsettled),
    ];
    for (spoil, reason) in spoilers {
        for of in [0, 1] {
            let found = |ns: u64| {
                let mut sides = [1000, ns].map(|ns| {
                    side(100.0, move |number| Ran {
                        cpu_ns: ns + noise(number),
                        ..PLAIN
                    })
                });
                spoil(&mut sides[of].cases[0]);
                compared(&sides[0], &sides[1], &GATE)
            };
            for ns in [800, 1000] {
                let found = found(ns);
                assert_eq!(
                    (found.verdict, found.reason),
                    (Verdict::Unsure, Some(reason)),
                    "{ns}"
                );
                assert_eq!(found.gate.unwrap().outcome, GateOutcome::Unsure);
            }
            assert_eq!(found(1300).verdict, Verdict::Regressed);
        }
    }
}

/// CPU time never decides against what wall time shows, sure or not.
#[test]
fn cpu_time_does_not_speak_where_wall_time_shows_something() {
    let change = |ratio: f64, lower: f64, upper: f64| Change {
        metric: Metric::WallTime,
        base: 1.0,
        candidate: ratio,
        ratio,
        lower,
        upper,
        pairs: 10,
        verdict: Verdict::Unsure,
    };
    assert!(shows_nothing(&change(1.02, 0.9, 1.2), 0.1));
    assert!(!shows_nothing(&change(1.02, 1.005, 1.04), 0.1));
    assert!(!shows_nothing(&change(1.12, 0.9, 1.4), 0.1));
    assert!(!shows_nothing(&change(1.0 / 1.12, 0.7, 1.1), 0.1));
}

/// If this failed, a cost that only some iterations have could double unseen.
#[test]
fn a_mean_that_became_slower_is_no_pass() {
    let some = |ns: u64| {
        let mut plugin = side(100.0, |number| Ran {
            cpu_ns: 1000 + noise(number),
            ..PLAIN
        });
        for process in &mut plugin.cases[0].processes {
            process.samples[2].wall_ns += ns * 1000;
            process.samples[2].cpu_ns += ns * 1000;
        }
        plugin
    };
    let found = compared(&some(1000), &some(3000), &GATE);
    assert_eq!(found.reason, Some(UnsureReason::Mean));
    assert_eq!(found.doubt, Some(UnsureReason::Mean));
    assert_eq!(found.gate.unwrap().outcome, GateOutcome::Unsure);
    // By 5 %, which is no equivalence, and is below the threshold.
    let found = compared(&some(1000), &some(1300), &GATE);
    assert_eq!(
        (found.reason, found.doubt),
        (Some(UnsureReason::Mean), None)
    );
    assert_eq!(found.gate.unwrap().outcome, GateOutcome::Passed);
    let found = compared(&some(1000), &some(1000), &GATE);
    assert_eq!(found.verdict, Verdict::Equivalent);
}

/// If this failed, what other programs take from both sides would make a change small enough to
/// pass.
#[test]
fn wall_time_with_what_others_took_is_shown_and_never_a_pass() {
    let busy = |waited_ns: u64| {
        let mut plugin = side(100.0, move |number| Ran {
            cpu_ns: 1000 + noise(number),
            waited_ns,
            preempted_ns: 9000 + 100 * noise(number * 7),
            ..PLAIN
        });
        for sample in plugin.cases[0]
            .processes
            .iter_mut()
            .flat_map(|one| &mut one.samples)
        {
            sample.switches = 1;
        }
        plugin
    };
    let found = compared(&busy(1000), &busy(1600), &GATE);
    let wall = found.change(Metric::WallTime).unwrap();
    assert!(wall.ratio < 1.1, "{wall:?}");
    assert!(found.wall_is_disturbed);
    assert_eq!(found.gate.unwrap().outcome, GateOutcome::Unsure);
    // A change that is seen in spite of it is one.
    let found = compared(&busy(1000), &busy(9000), &GATE);
    assert_eq!(found.verdict, Verdict::Regressed);
}

/// If this failed, a gate would pass what cannot be measured so, because it became slower by less
/// than the threshold.
#[test]
fn what_cannot_be_measured_so_passes_no_gate_even_if_it_regressed() {
    let mut sides = [1000, 1050].map(|ns| {
        side(100.0, move |number| Ran {
            cpu_ns: ns + noise(number),
            ..PLAIN
        })
    });
    let outcome = |sides: &[Plugin; 2]| compared(&sides[0], &sides[1], &GATE).gate.unwrap().outcome;
    assert_eq!(outcome(&sides), GateOutcome::Passed);
    sides[0].cases[0].calibration = Some(Calibration {
        iterations: 1024,
        iteration_ns: 1000.0,
        doubled_ratio: Some(0.6),
    });
    assert_eq!(outcome(&sides), GateOutcome::Unsure);
}
