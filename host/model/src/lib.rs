//! What a run found, as plain data.
//!
//! This is the ground floor: it imports nothing of ours, and the worker's events, the store, the
//! exports and the renderers all speak in these types. Units stand last in a name (`_ns`,
//! `_bytes`, `fuel`); a ratio lies between 0 and 1. Every `f64` is
//! finite (JSON has no other, and the store refuses the rest). In JSON, identities of 64 bits
//! (seed, checksums) are hex strings, so that no reader rounds them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub mod by_line;
pub mod hex;
pub mod progress;
pub mod quantity;
pub mod quoted;
pub mod visible;

mod case;
mod comparison;
mod conditions;
mod count;
mod counts;
mod fault;
mod features;
mod grants;
mod label;
mod limits;
mod machine;
mod metrics;
mod outcome;
mod plugin;
mod process;
mod run;
mod schema;
mod time;
mod words;
pub use case::{Case, CaseSpec, Throughput};
pub use comparison::{
    CaseComparison, CaseRules, Change, ChecksumRule, Comparison, Diagnosis, Exceptions, Gate,
    GateOutcome, Gone, History, Pairing, Point, RULES, Rules, Severity, Side, UnsureReason,
    Verdict,
};
pub use conditions::{Condition, Conditions, Difference, Noise, RunNoise};
pub use count::{
    Calibration, Count, CountBatch, CountMethod, CountPass, MemoryGrowth, MemoryProfile, Pace,
};
pub use counts::{COUNTED, COUNTERS_FACT, Counts};
pub use fault::{Classify, Fault, causes, chain};
pub use features::{Features, Proposal, Stub};
pub use grants::{Access, DirGrant, GrantError, Grants, Reach, ReachDir, Variables};
pub use label::{label, parts};
pub use limits::{LIMITS, LimitSpec, LimitUnit, Limits};
pub use machine::{FactDifference, Machine, UNKNOWN};
pub use metrics::{Better, COUNTERS, Compared, Drawn, METRICS, Metric, MetricSpec, Source, Unit};
pub use outcome::{LimitKind, Mark, Outcome};
pub use plugin::{CacheUse, Compile, Plugin, PluginKind};
pub use process::{Process, Sample};
pub use run::{Run, RunStatus};
pub use schema::tidy;
pub use time::{now, rfc3339};
pub use words::{all, named, word, words};

/// A metric of a case with its estimate. In JSON its `unit` stands beside it, and one that is not
/// the metric's own is refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "MeasurementText", into = "MeasurementText")]
pub struct Measurement {
    /// Which metric.
    pub metric: Metric,
    /// The numbers, in the metric's unit.
    pub estimate: Estimate,
}

/// A [`Measurement`] as it is written.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Measurement")]
struct MeasurementText {
    /// Which metric.
    metric: Metric,
    /// The metric's unit.
    unit: String,
    /// The numbers, in that unit.
    estimate: Estimate,
}

impl From<Measurement> for MeasurementText {
    fn from(Measurement { metric, estimate }: Measurement) -> Self {
        Self {
            metric,
            unit: metric.unit().to_owned(),
            estimate,
        }
    }
}

impl TryFrom<MeasurementText> for Measurement {
    type Error = String;

    fn try_from(text: MeasurementText) -> Result<Self, String> {
        let MeasurementText {
            metric,
            unit,
            estimate,
        } = text;
        if unit != metric.unit() {
            return Err(format!(
                "{metric:?} is measured in {}, not in {unit:?}",
                metric.unit()
            ));
        }
        Ok(Self { metric, estimate })
    }
}

/// A location with its uncertainty. The unit is that of the metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// How many independent values it was drawn from (processes, not samples).
    pub n: u64,
    /// The smallest.
    pub min: f64,
    /// The median: what is shown.
    pub median: f64,
    /// The arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation (n - 1); 0 for one value.
    pub sd: f64,
    /// Lower end of the 95 % interval.
    pub lower: f64,
    /// Upper end of the 95 % interval.
    pub upper: f64,
    /// How the interval was drawn.
    pub interval: IntervalMethod,
}

/// How an interval was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IntervalMethod {
    /// The value is exact: counted, not sampled.
    Exact,
    /// Order statistics of the median, over processes (exact binomial, at least 95 %).
    OrderStatistic,
    /// Student's t around the mean of the logarithms, over processes: fewer than six.
    StudentT,
    /// Order statistics over the samples of the one process there is.
    WithinProcess,
}

#[cfg(test)]
mod tests;
