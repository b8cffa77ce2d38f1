//! Judges a phase by the run that it led to. Pure.
//!
//! A number that was counted is judged as it is. One that was sampled is judged by its 95 %
//! interval over processes: the criterion passes if it holds for the whole interval, fails if it
//! holds for none of it, and is unsure otherwise, which is never a pass.

mod measured;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::advice;
use super::config::{Phase, PhaseName};
use super::criterion::{Criterion, Operator, Threshold};
use super::outcome::{Check, CheckOutcome, PhaseError, PhaseResult, Reading, Value};
use dyno_analysis::compare::rules_of;
use dyno_analysis::filter::Selection;
use dyno_model as model;
use dyno_model::{
    Case, CaseComparison, Comparison, GateOutcome, MetricSpec, Outcome, Plugin, Run, RunStatus,
};
use measured::{Measured, measured};

/// Holds a run, and its comparison if the phase has one, against what the phase demands.
#[must_use]
pub fn judge(phase: &Phase, run: &Run, comparison: Option<&Comparison>) -> PhaseResult {
    let mut checks = Vec::new();
    let mut readings = Vec::new();
    let mut errors = failures(phase, run);
    let scopes = scopes(phase, run);
    for (plugin, case) in cases(run) {
        for (criterion, _) in scopes.iter().filter(|(_, scope)| is_within(scope, case)) {
            let check = check(plugin, case, criterion);
            errors.extend(error(phase, case, &check));
            checks.push(check);
        }
        let shown = phase.metrics.iter();
        readings.extend(shown.map(|metric| reading(plugin, case, metric, &measured(case, metric))));
    }
    errors.extend(unmatched(phase, run));
    if let Some(gate) = &phase.gate {
        match comparison {
            Some(comparison) => {
                let judged = comparison
                    .cases
                    .iter()
                    .filter_map(|case| compared(comparison, case));
                for check in judged {
                    errors.extend(regressed(phase, &check));
                    checks.push(check);
                }
            }
            None => errors.push(PhaseError::NotCompared {
                phase: phase.name,
                against: gate.against.clone(),
            }),
        }
    }
    let worst = checks.iter().map(|check| check.outcome).max();
    PhaseResult {
        phase: phase.name,
        run: run.id.clone(),
        outcome: match worst {
            _ if !errors.is_empty() => CheckOutcome::Failed,
            _ if phase.name == PhaseName::Cross && !is_crossed(run) => worst
                .map_or(CheckOutcome::Unsure, |worst| {
                    worst.max(CheckOutcome::Unsure)
                }),
            Some(worst) => worst,
            None => CheckOutcome::Passed,
        },
        recommendations: advice::recommend(phase, run, &checks),
        checks,
        readings,
        errors,
    }
}

/// Whether two plugins have a case of one name: else nothing was held against anything.
fn is_crossed(run: &Run) -> bool {
    let mut names = BTreeSet::new();
    let mut own = run.plugins.iter().map(|plugin| -> BTreeSet<&str> {
        let names = plugin.cases.iter().map(|case| case.spec.name.as_str());
        names.collect()
    });
    own.any(|own| own.into_iter().any(|name| !names.insert(name)))
}

fn cases(run: &Run) -> impl Iterator<Item = (&Plugin, &Case)> {
    run.plugins
        .iter()
        .flat_map(|plugin| plugin.cases.iter().map(move |case| (plugin, case)))
}

/// The criteria, each with what its pattern means among the cases of the run; none for all of them.
fn scopes<'p>(phase: &'p Phase, run: &Run) -> Vec<(&'p Criterion, Option<Selection>)> {
    let names = || cases(run).map(|(_, case)| case.spec.name.as_str());
    let scope = |criterion: &'p Criterion| {
        let pattern = criterion.cases.as_ref();
        (criterion, pattern.map(|pattern| pattern.among(names())))
    };
    phase.criteria.iter().map(scope).collect()
}

fn is_within(scope: &Option<Selection>, case: &Case) -> bool {
    scope
        .as_ref()
        .is_none_or(|scope| scope.has(&case.spec.name))
}

/// What did not end well, whatever the criteria say.
fn failures(phase: &Phase, run: &Run) -> Vec<PhaseError> {
    let mut errors = Vec::new();
    for plugin in &run.plugins {
        // What was skipped is not a benchmark, and was not called one.
        if !matches!(plugin.outcome, Outcome::Skipped { .. }) {
            errors.extend(failure(phase, plugin, None, &plugin.outcome));
        }
        for case in &plugin.cases {
            errors.extend(failure(phase, plugin, Some(case), &case.outcome));
        }
    }
    if run.status == RunStatus::Interrupted {
        errors.push(PhaseError::Interrupted { phase: phase.name });
    }
    errors
}

fn failure(
    phase: &Phase,
    plugin: &Plugin,
    case: Option<&Case>,
    outcome: &Outcome,
) -> Option<PhaseError> {
    let (phase, plugin, case) = (
        phase.name,
        plugin.label.clone(),
        case.map(|case| case.spec.name.clone()),
    );
    match outcome {
        Outcome::Ok => None,
        Outcome::Limit { limit, cap, actual } => Some(PhaseError::Resource {
            phase,
            plugin,
            case,
            limit: *limit,
            cap: *cap,
            actual: *actual,
        }),
        outcome => Some(PhaseError::Failed {
            phase,
            plugin,
            case,
            outcome: outcome.clone(),
        }),
    }
}

/// A criterion without a case would hold of nothing, and a misspelt name would not be seen.
fn unmatched(phase: &Phase, run: &Run) -> Vec<PhaseError> {
    let nothing = |criterion| PhaseError::NothingMatched {
        phase: phase.name,
        criterion,
    };
    if cases(run).next().is_none() {
        return vec![nothing(None)];
    }
    let scopes = scopes(phase, run).into_iter();
    let idle = scopes.filter(|(_, scope)| !cases(run).any(|(_, case)| is_within(scope, case)));
    idle.map(|(criterion, _)| nothing(Some(criterion.to_string())))
        .collect()
}

fn check(plugin: &Plugin, case: &Case, criterion: &Criterion) -> Check {
    let found = measured(case, criterion.metric);
    let (outcome, reason) = match (&found, criterion.threshold) {
        (Measured::Missing(reason), _) => (CheckOutcome::NotMeasured, Some(reason.clone())),
        (Measured::Doubtful(_, reason), _) => (CheckOutcome::Unsure, Some((*reason).into())),
        (Measured::Estimate(estimate), Threshold::Number(threshold)) => (
            holds(
                criterion.operator,
                estimate.lower,
                estimate.upper,
                threshold,
            ),
            None,
        ),
        (Measured::Checksum(actual), Threshold::Checksum(expected)) => {
            let is_equal = *actual == expected;
            (
                exactly(is_equal == (criterion.operator == Operator::Equal)),
                None,
            )
        }
        (Measured::Differs, _) => {
            let reason = "the checksum differs between passes, batches or processes";
            (CheckOutcome::Failed, Some(reason.into()))
        }
        (Measured::Estimate(_), Threshold::Checksum(_))
        | (Measured::Checksum(_), Threshold::Number(_)) => (
            CheckOutcome::NotMeasured,
            Some("its threshold is of another kind".into()),
        ),
    };
    Check {
        reading: reading(plugin, case, criterion.metric, &found),
        operator: criterion.operator,
        threshold: match criterion.threshold {
            Threshold::Number(number) => Value::Number(number),
            Threshold::Checksum(checksum) => Value::Checksum(checksum),
        },
        outcome,
        reason,
    }
}

fn exactly(holds: bool) -> CheckOutcome {
    if holds {
        CheckOutcome::Passed
    } else {
        CheckOutcome::Failed
    }
}

/// Whether a condition holds for every number of an interval, or for none. One that was counted is
/// an interval without width, and never unsure.
fn holds(operator: Operator, lower: f64, upper: f64, threshold: f64) -> CheckOutcome {
    let (all, any) = match operator {
        Operator::AtMost => (upper <= threshold, lower <= threshold),
        Operator::Below => (upper < threshold, lower < threshold),
        Operator::AtLeast => (lower >= threshold, upper >= threshold),
        Operator::Above => (lower > threshold, upper > threshold),
        Operator::Equal => (
            lower == threshold && upper == threshold,
            (lower..=upper).contains(&threshold),
        ),
        Operator::NotEqual => (
            !(lower..=upper).contains(&threshold),
            lower != threshold || upper != threshold,
        ),
    };
    match (all, any) {
        (true, _) => CheckOutcome::Passed,
        (false, true) => CheckOutcome::Unsure,
        (false, false) => CheckOutcome::Failed,
    }
}

fn reading(plugin: &Plugin, case: &Case, metric: &MetricSpec, found: &Measured) -> Reading {
    let estimate = match found {
        Measured::Estimate(estimate) | Measured::Doubtful(estimate, _) => Some(estimate),
        Measured::Checksum(_) | Measured::Differs | Measured::Missing(_) => None,
    };
    // One process has no interval that says anything of the next, and what was counted needs none.
    let interval = estimate.filter(|estimate| {
        use model::IntervalMethod as I;
        matches!(estimate.interval, I::OrderStatistic | I::StudentT)
    });
    Reading {
        plugin: plugin.label.clone(),
        case: case.spec.name.clone(),
        metric: metric.name.into(),
        unit: metric.unit.name().into(),
        actual: match found {
            Measured::Checksum(checksum) => Some(Value::Checksum(*checksum)),
            _ => estimate.map(|estimate| Value::Number(estimate.median)),
        },
        lower: interval.map(|estimate| estimate.lower),
        upper: interval.map(|estimate| estimate.upper),
    }
}

/// What a failed or unmeasured check is as an error. That a case did not end well has been said.
fn error(phase: &Phase, case: &Case, check: &Check) -> Option<PhaseError> {
    let Reading {
        plugin,
        case: name,
        metric,
        unit,
        actual,
        ..
    } = check.reading.clone();
    match check.outcome {
        CheckOutcome::Failed => Some(PhaseError::Threshold {
            phase: phase.name,
            plugin,
            case: name,
            metric,
            unit,
            operator: check.operator,
            threshold: check.threshold,
            actual,
        }),
        CheckOutcome::NotMeasured if case.outcome.is_ok() => Some(PhaseError::NotMeasured {
            phase: phase.name,
            plugin,
            case: name,
            metric,
            reason: check.reason.clone().unwrap_or_default(),
        }),
        CheckOutcome::NotMeasured | CheckOutcome::Passed | CheckOutcome::Unsure => None,
    }
}

/// What the gate of a comparison says of a case, as a check of how much the deciding metric grew.
fn compared(comparison: &Comparison, case: &CaseComparison) -> Option<Check> {
    let gate = case.gate.as_ref()?;
    let change = gate.confirmation.as_ref().or(case.decisive());
    let share = |ratio: f64| ratio - 1.0;
    Some(Check {
        reading: Reading {
            plugin: case.plugin.clone(),
            case: case.case.clone(),
            metric: change.map_or("change".into(), |change| {
                format!("{}-change", change.metric.spec().name)
            }),
            unit: "ratio".into(),
            actual: change.map(|change| Value::Number(share(change.ratio))),
            lower: change
                .filter(|change| change.pairs > 0)
                .map(|change| share(change.lower)),
            upper: change
                .filter(|change| change.pairs > 0)
                .map(|change| share(change.upper)),
        },
        operator: Operator::Below,
        threshold: Value::Number(
            rules_of(&comparison.rules, &comparison.exceptions, &case.case).threshold,
        ),
        outcome: match gate.outcome {
            GateOutcome::Passed => CheckOutcome::Passed,
            GateOutcome::Unsure => CheckOutcome::Unsure,
            GateOutcome::Regressed => CheckOutcome::Failed,
        },
        reason: Some(gate.reason.clone()),
    })
}

fn regressed(phase: &Phase, check: &Check) -> Option<PhaseError> {
    (check.outcome == CheckOutcome::Failed).then(|| PhaseError::Regressed {
        phase: phase.name,
        plugin: check.reading.plugin.clone(),
        case: check.reading.case.clone(),
        reason: check.reason.clone().unwrap_or_default(),
    })
}
