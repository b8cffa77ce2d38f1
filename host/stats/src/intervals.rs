//! How wide an interval has to be: ranks for the median, quantiles of Student's t.

use statrs::distribution::{ContinuousCDF, StudentsT};
use statrs::function::factorial::ln_binomial;

/// The coverage of every interval around one estimate. (Verdicts between two versions use 99 %.)
pub(crate) const COVERAGE: f64 = 0.95;

/// The ranks (from 0) of the two order statistics of `n` values between which the median of the
/// population lies with at least [`COVERAGE`], whatever the distribution, and as close together as
/// that allows. None for fewer than six values, whose whole range covers less.
///
/// The interval from the k-th smallest to the k-th largest covers the median exactly if at least k
/// and at most n - k values lie below it, and that number is binomial with p = 1/2 (Conover,
/// Practical Nonparametric Statistics, 3rd ed., section 3.2).
#[must_use]
pub(crate) fn order_statistic_ranks(n: usize) -> Option<(usize, usize)> {
    let probability = |below: usize| {
        (ln_binomial(n as u64, below as u64) - n as f64 * std::f64::consts::LN_2).exp()
    };
    // From the middle outwards: some sqrt(n) steps, and no sum of tiny tails. The largest k is
    // wanted whose coverage suffices; k = 0 would be beyond the range.
    let mut k = n / 2;
    let mut covered = if n.is_multiple_of(2) {
        probability(k)
    } else {
        2.0 * probability(k)
    };
    while covered < COVERAGE {
        k = k.checked_sub(1)?;
        covered += 2.0 * probability(k);
    }
    (k >= 1).then(|| (k - 1, n - k))
}

/// The quantile of Student's t that leaves [`COVERAGE`] in the middle. None for no degree of
/// freedom.
#[must_use]
pub(crate) fn student_t_quantile(degrees_of_freedom: usize) -> Option<f64> {
    let t = StudentsT::new(0.0, 1.0, degrees_of_freedom as f64).ok()?;
    Some(t.inverse_cdf(0.5 + COVERAGE / 2.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// n and the rank k from 1, by SciPy 1.17.1, which sums the exact binomial tails:
    /// `max(k for k in range(1, n // 2 + 1) if 1 - 2 * binom.cdf(k - 1, n, 0.5) >= 0.95)`.
    #[rustfmt::skip]
    const RANKS: &[(usize, usize)] = &[
        (6, 1), (7, 1), (8, 1), (9, 2), (10, 2), (11, 2), (12, 3), (15, 4), (16, 4), (17, 5),
        (20, 6), (25, 8), (30, 10), (40, 14), (50, 18), (71, 27), (100, 40), (101, 41),
        (500, 228), (999, 469), (1000, 469), (1001, 470), (1075, 505), (10_000, 4902),
        (10_001, 4902), (100_000, 49_690), (1_000_000, 499_020),
    ];

    #[test]
    fn ranks_are_those_of_the_exact_binomial() {
        for (n, k) in RANKS {
            assert_eq!(order_statistic_ranks(*n), Some((k - 1, n - k)), "n = {n}");
        }
    }

    #[test]
    fn fewer_than_six_values_have_no_such_interval() {
        for n in 0..6 {
            assert_eq!(order_statistic_ranks(n), None, "n = {n}");
        }
    }

    /// By SciPy 1.17.1: `t.ppf(0.975, df)`.
    #[test]
    fn quantiles_are_those_of_students_t() {
        for (df, expected) in [
            (1, 12.706_204_736_174_694),
            (2, 4.302_652_729_749_462),
            (3, 3.182_446_305_283_707_8),
            (4, 2.776_445_105_197_793_4),
            (7, 2.364_624_251_592_784),
        ] {
            let found = student_t_quantile(df).unwrap();
            assert!(
                (found / expected - 1.0).abs() < 1e-9,
                "df = {df}: {found}, not {expected}"
            );
        }
        assert_eq!(student_t_quantile(0), None);
    }
}
