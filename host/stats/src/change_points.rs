//! Where a history changed its level: for the medians (or the fuel) of one case over many runs.
//!
//! ```text
//! values ─► logarithms ─► odd runs out ─► partitions, from many levels to one ─► the likeliest of them
//!                                         (penalties that grow, `partition`)     (`likelihood`)
//! ```

mod likelihood;
mod partition;

use likelihood::{unexplained, weight};
use partition::optimal_partition;

use super::summary::quantile;

/// Fewer runs than this are no level: one odd run, or two, is not a change.
const LEVEL_LENGTH_MIN: usize = 3;

/// The least penalty of a change, in units of sigma^2 ln(n), sigma being that of independent noise:
/// twice that of Schwarz's criterion, which is for a sigma that is known.
const PENALTY_FACTOR: f64 = 4.0;

/// By how much the penalty grows from one partition that is tried to the next.
const PENALTY_GROWTH: f64 = 1.5;

/// Noise below this part of the values is taken for this much: they are equal to nine digits. It is
/// far above what rounding does and far below any change of fuel that matters.
const RELATIVE_NOISE_MIN: f64 = 1e-9;

/// A run that lies more than this many standard deviations from its neighbours' median is an odd
/// one.
const ODD_FROM: f64 = 3.0;

/// A difference of neighbours counts for at most this many robust standard deviations in sigma: so
/// skewed noise counts for what it is, and a step for little.
const DIFFERENCE_MAX: f64 = 4.0;

/// The positions at which a new level begins, in rising order; never 0. Each level has at least
/// three runs.
///
/// The runs of a history are not independent: a machine that is slow now is likely to be slow at
/// the next run. With an autocorrelation of 0.5 a penalty for independent noise leaves a false
/// change in two of three histories of 100 runs. So the penalised partition, from that penalty up
/// to the one that leaves no change, only proposes, and each proposal is held against the
/// alternative that the noise wanders: see `likelihood.rs`.
///
/// By simulation (`dependence_alone_seldom_has_a_change` has a part of it) a false change is left
/// in the share of histories below, and a step of 3 standard deviations in their middle is found
/// within a tenth of their length:
///
/// | noise | of 20 runs | of 100 | of 300 |
/// |---|---|---|---|
/// | normal | 1 %, 89 % | 0 %, 100 % | 0 %, 100 % |
/// | autocorrelated, 0.5 | 6 %, 71 % | 1 %, 98 % | 1 %, 100 % |
/// | autocorrelated, 0.8 | 12 %, 86 % | 2 %, 79 % | 1 %, 90 % |
/// | exponential | 1 %, 94 % | 1 %, 100 % | 1 %, 100 % |
/// | lognormal, its sigma 1 | 1 %, 98 % | 2 %, 100 % | 3 %, 100 % |
/// | Student's t(3) | 1 %, 95 % | 0 %, 100 % | 0 %, 100 % |
///
/// Fewer than about 20 runs cannot tell a small step from noise that wanders: of 8, a false change
/// is left in at most 4 %, and a step of 3 standard deviations found in a quarter. What this does
/// not know is noise of two kinds at once: half of it independent and half with 0.9 leaves false
/// changes in 31 % of 100 runs (72 % before).
///
/// Positive values are judged by their logarithms, so that a step of 5 % is one everywhere; values
/// of which one is not positive, as parts of the largest. A history with a value that is not
/// finite, or of fewer than six, has no changes.
#[must_use]
pub fn change_points(values: &[f64]) -> Vec<usize> {
    if values.len() < 2 * LEVEL_LENGTH_MIN || !values.iter().all(|x| x.is_finite()) {
        return Vec::new();
    }
    // Of nothing but zeros, any part is zero.
    let largest = values
        .iter()
        .fold(f64::MIN_POSITIVE, |largest, x| largest.max(x.abs()));
    let history: Vec<f64> = match values.iter().all(|x| *x > 0.0) {
        true => values.iter().map(|x| x.ln()).collect(),
        false => values.iter().map(|x| x / largest).collect(),
    };
    let sigma = noise(&history).max(RELATIVE_NOISE_MIN);
    let history = without_odd_runs(&history, ODD_FROM * sigma);
    let penalty = PENALTY_FACTOR * sigma.powi(2) * (history.len() as f64).ln();
    likeliest(&history, penalty)
}

/// The partition that is worth most of those for `penalty` and more, down to no change at all.
fn likeliest(history: &[f64], mut penalty: f64) -> Vec<usize> {
    let unexplained = |changes: &[usize]| unexplained(history, changes, RELATIVE_NOISE_MIN);
    let (mut best, mut least) = (Vec::new(), unexplained(&[]));
    let mut last = usize::MAX;
    loop {
        let changes = optimal_partition(history, penalty);
        let count = changes.len();
        if count == 0 {
            return best;
        }
        if count != last {
            last = count;
            let left = unexplained(&changes);
            // The next ones have fewer changes, and so leave more unexplained.
            if left >= least {
                return best;
            }
            let worth = left + weight(count, history.len());
            if worth < least {
                (best, least) = (changes.clone(), worth);
            }
        }
        // The next one has no change at all, which was tried first.
        if count == 1 {
            return best;
        }
        // Up to there it would be the same partition again.
        penalty = (penalty * PENALTY_GROWTH).max(least_gain(history, &changes));
    }
}

/// What the change that explains the least of these does explain: by so much the squares grow if
/// the levels on both sides of it become one.
fn least_gain(history: &[f64], changes: &[usize]) -> f64 {
    let starts = std::iter::once(0).chain(changes.iter().copied());
    let ends = changes.iter().copied().chain([history.len()]);
    let levels: Vec<(f64, f64)> = starts
        .zip(ends)
        .map(|(start, end)| {
            let runs = (end - start) as f64;
            (runs, history[start..end].iter().sum::<f64>() / runs)
        })
        .collect();
    let gains = levels.windows(2).map(|pair| {
        let [(before, low), (after, high)] = [pair[0], pair[1]];
        before * after / (before + after) * (high - low).powi(2)
    });
    gains.fold(f64::INFINITY, f64::min)
}

/// The standard deviation of the noise, by the successive differences, which a few steps and odd
/// runs hardly touch: their mean square, of which none counts for more than [`DIFFERENCE_MAX`] of
/// their robust standard deviation, by their median over that of a normal distribution.
///
/// A coarse clock makes more than half of them zero; then the third quartile speaks. If that is
/// zero too, the history is constant but for its steps.
fn noise(history: &[f64]) -> f64 {
    let differences: Vec<f64> = history.windows(2).map(|w| (w[1] - w[0]).abs()).collect();
    // The quantiles of a half-normal distribution, `scipy.stats.halfnorm.ppf([0.5, 0.75])`.
    let robust = [
        (0.5, 0.674_489_750_196_081_7),
        (0.75, 1.150_349_380_376_008),
    ]
    .into_iter()
    .filter_map(|(q, of_normal)| Some(quantile(&differences, q)? / of_normal))
    .find(|size| *size > 0.0)
    .unwrap_or(0.0);
    let bounded = differences
        .iter()
        .map(|size| size.min(DIFFERENCE_MAX * robust).powi(2));
    let mean_square = bounded.sum::<f64>() / differences.len() as f64;
    (mean_square / 2.0).sqrt()
}

/// Hampel's filter: a value further than `reach` from the median of the five around it gives way to
/// that median. Of five, a lone odd run or two are never the median, and three, which are a level,
/// always are.
fn without_odd_runs(history: &[f64], reach: f64) -> Vec<f64> {
    const WINDOW: usize = 2 * LEVEL_LENGTH_MIN - 1;
    let last_window = history.len() - WINDOW;
    let filtered = history.iter().enumerate().map(|(i, value)| {
        let from = i.saturating_sub(WINDOW / 2).min(last_window);
        let mut around = [0.0; WINDOW];
        around.copy_from_slice(&history[from..from + WINDOW]);
        around.sort_unstable_by(f64::total_cmp);
        let median = around[WINDOW / 2];
        if (value - median).abs() > reach {
            median
        } else {
            *value
        }
    });
    filtered.collect()
}

#[cfg(test)]
mod tests;
