//! How well a rate is known that was counted.

use statrs::distribution::{Beta, ContinuousCDF};

use super::COVERAGE;

/// A rate with its interval, all from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// How often it happened.
    pub count: usize,
    /// Of how many.
    pub of: usize,
    /// The rate.
    pub rate: f64,
    /// Lower end of the 95 % interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// The rate of `count` in `of` independent trials with its exact interval (Clopper and Pearson, 1934). None of no trial,
/// or of more than all.
#[must_use]
pub fn rate(count: usize, of: usize) -> Option<Rate> {
    let failed = of.checked_sub(count).filter(|_| of > 0)?;
    let tail = (1.0 - COVERAGE) / 2.0;
    let quantile = |a: usize, b: usize, p| Some(Beta::new(a as f64, b as f64).ok()?.inverse_cdf(p));
    Some(Rate {
        count,
        of,
        rate: count as f64 / of as f64,
        lower: match count {
            0 => 0.0,
            _ => quantile(count, failed + 1, tail)?,
        },
        upper: match failed {
            0 => 1.0,
            _ => quantile(count + 1, failed, 1.0 - tail)?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Solved for by bisection of the binomial sums that define them, in another language.
    #[test]
    fn intervals_are_those_of_clopper_and_pearson() {
        for (count, of, lower, upper) in [
            (0, 20, 0.0, 0.168_433),
            (3, 10, 0.066_740, 0.652_453),
            (17, 18, 0.727_058, 0.998_594),
            (20, 20, 0.831_567, 1.0),
            (1, 1000, 0.000_025_3, 0.005_559),
        ] {
            let found = rate(count, of).unwrap();
            let is_near = |one: f64, other: f64| (one - other).abs() < 2e-6;
            assert!(
                is_near(found.lower, lower) && is_near(found.upper, upper),
                "{found:?}"
            );
        }
        assert_eq!(rate(0, 0), None);
        assert_eq!(rate(2, 1), None);
    }
}
