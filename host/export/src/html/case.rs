//! Everything that is known of one case, folded away until it is asked for.

use maud::{Markup, html};

use super::samples::Samples;
use super::view::{Entry, Page};
use super::words::{self, Guest};
use super::{change, count, history, link, process_table, run_order};
use dyno_model::{Comparison, Drawn, Metric, Process, hex};
use dyno_wording as wording;
use dyno_wording::duration;

/// Of a case's output, this much is shown.
const OUTPUT_BYTES_MAX: usize = 8 << 10;

/// All cases.
pub(super) fn section(page: &Page<'_>) -> Markup {
    html! {
        section #details aria-labelledby="details-title" {
            h2 #details-title { "Details" }
            div.controls hidden {
                button type="button" #open { "Open all" }
                button type="button" #close { "Close all" }
            }
            @for entry in &page.entries { (details(entry, page.compared.map(|(comparison, _)| comparison))) }
        }
    }
}

fn details(entry: &Entry<'_>, comparison: Option<&Comparison>) -> Markup {
    html! {
        details.case {
            summary {
                h3 { (Guest(&entry.case.spec.name)) " " (link::plugin(entry)) }
                (head(entry))
            }
            // The anchor stands inside, since a browser opens what contains the target of a link.
            div.body id=(entry.anchor) {
                (about(entry))
                @if !entry.case.outcome.is_ok() { p.alert { b { "✕ " } (Guest(&wording::sentence(&entry.case.outcome))) } }
                (words::marks(&entry.case.marks))
                @if let Some(comparison) = comparison { (change::section(entry, comparison)) }
                (estimates(entry))
                (sampled(entry))
                div.charts {
                    @if let Some(counted) = &entry.case.count { (count::section(counted)) }
                    (history::section(&entry.histories))
                }
                (output(entry))
                p.again { "Run it again " code { (wording::reproduce(entry.run, entry.plugin, Some(&entry.case.spec.name))) } }
            }
        }
    }
}

/// What can be read without opening.
fn head(entry: &Entry<'_>) -> Markup {
    let change = entry.compared.and_then(|compared| compared.decisive());
    html! {
        span.glance {
            @if !entry.case.outcome.is_ok() { span.failed { "✕ not measured" } }
            @if let Some((time, which)) = entry.headline() {
                span { (duration(time.median)) @if let Some(which) = which { " " (which) } }
            }
            @if let Some(change) = change { b { (words::change(change.ratio)) } }
            @if let Some(verdict) = entry.verdict() { (words::badge(verdict)) }
        }
    }
}

fn about(entry: &Entry<'_>) -> Markup {
    let spec = &entry.case.spec;
    html! {
        @if !spec.description.is_empty() { p.lead { (Guest(&spec.description)) } }
        @if spec.group.is_some() || !spec.params.is_empty() || entry.case.checksum.is_some() {
            dl.facts {
                @if let Some(group) = &spec.group { dt { "group" } dd { (Guest(group)) } }
                @for (name, value) in &spec.params { dt { (Guest(name)) } dd { (Guest(value)) } }
                @if let Some(checksum) = entry.case.checksum { dt { "checksum" } dd { (hex::text(checksum)) } }
            }
        }
    }
}

/// The chart of the samples, and what the script needs to draw each of them.
fn sampled(entry: &Entry<'_>) -> Markup {
    let failed: Vec<&Process> = entry
        .case
        .processes
        .iter()
        .filter(|process| !process.outcome.is_ok())
        .collect();
    let Some(samples) = Samples::of(entry) else {
        return html! {};
    };
    let (packed, beyond) = samples.packed();
    let axis = samples.axis;
    html! {
        div.samples data-samples=(packed) data-beyond=[(!beyond.is_empty()).then_some(beyond)] data-axis={ (axis.lower) " " (axis.upper) } {
            (run_order::chart(&samples))
        }
        (process_table::table(&samples, &failed))
    }
}

/// The estimates over processes.
fn estimates(entry: &Entry<'_>) -> Markup {
    let wall = entry.estimate(Metric::WallTime);
    // What was counted stands in its own charts.
    let others = Metric::all()
        .filter(|metric| *metric != Metric::WallTime && metric.spec().drawn == Drawn::Sampled)
        .filter_map(|metric| Some((metric, entry.estimate(metric)?)));
    html! {
        dl.facts.estimates {
            @if let Some(wall) = wall {
                @let value = |value| words::value(Metric::WallTime, value);
                dt { (Metric::WallTime.spec().title) }
                dd { b { (value(wall.median)) } small {
                    @if let Some(interval) = words::interval(Metric::WallTime, wall) { " " (interval) }
                    ", sd " (value(wall.sd))
                } }
            }
            @for (metric, estimate) in others {
                dt { (metric.spec().title) }
                dd { (words::value(metric, estimate.median)) @if metric == Metric::CpuTime && let Some(interval) = words::interval(metric, estimate) { small { " " (interval) } } }
            }
        }
    }
}

fn output(entry: &Entry<'_>) -> Markup {
    html! {
        @if let Some(output) = entry.case.output.as_deref().filter(|output| !output.is_empty()) {
            details.more {
                summary { "Output" small { " what the case wrote in the count pass" } }
                (words::block(output, OUTPUT_BYTES_MAX))
            }
        }
    }
}
