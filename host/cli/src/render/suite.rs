//! The results of a suite: phase by phase what must hold and whether it does, what went wrong, and
//! what to do about it.

use std::io::{self, Write};

use super::columns::{Cell, Columns};
use super::{BOLD, DIM, GREEN, RED, Sink, Style, YELLOW};
use dyno_model::{LimitKind, Unit, quantity};
use dyno_suite::{Check, CheckOutcome, PhaseError, PhaseResult, Reading, Value};
use dyno_wording::{self as wording, amount, escape, sentence};

const HEADERS: &[&str] = &[
    "  case · metric",
    "actual",
    "95 % interval",
    "threshold",
    "note",
];

/// Shows the results, each with a table of its checks and metrics and what follows from them.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn suite(out: &mut Sink<impl Write>, results: &[PhaseResult]) -> io::Result<()> {
    for result in results {
        phase(out, result)?;
    }
    Ok(())
}

fn phase(out: &mut Sink<impl Write>, result: &PhaseResult) -> io::Result<()> {
    let (sign, style, word) = shown(result.outcome);
    writeln!(
        out,
        "{BOLD}{}{BOLD:#} {style}{sign} {word}{style:#} {DIM}run {}{DIM:#}",
        result.phase,
        escape(&result.run)
    )?;
    for plugin in plugins(result) {
        writeln!(out, "  {BOLD}{}{BOLD:#}", escape(plugin))?;
        let mut table = Columns::new("  ", HEADERS);
        let checks = result.checks.iter();
        for check in checks.filter(|check| check.reading.plugin == plugin) {
            table.row(check_row(check));
        }
        let readings = result.readings.iter();
        for reading in readings.filter(|reading| reading.plugin == plugin) {
            table.row(reading_row(reading));
        }
        table.write(out)?;
    }
    for error in &result.errors {
        let (place, what) = describe(error);
        writeln!(
            out,
            "  {RED}✗ {place}{RED:#}{}{what}",
            if place.is_empty() { "" } else { ": " }
        )?;
    }
    for recommendation in &result.recommendations {
        let place = place(&recommendation.plugin, recommendation.case.as_deref());
        writeln!(
            out,
            "  {YELLOW}→ {place}{YELLOW:#}: {}",
            escape(&recommendation.text)
        )?;
    }
    writeln!(out)
}

/// The plugins that have a row, in the order of the rows.
fn plugins(result: &PhaseResult) -> Vec<&str> {
    let checks = result.checks.iter().map(|check| &check.reading);
    let mut plugins: Vec<&str> = Vec::new();
    for reading in checks.chain(&result.readings) {
        if !plugins.contains(&reading.plugin.as_str()) {
            plugins.push(&reading.plugin);
        }
    }
    plugins
}

fn shown(outcome: CheckOutcome) -> (&'static str, Style, &'static str) {
    match outcome {
        CheckOutcome::Passed => ("✓", GREEN, "passed"),
        CheckOutcome::Unsure => ("?", YELLOW, "unsure"),
        CheckOutcome::NotMeasured => ("–", RED, "not measured"),
        CheckOutcome::Failed => ("✗", RED, "failed"),
    }
}

fn check_row(check: &Check) -> Vec<Cell> {
    let (sign, style, _) = shown(check.outcome);
    let reading = &check.reading;
    let threshold = format!(
        "{} {}",
        check.operator.sign(),
        value(check.threshold, &reading.unit)
    );
    let reason = check.reason.as_deref().map(escape).unwrap_or_default();
    vec![
        Cell::styled(format!("{sign} {}", name(reading)), style),
        Cell::styled(actual(reading), style),
        interval(reading).into(),
        threshold.into(),
        Cell::styled(reason, DIM),
    ]
}

fn reading_row(reading: &Reading) -> Vec<Cell> {
    vec![
        format!("  {}", name(reading)).into(),
        actual(reading).into(),
        interval(reading).into(),
    ]
}

fn name(reading: &Reading) -> String {
    format!("{} · {}", escape(&reading.case), escape(&reading.metric))
}

fn actual(reading: &Reading) -> String {
    let actual = reading.actual.map(|actual| value(actual, &reading.unit));
    actual.unwrap_or_else(|| "–".into())
}

fn interval(reading: &Reading) -> String {
    let (Some(lower), Some(upper)) = (reading.lower, reading.upper) else {
        return String::new();
    };
    let end = |end| value(Value::Number(end), &reading.unit);
    format!("{} … {}", end(lower), end(upper))
}

/// A number with its unit, as people read it.
fn value(value: Value, unit: &str) -> String {
    let number = match value {
        Value::Number(number) => number,
        Value::Checksum(checksum) => return format!("{checksum:#018x}"),
    };
    match Unit::named(unit) {
        // A change has a sign, and one of a tenth of a percent is worth showing.
        Some(Unit::Ratio) => format!("{:.1} %", number * 100.0),
        Some(unit) => wording::value(unit, number),
        None => amount(number),
    }
}

fn place(plugin: &str, case: Option<&str>) -> String {
    match case {
        Some(case) => format!("{} · {}", escape(plugin), escape(case)),
        None => escape(plugin),
    }
}

/// Where something went wrong, and what.
fn describe(error: &PhaseError) -> (String, String) {
    let of = |plugin: &str, case: &str| place(plugin, Some(case));
    match error {
        PhaseError::Threshold {
            plugin,
            case,
            metric,
            unit,
            operator,
            threshold,
            actual,
            ..
        } => {
            let sign = operator.sign();
            (
                of(plugin, case),
                threshold_missed(metric, *actual, sign, *threshold, unit),
            )
        }
        PhaseError::Regressed {
            plugin,
            case,
            reason,
            ..
        } => (of(plugin, case), format!("fell behind: {}", escape(reason))),
        PhaseError::Resource {
            plugin,
            case,
            limit,
            cap,
            actual,
            ..
        } => (
            place(plugin, case.as_deref()),
            limit_hit(*limit, *cap, *actual),
        ),
        PhaseError::Failed {
            plugin,
            case,
            outcome,
            ..
        } => (place(plugin, case.as_deref()), escape(&sentence(outcome))),
        PhaseError::NotMeasured {
            plugin,
            case,
            metric,
            reason,
            ..
        } => (
            of(plugin, case),
            format!("{} was not measured: {}", escape(metric), escape(reason)),
        ),
        PhaseError::NothingMatched { criterion, .. } => {
            let about = criterion.as_deref().map(escape);
            let about = about.map(|about| format!("no case is what `{about}` is about"));
            (String::new(), about.unwrap_or("no case matched".into()))
        }
        PhaseError::NotCompared { against, .. } => (
            String::new(),
            format!("it was not compared with `{}`", escape(against)),
        ),
        PhaseError::Interrupted { .. } => (
            String::new(),
            "it was interrupted: only what was finished is judged".into(),
        ),
    }
}

fn threshold_missed(
    metric: &str,
    actual: Option<Value>,
    sign: &str,
    threshold: Value,
    unit: &str,
) -> String {
    let actual = actual.map_or("not the same everywhere".into(), |actual| {
        value(actual, unit)
    });
    let demanded = format!("{sign} {}", value(threshold, unit));
    format!("{} is {actual}, and should be {demanded}", escape(metric))
}

/// Without the flag that would raise it: a suite has a key for that, which the recommendation
/// names.
fn limit_hit(limit: LimitKind, cap: u64, actual: Option<u64>) -> String {
    let spec = limit.spec();
    let shown = |value| quantity::show(value, spec.unit);
    let wanted = actual.map(|actual| format!(", {} wanted", shown(actual)));
    format!(
        "hit the {} limit of {}{}",
        spec.name,
        shown(cap),
        wanted.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests;
