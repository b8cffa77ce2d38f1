//! The gate: whether a case grew by the threshold. It asks another question than the verdict does: not
//! "did anything change?" but "did it grow too much?", and "unsure" is never a pass there either.
//!
//! ```text
//! whole interval below the threshold ─► passed
//! regressed, estimate at the threshold ─► flagged ─► fresh blocks say so, too ─► regressed
//!                                                 ├► they deny it ─► passed
//!                                                 └► otherwise ─► more of them, once ─► unsure
//! otherwise ─► more blocks, once ─► unsure
//! ```

use super::changes::{Part, timed};
use super::decision::explain;
use super::matching::Pair;
use super::{Context, ROUNDING, grown, is_identical};
use crate::report::model::{
    CaseComparison, Change, Gate, GateOutcome, Metric, Rules, UnsureReason, Verdict,
};

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
        ) || case.change(Metric::CpuTime).is_none()
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
        | UnsureReason::Nonlinear
        | UnsureReason::FuelUnsettled
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
            Some((answer(change, rules), Some(change)))
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

/// Judges one case. `confirmed` is the number of cases that fresh blocks were run for: alpha is shared
/// among them.
pub(super) fn gate(
    pair: &Pair<'_>,
    case: &CaseComparison,
    confirmed: usize,
    context: &Context,
) -> Gate {
    let rules = &context.rules;
    let plain = |outcome, reason: &str| Gate {
        outcome,
        reason: reason.into(),
        confirmation: None,
    };
    let (Some((base_plugin, base)), Some((plugin, candidate))) = (pair.base, pair.candidate) else {
        return match pair.without {
            Some(plugin) if !plugin.outcome.is_ok() => plain(
                GateOutcome::Unsure,
                "the plugin of the other side could not be measured",
            ),
            _ => plain(GateOutcome::Passed, "there is nothing to hold it against"),
        };
    };
    if !base.outcome.is_ok() || !candidate.outcome.is_ok() {
        return plain(GateOutcome::Unsure, "it failed");
    }
    for (metric, limit) in [
        (Metric::Fuel, rules.fuel),
        (Metric::MemoryPeak, rules.memory),
    ] {
        let change = limit.and_then(|limit| Some((limit, case.change(metric)?)));
        if let Some((limit, change)) = change
            && let Some(gate) = counted(change, limit)
        {
            return gate;
        }
    }
    if context.same_configuration && is_identical(base_plugin, plugin) {
        return plain(GateOutcome::Passed, "it is identical");
    }
    let (first, Some(change)) = question(case, rules) else {
        return plain(
            GateOutcome::Unsure,
            "its times were not measured on both sides",
        );
    };
    // A change that is below the threshold in all layouts together is none that matters.
    if let Some(reason) = case.reason
        && !helps(reason)
        && (first != Answer::Below || reason != UnsureReason::Layout)
    {
        return plain(
            GateOutcome::Unsure,
            explain(reason).unwrap_or("it is unsure"),
        );
    }
    match first {
        Answer::Below => Gate {
            outcome: GateOutcome::Passed,
            reason: format!("{} grew by less than the threshold", time(change)),
            confirmation: None,
        },
        Answer::Open => Gate {
            outcome: GateOutcome::Unsure,
            reason: format!(
                "the interval of {} reaches beyond the threshold",
                time(change)
            ),
            confirmation: None,
        },
        Answer::Flagged => {
            let alpha = (1.0 - rules.confidence) / confirmed.max(1) as f64;
            let part = Part::Confirming(1.0 - alpha);
            let fresh = timed(change.metric, base, candidate, part, context);
            confirm(change, fresh.map(|fresh| fresh.change), rules)
        }
    }
}

/// Fuel and memory are counted: they grew by the limit or they did not. None if they did not.
fn counted(change: &Change, limit: f64) -> Option<Gate> {
    let what = if change.metric == Metric::Fuel {
        "fuel"
    } else {
        "memory"
    };
    if change.verdict == Verdict::Unsure {
        return Some(Gate {
            outcome: GateOutcome::Unsure,
            reason: format!(
                "its {what} is not deterministic, so that it cannot be held to a limit"
            ),
            confirmation: None,
        });
    }
    let share = grown(change);
    let by = match change.ratio {
        Change::FROM_NOTHING => "from 0".into(),
        _ => format!("by {:.2} %", share * 100.0),
    };
    (share >= limit - ROUNDING).then(|| Gate {
        outcome: GateOutcome::Regressed,
        reason: format!("{what} grew {by}, and {:.2} % is the limit", limit * 100.0),
        confirmation: None,
    })
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

fn time(change: &Change) -> &'static str {
    match change.metric {
        Metric::CpuTime => "CPU time",
        _ => "time",
    }
}
