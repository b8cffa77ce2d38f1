//! One run of `dyno`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{LimitKind, Machine, Metric, Plugin, hex};

/// One run of `dyno`: everything that one command measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Sortable and unique: UTC start time and eight random hex digits,
    /// `20261120T165509Z-1f2e3d4c`.
    pub id: String,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// RFC 3339, UTC.
    pub finished_at: String,
    /// Whether the run came to its end, or was interrupted and holds what was finished.
    pub status: RunStatus,
    /// The command line as it was typed.
    pub command: Vec<String>,
    /// Version of the host.
    pub host_version: String,
    /// Name and version of the engine, such as `wasmtime 48.0.8`.
    pub engine: String,
    /// Seed of the guests' random numbers. Its default is fixed, so that fuel can be compared
    /// between runs.
    #[serde(with = "hex")]
    #[schemars(with = "hex::Digits")]
    pub seed: u64,
    /// Seed of the order of processes and of the environment padding.
    #[serde(with = "hex")]
    #[schemars(with = "hex::Digits")]
    pub order_seed: u64,
    /// What an empty batch costs within its timed part on this machine, measured in this run with
    /// a guest that does nothing. Nothing is subtracted.
    pub empty_batch_ns: Option<f64>,
    /// The measurement settings that were in force, by name.
    pub settings: BTreeMap<String, u64>,
    /// The limits that were in force: name to value, in the limit's own unit.
    pub limits: BTreeMap<LimitKind, u64>,
    /// What the user granted and demanded, as the words of a command line, values of variables left
    /// out; empty means nothing.
    pub grants: Vec<String>,
    /// The layers that confined the workers, such as `rlimits`, `landlock`, `seccomp`.
    pub confinement: Vec<String>,
    /// The machine it ran on.
    pub machine: Machine,
    /// What the host could not do but went on without, such as an unwritable cache.
    pub warnings: Vec<String>,
    /// The plugins in the order in which they were named.
    pub plugins: Vec<Plugin>,
}

impl Run {
    /// The metrics that have a column beside the time in a table of its results.
    #[must_use]
    pub fn columns(&self) -> Vec<Metric> {
        Metric::columns_of(|metric| {
            let mut cases = self.plugins.iter().flat_map(|plugin| &plugin.cases);
            cases.any(|case| case.estimate(metric).is_some())
        })
    }
}

/// Whether a run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    /// Everything that was planned has an outcome.
    Complete,
    /// A signal, or the end of its budget, ended it; what was finished is here.
    Interrupted,
}
