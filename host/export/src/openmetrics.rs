//! A run as OpenMetrics text 1.0, for a node exporter's text files or a push gateway: gauges with
//! the labels `plugin`, `case`, `digest`, `machine` and `run`.
//!
//! A metric has its median under its own name, and the ends of its interval under `_lower` and
//! `_upper` unless it was counted; times are seconds. `dyno_case_ok` and `dyno_plugin_ok` are 1 or
//! 0; what is not ok has no other value.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Contents;
use super::cases::{self, Named};
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

fn case_labels(run: &Run, named: &Named<'_>) -> String {
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
mod tests {
    use super::*;
    use dyno_fixture as fixture;

    fn exported(run: &Run) -> String {
        let mut out = Vec::new();
        write(&run.into(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_metric_has_a_family_in_base_units() {
        let mut run = fixture::full();
        let case = &mut run.plugins[0].cases[0];
        case.measurements[0].estimate.median = 2_500.0;
        let text = exported(&run);
        for metric in Metric::all() {
            let family = format!("# TYPE dyno_{}", metric.spec().name.replace('-', "_"));
            assert!(text.contains(&family), "{family}");
        }
        assert!(text.contains("# UNIT dyno_wall_time_seconds seconds\n"));
        let line = text
            .lines()
            .find(|line| line.starts_with("dyno_wall_time_seconds{"))
            .unwrap();
        let (_, value) = line.rsplit_once(' ').unwrap();
        assert!((value.parse::<f64>().unwrap() - 2.5e-6).abs() < 1e-20);
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn what_failed_is_0_and_has_no_time() {
        let run = fixture::full();
        let text = exported(&run);
        let not_ok = |family: &str| {
            let lines = text.lines();
            lines
                .filter(|line| line.starts_with(family) && line.ends_with(" 0e0"))
                .count()
        };
        // One of the cases was skipped, which is no failure but not ok either.
        assert_eq!(
            not_ok("dyno_case_ok{") + not_ok("dyno_plugin_ok{"),
            cases::failures(&run) + 1
        );
        let times = text
            .lines()
            .filter(|line| line.starts_with("dyno_wall_time_seconds{"));
        assert_eq!(times.count(), 1);
    }

    #[test]
    fn a_guest_leaves_no_label_and_starts_no_line() {
        let mut run = fixture::full();
        let before = exported(&run).lines().count();
        let spec = &mut run.plugins[0].cases[0].spec;
        spec.name = "\",x=\"1\"} 7\n# EOF\n\\".into();
        let text = exported(&run);
        assert_eq!(text.lines().count(), before);
        assert!(
            text.contains(r#"case="\",x=\"1\"} 7\\n# EOF\\n\\~"#),
            "{text}"
        );
    }

    #[test]
    fn no_two_samples_of_a_family_have_the_same_labels() {
        let mut run = fixture::full();
        run.plugins.push(run.plugins[0].clone());
        run.plugins[2].label = "sorting #2".into();
        let text = exported(&run);
        let samples: Vec<_> = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.rsplit_once(' ').unwrap().0)
            .collect();
        let unique: std::collections::HashSet<_> = samples.iter().collect();
        assert_eq!(unique.len(), samples.len());
    }
}
