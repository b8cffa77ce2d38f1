//! What conditions that differ leave of the verdicts: what they may have changed by themselves is
//! unsure.

use super::super::{ROUNDING, rules_of};
use dyno_model::{
    CaseComparison, Change, Compared, Condition, Difference, Exceptions, GateOutcome, Metric,
    Rules, Unit, UnsureReason, Verdict,
};

/// Makes unsure what the conditions may have changed, and says so in each case.
pub(in crate::compare) fn settle(
    cases: &mut [CaseComparison],
    differences: &[Difference],
    (rules, exceptions): (&Rules, &Exceptions),
) {
    for case in cases {
        let rules = &rules_of(rules, exceptions, &case.case);
        let its: Vec<&Difference> = differences
            .iter()
            .filter(|one| bears_on(one, case))
            .collect();
        if !its.is_empty() && case.is_judged() {
            settle_case(case, &its, rules);
        }
    }
}

/// Inputs are those of one plugin; all else is of the whole run.
fn bears_on(difference: &Difference, case: &CaseComparison) -> bool {
    let is_its = difference.condition != Condition::Inputs || difference.name == case.plugin;
    is_its && !difference.unsettles.is_empty()
}

fn settle_case(case: &mut CaseComparison, differences: &[&Difference], rules: &Rules) {
    let unsettled: Vec<Metric> = Metric::compared()
        .filter(|metric| is_unsettled(case, *metric, differences, rules))
        .collect();
    let names = names(differences, &unsettled);
    settle_gate(case, &unsettled, &names, rules);
    let is_shown = |metric: &Metric| case.change(*metric).is_some();
    let unsettled: Vec<Metric> = unsettled.into_iter().filter(is_shown).collect();
    if unsettled.is_empty() {
        return;
    }
    for change in &mut case.changes {
        if unsettled.contains(&change.metric) {
            change.verdict = Verdict::Unsure;
        }
    }
    if case.verdict == Verdict::Identical {
        return;
    }
    // What time and fuel say together is said only of two that are known.
    case.diagnosis = None;
    if case
        .decided_by
        .is_some_and(|metric| unsettled.contains(&metric))
    {
        case.verdict = Verdict::Unsure;
        case.reason = case.reason.or(Some(UnsureReason::Conditions));
        case.severity = None;
    }
    case.notes.push(format!(
        "no change of {} is put down to the code: the runs differ in {names}",
        metrics(&unsettled)
    ));
}

/// The judged metric that suffers from the same as one that is shown: a time from what wall time
/// does; what the processor counts is the thread's own, as its CPU time is.
fn as_judged(metric: Metric) -> Metric {
    match (metric.spec().compared, metric.spec().unit) {
        (Compared::Shown, Unit::Nanoseconds) => Metric::WallTime,
        (Compared::Shown, _) => Metric::CpuTime,
        _ => metric,
    }
}

/// What other programs took cannot have made CPU time longer: wall time stands where CPU time says
/// the same.
fn is_unsettled(
    case: &CaseComparison,
    metric: Metric,
    differences: &[&Difference],
    rules: &Rules,
) -> bool {
    let unsettles = |metric| differences.iter().any(|one| one.unsettles(metric));
    if metric != Metric::WallTime || unsettles(Metric::CpuTime) {
        return unsettles(as_judged(metric));
    }
    let edge = 1.0 + rules.threshold;
    let agree = |wall: &Change, cpu: &Change| {
        wall.verdict == cpu.verdict && (wall.upper < edge) == (cpu.upper < edge)
    };
    let both = case
        .change(Metric::WallTime)
        .zip(case.change(Metric::CpuTime));
    unsettles(metric) && !both.is_some_and(|(wall, cpu)| agree(wall, cpu))
}

/// A gate passes nothing that is unsettled, and fails only for what is settled.
fn settle_gate(case: &mut CaseComparison, unsettled: &[Metric], names: &str, rules: &Rules) {
    let is_settled = |metric| !unsettled.contains(&metric);
    let limits: Vec<(Metric, f64)> = rules.growth().collect();
    let exceeds = |(metric, limit): &(Metric, f64)| {
        let change = case.change(*metric);
        change.is_some_and(|change| change.ratio - 1.0 >= limit - ROUNDING)
    };
    // Wall time decides, or CPU time where only other programs took time from the case.
    let is_time_settled = is_settled(case.decided_by.unwrap_or(Metric::WallTime));
    let is_all_settled = is_time_settled && limits.iter().all(|(metric, _)| is_settled(*metric));
    let exceeding = limits.iter().filter(|limit| exceeds(limit));
    let exceeding: Vec<Metric> = exceeding
        .map(|(metric, _)| *metric)
        .chain(above(case, rules))
        .collect();
    let stands = match exceeding.as_slice() {
        [] => is_time_settled,
        some => some.iter().any(|metric| is_settled(*metric)),
    };
    let is_identical = case.verdict == Verdict::Identical;
    let Some(gate) = case
        .gate
        .as_mut()
        .filter(|_| !is_identical && !is_all_settled)
    else {
        return;
    };
    if gate.outcome != GateOutcome::Regressed || !stands {
        gate.outcome = GateOutcome::Unsure;
        gate.reason = format!("the runs were made under other conditions: they differ in {names}");
    }
}

/// What is known to be above its hard limit.
fn above(case: &CaseComparison, rules: &Rules) -> Vec<Metric> {
    let limits = [
        (Metric::Fuel, rules.fuel_max),
        (Metric::MemoryPeak, rules.memory_max),
    ];
    let is_above = |(metric, max): &(Metric, Option<f64>)| {
        let change = case.change(*metric);
        let known = change.filter(|change| change.verdict != Verdict::Unsure);
        known
            .zip(*max)
            .is_some_and(|(change, max)| change.candidate > max)
    };
    let above = limits.into_iter().filter(is_above);
    above.map(|(metric, _)| metric).collect()
}

/// What differs and bears on any of these metrics, as in `seed, engine and --dir`.
fn names(differences: &[&Difference], metrics: &[Metric]) -> String {
    let bears = |one: &&&Difference| {
        metrics
            .iter()
            .any(|metric| one.unsettles(as_judged(*metric)))
    };
    let mut names: Vec<String> = differences
        .iter()
        .filter(bears)
        .map(|one| name(one))
        .collect();
    names.dedup();
    list(&names)
}

fn name(difference: &Difference) -> String {
    match difference.condition {
        Condition::Inputs => "the inputs of the plugin".into(),
        Condition::Environment => format!("the variable {}", difference.name.escape_default()),
        _ => difference.name.escape_default().to_string(),
    }
}

fn metrics(metrics: &[Metric]) -> String {
    let nouns = metrics.iter().map(|metric| metric.spec().noun().to_owned());
    list(&nouns.collect::<Vec<_>>())
}

fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests;
