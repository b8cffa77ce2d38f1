//! The shift between two runs that were stored, not run side by side.
//!
//! Weaker than [`super::paired`]: whatever the machine did between the runs counts as a shift, and
//! no interval knows of it. It is the fallback where a baseline cannot be run again.

use super::shift::{Shift, shift_by_ranks};

/// The shift from the `base` to the `candidate`, one value per process: the Hodges-Lehmann
/// estimate, the median of all differences of a candidate's value and a base's, and the exact
/// two-sided rank-sum interval, which holds the true shift with at least `confidence` if the two
/// distributions differ by nothing else.
///
/// The ends are such differences, the k-th from below and above, by the null distribution of the
/// Mann-Whitney statistic (Hollander, Wolfe & Chicken, Nonparametric Statistical Methods, 3rd ed.,
/// section 4.3). Ties need no care, for the reason given at [`super::paired`]. `pairs` is the size
/// of the smaller sample.
///
/// None if the samples are too small for the confidence (99 % needs 5 and 5, of whose 252 orders 2
/// do not overlap), for values that are not finite or so far apart that their difference is not,
/// and for a confidence that is not between 0 and 1. For samples of some hundred values.
#[must_use]
pub fn shift_between(base: &[f64], candidate: &[f64], confidence: f64) -> Option<Shift> {
    let smaller = base.len().min(candidate.len());
    let larger = base.len().max(candidate.len());
    let differences: Vec<f64> = candidate
        .iter()
        .flat_map(|to| base.iter().map(move |from| to - from))
        .collect();
    let null = mann_whitney_distribution(smaller, larger);
    shift_by_ranks(&differences, &null, confidence, smaller)
}

/// The probabilities of the values 0 to mn/2 of the Mann-Whitney statistic of samples of `m` and
/// `n` values, when every order is as likely as the other.
///
/// Their generating function is the Gaussian binomial coefficient: the product, for i from 1 to m,
/// of `(1 - q^(n+i)) / (1 - q^i)`, a factor that sums to `(n + i) / i`, by which it is divided here
/// (Löffler 1983, Über eine Partition der nat. Zahlen und ihre Anwendung beim U-Test; SciPy too).
fn mann_whitney_distribution(m: usize, n: usize) -> Vec<f64> {
    let mut probabilities = vec![0.0; m * n / 2 + 1];
    probabilities[0] = 1.0;
    for i in 1..=m {
        for u in (n + i..probabilities.len()).rev() {
            probabilities[u] -= probabilities[u - n - i];
        }
        for u in i..probabilities.len() {
            probabilities[u] += probabilities[u - i];
        }
        let total = (n + i) as f64 / i as f64;
        probabilities.iter_mut().for_each(|p| *p /= total);
    }
    probabilities
}

#[cfg(test)]
mod tests;
