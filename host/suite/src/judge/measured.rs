//! Finds the number of a metric in a case.
//!
//! A quantile is drawn in each process from its own samples, and the estimate is over those, one a
//! process, with the interval that medians get: pooling the samples of processes would claim a
//! certainty that is not there (METHOD.md). It is a quantile of samples, each of which is the mean
//! of its iterations: of single iterations only where one lasts as long as a sample. METHOD.md's
//! rule for requests, at least 100 / (1 - q) of them, holds for all samples together, and a tenth
//! of it for each process (see [`samples`]).

use crate::samples;
use dyno_model::{
    Case, Drawn, Estimate, IntervalMethod, Mark, Metric, MetricSpec, Process, Source, Throughput,
};
use dyno_stats as stats;

/// What a case has of a metric.
pub(super) enum Measured {
    /// An estimate that can be judged.
    Estimate(Estimate),
    /// One that cannot, and why.
    Doubtful(Estimate, &'static str),
    /// The checksum of every pass.
    Checksum(u64),
    /// There are checksums, and they differ.
    Differs,
    /// Nothing, and why.
    Missing(String),
}

/// Why the numbers of a case are not those of its work, if they are not.
fn without_work(case: &Case) -> Option<&'static str> {
    case.without_work().map(|mark| match mark {
        Mark::Implausible => "it does other work when it is timed than when it is counted",
        _ => "the compiler removed its work",
    })
}

/// The number of a metric.
pub(super) fn measured(case: &Case, metric: &MetricSpec) -> Measured {
    if !case.outcome.is_ok() {
        return Measured::Missing("the case did not end well".into());
    }
    let found = match metric.source {
        Source::Checksum => return checksum(case),
        Source::Measured(wanted) => {
            let found = case.estimate(wanted).copied();
            found.ok_or_else(|| "the run does not have it".into())
        }
        Source::Quantile(q) => quantile(case, q),
        Source::BytesPerSecond | Source::ElementsPerSecond
            if let Some(why) = without_work(case) =>
        {
            Err(why.into())
        }
        Source::BytesPerSecond => match case.work() {
            Some(Throughput::Bytes(bytes)) => throughput(case, bytes),
            _ => Err("the case does not say how many bytes an iteration does".into()),
        },
        Source::ElementsPerSecond => match case.work() {
            Some(Throughput::Elements(elements)) => throughput(case, elements),
            _ => Err("the case does not say how many elements an iteration does".into()),
        },
    };
    match found {
        Ok(estimate) => trusted(case, metric, estimate),
        Err(reason) => Measured::Missing(reason),
    }
}

/// Whether an estimate is good enough to judge by.
fn trusted(case: &Case, metric: &MetricSpec, estimate: Estimate) -> Measured {
    let is_deterministic = case.count.as_ref().is_none_or(|count| count.deterministic);
    if let Some(why) = without_work(case) {
        Measured::Doubtful(estimate, why)
    } else if metric.drawn == Drawn::Sampled && estimate.interval == IntervalMethod::WithinProcess {
        Measured::Doubtful(estimate, "one process says nothing of the next one")
    } else if metric.metric() == Some(Metric::Fuel) && !is_deterministic {
        Measured::Doubtful(estimate, "two counts of the same work differ")
    } else {
        Measured::Estimate(estimate)
    }
}

fn checksum(case: &Case) -> Measured {
    match case.checksum {
        Some(checksum) => Measured::Checksum(checksum),
        None if case.count.is_none() && case.processes.is_empty() => {
            Measured::Missing("nothing of it was run".into())
        }
        None => Measured::Differs,
    }
}

/// Work over wall time: the longest time is the lowest throughput.
fn throughput(case: &Case, work: u64) -> Result<Estimate, String> {
    let wall = case.estimate(Metric::WallTime).copied();
    let wall = wall.filter(|wall| wall.lower > 0.0);
    let wall = wall.ok_or("its wall time is not known to be more than nothing")?;
    let rate = |ns: f64| work as f64 * 1e9 / ns;
    Ok(Estimate {
        median: rate(wall.median),
        lower: rate(wall.upper),
        upper: rate(wall.lower),
        ..wall
    })
}

fn quantile(case: &Case, q: f64) -> Result<Estimate, String> {
    let processes: Vec<&Process> = case
        .processes
        .iter()
        .filter(|process| process.outcome.is_ok() && !process.samples.is_empty())
        .collect();
    let fewest = processes
        .iter()
        .map(|process| process.samples.len() as u64)
        .min()
        .unwrap_or(0);
    let all: u64 = processes
        .iter()
        .map(|process| process.samples.len() as u64)
        .sum();
    let (each_needed, all_needed) = (samples::samples_each(q), samples::samples_in_all(q));
    if fewest < each_needed || all < all_needed {
        let count = u32::try_from(processes.len()).unwrap_or(u32::MAX);
        return Err(format!(
            "it needs {each_needed} samples in each process and {all_needed} in all, and has {fewest} and {all}: write samples = {}",
            samples::samples_for(q, count)
        ));
    }
    let quantiles: Option<Vec<f64>> = processes
        .iter()
        .map(|process| stats::quantile(&per_iteration(process), q))
        .collect();
    let estimate = quantiles.and_then(|quantiles| stats::estimate_values(&quantiles));
    estimate.ok_or_else(|| "its samples are not numbers".into())
}

fn per_iteration(process: &Process) -> Vec<f64> {
    let samples = process.samples.iter();
    samples
        .map(|sample| sample.wall_ns as f64 / sample.iterations as f64)
        .collect()
}
