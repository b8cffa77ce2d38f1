//! What the noise of two stored runs lets be seen.

use super::super::half_width;
use crate::estimate::{disturbed_median, process_median};
use dyno_model::{Case, CaseComparison, Mark, Metric, Noise, Run, RunNoise};
use dyno_stats as stats;

/// Of two runs and what was said of their cases; none if nothing was timed on both sides.
pub(in crate::compare) fn noise(
    base: &Run,
    candidate: &Run,
    cases: &[CaseComparison],
) -> Option<Noise> {
    let walls = cases
        .iter()
        .filter_map(|case| case.change(Metric::WallTime));
    let half_widths: Vec<f64> = walls.map(half_width).collect();
    Some(Noise {
        resolution: stats::median(&half_widths)?,
        resolution_worst: half_widths.iter().copied().reduce(f64::max)?,
        base: run_noise(base)?,
        candidate: run_noise(candidate)?,
    })
}

/// Of one run; none if it timed nothing.
pub(super) fn run_noise(run: &Run) -> Option<RunNoise> {
    let cases = run.plugins.iter().flat_map(|plugin| &plugin.cases);
    let timed: Vec<(&Case, f64)> = cases
        .filter_map(|case| Some((case, spread(case)?)))
        .collect();
    let spreads: Vec<f64> = timed.iter().map(|(_, spread)| *spread).collect();
    let is_noisy = |case: &Case| case.marks.contains(&Mark::Noisy);
    Some(RunNoise {
        spread: stats::median(&spreads)?,
        preempted: preempted(timed.iter().map(|(case, _)| *case)),
        noisy: timed.iter().filter(|(case, _)| is_noisy(case)).count() as u64,
        cases: timed.len() as u64,
    })
}

fn spread(case: &Case) -> Option<f64> {
    let median =
        |process| process_median(process, Metric::WallTime).or_else(|| disturbed_median(process));
    let medians: Vec<f64> = case.processes.iter().filter_map(median).collect();
    let centre = stats::median(&medians).filter(|centre| *centre > 0.0)?;
    Some(stats::mad(&medians)? / centre)
}

/// The share of the sampled wall time that was spent off the CPU in samples that were interrupted.
/// What a guest waits for of itself does not interrupt it.
fn preempted<'a>(cases: impl Iterator<Item = &'a Case>) -> f64 {
    let processes = cases.flat_map(|case| &case.processes);
    let (mut off, mut all) = (0_u64, 0_u64);
    for sample in processes.flat_map(|process| &process.samples) {
        all = all.saturating_add(sample.wall_ns);
        if sample.switches > 0 {
            off = off.saturating_add(sample.wall_ns.saturating_sub(sample.cpu_ns));
        }
    }
    off as f64 / (all as f64).max(1.0)
}
