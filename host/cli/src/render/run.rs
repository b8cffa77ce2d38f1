//! The table of a run.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::across::Across;
use super::cells;
use super::columns::{Cell, Columns};
use super::failure::show_failure;
use super::programs::Programs;
use super::{BOLD, DIM, Sink, YELLOW};
use dyno_model::{
    COUNTED, COUNTERS, COUNTERS_FACT, CacheUse, Case, Estimate, Mark, Outcome, Plugin, PluginKind,
    Run, RunStatus,
};
use dyno_wording::{bytes, duration, escape, explain, mark};

const BEFORE: &[&str] = &["case", "time", "95 % interval", "throughput"];
const AFTER: &[&str] = &["samples", "marks"];

/// Shows a run: a table for each plugin, what failed and how to see it again, and what the marks
/// mean. `verbose` shows every mark and how the run was made.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn run(out: &mut Sink<impl Write>, run: &Run, verbose: bool) -> io::Result<()> {
    let across = Across::of(run);
    let mut programs = Programs::of(run);
    for plugin in &run.plugins {
        if plugin.kind == Some(PluginKind::Command) && plugin.outcome.is_ok() {
            // All of them are in the table that stands where the first one is.
            std::mem::take(&mut programs).write(out, run, verbose)?;
        } else {
            show_plugin(out, run, plugin, &across, verbose)?;
        }
    }
    across.write(out, verbose)?;
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
    if let Some(why) = uncounted(run) {
        writeln!(
            out,
            "{DIM}instructions and cycles are not counted: {}{DIM:#}",
            escape(why)
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
            escape(&run.confinement.join(", "))
        )?;
        writeln!(
            out,
            "{DIM}{} · seed {} · order {:#x}{DIM:#}",
            escape(&run.engine),
            run.seed,
            run.order_seed
        )?;
    }
    writeln!(out, "{DIM}run {}{DIM:#}", escape(&run.id))
}

/// Why there is no column of what the processor counts, if its run says so.
fn uncounted(run: &Run) -> Option<&str> {
    let mut columns = run.columns().into_iter();
    let is_counted = columns.any(|metric| COUNTERS.contains(&metric));
    let why = run.machine.facts.get(COUNTERS_FACT)?;
    (!is_counted && why != COUNTED).then_some(why)
}

fn shown_marks(run: &Run, verbose: bool) -> impl Iterator<Item = Mark> {
    let cases = run.plugins.iter().flat_map(|plugin| &plugin.cases);
    cases
        .flat_map(|case| &case.marks)
        .copied()
        .filter(move |mark| verbose || cells::is_warning(*mark))
}

fn show_plugin(
    out: &mut Sink<impl Write>,
    run: &Run,
    plugin: &Plugin,
    across: &Across<'_>,
    verbose: bool,
) -> io::Result<()> {
    let name = escape(&plugin.label);
    if let Outcome::Skipped { reason } = &plugin.outcome {
        writeln!(out, "{DIM}– {name} skipped: {}{DIM:#}", escape(reason))?;
        return writeln!(out);
    }
    writeln!(out, "{BOLD}{name}{BOLD:#}")?;
    if !plugin.outcome.is_ok() {
        show_failure(out, run, plugin, None, &plugin.outcome)?;
        return writeln!(out);
    }
    let own: Vec<&Case> = plugin
        .cases
        .iter()
        .filter(|case| !across.shows(case))
        .collect();
    if !own.is_empty() {
        let mut table = Columns::new("  ", &cells::heads(BEFORE, AFTER));
        for case in own {
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

fn row(case: &Case, verbose: bool) -> Vec<Cell> {
    let mut row = vec![
        cells::name(&case.spec.name, case),
        cells::time(case),
        cells::interval(case),
        cells::throughput(case),
    ];
    row.extend(cells::columns(case));
    row.extend([cells::samples(case), cells::marks(case, verbose)]);
    row
}

/// The median and its interval, of how many.
fn sampled(time: &Estimate) -> String {
    let [median, lower, upper] = [time.median, time.lower, time.upper].map(duration);
    format!("{median} ({lower} … {upper}, {} times)", time.n)
}

fn facts(plugin: &Plugin) -> String {
    let mut facts = Vec::new();
    if let Some(digest) = &plugin.digest {
        facts.push(escape(&digest.chars().take(19).collect::<String>()));
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
    let compile_ns = plugin.compile.as_ref();
    if let Some(time) = compile_ns.and_then(|compile| compile.compile_ns.as_ref()) {
        facts.push(format!("compile {}", sampled(time)));
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
