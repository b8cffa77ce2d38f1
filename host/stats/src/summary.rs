//! Location and spread, and the estimate that is made of them.
//!
//! No value is ever dropped. A value that is not a finite number is a fault of the caller and
//! makes the whole answer `None`: there is no estimate of "some of it".

use dyno_model::{Estimate, IntervalMethod};

use super::intervals::{order_statistic_ranks, student_t_quantile};

/// The estimate over one number per process: its median, for times.
///
/// The 95 % interval is that of the population's median by order statistics from six processes on,
/// and Student's t for two to five, where order statistics cannot reach 95 %: around the mean of
/// the logarithms, since a time that varies by a share is as likely twice as half of what it
/// usually is, and never negative. (Order statistics are the same on both scales.) Where a value is
/// zero, which has no logarithm, it is around the mean, and ends at zero. The median lies inside
/// both: |median - mean| is at most the population standard deviation, and t / sqrt(n) is larger
/// than sqrt((n - 1) / n) for these n.
///
/// None for fewer than two values (one process says nothing of the spread between processes: see
/// [`estimate_within`] and [`single`]) and for values that are not finite.
#[must_use]
pub fn estimate_over_processes(medians: &[f64]) -> Option<Estimate> {
    let sorted = sorted(medians).filter(|sorted| sorted.len() >= 2)?;
    let n = sorted.len();
    let (mean, sd) = (mean(&sorted)?, sd(&sorted)?);
    let (lower, upper, interval) = if let Some((low, high)) = order_statistic_ranks(n) {
        (sorted[low], sorted[high], IntervalMethod::OrderStatistic)
    } else {
        let (lower, upper) = student_interval(&sorted)?;
        (lower, upper, IntervalMethod::StudentT)
    };
    // Rounding may leave an end beside it by one unit in the last place, and the median of an even
    // number lies between two values as their mean and not as that of their logarithms.
    let median = quantile_of_sorted(&sorted, 0.5);
    let (lower, upper) = (lower.min(median), upper.max(median));
    Some(Estimate {
        n: n as u64,
        min: sorted[0],
        median,
        mean,
        sd,
        lower,
        upper,
        interval,
    })
}

fn student_interval(sorted: &[f64]) -> Option<(f64, f64)> {
    let around_mean = |values: &[f64]| {
        let n = values.len();
        let half = student_t_quantile(n - 1)? * sd(values)? / (n as f64).sqrt();
        let mean = mean(values)?;
        Some((mean - half, mean + half))
    };
    let smallest = sorted[0];
    if sorted.last() == Some(&smallest) {
        return Some((smallest, smallest));
    }
    if smallest > 0.0 {
        let logarithms: Vec<f64> = sorted.iter().map(|value| value.ln()).collect();
        let (lower, upper) = around_mean(&logarithms)?;
        // Two values that are far apart say nothing of the upper end, which still has to be a
        // number.
        return Some((lower.exp(), upper.exp().min(f64::MAX)));
    }
    let (lower, upper) = around_mean(sorted)?;
    let is_amount = smallest == 0.0;
    Some((if is_amount { lower.max(0.0) } else { lower }, upper))
}

/// The estimate over the samples of the only process there is.
///
/// Its `n` is 1, since the samples are not independent: the interval (order statistics, or the
/// whole range of fewer than six samples, which covers less than 95 %) says how well *this process*
/// knows its median, and nothing of the next one. None for no sample and for values that are not
/// finite.
#[must_use]
pub fn estimate_within(samples: &[f64]) -> Option<Estimate> {
    let sorted = sorted(samples)?;
    let (low, high) = order_statistic_ranks(sorted.len()).unwrap_or((0, sorted.len() - 1));
    Some(Estimate {
        n: 1,
        min: sorted[0],
        median: quantile_of_sorted(&sorted, 0.5),
        mean: mean(&sorted)?,
        sd: sd(&sorted).unwrap_or(0.0),
        lower: sorted[low],
        upper: sorted[high],
        interval: IntervalMethod::WithinProcess,
    })
}

/// [`estimate_over_processes`], where a lone value stands for itself.
///
/// None for no values, or for one that is not finite.
#[must_use]
pub fn estimate_values(values: &[f64]) -> Option<Estimate> {
    match values {
        [only] => single(*only),
        values => estimate_over_processes(values),
    }
}

/// The one number of the only process there is, such as its first iteration: an interval of no
/// width that claims nothing. None if it is not finite.
#[must_use]
pub fn single(value: f64) -> Option<Estimate> {
    point(value, IntervalMethod::WithinProcess)
}

/// A number that was counted, such as fuel. None if it is not finite.
#[must_use]
pub fn exact(value: f64) -> Option<Estimate> {
    point(value, IntervalMethod::Exact)
}

fn point(value: f64, interval: IntervalMethod) -> Option<Estimate> {
    value.is_finite().then_some(Estimate {
        n: 1,
        min: value,
        median: value,
        mean: value,
        sd: 0.0,
        lower: value,
        upper: value,
        interval,
    })
}

/// The arithmetic mean, in two passes: the second takes back what the first one rounded away. It
/// lies between the smallest and the largest value. None for no value or one that is not finite.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() || !values.iter().all(|x| x.is_finite()) {
        return None;
    }
    let n = values.len() as f64;
    // Each is divided before it is added, so that no sum of finite values overflows.
    let rough: f64 = values.iter().map(|x| x / n).sum();
    let mean = rough + values.iter().map(|x| (x - rough) / n).sum::<f64>();
    let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Some(mean.clamp(smallest, largest))
}

/// The sample standard deviation (n - 1). None for fewer than two values or one that is not finite.
#[must_use]
pub fn sd(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

/// The median; the mean of the middle two of an even number. None as for [`quantile`].
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The quantile `q` from 0 to 1, between order statistics by straight lines (type 7 of Hyndman and
/// Fan 1996, as NumPy and R do by default). None for no value, one that is not finite, or a `q`
/// that is no quantile.
#[must_use]
pub fn quantile(values: &[f64], q: f64) -> Option<f64> {
    let sorted = sorted(values)?;
    (0.0..=1.0)
        .contains(&q)
        .then(|| quantile_of_sorted(&sorted, q))
}

/// The median absolute deviation from the median, not scaled to a standard deviation. None as for
/// [`quantile`].
#[must_use]
pub fn mad(values: &[f64]) -> Option<f64> {
    let centre = median(values)?;
    let deviations: Vec<f64> = values.iter().map(|x| (x - centre).abs()).collect();
    median(&deviations)
}

/// The spread within a process, as the report keeps it: median absolute deviation over median. None
/// as for [`quantile`], and for a median that is not positive.
#[must_use]
pub fn spread_within(samples: &[f64]) -> Option<f64> {
    let centre = median(samples).filter(|centre| *centre > 0.0)?;
    Some(mad(samples)? / centre)
}

/// None for no value, or one that is not finite.
pub(super) fn sorted(values: &[f64]) -> Option<Vec<f64>> {
    if values.is_empty() || !values.iter().all(|x| x.is_finite()) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Some(sorted)
}

/// Of at least one value, and a `q` from 0 to 1.
pub(super) fn quantile_of_sorted(sorted: &[f64], q: f64) -> f64 {
    let position = q * (sorted.len() - 1) as f64;
    let (low, high) = (
        sorted[position.floor() as usize],
        sorted[position.ceil() as usize],
    );
    let between = low + (high - low) * position.fract();
    between.clamp(low, high)
}

#[cfg(test)]
mod tests;
