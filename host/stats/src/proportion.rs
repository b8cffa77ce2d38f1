//! How well a share is known that was counted.

use statrs::distribution::{Beta, ContinuousCDF as _};

/// How often something happened, and what that says of how often it happens.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Rate {
    /// How often it happened.
    pub count: u64,
    /// In how many independent trials.
    pub of: u64,
    /// The least share that may do so, 0 to 1.
    pub lower: f64,
    /// The largest.
    pub upper: f64,
}

/// What each end of a [`Rate`]'s interval may leave over. So 0 of n has 3/n as its upper end, the
/// rule of three.
const TAIL: f64 = 0.05;

impl Rate {
    /// The share of `count` in `of` trials with the exact interval of Clopper & Pearson (1934, "The
    /// use of confidence or fiducial limits illustrated in the case of the binomial"). Each end
    /// holds with at least 95 %, both of them with 90 %. Nothing is known of no trials.
    #[must_use]
    pub fn new(count: u64, of: u64) -> Self {
        let count = count.min(of);
        let (hits, misses) = (count as f64, (of - count) as f64);
        let lower = match count {
            0 => 0.0,
            _ => quantile(hits, misses + 1.0, TAIL),
        };
        let upper = match of - count {
            0 => 1.0,
            _ => quantile(hits + 1.0, misses, 1.0 - TAIL),
        };
        Self {
            count,
            of,
            lower,
            upper,
        }
    }

    /// The share that was counted; 0 of no trials.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.count as f64 / self.of.max(1) as f64
    }
}

/// Of the beta distribution, whose parameters are positive here.
fn quantile(a: f64, b: f64, p: f64) -> f64 {
    Beta::new(a, b).map_or(f64::NAN, |beta| beta.inverse_cdf(p))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.binomtest(count, of).proportion_ci(0.9, "exact")` of SciPy 1.17.1.
    #[test]
    fn intervals_are_those_of_scipy() {
        for (count, of, lower, upper) in SCIPY {
            let rate = Rate::new(*count, *of);
            assert!((rate.lower - lower).abs() < 1e-9, "{rate:?}");
            assert!((rate.upper - upper).abs() < 1e-9, "{rate:?}");
        }
    }

    #[test]
    fn nothing_in_n_trials_is_at_most_three_in_n() {
        for of in [10, 60, 300, 100_000] {
            let upper = Rate::new(0, of).upper;
            assert!(upper < 3.0 / of as f64 && upper > 2.5 / of as f64);
        }
        assert_eq!(
            Rate::new(0, 0),
            Rate {
                count: 0,
                of: 0,
                lower: 0.0,
                upper: 1.0
            }
        );
        assert_eq!(Rate::new(7, 7).upper, 1.0);
    }

    const SCIPY: &[(u64, u64, f64, f64)] = &[
        (0, 1, 0.0, 0.95),
        (0, 60, 0.0, 0.04870291330998526),
        (1, 60, 0.0008545229269508694, 0.07663999493445714),
        (59, 60, 0.9233600050655429, 0.9991454770730491),
        (60, 60, 0.9512970866900151, 1.0),
        (5, 20, 0.10408083591013606, 0.45558240400174993),
        (3, 300, 0.002731030218187189, 0.025641393082613012),
        (150, 300, 0.45100875470870355, 0.5489912452912965),
        (1, 2000, 2.5646318321728045e-05, 0.0023697133676540603),
        (1700, 2000, 0.8362372242819872, 0.8629973186710885),
    ];

    #[test]
    fn a_share_is_of_the_trials_that_there_were() {
        assert_eq!(Rate::new(1, 4).share(), 0.25);
        assert_eq!(Rate::new(9, 4).share(), 1.0);
        assert_eq!(Rate::new(0, 0).share(), 0.0);
    }
}
