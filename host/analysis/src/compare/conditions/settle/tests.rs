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
