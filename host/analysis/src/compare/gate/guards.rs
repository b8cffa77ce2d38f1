//! What a gate guards besides time: cases that are gone, hard limits, growth of what is counted,
//! results, and whether what was timed is what was counted.

use super::{plain, worst};
use crate::compare::matching::Pair;
use crate::compare::{Context, NO_RESULT, ROUNDING, grown};
use crate::estimate::is_implausible;
use dyno_model::{
    Case, CaseComparison, Change, ChecksumRule, Gate, GateOutcome, Gone, Metric, Rules, Verdict,
};

/// A case that only one side has. One that is gone is no matter of noise: it stays gone in every
/// rerun, and what allows a gate to be unsure is not to let it through. So it is regressed, and not
/// unsure.
pub(super) fn alone(pair: &Pair<'_>, rules: &Rules, context: &Context) -> Gate {
    if !context.is_complete {
        return plain(GateOutcome::Unsure, "it was interrupted");
    }
    if pair.without.is_some_and(|plugin| !plugin.outcome.is_ok()) {
        return plain(
            GateOutcome::Unsure,
            "the plugin of the other side could not be measured",
        );
    }
    if let Some((_, new)) = pair.candidate {
        if !new.outcome.is_ok() {
            return plain(GateOutcome::Unsure, "it failed");
        }
        let mut found = above(new, rules);
        found.extend(other_work(new));
        found.push(plain(
            GateOutcome::Passed,
            "there is nothing to hold it against",
        ));
        return worst(found);
    }
    let what = match pair.without {
        Some(_) => "the baseline has this case, and the candidate does not",
        None => "the baseline has this plugin, and the candidate does not",
    };
    match rules.gone {
        Gone::Warn => plain(GateOutcome::Passed, format!("{what}: --gone warn")),
        Gone::Fail => plain(
            GateOutcome::Regressed,
            format!(
                "{what}: write its new name under [renames] in dyno.toml, or allow that with --gone warn"
            ),
        ),
    }
}

/// What is above a hard limit, or cannot be held to it.
pub(super) fn above(case: &Case, rules: &Rules) -> Vec<Gate> {
    let mut found = Vec::new();
    if rules.fuel_max.is_none() && rules.memory_max.is_none() {
        return found;
    }
    let Some(count) = &case.count else {
        let reason = "it was not counted, so that it cannot be held to its hard limits";
        return vec![plain(GateOutcome::Unsure, reason)];
    };
    let (fuel, peak) = (count.fuel_per_iteration, count.memory.peak_bytes as f64);
    match rules.fuel_max {
        Some(_) if !count.deterministic => found.push(plain(
            GateOutcome::Unsure,
            "its fuel is not deterministic, so that it cannot be held to a hard limit",
        )),
        Some(max) if fuel > max => found.push(plain(
            GateOutcome::Regressed,
            format!("{fuel} fuel per iteration is above the hard limit of {max}"),
        )),
        _ => {}
    }
    if let Some(max) = rules.memory_max.filter(|max| peak > *max) {
        let reason = format!("a peak of {peak} bytes is above the hard limit of {max}");
        found.push(plain(GateOutcome::Regressed, reason));
    }
    found
}

/// Fuel and memory are counted: they grew by the limit or they did not. None if they did not.
pub(super) fn growth(case: &CaseComparison, metric: Metric, limit: f64) -> Option<Gate> {
    let what = metric.spec().noun();
    let unsure = |why: &str| plain(GateOutcome::Unsure, format!("its {what} {why}"));
    let Some(change) = case.change(metric) else {
        return Some(unsure("was not counted on both sides"));
    };
    if change.verdict == Verdict::Unsure {
        return Some(unsure(
            "is not deterministic, so that it cannot be held to a limit",
        ));
    }
    let share = grown(change);
    if share < limit - ROUNDING {
        return None;
    }
    let by = match change.ratio {
        Change::FROM_NOTHING => "from 0".into(),
        _ => format!("by {:.2} %", share * 100.0),
    };
    Some(plain(
        GateOutcome::Regressed,
        format!("{what} grew {by}, and {:.2} % is the limit", limit * 100.0),
    ))
}

/// A case that does other work when it is timed than when it is counted passes nothing, whatever
/// its numbers say.
pub(super) fn other_work(case: &Case) -> Option<Gate> {
    is_implausible(case).then(|| {
        plain(
            GateOutcome::Unsure,
            "it does other work when it is timed than when it is counted",
        )
    })
}

/// Other work is neither faster nor slower. None if the results are the same, or need not be.
pub(super) fn other_result(base: &Case, candidate: &Case, rules: &Rules) -> Option<Gate> {
    let what = match (base.checksum, candidate.checksum) {
        _ if rules.checksum == ChecksumRule::Allow => return None,
        (Some(one), Some(other)) if one == other => return None,
        (Some(_), Some(_)) => "it computes something else",
        _ => NO_RESULT,
    };
    Some(plain(
        GateOutcome::Unsure,
        format!("{what}: allow that with --checksum allow if it is meant"),
    ))
}
