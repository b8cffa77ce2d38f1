//! From what the workers of one case found to what the report says of it: estimates, marks and the
//! final outcome. Pure.

mod marks;

use dyno_model::{
    COUNTERS, Case, Count, Estimate, Mark, Measurement, Metric, Outcome, Process, Sample,
};
use dyno_stats as stats;

use marks::{folded, implausible, mark};
pub(crate) use marks::{is_folded, is_fuel_unsettled, is_implausible, is_nonlinear};

/// A process whose samples were nearly all disturbed says nothing of wall time: it needs this many
/// that were not, or all of its samples if it has fewer.
const UNDISTURBED_MIN: usize = 3;

/// What a case is judged by besides its own data.
#[derive(Debug, Clone, Copy)]
pub struct ConcludeOptions {
    /// What an empty batch costs within its timed part, ns.
    pub empty_batch_ns: Option<f64>,
    /// Whether nondeterminism is a failure.
    pub strict: bool,
    /// Whether another run was measuring on the same core.
    pub shared_core: bool,
}

/// Draws the estimates of a case from its count and its processes, marks what a reader must know,
/// and turns a wrong or changing checksum into the outcome that it is.
pub fn conclude(case: &mut Case, options: ConcludeOptions) {
    case.marks.clear();
    case.measurements = count_measurements(case.count.as_ref());
    case.measurements.extend(time_measurements(&case.processes));
    let checksums = checksums(case);
    case.checksum = match checksums.as_slice() {
        [Some(first), rest @ ..] if rest.iter().all(|other| *other == Some(*first)) => Some(*first),
        _ => None,
    };
    mark(
        case,
        options,
        !checksums.is_empty() && case.checksum.is_none(),
    );
    if !case.outcome.is_ok() {
        return;
    }
    let wrong = case.spec.expected.and_then(|expected| {
        let actual = checksums
            .iter()
            .flatten()
            .copied()
            .find(|actual| *actual != expected)?;
        Some(Outcome::Checksum { expected, actual })
    });
    if let Some(wrong) = wrong {
        case.outcome = wrong;
    } else if options.strict && case.marks.contains(&Mark::Nondeterministic) {
        case.outcome = Outcome::Nondeterministic {
            message: difference(case),
        };
    } else if options.strict
        && let Some(message) = folded(case)
    {
        case.outcome = Outcome::Folded { message };
    } else if options.strict
        && let Some(message) = implausible(case)
    {
        case.outcome = Outcome::Implausible { message };
    }
}

/// Every checksum that was seen; none for a process whose batches disagree.
fn checksums(case: &Case) -> Vec<Option<u64>> {
    let counted = case
        .count
        .iter()
        .flat_map(|count| &count.passes)
        .flat_map(|pass| &pass.batches);
    let timed = case
        .processes
        .iter()
        .filter(|process| process.outcome.is_ok());
    counted
        .map(|batch| Some(batch.checksum))
        .chain(timed.map(|process| process.checksum))
        .collect()
}

fn difference(case: &Case) -> String {
    if case.checksum.is_none() {
        return "the checksum differs between passes, batches or processes".into();
    }
    "two metered passes over the same work, with the same random numbers, took different fuel"
        .into()
}

fn count_measurements(count: Option<&Count>) -> Vec<Measurement> {
    let Some(count) = count else {
        return Vec::new();
    };
    let memory = &count.memory;
    [
        (Metric::Fuel, count.fuel_per_iteration),
        (Metric::MemoryBaseline, memory.baseline_bytes as f64),
        (Metric::MemoryPeak, memory.peak_bytes as f64),
        (Metric::MemoryReleased, memory.released_bytes as f64),
        (Metric::MemoryMean, memory.mean_bytes),
    ]
    .into_iter()
    .filter_map(|(metric, value)| {
        Some(Measurement {
            metric,
            estimate: stats::exact(value)?,
        })
    })
    .collect()
}

fn per_iteration(samples: &[Sample], ns: impl Fn(&Sample) -> u64) -> Vec<f64> {
    samples
        .iter()
        .map(|sample| ns(sample) as f64 / sample.iterations as f64)
        .collect()
}

fn sampled(processes: &[Process]) -> impl Iterator<Item = &Process> {
    processes
        .iter()
        .filter(|process| process.outcome.is_ok() && !process.samples.is_empty())
}

/// One number a process; with a single process, its own samples have to do.
fn time_estimate(samples: &[Vec<f64>]) -> Option<Estimate> {
    match samples {
        [only] => stats::estimate_within(only),
        _ => stats::estimate_over_processes(&medians(samples)),
    }
}

fn medians(samples: &[Vec<f64>]) -> Vec<f64> {
    let medians = samples.iter().filter_map(|samples| stats::median(samples));
    medians.collect()
}

/// The samples of a process that stand for its time, per iteration, ns: of CPU time all, of wall
/// time those that were not disturbed, and of a counter those that were counted. Of what happens
/// once in a process, that one time. None if it failed or has too few of them, and for other
/// metrics.
fn standing(process: &Process, metric: Metric) -> Option<Vec<f64>> {
    let samples = &process.samples;
    if !process.outcome.is_ok() || samples.is_empty() {
        return None;
    }
    match metric {
        Metric::CpuTime => Some(per_iteration(samples, |sample| sample.cpu_ns)),
        Metric::WallTime => {
            let undisturbed = samples.iter().filter(|sample| sample.is_undisturbed());
            let undisturbed: Vec<Sample> = undisturbed.copied().collect();
            let is_enough = undisturbed.len() >= UNDISTURBED_MIN.min(samples.len());
            is_enough.then(|| per_iteration(&undisturbed, |sample| sample.wall_ns))
        }
        Metric::LoadTime => Some(vec![process.load_ns as f64]),
        Metric::InstantiateTime => Some(vec![process.instantiate_ns as f64]),
        counter => {
            let counted = |sample: &Sample| {
                let count = sample.counts.get(counter)?;
                Some(count as f64 / sample.iterations as f64)
            };
            let counted: Vec<f64> = samples.iter().filter_map(counted).collect();
            (!counted.is_empty()).then_some(counted)
        }
    }
}

/// What stands for wall time, a list a process: the undisturbed samples, if at least every other
/// process has enough of them. None if too few do: wall time then says more of the machine than of
/// the case.
fn undisturbed(processes: &[Process]) -> Option<Vec<Vec<f64>>> {
    let standing: Vec<Vec<f64>> = processes
        .iter()
        .filter_map(|process| standing(process, Metric::WallTime))
        .collect();
    (2 * standing.len() >= sampled(processes).count()).then_some(standing)
}

/// The one number that stands for a process: the median of its samples, wall time of those that
/// were not disturbed, or CPU time of all in ns, or what the processor counted, per iteration; or
/// what loading or instantiating took. None if it failed or too many of its samples were disturbed,
/// and for other metrics.
#[must_use]
pub(crate) fn process_median(process: &Process, metric: Metric) -> Option<f64> {
    stats::median(&standing(process, metric)?)
}

/// The mean of the samples that stand for a process, as [`process_median`]: a cost of few
/// iterations shows in it alone.
#[must_use]
pub(crate) fn process_mean(process: &Process, metric: Metric) -> Option<f64> {
    stats::mean(&standing(process, metric)?)
}

/// The median wall time of all samples of a process, with what other programs took; none if it
/// failed.
#[must_use]
pub(crate) fn disturbed_median(process: &Process) -> Option<f64> {
    let is_ok = process.outcome.is_ok();
    let all = per_iteration(&process.samples, |sample| sample.wall_ns);
    is_ok.then(|| stats::median(&all)).flatten()
}

/// Where this share of the samples waited, waiting is part of what a case does.
const WAITING_SHARE: f64 = 0.1;

/// Whether the guest waited of its own accord: then CPU time is not what a user waits for.
#[must_use]
pub(crate) fn is_waiting(case: &Case) -> bool {
    let samples = || sampled(&case.processes).flat_map(|process| &process.samples);
    let waited = samples().filter(|sample| sample.waits > 0 && !sample.is_on_cpu());
    waited.count() as f64 > WAITING_SHARE * samples().count() as f64
}

fn time_measurements(processes: &[Process]) -> Vec<Measurement> {
    let over = |value: fn(&Process) -> f64| {
        let values: Vec<f64> = sampled(processes).map(value).collect();
        stats::estimate_values(&values)
    };
    let all = |ns: fn(&Sample) -> u64| -> Vec<Vec<f64>> {
        let samples = sampled(processes).map(|process| per_iteration(&process.samples, ns));
        samples.collect()
    };
    let wall = undisturbed(processes).unwrap_or_else(|| all(|sample| sample.wall_ns));
    let share = |process: &Process| {
        let undisturbed = process.samples.iter().filter(|one| one.is_undisturbed());
        undisturbed.count() as f64 / process.samples.len() as f64
    };
    let counters = COUNTERS.into_iter().map(|metric| {
        let counted = processes.iter();
        let counted = counted.filter_map(|process| standing(process, metric));
        (metric, time_estimate(&counted.collect::<Vec<_>>()))
    });
    let times = [
        (Metric::WallTime, time_estimate(&wall)),
        (Metric::CpuTime, time_estimate(&all(|sample| sample.cpu_ns))),
        (
            Metric::FirstIteration,
            over(|process| process.first_iteration_ns as f64),
        ),
        (Metric::LoadTime, over(|process| process.load_ns as f64)),
        (
            Metric::InstantiateTime,
            over(|process| process.instantiate_ns as f64),
        ),
        (
            Metric::RssPeak,
            over(|process| process.rss_peak_bytes as f64),
        ),
        (
            Metric::SpreadWithin,
            stats::estimate_values(&spreads(processes)),
        ),
        (Metric::UndisturbedShare, over(share)),
    ];
    let measured = times.into_iter().chain(counters);
    let measured = measured.filter_map(|(metric, estimate)| {
        Some(Measurement {
            metric,
            estimate: estimate?,
        })
    });
    measured.collect()
}

/// Within the samples that stand for wall time, so that it says what is left when preemptions are
/// not counted.
fn spreads(processes: &[Process]) -> Vec<f64> {
    processes
        .iter()
        .filter_map(|process| stats::spread_within(&standing(process, Metric::WallTime)?))
        .collect()
}

#[cfg(test)]
mod tests;
