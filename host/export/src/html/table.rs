//! All cases, one row each. It is complete as it stands; the script makes its heads sort and its
//! rows filter.

use maud::{Markup, html};

use super::forest;
use super::link::link;
use super::summary::is_failure;
use super::view::{Entry, Page};
use super::words::{self, Guest};
use dyno_model::{Change, Metric, Outcome, Throughput, word};
use dyno_wording as wording;
use dyno_wording::{duration, rate};

/// The table with its controls.
pub(super) fn section(page: &Page<'_>) -> Markup {
    let columns = Columns::of(page);
    html! {
        section #cases aria-labelledby="cases-title" {
            h2 #cases-title { "Cases" }
            div.controls hidden {
                label { span { "Filter" } input #filter type="search" placeholder="name, plugin, mark …" autocomplete="off"; }
                button type="button" #everything { "Show all" }
                output #shown aria-live="polite" {}
            }
            div.scroll role="region" aria-labelledby="cases-title" tabindex="0" {
                table.cases {
                    thead { tr { @for (head, class) in columns.heads() { th scope="col" class=[class] { (head) } } } }
                    tbody { @for entry in &page.entries { (row(entry, &columns)) } }
                }
            }
        }
    }
}

/// The metrics that have a column.
struct Columns {
    /// Of those that were compared, if anything was.
    changes: Option<Vec<Metric>>,
    /// Besides the time.
    results: Vec<Metric>,
}

impl Columns {
    fn of(page: &Page<'_>) -> Self {
        let changes = page.compared.map(|(comparison, _)| {
            let times = [Metric::WallTime, Metric::CpuTime].into_iter();
            times.chain(comparison.columns()).collect()
        });
        Self {
            changes,
            results: page.run.columns(),
        }
    }

    /// Names of columns, and the class of those that hold words.
    fn heads(&self) -> Vec<(String, Option<&'static str>)> {
        let mut heads = vec![("case".to_owned(), None)];
        if let Some(changes) = &self.changes {
            heads.push(("verdict".to_owned(), Some("word")));
            let change = |metric: &Metric| (format!("{} change", metric.spec().title), None);
            heads.extend(changes.iter().map(change));
            heads.push(("what it means".to_owned(), Some("text")));
        }
        let results = self.results.iter().map(|metric| metric.spec().title);
        let numbers = ["time"].into_iter().chain(results);
        let numbers = numbers.chain(["throughput", "samples"]);
        heads.extend(numbers.map(|head| (head.to_owned(), None)));
        heads.push(("marks".to_owned(), Some("text")));
        heads
    }
}

/// What the chips of the summary show: the verdict, or how the case ended and whether it is marked.
fn kinds(entry: &Entry<'_>) -> String {
    let ended = match &entry.case.outcome {
        outcome if is_failure(outcome) => "failed",
        Outcome::Skipped { .. } => "skipped",
        _ if entry.case.marks.is_empty() => "ok",
        _ => "ok marked",
    };
    match entry.verdict() {
        Some(verdict) => format!("{} {ended}", word(&verdict)),
        None => ended.into(),
    }
}

fn row(entry: &Entry<'_>, columns: &Columns) -> Markup {
    html! {
        tr data-kind=(kinds(entry)) {
            th scope="row" { (link(entry)) }
            @if let Some(changes) = &columns.changes { (compared(entry, changes)) }
            (time(entry))
            @for metric in &columns.results { (plain(entry, *metric)) }
            (throughput(entry))
            (samples(entry))
            (marks(entry))
        }
    }
}

fn compared(entry: &Entry<'_>, changes: &[Metric]) -> Markup {
    let Some(compared) = entry.compared else {
        let cells = 2 + changes.len();
        return html! { @for _ in 0..cells { td { "–" } } };
    };
    let order = words::VERDICTS
        .iter()
        .position(|verdict| *verdict == compared.verdict);
    html! {
        td.word data-v=[order] {
            (words::badge(compared.verdict))
            @if let Some(severity) = compared.severity { small { (word(&severity)) } }
        }
        @for metric in changes { (change(compared.change(*metric))) }
        td.text { (wording::verdicts::diagnosis(compared).unwrap_or("–")) }
    }
}

fn change(change: Option<&Change>) -> Markup {
    let Some(change) = change else {
        return html! { td { "–" } };
    };
    html! {
        td data-v=(key(change.ratio)) class=(word(&change.verdict)) {
            (words::change(change.ratio))
            @if change.pairs > 0 { small { (forest::interval(change)) } }
        }
    }
}

fn time(entry: &Entry<'_>) -> Markup {
    let Some((estimate, which)) = entry.headline() else {
        return html! { td { "–" } };
    };
    html! {
        td data-v=(key(estimate.median)) {
            (duration(estimate.median)) @if let Some(which) = which { " " (which) }
            @if let Some(interval) = words::interval(Metric::WallTime, estimate) { small { (interval) } }
        }
    }
}

fn plain(entry: &Entry<'_>, metric: Metric) -> Markup {
    match entry.estimate(metric) {
        Some(estimate) => {
            html! { td data-v=(key(estimate.median)) { (words::value(metric, estimate.median)) } }
        }
        None => html! { td { "–" } },
    }
}

fn throughput(entry: &Entry<'_>) -> Markup {
    let (work, is_bytes) = match entry.case.work() {
        Some(Throughput::Bytes(bytes)) => (bytes, true),
        Some(Throughput::Elements(elements)) => (elements, false),
        None => return html! { td { "–" } },
    };
    match entry.headline().filter(|(time, _)| time.median > 0.0) {
        Some((time, _)) => {
            let per_second = work as f64 * 1e9 / time.median;
            html! { td data-v=(key(per_second)) { (rate(per_second, is_bytes)) } }
        }
        None => html! { td { "–" } },
    }
}

fn samples(entry: &Entry<'_>) -> Markup {
    let processes = &entry.case.processes;
    let count: usize = processes.iter().map(|process| process.samples.len()).sum();
    html! {
        td { (count) small { " in " (processes.len()) } }
    }
}

fn marks(entry: &Entry<'_>) -> Markup {
    let outcome = &entry.case.outcome;
    html! {
        td {
            @if !outcome.is_ok() { span.failed { "✕ " (Guest(&wording::sentence(outcome))) } " " }
            (words::marks(&entry.case.marks))
        }
    }
}

/// A number to sort by, with the digits that matter.
fn key(value: f64) -> String {
    format!("{value:.3e}")
}
