//! A run for `benchmark-action/github-action-benchmark` with `tool: customSmallerIsBetter`: an
//! array of `name`, `unit`, `value`, `range` and `extra`.
//!
//! A case has entries for wall time, fuel and its memory's peak. The action can say of no entry
//! that it failed, so the first one is the number of failures: it raises an alert when it grows.

use std::io::{self, Write};

use serde::Serialize;

use super::cases::{self, NamedCase};
use super::{Contents, safe_json};
use dyno_model::quoted::marked;
use dyno_model::{Better, Estimate, IntervalMethod, Metric, Run, Unit};
use dyno_wording as wording;

#[derive(Serialize)]
struct Entry {
    name: String,
    unit: String,
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<String>,
    extra: String,
}

/// Writes one array.
///
/// # Errors
/// If `out` does not take it.
pub fn write(contents: &Contents<'_>, mut out: impl Write) -> io::Result<()> {
    let run = contents.run;
    let named = cases::named(run);
    let measured = named.iter().filter(|named| named.case.outcome.is_ok());
    let mut entries = vec![failures(run, &named)];
    for named in measured {
        // The action takes what grew for worse, of every entry.
        let smaller_is_better = |metric: &Metric| metric.spec().better == Better::Less;
        for metric in [Metric::WallTime]
            .into_iter()
            .chain(Metric::columns())
            .filter(smaller_is_better)
        {
            if let Some(estimate) = cases::estimate(named.case, metric) {
                entries.push(entry(run, named, metric, estimate));
            }
        }
    }
    safe_json::write(&entries, &mut out)?;
    out.write_all(b"\n")
}

fn failures(run: &Run, named: &[NamedCase<'_>]) -> Entry {
    let plugins = cases::plugins(run).into_iter();
    let refused = plugins.filter(|(plugin, _)| cases::failed(&plugin.outcome));
    let failed = named.iter().filter(|n| cases::failed(&n.case.outcome));
    let names: Vec<String> = refused
        .map(|(_, name)| plain(&name))
        .chain(failed.map(|named| plain(&named.name)))
        .collect();
    Entry {
        name: "failed cases and plugins".into(),
        unit: "failures".into(),
        value: names.len() as f64,
        range: None,
        extra: names.join("\n"),
    }
}

fn entry(run: &Run, named: &NamedCase<'_>, metric: Metric, estimate: &Estimate) -> Entry {
    let spec = metric.spec();
    let unit = match spec.unit {
        Unit::Nanoseconds | Unit::Count(_) => format!("{}/iter", spec.unit.name()),
        unit => unit.name().to_owned(),
    };
    let half = (estimate.upper - estimate.median).max(estimate.median - estimate.lower);
    let counted = estimate.interval == IntervalMethod::Exact;
    Entry {
        name: format!("{} {}", plain(&named.name), spec.title),
        unit,
        value: estimate.median,
        range: (!counted).then(|| format!("± {}", wording::value(spec.unit, half))),
        extra: format!(
            "median of {}, run {}, machine {}, {}",
            estimate.n, run.id, run.machine.fingerprint, run.engine
        ),
    }
}

/// A name as the action may put it between backticks into a table of a comment.
fn plain(name: &str) -> String {
    let plain = name.replace('`', "'").replace('|', "¦");
    match plain == name {
        true => plain,
        false => marked(name, &plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dyno_fixture as fixture;
    use serde_json::Value;

    fn exported(run: &Run) -> Vec<Value> {
        let mut out = Vec::new();
        write(&run.into(), &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn each_entry_is_what_the_action_reads() {
        let run = fixture::full();
        let entries = exported(&run);
        let names: std::collections::HashSet<_> = entries
            .iter()
            .map(|entry| entry["name"].as_str().unwrap())
            .collect();
        assert_eq!(
            names.len(),
            entries.len(),
            "the action finds entries by name"
        );
        for entry in &entries {
            assert!(entry["value"].is_number() && entry["unit"].is_string());
            assert!(entry["range"].is_string() || entry.get("range").is_none());
            assert!(entry["extra"].is_string());
        }
        let case = &run.plugins[0].cases[0];
        let wall = cases::estimate(case, Metric::WallTime).unwrap();
        assert_eq!(entries[1]["value"], wall.median);
        assert_eq!(entries[1]["unit"], "ns/iter");
    }

    #[test]
    fn failures_are_counted_and_named() {
        let run = fixture::full();
        let first = &exported(&run)[0];
        assert_eq!(first["value"], cases::failures(&run) as f64);
        let named = first["extra"].as_str().unwrap();
        assert!(
            named.contains("=cmd()") && named.contains("case 3"),
            "{named}"
        );
    }

    #[test]
    fn a_name_cannot_leave_the_cell_of_a_comment() {
        let mut run = fixture::full();
        run.plugins[0].cases[0].spec.name = "`|@user\n| x |".into();
        let name = exported(&run)[1]["name"].as_str().unwrap().to_owned();
        assert!(!name.contains(['`', '|', '\n']), "{name}");
    }
}
