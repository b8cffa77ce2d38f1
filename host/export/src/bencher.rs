//! A run in the Bencher Metric Format, for `bencher run --adapter json`: an object of benchmarks,
//! each an object of measures (<https://bencher.dev/docs/reference/bencher-metric-format/>).
//!
//! `latency` is the built-in measure, ns per iteration; the others are Dyno's metrics by name.
//! `failed` is 1 for a case that failed and 0 for one that did not, so that a threshold can be
//! set on it; what failed has no other measure, as its numbers mean nothing.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::cases;
use super::{Contents, safe_json};
use dyno_model::quoted::marked;
use dyno_model::{Case, Metric, Outcome};

/// What Bencher calls a metric: its own word where it has one.
fn measure(metric: Metric) -> &'static str {
    match metric {
        Metric::WallTime => "latency",
        other => other.spec().name,
    }
}

/// Bencher takes names of up to 1,024 characters; what is left is for a suffix.
const NAME_CHARS_MAX: usize = 1000;

/// A name that ends so is one that Bencher raises no alert for. That is not for a guest to say.
const IGNORED: &str = "-bencher-ignore";

/// Writes one object.
///
/// # Errors
/// If `out` does not take it.
pub fn write(contents: &Contents<'_>, mut out: impl Write) -> io::Result<()> {
    let mut benchmarks = Map::new();
    for plugin in &contents.run.plugins {
        if cases::failed(&plugin.outcome) {
            let name = alerting(&cases::one_part(&plugin.label));
            benchmarks.insert(name, json!({ "failed": { "value": 1 } }));
        }
    }
    for named in cases::named(contents.run) {
        let name = alerting(&named.name);
        if let Some(measures) = measures(named.case) {
            benchmarks.insert(name, measures);
        }
    }
    safe_json::write(&benchmarks, &mut out)?;
    out.write_all(b"\n")
}

fn alerting(name: &str) -> String {
    let short: String = name.chars().take(NAME_CHARS_MAX).collect();
    match short == name && !name.ends_with(IGNORED) {
        true => short,
        false => marked(name, &short),
    }
}

/// The measures of a case; none if it was skipped.
fn measures(case: &Case) -> Option<Value> {
    match &case.outcome {
        Outcome::Skipped { .. } => return None,
        Outcome::Ok => {}
        _ => return Some(json!({ "failed": { "value": 1 } })),
    }
    let mut measures = Map::new();
    for metric in Metric::compared() {
        if let Some(estimate) = cases::estimate(case, metric) {
            let value = json!({
                "value": estimate.median,
                "lower_value": estimate.lower,
                "upper_value": estimate.upper,
            });
            measures.insert(measure(metric).into(), value);
        }
    }
    measures.insert("failed".into(), json!({ "value": 0 }));
    Some(measures.into())
}

#[cfg(test)]
mod tests;
