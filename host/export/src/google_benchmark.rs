//! A run as Google Benchmark writes it with `--benchmark_format=json`, so that its `compare.py`
//! compares two exports with a U test.
//!
//! A process is a repetition, and `real_time` the median wall time per iteration. Mean, median,
//! stddev and cv are those over the repetitions, as the library itself draws them. Fuel, peak
//! memory and throughput are user counters. A failed case has `error_occurred` and times of 0, and
//! a skipped one `skipped`, as the library reports them.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::cases::{self, NamedCase, Repetition};
use super::{Contents, safe_json};
use dyno_model::{Case, Metric, Outcome, Run, Throughput};
use dyno_stats as stats;
use dyno_wording::{escape, sentence};

const NS_PER_S: f64 = 1e9;

/// Writes one document.
///
/// # Errors
/// If `out` does not take it.
pub fn write(contents: &Contents<'_>, mut out: impl Write) -> io::Result<()> {
    let run = contents.run;
    let refused = cases::plugins(run).into_iter();
    let refused = refused.filter(|(plugin, _)| !plugin.outcome.is_ok());
    let mut benchmarks: Vec<Value> = Vec::new();
    let mut families = 0..;
    for ((plugin, name), family) in refused.zip(&mut families) {
        benchmarks.push(failure(&name, family, &plugin.outcome));
    }
    for (named, family) in cases::named(run).iter().zip(&mut families) {
        benchmarks.extend(case(named, family));
    }
    let document = json!({ "context": context(run), "benchmarks": benchmarks });
    safe_json::write(&document, &mut out)?;
    out.write_all(b"\n")
}

/// What is known of the fields that the library writes, and the run's own as custom context.
fn context(run: &Run) -> Map<String, Value> {
    let fact = |name: &str| run.machine.facts.get(name);
    let mut context = Map::new();
    let mut put = |key: &str, value: Value| context.insert(key.into(), value);
    put("date", run.started_at.as_str().into());
    put("host_name", run.machine.fingerprint.as_str().into());
    put("executable", format!("dyno {}", run.host_version).into());
    if let Some(cores) = fact("cores").and_then(|cores| cores.parse::<u32>().ok()) {
        put("num_cpus", cores.into());
    }
    if let Some(governor) = fact("governor") {
        put("cpu_scaling_enabled", (governor != "performance").into());
    }
    put("library_build_type", "release".into());
    put("dyno_run", run.id.as_str().into());
    put("dyno_engine", run.engine.as_str().into());
    context
}

fn case(named: &NamedCase<'_>, family: usize) -> Vec<Value> {
    let case = named.case;
    let repetitions = cases::repetitions(case);
    if !case.outcome.is_ok() || repetitions.is_empty() {
        return vec![failure(&named.name, family, &case.outcome)];
    }
    let count = repetitions.len();
    let single = repetitions.iter().enumerate().map(|(index, repetition)| {
        let mut fields = entry(&named.name, &named.name, family, count);
        fields.insert("run_type".into(), "iteration".into());
        fields.insert("repetition_index".into(), index.into());
        fields.insert("iterations".into(), repetition.iterations.into());
        times(&mut fields, repetition.wall_ns, repetition.cpu_ns);
        counters(&mut fields, case, repetition);
        Value::Object(fields)
    });
    single
        .chain(aggregates(&named.name, family, &repetitions))
        .collect()
}

fn entry(name: &str, run_name: &str, family: usize, repetitions: usize) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("name".into(), name.into());
    fields.insert("family_index".into(), family.into());
    fields.insert("per_family_instance_index".into(), 0.into());
    fields.insert("run_name".into(), run_name.into());
    fields.insert("repetitions".into(), repetitions.into());
    fields.insert("threads".into(), 1.into());
    fields
}

fn times(fields: &mut Map<String, Value>, wall_ns: f64, cpu_ns: f64) {
    fields.insert("real_time".into(), wall_ns.into());
    fields.insert("cpu_time".into(), cpu_ns.into());
    fields.insert("time_unit".into(), "ns".into());
}

fn counters(fields: &mut Map<String, Value>, case: &Case, repetition: &Repetition<'_>) {
    if let Some(fuel) = cases::estimate(case, Metric::Fuel) {
        fields.insert("fuel".into(), fuel.median.into());
    }
    let memory = repetition.process.memory_peak_bytes;
    fields.insert("memory_peak_bytes".into(), memory.into());
    let (name, work) = match case.work() {
        Some(Throughput::Bytes(bytes)) => ("bytes_per_second", bytes),
        Some(Throughput::Elements(elements)) => ("items_per_second", elements),
        None => return,
    };
    if repetition.wall_ns > 0.0 {
        let per_second = work as f64 * NS_PER_S / repetition.wall_ns;
        fields.insert(name.into(), per_second.into());
    }
}

fn aggregates(name: &str, family: usize, repetitions: &[Repetition<'_>]) -> Vec<Value> {
    let wall: Vec<f64> = repetitions.iter().map(|r| r.wall_ns).collect();
    let cpu: Vec<f64> = repetitions.iter().map(|r| r.cpu_ns).collect();
    type Statistic = fn(&[f64]) -> Option<f64>;
    let all: [(&str, &str, Statistic); 4] = [
        ("mean", "time", stats::mean),
        ("median", "time", stats::median),
        ("stddev", "time", stats::sd),
        ("cv", "percentage", variation),
    ];
    // Of one repetition the library draws none, and there is no deviation.
    let all = all.into_iter().filter(|_| repetitions.len() > 1);
    all.filter_map(|(statistic, unit, draw)| {
        let mut fields = entry(&format!("{name}_{statistic}"), name, family, wall.len());
        fields.insert("run_type".into(), "aggregate".into());
        fields.insert("aggregate_name".into(), statistic.into());
        fields.insert("aggregate_unit".into(), unit.into());
        fields.insert("iterations".into(), wall.len().into());
        times(&mut fields, draw(&wall)?, draw(&cpu)?);
        Some(fields.into())
    })
    .collect()
}

/// Coefficient of variation: the deviation over the mean, a ratio.
fn variation(values: &[f64]) -> Option<f64> {
    let mean = stats::mean(values).filter(|mean| *mean > 0.0)?;
    Some(stats::sd(values)? / mean)
}

fn failure(name: &str, family: usize, outcome: &Outcome) -> Value {
    let mut fields = entry(name, name, family, 1);
    let message = escape(&sentence(outcome));
    match outcome {
        Outcome::Skipped { .. } => {
            fields.insert("skipped".into(), true.into());
            fields.insert("skip_message".into(), message.into());
        }
        Outcome::Ok => {
            fields.insert("skipped".into(), true.into());
            fields.insert("skip_message".into(), "it has no samples".into());
        }
        _ => {
            fields.insert("error_occurred".into(), true.into());
            fields.insert("error_message".into(), message.into());
        }
    }
    fields.insert("run_type".into(), "iteration".into());
    fields.insert("repetition_index".into(), 0.into());
    fields.insert("iterations".into(), 0.into());
    times(&mut fields, 0.0, 0.0);
    fields.into()
}

#[cfg(test)]
mod tests;
