//! From what the workers of one case found to what the report says of it: estimates, marks and the
//! final outcome. Pure.

use crate::report::model::{
    Case, Count, Estimate, Mark, Measurement, Metric, Outcome, Process, Sample,
};
use crate::stats;

/// Less fuel than this per iteration is not work: even an empty loop that was unrolled costs
/// seven (METHOD.md).
const FOLDED_FUEL: f64 = 1.0;

/// No processor works off more fuel per nanosecond. Nothing is charged less for its work than `memory.fill` and
/// `memory.copy`, at one unit a byte, and no core stores more than 64 bytes a cycle (one of AVX-512, two of AVX), nor
/// runs faster than 6.2 GHz: 397 bytes a nanosecond. On an EPYC that stores 32 bytes a cycle, at some 3.6 GHz, the most
/// was 114 by `memory.fill`, 102 by `memory.copy`, 69 by chains of loads and 45 by chains of additions; code whose
/// result no one needs, or is known before it runs, reached 1,470 to 7,400.
const FUEL_PER_NS_MAX: f64 = 400.0;

/// An empty batch should be this small against a sample.
const FLOOR_SHARE: f64 = 0.01;

/// A sample during which the thread was off the CPU for longer than this, and much longer than in
/// its neighbours, was not merely preempted: the machine, or the process, stood still.
const SUSPENDED_NS: u64 = 1_000_000_000;

/// A process whose samples were nearly all disturbed says nothing of wall time: it needs this many that were not, or all
/// of its samples if it has fewer.
const UNDISTURBED_MIN: usize = 3;

/// An iteration that costs this much more or less in batches of twice as many does not cost the same in all. Two
/// measurements of one thing differ by less: each is the fastest of four, on the CPU alone.
const DOUBLED_RATIO_MAX: f64 = 1.1;

/// What a case is judged by besides its own data.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances {
    /// What an empty batch costs within its timed part, ns.
    pub empty_batch_ns: Option<f64>,
    /// Whether nondeterminism is a failure.
    pub strict: bool,
    /// Whether another run was measuring on the same core.
    pub shared_core: bool,
}

/// Draws the estimates of a case from its count and its processes, marks what a reader must know,
/// and turns a wrong or changing checksum into the outcome that it is.
pub fn conclude(case: &mut Case, circumstances: Circumstances) {
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
        circumstances,
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
    } else if circumstances.strict && case.marks.contains(&Mark::Nondeterministic) {
        case.outcome = Outcome::Nondeterministic {
            message: difference(case),
        };
    } else if circumstances.strict
        && let Some(message) = folded(case)
    {
        case.outcome = Outcome::Folded { message };
    }
}

/// What shows that a compiler removed the work of a case: the guest's own, whose code has none, or the engine's, which
/// drops what no result needs after fuel was put in for it.
fn folded(case: &Case) -> Option<String> {
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

/// The samples of a process that stand for its time, per iteration, ns: of CPU time all, of wall time those that were
/// not disturbed. None if it failed or has too few of them, and for other metrics.
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
        _ => None,
    }
}

/// What stands for wall time, a list a process: the undisturbed samples, if at least every other process has enough of
/// them. None if too few do: wall time then says more of the machine than of the case.
fn undisturbed(processes: &[Process]) -> Option<Vec<Vec<f64>>> {
    let standing: Vec<Vec<f64>> = processes
        .iter()
        .filter_map(|process| standing(process, Metric::WallTime))
        .collect();
    (2 * standing.len() >= sampled(processes).count()).then_some(standing)
}

/// The one number that stands for a process: the median of its samples, wall time of those that were not disturbed or
/// CPU time of all, per iteration, ns. None if it failed or too many of its samples were disturbed, and for other
/// metrics.
#[must_use]
pub fn process_median(process: &Process, metric: Metric) -> Option<f64> {
    stats::median(&standing(process, metric)?)
}

/// The mean of the samples that stand for a process, as [`process_median`]: a cost of few iterations shows in it alone.
#[must_use]
pub fn process_mean(process: &Process, metric: Metric) -> Option<f64> {
    stats::mean(&standing(process, metric)?)
}

/// The median wall time of all samples of a process, with what other programs took; none if it failed.
#[must_use]
pub fn disturbed_median(process: &Process) -> Option<f64> {
    let is_ok = process.outcome.is_ok();
    let all = per_iteration(&process.samples, |sample| sample.wall_ns);
    is_ok.then(|| stats::median(&all)).flatten()
}

/// Where this share of the samples waited, waiting is part of what a case does.
const WAITING_SHARE: f64 = 0.1;

/// Whether the guest waited of its own accord: then CPU time is not what a user waits for.
#[must_use]
pub fn is_waiting(case: &Case) -> bool {
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
    [
        (Metric::WallTime, time_estimate(&wall)),
        (Metric::CpuTime, time_estimate(&all(|sample| sample.cpu_ns))),
        (
            Metric::FirstIteration,
            over(|process| process.first_iteration_ns as f64),
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
    ]
    .into_iter()
    .filter_map(|(metric, estimate)| {
        Some(Measurement {
            metric,
            estimate: estimate?,
        })
    })
    .collect()
}

/// Within the samples that stand for wall time, so that it says what is left when preemptions are not counted.
fn spreads(processes: &[Process]) -> Vec<f64> {
    processes
        .iter()
        .filter_map(|process| stats::spread_within(&standing(process, Metric::WallTime)?))
        .collect()
}

fn mark(case: &mut Case, circumstances: Circumstances, checksums_differ: bool) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{plain_case, plain_process};
    use crate::report::model::{CountBatch, CountPass, IntervalMethod, Throughput};

    const QUIET: Circumstances = Circumstances {
        empty_batch_ns: Some(50.0),
        strict: false,
        shared_core: false,
    };
    const STRICT: Circumstances = Circumstances {
        strict: true,
        ..QUIET
    };

    fn process(ns: &[u64], checksum: Option<u64>) -> Process {
        let sample = |ns: &u64| Sample {
            iterations: 1000,
            wall_ns: ns * 1000,
            cpu_ns: ns * 1000,
            switches: 0,
            waits: 0,
        };
        Process {
            checksum,
            ..plain_process(0, ns.iter().map(sample).collect())
        }
    }

    fn case(expected: Option<u64>, counted: [u64; 2], processes: Vec<Process>) -> Case {
        let pass = |checksum| CountPass {
            batches: vec![CountBatch {
                iterations: 1,
                fuel: 100,
                untimed_fuel: 1,
                checksum,
            }],
            total_fuel: 101,
        };
        let mut case = plain_case("x", 100.0, processes);
        case.spec.expected = expected;
        case.checksum = None;
        if let Some(count) = &mut case.count {
            count.passes = counted.into_iter().map(pass).collect();
        }
        case
    }

    fn wall(case: &Case) -> Estimate {
        case.measurements
            .iter()
            .find(|m| m.metric == Metric::WallTime)
            .unwrap()
            .estimate
    }

    #[test]
    fn a_process_is_the_unit() {
        let mut many = case(
            None,
            [7, 7],
            vec![
                process(&[90, 100, 500], Some(7)),
                process(&[120; 50], Some(7)),
            ],
        );
        conclude(&mut many, QUIET);
        assert_eq!((wall(&many).n, wall(&many).median), (2, 110.0));
        assert_eq!((many.checksum, &many.outcome), (Some(7), &Outcome::Ok));
    }

    #[test]
    fn one_process_says_that_it_is_only_one() {
        let mut one = case(None, [7, 7], vec![process(&[90, 100, 110], Some(7))]);
        conclude(&mut one, QUIET);
        assert_eq!(wall(&one).interval, IntervalMethod::WithinProcess);
        assert!(one.marks.contains(&Mark::SingleProcess));
    }

    #[test]
    fn a_checksum_that_differs_anywhere_is_marked_and_fails_only_if_strict() {
        for (counted, processes) in [
            ([7, 8], vec![process(&[9], Some(7))]),
            ([7, 7], vec![process(&[9], Some(8))]),
            ([7, 7], vec![process(&[9], None)]),
            ([7, 7], vec![process(&[9], Some(7)), process(&[9], Some(8))]),
        ] {
            let mut differs = case(None, counted, processes);
            conclude(&mut differs, QUIET);
            assert_eq!((differs.checksum, &differs.outcome), (None, &Outcome::Ok));
            assert!(differs.marks.contains(&Mark::Nondeterministic));
            conclude(&mut differs, STRICT);
            assert!(matches!(differs.outcome, Outcome::Nondeterministic { .. }));
        }
    }

    #[test]
    fn a_wrong_checksum_fails_and_an_earlier_failure_stands() {
        let mut wrong = case(Some(8), [7, 7], vec![process(&[9], Some(7))]);
        conclude(&mut wrong, QUIET);
        assert_eq!(
            wrong.outcome,
            Outcome::Checksum {
                expected: 8,
                actual: 7
            }
        );
        let mut failed = case(Some(8), [7, 7], Vec::new());
        failed.outcome = Outcome::Error {
            message: "no".into(),
        };
        conclude(&mut failed, STRICT);
        assert_eq!(
            failed.outcome,
            Outcome::Error {
                message: "no".into()
            }
        );
    }

    /// The engine puts fuel in before it drops what no result needs.
    #[test]
    fn work_that_was_removed_is_folded_and_fails_only_if_strict() {
        for (fuel_per_ns, is_folded) in [(0.0, true), (FUEL_PER_NS_MAX, false), (450.0, true)] {
            let mut removed = case(None, [7, 7], vec![process(&[10, 10, 10], Some(7))]);
            removed.spec.throughput = Some(Throughput::Bytes(1000));
            removed.count.as_mut().unwrap().fuel_per_iteration = 10.0 * fuel_per_ns;
            conclude(&mut removed, QUIET);
            assert_eq!(
                (removed.is_folded(), &removed.outcome),
                (is_folded, &Outcome::Ok)
            );
            assert_eq!(removed.work().is_none(), is_folded, "{fuel_per_ns}");
            conclude(&mut removed, STRICT);
            let failed = matches!(removed.outcome, Outcome::Folded { .. });
            assert_eq!(failed, is_folded, "{:?}", removed.outcome);
        }
        // A clock that does not count yet is no proof.
        let mut unclocked = case(None, [7, 7], vec![process(&[0, 0, 0], Some(7))]);
        conclude(&mut unclocked, STRICT);
        assert_eq!(unclocked.outcome, Outcome::Ok);
    }

    #[test]
    fn marks_say_what_a_reader_must_know() {
        let mut folded = case(None, [7, 7], vec![process(&[1, 1, 1], Some(7))]);
        folded.count.as_mut().unwrap().fuel_per_iteration = 0.0;
        folded.processes[0].precise = false;
        folded.processes[0].samples[0].wall_ns += 5_000_000_000;
        conclude(&mut folded, QUIET);
        for mark in [Mark::Folded, Mark::TimerFloor, Mark::BudgetEnded] {
            assert!(
                folded.marks.contains(&mark),
                "{mark:?} in {:?}",
                folded.marks
            );
        }
        let mut stopped = case(None, [7, 7], vec![process(&[100; 9], Some(7))]);
        stopped.processes[0].samples[3].wall_ns += 5_000_000_000;
        conclude(&mut stopped, QUIET);
        assert!(stopped.marks.contains(&Mark::Suspended));
    }
}
