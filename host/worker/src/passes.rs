//! What a worker does with a guest: lists, counts, calibrates, times and profiles it.

use dyno_job::{Build, Event, PROFILED_PER_EVENT, RunJob, SAMPLES_PER_EVENT, Timed};
use dyno_measure::{
    COUNT_PASSES, CalibrateSchedule, CountSchedule, CountSettings, Laps, Paced, ProfileSize,
    Profiler, Sampler, SystemClock, TimeSchedule, TimeSettings,
};
use dyno_model::{CountPass, LimitKind, Outcome, PluginKind};
use dyno_sandbox::{Finished, FuelGauge};
use dyno_system::confine::Confined;
use dyno_system::counters::Counters;

use super::guest::{conditions, load, program};
use super::{ChildError, emit};

pub(super) fn cases(job: &RunJob, seal: Confined) -> Result<Outcome, ChildError> {
    let program = program(&job.program)?;
    let (linked, _) = match load(job, Build::Metered, seal) {
        Ok(loaded) => loaded,
        Err(outcome) => return Ok(outcome),
    };
    match linked.cases(conditions(job, Build::Metered, &program)) {
        Ok(cases) => {
            let cap = job.limits.get(LimitKind::Cases);
            let actual = cases.len() as u64;
            if actual > cap {
                return Ok(Outcome::Limit {
                    limit: LimitKind::Cases,
                    cap,
                    actual: Some(actual),
                });
            }
            let kind = linked.kind();
            emit(&Event::Cases { kind, cases })?;
            Ok(Outcome::Ok)
        }
        Err(outcome) => Ok(outcome),
    }
}

pub(super) fn count(
    job: &RunJob,
    settings: CountSettings,
    seal: Confined,
) -> Result<Outcome, ChildError> {
    let program = program(&job.program)?;
    let (linked, _) = match load(job, Build::Metered, seal) {
        Ok(loaded) => loaded,
        Err(outcome) => return Ok(outcome),
    };
    for _ in 0..COUNT_PASSES {
        let gauge = FuelGauge::default();
        let schedule = match linked.kind() {
            PluginKind::Suite => CountSchedule::new(settings),
            PluginKind::Command => CountSchedule::once(settings),
        };
        let sampler = Paced::new(Sampler::new(gauge.clone(), schedule));
        let conditions = conditions(job, Build::Metered, &program);
        let Finished { bench, ended } = match linked.run(&job.case, conditions, &gauge, sampler) {
            Ok(finished) => finished,
            Err(outcome) => return Ok(outcome),
        };
        let (sampler, pace) = bench.into_parts();
        let counts = sampler.into_schedule().counts();
        emit(&Event::Counted {
            pass: CountPass {
                batches: counts.batches,
                total_fuel: ended.total_fuel,
            },
            fuel_per_iteration: counts.fuel_per_iteration,
            method: counts.method,
            settled: counts.settled,
            memory: ended.memory,
            pace,
            output: ended.output,
        })?;
        if !ended.outcome.is_ok() {
            return Ok(ended.outcome);
        }
    }
    Ok(Outcome::Ok)
}

pub(super) fn calibrate(
    job: &RunJob,
    sample_ns: u64,
    seal: Confined,
) -> Result<Outcome, ChildError> {
    let program = program(&job.program)?;
    let (linked, _) = match load(job, Build::Timed, seal) {
        Ok(loaded) => loaded,
        Err(outcome) => return Ok(outcome),
    };
    let schedule = match linked.kind() {
        PluginKind::Suite => CalibrateSchedule::new(sample_ns),
        PluginKind::Command => CalibrateSchedule::new(sample_ns).without_doubling(),
    };
    let sampler = Sampler::new(SystemClock::start(), schedule);
    let conditions = conditions(job, Build::Timed, &program);
    let gauge = FuelGauge::default();
    let Finished { bench, ended } = match linked.run(&job.case, conditions, &gauge, sampler) {
        Ok(finished) => finished,
        Err(outcome) => return Ok(outcome),
    };
    if let Some(calibrated) = bench.into_schedule().calibrated() {
        emit(&Event::Calibrated(calibrated))?;
    }
    Ok(ended.outcome)
}

pub(super) fn time(
    job: &RunJob,
    settings: TimeSettings,
    counters: Option<Counters>,
    spawned_ns: u64,
    seal: Confined,
) -> Result<Outcome, ChildError> {
    let program = program(&job.program)?;
    let (linked, load_ns) = match load(job, Build::Timed, seal) {
        Ok(loaded) => loaded,
        Err(outcome) => return Ok(outcome),
    };
    let laps = counters.map(|mut counters| -> Laps { Box::new(move || counters.lap()) });
    let clock = SystemClock::start().counting(laps);
    let sampler = Sampler::new(clock, TimeSchedule::new(settings));
    let conditions = conditions(job, Build::Timed, &program);
    let gauge = FuelGauge::default();
    let Finished { bench, ended } = match linked.run(&job.case, conditions, &gauge, sampler) {
        Ok(finished) => finished,
        Err(outcome) => return Ok(outcome),
    };
    let schedule = bench.into_schedule();
    for samples in schedule.samples().chunks(SAMPLES_PER_EVENT) {
        let samples = samples.to_vec();
        emit(&Event::Samples { samples })?;
    }
    emit(&Event::Timed(Box::new(Timed {
        ready_ns: ended.ready_ns.saturating_sub(spawned_ns),
        load_ns,
        instantiate_ns: ended.instantiate_ns as u64,
        first_iteration_ns: schedule.first_ns(),
        checksum: schedule.checksum(),
        precise: schedule.is_precise(),
        memory_peak_bytes: ended.memory.peak_bytes,
        rss_peak_bytes: rss_peak_bytes(),
    })))?;
    Ok(ended.outcome)
}

pub(super) fn profile(
    job: &RunJob,
    size: ProfileSize,
    seal: Confined,
) -> Result<Outcome, ChildError> {
    let program = program(&job.program)?;
    let (linked, _) = match load(job, Build::Profiled, seal) {
        Ok(loaded) => loaded,
        Err(outcome) => return Ok(outcome),
    };
    let size = match linked.kind() {
        PluginKind::Suite => size,
        PluginKind::Command => ProfileSize::First,
    };
    let gauge = FuelGauge::default();
    let profiler = Profiler::new(gauge.clone(), size);
    let conditions = conditions(job, Build::Profiled, &program);
    let Finished { bench, ended } = match linked.run(&job.case, conditions, &gauge, profiler) {
        Ok(finished) => finished,
        Err(outcome) => return Ok(outcome),
    };
    let found = bench.into_profiled();
    // The profile of what did not come to its end would be one of something else.
    let Some(batch) = found.batch.filter(|_| ended.outcome.is_ok()) else {
        return Ok(ended.outcome);
    };
    for nodes in found.nodes.chunks(PROFILED_PER_EVENT) {
        let (nodes, sums) = (nodes.to_vec(), Vec::new());
        emit(&Event::Profiled { nodes, sums })?;
    }
    for sums in found.sums.chunks(PROFILED_PER_EVENT) {
        let (nodes, sums) = (Vec::new(), sums.to_vec());
        emit(&Event::Profiled { nodes, sums })?;
    }
    emit(&Event::ProfileDone {
        iterations: batch.order.iterations,
        fuel: batch.timed,
    })?;
    Ok(Outcome::Ok)
}

/// The most memory this process ever had resident.
fn rss_peak_bytes() -> u64 {
    use nix::sys::resource::{UsageWho, getrusage};
    // In KiB on Linux.
    getrusage(UsageWho::RUSAGE_SELF).map_or(0, |usage| usage.max_rss() as u64 * 1024)
}
