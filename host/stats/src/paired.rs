//! The shift between two versions that ran side by side: one number per process pair.
//!
//! This is what a verdict rests on. The differences of pairs are independent of each other, and
//! what both processes of a pair met alike (heat, a neighbour) is gone from them.

use super::shift::{Shift, shift_by_ranks, tail};

/// The shift that the `differences` (candidate minus base, one per process pair) show: their
/// Hodges-Lehmann estimate, the median of all Walsh averages, and the exact two-sided signed-rank
/// interval, which holds the centre of their distribution with at least `confidence` if that
/// distribution is symmetric. The difference of two alike versions in random order is.
///
/// The ends are Walsh averages, the k-th from below and above, by the null distribution of
/// Wilcoxon's signed-rank statistic (Hollander, Wolfe & Chicken, Nonparametric Statistical Methods,
/// 3rd ed., section 3.3; R's `wilcox.test(conf.int = TRUE, exact = TRUE)`). Zeros and ties, which
/// trouble the test, need no care here: no difference is ranked. An end is picked out of the sorted
/// averages, equal or not, and ties can only make the closed interval cover more.
///
/// None for fewer pairs than `pairs_needed`, for a difference that is not finite, and for a
/// confidence that is not between 0 and 1. It takes n^3 steps: some hundred pairs, not thousands.
#[must_use]
pub fn paired(differences: &[f64], confidence: f64) -> Option<Shift> {
    let n = differences.len();
    if n < pairs_needed(confidence) || !differences.iter().all(|d| d.is_finite()) {
        return None;
    }
    let averages: Vec<f64> = differences
        .iter()
        .enumerate()
        .flat_map(|(i, a)| differences[i..].iter().map(|b| f64::midpoint(*a, *b)))
        .collect();
    shift_by_ranks(&averages, &signed_rank_distribution(n), confidence, n)
}

/// How many pairs an interval of this confidence needs at least: all the n differences lie on the
/// same side of their centre with the probability 2 / 2^n, and then no interval between them holds
/// it.
///
/// `usize::MAX` for a confidence that is not between 0 and 1, for which no number is enough.
#[must_use]
pub(crate) fn pairs_needed(confidence: f64) -> usize {
    let Some(tail) = tail(confidence) else {
        return usize::MAX;
    };
    (-tail.log2()).ceil() as usize
}

/// The probabilities of the values 0 to n(n + 1)/4 of the signed-rank statistic, when every sign is
/// as likely as the other. Each rank i adds i or nothing, so the distribution is convolved n times.
fn signed_rank_distribution(n: usize) -> Vec<f64> {
    let mut probabilities = vec![0.0; n * (n + 1) / 4 + 1];
    probabilities[0] = 1.0;
    for rank in 1..=n {
        for sum in (0..probabilities.len()).rev() {
            let without = probabilities[sum];
            let with = sum
                .checked_sub(rank)
                .map_or(0.0, |rest| probabilities[rest]);
            probabilities[sum] = (without + with) / 2.0;
        }
    }
    probabilities
}

#[cfg(test)]
mod tests;
