//! What [`super::paired`] and [`super::unpaired`] have in common: a shift with an interval that is
//! made of order statistics of all the shifts that two values can show between them.

use super::summary::sorted;

/// How far the tail may exceed what was asked for: 0.9 as a binary fraction lies a little above
/// nine tenths, and a coverage of exactly nine tenths is meant to be enough.
const ROUNDING: f64 = 1e-9;

/// By how much the candidate lies above the base, in the unit of the values (a difference of
/// logarithms is a ratio).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// The Hodges-Lehmann estimate. It lies inside the interval.
    pub estimate: f64,
    /// The lower end of the two-sided interval.
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
    /// How many process pairs it rests on; of two unpaired samples, the size of the smaller one.
    pub pairs: usize,
}

/// The median of `shifts`, and the closest two of them, equally far from both ends, that enclose
/// the true shift with at least `confidence`.
///
/// `null` holds the probabilities that 0, 1, 2, ... of the shifts lie below the true one, at least
/// up to half of their number; it is symmetric. So the k-th smallest lies above the true shift with
/// the probability of 0 to k - 1, which may be half of what `confidence` leaves over.
///
/// None if the whole range covers less, for a shift that is not finite, and for a confidence that
/// is not between 0 and 1.
pub(super) fn shift_by_ranks(
    shifts: &[f64],
    null: &[f64],
    confidence: f64,
    pairs: usize,
) -> Option<Shift> {
    let sorted = sorted(shifts)?;
    let low = lower_rank(null, confidence)?;
    let last = sorted.len() - 1;
    Some(Shift {
        // Unlike `a + (b - a) / 2`, this is the same number when both signs are turned.
        estimate: f64::midpoint(sorted[last / 2], sorted[sorted.len() / 2]),
        lower: sorted[low],
        upper: sorted[last - low],
        pairs,
    })
}

/// Counted from 0.
fn lower_rank(null: &[f64], confidence: f64) -> Option<usize> {
    let tail = tail(confidence)?;
    let mut below = 0.0;
    let within_tail = null.iter().take_while(|probability| {
        below += **probability;
        below <= tail
    });
    within_tail.count().checked_sub(1)
}

/// What an interval may leave over at each end. None for a confidence that is not between 0 and 1.
pub(super) fn tail(confidence: f64) -> Option<f64> {
    (confidence > 0.0 && confidence < 1.0).then(|| (1.0 - confidence) / 2.0 * (1.0 + ROUNDING))
}
