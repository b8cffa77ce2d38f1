//! A run as a table for spreadsheets: a row for each case and metric, RFC 4180 with a header.
//!
//! A case without measurements and a plugin without cases have one row with the rest empty, so
//! that what failed does not disappear. Numbers are written as such, in the unit of their row.
//!
//! Texts are made harmless, not reversible (JSON is the form that loses nothing): control and
//! invisible characters become `\u{…}`, and a text that a spreadsheet would take for a formula
//! gets an apostrophe in front.

use std::io::{self, Write};

use csv::Writer;

use super::Contents;
use dyno_model::visible::spelled;
use dyno_model::{Case, Estimate, Measurement, Outcome, Plugin, Run, hex, word};

/// The columns. `parameters` are `name=value`, `marks` are names, both joined by semicolons;
/// `lower` and `upper` are the 95 % interval, drawn by `interval`.
pub(crate) const COLUMNS: [&str; 24] = [
    "run",
    "started_at",
    "host_version",
    "engine",
    "machine",
    "plugin",
    "digest",
    "case",
    "group",
    "parameters",
    "outcome",
    "detail",
    "marks",
    "checksum",
    "metric",
    "unit",
    "n",
    "min",
    "median",
    "mean",
    "sd",
    "lower",
    "upper",
    "interval",
];

/// Writes the table of one run.
///
/// # Errors
/// If `out` does not take it.
pub fn write(contents: &Contents<'_>, out: impl Write) -> io::Result<()> {
    let run = contents.run;
    let mut table = Writer::from_writer(out);
    table.write_record(COLUMNS).map_err(io_error)?;
    for plugin in &run.plugins {
        let mut rows = Rows {
            table: &mut table,
            run,
            plugin,
        };
        if plugin.cases.is_empty() {
            rows.put(None, None)?;
        }
        for case in &plugin.cases {
            if case.measurements.is_empty() {
                rows.put(Some(case), None)?;
            }
            for measurement in &case.measurements {
                rows.put(Some(case), Some(measurement))?;
            }
        }
    }
    table.flush()
}

struct Rows<'a, W: Write> {
    table: &'a mut Writer<W>,
    run: &'a Run,
    plugin: &'a Plugin,
}

impl<W: Write> Rows<'_, W> {
    fn put(&mut self, case: Option<&Case>, measurement: Option<&Measurement>) -> io::Result<()> {
        let Self { run, plugin, .. } = *self;
        let outcome = case.map_or(&plugin.outcome, |case| &case.outcome);
        let (kind, detail) = words(outcome)?;
        let spec = case.map(|case| &case.spec);
        let texts = [
            text(&run.id),
            text(&run.started_at),
            text(&run.host_version),
            text(&run.engine),
            text(&run.machine.fingerprint),
            text(&plugin.label),
            text(plugin.digest.as_deref().unwrap_or_default()),
            text(spec.map_or("", |spec| &spec.name)),
            text(
                spec.and_then(|spec| spec.group.as_deref())
                    .unwrap_or_default(),
            ),
            text(&spec.map_or(String::new(), |spec| {
                joined(
                    spec.params
                        .iter()
                        .map(|(name, value)| format!("{name}={value}")),
                )
            })),
            text(&kind),
            text(&detail),
            text(&case.map_or(String::new(), marks)),
            text(
                &case
                    .and_then(|case| case.checksum)
                    .map_or(String::new(), hex::text),
            ),
        ];
        let numbers = measurement.map_or_else(Default::default, numbers);
        let cells = texts.iter().chain(&numbers);
        self.table.write_record(cells).map_err(io_error)
    }
}

/// What no sink takes for anything but text.
fn text(value: &str) -> String {
    let mut cell = String::with_capacity(value.len());
    // Full-width forms are read as the ASCII ones by some programs in East Asian locales.
    if value.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        cell.push('\'');
    }
    cell + &spelled(value, &[])
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(";")
}

/// The kind of an outcome, and its other fields in words.
fn words(outcome: &Outcome) -> io::Result<(String, String)> {
    let serde_json::Value::Object(mut fields) = serde_json::to_value(outcome)? else {
        return Ok(Default::default());
    };
    let plain = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    let kind = fields.remove("kind").map_or(String::new(), plain);
    let only = fields.remove("message").or_else(|| fields.remove("reason"));
    let detail = match only {
        Some(sentence) => plain(sentence),
        None => joined(
            fields
                .into_iter()
                .map(|(name, value)| format!("{name}={}", plain(value))),
        ),
    };
    Ok((kind, detail))
}

fn marks(case: &Case) -> String {
    joined(case.marks.iter().map(|mark| word(mark).to_owned()))
}

fn numbers(measurement: &Measurement) -> [String; 10] {
    let Estimate {
        n,
        min,
        median,
        mean,
        sd,
        lower,
        upper,
        interval,
    } = measurement.estimate;
    let spec = measurement.metric.spec();
    [
        spec.name.to_owned(),
        spec.unit.name().to_owned(),
        n.to_string(),
        min.to_string(),
        median.to_string(),
        mean.to_string(),
        sd.to_string(),
        lower.to_string(),
        upper.to_string(),
        word(&interval).to_owned(),
    ]
}

/// The writer's own error and not one that hides it, so that a closed pipe is known as such.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests;
