//! How well levels explain a history whose noise may wander.

/// The most that a run may owe to the one before it. What owes all of it has no level.
const CORRELATION_MAX: f64 = 0.98;

/// The weight of a change, in units of ln(n): its place and its height, by the modified Schwarz
/// criterion (Zhang & Siegmund 2007, "A modified Bayes information criterion").
const CHANGE_WEIGHT: f64 = 3.0;

/// How much these levels leave unexplained: minus twice the logarithm of their likelihood, but for
/// a constant.
///
/// The noise around the levels is autoregressive, each run owing a part to the one before it. That
/// part is estimated around the levels that are judged: so a history without steps is free to
/// wander instead, as a history of steps is free not to (Shi, Gallagher, Lund & Killick 2022, "A
/// comparison of single and multiple changepoint techniques for time series data", judge levels
/// and autocorrelation together, too). Noise below `noise_min` is taken for that much.
pub(super) fn unexplained(history: &[f64], changes: &[usize], noise_min: f64) -> f64 {
    let runs = history.len() as f64;
    let around = around_levels(history, changes);
    let squares: f64 = around.iter().map(|x| x * x).sum();
    let products: f64 = around.windows(2).map(|pair| pair[0] * pair[1]).sum();
    let owed = if squares > 0.0 {
        (products / squares).clamp(0.0, CORRELATION_MAX)
    } else {
        0.0
    };
    let first = around.first().map_or(0.0, |x| x * x) * (1.0 - owed * owed);
    let news: f64 = around
        .windows(2)
        .map(|pair| (pair[1] - owed * pair[0]).powi(2))
        .sum();
    let variance = ((first + news) / runs).max(noise_min * noise_min);
    runs * variance.ln()
}

/// What so many changes must explain in a history of so many runs to be worth it. Few runs fit
/// anything, so that changes weigh more there, as in the criterion of Hurvich & Tsai (1989).
pub(super) fn weight(changes: usize, runs: usize) -> f64 {
    let (changes, runs) = (changes as f64, runs as f64);
    // A mean, a variance and, for each change, a place and a height are estimated.
    let free = (runs - 2.0 * changes - 2.0).max(0.5);
    changes * CHANGE_WEIGHT * runs.ln() * runs / free
}

/// The distances of the runs from their levels, which are means.
fn around_levels(history: &[f64], changes: &[usize]) -> Vec<f64> {
    let mut around = history.to_vec();
    let ends = changes.iter().copied().chain([history.len()]);
    let mut start = 0;
    for end in ends {
        let level = &mut around[start..end];
        let mean = level.iter().sum::<f64>() / level.len() as f64;
        level.iter_mut().for_each(|x| *x -= mean);
        start = end;
    }
    around
}

#[cfg(test)]
mod tests;
