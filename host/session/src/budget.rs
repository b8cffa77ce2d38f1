//! The time that a whole run may take. No case can say how long it will take, and a thousand that
//! never end would each use up their own limits: sixteen hours of them.

use std::time::Duration;

use super::Session;
use super::plan::Planned;
use super::subject::Subject;
use dyno_job::Stop;
use dyno_model::progress::Progress;
use dyno_model::{LimitUnit, Outcome, quantity};

/// The time that a run may take unless the user says otherwise: twenty processes each of 1000 cases
/// fit into it.
pub const BUDGET: Duration = Duration::from_secs(4 * 3600);

/// What a process costs besides its samples: its start, loading, the first iteration, ns.
const PROCESS_NS: f64 = 5e7;

impl Session<'_> {
    /// Says what the processes that were planned will take, and what time there is for it.
    pub(super) fn announce(&mut self, planned: &[Planned], blocks: u32) {
        let costs = planned.iter().filter_map(|one| self.plans.get(&one.at));
        let ns: f64 = costs.map(|plan| plan.process_ns + PROCESS_NS).sum();
        self.observer.on(Progress::Plan {
            processes: planned.len(),
            blocks,
            at_most: Duration::from_nanos(ns as u64),
            left: self.cancel.left(),
        });
    }

    /// What the end of the budget left undone, and what to do.
    pub(super) fn out_of_budget(&self, subjects: &[Subject]) -> String {
        let is_undone = |outcome: &Outcome| matches!(outcome, Outcome::Skipped { reason } if reason == Stop::Budget.reason());
        let cases = || subjects.iter().flat_map(|subject| &subject.plugin.cases);
        let undone = cases().filter(|case| is_undone(&case.outcome)).count();
        let plugins = subjects.iter().filter(|one| is_undone(&one.plugin.outcome));
        let unopened = match plugins.count() {
            0 => String::new(),
            1 => ", nor was one plugin opened".into(),
            plugins => format!(", nor were {plugins} plugins opened"),
        };
        let given = self.request.budget_ms;
        let of = cases().count();
        format!(
            "the budget of the run was over after {}: {undone} of {of} cases were not measured{unopened}, and others may have fewer processes than planned: allow more with --budget {}",
            quantity::show(given, LimitUnit::Milliseconds),
            quantity::round_up(given.saturating_mul(2), LimitUnit::Milliseconds)
        )
    }
}
