//! How many processes and samples a quantile takes.

/// Fewer processes say nothing of the spread between processes (METHOD.md: a process is the unit).
pub(super) const PROCESSES_MIN: u32 = 2;

/// The samples that a quantile needs in all processes together: METHOD.md refuses a quantile below
/// 100 / (1 - q) requests, so that a hundred lie beyond it.
pub(super) fn samples_in_all(q: f64) -> u64 {
    per_beyond(100.0, q)
}

/// The samples that each process needs for its own quantile. With type 7 of Hyndman and Fan the
/// share of the population beyond the sample's quantile is (1 - q) + q (1 - q) / k on average for
/// about k / (1 - q) samples, whatever the distribution but for the interpolation: ten beyond it
/// make `p95` at worst `p94.5`, and more processes would only repeat that.
pub(super) fn samples_each(q: f64) -> u64 {
    per_beyond(10.0, q)
}

/// The samples that each of some processes needs so that both hold.
pub(super) fn samples_for(q: f64, processes: u32) -> u64 {
    samples_in_all(q)
        .div_ceil(processes.max(1).into())
        .max(samples_each(q))
}

/// The quantiles are whole percents, so the quotient is a whole number but for its rounding.
fn per_beyond(beyond: f64, q: f64) -> u64 {
    (beyond / (1.0 - q)).round() as u64
}
