//! A run as JUnit XML, for the test views of CI systems: a suite a plugin, a test a case. Valid by
//! the schema of Jenkins (`junit-10.xsd` of its xUnit plugin).
//!
//! `time` is the median wall time of *one iteration*, in seconds; a suite's is the sum of those.
//! All numbers stand in `system-out`, since that schema knows no properties of a test. A case is a
//! failure if it failed or if a gate says that it regressed, and skipped if it was, or if the gate
//! cannot say: that is never a pass. A case that only the base has is skipped too. What the host
//! itself could not do, and a plugin that did not load, are errors.
//!
//! XML 1.0 forbids most control characters even as references, so texts have them as escapes.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Contents;
use super::cases;
use dyno_model::{
    Case, CaseComparison, Comparison, GateOutcome, Measurement, Metric, Outcome, Plugin, Verdict,
    word,
};
use dyno_wording as wording;
use dyno_wording::{escape, sentence};

/// Writes one document.
///
/// # Errors
/// If `out` does not take it.
pub fn write(contents: &Contents<'_>, mut out: impl Write) -> io::Result<()> {
    let run = contents.run;
    let suites = suites(contents);
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let sum = |count: fn(&Suite) -> usize| suites.iter().map(count).sum::<usize>();
    // Writing into a string cannot fail.
    let _ = writeln!(
        text,
        r#"<testsuites name="dyno" tests="{}" failures="{}" errors="{}">"#,
        sum(|suite| suite.tests.len()),
        sum(|suite| suite.count(|ending| matches!(ending, Ending::Failure(..)))),
        sum(|suite| suite.count(|ending| matches!(ending, Ending::Error(..)))),
    );
    for suite in &suites {
        suite.put(&run.started_at, &run.machine.fingerprint, &mut text);
    }
    text.push_str("</testsuites>\n");
    out.write_all(text.as_bytes())
}

/// How a test ended: with a type and a message, unless it passed.
enum Ending {
    Passed,
    Failure(&'static str, String),
    Error(&'static str, String),
    Skipped(&'static str, String),
}

struct Test {
    name: String,
    ending: Ending,
    time_s: Option<f64>,
    output: String,
}

struct Suite {
    name: String,
    properties: Vec<(&'static str, String)>,
    tests: Vec<Test>,
}

fn suites(contents: &Contents<'_>) -> Vec<Suite> {
    let comparison = contents.compared.map(|(comparison, _)| comparison);
    let plugins = cases::plugins(contents.run);
    let mut suites: Vec<Suite> = plugins
        .iter()
        .map(|(plugin, name)| Suite::of(plugin, name, contents, comparison))
        .collect();
    let compared = comparison.map_or(&[][..], |comparison| &comparison.cases);
    for gone in compared.iter().filter(|case| case.verdict == Verdict::Gone) {
        let plugin = plugins
            .iter()
            .position(|(plugin, _)| plugin.label == gone.plugin);
        let suite = plugin.unwrap_or_else(|| {
            let name = cases::visible(&gone.plugin);
            let found = suites[plugins.len()..]
                .iter()
                .position(|suite| suite.name == name);
            found.map_or_else(
                || {
                    suites.push(Suite::named(name));
                    suites.len() - 1
                },
                |at| at + plugins.len(),
            )
        });
        suites[suite].tests.push(Test {
            name: cases::visible(&gone.case),
            ending: judged(gone)
                .unwrap_or_else(|| Ending::Skipped("gone", "only the base has this case".into())),
            time_s: None,
            output: verdict(gone),
        });
    }
    suites
}

impl Suite {
    fn named(name: String) -> Self {
        Self {
            name,
            properties: Vec::new(),
            tests: Vec::new(),
        }
    }

    fn of(
        plugin: &Plugin,
        name: &str,
        contents: &Contents<'_>,
        comparison: Option<&Comparison>,
    ) -> Self {
        let run = contents.run;
        let mut suite = Self::named(name.to_owned());
        suite.properties = vec![
            ("run", run.id.clone()),
            ("dyno", run.host_version.clone()),
            ("engine", run.engine.clone()),
            ("source", plugin.source.clone()),
            ("time", "median wall time of one iteration, s".into()),
        ];
        let gate = comparison.filter(|comparison| comparison.rules.gates);
        suite.properties.extend(gate.map(|gate| {
            let thresholds = wording::thresholds(&gate.rules, &gate.exceptions);
            ("thresholds", thresholds)
        }));
        suite
            .properties
            .extend(plugin.digest.clone().map(|digest| ("digest", digest)));
        if !plugin.outcome.is_ok() {
            suite.tests.push(Test {
                name: "(loading the plugin)".into(),
                ending: outcome(&plugin.outcome),
                time_s: None,
                output: wording::reproduce(run, plugin, None),
            });
        }
        let tests = plugin.cases.iter().map(|case| {
            let mut compared = comparison.iter().flat_map(|comparison| &comparison.cases);
            let compared = compared.find(|compared| {
                compared.verdict != Verdict::Gone
                    && (&compared.plugin, &compared.case) == (&plugin.label, &case.spec.name)
            });
            test(case, compared)
        });
        suite.tests.extend(tests);
        suite
    }

    fn count(&self, which: fn(&Ending) -> bool) -> usize {
        self.tests.iter().filter(|test| which(&test.ending)).count()
    }

    fn put(&self, started_at: &str, machine: &str, text: &mut String) {
        let times_s = self.tests.iter().filter_map(|test| test.time_s);
        // Not `sum`: of nothing that is -0, which the schema's pattern of a time does not have.
        let time_s = times_s.fold(0.0, |sum, time_s| sum + time_s);
        let _ = writeln!(
            text,
            r#"  <testsuite name="{}" tests="{}" failures="{}" errors="{}" skipped="{}" time="{}" timestamp="{}" hostname="{}">"#,
            xml(&self.name),
            self.tests.len(),
            self.count(|ending| matches!(ending, Ending::Failure(..))),
            self.count(|ending| matches!(ending, Ending::Error(..))),
            self.count(|ending| matches!(ending, Ending::Skipped(..))),
            time_s,
            xml(started_at),
            xml(machine),
        );
        text.push_str("    <properties>\n");
        for (name, value) in &self.properties {
            let value = xml(value);
            let _ = writeln!(text, r#"      <property name="{name}" value="{value}"/>"#);
        }
        text.push_str("    </properties>\n");
        for test in &self.tests {
            test.put(&self.name, text);
        }
        text.push_str("  </testsuite>\n");
    }
}

impl Test {
    fn put(&self, suite: &str, text: &mut String) {
        let (name, suite) = (xml(&self.name), xml(suite));
        let _ = write!(text, r#"    <testcase name="{name}" classname="{suite}""#);
        if let Some(time_s) = self.time_s {
            let _ = write!(text, r#" time="{time_s}""#);
        }
        text.push_str(">\n");
        let result = match &self.ending {
            Ending::Passed => None,
            Ending::Failure(kind, message) => Some(("failure", kind, message)),
            Ending::Error(kind, message) => Some(("error", kind, message)),
            Ending::Skipped(kind, message) => Some(("skipped", kind, message)),
        };
        if let Some((element, kind, message)) = result {
            let message = xml(message);
            let _ = writeln!(
                text,
                r#"      <{element} type="{kind}" message="{message}"/>"#
            );
        }
        let output = self.output.lines().map(xml).collect::<Vec<_>>().join("\n");
        let _ = writeln!(
            text,
            "      <system-out>{output}</system-out>\n    </testcase>"
        );
    }
}

fn test(case: &Case, compared: Option<&CaseComparison>) -> Test {
    let mut output = String::new();
    for measurement in &case.measurements {
        let _ = writeln!(output, "{}", line(measurement));
    }
    for mark in &case.marks {
        let _ = writeln!(
            output,
            "{}: {}",
            wording::mark(*mark),
            wording::explain(*mark)
        );
    }
    output.extend(compared.map(verdict));
    let wall = cases::estimate(case, Metric::WallTime);
    let judged = compared.filter(|_| case.outcome.is_ok()).and_then(judged);
    Test {
        name: cases::visible(&case.spec.name),
        ending: judged.unwrap_or_else(|| outcome(&case.outcome)),
        time_s: wall.map(|wall| wall.median / 1e9),
        output,
    }
}

/// `wall-time: 12.35 µs (12.10 µs to 12.60 µs)`.
fn line(measurement: &Measurement) -> String {
    let metric = measurement.metric;
    let shown = |value| wording::value(metric.spec().unit, value);
    let estimate = &measurement.estimate;
    let (lower, upper) = (shown(estimate.lower), shown(estimate.upper));
    format!(
        "{}: {} ({lower} to {upper})",
        metric.spec().name,
        shown(estimate.median)
    )
}

fn outcome(outcome: &Outcome) -> Ending {
    let message = sentence(outcome);
    match outcome {
        Outcome::Ok => Ending::Passed,
        Outcome::Skipped { .. } => Ending::Skipped("skipped", message),
        Outcome::Host { .. } => Ending::Error("host", message),
        Outcome::Refused { .. } => Ending::Error("refused", message),
        failed => Ending::Failure(word(failed), message),
    }
}

/// What a gate makes of a case; none if it passed, or if there was no gate.
fn judged(compared: &CaseComparison) -> Option<Ending> {
    let gate = compared.gate.as_ref()?;
    match gate.outcome {
        GateOutcome::Passed => None,
        GateOutcome::Unsure => Some(Ending::Skipped("unsure", gate.reason.clone())),
        GateOutcome::Regressed => Some(Ending::Failure("regressed", gate.reason.clone())),
    }
}

/// What the comparison says, in lines.
fn verdict(compared: &CaseComparison) -> String {
    let mut text = format!("against the base: {}\n", word(&compared.verdict));
    for change in &compared.changes {
        let percent = |ratio: f64| format!("{:+.2} %", 100.0 * (ratio - 1.0));
        let _ = writeln!(
            text,
            "{} changed by {} ({} to {})",
            change.metric.spec().name,
            percent(change.ratio),
            percent(change.lower),
            percent(change.upper),
        );
    }
    for note in &compared.notes {
        text.push_str(&escape(note));
        text.push('\n');
    }
    text
}

/// A text between tags or quotes: visible, without markup, and only of characters that XML has.
fn xml(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in escape(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => safe.extend(c.escape_unicode()),
            _ => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests;
