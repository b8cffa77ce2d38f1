//! Under which conditions two runs were made that are compared as they were stored, and what that
//! does to what can be said.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Metric;

/// The conditions of two stored runs. Two that were measured side by side have the same.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Conditions {
    /// What differs.
    pub differences: Vec<Difference>,
    /// What the noise of the two runs lets be seen; none if they were measured side by side, or not
    /// at all.
    pub noise: Option<Noise>,
}

/// A condition that differs between two runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// What kind of condition.
    pub condition: Condition,
    /// Which one: a flag, a limit, a setting, a fact of the machine, the plugin whose inputs they
    /// are.
    pub name: String,
    /// What it is in the base; none if it is not there, or not recorded.
    pub base: Option<String>,
    /// What it is in the candidate.
    pub candidate: Option<String>,
    /// The metrics that it may have changed by itself: no change of theirs can be put down to the
    /// code.
    pub unsettles: Vec<Metric>,
}

/// A kind of condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// The engine, by name and version.
    Engine,
    /// The version of Dyno.
    Host,
    /// The seed of the guests' random numbers.
    Seed,
    /// An environment variable that was given.
    Environment,
    /// What else was granted: arguments, directories, stdin.
    Grant,
    /// What a plugin gets besides its bytes, as one digest.
    Inputs,
    /// A limit.
    Limit,
    /// A setting of measuring.
    Setting,
    /// The layers that confined workers.
    Confinement,
    /// A fact that decides how fast the machine is.
    Class,
    /// Another fact of the machine.
    Machine,
    /// How fast the machine was: what an empty batch took.
    Speed,
    /// How much of the time other programs took.
    Load,
    /// Whether another run was measuring on the same core.
    Core,
}

/// What the noise of two stored runs lets be seen. Shares: 0.1 is 10 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Noise {
    /// Half the width of the interval of a change of wall time, in the usual case: the median over
    /// the cases.
    pub resolution: f64,
    /// The same in the worst case.
    pub resolution_worst: f64,
    /// Of the base.
    pub base: RunNoise,
    /// Of the candidate.
    pub candidate: RunNoise,
}

/// The noise of one run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunNoise {
    /// By how much the processes of a case spread around their median, median over the cases:
    /// median absolute deviation over median.
    pub spread: f64,
    /// Share of the sampled wall time that other programs took from it.
    pub preempted: f64,
    /// Cases that are marked as noisy.
    pub noisy: u64,
    /// Cases that were timed.
    pub cases: u64,
}

impl Difference {
    /// Whether it may have changed a metric by itself.
    #[must_use]
    pub fn unsettles(&self, metric: Metric) -> bool {
        self.unsettles.contains(&metric)
    }
}
