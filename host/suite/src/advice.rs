//! Recommendations: what a run's data suggests, with the words for it in one place.

use std::collections::BTreeMap;

use super::config::{Phase, PhaseName};
use super::outcome::{Check, CheckOutcome};
use super::recommendation::{Advice, Recommendation};
use dyno_model::quoted::quoted;
use dyno_model::{Case, Mark, Outcome, Plugin, Run, quantity};
use dyno_wording::advice;

/// From this many processes on the interval is of order statistics; below, Student's wide one.
const PROCESSES_ENOUGH: u64 = 6;

impl Advice {
    fn text(&self) -> String {
        match self {
            Self::Memory { hint } => hint.clone(),
            Self::Marked { mark } => marked(*mark).into(),
            Self::Limit { limit, cap, enough } => {
                let spec = limit.spec();
                format!(
                    "it hit the {} limit of {}: if it may have more, write {} = \"{}\" below [limits]",
                    spec.name,
                    quantity::show(*cap, spec.unit),
                    spec.name,
                    quantity::round_up(*enough, spec.unit)
                )
            }
            Self::Unsure { metric, processes } if *processes < PROCESSES_ENOUGH => format!(
                "`{metric}` is unsure over {processes} processes, and so few have a wide interval: write blocks = {PROCESSES_ENOUGH} or more"
            ),
            Self::Unsure { metric, processes } => format!(
                "`{metric}` is unsure, because its threshold lies within its interval: write blocks = {}, or a threshold that leaves room",
                processes.saturating_mul(2)
            ),
            Self::Disagrees { other } => format!(
                "its checksum is not that of `{}`: they do not do the same job, and their numbers cannot be held against each other",
                quoted(other)
            ),
            Self::Alone => {
                "no other plugin of the phase has this case, so there is nothing to hold it against"
                    .into()
            }
        }
    }
}

fn marked(mark: Mark) -> &'static str {
    match mark {
        Mark::Nondeterministic => {
            "its fuel or checksum differs between passes or processes: seed its random numbers and its hash maps, or read fuel as a rough number"
        }
        Mark::Noisy => {
            "its processes disagree by more than the machine should allow: more blocks, or a quieter machine (`dyno doctor`)"
        }
        Mark::Folded => "the compiler removed its work: pass inputs and results through black_box",
        Mark::Implausible => {
            "it does other work when it is timed than when it is counted: look for what depends on a clock or on the number of iterations"
        }
        Mark::FuelUnsettled => {
            "its fuel per iteration did not settle within 0.1 %: leave its threshold that much room"
        }
        Mark::Nonlinear => {
            "an iteration of it costs more or less in larger batches: move set-up out of the timed part (iter_batched), and keep nothing from one iteration to the next"
        }
        Mark::TimerFloor => {
            "its samples are so short that measuring itself shows: let an iteration do more, or write a longer sample-time"
        }
        Mark::SingleProcess => "one process says nothing of the next one: write blocks = 6 or more",
        Mark::Suspended => {
            "the machine or the process stood still during a sample: measure it again"
        }
        Mark::Preempted => {
            "other programs took the CPU during nearly all of its samples: measure on a quieter machine (`dyno doctor`)"
        }
        Mark::Unsteady => {
            "its processes become slower or faster from the first sample to the last: warm it up before the first `next`, or keep nothing between iterations"
        }
        Mark::BudgetEnded => {
            "time ran out before the interval within a process was narrow: write a longer time"
        }
        Mark::SharedCore => {
            "another run was measuring on the same core: measure it again without --no-wait"
        }
    }
}

/// Everything that a run and its checks suggest, plugin by plugin and case by case.
pub(super) fn recommend(phase: &Phase, run: &Run, checks: &[Check]) -> Vec<Recommendation> {
    let mut all = Vec::new();
    let mut add = |plugin: &Plugin, case: Option<&Case>, advice: Advice| {
        all.push(Recommendation {
            plugin: plugin.label.clone(),
            case: case.map(|case| case.spec.name.clone()),
            text: advice.text(),
            advice,
        });
    };
    let same_named = match phase.name {
        PhaseName::Cross => same_named(run),
        PhaseName::Baseline | PhaseName::Load => BTreeMap::new(),
    };
    for plugin in &run.plugins {
        if let Some(advice) = limit(&plugin.outcome) {
            add(plugin, None, advice);
        }
        for case in &plugin.cases {
            let own = limit(&case.outcome).into_iter().chain(memory(case));
            let marks = case.marks.iter().filter(|mark| **mark != Mark::BudgetEnded);
            let marks = marks.map(|mark| Advice::Marked { mark: *mark });
            let checks = checks.iter().filter(|check| is_of(check, plugin, case));
            let across = same_named.get(case.spec.name.as_str());
            let across = across.and_then(|cases| against_others(plugin, case, cases));
            for advice in own
                .chain(marks)
                .chain(checks.filter_map(|check| unsure(check, case)))
                .chain(across)
            {
                add(plugin, Some(case), advice);
            }
        }
    }
    all
}

fn is_of(check: &Check, plugin: &Plugin, case: &Case) -> bool {
    check.reading.plugin == plugin.label && check.reading.case == case.spec.name
}

fn limit(outcome: &Outcome) -> Option<Advice> {
    match outcome {
        Outcome::Limit { limit, cap, actual } => Some(Advice::Limit {
            limit: *limit,
            cap: *cap,
            // It is not known how much is enough where something was stopped on the way.
            enough: actual.unwrap_or_else(|| cap.saturating_mul(2)),
        }),
        _ => None,
    }
}

fn memory(case: &Case) -> impl Iterator<Item = Advice> {
    let profiles = case.count.iter().map(|count| &count.memory);
    let hints = profiles.flat_map(advice::memory);
    hints.map(|hint| Advice::Memory { hint })
}

/// A criterion of the suite that is unsure; a comparison measures more blocks by itself.
fn unsure(check: &Check, case: &Case) -> Option<Advice> {
    let processes = case
        .processes
        .iter()
        .filter(|process| process.outcome.is_ok())
        .count() as u64;
    let is_own = check.outcome == CheckOutcome::Unsure && check.reason.is_none();
    is_own.then(|| Advice::Unsure {
        metric: check.reading.metric.clone(),
        processes,
    })
}

/// The cases that ended well, by name.
fn same_named(run: &Run) -> BTreeMap<&str, Vec<(&Plugin, &Case)>> {
    let mut named: BTreeMap<&str, Vec<(&Plugin, &Case)>> = BTreeMap::new();
    for plugin in &run.plugins {
        for case in plugin.cases.iter().filter(|case| case.outcome.is_ok()) {
            named
                .entry(&case.spec.name)
                .or_default()
                .push((plugin, case));
        }
    }
    named
}

/// The first plugin is the measure of the others, as good as any.
fn against_others(plugin: &Plugin, case: &Case, cases: &[(&Plugin, &Case)]) -> Option<Advice> {
    match cases {
        [(only, _)] => std::ptr::eq(*only, plugin).then_some(Advice::Alone),
        [(first, measure), ..] => {
            (case.outcome.is_ok() && case.checksum != measure.checksum).then(|| Advice::Disagrees {
                other: first.label.clone(),
            })
        }
        [] => None,
    }
}
