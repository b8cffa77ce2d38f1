//! When processes disagree by more than a machine should allow.

use super::intervals::order_statistic_ranks;
use super::summary::{mad, median, quantile_of_sorted, sd, sorted};

/// An estimate known no better than this cannot show the changes that matter: severities begin at
/// 10 % (METHOD.md), and a difference of two such estimates is uncertain by about 7 %.
const RELATIVE_HALF_WIDTH_MAX: f64 = 0.05;

/// For fewer than six processes Student's t is wide because they are few (9 standard deviations for
/// two), which says nothing of the machine. So the standard deviation itself is judged: by what
/// would give [`RELATIVE_HALF_WIDTH_MAX`] for five processes, where t / sqrt(n) is 1.24.
const RELATIVE_SD_MAX: f64 = 0.04;

/// Processes may differ by this and still be quiet: layout alone moves a kernel by about 1 %, and
/// what lies within 2 % counts as equivalent (METHOD.md). On a quiet shared machine this leaves the
/// mark on 0 to 5 of the 37 sample cases in a default run; 1 % left it on 2 to 8.
const RELATIVE_MAD_QUIET: f64 = 0.02;

/// A process's median varies less than its samples do. When medians vary that many times as much as
/// the samples within a process, something that changes between processes (layout, frequency, a
/// neighbour) outweighs everything that is seen inside of one.
const BETWEEN_OVER_WITHIN_MAX: f64 = 3.0;

/// Whether a case deserves `Mark::Noisy`: its processes' medians leave the estimate too uncertain,
/// or they differ by far more than the samples within a process do ([`super::spread_within`], one a
/// process).
///
/// Fewer than two processes, values that are not finite and a median that is not positive are not
/// judged: false.
#[must_use]
pub fn noisy(process_medians: &[f64], within_spreads: &[f64]) -> bool {
    uncertain(process_medians).unwrap_or(false)
        || disagreeing(process_medians, within_spreads).unwrap_or(false)
}

fn uncertain(process_medians: &[f64]) -> Option<bool> {
    let sorted = sorted(process_medians)?;
    let centre = Some(quantile_of_sorted(&sorted, 0.5)).filter(|centre| *centre > 0.0)?;
    Some(match order_statistic_ranks(sorted.len()) {
        Some((low, high)) => (sorted[high] - sorted[low]) / 2.0 / centre > RELATIVE_HALF_WIDTH_MAX,
        None => sd(&sorted)? / centre > RELATIVE_SD_MAX,
    })
}

fn disagreeing(process_medians: &[f64], within_spreads: &[f64]) -> Option<bool> {
    let centre = median(process_medians).filter(|centre| *centre > 0.0)?;
    let between = mad(process_medians)? / centre;
    let within = median(within_spreads)?;
    Some(between > RELATIVE_MAD_QUIET && between > BETWEEN_OVER_WITHIN_MAX * within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_processes_are_not_noisy() {
        assert!(!noisy(&[100.0, 100.4, 99.8, 100.1, 100.2], &[0.003; 5]));
        assert!(!noisy(
            &[100.0, 100.4, 99.8, 100.1, 100.2, 99.9, 100.3],
            &[0.003; 7]
        ));
    }

    #[test]
    fn one_process_out_of_many_does_not_make_a_case_noisy() {
        let mut medians = vec![100.0; 19];
        medians.push(150.0);
        assert!(!noisy(&medians, &[0.01; 20]));
    }

    #[test]
    fn an_estimate_known_to_seven_percent_is_noisy() {
        assert!(noisy(&[93.0, 95.0, 99.0, 101.0, 105.0, 107.0], &[0.05; 6]));
        assert!(noisy(&[93.0, 107.0, 100.0], &[0.05; 3]));
    }

    #[test]
    fn few_processes_are_not_noisy_for_being_few() {
        // Student's interval of these two is +-9 %.
        assert!(!noisy(&[100.0, 101.0], &[0.01; 2]));
    }

    #[test]
    fn processes_that_agree_with_themselves_but_not_with_each_other_are_noisy() {
        // Every median is 2.4 % or more from the middle, and each half of them lies on its own
        // side.
        let medians = [102.5, 103.0, 97.5, 102.5, 97.0, 102.8, 97.2, 97.6];
        assert!(noisy(&medians, &[0.001; 8]));
        assert!(!noisy(&medians, &[0.02; 8]));
        let within_what_counts_as_equal = [101.0, 101.5, 99.0, 101.2, 98.8, 101.8, 98.2, 99.1];
        assert!(!noisy(&within_what_counts_as_equal, &[0.001; 8]));
    }

    #[test]
    fn what_cannot_be_judged_is_not_noisy() {
        assert!(!noisy(&[], &[]));
        assert!(!noisy(&[5.0], &[0.5]));
        assert!(!noisy(&[5.0, f64::NAN], &[0.1, 0.1]));
        assert!(!noisy(&[0.0, 0.0], &[]));
    }

    /// A session begins with five. Their standard deviation is compared with 4 % of the median.
    #[test]
    fn five_processes_are_judged_by_their_standard_deviation() {
        // Squares of 2 * (27.04 + 6.76) over 4: 4.11 %.
        assert!(noisy(&[105.2, 94.8, 100.0, 97.4, 102.6], &[0.05; 5]));
        // Squares of 2 * (25 + 6.25) over 4: 3.95 %.
        assert!(!noisy(&[105.0, 95.0, 100.0, 97.5, 102.5], &[0.05; 5]));
        // In parts of the median, not in nanoseconds.
        assert!(!noisy(
            &[1052.0, 948.0, 1000.0, 974.0, 1026.0].map(|ns| ns + 1000.0),
            &[0.05; 5]
        ));
    }

    #[test]
    fn an_estimate_known_to_five_percent_is_not_noisy() {
        assert!(!noisy(&[95.0, 98.0, 99.0, 101.0, 102.0, 105.0], &[0.05; 6]));
        assert!(noisy(&[94.9, 98.0, 99.0, 101.0, 102.0, 105.0], &[0.05; 6]));
    }

    /// If this fails, an estimate of which no share can be taken has a mark for it.
    #[test]
    fn what_lies_around_nothing_is_not_judged() {
        assert!(!noisy(&[0.0, 0.0, 5.0], &[0.1; 3]));
        assert!(!noisy(&[-5.0, 0.0, 5.0], &[0.1; 3]));
        assert!(!noisy(&[-5.0, -5.0, -1.0], &[0.1; 3]));
    }

    #[test]
    fn what_is_just_as_much_as_may_be_is_not_noisy() {
        // The standard deviation of few is 4 % of the median.
        assert!(!noisy(&[96.0, 100.0, 104.0], &[0.1; 3]));
        assert!(noisy(&[95.9, 100.0, 104.1], &[0.1; 3]));
        // They lie two percent from the median, far more than their samples do.
        let apart = |by: f64| {
            [100.0 - by; 4]
                .into_iter()
                .chain([100.0 + by; 4])
                .collect::<Vec<_>>()
        };
        assert!(!noisy(&apart(2.0), &[0.001; 8]));
        assert!(noisy(&apart(2.01), &[0.001; 8]));
        // Three percent, and three times as much as their samples do.
        assert!(!noisy(&apart(3.0), &[0.01; 8]));
        assert!(noisy(&apart(3.0), &[0.0099; 8]));
    }
}
