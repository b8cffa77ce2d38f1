//! The gate: whether a case grew by the threshold. It asks another question than the verdict does:
//! not "did anything change?" but "did it grow too much?", and "unsure" is never a pass there
//! either.
//!
//! ```text
//! whole interval below the threshold ─► passed
//! regressed, estimate at the threshold ─► flagged ─► fresh blocks say so, too ─► regressed
//!                                                 ├► they deny it ─► passed
//!                                                 └► otherwise ─► more of them, once ─► unsure
//! otherwise ─► more blocks, once ─► unsure
//! ```
//!
//! Besides time: hard limits, growth of what is counted, other results, cases that are gone, and
//! those that do other work when they are timed. What weighs most of all that is the outcome of the
//! case.

mod guards;

use super::changes::{Part, timed};
use super::decision::explain;
use super::matching::Pair;
use super::{Context, was_run};
use dyno_model::{
    Case, CaseComparison, Change, Gate, GateOutcome, Metric, Rules, UnsureReason, Verdict,
};

use guards::{above, alone, growth, other_result, other_work};

/// What a case needs before it can be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing more.
    Nothing,
    /// More blocks: it is unsure.
    Extend,
    /// Fresh blocks that confirm what was flagged.
    Confirm,
}

impl Next {
    /// What a case that was compared so far needs.
    #[must_use]
    pub fn of(case: &CaseComparison, rules: &Rules) -> Self {
        if matches!(
            case.verdict,
            Verdict::Identical | Verdict::New | Verdict::Gone
        ) || rules.counts_only
            || case.change(Metric::CpuTime).is_none()
            || case.reason.is_some_and(|reason| !helps(reason))
        {
            return Self::Nothing;
        }
        let fresh = case
            .gate
            .as_ref()
            .and_then(|gate| gate.confirmation.as_ref());
        let is_settled = fresh.is_some_and(|fresh| answer(fresh, rules) != Answer::Open);
        match (rules.gates, question(case, rules).0) {
            (true, Answer::Flagged) if is_settled => Self::Nothing,
            (true, Answer::Flagged) => Self::Confirm,
            (true, Answer::Open) => Self::Extend,
            (false, _) if case.verdict == Verdict::Unsure => Self::Extend,
            _ => Self::Nothing,
        }
    }
}

/// Whether more blocks may end what makes a case unsure.
fn helps(reason: UnsureReason) -> bool {
    match reason {
        UnsureReason::Interval
        | UnsureReason::Preempted
        | UnsureReason::FewProcesses
        | UnsureReason::TimerFloor => true,
        UnsureReason::Failed
        | UnsureReason::OtherMachine
        | UnsureReason::Folded
        | UnsureReason::Implausible
        | UnsureReason::Nonlinear
        | UnsureReason::FuelUnsettled
        | UnsureReason::Mean
        | UnsureReason::Layout
        | UnsureReason::Contradiction
        | UnsureReason::Conditions => false,
    }
}

/// What the first blocks say to the gate's question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Below,
    Open,
    Flagged,
}

fn answer(change: &Change, rules: &Rules) -> Answer {
    let edge = 1.0 + rules.threshold;
    if change.verdict == Verdict::Regressed && change.ratio >= edge {
        Answer::Flagged
    } else if change.upper < edge {
        Answer::Below
    } else {
        Answer::Open
    }
}

/// Wall time answers if it can, else CPU time if that may.
fn question<'a>(case: &'a CaseComparison, rules: &Rules) -> (Answer, Option<&'a Change>) {
    let answers = [Metric::WallTime, Metric::CpuTime]
        .into_iter()
        .filter(|metric| *metric == Metric::WallTime || case.cpu_may_decide)
        .filter_map(|metric| {
            let change = case.change(metric)?;
            let is_disturbed = metric == Metric::WallTime && case.wall_is_disturbed;
            let answer = match answer(change, rules) {
                Answer::Below if is_disturbed => Answer::Open,
                answer => answer,
            };
            Some((answer, Some(change)))
        });
    let mut open = (Answer::Open, None);
    for answered in answers {
        if answered.0 != Answer::Open {
            return answered;
        }
        open = (Answer::Open, open.1.or(answered.1));
    }
    open
}

/// Judges one case. `confirmed` is the number of cases that fresh blocks were run for: alpha is
/// shared among them.
pub(super) fn gate(
    pair: &Pair<'_>,
    case: &CaseComparison,
    confirmed: usize,
    context: &Context,
) -> Gate {
    let rules = &context.rules;
    let (Some((_, base)), Some((_, candidate))) = (pair.base, pair.candidate) else {
        return alone(pair, rules, context);
    };
    if !base.outcome.is_ok() || !candidate.outcome.is_ok() {
        return plain(GateOutcome::Unsure, "it failed");
    }
    let mut found: Vec<Gate> = [base, candidate]
        .into_iter()
        .filter_map(other_work)
        .collect();
    if case.verdict == Verdict::Identical {
        // One side was counted for both.
        let counted = if was_run(candidate) { candidate } else { base };
        found.extend(above(counted, rules));
        found.push(plain(GateOutcome::Passed, "it is identical"));
    } else {
        found.extend(above(candidate, rules));
        found.extend(
            rules
                .growth()
                .filter_map(|(metric, limit)| growth(case, metric, limit)),
        );
        found.extend(other_result(base, candidate, rules));
        found.push(match rules.counts_only {
            true => counted_gate(case),
            false => timed_gate([base, candidate], case, confirmed, context),
        });
    }
    worst(found)
}

/// The first of those that weigh most.
fn worst(found: Vec<Gate>) -> Gate {
    let mut found = found.into_iter();
    let first = found.next();
    let heavier = |a: Gate, b: Gate| if b.outcome > a.outcome { b } else { a };
    let worst = first.map(|first| found.fold(first, heavier));
    worst.unwrap_or_else(|| plain(GateOutcome::Unsure, "nothing was judged"))
}

fn plain(outcome: GateOutcome, reason: impl Into<String>) -> Gate {
    Gate {
        outcome,
        reason: reason.into(),
        confirmation: None,
    }
}

/// What counts say that did not grow too much.
fn counted_gate(case: &CaseComparison) -> Gate {
    match case.reason.and_then(explain) {
        Some(sentence) => plain(GateOutcome::Unsure, sentence),
        None => plain(
            GateOutcome::Passed,
            "nothing that is counted grew by its threshold",
        ),
    }
}

/// What times say: the first blocks, and fresh ones where these flagged something.
fn timed_gate(
    [base, candidate]: [&Case; 2],
    case: &CaseComparison,
    confirmed: usize,
    context: &Context,
) -> Gate {
    let rules = &context.rules;
    let (first, Some(change)) = question(case, rules) else {
        return plain(
            GateOutcome::Unsure,
            "its times were not measured on both sides",
        );
    };
    if let Some(doubt) = case.doubt.filter(|_| first != Answer::Flagged) {
        return plain(
            GateOutcome::Unsure,
            explain(doubt).unwrap_or("it is unsure"),
        );
    }
    // A mean that grew by less than the threshold, or a change that is below the threshold in all
    // layouts together is none that matters.
    if let Some(reason) = case.reason
        && !helps(reason)
        && (first != Answer::Below || !matches!(reason, UnsureReason::Layout | UnsureReason::Mean))
    {
        return plain(
            GateOutcome::Unsure,
            explain(reason).unwrap_or("it is unsure"),
        );
    }
    match first {
        Answer::Below => plain(GateOutcome::Passed, below(change)),
        Answer::Open => plain(
            GateOutcome::Unsure,
            format!(
                "the interval of {} reaches beyond the threshold",
                time(change)
            ),
        ),
        Answer::Flagged => {
            let alpha = (1.0 - rules.confidence) / confirmed.max(1) as f64;
            let part = Part::Confirming(1.0 - alpha);
            let fresh = timed(change.metric, base, candidate, part, context);
            let fresh = fresh.filter(|fresh| {
                !fresh.is_disturbed || answer(&fresh.change, rules) == Answer::Flagged
            });
            confirm(change, fresh.map(|fresh| fresh.change), rules)
        }
    }
}

fn confirm(first: &Change, fresh: Option<Change>, rules: &Rules) -> Gate {
    let (outcome, reason) = match &fresh {
        None => (
            GateOutcome::Unsure,
            format!(
                "{} was flagged, and nothing was run that could confirm it",
                time(first)
            ),
        ),
        Some(fresh) => match answer(fresh, rules) {
            Answer::Flagged => (
                GateOutcome::Regressed,
                format!(
                    "{} grew by the threshold or more, and fresh blocks confirm it",
                    time(first)
                ),
            ),
            Answer::Below => (
                GateOutcome::Passed,
                format!("{} was flagged, and fresh blocks deny it", time(first)),
            ),
            Answer::Open => (
                GateOutcome::Unsure,
                format!(
                    "{} was flagged, and fresh blocks do not confirm it",
                    time(first)
                ),
            ),
        },
    };
    Gate {
        outcome,
        reason,
        confirmation: fresh,
    }
}

/// CPU time is not what the table shows first, so that its interval stands here.
fn below(change: &Change) -> String {
    let percent = |ratio: f64| (ratio - 1.0) * 100.0;
    let (lower, upper) = (percent(change.lower), percent(change.upper));
    match change.metric {
        Metric::CpuTime => {
            format!("CPU time, {lower:+.2} % … {upper:+.2} %, grew by less than the threshold")
        }
        _ => "time grew by less than the threshold".into(),
    }
}

fn time(change: &Change) -> &'static str {
    match change.metric {
        Metric::CpuTime => "CPU time",
        _ => "time",
    }
}
