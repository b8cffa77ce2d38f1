//! A run in the Go benchmark format, one line a process, so that `benchstat old.txt new.txt`
//! compares two exports (<https://golang.org/design/14313-benchmark-format>; the reader is
//! `golang.org/x/perf/benchfmt`).
//!
//! Only `goos`, `goarch` and `cpu` are configuration lines: benchstat puts results that differ in
//! any of them into different tables, so that a run's id there would leave nothing to compare. The
//! rest stands in lines that it skips, as do the failures, in the words of `go test`. Fuel is
//! declared exact. Memory is `peak-B`: `B/op` would mean bytes allocated by one iteration.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Contents;
use super::cases::{self, NamedCase};
use dyno_model::quoted::{made_safe, marked};
use dyno_model::{Metric, Outcome, Run};
use dyno_wording::{escape, sentence};

/// Writes the lines.
///
/// # Errors
/// If `out` does not take them.
pub fn write(contents: &Contents<'_>, mut out: impl Write) -> io::Result<()> {
    let run = contents.run;
    out.write_all(head(run).as_bytes())?;
    for plugin in &run.plugins {
        if let Some(word) = verdict(&plugin.outcome) {
            let reason = escape(&sentence(&plugin.outcome));
            writeln!(
                out,
                "--- {word}: Benchmark{}\n    {reason}",
                title(&plugin.label)
            )?;
        }
    }
    for named in cases::named(run) {
        let (plugin, case) = (title(&named.plugin.label), case_name(&named.case.spec.name));
        write_case(&named, &format!("Benchmark{plugin}/{case}"), &mut out)?;
    }
    Ok(())
}

fn head(run: &Run) -> String {
    let mut head = format!(
        "# run {}, {}, dyno {}, {}, machine {}\n",
        escape(&run.id),
        escape(&run.started_at),
        escape(&run.host_version),
        escape(&run.engine),
        escape(&run.machine.fingerprint),
    );
    for (key, fact) in [("goos", "os"), ("goarch", "arch"), ("cpu", "cpu")] {
        if let Some(value) = run.machine.facts.get(fact) {
            let _ = writeln!(head, "{key}: {}", escape(value));
        }
    }
    head + "Unit fuel/op assume=exact\n"
}

fn write_case(named: &NamedCase<'_>, name: &str, out: &mut impl Write) -> io::Result<()> {
    if let Some(word) = verdict(&named.case.outcome) {
        let reason = escape(&sentence(&named.case.outcome));
        return writeln!(out, "--- {word}: {name}\n    {reason}");
    }
    let fuel = cases::estimate(named.case, Metric::Fuel);
    for repetition in cases::repetitions(named.case) {
        write!(
            out,
            "{name}-1\t{}\t{} ns/op\t{} cpu-ns/op",
            repetition.iterations, repetition.wall_ns, repetition.cpu_ns
        )?;
        if let Some(fuel) = fuel {
            write!(out, "\t{} fuel/op", fuel.median)?;
        }
        let memory = repetition.process.memory_peak_bytes;
        writeln!(out, "\t{memory} peak-B")?;
    }
    Ok(())
}

/// What `go test` calls an outcome other than success.
fn verdict(outcome: &Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Ok => None,
        Outcome::Skipped { .. } => Some("SKIP"),
        _ => Some("FAIL"),
    }
}

/// A plugin's label behind `Benchmark`, where the format wants no lower-case letter. One that
/// begins with another letter than a small ASCII one is marked, so that it is not taken for the
/// same in small.
fn title(label: &str) -> String {
    let flat = cases::one_part(label);
    let part = without_spaces(&flat);
    let mut chars = part.chars();
    let first = chars.next().unwrap_or('_');
    let title = if first.is_uppercase() || !first.is_alphabetic() {
        part.clone()
    } else {
        let mut title: String = first.to_uppercase().collect();
        if title.starts_with(char::is_lowercase) || title == first.to_string() {
            title.insert(0, '_');
        }
        title + chars.as_str()
    };
    match part == flat && (first.is_ascii_lowercase() || !first.is_alphabetic()) {
        true => title,
        false => marked(label, &title),
    }
}

/// A case's name as parts behind a plugin's. A number at its end would be the `GOMAXPROCS` of Go,
/// which is why a 1 is appended as that.
fn case_name(name: &str) -> String {
    made_safe(name, &without_spaces(&escape(name)))
}

/// Without spaces, which would end a name.
fn without_spaces(name: &str) -> String {
    name.replace(char::is_whitespace, "_")
}

#[cfg(test)]
mod tests;
