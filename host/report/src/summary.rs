//! One line of a list of runs.

use serde::{Deserialize, Serialize};

use dyno_model::{Outcome, Run, RunStatus, hex};

/// What a list says of a run, without its plugins and cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSummary {
    /// The run's id.
    pub id: String,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// RFC 3339, UTC.
    pub finished_at: String,
    /// Whether it came to its end.
    pub status: RunStatus,
    /// Plugins that were named.
    pub plugins: u64,
    /// Cases of all plugins.
    pub cases: u64,
    /// Plugins and cases that are neither ok nor skipped.
    pub failed: u64,
    /// Plugins and cases that were skipped, as those that an interrupted run did not reach.
    #[serde(default)]
    pub skipped: u64,
    /// Seed of the run.
    #[serde(with = "hex")]
    pub seed: u64,
    /// Version of the host.
    pub host_version: String,
}

impl From<&Run> for RunSummary {
    fn from(run: &Run) -> Self {
        let cases = || run.plugins.iter().flat_map(|plugin| &plugin.cases);
        let failed = |outcome: &Outcome| !matches!(outcome, Outcome::Ok | Outcome::Skipped { .. });
        let skipped = |outcome: &Outcome| matches!(outcome, Outcome::Skipped { .. });
        let count = |is_it: &dyn Fn(&Outcome) -> bool| {
            let plugins = run.plugins.iter().map(|plugin| &plugin.outcome);
            let outcomes = plugins.chain(cases().map(|case| &case.outcome));
            outcomes.filter(|outcome| is_it(outcome)).count() as u64
        };
        Self {
            id: run.id.clone(),
            started_at: run.started_at.clone(),
            finished_at: run.finished_at.clone(),
            status: run.status,
            plugins: run.plugins.len() as u64,
            cases: cases().count() as u64,
            failed: count(&failed),
            skipped: count(&skipped),
            seed: run.seed,
            host_version: run.host_version.clone(),
        }
    }
}
