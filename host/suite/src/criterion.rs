//! `p95 <= 3.5ms for json/*`: what must hold, in one line that people write.

use std::fmt;
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::diagnostic::{Problem, suggestion};
use dyno_analysis::filter::{CaseFilter, Selection};
use dyno_model::quoted::quoted;
use dyno_model::{Drawn, LimitUnit, METRICS, MetricSpec, Source, Unit, hex, named, quantity, word};

/// One condition: `METRIC OPERATOR VALUE [for PATTERN]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    /// What is judged.
    pub metric: &'static MetricSpec,
    /// How it must stand to the threshold.
    pub operator: Operator,
    /// By what it is judged, in the metric's unit.
    pub threshold: Threshold,
    /// Of which cases; none for all of the phase.
    pub cases: Option<CasePattern>,
}

/// How a number must stand to its threshold; a sign comes before those that it begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Operator {
    /// At most.
    #[serde(rename = "<=")]
    AtMost,
    /// Less than.
    #[serde(rename = "<")]
    Below,
    /// At least.
    #[serde(rename = ">=")]
    AtLeast,
    /// More than.
    #[serde(rename = ">")]
    Above,
    /// Equal; only for what is counted.
    #[serde(rename = "=")]
    Equal,
    /// Not equal; only for what is counted.
    #[serde(rename = "!=")]
    NotEqual,
}

impl Operator {
    /// As it is written.
    #[must_use]
    pub fn sign(self) -> &'static str {
        word(&self)
    }

    fn is_order(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }
}

/// By what a criterion judges.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Threshold {
    /// A number in the metric's unit: finite, not negative.
    Number(f64),
    /// A checksum.
    Checksum(u64),
}

/// Cases by a pattern, as `--case` takes it.
#[derive(Debug, Clone)]
pub struct CasePattern {
    text: String,
    filter: CaseFilter,
}

impl CasePattern {
    /// Understands a pattern.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let filter = CaseFilter::new(&[text.to_owned()], &[]);
        filter.check([]).map_err(|error| error.to_string())?;
        Ok(Self {
            text: text.into(),
            filter,
        })
    }

    /// What it means among the names of cases that there are.
    #[must_use]
    pub fn among<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Selection {
        self.filter.among(names)
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl PartialEq for CasePattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Display for Criterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.metric.name, self.operator.sign())?;
        match (self.threshold, self.metric.unit) {
            (Threshold::Number(share), Unit::Ratio) => {
                write!(f, "{}%", quantity::show_percent(share))?;
            }
            (Threshold::Number(ns), Unit::Nanoseconds) => f.write_str(&time(ns))?,
            (Threshold::Number(number), _) => write!(f, "{number}")?,
            (Threshold::Checksum(checksum), _) => f.write_str(&hex::text(checksum))?,
        }
        match &self.cases {
            Some(pattern) => write!(f, " for {}", pattern.text),
            None => Ok(()),
        }
    }
}

impl Criterion {
    /// Understands a line, and says which name in it is an old one. What is wrong is said with its
    /// place in the line, bytes.
    pub(super) fn parse(line: &str) -> Result<(Self, Option<Renamed>), Problem> {
        let at = |part: &str| {
            let start = part.as_ptr() as usize - line.as_ptr() as usize;
            start..start + part.len()
        };
        let form =
            "a criterion is METRIC OPERATOR VALUE [for PATTERN], such as `p95 <= 3.5ms for json/*`";
        let (name, rest) = split_at(line, |c: char| {
            !c.is_ascii_alphanumeric() && c != '_' && c != '-'
        });
        if name.is_empty() {
            return Err(
                Problem::new(at(line), "this criterion does not begin with a metric").help(form),
            );
        }
        let named = metric(name, at(name))?;
        let metric = named.metric;
        let (sign, rest) = split_at(rest.trim_start(), |c: char| !"<>=!≤≥".contains(c));
        let operator = operator(sign).ok_or_else(|| {
            Problem::new(
                at(if sign.is_empty() { line } else { sign }),
                match sign {
                    "" => "an operator is missing after the metric".into(),
                    sign => format!("`{sign}` is not an operator"),
                },
            )
            .help("there are <=, <, >=, >, = and !=")
        })?;
        if operator.is_order() && metric.source == Source::Checksum {
            return Err(Problem::new(at(sign), "a checksum is equal or it is not")
                .help("write `=` or `!=`"));
        }
        if !operator.is_order() && metric.drawn != Drawn::Exact {
            let message = format!("`{name}` is sampled, so it is never equal to anything");
            return Err(Problem::new(at(sign), message).help("write `<=` or `>=`"));
        }
        let (value, pattern) = match rest.split_once(" for ") {
            Some((value, pattern)) => (value.trim(), Some(pattern.trim())),
            None => (rest.trim(), None),
        };
        if value.is_empty() {
            return Err(Problem::new(at(line), "a value is missing after the operator").help(form));
        }
        let written = named.with_unit(value);
        let threshold = threshold(metric, &written).map_err(|help| {
            let message = format!("`{}` is not a value of `{name}`", quoted(value));
            Problem::new(at(value), message).help(help)
        })?;
        let cases = pattern
            .map(|pattern| match pattern {
                "" => Err(Problem::new(at(line), "no pattern follows `for`").help(form)),
                pattern => CasePattern::parse(pattern).map_err(|error| {
                    Problem::new(at(pattern), format!("a bad pattern: {}", quoted(&error)))
                }),
            })
            .transpose()?;
        let criterion = Self {
            metric,
            operator,
            threshold,
            cases,
        };
        let scope = pattern.map_or(String::new(), |pattern| format!(" for {pattern}"));
        let instead = format!("{} {sign} {written}{scope}", metric.name);
        let renamed = named.renamed(name, &instead);
        Ok((criterion, renamed))
    }
}

/// A metric by the name that stands in a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct NamedMetric {
    pub(super) metric: &'static MetricSpec,
    /// Whether it is one of before there was one vocabulary.
    is_old: bool,
    /// The unit of a bare number: old names of times ended with it.
    unit: &'static str,
}

/// That an old name was read, and what to write in its place.
pub(super) type Renamed = String;

/// The metric of a name, or what was meant.
pub(super) fn metric(name: &str, span: Range<usize>) -> Result<NamedMetric, Problem> {
    let found = MetricSpec::named(name).map(|metric| NamedMetric {
        metric,
        is_old: false,
        unit: "",
    });
    found.or_else(|| old(name)).ok_or_else(|| {
        let names: Vec<_> = METRICS.iter().map(|metric| metric.name).collect();
        Problem::new(span, format!("`{}` is not a metric", quoted(name)))
            .help(suggestion(name, &names))
    })
}

/// The units that an old name of a time ended with.
const OLD_UNITS: [&str; 4] = ["ns", "us", "ms", "s"];

/// The metric of an old name.
fn old(name: &str) -> Option<NamedMetric> {
    METRICS.iter().find_map(|metric| {
        let mut names = old_names(metric).into_iter();
        let (_, unit) = names.find(|(old, _)| old == name)?;
        Some(NamedMetric {
            metric,
            is_old: true,
            unit,
        })
    })
}

/// Every old name under which a metric is still read, with the unit of a bare number behind it.
pub(super) fn old_names(metric: &MetricSpec) -> Vec<(String, &'static str)> {
    match (metric.old_name, metric.unit) {
        (None, _) => Vec::new(),
        (Some(old), Unit::Nanoseconds) => {
            let names = OLD_UNITS.map(|unit| (format!("{old}_{unit}"), unit));
            names.to_vec()
        }
        (Some(old), _) => vec![(old.to_owned(), "")],
    }
}

impl NamedMetric {
    /// What to write in place of an old name.
    pub(super) fn renamed(self, name: &str, instead: &str) -> Option<Renamed> {
        let new = self.metric.name;
        self.is_old.then(|| {
            format!(
                "`{name}` is an old name of `{new}`, which the next version does not read: write `{}`",
                quoted(instead)
            )
        })
    }

    /// A value with the unit that its metric's old name says.
    fn with_unit(self, value: &str) -> String {
        match plain(value) {
            Some(_) => format!("{value}{}", self.unit),
            None => value.to_owned(),
        }
    }
}

/// A time in the largest unit in which it is not less than one, and to the digit what it is.
fn time(ns: f64) -> String {
    let units = TIMES
        .iter()
        .rev()
        .filter(|(unit, _)| unit.is_ascii() && *unit != "min");
    let fits = |factor: f64| ns >= factor && ns / factor * factor == ns;
    let mut fitting = units.filter(|(_, factor)| fits(*factor));
    match fitting.next() {
        Some((unit, factor)) => format!("{}{unit}", ns / factor),
        None => format!("{ns}ns"),
    }
}

fn split_at(text: &str, end: impl Fn(char) -> bool) -> (&str, &str) {
    let text = text.trim_start();
    text.split_at(text.find(end).unwrap_or(text.len()))
}

fn operator(sign: &str) -> Option<Operator> {
    match sign {
        "==" => Some(Operator::Equal),
        "≤" => Some(Operator::AtMost),
        "≥" => Some(Operator::AtLeast),
        sign => named(sign),
    }
}

const TIMES: &[(&str, f64)] = &[
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("min", 6e10),
];
const COUNTS: &[(&str, f64)] = &[("k", 1e3), ("M", 1e6), ("G", 1e9), ("T", 1e12)];

/// A value in the metric's unit; the error says what it may be.
pub(super) fn threshold(metric: &MetricSpec, text: &str) -> Result<Threshold, String> {
    let number = |units, help: &str| number(text, units).ok_or_else(|| help.to_owned());
    let value = match metric.unit {
        Unit::Checksum => return checksum(text).map(Threshold::Checksum),
        Unit::Bytes | Unit::BytesPerSecond => bytes(text)?,
        Unit::Count(_) | Unit::ElementsPerSecond => {
            number(COUNTS, "write a number such as 120k or 1.2e6")?.0
        }
        Unit::Ratio => quantity::share(text).map_err(|error| error.to_string())?,
        Unit::Nanoseconds => {
            let help = "write a time such as 3.5ms";
            let timed = number(TIMES, help)?;
            let (value, _) = Some(timed).filter(|(_, has_unit)| *has_unit).ok_or(help)?;
            value
        }
    };
    Ok(Threshold::Number(value))
}

/// A number, which may have one of these units, and whether it has.
fn number(text: &str, units: &[(&str, f64)]) -> Option<(f64, bool)> {
    let suffixed = units.iter().find_map(|(unit, factor)| {
        // `5s` ends with `s`, but so does `5ms`: what stands before has to be a number.
        let value: f64 = plain(text.strip_suffix(unit)?.trim_end())?;
        Some((value * factor, true))
    });
    suffixed
        .or_else(|| Some((plain(text)?, false)))
        .filter(|(value, _)| value.is_finite())
}

/// Digits, with what f64 takes besides, but neither a sign before them nor `inf` or `nan`.
fn plain(text: &str) -> Option<f64> {
    let starts = text.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    starts.then(|| text.replace('_', "").parse().ok()).flatten()
}

fn bytes(text: &str) -> Result<f64, String> {
    let text = text.strip_suffix("/s").unwrap_or(text);
    plain(text).filter(|value| value.is_finite()).map_or_else(
        || {
            let amount = quantity::parse(text, LimitUnit::Bytes);
            amount
                .map(|amount| amount as f64)
                .map_err(|_| "write an amount such as 64MiB".into())
        },
        Ok,
    )
}

fn checksum(text: &str) -> Result<u64, String> {
    let digits = text
        .strip_prefix("0x")
        .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    digits
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .ok_or_else(|| "write 0x and up to sixteen hex digits, as the report shows it".into())
}

#[cfg(test)]
mod tests;
