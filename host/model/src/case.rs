//! One case of a plugin, and what a plugin says of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Calibration, Count, Estimate, Mark, Measurement, Metric, Outcome, Process, hex};

/// One benchmark case of a plugin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Case {
    /// What the plugin says of the case.
    pub spec: CaseSpec,
    /// How it ended.
    pub outcome: Outcome,
    /// Observations that do not fail a case but that its reader must know.
    pub marks: Vec<Mark>,
    /// The checksum that every pass agreed on; none if they did not, or nothing ran.
    #[serde(with = "hex::option")]
    #[schemars(with = "Option<hex::Digits>")]
    pub checksum: Option<u64>,
    /// The metered pass.
    pub count: Option<Count>,
    /// How many iterations a sample has, and what that was drawn from; none before the time pass.
    #[serde(default)]
    pub calibration: Option<Calibration>,
    /// The time pass, one entry a worker process, in the order in which they ran.
    pub processes: Vec<Process>,
    /// The estimates drawn from the above, by metric.
    pub measurements: Vec<Measurement>,
    /// What the case wrote to stdout and stderr in the count pass, as it was written: hostile.
    pub output: Option<String>,
}

impl Case {
    /// The mark that says that its numbers are not those of the work that it claims to do, if it
    /// has one.
    #[must_use]
    pub fn without_work(&self) -> Option<Mark> {
        let disproves = |mark: &Mark| matches!(mark, Mark::Folded | Mark::Implausible);
        self.marks.iter().copied().find(disproves)
    }

    /// The work that one iteration does: what every throughput is drawn from. None if its plugin
    /// does not say, or if that work was not done when it was timed.
    #[must_use]
    pub fn work(&self) -> Option<Throughput> {
        let is_done = self.without_work().is_none();
        self.spec.throughput.filter(|_| is_done)
    }
}

/// A case as its plugin describes it. Every string was validated for length and characters, but
/// still is the guest's own and has to be escaped wherever it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseSpec {
    /// Unique in the plugin.
    pub name: String,
    /// One sentence; may be empty.
    pub description: String,
    /// Cases to be shown side by side.
    pub group: Option<String>,
    /// Parameters in display order: name, value.
    pub params: Vec<(String, String)>,
    /// Work done by one iteration.
    pub throughput: Option<Throughput>,
    /// The checksum it must produce.
    #[serde(with = "hex::option")]
    #[schemars(with = "Option<hex::Digits>")]
    pub expected: Option<u64>,
}

impl Case {
    /// The time that is shown where there is room for one: wall time, or CPU time where too few
    /// samples ran without being preempted.
    #[must_use]
    pub fn headline(&self) -> Metric {
        if self.marks.contains(&Mark::Preempted) {
            Metric::CpuTime
        } else {
            Metric::WallTime
        }
    }

    /// The estimate of a metric, if there is one.
    #[must_use]
    pub fn estimate(&self, metric: Metric) -> Option<&Estimate> {
        let mut measured = self.measurements.iter();
        let found = measured.find(|measured| measured.metric == metric);
        found.map(|measured| &measured.estimate)
    }
}

impl CaseSpec {
    /// A case of which nothing is known but its name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            description: String::new(),
            group: None,
            params: Vec::new(),
            throughput: None,
            expected: None,
        }
    }
}

/// Work done by one iteration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Throughput {
    /// Bytes per iteration.
    Bytes(u64),
    /// Elements per iteration.
    Elements(u64),
}
