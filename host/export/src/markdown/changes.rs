//! What a comparison found: the headline, and the rows of the table, the weightier first.

use std::cmp::Reverse;

use super::Contents;
use super::cases;
use super::text::{case_name, cells, code, percent, tally, value};
use dyno_model::{
    Case, CaseComparison, Change, Comparison, Difference, GateOutcome, Metric, Outcome, Pairing,
    Run, Severity, Verdict, word,
};
use dyno_wording as wording;
use dyno_wording::{conditions, mark, sentence};

/// Fuel that changes by this much is a change of work, and not of how a compiler laid it out
/// (METHOD.md).
const WORK_CHANGE: f64 = 0.01;

/// The head of the changes, with a column for every metric that has one.
pub(super) fn head(columns: &[Metric]) -> String {
    let lines = "---|".repeat(4 + columns.len());
    let columns = cells(columns.iter().map(|metric| metric.spec().title.into()));
    format!("| case | | time | change |{columns}\n|{lines}\n")
}

/// Why a row is above the fold, in the order in which it is there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Regressed,
    Improved,
    Failed,
    Work,
    Unsure,
    Unremarkable,
}

/// A row of the table.
pub(super) struct Row<'a> {
    pub(super) rank: Rank,
    pub(super) verdict: Option<Verdict>,
    pub(super) plugin: &'a str,
    pub(super) case: Option<&'a str>,
    pub(super) text: String,
}

/// How it ended, in two lines.
pub(super) fn headline(run: &Run, comparison: &Comparison) -> String {
    let total = super::many(comparison.cases.len(), "case");
    let judged = |outcome| {
        let gates = comparison
            .cases
            .iter()
            .filter_map(|case| case.gate.as_ref());
        gates.filter(|gate| gate.outcome == outcome).count()
    };
    let first = match comparison.gate() {
        Some(GateOutcome::Regressed) => format!(
            "**regressed**: {} of {total} got worse by more than the gate allows ({})",
            judged(GateOutcome::Regressed),
            allowed(comparison)
        ),
        Some(GateOutcome::Unsure) => format!(
            "**unsure**: {} of {total} may have got worse by more than the gate allows ({})",
            judged(GateOutcome::Unsure),
            allowed(comparison)
        ),
        Some(GateOutcome::Passed) => format!(
            "**passed**: none of {total} got worse by more than the gate allows ({})",
            allowed(comparison)
        ),
        None => format!("**compared**: {total}"),
    };
    let failed = match cases::failures(run) {
        0 => String::new(),
        failed => format!(", **{failed} failed**"),
    };
    let pairing = match comparison.pairing {
        Pairing::Paired => "measured",
        Pairing::Stored => "compared",
    };
    let pairing = format!("{pairing} {}", conditions::pairing(comparison));
    let tally = tally(comparison.cases.iter().map(|case| case.verdict));
    format!(
        "{first}{failed}\n\n{} against {}, {pairing}: {tally}.\n{}",
        code(&comparison.candidate.name),
        code(&comparison.base.name),
        differing(comparison)
    )
}

/// What differs between two stored runs and may have changed a result by itself; the rest is in the
/// details.
fn differing(comparison: &Comparison) -> String {
    let differences = comparison.conditions.differences.iter();
    let lines = differences.filter_map(|one| {
        let what = conditions::unsettles(one)?;
        Some(format!(
            "- {}, which may change {what} by itself\n",
            difference(one)
        ))
    });
    let lines: Vec<String> = lines.collect();
    let shown = lines.len().min(DIFFERENCES_MAX);
    let more = match lines.len() - shown {
        0 => String::new(),
        more => format!("- and {more} more\n"),
    };
    match lines.is_empty() {
        true => String::new(),
        false => format!(
            "\nThe two were run under other conditions:\n\n{}{more}",
            lines[..shown].concat()
        ),
    }
}

/// Differences in the headline: more than that is not read there.
const DIFFERENCES_MAX: usize = 10;

/// A difference in a line of Markdown.
pub(super) fn difference(difference: &Difference) -> String {
    let [base, candidate] = conditions::values(difference);
    format!(
        "{}: {} → {}",
        code(&conditions::name(difference)),
        code(base),
        code(candidate)
    )
}

fn allowed(comparison: &Comparison) -> String {
    let thresholds = wording::thresholds(&comparison.rules, &comparison.exceptions);
    match comparison.exceptions.cases.is_empty() {
        true => thresholds,
        // Patterns are strangers' texts.
        false => code(&thresholds),
    }
}

/// All rows, sorted.
pub(super) fn rows<'a>(contents: &Contents<'a>, comparison: &'a Comparison) -> Vec<Row<'a>> {
    let columns = comparison.columns();
    let mut rows: Vec<_> = comparison
        .cases
        .iter()
        .map(|compared| row(contents, compared, &columns))
        .collect();
    rows.extend(failed_alone(contents, comparison).map(|row| (row, Reverse(None), 0.0)));
    rows.sort_by(|(a, severity, size), (b, other_severity, other_size)| {
        let by_weight = (a.rank, severity).cmp(&(b.rank, other_severity));
        by_weight.then(other_size.total_cmp(size))
    });
    rows.into_iter().map(|(row, ..)| row).collect()
}

type Weighted<'a> = (Row<'a>, Reverse<Option<Severity>>, f64);

fn row<'a>(
    contents: &Contents<'a>,
    compared: &'a CaseComparison,
    columns: &[Metric],
) -> Weighted<'a> {
    let case = candidate(contents.run, compared);
    let rank = rank(compared, case);
    // What it measured before it failed means nothing.
    let change = |metric| compared.change(metric).filter(|_| rank != Rank::Failed);
    let decisive = compared.decided_by.and_then(change);
    let time = decisive.or(change(Metric::WallTime));
    let percents = |metric| change(metric).map_or(String::new(), |change| percent(change.ratio));
    let row = Row {
        rank,
        verdict: Some(compared.verdict),
        plugin: &compared.plugin,
        case: Some(&compared.case),
        text: format!(
            "| {}{} | {} | {} | {} |{}\n",
            case_name(&compared.plugin, &compared.case),
            compared
                .other_base()
                .map_or(String::new(), |base| format!(" (against {})", code(base))),
            what(compared, case, rank),
            time.map_or(String::new(), times),
            time.map_or(String::new(), |time| interval(time)
                + &other_time(time, change)),
            cells(columns.iter().map(|metric| percents(*metric))),
        ),
    };
    let size = time.map_or(0.0, |time| (time.ratio - 1.0).abs());
    (row, Reverse(compared.severity), size)
}

/// The case in the candidate's run; none if it is gone.
fn candidate<'a>(run: &'a Run, compared: &CaseComparison) -> Option<&'a Case> {
    if compared.verdict == Verdict::Gone {
        return None;
    }
    let mut plugins = run.plugins.iter().filter(|p| p.label == compared.plugin);
    plugins.find_map(|plugin| {
        let mut cases = plugin.cases.iter();
        cases.find(|case| case.spec.name == compared.case)
    })
}

fn rank(compared: &CaseComparison, case: Option<&Case>) -> Rank {
    let gate = compared.gate.as_ref().map(|gate| gate.outcome);
    let fuel = compared.change(Metric::Fuel);
    if compared.verdict == Verdict::Regressed || gate == Some(GateOutcome::Regressed) {
        Rank::Regressed
    } else if case.is_some_and(|case| cases::failed(&case.outcome)) {
        // What it measured before it failed is no improvement.
        Rank::Failed
    } else if compared.verdict == Verdict::Improved {
        Rank::Improved
    } else if fuel.is_some_and(|fuel| (fuel.ratio - 1.0).abs() >= WORK_CHANGE) {
        Rank::Work
    } else if compared.verdict == Verdict::Unsure || gate == Some(GateOutcome::Unsure) {
        Rank::Unsure
    } else {
        Rank::Unremarkable
    }
}

/// The verdict, and whatever has to be said of it, in lines of one cell.
fn what(compared: &CaseComparison, case: Option<&Case>, rank: Rank) -> String {
    let mut lines = vec![word(&compared.verdict).to_owned()];
    if rank == Rank::Failed {
        lines[0] = "**failed**".into();
    } else {
        if compared.verdict == Verdict::Regressed {
            lines[0] = format!("**{}**", lines[0]);
        }
        if let Some(severity) = compared.severity {
            lines[0] += &format!(" ({})", word(&severity));
        }
        lines.extend(wording::verdicts::diagnosis(compared).map(Into::into));
    }
    if let Some(case) = case.filter(|case| !case.outcome.is_ok()) {
        lines.push(code(&sentence(&case.outcome)));
    }
    lines.extend(
        compared
            .gate
            .iter()
            .map(|gate| format!("gate {}: {}", word(&gate.outcome), code(&gate.reason))),
    );
    lines.extend(compared.notes.iter().map(|note| code(note)));
    let marks = case.iter().flat_map(|case| &case.marks).map(|m| mark(*m));
    let marks = marks.collect::<Vec<_>>().join(", ");
    lines.extend((!marks.is_empty()).then_some(marks));
    lines.join("<br>")
}

fn times(change: &Change) -> String {
    let prefix = match change.metric {
        Metric::WallTime => String::new(),
        metric => format!("{} ", metric.spec().short),
    };
    let (base, candidate) = (
        value(change.metric, change.base),
        value(change.metric, change.candidate),
    );
    format!("{prefix}{base} → {candidate}")
}

/// What the time says that was not decisive: both are always shown.
fn other_time<'a>(shown: &Change, change: impl Fn(Metric) -> Option<&'a Change>) -> String {
    let other = match shown.metric {
        Metric::CpuTime => Metric::WallTime,
        _ => Metric::CpuTime,
    };
    let name = other.spec().short;
    let other = change(other).map(|other| format!("; {name} {}", percent(other.ratio)));
    other.unwrap_or_default()
}

fn interval(change: &Change) -> String {
    if change.pairs == 0 {
        return format!("**{}**", percent(change.ratio));
    }
    format!(
        "**{}** ({} to {})",
        percent(change.ratio),
        percent(change.lower),
        percent(change.upper)
    )
}

/// What failed without being compared: plugins that did not load, and cases that have no verdict.
fn failed_alone<'a>(
    contents: &Contents<'a>,
    comparison: &'a Comparison,
) -> impl Iterator<Item = Row<'a>> {
    failures(contents.run).filter_map(|(plugin, case, outcome)| {
        let known = |compared: &CaseComparison| {
            compared.plugin == plugin
                && Some(compared.case.as_str()) == case
                && compared.verdict != Verdict::Gone
        };
        if comparison.cases.iter().any(known) {
            return None;
        }
        let name = case.map_or_else(|| code(plugin), |case| case_name(plugin, case));
        let why = code(&sentence(outcome));
        Some(Row {
            rank: Rank::Failed,
            verdict: None,
            plugin,
            case,
            text: format!(
                "| {name} | **failed**<br>{why} | |{}\n",
                " |".repeat(1 + comparison.columns().len())
            ),
        })
    })
}

/// Every failure of a run: the plugin, the case if it is one's, and how it ended.
pub(super) fn failures(run: &Run) -> impl Iterator<Item = (&str, Option<&str>, &Outcome)> {
    run.plugins.iter().flat_map(|plugin| {
        let own = [(plugin.label.as_str(), None, &plugin.outcome)];
        let cases = plugin.cases.iter().map(|case| {
            let name = Some(case.spec.name.as_str());
            (plugin.label.as_str(), name, &case.outcome)
        });
        let all = own.into_iter().chain(cases);
        all.filter(|(_, _, outcome)| cases::failed(outcome))
    })
}
