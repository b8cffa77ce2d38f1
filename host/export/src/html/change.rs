//! What became of one case: the words of the verdict, every metric that was compared, and what the
//! gate said.

use maud::{Markup, html};

use super::forest::{self, Row};
use super::view::Entry;
use super::words::{self, Guest};
use dyno_model::{CaseComparison, Change, Comparison, word};
use dyno_wording as wording;

/// The comparison of one case.
pub(super) fn section(entry: &Entry<'_>, comparison: &Comparison) -> Markup {
    let Some(compared) = entry.compared else {
        return html! {};
    };
    let rows: Vec<Row<'_>> = compared
        .changes
        .iter()
        .map(|change| Row {
            name: html! { (change.metric.spec().title) " " small { (values(change)) } },
            change,
            verdict: change.verdict,
        })
        .collect();
    html! {
        div.change {
            p.lead { (sentence(compared)) }
            @if !rows.is_empty() { (forest::chart(&rows, &comparison.rules, "Changes by metric")) }
            @if let Some(gate) = &compared.gate {
                @let (word, class) = words::gate(gate.outcome);
                p { "Gate " b class=(class) { (word) } ": " (words::shown(&gate.reason)) }
                @if let Some(change) = &gate.confirmation {
                    p { "Fresh blocks: " b { (words::change(change.ratio)) } " ("
                        (forest::interval(change)) ", " (words::counted(change.pairs as usize, "block", "blocks")) ")." }
                }
            }
            @for note in &compared.notes { p.note { (Guest(note)) } }
        }
    }
}

/// The verdict, its severity, what it is about, and what time and fuel say together.
fn sentence(compared: &CaseComparison) -> Markup {
    html! {
        (words::badge(compared.verdict))
        @if let Some(severity) = compared.severity { " " (word(&severity)) }
        @if let Some(metric) = compared.decided_by { ", by " (metric.spec().title) }
        @if let Some(diagnosis) = wording::verdicts::diagnosis(compared) { "; " (diagnosis) }
        "."
    }
}

fn values(change: &Change) -> String {
    let value = |value| words::value(change.metric, value);
    format!("{} → {}", value(change.base), value(change.candidate))
}
