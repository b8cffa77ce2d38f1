//! The head of the page: what was run, how it ended, and what is different, the largest first.

use jiff::Timestamp;
use maud::{Markup, html};

use super::forest::{self, Row};
use super::link::link;
use super::side_by_side;
use super::view::{Entry, Page};
use super::words::{self, Guest, counted};
use dyno_model::{Change, Comparison, Metric, Outcome, Pairing, RunStatus, Verdict, word};
use dyno_wording as wording;

/// Rows of the chart and of the list of failures; the table below has all.
const CHANGES_SHOWN: usize = 30;
const FAILURES_SHOWN: usize = 12;

/// Plugins that a title names.
const NAMES_MAX: usize = 3;

/// The title of the document.
pub(super) fn title(page: &Page<'_>) -> String {
    match page.compared {
        Some((comparison, _)) => format!(
            "{} against {}",
            words::shown(&comparison.candidate.name),
            words::shown(&comparison.base.name)
        ),
        None => {
            let (names, more) = names(page);
            let names: Vec<String> = names.iter().map(|name| words::shown(name)).collect();
            format!("{}{}", names.join(", "), more.unwrap_or_default())
        }
    }
}

fn names<'a>(page: &Page<'a>) -> (Vec<&'a str>, Option<String>) {
    let plugins = &page.run.plugins;
    let names = plugins
        .iter()
        .take(NAMES_MAX)
        .map(|plugin| plugin.label.as_str())
        .collect();
    let more = plugins.len().saturating_sub(NAMES_MAX);
    (names, (more > 0).then(|| format!(" and {more} more")))
}

/// The banner of the page.
pub(super) fn header(page: &Page<'_>) -> Markup {
    let run = page.run;
    html! {
        header {
            p.brand { "Dyno " span { @if page.compared.is_some() { "comparison" } @else { "benchmark report" } } }
            h1 { (heading(page)) }
            dl.facts {
                div { dt { "measured" } dd { (when(&run.started_at)) @if let Some(took) = took(page) { ", took " (took) } } }
                div { dt { "cases" } dd { (extent(page)) } }
                div { dt { "engine" } dd { (words::shown(&run.engine)) } }
                @if let Some((comparison, _)) = page.compared { div { dt { "compared" } dd { (wording::conditions::pairing(comparison)) } } }
                div { dt { "machine" } dd { (machine(page)) } }
            }
            nav aria-label="Sections" {
                a href="#summary" { "Summary" }
                a href="#cases" { "Cases" }
                a href="#details" { "Details" }
                a href="#conditions" { "Conditions" }
                a href="#words" { "Words" }
            }
        }
    }
}

fn heading(page: &Page<'_>) -> Markup {
    let Some((comparison, _)) = page.compared else {
        let (names, more) = names(page);
        return html! {
            @for (i, name) in names.iter().enumerate() { @if i > 0 { ", " } (Guest(name)) }
            @if let Some(more) = more { (more) }
        };
    };
    html! { (Guest(&comparison.candidate.name)) " " span.against { "against" } " " (Guest(&comparison.base.name)) }
}

fn when(instant: &str) -> Markup {
    match instant.parse::<Timestamp>() {
        Ok(time) => html! { time datetime=(time) { (time.strftime("%-d %B %Y, %H:%M UTC")) } },
        Err(_) => html! { (words::shown(instant)) },
    }
}

fn took(page: &Page<'_>) -> Option<String> {
    let [from, to] =
        [&page.run.started_at, &page.run.finished_at].map(|text| text.parse::<Timestamp>());
    let seconds = to.ok()?.duration_since(from.ok()?).as_secs();
    let (minutes, rest) = (seconds / 60, seconds % 60);
    Some(if minutes == 0 {
        format!("{rest} s")
    } else {
        format!("{minutes} min {rest} s")
    })
}

fn extent(page: &Page<'_>) -> String {
    let processes = page.entries.iter().flat_map(|entry| {
        entry
            .case
            .processes
            .iter()
            .chain(entry.base.iter().flat_map(|base| &base.processes))
    });
    let (count, samples) = processes.fold((0, 0), |(n, sum), process| {
        (n + 1, sum + process.samples.len())
    });
    format!(
        "{}, {}, {}",
        counted(page.entries.len(), "case", "cases"),
        counted(count, "process", "processes"),
        counted(samples, "sample", "samples"),
    )
}

fn machine(page: &Page<'_>) -> Markup {
    let machine = &page.run.machine;
    html! {
        @match machine.facts.get("cpu") {
            Some(cpu) => (Guest(cpu)),
            None => code { (words::shown(&machine.fingerprint)) }
        }
        @if let Some(cores) = machine.facts.get("cores") { ", " (words::shown(cores)) " cores" }
    }
}

/// What matters most.
pub(super) fn summary(page: &Page<'_>) -> Markup {
    html! {
        section #summary aria-label="Summary" {
            @if page.run.status == RunStatus::Interrupted {
                p.alert { b { "Interrupted. " } "The run was ended before its time; this is what was finished." }
            }
            @match page.compared {
                Some((comparison, _)) => (compared(page, comparison)),
                None => { (counts(page)) (failures(page)) (side_by_side::charts(page)) }
            }
            @for warning in &page.run.warnings { p.alert { b { "Warning: " } (Guest(warning)) } }
        }
    }
}

fn compared(page: &Page<'_>, comparison: &Comparison) -> Markup {
    html! {
        div.outcome {
            @if let Some(outcome) = comparison.gate() {
                @let (word, class) = words::gate(outcome);
                p class={ "gate " (class) } { "Gate " b { (word) } }
                p.note { "Thresholds: " (Guest(&wording::thresholds(&comparison.rules, &comparison.exceptions))) "." }
            }
            ul.chips {
                @for verdict in words::VERDICTS {
                    @let count = page.count(verdict);
                    @if count > 0 {
                        li { a class={ "chip " (word(&verdict)) } href="#cases" data-show=(word(&verdict)) {
                            b { (count) } " " (words::sign(verdict)) " " (word(&verdict))
                        } }
                    }
                }
            }
        }
        (failures(page))
        (changes(page, comparison))
        @if comparison.pairing == Pairing::Stored {
            p.alert { b { "Stored runs. " } "The two were not measured side by side: what the machine did between them is part of every change." }
            (differing(comparison))
        }
    }
}

/// What differs and may have changed a result by itself, with where the rest is.
fn differing(comparison: &Comparison) -> Markup {
    let differences = comparison.conditions.differences.iter();
    let weighty = differences.filter(|one| !one.unsettles.is_empty());
    let names: Vec<String> = weighty.map(wording::conditions::name).collect();
    html! {
        @if !names.is_empty() {
            p.alert {
                b { "Other conditions. " } "The two also differ in " (Guest(&names.join(", "))) ": what that may have changed is not put down to the code. "
                a href="#conditions" { "All that differs" }
            }
        }
    }
}

/// The forest plot: real changes by size, then what is unsure, then the rest.
fn changes(page: &Page<'_>, comparison: &Comparison) -> Markup {
    let mut found: Vec<(&Entry<'_>, &Change, Verdict)> = page
        .entries
        .iter()
        .filter_map(|entry| {
            let compared = entry.compared?;
            let change = compared
                .decisive()
                .or_else(|| compared.change(Metric::WallTime))?;
            Some((entry, change, compared.verdict))
        })
        .collect();
    let size = |change: &Change| change.ratio.max(f64::MIN_POSITIVE).ln().abs();
    found.sort_by(|(_, a, of_a), (_, b, of_b)| {
        rank(*of_a)
            .cmp(&rank(*of_b))
            .then(size(b).total_cmp(&size(a)))
    });
    let rows: Vec<Row<'_>> = found
        .iter()
        .take(CHANGES_SHOWN)
        .map(|(entry, change, verdict)| Row {
            name: link(entry),
            change,
            verdict: *verdict,
        })
        .collect();
    html! {
        @if !rows.is_empty() {
            figure.panel {
                @if comparison.rules.counts_only {
                    figcaption { "Change of what is counted" small { " largest first; fuel, or memory where that alone changed" } }
                } @else {
                    figcaption { "Change in time" small { " largest first; wall time, or CPU time where that alone resolves" } }
                }
                (forest::chart(&rows, &comparison.rules, "Cases by their change in time, largest first"))
                (forest::legend(&comparison.rules))
                @if found.len() > rows.len() {
                    p.note { a href="#cases" { "The table" } " has the other " (found.len() - rows.len()) "." }
                }
            }
        }
    }
}

fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Regressed | Verdict::Improved => 0,
        Verdict::Unsure => 1,
        _ => 2,
    }
}

fn counts(page: &Page<'_>) -> Markup {
    let has = |wanted: &dyn Fn(&Entry<'_>) -> bool| {
        page.entries.iter().filter(|entry| wanted(entry)).count()
    };
    let failed = has(&|entry| is_failure(&entry.case.outcome));
    let skipped = has(&|entry| matches!(entry.case.outcome, Outcome::Skipped { .. }));
    let ok = has(&|entry| entry.case.outcome.is_ok());
    let marked = has(&|entry| entry.case.outcome.is_ok() && !entry.case.marks.is_empty());
    let chips = [
        (failed, "failed", "✕", "regressed"),
        (skipped, "skipped", "–", "unsure"),
        (marked, "marked", "!", "unsure"),
        (ok, "ok", "✓", "improved"),
    ];
    html! {
        div.outcome { ul.chips {
            @for (count, word, sign, class) in chips {
                @if count > 0 {
                    li { a class={ "chip " (class) } href="#cases" data-show=(word) { b { (count) } " " (sign) " " (word) } }
                }
            }
        } }
    }
}

/// Whether it went wrong: what was never run did not.
pub(super) fn is_failure(outcome: &Outcome) -> bool {
    !matches!(outcome, Outcome::Ok | Outcome::Skipped { .. })
}

fn failures(page: &Page<'_>) -> Markup {
    let plugins = page
        .run
        .plugins
        .iter()
        .filter(|plugin| !plugin.outcome.is_ok());
    let cases: Vec<&Entry<'_>> = page
        .entries
        .iter()
        .filter(|entry| is_failure(&entry.case.outcome))
        .collect();
    let plugins: Vec<_> = plugins.collect();
    html! {
        @if !plugins.is_empty() || !cases.is_empty() {
            div.panel.failures {
                h2 { "What failed" }
                ul {
                    @for plugin in plugins.iter().take(FAILURES_SHOWN) {
                        li { b { (Guest(&plugin.label)) } ": " (Guest(&wording::sentence(&plugin.outcome))) }
                    }
                    @for entry in cases.iter().take(FAILURES_SHOWN) {
                        li { (link(entry)) ": " (Guest(&wording::sentence(&entry.case.outcome))) }
                    }
                }
                @let more = plugins.len().saturating_sub(FAILURES_SHOWN) + cases.len().saturating_sub(FAILURES_SHOWN);
                @if more > 0 { p.note { "and " (more) " more: see the table and the plugins below." } }
            }
        }
    }
}
