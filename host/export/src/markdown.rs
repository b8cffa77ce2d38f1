//! A run or a comparison as GitHub-flavoured Markdown, fit for a comment on a pull request.
//!
//! It begins with [`MARKER`], which is not seen, so that a bot can find its comment and replace it.
//! Of a comparison, only what really changed, failed or cannot be said stands open; the rest is
//! folded, as are the machine, the commands and how to see a failure again. Of a run alone it is a
//! table of its results. It never is longer than GitHub takes: rows at the end are left out, which
//! are the unremarkable ones, and counted.

use std::io::{self, Write};

use self::changes::{Rank, Row};
use self::text::{case_name, code, command, value};
use super::{Contents, cases};
use dyno_model::{Case, Conditions, Mark, Metric, Outcome, Run, Verdict, word};
use dyno_wording as wording;
use dyno_wording::{explain, mark, sentence};

mod changes;
mod text;

/// The first line.
pub const MARKER: &str = "<!-- dyno-report -->";

/// GitHub refuses a comment of more than 65,536 characters; there are never more of them than
/// bytes.
pub const BYTES_MAX: usize = 65_536;

/// What the folded part about machine and commands may take of it.
const ABOUT_BYTES_MAX: usize = 16_000;
/// What is kept free for the words around the rows.
const FRAME_BYTES: usize = 1_000;
/// Commands that are shown to see something again.
const COMMANDS_MAX: usize = 10;

/// Writes one comment.
///
/// # Errors
/// If `out` does not take it.
pub fn write(contents: &Contents<'_>, mut out: impl Write) -> io::Result<()> {
    out.write_all(page(contents).as_bytes())
}

fn page(contents: &Contents<'_>) -> String {
    let run = contents.run;
    let comparison = contents.compared.map(|(comparison, _)| comparison);
    let rows = comparison.map_or_else(Vec::new, |comparison| changes::rows(contents, comparison));
    let about = about(contents, &rows);
    let mut page = format!("{MARKER}\n## Dyno\n\n");
    let (open, head, folded) = match comparison {
        Some(comparison) => {
            page += &changes::headline(run, comparison);
            let (open, folded): (Vec<&Row<'_>>, _) =
                rows.iter().partition(|row| row.rank != Rank::Unremarkable);
            let tally = text::tally(folded.iter().filter_map(|row| row.verdict));
            let texts = |rows: &[&Row<'_>]| rows.iter().map(|row| row.text.clone()).collect();
            let head = changes::head(&comparison.columns());
            (texts(&open), head, Some((tally, texts(&folded))))
        }
        None => {
            page += &headline(run);
            let columns = run.columns();
            (results(run, &columns), results_head(&columns), None)
        }
    };
    let room = BYTES_MAX - FRAME_BYTES - about.len();
    if !open.is_empty() {
        page += "\n";
        page += &head;
        append(&mut page, &open, room, "rows");
    }
    if let Some((tally, rows)) = folded.filter(|(_, rows): &(_, Vec<String>)| !rows.is_empty()) {
        page += &format!("\n<details><summary>{tally}</summary>\n\n{head}");
        append(&mut page, &rows, room, "rows");
        page += "\n</details>\n";
    }
    page + &about
}

/// So many of something, `1 case` or `2 cases`.
fn many(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// As many lines as there is room for on the page, and how many were left out.
fn append(page: &mut String, lines: &[String], room: usize, what: &str) {
    let mut rest = lines.iter();
    for line in rest.by_ref() {
        if page.len() + line.len() > room {
            // This one, and those behind it.
            let count = rest.len() + 1;
            page.push_str(&format!("\n_{count} more {what} are left out here._\n"));
            return;
        }
        page.push_str(line);
    }
}

fn headline(run: &Run) -> String {
    let cases: usize = run.plugins.iter().map(|plugin| plugin.cases.len()).sum();
    let status = word(&run.status);
    let failed = match cases::failures(run) {
        0 => String::new(),
        failed => format!(", **{failed} failed**"),
    };
    let (cases, plugins) = (many(cases, "case"), many(run.plugins.len(), "plugin"));
    format!("**{status}**: {cases}, {plugins}{failed}\n")
}

/// The head of the results, with a column for every metric that has one.
fn results_head(columns: &[Metric]) -> String {
    let lines = "---|".repeat(5 + columns.len());
    let columns = text::cells(columns.iter().map(|metric| metric.spec().title.into()));
    format!("| case | time | 95 % interval | CPU |{columns} |\n|{lines}\n")
}

/// The results of a run alone: what failed first, then all cases in their order.
fn results(run: &Run, columns: &[Metric]) -> Vec<String> {
    let failed = changes::failures(run).map(|(plugin, case, outcome)| {
        let name = case.map_or_else(|| code(plugin), |case| case_name(plugin, case));
        let empty = " |".repeat(3 + columns.len());
        format!(
            "| {name} |{empty} **failed**: {} |\n",
            code(&sentence(outcome))
        )
    });
    let others = run.plugins.iter().flat_map(|plugin| {
        let cases = plugin.cases.iter();
        let cases = cases.filter(|case| !cases::failed(&case.outcome));
        cases.map(|case| result(&plugin.label, case, columns))
    });
    failed.chain(others).collect()
}

fn result(plugin: &str, case: &Case, columns: &[Metric]) -> String {
    let median = |metric| {
        let estimate = cases::estimate(case, metric);
        estimate.map_or(String::new(), |estimate| value(metric, estimate.median))
    };
    let wall = cases::estimate(case, Metric::WallTime);
    let interval = wall.map_or(String::new(), |wall| {
        let end = |ns| value(Metric::WallTime, ns);
        format!("{} to {}", end(wall.lower), end(wall.upper))
    });
    let remarks = match &case.outcome {
        outcome @ Outcome::Skipped { .. } => code(&sentence(outcome)),
        _ => case
            .marks
            .iter()
            .map(|m| mark(*m))
            .collect::<Vec<_>>()
            .join(", "),
    };
    let columns = text::cells(columns.iter().map(|metric| median(*metric)));
    format!(
        "| {} | {} | {interval} | {} |{columns} {remarks} |\n",
        case_name(plugin, &case.spec.name),
        median(Metric::WallTime),
        median(Metric::CpuTime),
    )
}

/// The folded part: what ran where, and how to run it again.
fn about(contents: &Contents<'_>, rows: &[Row<'_>]) -> String {
    let run = contents.run;
    let mut lines = Vec::new();
    let base = contents.compared.map(|(_, base)| ("Base", base));
    for (what, run) in [("Run", run)].into_iter().chain(base) {
        lines.push(format!(
            "- {what} {} of {}: dyno {}, {}, {}\n",
            code(&run.id),
            code(&run.started_at),
            code(&run.host_version),
            code(&run.engine),
            command(&run.command.join(" ")),
        ));
    }
    let warnings = run.warnings.iter().map(|warning| code(warning));
    lines.extend(warnings.map(|warning| format!("- Warning: {warning}\n")));
    lines.extend(marks(run).map(|m| format!("- _{}_: {}\n", mark(m), explain(m))));
    if let Some((comparison, _)) = contents.compared {
        lines.extend(conditions(&comparison.conditions));
    }
    lines.push(format!("- Machine {}\n", code(&run.machine.fingerprint)));
    let facts = run.machine.facts.iter();
    lines.extend(facts.map(|(name, fact)| format!("  - {}: {}\n", code(name), code(fact))));
    let commands = rerun_commands(run, rows);
    lines.extend(
        commands
            .iter()
            .map(|rerun_commands| format!("- Again: {}\n", command(rerun_commands))),
    );
    let mut text =
        String::from("\n<details><summary>Machine, commands and how to see it again</summary>\n\n");
    append(&mut text, &lines, ABOUT_BYTES_MAX, "lines");
    text + "\n</details>\n"
}

/// What differs between two stored runs and bears on no result, and what their noise was.
fn conditions(conditions: &Conditions) -> impl Iterator<Item = String> {
    let rest = conditions.differences.iter();
    let rest = rest.filter(|one| one.unsettles.is_empty());
    let rest = rest.map(|one| {
        format!(
            "- Differs, and changes no result: {}\n",
            changes::difference(one)
        )
    });
    let noise = conditions.noise.iter().flat_map(wording::conditions::noise);
    rest.chain(noise.map(|sentence| format!("- Noise of the {sentence}\n")))
}

/// Commands for what failed or regressed, else for every plugin.
fn rerun_commands(run: &Run, rows: &[Row<'_>]) -> Vec<String> {
    let there = |row: &&Row<'_>| row.verdict != Some(Verdict::Gone);
    let regressed = rows
        .iter()
        .filter(|row| row.rank == Rank::Regressed)
        .filter(there);
    let regressed = regressed.map(|row| (row.plugin, row.case));
    let failed = changes::failures(run).map(|(plugin, case, _)| (plugin, case));
    let mut wanted: Vec<(&str, Option<&str>)> = Vec::new();
    for one in regressed.chain(failed) {
        if !wanted.contains(&one) {
            wanted.push(one);
        }
    }
    if wanted.is_empty() {
        let plugins = run.plugins.iter();
        wanted = plugins
            .map(|plugin| (plugin.label.as_str(), None))
            .collect();
    }
    let reproduce = |(name, case): &(&str, Option<&str>)| {
        let plugin = run.plugins.iter().find(|plugin| plugin.label == *name)?;
        Some(wording::reproduce(run, plugin, *case))
    };
    wanted
        .iter()
        .filter_map(reproduce)
        .take(COMMANDS_MAX)
        .collect()
}

/// The marks that occur, each once.
fn marks(run: &Run) -> impl Iterator<Item = Mark> {
    let cases = run.plugins.iter().flat_map(|plugin| &plugin.cases);
    let marks: std::collections::BTreeSet<_> =
        cases.flat_map(|case| &case.marks).copied().collect();
    marks.into_iter()
}

#[cfg(test)]
mod tests;
