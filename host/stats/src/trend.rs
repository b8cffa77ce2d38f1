//! Whether the samples of a process go one way from first to last: Mann's test against trend
//! (Econometrica 13, 1945) with Kendall's variance for ties. Many benchmarks never reach a steady
//! state (Barrett et al., OOPSLA 2017; Traini et al., EMSE 2022), and a median over a slope says
//! nothing that another run would repeat.

use super::summary::median;

/// Groups of neighbouring samples that are compared with each other: the test takes time in their
/// square.
const GROUPS_MAX: usize = 100;

/// Fewer samples show no trend.
const SAMPLES_MIN: usize = 10;

/// Quantile of the normal distribution for an error of 0.1 %, two-sided.
const Z_MIN: f64 = 3.29;

/// A trend of less than this from the first third to the last is none that matters: what lies
/// within 2 % counts as equivalent.
const CHANGE_MIN: f64 = 0.03;

/// By what share the last third of the samples lies above the first one, negative if below; none if
/// they show no trend, or one that does not matter.
#[must_use]
pub fn drift(samples: &[f64]) -> Option<f64> {
    if samples.len() < SAMPLES_MIN {
        return None;
    }
    let third = samples.len() / 3;
    let (first, last) = (
        median(&samples[..third])?,
        median(&samples[samples.len() - third..])?,
    );
    let change = (first > 0.0).then(|| last / first - 1.0)?;
    if change.abs() < CHANGE_MIN {
        return None;
    }
    let size = samples.len().div_ceil(GROUPS_MAX);
    let groups: Vec<f64> = samples.chunks(size).filter_map(median).collect();
    let z = mann_kendall(&groups);
    (z.abs() >= Z_MIN && z.signum() == change.signum()).then_some(change)
}

/// Mann's S over its standard deviation, with the correction for continuity; positive if the values
/// rise.
fn mann_kendall(values: &[f64]) -> f64 {
    let mut s = 0_i64;
    for (at, value) in values.iter().enumerate() {
        for later in &values[at + 1..] {
            s += match later.total_cmp(value) {
                std::cmp::Ordering::Less => -1,
                std::cmp::Ordering::Equal => 0,
                std::cmp::Ordering::Greater => 1,
            };
        }
    }
    let of = |n: f64| n * (n - 1.0) * (2.0 * n + 5.0);
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let ties = sorted.chunk_by(|one, other| one == other);
    let tied: f64 = ties.map(|tie| of(tie.len() as f64)).sum();
    let variance = (of(values.len() as f64) - tied) / 18.0;
    // Values that are all equal have no variance, and others some.
    match s {
        0 => 0.0,
        _ => (s - s.signum()) as f64 / variance.sqrt(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By `pymannkendall.original_test` 1.4.3.
    #[test]
    fn the_statistic_is_that_of_others() {
        let rising: Vec<f64> = (0..20).map(f64::from).collect();
        assert!((mann_kendall(&rising) - 6.132).abs() < 0.001);
        let tied = [1.0, 1.0, 2.0, 3.0, 2.0, 4.0, 5.0, 5.0, 6.0, 6.0];
        assert!(
            (mann_kendall(&tied) - 3.4545).abs() < 0.001,
            "{}",
            mann_kendall(&tied)
        );
        assert_eq!(mann_kendall(&[3.0; 12]), 0.0);
    }

    #[test]
    fn a_slope_is_seen_and_noise_is_not() {
        let noise = |at: u32| f64::from(at.wrapping_mul(2_654_435_761) % 1000) / 1000.0;
        let series = |slope: f64| -> Vec<f64> {
            let values = (0..400).map(|at| 100.0 + slope * f64::from(at) + noise(at));
            values.collect()
        };
        assert_eq!(drift(&series(0.0)), None);
        assert!(drift(&series(0.05)).is_some_and(|drift| (0.1..0.2).contains(&drift)));
        assert!(drift(&series(-0.05)).is_some_and(|drift| drift < -0.1));
        // It is there, and does not matter.
        assert_eq!(drift(&series(0.005)), None);
        // One slow sample is no trend.
        let mut one = vec![100.0; 40];
        one[39] = 900.0;
        assert_eq!(drift(&one), None);
        assert_eq!(drift(&[1.0, 2.0, 3.0]), None);
    }

    #[test]
    fn ten_samples_can_show_a_trend_and_nine_cannot() {
        let rising: Vec<f64> = (100..110).map(f64::from).collect();
        // From 101 to 108; z is 44 over the root of 125.
        assert_eq!(drift(&rising), Some(108.0 / 101.0 - 1.0));
        assert_eq!(drift(&rising[..9]), None);
    }

    #[test]
    fn what_began_at_nothing_has_no_share_by_which_it_grew() {
        let from_zero: Vec<f64> = (0..30).map(|at| f64::from((at - 10).max(0))).collect();
        assert_eq!(drift(&from_zero), None);
    }

    #[test]
    fn thirds_that_differ_are_no_trend_unless_the_samples_go_their_way() {
        // z is 20 over the root of 77.
        let late = [vec![100.0; 7], vec![104.0; 3]].concat();
        assert_eq!(drift(&late), None);
        // From half of a first third at 300 on they rise, and end below that.
        let rising = (0..48).map(|at| 100.0 + 4.0 * f64::from(at));
        let mut values: Vec<f64> = rising.clone().take(8).chain([300.0; 12]).collect();
        values.extend(rising.skip(8));
        assert!(mann_kendall(&values) > Z_MIN);
        assert!(median(&values[40..]) < median(&values[..20]));
        assert_eq!(drift(&values), None);
        // The same the other way.
        values.iter_mut().for_each(|x| *x = 500.0 - *x);
        assert_eq!(drift(&values), None);
    }

    /// From 100 to 103 and a hair, and not quite.
    #[test]
    fn a_trend_matters_from_three_percent() {
        let by = |share: f64| -> Vec<f64> {
            let rise = |at: u32| 100.0 * (1.0 + share * f64::from(at) / 20.0);
            (0..30).map(rise).map(|ns| ns - 4.5 * share * 5.0).collect()
        };
        assert!(drift(&by(0.031)).is_some_and(|drift| drift > 0.03));
        assert!(drift(&by(-0.031)).is_some_and(|drift| drift < -0.03));
        assert_eq!((drift(&by(0.029)), drift(&by(-0.029))), (None, None));
    }
}
