//! Under what conditions it was measured: all that is needed to judge a number, or to measure it
//! again.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::view::Page;
use super::words::{self, Guest};
use dyno_model::{CacheUse, Comparison, Estimate, LimitKind, Plugin, Run, hex, quantity, word};
use dyno_wording as wording;
use dyno_wording::{amount, bytes, duration};

/// Of both runs, if there are two.
pub(super) fn section(page: &Page<'_>) -> Markup {
    let runs: Vec<(&str, &Run)> = match page.compared {
        Some((_, base)) => vec![("candidate", page.run), ("base", base)],
        None => vec![("value", page.run)],
    };
    html! {
        section #conditions aria-labelledby="conditions-title" {
            h2 #conditions-title { "Conditions" }
            @if let Some((comparison, _)) = page.compared { (differing(comparison)) }
            (facts("Run", &runs, provenance))
            (facts("Machine", &runs, |run| {
                let facts = run.machine.facts.iter().map(|(name, fact)| (words::shown(name), fact.clone()));
                [("class".into(), run.machine.fingerprint.clone())].into_iter().chain(facts).collect()
            }))
            (facts("Settings", &runs, |run| run.settings.iter().map(|(name, value)| (words::shown(name), setting(name, *value))).collect()))
            (limits(&runs))
            @for (side, run) in &runs { (plugins(run, (runs.len() > 1).then_some(side))) }
        }
    }
}

/// What differs between two stored runs, and what their noise was.
fn differing(comparison: &Comparison) -> Markup {
    let conditions = &comparison.conditions;
    let words = wording::conditions::noise;
    html! {
        @if !conditions.differences.is_empty() {
            details.more open {
                summary { "What differs besides the code" small { " " (conditions.differences.len()) } }
                div.scroll role="region" aria-label="What differs besides the code" tabindex="0" {
                    table.facts {
                        thead { tr {
                            th scope="col" { "condition" }
                            th.text scope="col" { "base" }
                            th.text scope="col" { "candidate" }
                            th.text scope="col" { "may change by itself" }
                        } }
                        tbody { @for one in &conditions.differences {
                            @let [base, candidate] = wording::conditions::values(one);
                            tr {
                                th scope="row" { (Guest(&wording::conditions::name(one))) }
                                td.text { (Guest(base)) }
                                td.text { (Guest(candidate)) }
                                td.text { (wording::conditions::unsettles(one).unwrap_or_else(|| "nothing".into())) }
                            }
                        } }
                    }
                }
            }
        }
        @for sentence in conditions.noise.iter().flat_map(words) { p.note { "Noise of the " (sentence) "." } }
    }
}

type Facts = Vec<(String, String)>;

fn provenance(run: &Run) -> Facts {
    let words = |list: &[String]| {
        if list.is_empty() {
            "none".into()
        } else {
            list.join(" ")
        }
    };
    let empty = run
        .empty_batch_ns
        .map_or_else(|| "not measured".into(), duration);
    [
        ("id", run.id.clone()),
        ("command", run.command.join(" ")),
        ("status", word(&run.status).into()),
        ("started", run.started_at.clone()),
        ("finished", run.finished_at.clone()),
        ("Dyno", run.host_version.clone()),
        ("engine", run.engine.clone()),
        ("seed of the guests", hex::text(run.seed)),
        ("seed of the order", hex::text(run.order_seed)),
        ("empty batch", empty),
        ("confinement", words(&run.confinement)),
        ("grants", words(&run.grants)),
        ("warnings", words(&run.warnings)),
    ]
    .map(|(name, value)| (name.into(), value))
    .into()
}

/// A table of names and values, with a column for each run; names that only one of them has are
/// there too.
fn facts(title: &str, runs: &[(&str, &Run)], of: impl Fn(&Run) -> Facts) -> Markup {
    let columns: Vec<Facts> = runs.iter().map(|(_, run)| of(run)).collect();
    let mut names: Vec<&String> = Vec::new();
    for (name, _) in columns.iter().flatten() {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let values: Vec<BTreeMap<&String, &String>> = columns
        .iter()
        .map(|facts| facts.iter().map(|(name, value)| (name, value)).collect())
        .collect();
    html! {
        @if !names.is_empty() {
            details.more open[title == "Run"] {
                summary { (title) }
                div.scroll role="region" aria-label=(title) tabindex="0" {
                    table.facts {
                        thead { tr { th scope="col" { "name" } @for (side, _) in runs { th.text scope="col" { (side) } } } }
                        tbody { @for name in names { tr {
                            th scope="row" { (Guest(name)) }
                            @for column in &values {
                                td.text { @if let Some(value) = column.get(name) { (Guest(value)) } @else { "–" } }
                            }
                        } } }
                    }
                }
            }
        }
    }
}

fn setting(name: &str, value: u64) -> String {
    match name {
        _ if name.ends_with("_ns") => duration(value as f64),
        _ if name.ends_with("_bytes") => bytes(value as f64),
        _ => amount(value as f64),
    }
}

fn limits(runs: &[(&str, &Run)]) -> Markup {
    let mut kinds: Vec<LimitKind> = runs
        .iter()
        .flat_map(|(_, run)| run.limits.keys().copied())
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    html! {
        @if !kinds.is_empty() {
            details.more {
                summary { "Limits" }
                div.scroll role="region" aria-label="Limits" tabindex="0" {
                    table.facts {
                        thead { tr {
                            th scope="col" { "limit" }
                            @for (side, _) in runs { th.text scope="col" { (side) } }
                            th.text scope="col" { "what it caps" }
                        } }
                        tbody { @for kind in kinds {
                            @let spec = kind.spec();
                            tr {
                                th scope="row" { (spec.name) }
                                @for (_, run) in runs {
                                    td.text { @match run.limits.get(&kind) { Some(value) => (quantity::show(*value, spec.unit)), None => "–" } }
                                }
                                td.text { (spec.about) }
                            }
                        } }
                    }
                }
            }
        }
    }
}

fn plugins(run: &Run, side: Option<&&str>) -> Markup {
    let heads = [
        "plugin",
        "source",
        "kind",
        "outcome",
        "size",
        "code",
        "compiled",
        "compile",
        "load",
        "instantiate",
        "digest",
        "inputs",
    ];
    let title = match side {
        Some(side) => format!("Plugins of the {side}"),
        None => "Plugins".into(),
    };
    html! {
        details.more {
            summary { (title) small { " " (run.plugins.len()) } }
            div.scroll role="region" aria-label=(title) tabindex="0" {
                table {
                    thead { tr { @for head in heads { th scope="col" { (head) } } } }
                    tbody { @for plugin in &run.plugins { (plugin_row(plugin)) } }
                }
            }
        }
    }
}

fn plugin_row(plugin: &Plugin) -> Markup {
    let kind = plugin.kind.map_or("–", |kind| word(&kind));
    let compile = plugin.compile.as_ref();
    let compiled = compile.map(|compile| match compile.cache {
        CacheUse::Hit => "from the cache".into(),
        CacheUse::Miss => duration(compile.duration_ns as f64),
        CacheUse::Off => format!("{}, not kept", duration(compile.duration_ns as f64)),
    });
    let size = |value: Option<u64>| value.map(|value| bytes(value as f64));
    let time = |estimate: &Option<Estimate>| estimate.map(|estimate| duration(estimate.median));
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "–".into());
    html! {
        tr {
            th scope="row" { (Guest(&plugin.label)) }
            td.text { (Guest(&plugin.source)) }
            td.text { (kind) }
            td.text { (Guest(&wording::sentence(&plugin.outcome))) }
            td { (or_dash(size(plugin.component_bytes))) }
            td { (or_dash(size(compile.map(|compile| compile.code_bytes)))) }
            td { (or_dash(compiled)) }
            td { (or_dash(time(&compile.and_then(|compile| compile.compile_ns)))) }
            td { (or_dash(time(&plugin.load_ns))) }
            td { (or_dash(time(&plugin.instantiate_ns))) }
            td.text { code { (words::shown(plugin.digest.as_deref().unwrap_or("–"))) } }
            td.text { code { (words::shown(plugin.inputs.as_deref().unwrap_or("–"))) } }
        }
    }
}
