//! How a metric of a case changed: from the processes of both sides, or from what was counted.

use super::matching::Pair;
use super::{Context, FUEL_RESOLVED, LOOKS, ROUNDING};
use crate::estimate::process_median;
use crate::report::model::{Case, Change, Metric, Pairing, Process, Verdict};
use crate::stats::{self, Shift};

/// Which of a case's blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Part {
    /// Those that the verdict is drawn from.
    First,
    /// The fresh ones that confirm it, with the confidence that each of those who are confirmed needs.
    Confirming(f64),
}

/// Whether both sides have blocks that confirm.
pub(super) fn was_confirmed(pair: &Pair<'_>) -> bool {
    let confirmed = |(_, case): (_, &Case)| case.processes.iter().any(|process| process.confirming);
    pair.base.is_some_and(confirmed) && pair.candidate.is_some_and(confirmed)
}

/// One number a process, by block and in the order in which they ran; none of processes that failed.
fn medians(case: &Case, metric: Metric, part: Part) -> Vec<(u32, f64)> {
    let wanted = |process: &&Process| process.confirming == matches!(part, Part::Confirming(_));
    let mut processes: Vec<&Process> = case.processes.iter().filter(wanted).collect();
    processes.sort_by_key(|process| process.order);
    processes
        .into_iter()
        .filter_map(|process| Some((process.block, process_median(process, metric)?)))
        .filter(|(_, median)| *median > 0.0)
        .collect()
}

/// The change of a time, and whether the difference is below what the clock resolves. None if there are
/// too few processes to say anything.
pub(super) fn timed(
    metric: Metric,
    base: &Case,
    candidate: &Case,
    part: Part,
    context: &Context,
) -> Option<(Change, bool)> {
    if !context.same_machine {
        return None;
    }
    let rules = context.rules;
    let confidence = match part {
        Part::First => rules.confidence,
        Part::Confirming(confidence) => confidence,
    };
    let (one, other) = (
        medians(base, metric, part),
        medians(candidate, metric, part),
    );
    let shift = match context.pairing {
        Pairing::Paired => stats::paired(&differences(&one, &other), of_each_look(confidence)),
        Pairing::Stored => stats::shift_between(&logarithms(&one), &logarithms(&other), confidence),
    }?;
    let values = |side: &[(u32, f64)]| side.iter().map(|(_, median)| *median).collect::<Vec<_>>();
    let (base_ns, candidate_ns) = (
        stats::median(&values(&one))?,
        stats::median(&values(&other))?,
    );
    let verdict = verdict(&shift, rules.equivalence);
    // Of a whole sample, since that is what the clock measures.
    let iterations = iterations(candidate).min(iterations(base));
    let difference_ns = base_ns * (shift.estimate.exp() - 1.0).abs() * iterations;
    let is_below_floor = matches!(verdict, Verdict::Regressed | Verdict::Improved)
        && context
            .empty_batch_ns
            .is_some_and(|empty| difference_ns <= empty);
    let change = Change {
        metric,
        base: base_ns,
        candidate: candidate_ns,
        ratio: shift.estimate.exp(),
        lower: shift.lower.exp(),
        upper: shift.upper.exp(),
        pairs: shift.pairs as u64,
        verdict: if is_below_floor {
            Verdict::Unsure
        } else {
            verdict
        },
    };
    Some((change, is_below_floor))
}

/// The confidence that each look at blocks needs, so that all of them together have this one.
fn of_each_look(confidence: f64) -> f64 {
    1.0 - (1.0 - confidence) / f64::from(LOOKS)
}

/// d = ln(candidate) - ln(base), one number a block: the median over its pairs, each of processes that ran one after the
/// other. A neighbour that comes or goes within a pair spoils that pair, and not the block: on a shared machine with two
/// cores ten blocks of five pairs of 50 ms saw +10 % in all trials, ten of one pair of 250 ms in 58 %.
fn differences(base: &[(u32, f64)], candidate: &[(u32, f64)]) -> Vec<f64> {
    let of_block = |side: &[(u32, f64)], block: u32| -> Vec<f64> {
        let medians = side.iter().filter(|(other, _)| *other == block);
        medians.map(|(_, median)| *median).collect()
    };
    let mut blocks: Vec<u32> = candidate.iter().map(|(block, _)| *block).collect();
    blocks.sort_unstable();
    blocks.dedup();
    let difference = |block| {
        let pairs = of_block(base, block)
            .into_iter()
            .zip(of_block(candidate, block));
        let differences: Vec<f64> = pairs
            .map(|(base, candidate)| (candidate / base).ln())
            .collect();
        stats::median(&differences)
    };
    blocks.into_iter().filter_map(difference).collect()
}

fn logarithms(medians: &[(u32, f64)]) -> Vec<f64> {
    medians.iter().map(|(_, median)| median.ln()).collect()
}

/// Iterations of a usual sample.
fn iterations(case: &Case) -> f64 {
    let samples = case.processes.iter().flat_map(|process| &process.samples);
    let iterations: Vec<f64> = samples.map(|sample| sample.iterations as f64).collect();
    stats::median(&iterations).unwrap_or(1.0)
}

/// By where the interval lies. The same zone in logarithms, so that both sides are treated alike.
fn verdict(shift: &Shift, equivalence: f64) -> Verdict {
    let edge = equivalence.ln_1p();
    if shift.lower > edge {
        Verdict::Regressed
    } else if shift.upper < -edge {
        Verdict::Improved
    } else if shift.lower >= -edge && shift.upper <= edge {
        Verdict::Equivalent
    } else {
        Verdict::Unsure
    }
}

/// The change of what the count pass counted: fuel per iteration, or the peak of memory.
pub(super) fn counted(metric: Metric, base: &Case, candidate: &Case) -> Option<Change> {
    let (one, other) = (base.count.as_ref()?, candidate.count.as_ref()?);
    let value = |count: &crate::report::model::Count| match metric {
        Metric::MemoryPeak => count.memory.peak_bytes as f64,
        _ => count.fuel_per_iteration,
    };
    let (base, candidate) = (value(one), value(other));
    let ratio = if base == candidate {
        1.0
    } else if base > 0.0 {
        candidate / base
    } else {
        return None;
    };
    let is_exact = metric == Metric::MemoryPeak || (one.deterministic && other.deterministic);
    let verdict = match ratio - 1.0 {
        _ if !is_exact => Verdict::Unsure,
        grown if grown >= FUEL_RESOLVED - ROUNDING => Verdict::Regressed,
        grown if grown <= ROUNDING - FUEL_RESOLVED => Verdict::Improved,
        _ => Verdict::Equivalent,
    };
    Some(Change {
        metric,
        base,
        candidate,
        ratio,
        lower: ratio,
        upper: ratio,
        pairs: 0,
        verdict,
    })
}
