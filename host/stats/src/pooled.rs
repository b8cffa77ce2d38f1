//! The rule that others use and that lies: a rank test over the pooled samples of all processes.
//!
//! It takes every sample for an independent one. Those of a process are not, so it finds
//! differences between a version and itself. It is here only to show how often; no verdict asks it.

use statrs::function::erf::erfc;

/// The two-sided p-value of the Mann-Whitney test, by the normal approximation with corrections for
/// ties and for continuity: SciPy's `mannwhitneyu(base, candidate, method="asymptotic")`.
///
/// Values that are all equal give 1. None for an empty sample and for a value that is not finite.
#[must_use]
pub fn mann_whitney_p(base: &[f64], candidate: &[f64]) -> Option<f64> {
    if base.is_empty() || candidate.is_empty() {
        return None;
    }
    let mut pooled: Vec<(f64, bool)> = Vec::with_capacity(base.len() + candidate.len());
    pooled.extend(base.iter().map(|x| (*x, true)));
    pooled.extend(candidate.iter().map(|x| (*x, false)));
    if !pooled.iter().all(|(x, _)| x.is_finite()) {
        return None;
    }
    pooled.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));

    let (mut rank_sum, mut ties, mut ranked) = (0.0, 0.0, 0.0);
    for equal in pooled.chunk_by(|a, b| a.0 == b.0) {
        let count = equal.len() as f64;
        let of_base = equal.iter().filter(|(_, is_base)| *is_base).count() as f64;
        rank_sum += of_base * (ranked + (count + 1.0) / 2.0);
        ties += count.powi(3) - count;
        ranked += count;
    }

    let (m, n, total) = (base.len() as f64, candidate.len() as f64, ranked);
    let u = rank_sum - m * (m + 1.0) / 2.0;
    let distance = (u - m * n / 2.0).abs() - 0.5;
    let variance = m * n / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)));
    // Equal values have no variance. At most the correction then stands in the numerator: z is
    // minus infinity, and p, as for every negative z, is 1.
    let z = distance / variance.max(0.0).sqrt();
    Some(erfc(z / std::f64::consts::SQRT_2).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(found: Option<f64>, expected: f64) {
        let found = found.unwrap();
        assert!(
            (found / expected - 1.0).abs() < 1e-9,
            "{found}, not {expected}"
        );
    }

    /// By SciPy 1.17.1: `mannwhitneyu(a, b, method="asymptotic").pvalue`.
    #[test]
    fn small_samples_have_the_p_value_of_scipy() {
        let permeable = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
        let earlier = [1.15, 0.88, 0.90, 0.74, 1.21];
        assert_close(
            mann_whitney_p(&permeable, &earlier),
            0.244_623_605_126_833_25,
        );
        let (three, six) = ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]);
        assert_close(mann_whitney_p(&three, &six), 0.080_855_598_370_052_24);
        assert_close(mann_whitney_p(&six, &three), 0.080_855_598_370_052_24);
        let tied = [1.0, 2.0, 2.0, 3.0, 3.0, 3.0];
        let more_tied = [2.0, 3.0, 3.0, 4.0, 4.0, 5.0, 6.0];
        assert_close(mann_whitney_p(&tied, &more_tied), 0.045_671_242_939_683_39);
    }

    /// The same, over whole numbers that both sides count out alike.
    #[test]
    fn a_hundred_thousand_samples_have_the_p_value_of_scipy() {
        let a: Vec<f64> = (0..50_000)
            .map(|i| f64::from(i * 7919 % 10_007) / 10.0)
            .collect();
        let b: Vec<f64> = (0..50_000_i64)
            .map(|i| (i * 104_729 % 10_009) as f64 / 10.0 + 6.0)
            .collect();
        assert_close(mann_whitney_p(&a, &b), 0.000_903_325_437_824_818_1);
        let nearer: Vec<f64> = b.iter().map(|x| x - 5.5).collect();
        assert_close(mann_whitney_p(&a, &nearer), 0.749_705_564_079_597_1);
        let further: Vec<f64> = b[..1000].iter().map(|x| x + 300.0).collect();
        assert_close(
            mann_whitney_p(&a[..2000], &further),
            3.446_349_184_523_642_3e-118,
        );
    }

    #[test]
    fn equal_samples_have_the_p_value_one_and_no_division_by_zero() {
        assert_eq!(mann_whitney_p(&[5.0; 3], &[5.0; 2]), Some(1.0));
        assert_eq!(mann_whitney_p(&[1.0, 2.0], &[1.0, 2.0]), Some(1.0));
        assert_eq!(mann_whitney_p(&[1.0], &[2.0]), Some(1.0));
        assert_eq!(mann_whitney_p(&[0.0, 0.0], &[-0.0]), Some(1.0));
    }

    #[test]
    fn what_is_no_sample_has_no_p_value() {
        assert_eq!(mann_whitney_p(&[], &[1.0]), None);
        assert_eq!(mann_whitney_p(&[1.0], &[]), None);
        assert_eq!(mann_whitney_p(&[1.0], &[f64::NAN]), None);
        assert_eq!(mann_whitney_p(&[f64::INFINITY], &[1.0]), None);
    }
}
