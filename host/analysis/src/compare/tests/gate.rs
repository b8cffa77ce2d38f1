//! What a gate stops, confirms and lets pass.

use super::*;

/// A gate over ten first blocks and twenty confirming ones.
fn gated(first_ns: f64, fresh_ns: f64, fresh: u32) -> CaseComparison {
    let side = |first: f64, later: f64| {
        let mut case = case("x", 1.0, &level(first), &level(first));
        let blocks = (10..10 + fresh).map(|block| process(block, true, later, later));
        case.processes.extend(blocks);
        case
    };
    compared(side(100.0, 100.0), side(first_ns, fresh_ns), &GATE)
}

#[test]
fn a_gate_confirms_what_it_flags() {
    for (first, fresh, blocks, outcome) in [
        (115.0, 115.0, 20, GateOutcome::Regressed),
        (115.0, 100.0, 20, GateOutcome::Passed),
        (115.0, 115.0, 0, GateOutcome::Unsure),
        (105.0, 105.0, 0, GateOutcome::Passed),
        (100.0, 100.0, 0, GateOutcome::Passed),
        (80.0, 80.0, 0, GateOutcome::Passed),
    ] {
        let gate = gated(first, fresh, blocks).gate.unwrap();
        assert_eq!(gate.outcome, outcome, "{first} {fresh}: {}", gate.reason);
    }
    assert_eq!(Next::of(&gated(115.0, 0.0, 0), &GATE.rules), Next::Confirm);
    assert_eq!(Next::of(&gated(105.0, 0.0, 0), &GATE.rules), Next::Nothing);
}

#[test]
fn what_did_not_run_to_its_end_passes_no_gate() {
    let interrupted = Context {
        is_complete: false,
        ..GATE
    };
    let one = || case("x", 1.0, &level(100.0), &level(100.0));
    let gate = |context: &Context| compared(one(), one(), context).gate.unwrap().outcome;
    assert_eq!(gate(&GATE), GateOutcome::Passed);
    assert_eq!(gate(&interrupted), GateOutcome::Unsure);
    // A plugin that could not be measured has no cases: they are not gone.
    let base = plugin("a", vec![one()]);
    let mut broken = plugin("b", Vec::new());
    broken.outcome = Outcome::Refused {
        reason: "text".into(),
    };
    let gone = |candidate: &Plugin| cases(&[&base], &[candidate], &GATE)[0].clone();
    assert_eq!(gone(&broken).gate.unwrap().outcome, GateOutcome::Unsure);
    let empty = plugin("b", Vec::new());
    assert_eq!(gone(&empty).gate.unwrap().outcome, GateOutcome::Regressed);
    // Where nothing could be judged, nothing has passed.
    let new = cases(&[&empty], &[&base], &GATE).remove(0);
    assert_eq!(new.gate.as_ref().unwrap().outcome, GateOutcome::Passed);
    let comparison = Comparison {
        base: Side {
            run: "1".into(),
            name: "a".into(),
        },
        candidate: Side {
            run: "2".into(),
            name: "b".into(),
        },
        judged_at: String::new(),
        pairing: Pairing::Paired,
        conditions: Conditions::default(),
        rules: GATE.rules,
        exceptions: Exceptions::default(),
        cases: vec![new],
    };
    assert_eq!(comparison.gate(), Some(GateOutcome::Unsure));
}

/// If this failed, the more cases are flagged, the more often one of them would be confirmed by
/// chance.
#[test]
fn those_that_are_confirmed_share_the_error() {
    let side = |ns: f64, name: &str| {
        let mut case = case(name, 1.0, &level(ns), &level(ns));
        let fresh = level(ns).into_iter().chain(level(ns * 1.004)).enumerate();
        let fresh = fresh.map(|(at, ns)| process(10 + at as u32, true, ns, ns));
        case.processes.extend(fresh);
        case
    };
    let width = |flagged: &[&str], sharing: usize| {
        let plugin_at = |ns: f64, digest: &str| {
            plugin(digest, flagged.iter().map(|name| side(ns, name)).collect())
        };
        let base = {
            // Its order of fresh levels is another, so that the differences vary.
            let mut base = plugin_at(100.0, "a");
            for case in &mut base.cases {
                case.processes[10..]
                    .iter_mut()
                    .rev()
                    .enumerate()
                    .for_each(|(at, process)| {
                        process.block = 10 + (at as u32 * 7) % 20;
                    });
            }
            base
        };
        let candidate = plugin_at(115.0, "b");
        let context = Context { sharing, ..GATE };
        let found = cases(&[&base], &[&candidate], &context)[0].clone();
        let confirmation = found.gate.unwrap().confirmation.unwrap();
        confirmation.upper / confirmation.lower
    };
    let many: Vec<String> = (0..50).map(|number| format!("case {number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let alone = width(&["x"], 0);
    assert!(width(&many, 0) > alone, "{} {alone}", width(&many, 0));
    // Those of other plugins of the session share it, too.
    assert_eq!(width(&["x"], 50), width(&many, 0));
}

#[test]
fn what_may_be_beyond_the_threshold_is_unsure_and_gets_more_blocks() {
    let wide: Vec<f64> = (0..10)
        .map(|i| if i % 2 == 0 { 98.0 } else { 118.0 })
        .collect();
    let one = case("x", 1.0, &level(100.0), &level(100.0));
    let other = case("x", 1.0, &wide, &wide);
    let found = compared(one, other, &GATE);
    assert_eq!(found.gate.as_ref().unwrap().outcome, GateOutcome::Unsure);
    assert_eq!(Next::of(&found, &GATE.rules), Next::Extend);
}

#[test]
fn fuel_and_memory_gate_only_if_asked() {
    let one = || case("x", 100.0, &level(100.0), &level(100.0));
    let mut more = case("x", 101.0, &level(100.0), &level(100.0));
    more.count.as_mut().unwrap().memory.peak_bytes *= 2;
    let gate = |context: &Context| compared(one(), more.clone(), context).gate.unwrap().outcome;
    let with = |fuel, memory| Context {
        rules: Rules {
            fuel,
            memory,
            ..GATE.rules
        },
        ..GATE
    };
    assert_eq!(gate(&GATE), GateOutcome::Passed);
    assert_eq!(gate(&with(Some(0.01), None)), GateOutcome::Regressed);
    assert_eq!(gate(&with(Some(0.011), None)), GateOutcome::Passed);
    assert_eq!(gate(&with(None, Some(0.1))), GateOutcome::Regressed);
    let mut random = more.clone();
    random.count.as_mut().unwrap().deterministic = false;
    let unsure = compared(one(), random, &with(Some(0.5), None));
    assert_eq!(unsure.gate.unwrap().outcome, GateOutcome::Unsure);
}

/// If this fails, what begins to use memory or fuel at all passes a gate of any size, unseen.
#[test]
fn growth_from_nothing_is_growth_beyond_any_threshold() {
    let gate = Context {
        rules: Rules {
            fuel: Some(1e6),
            memory: None,
            ..GATE.rules
        },
        ..GATE
    };
    let side = |fuel, bytes| {
        let mut side = case("x", fuel, &level(100.0), &level(100.0));
        side.count.as_mut().unwrap().memory.peak_bytes = bytes;
        side
    };
    let found = compared(side(0.0, 0), side(0.5, 65_536), &gate);
    for metric in [Metric::Fuel, Metric::MemoryPeak] {
        let change = found.change(metric).unwrap();
        assert_eq!(change.verdict, Verdict::Regressed, "{change:?}");
        assert!(change.ratio.is_finite() && change.base == 0.0, "{change:?}");
    }
    let judged = found.gate.as_ref().unwrap();
    assert_eq!(judged.outcome, GateOutcome::Regressed, "{judged:?}");
    assert!(judged.reason.contains("fuel grew from 0"), "{judged:?}");
    assert!(
        found.notes[0].contains("fuel and memory was 0 before"),
        "{:?}",
        found.notes
    );
    let back = compared(side(0.5, 65_536), side(0.0, 0), &gate);
    assert_eq!(
        back.change(Metric::Fuel).unwrap().verdict,
        Verdict::Improved
    );
    let still = compared(side(0.0, 0), side(0.0, 0), &gate);
    assert_eq!(
        still.change(Metric::Fuel).unwrap().verdict,
        Verdict::Equivalent
    );
}

/// If this fails, 22 pages after 20 are 9.99 %, because of the tables beside them, and pass a gate
/// of 10 %.
#[test]
fn memory_grows_by_pages_as_its_user_counts_them() {
    const PAGE: u64 = 65_536;
    let grows = |from: u64, to: u64, limit: f64| {
        let gate = Context {
            rules: Rules {
                memory: Some(limit),
                ..GATE.rules
            },
            ..GATE
        };
        let side = |bytes| {
            let mut side = case("x", 100.0, &level(100.0), &level(100.0));
            side.count.as_mut().unwrap().memory.peak_bytes = bytes;
            side
        };
        let judged = compared(side(from), side(to), &gate).gate.unwrap();
        judged.outcome == GateOutcome::Regressed
    };
    for tables in [0, 800, PAGE - 8] {
        let bytes = |pages| pages * PAGE + tables;
        assert!(grows(bytes(20), bytes(22), 0.1), "{tables}");
        assert!(!grows(bytes(20), bytes(22), 0.101), "{tables}");
        assert!(!grows(bytes(21), bytes(23), 0.1), "{tables}");
        assert!(grows(bytes(10), bytes(13), 0.3), "{tables}");
    }
    // Tables are memory, too.
    assert!(grows(PAGE + 800, PAGE + 60_000, 0.5));
    assert!(grows(800, 8_000, 5.0));
}
