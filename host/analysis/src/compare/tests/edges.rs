//! Numbers that lie on the edge between two answers.

use super::*;

fn change(metric: Metric, base: f64, candidate: f64) -> Change {
    let ratio = candidate / base;
    Change {
        metric,
        base,
        candidate,
        ratio,
        lower: ratio,
        upper: ratio,
        pairs: 10,
        verdict: Verdict::Regressed,
    }
}

#[test]
fn memory_alone_is_counted_in_pages_and_only_where_it_grew_from_one() {
    let grew = |metric, base, candidate| grown(&change(metric, base, candidate));
    // A second page, of what is no memory.
    assert!(grew(Metric::Fuel, 131_071.0, 131_073.0) < 1e-4);
    assert_eq!(grew(Metric::MemoryPeak, 131_071.0, 131_072.0), 1.0);
    // What shrank within a page did shrink.
    assert!(grew(Metric::MemoryPeak, 200_000.0, 199_000.0) < -0.004);
    assert_eq!(grew(Metric::MemoryPeak, 800.0, 80_000.0), 99.0);
}

#[test]
fn a_severity_ends_where_the_next_begins() {
    let of = |ratio: f64| severity(&change(Metric::WallTime, 1.0, ratio)).unwrap();
    assert_eq!(of(1.099), Severity::Drift);
    assert_eq!(of(1.101), Severity::Minor);
    assert_eq!(of(1.199), Severity::Minor);
    assert_eq!(of(1.201), Severity::Major);
    assert_eq!(of(1.5), Severity::Major);
    assert_eq!(of(1.501), Severity::Critical);
    let improved = Change {
        verdict: Verdict::Improved,
        ..change(Metric::WallTime, 1.0, 0.5)
    };
    assert_eq!(severity(&improved), None);
}

#[test]
fn time_and_fuel_say_together_what_neither_says_alone() {
    use Verdict::{Equivalent, Improved, Regressed, Unsure};
    let of = |time, fuel| {
        let side = |metric, verdict| Change {
            verdict,
            ..change(metric, 1.0, 1.0)
        };
        diagnosis(&side(Metric::WallTime, time), &side(Metric::Fuel, fuel))
    };
    for (time, fuel, expected) in [
        (Equivalent, Equivalent, Diagnosis::Unchanged),
        (Regressed, Regressed, Diagnosis::Work),
        (Improved, Improved, Diagnosis::Work),
        (Regressed, Equivalent, Diagnosis::TimeOnly),
        (Improved, Equivalent, Diagnosis::TimeOnly),
        (Equivalent, Regressed, Diagnosis::FuelOnly),
        (Equivalent, Improved, Diagnosis::FuelOnly),
        (Regressed, Improved, Diagnosis::Opposed),
        (Improved, Regressed, Diagnosis::Opposed),
    ] {
        assert_eq!(of(time, fuel), Some(expected), "{time:?} {fuel:?}");
    }
    assert_eq!(of(Unsure, Equivalent), None);
    assert_eq!(of(Equivalent, Unsure), None);
}
