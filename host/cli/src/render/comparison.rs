//! What a comparison shows: a table of changes, why a gate failed, and the command that shows it
//! again.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::cells;
use super::columns::{Cell, Columns};
use super::conditions;
use super::failure::show_failure;
use super::{BOLD, DIM, GREEN, RED, Sink, Style, YELLOW};
use dyno_export::Contents;
use dyno_model::{
    CaseComparison, Change, Compared, Comparison, Diagnosis, Drawn, Gate, GateOutcome, Metric, Run,
    Verdict, word,
};
use dyno_wording::{escape, rerun, verdicts};

const BEFORE: &[&str] = &[
    "case",
    "verdict",
    "change",
    "interval",
    "base",
    "candidate",
    "other time",
];

/// Shows a comparison; nothing if the contents hold none.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn comparison(
    out: &mut Sink<impl Write>,
    contents: &Contents<'_>,
    verbose: bool,
) -> io::Result<()> {
    let Some((comparison, base)) = contents.compared else {
        return Ok(());
    };
    let candidate = contents.run;
    let names = (
        escape(&comparison.base.name),
        escape(&comparison.candidate.name),
    );
    let how = dyno_wording::conditions::pairing(comparison);
    writeln!(
        out,
        "{BOLD}{} → {}{BOLD:#} {DIM}{how}{DIM:#}",
        names.0, names.1
    )?;
    if !comparison.cases.is_empty() {
        show_table(out, comparison)?;
    }
    if verbose {
        show_others(out, comparison)?;
    }
    for (side, run) in [("base", base), ("candidate", candidate)] {
        show_failures(out, side, run)?;
    }
    for case in &comparison.cases {
        for note in &case.notes {
            writeln!(out, "  {DIM}{}: {note}{DIM:#}", name(comparison, case))?;
        }
    }
    conditions::show(out, comparison)?;
    let warnings = base.warnings.iter().chain(&candidate.warnings);
    for warning in warnings.collect::<std::collections::BTreeSet<_>>() {
        writeln!(out, "{YELLOW}warning{YELLOW:#}: {}", escape(warning))?;
    }
    writeln!(out, "{}", counts(comparison))?;
    show_gate(out, comparison, candidate)?;
    if verbose {
        let rules = &comparison.rules;
        writeln!(
            out,
            "{DIM}{:.0} % intervals; within ±{:.0} % is equivalent; {} · order {:#x}{DIM:#}",
            rules.confidence * 100.0,
            rules.equivalence * 100.0,
            candidate.engine,
            candidate.order_seed
        )?;
    }
    writeln!(out, "{DIM}runs {} and {}{DIM:#}", base.id, candidate.id)
}

fn show_table(out: &mut Sink<impl Write>, comparison: &Comparison) -> io::Result<()> {
    let mut table = Columns::new("  ", &cells::heads(BEFORE, &[""]));
    for case in &comparison.cases {
        let base = case.other_base().filter(|_| has_several(comparison));
        let base = base.map(escape);
        let against = base.map_or(String::new(), |base| format!(" (against {base})"));
        let name = format!("{}{against}", name(comparison, case));
        table.row(row(name, case));
    }
    table.write(out)
}

/// What has no column, a line a case.
fn show_others(out: &mut Sink<impl Write>, comparison: &Comparison) -> io::Result<()> {
    for case in &comparison.cases {
        let others = case.changes.iter().filter(|change| {
            let spec = change.metric.spec();
            spec.compared == Compared::Shown && !spec.has_column
        });
        let others = others.map(|change| {
            let noun = change.metric.spec().noun();
            format!("{noun} {} ({})", percent(change.ratio), interval(change))
        });
        let others = others.collect::<Vec<_>>().join(" · ");
        if !others.is_empty() {
            writeln!(out, "  {DIM}{}: {others}{DIM:#}", name(comparison, case))?;
        }
    }
    Ok(())
}

/// Whether cases of several plugins were compared.
fn has_several(comparison: &Comparison) -> bool {
    let mut pairs = comparison.cases.windows(2);
    pairs.any(|pair| pair[0].plugin != pair[1].plugin)
}

/// A case, after its plugin where there are several.
fn name(comparison: &Comparison, case: &CaseComparison) -> String {
    match has_several(comparison) {
        false => escape(&case.case),
        true => format!("{} {}", escape(&case.plugin), escape(&case.case)),
    }
}

fn row(name: String, case: &CaseComparison) -> Vec<Cell> {
    let time = case.decisive().or_else(|| case.change(Metric::WallTime));
    let of = |metric| case.change(metric).map(short).unwrap_or_default();
    // Both times are shown, and which of them is which.
    let is_cpu = time.is_some_and(|time| time.metric == Metric::CpuTime);
    let (suffix, other) = match is_cpu {
        true => (" CPU", Metric::WallTime),
        false => ("", Metric::CpuTime),
    };
    let which = other.spec().short;
    let other = of(other);
    let other = match other.is_empty() {
        true => other,
        false => format!("{which} {other}"),
    };
    let metric = time.map_or(Metric::WallTime, |time| time.metric);
    let value = |value: f64| format!("{}{suffix}", shown(metric, value));
    let mut row = vec![
        name.into(),
        Cell::styled(verdict(case), style(case.verdict)),
        Cell::styled(time.map_or(String::new(), |time| percent(time.ratio)), BOLD),
        time.map_or(String::new(), interval).into(),
        time.map_or(String::new(), |time| value(time.base)).into(),
        time.map_or(String::new(), |time| value(time.candidate))
            .into(),
        other.into(),
    ];
    row.extend(Metric::columns().map(|metric| of(metric).into()));
    row.push(Cell::styled(diagnosis(case).unwrap_or_default(), DIM));
    row
}

/// A change in percent, as `+1.23 %`; more digits than that are not known of a time.
pub(super) fn percent(ratio: f64) -> String {
    if ratio == Change::FROM_NOTHING {
        return "from 0".into();
    }
    let percent = (ratio - 1.0) * 100.0;
    match percent.abs() {
        0.0 => "0 %".into(),
        size if size < 0.005 => format!("{percent:+.4} %"),
        size if size < 100.0 => format!("{percent:+.2} %"),
        _ => format!("{percent:+.0} %"),
    }
}

/// What was counted has no interval.
fn interval(change: &Change) -> String {
    if change.pairs == 0 {
        return "exact".into();
    }
    format!("{} … {}", percent(change.lower), percent(change.upper))
}

/// A change beside the one that the verdict is about.
fn short(change: &Change) -> String {
    match change.metric {
        metric if metric.spec().drawn == Drawn::Sampled => percent(change.ratio),
        _ if change.verdict == Verdict::Unsure => "?".into(),
        _ if change.base == change.candidate => "=".into(),
        _ => percent(change.ratio),
    }
}

/// The verdict with its severity.
fn verdict(case: &CaseComparison) -> String {
    let verdict = word(&case.verdict);
    match case.severity {
        Some(severity) => format!("{verdict}, {}", word(&severity)),
        None => verdict.into(),
    }
}

/// What time and fuel say together, and which time that is; nothing where nothing changed.
fn diagnosis(case: &CaseComparison) -> Option<String> {
    let is_changed = case
        .diagnosis
        .is_some_and(|diagnosis| diagnosis != Diagnosis::Unchanged);
    let said = verdicts::diagnosis(case).filter(|_| is_changed);
    // Wall time is what is meant where nothing else is named.
    let other = case.decided_by.filter(|metric| *metric != Metric::WallTime);
    let by_what = other.map(|metric| format!("by {}", metric.spec().noun()));
    match (by_what, said) {
        (Some(by_what), Some(said)) => Some(format!("{by_what}; {said}")),
        (by_what, said) => by_what.or(said.map(Into::into)),
    }
}

fn style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Regressed => RED,
        Verdict::Unsure => YELLOW,
        Verdict::Improved => GREEN,
        Verdict::Equivalent | Verdict::Identical => Style::Plain,
        Verdict::New | Verdict::Gone => DIM,
    }
}

fn show_failures(out: &mut Sink<impl Write>, side: &str, run: &Run) -> io::Result<()> {
    for plugin in &run.plugins {
        let failed = plugin.cases.iter().filter(|case| !case.outcome.is_ok());
        let failed: Vec<_> = failed.collect();
        if plugin.outcome.is_ok() && failed.is_empty() {
            continue;
        }
        writeln!(out, "  {BOLD}{side} {}{BOLD:#}", escape(&plugin.label))?;
        if !plugin.outcome.is_ok() {
            show_failure(out, run, plugin, None, &plugin.outcome)?;
        }
        for case in failed {
            show_failure(out, run, plugin, Some(case), &case.outcome)?;
        }
    }
    Ok(())
}

/// `2 regressed · 1 improved · 7 equivalent`.
fn counts(comparison: &Comparison) -> String {
    let mut counts: BTreeMap<Verdict, usize> = BTreeMap::new();
    for case in &comparison.cases {
        *counts.entry(case.verdict).or_default() += 1;
    }
    if counts.is_empty() {
        return "no case was compared".into();
    }
    let counts = counts.into_iter().map(|(verdict, count)| {
        let style = style(verdict);
        format!("{style}{count} {}{style:#}", word(&verdict))
    });
    counts.collect::<Vec<_>>().join(" · ")
}

fn show_gate(
    out: &mut Sink<impl Write>,
    comparison: &Comparison,
    candidate: &Run,
) -> io::Result<()> {
    let Some(outcome) = comparison.gate() else {
        return Ok(());
    };
    let (style, said) = (gate_style(outcome), word(&outcome));
    let unjudged = comparison
        .cases
        .iter()
        .filter(|case| !case.is_judged())
        .count();
    let unjudged = match unjudged {
        0 => String::new(),
        count => format!(" {DIM}· {count} new or gone{DIM:#}"),
    };
    let thresholds = verdicts::thresholds(&comparison.rules, &comparison.exceptions);
    writeln!(out, "gate: {style}{said}{style:#} ({thresholds}){unjudged}")?;
    for case in &comparison.cases {
        let Some(gate) = case.gate.as_ref().filter(|gate| is_explained(case, gate)) else {
            continue;
        };
        let (style, word) = (gate_style(gate.outcome), word(&gate.outcome));
        writeln!(
            out,
            "  {style}{word}{style:#} {}: {}",
            name(comparison, case),
            gate.reason
        )?;
        if let Some(fresh) = &gate.confirmation {
            let blocks = fresh.pairs;
            writeln!(
                out,
                "      {DIM}{blocks} fresh blocks:{DIM:#} {} ({})",
                percent(fresh.ratio),
                interval(fresh)
            )?;
        }
        if gate.outcome > GateOutcome::Passed {
            writeln!(
                out,
                "      {DIM}again:{DIM:#} {}",
                rerun(candidate, &case.case)
            )?;
        }
    }
    Ok(())
}

/// Whether a gate has to say why: what does not pass, what was flagged, and what passes beside an
/// unsure verdict.
fn is_explained(case: &CaseComparison, gate: &Gate) -> bool {
    gate.outcome > GateOutcome::Passed
        || gate.confirmation.is_some()
        || case.verdict == Verdict::Unsure
}

/// How a gate's outcome is shown.
fn gate_style(outcome: GateOutcome) -> Style {
    match outcome {
        GateOutcome::Passed => GREEN,
        GateOutcome::Unsure => YELLOW,
        GateOutcome::Regressed => RED,
    }
}

/// An amount in the unit of its metric.
pub(super) fn shown(metric: Metric, value: f64) -> String {
    dyno_wording::value(metric.spec().unit, value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dyno_fixture as fixture;

    /// If this fails, a gate passes beside a verdict that is unsure, and it is not shown by what.
    #[test]
    fn what_passes_unsure_says_why() {
        let (mut comparison, base) = fixture::compared();
        let reason = "CPU time, -1.00 % … +3.00 %, grew by less than the threshold";
        comparison.cases.truncate(1);
        let case = &mut comparison.cases[0];
        case.case = "add".into();
        case.gate = Some(Gate {
            outcome: GateOutcome::Passed,
            reason: reason.into(),
            confirmation: None,
        });
        let mut shown = |verdict| {
            comparison.cases[0].verdict = verdict;
            let contents = Contents {
                compared: Some((&comparison, &base)),
                ..Contents::from(&base)
            };
            crate::render::sink::plain(|out| super::comparison(out, &contents, false))
        };
        let line = format!("  passed add: {reason}\n");
        let text = shown(Verdict::Unsure);
        assert!(text.contains(&line), "{text}");
        let text = shown(Verdict::Equivalent);
        assert!(!text.contains(&line), "{text}");
    }
}
