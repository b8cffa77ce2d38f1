//! How a metric of a case changed: from the processes of both sides, or from what was counted.

use super::matching::Pair;
use super::{Context, FUEL_RESOLVED, LOOKS, ROUNDING, grown};
use crate::estimate::{disturbed_median, is_waiting, process_mean, process_median};
use dyno_model::{Case, Change, Compared, Metric, Pairing, Process, Verdict};
use dyno_stats as stats;
use dyno_stats::Shift;

/// Which of a case's blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Part {
    /// Those that the verdict is drawn from.
    First,
    /// The fresh ones that confirm it, with the confidence that each of those who are confirmed
    /// needs.
    Confirming(f64),
}

/// Whether both sides have blocks that confirm.
pub(super) fn was_confirmed(pair: &Pair<'_>) -> bool {
    let confirmed = |(_, case): (_, &Case)| case.processes.iter().any(|process| process.confirming);
    pair.base.is_some_and(confirmed) && pair.candidate.is_some_and(confirmed)
}

/// What one process says, and where it stands.
#[derive(Debug, Clone, Copy)]
struct Level {
    block: u32,
    layout: u32,
    /// Time per iteration; none if the process failed or says nothing of this metric.
    ns: Option<f64>,
}

/// The number that stands for a process; none if it says nothing.
type Ns<'a> = &'a dyn Fn(&Process) -> Option<f64>;

/// One number a process, in the order in which they ran.
fn levels(case: &Case, ns: Ns<'_>, part: Part) -> Vec<Level> {
    let wanted = |process: &&Process| process.confirming == matches!(part, Part::Confirming(_));
    let mut processes: Vec<&Process> = case.processes.iter().filter(wanted).collect();
    processes.sort_by_key(|process| process.order);
    let level = |process: &Process| Level {
        block: process.block,
        layout: process.layout,
        ns: ns(process).filter(|ns| *ns > 0.0),
    };
    processes.into_iter().map(level).collect()
}

/// Two processes that ran one after the other, one a side.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProcessPair {
    block: u32,
    base_ns: f64,
    candidate_ns: f64,
    /// Of the base, of the candidate.
    pub(super) layouts: [u32; 2],
}

impl ProcessPair {
    /// d = ln(candidate) - ln(base).
    pub(super) fn difference(&self) -> f64 {
        (self.candidate_ns / self.base_ns).ln()
    }
}

/// The pairs of which both sides say something, by block.
pub(super) fn process_pairs(
    base: &Case,
    candidate: &Case,
    ns: Ns<'_>,
    part: Part,
) -> Vec<ProcessPair> {
    let [base, candidate] = [base, candidate].map(|case| levels(case, ns, part));
    let of_block = |side: &[Level], block: u32| -> Vec<Level> {
        let of_block = side.iter().filter(|level| level.block == block);
        of_block.copied().collect()
    };
    let mut blocks: Vec<u32> = candidate.iter().map(|level| level.block).collect();
    blocks.sort_unstable();
    blocks.dedup();
    let in_block = |block: u32| {
        let pairs = of_block(&base, block)
            .into_iter()
            .zip(of_block(&candidate, block));
        pairs.filter_map(move |(base, candidate)| {
            Some(ProcessPair {
                block,
                base_ns: base.ns?,
                candidate_ns: candidate.ns?,
                layouts: [base.layout, candidate.layout],
            })
        })
    };
    blocks.into_iter().flat_map(in_block).collect()
}

/// A change of a time, and what its verdict has to do with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timed {
    pub(super) change: Change,
    /// Whether the difference is below what the clock resolves.
    pub(super) is_below_floor: bool,
    /// Whether it is of wall time with all that other programs took, because nearly all samples
    /// were disturbed: it is shown, and is never a pass.
    pub(super) is_disturbed: bool,
}

/// The change of a time. None if there are too few processes to say anything.
pub(super) fn timed(
    metric: Metric,
    base: &Case,
    candidate: &Case,
    part: Part,
    context: &Context,
) -> Option<Timed> {
    if !context.same_machine {
        return None;
    }
    let standing = |process: &Process| process_median(process, metric);
    let found = timed_by(metric, base, candidate, &standing, part, context);
    if found.is_some() || metric != Metric::WallTime {
        return found;
    }
    let mut found = timed_by(metric, base, candidate, &disturbed_median, part, context)?;
    found.is_disturbed = true;
    // What other programs take, they take from both sides, and a change looks smaller: one that is
    // seen all the same is one. Where the guest never waits, CPU time says it better.
    let is_seen = matches!(found.change.verdict, Verdict::Regressed | Verdict::Improved);
    if !is_seen || !(is_waiting(base) || is_waiting(candidate)) {
        found.change.verdict = Verdict::Unsure;
    }
    Some(found)
}

/// The change of the mean, if it became slower, by wall time of undisturbed samples or by CPU time
/// of what never waits: a median does not see what few iterations cost.
pub(super) fn slower_mean(base: &Case, candidate: &Case, context: &Context) -> Option<Change> {
    let waits = is_waiting(base) || is_waiting(candidate);
    let metrics = [Metric::WallTime, Metric::CpuTime].into_iter();
    let metrics = metrics.filter(|metric| *metric == Metric::WallTime || !waits);
    let slower = metrics.filter_map(|metric| {
        let mean = |process: &Process| process_mean(process, metric);
        let found = timed_by(metric, base, candidate, &mean, Part::First, context)?;
        (found.change.verdict == Verdict::Regressed).then_some(found.change)
    });
    slower.max_by(|one, other| one.ratio.total_cmp(&other.ratio))
}

fn timed_by(
    metric: Metric,
    base: &Case,
    candidate: &Case,
    ns: Ns<'_>,
    part: Part,
    context: &Context,
) -> Option<Timed> {
    let (shift, levels) = shift_and_levels(base, candidate, ns, part, context)?;
    // Readers divide what they are shown: both values are drawn from the one level and the one
    // change.
    let level = stats::median(&levels)?;
    let (base_ns, candidate_ns) = (
        (level - shift.estimate / 2.0).exp(),
        (level + shift.estimate / 2.0).exp(),
    );
    let verdict = verdict(&shift, context.rules.equivalence);
    // Of a whole sample, since that is what the clock measures.
    let iterations = iterations(candidate).min(iterations(base));
    let difference_ns = (candidate_ns - base_ns).abs() * iterations;
    let is_below_floor = matches!(verdict, Verdict::Regressed | Verdict::Improved)
        && metric.spec().compared == Compared::Decides
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
    Some(Timed {
        change,
        is_below_floor,
        is_disturbed: false,
    })
}

/// The shift between the sides, and the levels of both, as logarithms.
fn shift_and_levels(
    base: &Case,
    candidate: &Case,
    ns: Ns<'_>,
    part: Part,
    context: &Context,
) -> Option<(stats::Shift, Vec<f64>)> {
    let confidence = match part {
        Part::First => context.rules.confidence,
        Part::Confirming(confidence) => confidence,
    };
    Some(match context.pairing {
        Pairing::Paired => {
            let pairs = process_pairs(base, candidate, ns, part);
            let shift = stats::paired(&by_block(&pairs), of_each_look(confidence))?;
            let levels: Vec<f64> = pairs
                .iter()
                .flat_map(|pair| [pair.base_ns, pair.candidate_ns].map(f64::ln))
                .collect();
            (shift, levels)
        }
        Pairing::Stored => {
            let logarithms = |case: &Case| -> Vec<f64> {
                let levels = levels(case, ns, part).into_iter();
                levels.filter_map(|level| Some(level.ns?.ln())).collect()
            };
            let (one, other) = (logarithms(base), logarithms(candidate));
            let shift = stats::shift_between(&one, &other, confidence)?;
            // As if either side had half of the weight, however many processes it has.
            let middles = [stats::median(&one)?, stats::median(&other)?];
            (shift, middles.to_vec())
        }
    })
}

/// The confidence that each look at blocks needs, so that all of them together have this one.
fn of_each_look(confidence: f64) -> f64 {
    1.0 - (1.0 - confidence) / f64::from(LOOKS)
}

/// One number a block: the median over its pairs. A neighbour that comes or goes within a pair
/// spoils that pair, and not the block: on a shared machine with two cores ten blocks of five pairs
/// of 50 ms saw +10 % in all trials, ten of one pair of 250 ms in 58 %.
fn by_block(pairs: &[ProcessPair]) -> Vec<f64> {
    let blocks = pairs.chunk_by(|one, other| one.block == other.block);
    let median = |block: &[ProcessPair]| {
        let differences: Vec<f64> = block.iter().map(ProcessPair::difference).collect();
        stats::median(&differences)
    };
    blocks.filter_map(median).collect()
}

/// Iterations of a usual sample.
fn iterations(case: &Case) -> f64 {
    let samples = case.processes.iter().flat_map(|process| &process.samples);
    let iterations: Vec<f64> = samples.map(|sample| sample.iterations as f64).collect();
    stats::median(&iterations).unwrap_or(1.0)
}

/// Half the width of the interval of a change, as a share: no smaller change can be told from none.
#[must_use]
pub(crate) fn half_width(change: &Change) -> f64 {
    (change.upper / change.lower).sqrt() - 1.0
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
    let value = |count: &dyno_model::Count| match metric {
        Metric::MemoryPeak => count.memory.peak_bytes as f64,
        _ => count.fuel_per_iteration,
    };
    let (base, candidate) = (value(one), value(other));
    let ratio = match base {
        _ if base == candidate => 1.0,
        0.0 => Change::FROM_NOTHING,
        _ => candidate / base,
    };
    let mut change = Change {
        metric,
        base,
        candidate,
        ratio,
        lower: ratio,
        upper: ratio,
        pairs: 0,
        verdict: Verdict::Unsure,
    };
    if metric == Metric::MemoryPeak || (one.deterministic && other.deterministic) {
        change.verdict = match grown(&change) {
            share if share >= FUEL_RESOLVED - ROUNDING => Verdict::Regressed,
            share if share <= ROUNDING - FUEL_RESOLVED => Verdict::Improved,
            _ => Verdict::Equivalent,
        };
    }
    Some(change)
}
