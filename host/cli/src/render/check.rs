//! What `check` and `list` say of plugins.

use std::io::{self, Write};

use super::{BOLD, DIM, GREEN, RED, Sink, YELLOW, paragraph};
use dyno_job::Shape;
use dyno_model::{Case, Mark, Outcome, Plugin, Run};
use dyno_wording::{amount, bytes, escape, explain, mark, sentence};

/// Shows whether plugins are good ones, and what they need.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn check(
    out: &mut Sink<impl Write>,
    run: &Run,
    shapes: &[Option<Shape>],
) -> io::Result<()> {
    for (plugin, shape) in run.plugins.iter().zip(shapes) {
        let good = plugin.outcome.is_ok() && plugin.cases.iter().all(|case| case.outcome.is_ok());
        let (style, sign) = if good { (GREEN, "✓") } else { (RED, "✗") };
        writeln!(
            out,
            "{style}{sign}{style:#} {BOLD}{}{BOLD:#}",
            escape(&plugin.label)
        )?;
        if !plugin.outcome.is_ok() {
            failure(out, "    ", &plugin.outcome)?;
        }
        if let Some(shape) = shape {
            show_shape(out, shape)?;
        }
        for case in &plugin.cases {
            check_case(out, case)?;
        }
        if good {
            needs(out, plugin)?;
        }
    }
    Ok(())
}

/// The first line of a failure behind its `start`, the others below it.
fn failure(out: &mut Sink<impl Write>, start: &str, outcome: &Outcome) -> io::Result<()> {
    paragraph(out, start, "      ", &sentence(outcome))
}

fn show_shape(out: &mut Sink<impl Write>, shape: &Shape) -> io::Result<()> {
    let numbers = &shape.numbers;
    writeln!(
        out,
        "    {DIM}{} functions, {} of code, the largest {} · {} memories of {} · {} core instances{DIM:#}",
        numbers.functions,
        bytes(numbers.code_bytes as f64),
        bytes(numbers.body_bytes_largest as f64),
        numbers.memories,
        bytes(numbers.memory_bytes_initial as f64),
        numbers.core_instances,
    )?;
    for import in &shape.imports {
        writeln!(out, "    {DIM}imports {}{DIM:#}", escape(import))?;
    }
    Ok(())
}

fn check_case(out: &mut Sink<impl Write>, case: &Case) -> io::Result<()> {
    let name = escape(&case.spec.name);
    if !case.outcome.is_ok() {
        return failure(out, &format!("    {RED}✗ {name}{RED:#} "), &case.outcome);
    }
    let Some(count) = &case.count else {
        return writeln!(out, "    {name}");
    };
    let checksum = case
        .checksum
        .map_or_else(|| "no stable checksum".into(), |sum| format!("{sum:#018x}"));
    writeln!(
        out,
        "    {name} {DIM}· {} fuel · {} outside the timed part · {} at most · {checksum}{DIM:#}",
        amount(count.fuel_per_iteration),
        percent(count.untimed_share),
        bytes(count.memory.peak_bytes as f64),
    )?;
    // What only a time pass can say is not said here.
    for item in case
        .marks
        .iter()
        .filter(|item| !matches!(item, Mark::SingleProcess))
    {
        writeln!(
            out,
            "      {YELLOW}{}{YELLOW:#}: {}",
            mark(*item),
            explain(*item)
        )?;
    }
    Ok(())
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// The most that any case needs.
fn needs(out: &mut Sink<impl Write>, plugin: &Plugin) -> io::Result<()> {
    let counts = || plugin.cases.iter().filter_map(|case| case.count.as_ref());
    let Some(memory) = counts().map(|count| count.memory.peak_bytes).max() else {
        return Ok(());
    };
    let fuel = counts()
        .flat_map(|count| &count.passes)
        .map(|pass| pass.total_fuel)
        .max()
        .unwrap_or(0);
    writeln!(
        out,
        "    {DIM}needs {} memory and {} fuel{DIM:#}",
        bytes(memory as f64),
        amount(fuel as f64)
    )
}

/// Shows what went wrong with plugins and cases, and nothing of what did not.
///
/// # Errors
/// If `out` cannot be written.
#[cfg(feature = "profile")]
pub(crate) fn failures(out: &mut Sink<impl Write>, run: &Run) -> io::Result<()> {
    for plugin in &run.plugins {
        let name = escape(&plugin.label);
        if !plugin.outcome.is_ok() {
            failure(out, &format!("{RED}✗ {name}{RED:#} "), &plugin.outcome)?;
        }
        for case in plugin.cases.iter().filter(|case| !case.outcome.is_ok()) {
            let case_name = escape(&case.spec.name);
            failure(
                out,
                &format!("{RED}✗ {name} {case_name}{RED:#} "),
                &case.outcome,
            )?;
        }
    }
    Ok(())
}

/// Shows the cases of plugins.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn list(out: &mut Sink<impl Write>, run: &Run) -> io::Result<()> {
    for plugin in &run.plugins {
        writeln!(out, "{BOLD}{}{BOLD:#}", escape(&plugin.label))?;
        if !plugin.outcome.is_ok() {
            failure(out, &format!("  {RED}✗{RED:#} "), &plugin.outcome)?;
        }
        for case in &plugin.cases {
            let description = match case.spec.description.as_str() {
                "" => String::new(),
                text => format!(" {DIM}{}{DIM:#}", escape(text)),
            };
            writeln!(out, "  {}{description}", escape(&case.spec.name))?;
        }
    }
    Ok(())
}
