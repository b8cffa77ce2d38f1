//! Which time decides about a case, and why none can.
//!
//! ```text
//! wall time resolves ─► it decides
//! wall time shows nothing, and only other programs took time from the case ─► CPU time decides, if it resolves
//! otherwise ─► unsure
//! ```
//!
//! And then what was decided must hold: not against the other time, not in one layout of the
//! machine code alone, and of a case whose cost depends on how it is measured nothing good is said.

use super::Context;
use super::changes::{Part, Timed, process_pairs, slower_mean};
use crate::estimate::{
    is_folded, is_fuel_unsettled, is_implausible, is_nonlinear, is_waiting, process_median,
};
use dyno_model::{Case, Change, Metric, Process, UnsureReason, Verdict};
use dyno_stats as stats;

/// What is said of a case's time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decision {
    pub(super) verdict: Verdict,
    /// The metric that the verdict is about.
    pub(super) metric: Option<Metric>,
    pub(super) reason: Option<UnsureReason>,
    /// Whether CPU time may answer where wall time does not.
    pub(super) cpu_may_decide: bool,
    /// Why no gate may pass it, whatever else is said.
    pub(super) doubt: Option<UnsureReason>,
}

/// A group of pairs that have one layout in common says something from this many on.
const PAIRS_MIN: usize = 3;

/// A change that is not of the layout shows by at least this share of it in every layout.
const SHARE_MIN: f64 = 0.5;

/// Decides, from the changes of both times and of fuel.
pub(super) fn decide(
    base: &Case,
    candidate: &Case,
    [wall, cpu]: [Option<Timed>; 2],
    fuel: Option<&Change>,
    context: &Context,
) -> Decision {
    let cpu_may_decide = !is_waiting(base)
        && !is_waiting(candidate)
        && wall.is_none_or(|wall| {
            wall.is_disturbed || shows_nothing(&wall.change, context.rules.threshold)
        });
    let resolves = |time: &Timed| time.change.verdict != Verdict::Unsure;
    let fallback = cpu.filter(|cpu| cpu_may_decide && resolves(cpu));
    let decisive = wall.filter(resolves).or(fallback).or(wall);
    let mut decision = Decision {
        verdict: decisive.map_or(Verdict::Unsure, |time| time.change.verdict),
        metric: decisive.map(|time| time.change.metric),
        reason: None,
        cpu_may_decide,
        doubt: None,
    };
    // Of the mean only what the median denies.
    let is_denied = |mean: &Change| decisive.is_some_and(|time| time.change.upper < mean.lower);
    let mean = slower_mean(base, candidate, context).filter(is_denied);
    let edge = 1.0 + context.rules.threshold;
    decision.doubt = unmeasurable([base, candidate]).or_else(|| {
        let matters = mean.is_some_and(|mean| mean.ratio >= edge);
        matters.then_some(UnsureReason::Mean)
    });
    let doubt = decision.doubt.or(mean.map(|_| UnsureReason::Mean));
    let reason = match decisive {
        _ if !context.same_machine => Some(UnsureReason::OtherMachine),
        _ if decision.verdict != Verdict::Regressed && doubt.is_some() => doubt,
        None => Some(UnsureReason::FewProcesses),
        Some(time) if time.is_below_floor => Some(UnsureReason::TimerFloor),
        Some(time) if !resolves(&time) && time.is_disturbed => Some(UnsureReason::Preempted),
        Some(time) if !resolves(&time) => Some(UnsureReason::Interval),
        Some(time) if fuel.is_some_and(|fuel| fuel.verdict == Verdict::Equivalent) => {
            let other = match time.change.metric {
                Metric::WallTime => cpu,
                _ => wall,
            };
            denied(&time.change, other, base, candidate)
        }
        Some(_) => None,
    };
    if reason.is_some() {
        decision.verdict = Verdict::Unsure;
        decision.reason = reason;
    }
    decision
}

/// What speaks against a change of time with equal fuel, if anything does.
fn denied(
    change: &Change,
    other: Option<Timed>,
    base: &Case,
    candidate: &Case,
) -> Option<UnsureReason> {
    let is_change = |verdict| matches!(verdict, Verdict::Regressed | Verdict::Improved);
    if !is_change(change.verdict) {
        return None;
    }
    let contradicts = |verdict: Verdict| is_change(verdict) && verdict != change.verdict;
    if other.is_some_and(|other| contradicts(other.change.verdict)) {
        Some(UnsureReason::Contradiction)
    } else if !survives(change, base, candidate) {
        Some(UnsureReason::Layout)
    } else {
        None
    }
}

/// Whether a change allows that there is none, and does not look like one that matters.
fn shows_nothing(change: &Change, threshold: f64) -> bool {
    (change.lower..=change.upper).contains(&1.0) && change.ratio.ln().abs() < threshold.ln_1p()
}

/// Why nothing good can be said of a case on one of the two sides.
pub(super) fn unmeasurable(sides: [&Case; 2]) -> Option<UnsureReason> {
    let either = |is: fn(&Case) -> bool| sides.iter().any(|case| is(case));
    if either(is_folded) {
        Some(UnsureReason::Folded)
    } else if either(is_implausible) {
        Some(UnsureReason::Implausible)
    } else if either(is_nonlinear) {
        Some(UnsureReason::Nonlinear)
    } else if either(is_fuel_unsettled) {
        Some(UnsureReason::FuelUnsettled)
    } else {
        None
    }
}

/// Whether a change of time is seen in every layout of either side. Where there is only one, that
/// cannot be told.
fn survives(change: &Change, base: &Case, candidate: &Case) -> bool {
    let ns = |process: &Process| process_median(process, change.metric);
    let mut pairs = process_pairs(base, candidate, &ns, Part::First);
    let least = SHARE_MIN * change.ratio.ln().abs();
    let sign = change.ratio.ln().signum();
    [0, 1].into_iter().all(|side| {
        pairs.sort_by_key(|pair| pair.layouts[side]);
        let groups = pairs.chunk_by(|one, other| one.layouts[side] == other.layouts[side]);
        let groups: Vec<f64> = groups
            .filter(|group| group.len() >= PAIRS_MIN)
            .filter_map(|group| {
                let differences: Vec<f64> = group.iter().map(|pair| pair.difference()).collect();
                stats::median(&differences)
            })
            .collect();
        groups.len() < 2 || groups.iter().all(|group| sign * group >= least)
    })
}

/// A reason as a sentence: what stands in the way, and what to do.
pub(super) fn explain(reason: UnsureReason) -> Option<&'static str> {
    Some(match reason {
        // Said by side, or seen in the interval itself.
        UnsureReason::Failed | UnsureReason::Interval | UnsureReason::Conditions => return None,
        UnsureReason::FewProcesses => "there are too few processes on both sides for an interval",
        UnsureReason::OtherMachine => {
            "the runs are from machines of different classes: only fuel and memory compare"
        }
        UnsureReason::Preempted => {
            "other programs took the CPU during nearly all samples: measure on a quieter machine"
        }
        UnsureReason::TimerFloor => "the difference is smaller than what the clock resolves",
        UnsureReason::Folded => {
            "the compiler removed the work of a side, so there is nothing to compare: pass inputs and results through black_box"
        }
        UnsureReason::Implausible => {
            "a side does other work when it is timed than when it is counted: its fuel per ns is not that of what was counted"
        }
        UnsureReason::Nonlinear => {
            "an iteration costs more or less in larger batches, so time per iteration says little: move set-up out of the timed part (iter_batched)"
        }
        UnsureReason::FuelUnsettled => {
            "fuel per iteration did not settle, so iterations are not alike: move set-up out of the timed part (iter_batched), and keep nothing between iterations"
        }
        UnsureReason::Mean => {
            "the mean became slower and the median did not: some iterations take longer than others, which a median does not see"
        }
        UnsureReason::Layout => {
            "time changed and fuel did not, and not in every layout of the machine code: where the code lies in memory explains it"
        }
        UnsureReason::Contradiction => {
            "wall time and CPU time contradict each other: measure on a quieter machine"
        }
    })
}

#[cfg(test)]
mod tests;
