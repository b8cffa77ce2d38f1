//! What became of a phase, as plain data: it is shown and written as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use super::config::PhaseName;
use super::criterion::Operator;
use super::recommendation::Recommendation;
use dyno_model::{LimitKind, Outcome, hex};

/// A phase, judged.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PhaseResult {
    /// Which phase.
    pub phase: PhaseName,
    /// Id of the run that was judged.
    pub run: String,
    /// In one word: failed if anything did or there is an error, else unsure if anything is, else
    /// passed.
    pub outcome: CheckOutcome,
    /// The criteria, case by case, and what a comparison says.
    pub checks: Vec<Check>,
    /// The metrics that were asked for besides.
    pub readings: Vec<Reading>,
    /// What went wrong.
    pub errors: Vec<PhaseError>,
    /// What to do about it, and what a reader must know.
    pub recommendations: Vec<Recommendation>,
}

/// A criterion, judged for one case.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Check {
    /// What was measured.
    pub reading: Reading,
    /// How it must stand to the threshold.
    pub operator: Operator,
    /// By what it was judged, in the reading's unit.
    pub threshold: Value,
    /// How it stands.
    pub outcome: CheckOutcome,
    /// Why, where the numbers do not say.
    pub reason: Option<String>,
}

/// A metric of a case.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Reading {
    /// The plugin's name: hostile.
    pub plugin: String,
    /// The case's name: hostile.
    pub case: String,
    /// The metric as the suite names it; `wall-time-change` and the like where two versions are
    /// compared.
    pub metric: String,
    /// The unit of the numbers.
    pub unit: String,
    /// The estimate; none if it was not measured.
    pub actual: Option<Value>,
    /// Lower end of its 95 % interval; none where there is no interval.
    pub lower: Option<f64>,
    /// Upper end.
    pub upper: Option<f64>,
}

/// A number, or the hex digits of a checksum.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// In the unit that stands beside it.
    Number(f64),
    /// 64 bits.
    Checksum(
        #[serde(serialize_with = "hex::serialize")]
        #[schemars(with = "hex::Digits")]
        u64,
    ),
}

/// How a criterion stands, the better first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckOutcome {
    /// It holds: where there is an interval, for all of it.
    Passed,
    /// The interval allows both. Never a pass.
    Unsure,
    /// There is no number to judge. Never a pass.
    NotMeasured,
    /// It does not hold: where there is an interval, for none of it.
    Failed,
}

/// What went wrong in a phase.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum PhaseError {
    /// A criterion does not hold.
    Threshold {
        /// Which phase.
        phase: PhaseName,
        /// Of which plugin.
        plugin: String,
        /// Of which case.
        case: String,
        /// Which metric.
        metric: String,
        /// Its unit.
        unit: String,
        /// How it should stand.
        operator: Operator,
        /// To what.
        threshold: Value,
        /// What it is.
        actual: Option<Value>,
    },
    /// It fell behind what it was compared with.
    Regressed {
        /// Which phase.
        phase: PhaseName,
        /// Which plugin.
        plugin: String,
        /// Which case.
        case: String,
        /// The comparison's sentence.
        reason: String,
    },
    /// A plugin or case ran into a limit.
    Resource {
        /// Which phase.
        phase: PhaseName,
        /// Which plugin.
        plugin: String,
        /// Which case; none if the plugin itself did.
        case: Option<String>,
        /// Which limit.
        limit: LimitKind,
        /// Its value, in its own unit.
        cap: u64,
        /// What was asked for or reached; none where it is only known to be more.
        actual: Option<u64>,
    },
    /// A plugin or case did not end well.
    Failed {
        /// Which phase.
        phase: PhaseName,
        /// Which plugin.
        plugin: String,
        /// Which case; none if the plugin itself did not.
        case: Option<String>,
        /// How it ended; quotes the guest.
        outcome: Outcome,
    },
    /// A case ended well, but a criterion has no number to judge.
    NotMeasured {
        /// Which phase.
        phase: PhaseName,
        /// Which plugin.
        plugin: String,
        /// Which case.
        case: String,
        /// Which metric.
        metric: String,
        /// Why.
        reason: String,
    },
    /// No case is what the phase or one of its criteria is about.
    NothingMatched {
        /// Which phase.
        phase: PhaseName,
        /// The criterion; none if it is the whole phase.
        criterion: Option<String>,
    },
    /// The phase was to be compared, and was not.
    NotCompared {
        /// Which phase.
        phase: PhaseName,
        /// With what.
        against: String,
    },
    /// A signal ended the run before its end.
    Interrupted {
        /// Which phase.
        phase: PhaseName,
    },
}
