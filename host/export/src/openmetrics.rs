//! A run as OpenMetrics text 1.0, for a node exporter's text files or a push gateway: gauges with
//! the labels `plugin`, `case`, `digest`, `machine` and `run`.
//!
//! A metric has its median under its own name, and the ends of its interval under `_lower` and
//! `_upper` unless it was counted; times are seconds. `dyno_case_ok` and `dyno_plugin_ok` are 1 or
//! 0; what is not ok has no other value.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Contents;
use super::cases::{self, NamedCase};
use dyno_model::{Estimate, IntervalMethod, Metric, Plugin, Run, Unit};
use dyno_wording::escape;

type Pick = fn(&Estimate) -> f64;

const PARTS: [(&str, &str, Pick); 3] = [
    ("", "median", |estimate| estimate.median),
    ("_lower", "lower end of the 95 % interval", |estimate| {
        estimate.lower
    }),
    ("_upper", "upper end of the 95 % interval", |estimate| {
        estimate.upper
    }),
];

/// Writes all families, and `# EOF`.
///
/// # Errors
/// If `out` does not take them.
pub fn write(contents: &Contents<'_>, mut out: impl Write) -> io::Result<()> {
    let run = contents.run;
    let named = cases::named(run);
    let mut text = String::new();
    for metric in Metric::all() {
        for (part, what, pick) in PARTS {
            let samples = named.iter().filter_map(|named| {
                let estimate = cases::estimate(named.case, metric)?;
                let drawn = part.is_empty() || estimate.interval != IntervalMethod::Exact;
                let shown = drawn && named.case.outcome.is_ok();
                shown.then(|| (case_labels(run, named), pick(estimate)))
            });
            let family = Family::of(metric, part);
            let help = format!("{}; {what}.", capitalised(metric.spec().about));
            family.put(&help, samples, &mut text);
        }
    }
    let cases = named.iter().map(|named| {
        let ok = named.case.outcome.is_ok();
        (case_labels(run, named), f64::from(u8::from(ok)))
    });
    Family::flag("dyno_case_ok").put("Whether the case ended well.", cases, &mut text);
    let plugins = cases::plugins(run).into_iter().map(|(plugin, name)| {
        let ok = plugin.outcome.is_ok();
        (labels(run, plugin, &name, None), f64::from(u8::from(ok)))
    });
    Family::flag("dyno_plugin_ok").put("Whether the plugin loaded.", plugins, &mut text);
    text.push_str("# EOF\n");
    out.write_all(text.as_bytes())
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

/// A metric family: its name ends in its unit, which is a base unit.
struct Family {
    name: String,
    unit: Option<&'static str>,
    scale: f64,
}

impl Family {
    fn of(metric: Metric, part: &str) -> Self {
        let spec = metric.spec();
        let (unit, scale) = match spec.unit {
            Unit::Nanoseconds => (Some("seconds"), 1e-9),
            Unit::Bytes => (Some("bytes"), 1.0),
            Unit::Ratio => (Some("ratio"), 1.0),
            _ => (None, 1.0),
        };
        // The format's names have no dashes.
        let mut name = format!("dyno_{}{part}", spec.name.replace('-', "_"));
        if let Some(unit) = unit {
            name = format!("{name}_{unit}");
        }
        Self { name, unit, scale }
    }

    fn flag(name: &str) -> Self {
        Self {
            name: name.into(),
            unit: None,
            scale: 1.0,
        }
    }

    /// The family with its samples, or nothing if it has none.
    fn put(&self, help: &str, samples: impl Iterator<Item = (String, f64)>, text: &mut String) {
        let name = &self.name;
        let mut samples = samples.peekable();
        if samples.peek().is_none() {
            return;
        }
        // Writing into a string cannot fail.
        let _ = writeln!(text, "# TYPE {name} gauge");
        if let Some(unit) = self.unit {
            let _ = writeln!(text, "# UNIT {name} {unit}");
        }
        let _ = writeln!(text, "# HELP {name} {help}");
        for (labels, value) in samples {
            let _ = writeln!(text, "{name}{{{labels}}} {:e}", value * self.scale);
        }
    }
}

fn case_labels(run: &Run, named: &NamedCase<'_>) -> String {
    labels(
        run,
        named.plugin,
        &named.plugin_name,
        Some(&named.case_name),
    )
}

fn labels(run: &Run, plugin: &Plugin, name: &str, case: Option<&str>) -> String {
    let digest = plugin.digest.as_deref();
    let all = [
        ("plugin", Some(name)),
        ("case", case),
        ("digest", digest),
        ("machine", Some(&run.machine.fingerprint)),
        ("run", Some(&run.id)),
    ];
    let given = all.into_iter().filter_map(|(label, value)| {
        // What is visible has no line feed; left are the two that would end a value.
        let value = escape(value?).replace('\\', r"\\").replace('"', "\\\"");
        Some(format!("{label}=\"{value}\""))
    });
    given.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests;
