use super::*;

fn cost(ns: f64) -> Calibrated {
    Calibrated {
        iteration_ns: ns,
        whole_ns: ns,
        doubled_ratio: Some(1.0),
    }
}

fn plan(costs: &[f64], is_compared: bool) -> CasePlan {
    let costs: Vec<Calibrated> = costs.iter().map(|ns| cost(*ns)).collect();
    let sampling = Sampling::compared();
    CasePlan::new(&costs, &sampling, is_compared, &Limits::default())
}

/// If this failed, the sides of a comparison would not do the same work.
#[test]
fn both_sides_do_what_the_faster_needs() {
    for (one, other, iterations) in [
        (1000.0, 1250.0, 2048),
        (1000.0, 3000.0, 2048),
        // A sample of the slower one must not eat up its time.
        (1000.0, 300_000.0, 32),
        (80_000_000.0, 400_000.0, 1),
    ] {
        let [there, back] = [[one, other], [other, one]].map(|costs| plan(&costs, true));
        assert_eq!(there.settings.iterations, iterations, "{one} {other}");
        assert_eq!(there, back);
        let sampling = there.settings.sampling;
        assert_eq!(sampling.min_samples, sampling.max_samples);
    }
    let alone = plan(&[1000.0], false).settings.sampling;
    assert!(alone.min_samples < alone.max_samples);
}

/// If this failed, what takes a minute could not be measured without a flag, or a flag would
/// not hold.
#[test]
fn the_wall_limit_follows_what_an_iteration_takes_unless_it_was_chosen() {
    let wall = |ns: f64| plan(&[ns], false).limits.get(LimitKind::Wall);
    let default = LimitKind::Wall.spec().default;
    assert_eq!(wall(1000.0), default);
    let budget_ns = Sampling::compared().budget_ns as f64;
    assert_eq!(plan(&[1000.0], false).process_ns, budget_ns);
    assert_eq!(plan(&[60e9], false).process_ns, 60e9);
    assert!(wall(60e9) >= 2 * 3 * 60_000);
    let mut chosen = Limits::default();
    chosen.set(LimitKind::Wall, 2000);
    let sampling = Sampling {
        budget_ns: 3_000_000_000,
        ..Sampling::default()
    };
    let plan = CasePlan::new(&[cost(1e7)], &sampling, false, &chosen);
    assert_eq!(plan.limits.get(LimitKind::Wall), 2000);
    assert_eq!(plan.settings.deadline_ns, 1_600_000_000);
    assert_eq!(patient(&chosen, 4).get(LimitKind::Wall), 2000);
    assert_eq!(
        patient(&Limits::default(), 4).get(LimitKind::Wall),
        4 * default
    );
}
