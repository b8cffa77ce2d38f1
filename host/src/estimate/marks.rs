//! What a reader of a case must know besides its numbers.

use super::{
    Circumstances, is_waiting, medians, process_median, sampled, spreads, standing, undisturbed,
};
use crate::report::model::{Case, Mark, Metric, Process};
use crate::stats;

/// Less fuel than this per iteration is not work: even an empty loop that was unrolled costs
/// seven (METHOD.md).
const FOLDED_FUEL: f64 = 1.0;

/// No processor works off more fuel per nanosecond. Nothing is charged less for its work than `memory.fill` and
/// `memory.copy`, at one unit a byte, and no core stores more than 64 bytes a cycle (one of AVX-512, two of AVX), nor
/// runs faster than 6.2 GHz: 397 bytes a nanosecond. On an EPYC that stores 32 bytes a cycle, at some 3.6 GHz, the most
/// was 114 by `memory.fill`, 102 by `memory.copy`, 69 by chains of loads and 45 by chains of additions; code whose
/// result no one needs, or is known before it runs, reached 1,470 to 7,400.
pub(super) const FUEL_PER_NS_MAX: f64 = 400.0;

/// An empty batch should be this small against a sample.
const FLOOR_SHARE: f64 = 0.01;

/// A sample during which the thread was off the CPU for longer than this, and much longer than in
/// its neighbours, was not merely preempted: the machine, or the process, stood still.
const SUSPENDED_NS: u64 = 1_000_000_000;

/// An iteration that costs this much more or less in batches of twice as many does not cost the same in all. Two
/// measurements of one thing differ by less: each is the fastest of four, on the CPU alone.
const DOUBLED_RATIO_MAX: f64 = 1.1;

/// Sets the marks of a case.
pub(super) fn mark(case: &mut Case, circumstances: Circumstances, checksums_differ: bool) {
    let mut marks = Vec::new();
    let processes = &case.processes;
    if let Some(count) = &case.count {
        // A pass that never came to its end says nothing of the other.
        if !count.deterministic && count.passes.len() > 1 {
            marks.push(Mark::Nondeterministic);
        }
        if is_folded(case) {
            marks.push(Mark::Folded);
        }
    }
    if is_fuel_unsettled(case) {
        marks.push(Mark::FuelUnsettled);
    }
    if is_nonlinear(case) {
        marks.push(Mark::Nonlinear);
    }
    if checksums_differ && !marks.contains(&Mark::Nondeterministic) {
        marks.push(Mark::Nondeterministic);
    }
    let undisturbed = undisturbed(processes);
    if undisturbed.is_none() {
        // CPU time is no headline of what waits, so that one stays wall time, with all that other programs took.
        marks.push(match is_waiting(case) {
            true => Mark::Noisy,
            false => Mark::Preempted,
        });
    }
    let headline = undisturbed.unwrap_or_else(|| {
        let cpu = |process| standing(process, Metric::CpuTime);
        processes.iter().filter_map(cpu).collect()
    });
    if stats::noisy(&medians(&headline), &spreads(processes)) && !marks.contains(&Mark::Noisy) {
        marks.push(Mark::Noisy);
    }
    let samples = || sampled(processes).flat_map(|process| &process.samples);
    let walls: Vec<f64> = samples().map(|sample| sample.wall_ns as f64).collect();
    if circumstances.shared_core && !walls.is_empty() {
        marks.push(Mark::SharedCore);
    }
    if let (Some(empty), Some(sample)) = (circumstances.empty_batch_ns, stats::median(&walls))
        && empty > FLOOR_SHARE * sample
    {
        marks.push(Mark::TimerFloor);
    }
    if sampled(processes).count() == 1 {
        marks.push(Mark::SingleProcess);
    }
    if sampled(processes).any(was_suspended) {
        marks.push(Mark::Suspended);
    }
    if is_unsteady(&headline) {
        marks.push(Mark::Unsteady);
    }
    if sampled(processes).any(|process| !process.precise) {
        marks.push(Mark::BudgetEnded);
    }
    case.marks = marks;
}

/// Whether the cost of an iteration depends on how many a batch has. Of work that was removed it always does.
#[must_use]
pub fn is_nonlinear(case: &Case) -> bool {
    let doubled = case.calibration.and_then(|found| found.doubled_ratio);
    let linear = 1.0 / DOUBLED_RATIO_MAX..=DOUBLED_RATIO_MAX;
    doubled.is_some_and(|ratio| !linear.contains(&ratio)) && !is_folded(case)
}

/// Whether a compiler removed its work, whether or not it is marked yet.
#[must_use]
pub fn is_folded(case: &Case) -> bool {
    folded(case).is_some()
}

/// Whether fuel per iteration did not settle.
#[must_use]
pub fn is_fuel_unsettled(case: &Case) -> bool {
    let count = case.count.as_ref();
    count.is_some_and(|count| !count.settled) && !is_folded(case)
}

/// Whether more than half of the processes become slower from first to last, or more than half faster.
fn is_unsteady(samples: &[Vec<f64>]) -> bool {
    let drifts: Vec<f64> = samples
        .iter()
        .filter_map(|samples| stats::drift(samples))
        .collect();
    let slower = drifts.iter().filter(|drift| **drift > 0.0).count();
    let faster = drifts.len() - slower;
    2 * slower.max(faster) > samples.len()
}

fn was_suspended(process: &Process) -> bool {
    let samples = process.samples.iter();
    let off_cpu: Vec<f64> = samples.map(|sample| sample.off_cpu_ns() as f64).collect();
    let usual = stats::median(&off_cpu).unwrap_or(0.0);
    off_cpu
        .iter()
        .any(|&ns| ns > SUSPENDED_NS as f64 && ns > 10.0 * usual)
}

/// What shows that a compiler removed the work of a case: the guest's own, whose code has none, or the engine's, which
/// drops what no result needs after fuel was put in for it.
pub(super) fn folded(case: &Case) -> Option<String> {
    let fuel = case.count.as_ref()?.fuel_per_iteration;
    if fuel < FOLDED_FUEL {
        return Some("its fuel does not grow with the iterations".into());
    }
    let processes = case.processes.iter();
    let cpu: Vec<f64> = processes
        .filter_map(|process| process_median(process, Metric::CpuTime))
        .collect();
    let cpu_ns = stats::median(&cpu)?;
    let fuel_per_ns = fuel / cpu_ns;
    (cpu_ns > 0.0 && fuel_per_ns > FUEL_PER_NS_MAX).then(|| {
        format!("it uses {fuel_per_ns:.0} fuel per ns, and no processor works faster than {FUEL_PER_NS_MAX}")
    })
}
