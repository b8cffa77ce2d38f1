//! What a reader of a case must know besides its numbers.

use super::{
    ConcludeOptions, is_waiting, medians, process_median, sampled, spreads, standing, undisturbed,
};
use dyno_model::{Case, Mark, Metric, Process};
use dyno_stats as stats;

/// Less fuel than this per iteration is not work: even an empty loop that was unrolled costs
/// seven (METHOD.md).
const FOLDED_FUEL: f64 = 1.0;

/// No processor works off more fuel per nanosecond. Nothing is charged less for its work than
/// `memory.fill` and `memory.copy`, at one unit a byte, and no core stores more than 64 bytes a
/// cycle (one of AVX-512, two of AVX), nor runs faster than 6.2 GHz: 397 bytes a nanosecond. On an
/// EPYC that stores 32 bytes a cycle, at some 3.6 GHz, the most was 114 by `memory.fill`, 102 by
/// `memory.copy`, 69 by chains of loads and 45 by chains of additions; code whose result no one
/// needs, or is known before it runs, reached 1,470 to 7,400.
pub(super) const FUEL_PER_NS_MAX: f64 = 400.0;

/// The timed build is never much slower than the metered one: over 269 cases (the samples,
/// published benchmarks, and programs that read files, print, sleep, spin or touch 64 MiB) by 1.31
/// times at most. So an iteration that takes this many times the CPU time does more than was
/// counted. Collectors, which a short count may never see at work, have room.
const SLOWER_MAX: f64 = 8.0;

/// The metered build is slower, in these cases by 3.9 times at most, and by 6.7 times where all
/// work is floating-point numbers that are made canonical. So an iteration that takes less than
/// this part of the CPU time that it took when it was counted does less than was counted.
const FASTER_MAX: f64 = 20.0;

/// A batch that took no longer than this when it was counted does not show that the work got
/// faster: reading the clock (some 1,300 ns a batch), and what was cold, are too large a part of
/// it, ns.
const COLD_NS: f64 = 20_000.0;

/// Waiting may cost CPU time of its own, which it does not when it is counted: clocks are put
/// forward then. A program that sleeps took no more of it, but on another system going to sleep and
/// waking up may take this long each time, ns.
const WAIT_NS: f64 = 100_000.0;

/// An empty batch should be this small against a sample.
const FLOOR_SHARE: f64 = 0.01;

/// A sample during which the thread was off the CPU for longer than this, and much longer than in
/// its neighbours, was not merely preempted: the machine, or the process, stood still.
const SUSPENDED_NS: u64 = 1_000_000_000;

/// An iteration that costs this much more or less in batches of twice as many does not cost the
/// same in all. Two measurements of one thing differ by less: each is the fastest of four, on the
/// CPU alone.
const DOUBLED_RATIO_MAX: f64 = 1.1;

/// Sets the marks of a case.
pub(super) fn mark(case: &mut Case, options: ConcludeOptions, checksums_differ: bool) {
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
        if is_implausible(case) {
            marks.push(Mark::Implausible);
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
        // CPU time is no headline of what waits, so that one stays wall time, with all that other
        // programs took.
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
    if options.shared_core && !walls.is_empty() {
        marks.push(Mark::SharedCore);
    }
    if let (Some(empty), Some(sample)) = (options.empty_batch_ns, stats::median(&walls))
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

/// Whether the cost of an iteration depends on how many a batch has. Of work that was removed it
/// always does.
#[must_use]
pub(crate) fn is_nonlinear(case: &Case) -> bool {
    has_bent(case) && !is_folded(case)
}

/// Whether doubled batches took another time per iteration.
fn has_bent(case: &Case) -> bool {
    let doubled = case.calibration.and_then(|found| found.doubled_ratio);
    let linear = 1.0 / DOUBLED_RATIO_MAX..=DOUBLED_RATIO_MAX;
    doubled.is_some_and(|ratio| !linear.contains(&ratio))
}

/// Whether a compiler removed its work, whether or not it is marked yet.
#[must_use]
pub(crate) fn is_folded(case: &Case) -> bool {
    folded(case).is_some()
}

/// Whether it does other work when it is timed than when it is counted, whether or not it is marked
/// yet.
#[must_use]
pub(crate) fn is_implausible(case: &Case) -> bool {
    implausible(case).is_some()
}

/// Whether fuel per iteration did not settle.
#[must_use]
pub(crate) fn is_fuel_unsettled(case: &Case) -> bool {
    let count = case.count.as_ref();
    count.is_some_and(|count| !count.settled) && !is_folded(case)
}

/// Whether more than half of the processes become slower from first to last, or more than half
/// faster.
fn is_unsteady(samples: &[Vec<f64>]) -> bool {
    let drifts: Vec<f64> = samples
        .iter()
        .filter_map(|samples| stats::drift(samples))
        .collect();
    let slower = drifts
        .iter()
        .filter(|drift| drift.is_sign_positive())
        .count();
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

/// What shows that a compiler removed the work of a case: the guest's own, whose code has none, or
/// the engine's, which drops what no result needs after fuel was put in for it.
pub(super) fn folded(case: &Case) -> Option<String> {
    let fuel = case.count.as_ref()?.fuel_per_iteration;
    // What was removed is removed from the metered build, too.
    if is_implausible(case) {
        return None;
    }
    if fuel < FOLDED_FUEL {
        return Some("its fuel does not grow with the iterations".into());
    }
    let cpu_ns = cpu_ns(case)?;
    let fuel_per_ns = fuel / cpu_ns;
    (cpu_ns > 0.0 && fuel_per_ns > FUEL_PER_NS_MAX).then(|| {
        format!("it uses {fuel_per_ns:.0} fuel per ns, and no processor works faster than {FUEL_PER_NS_MAX}")
    })
}

/// What shows that a case does other work when it is timed than when it is counted: the fuel that
/// it uses per nanosecond in both passes, on one machine.
pub(super) fn implausible(case: &Case) -> Option<String> {
    let count = case.count.as_ref()?;
    let pace = count.pace.filter(|pace| pace.cpu_ns > 0)?;
    let timed_ns = cpu_ns(case)?;
    let counted_ns = pace.iteration_ns();
    let warm_ns = (pace.cpu_ns as f64 - COLD_NS) / pace.iterations as f64;
    let is_slower = timed_ns > SLOWER_MAX * counted_ns + WAIT_NS * waits(case);
    let is_faster = warm_ns > FASTER_MAX * timed_ns;
    // Of a case whose iterations cost more in larger batches that is known, and no gate passes it
    // either.
    (is_faster || is_slower && !has_bent(case)).then(|| {
        let rate = |ns: f64| significant(count.fuel_per_iteration / ns);
        format!(
            "on this machine it used {} fuel per ns when it was counted, and {} when it was timed: it does other work then",
            rate(counted_ns),
            rate(timed_ns)
        )
    })
}

/// CPU time of one iteration, ns.
fn cpu_ns(case: &Case) -> Option<f64> {
    let processes = case.processes.iter();
    let cpu: Vec<f64> = processes
        .filter_map(|process| process_median(process, Metric::CpuTime))
        .collect();
    stats::median(&cpu)
}

/// How often one iteration waits.
fn waits(case: &Case) -> f64 {
    let samples = || sampled(&case.processes).flat_map(|process| &process.samples);
    let waits: f64 = samples().map(|sample| f64::from(sample.waits)).sum();
    let iterations: f64 = samples().map(|sample| sample.iterations as f64).sum();
    waits / iterations.max(1.0)
}

/// Two digits of a small number, none behind the point of a large one.
fn significant(number: f64) -> String {
    if number >= 10.0 || number <= 0.0 {
        return format!("{number:.0}");
    }
    let digits = (1.0 - number.log10().floor()) as usize;
    format!("{number:.digits$}")
}
