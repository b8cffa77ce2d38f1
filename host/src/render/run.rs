//! The table of a run.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::columns::{Cell, Columns};
use super::failure::{explain, mark, sentence};
use super::{BOLD, DIM, RED, YELLOW, amount, bytes, duration, escape, rate, reproduce};
use crate::report::model::{
    CacheUse, Case, Estimate, Mark, Metric, Outcome, Plugin, Run, RunStatus, Throughput,
};
use crate::stats;

const HEADERS: &[&str] = &[
    "case",
    "time",
    "95 % interval",
    "throughput",
    "fuel",
    "memory",
    "samples",
    "marks",
];

/// Shows a run: a table for each plugin, what failed and how to see it again, and what the marks
/// mean. `verbose` shows every mark and how the run was made.
///
/// # Errors
/// If `out` cannot be written.
pub fn run(out: &mut impl Write, run: &Run, verbose: bool) -> io::Result<()> {
    for plugin in &run.plugins {
        show_plugin(out, run, plugin, verbose)?;
    }
    let marks: BTreeSet<Mark> = shown_marks(run, verbose).collect();
    for item in marks {
        writeln!(
            out,
            "{YELLOW}{}{YELLOW:#}{DIM}: {}{DIM:#}",
            mark(item),
            explain(item)
        )?;
    }
    if let Some(empty) = run.empty_batch_ns {
        writeln!(
            out,
            "{DIM}an empty batch takes {}, which is not subtracted{DIM:#}",
            duration(empty)
        )?;
    }
    for warning in &run.warnings {
        writeln!(out, "{YELLOW}warning{YELLOW:#}: {}", escape(warning))?;
    }
    if run.status == RunStatus::Interrupted {
        writeln!(
            out,
            "{YELLOW}interrupted{YELLOW:#}: what was finished is shown and kept"
        )?;
    }
    if verbose {
        writeln!(
            out,
            "{DIM}confined by {}{DIM:#}",
            run.confinement.join(", ")
        )?;
        writeln!(
            out,
            "{DIM}{} · seed {} · order {:#x}{DIM:#}",
            run.engine, run.seed, run.order_seed
        )?;
    }
    writeln!(out, "{DIM}run {}{DIM:#}", run.id)
}

fn shown_marks(run: &Run, verbose: bool) -> impl Iterator<Item = Mark> {
    let cases = run.plugins.iter().flat_map(|plugin| &plugin.cases);
    cases
        .flat_map(|case| &case.marks)
        .copied()
        .filter(move |mark| verbose || is_warning(*mark))
}

/// Whether a mark belongs beside the numbers, or only where more was asked for. That there was
/// one process is said below the table in any case.
fn is_warning(mark: Mark) -> bool {
    mark != Mark::BudgetEnded
}

fn show_plugin(out: &mut impl Write, run: &Run, plugin: &Plugin, verbose: bool) -> io::Result<()> {
    writeln!(out, "{BOLD}{}{BOLD:#}", escape(&plugin.name))?;
    if !plugin.outcome.is_ok() {
        show_failure(out, run, plugin, None, &plugin.outcome)?;
        return writeln!(out);
    }
    if !plugin.cases.is_empty() {
        let mut table = Columns::new("  ", HEADERS);
        for case in &plugin.cases {
            table.row(row(case, verbose));
        }
        table.write(out)?;
    }
    writeln!(out, "  {DIM}{}{DIM:#}", facts(plugin))?;
    for case in plugin.cases.iter().filter(|case| !case.outcome.is_ok()) {
        show_failure(out, run, plugin, Some(case), &case.outcome)?;
    }
    writeln!(out)
}

fn estimate(case: &Case, metric: Metric) -> Option<&Estimate> {
    case.measurements
        .iter()
        .find(|measured| measured.metric == metric)
        .map(|measured| &measured.estimate)
}

fn row(case: &Case, verbose: bool) -> Vec<Cell> {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".into());
    let time = estimate(case, Metric::WallTime);
    let name = escape(&case.spec.name);
    let marks: Vec<&str> = case
        .marks
        .iter()
        .filter(|item| verbose || (is_warning(**item) && **item != Mark::SingleProcess))
        .map(|item| mark(*item))
        .collect();
    vec![
        if case.outcome.is_ok() {
            name.into()
        } else {
            Cell::styled(format!("{name} ✗"), RED)
        },
        Cell::styled(or_dash(time.map(|time| duration(time.median))), BOLD),
        or_dash(time.map(interval)).into(),
        throughput(case, time).unwrap_or_default().into(),
        or_dash(estimate(case, Metric::Fuel).map(|fuel| amount(fuel.median))).into(),
        or_dash(estimate(case, Metric::MemoryPeak).map(|memory| bytes(memory.median))).into(),
        or_dash(samples(case)).into(),
        Cell::styled(marks.join(", "), YELLOW),
    ]
}

/// Samples of a process times processes.
fn samples(case: &Case) -> Option<String> {
    let finished = case
        .processes
        .iter()
        .filter(|process| process.outcome.is_ok());
    let counts: Vec<f64> = finished
        .map(|process| process.samples.len() as f64)
        .collect();
    Some(format!("{:.0} × {}", stats::median(&counts)?, counts.len()))
}

/// Both ends, in the unit of the median so that they can be compared at a glance.
fn interval(time: &Estimate) -> String {
    if time.lower == time.upper {
        return "–".into();
    }
    format!("{} … {}", duration(time.lower), duration(time.upper))
}

fn throughput(case: &Case, time: Option<&Estimate>) -> Option<String> {
    let ns = time?.median;
    if ns <= 0.0 {
        return None;
    }
    let (work, is_bytes) = match case.spec.throughput? {
        Throughput::Bytes(bytes) => (bytes, true),
        Throughput::Elements(elements) => (elements, false),
    };
    Some(rate(work as f64 * 1e9 / ns, is_bytes))
}

fn facts(plugin: &Plugin) -> String {
    let mut facts = Vec::new();
    if let Some(digest) = &plugin.digest {
        facts.push(digest.chars().take(19).collect());
    }
    if let Some(compile) = &plugin.compile {
        let code = bytes(compile.code_bytes as f64);
        facts.push(match compile.cache {
            CacheUse::Hit => format!("code cached ({code})"),
            CacheUse::Miss | CacheUse::Off => format!(
                "compiled in {} ({code})",
                duration(compile.duration_ns as f64)
            ),
        });
    }
    if let Some(load) = &plugin.load_ns {
        facts.push(format!("load {}", duration(load.median)));
    }
    if let Some(instantiate) = &plugin.instantiate_ns {
        facts.push(format!("instantiate {}", duration(instantiate.median)));
    }
    if plugin.cases.is_empty() {
        facts.push("no case matched".into());
    }
    facts.join(" · ")
}

fn show_failure(
    out: &mut impl Write,
    run: &Run,
    plugin: &Plugin,
    case: Option<&Case>,
    outcome: &Outcome,
) -> io::Result<()> {
    let sentence = sentence(outcome);
    let mut lines = super::escape::lines(&sentence);
    let first = lines.next().unwrap_or_default();
    match case {
        Some(case) => writeln!(out, "  {RED}✗ {}{RED:#} {first}", escape(&case.spec.name))?,
        None => writeln!(out, "  {RED}✗{RED:#} {first}")?,
    }
    for line in lines {
        writeln!(out, "      {line}")?;
    }
    if let Some(output) = case.and_then(|case| case.output.as_deref()) {
        for line in super::escape::lines(output).take(OUTPUT_LINES) {
            writeln!(out, "      {DIM}it wrote:{DIM:#} {line}")?;
        }
    }
    if case.is_some() && !matches!(outcome, Outcome::Skipped { .. }) {
        let name = case.map(|case| case.spec.name.as_str());
        writeln!(
            out,
            "      {DIM}again:{DIM:#} {}",
            reproduce(run, plugin, name)
        )?;
    }
    Ok(())
}

/// Lines of a failed case's own output that are shown.
const OUTPUT_LINES: usize = 10;
