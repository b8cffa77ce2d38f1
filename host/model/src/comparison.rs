//! What a comparison of two versions found, as plain data; the second half of the vocabulary.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Conditions, Difference, Metric};

/// Two runs held against each other, case by case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// What is the measure.
    pub base: Side,
    /// What is judged.
    pub candidate: Side,
    /// RFC 3339, UTC.
    pub judged_at: String,
    /// Whether the two were run side by side.
    pub pairing: Pairing,
    /// Under which conditions, if the runs were stored. A report of before that was recorded has
    /// none.
    #[serde(default)]
    pub conditions: Conditions,
    /// By what it was judged.
    pub rules: Rules,
    /// What held for some of the cases alone.
    #[serde(default)]
    pub exceptions: Exceptions,
    /// The candidate's cases in its order, then those that are gone.
    pub cases: Vec<CaseComparison>,
}

impl Comparison {
    /// The metrics that have a column beside the times in a table of its changes.
    #[must_use]
    pub fn columns(&self) -> Vec<Metric> {
        Metric::columns_of(|metric| self.cases.iter().any(|case| case.change(metric).is_some()))
    }

    /// How a gate ends: regressed if any case is, else unsure if any case is or none could be
    /// judged, else passed. None if this was no gate.
    #[must_use]
    pub fn gate(&self) -> Option<GateOutcome> {
        if !self.rules.gates {
            return None;
        }
        let outcomes = self.cases.iter().filter_map(|case| case.gate.as_ref());
        let worst = outcomes.map(|gate| gate.outcome).max();
        let is_judged = self.rules.baseless || self.cases.iter().any(CaseComparison::is_judged);
        let least = match is_judged && !self.cases.is_empty() {
            true => GateOutcome::Passed,
            false => GateOutcome::Unsure,
        };
        worst.max(Some(least))
    }
}

/// One of the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Side {
    /// Id of the run with its samples.
    pub run: String,
    /// As the user called it: a path, a package, the name of a baseline, the id of a run.
    pub name: String,
}

/// How two runs came to be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Pairing {
    /// Both were measured now, process beside process: what the machine did, it did to both.
    Paired,
    /// They were compared as they were stored, each from its own time: weaker.
    Stored,
}

/// By what a comparison judges. Changes are relative: 0.1 is 10 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rules {
    /// Coverage of the interval of a change.
    pub confidence: f64,
    /// Times within this of each other are equivalent.
    pub equivalence: f64,
    /// A time that grew by this or more fails a gate.
    pub threshold: f64,
    /// Fuel that grew by this or more fails a gate; none if it does not gate.
    pub fuel: Option<f64>,
    /// Memory at its peak that grew by this or more fails a gate; none if it does not gate.
    pub memory: Option<f64>,
    /// Whether this is a gate.
    pub gates: bool,
    /// More fuel per iteration than this fails a gate, whatever the base has.
    #[serde(default)]
    pub fuel_max: Option<f64>,
    /// A peak of memory above this, in bytes, fails a gate, whatever the base has.
    #[serde(default)]
    pub memory_max: Option<f64>,
    /// Whether only what is counted is judged: fuel, memory and checksums, and no time.
    #[serde(default)]
    pub counts_only: bool,
    /// Whether there is nothing to hold anything against, as it was asked for: hard limits alone
    /// are judged.
    #[serde(default)]
    pub baseless: bool,
    /// What a gate makes of cases that the candidate no longer has.
    #[serde(default)]
    pub gone: Gone,
    /// What a gate makes of other results.
    #[serde(default)]
    pub checksum: ChecksumRule,
}

impl Rules {
    /// The metrics that may not grow by some share, those that a gate judges where it was asked to.
    pub fn growth(&self) -> impl Iterator<Item = (Metric, f64)> {
        let shares = [(Metric::Fuel, self.fuel), (Metric::MemoryPeak, self.memory)];
        let given = shares.into_iter();
        given.filter_map(|(metric, share)| Some((metric, share?)))
    }
}

/// What a gate makes of a case of the base that the candidate does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Gone {
    /// It does not pass: what is no longer measured is no longer guarded.
    #[default]
    Fail,
    /// It is shown, and passes.
    Warn,
}

/// What a gate makes of a candidate that computes something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChecksumRule {
    /// It is unsure: other work is neither faster nor slower.
    #[default]
    Match,
    /// It is meant, and judged like any other.
    Allow,
}

/// What holds for some cases alone.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Exceptions {
    /// What cases of the base are called now, by their old names.
    pub renames: BTreeMap<String, String>,
    /// Thresholds and hard limits of some cases.
    pub cases: Vec<CaseRules>,
}

impl Exceptions {
    /// The same for all.
    pub const NONE: &'static Self = &Self {
        renames: BTreeMap::new(),
        cases: Vec::new(),
    };
}

/// In what some cases are judged differently: what is none here is as it is for all.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CaseRules {
    /// Which cases, as `--case` takes them.
    pub pattern: String,
    /// As in [`Rules`].
    pub threshold: Option<f64>,
    /// As in [`Rules`].
    pub fuel: Option<f64>,
    /// As in [`Rules`].
    pub memory: Option<f64>,
    /// As in [`Rules`].
    pub fuel_max: Option<f64>,
    /// As in [`Rules`], bytes.
    pub memory_max: Option<f64>,
}

/// What became of one case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseComparison {
    /// The label of the candidate's plugin; of the base's, if the candidate has no such plugin.
    pub plugin: String,
    /// The label of the base's plugin, if the base has it.
    #[serde(default)]
    pub base_plugin: Option<String>,
    /// The case.
    pub case: String,
    /// In one word.
    pub verdict: Verdict,
    /// Why the verdict is [`Verdict::Unsure`], if that can be said; none for every other verdict.
    #[serde(default)]
    pub reason: Option<UnsureReason>,
    /// The metric that the verdict is about: wall time, or CPU time where that alone resolves; fuel
    /// or memory where nothing else was asked for.
    pub decided_by: Option<Metric>,
    /// Whether CPU time may answer where wall time does not: only other programs took time from the
    /// case, and wall time itself shows nothing.
    #[serde(default)]
    pub cpu_may_decide: bool,
    /// Whether wall time holds what other programs took, because nearly all samples were disturbed:
    /// never a pass.
    #[serde(default)]
    pub wall_is_disturbed: bool,
    /// Why no gate may pass it, whatever the verdict is.
    #[serde(default)]
    pub doubt: Option<UnsureReason>,
    /// How much slower, if it regressed.
    pub severity: Option<Severity>,
    /// What time and fuel say together; none unless both are known.
    pub diagnosis: Option<Diagnosis>,
    /// By metric: wall time, CPU time, fuel, memory at its peak; what was measured on both sides.
    pub changes: Vec<Change>,
    /// What the gate says of it; none if this was no gate.
    pub gate: Option<Gate>,
    /// What a reader must know besides, in sentences.
    pub notes: Vec<String>,
}

impl CaseComparison {
    /// The label of the base's plugin: what a comparison of old does not say is that it is the
    /// candidate's.
    #[must_use]
    pub fn of_base(&self) -> &str {
        self.base_plugin.as_deref().unwrap_or(&self.plugin)
    }

    /// The label of the base's plugin, where that is another one than the candidate's.
    #[must_use]
    pub fn other_base(&self) -> Option<&str> {
        self.base_plugin
            .as_deref()
            .filter(|base| *base != self.plugin)
    }

    /// Whether both sides have it.
    #[must_use]
    pub fn is_judged(&self) -> bool {
        !matches!(self.verdict, Verdict::New | Verdict::Gone)
    }

    /// The change of a metric, if it was measured on both sides.
    #[must_use]
    pub fn change(&self, metric: Metric) -> Option<&Change> {
        self.changes.iter().find(|change| change.metric == metric)
    }

    /// The change that the verdict is about.
    #[must_use]
    pub fn decisive(&self) -> Option<&Change> {
        self.change(self.decided_by?)
    }
}

/// What a comparison says in one word.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It takes longer: the whole interval lies above what is equivalent.
    Regressed,
    /// The interval allows both. Never a pass.
    Unsure,
    /// It takes less time: the whole interval lies below what is equivalent.
    Improved,
    /// The whole interval lies within what is equivalent.
    Equivalent,
    /// The same bytes, inputs, engine and configuration: it cannot have changed.
    Identical,
    /// Only the candidate has it.
    New,
    /// Only the base has it.
    Gone,
}

/// Why a comparison cannot say what became of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnsureReason {
    /// It failed on a side.
    Failed,
    /// There are too few processes on a side for an interval.
    FewProcesses,
    /// The runs are from machines of different classes.
    OtherMachine,
    /// The interval is too wide.
    Interval,
    /// Other programs took the CPU during nearly all samples.
    Preempted,
    /// The difference is smaller than what the clock resolves.
    TimerFloor,
    /// A compiler removed the work of a side.
    Folded,
    /// A side does other work when it is timed than when it is counted.
    Implausible,
    /// The cost of an iteration depends on how many iterations a batch has.
    Nonlinear,
    /// Fuel per iteration did not settle.
    FuelUnsettled,
    /// The mean became slower, and the median did not: few iterations take longer.
    Mean,
    /// Time changed and fuel did not, and not in every layout of the machine code.
    Layout,
    /// Wall time and CPU time contradict each other.
    Contradiction,
    /// The runs were stored, and made under conditions that may explain it.
    Conditions,
}

/// How much slower: by the estimate, not by an end of the interval.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Below 10 %.
    Drift,
    /// From 10 %.
    Minor,
    /// From 20 %.
    Major,
    /// Above 50 %.
    Critical,
}

/// What time and fuel say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Diagnosis {
    /// Neither changed.
    Unchanged,
    /// Both changed the same way: it does more work, or less.
    Work,
    /// Only time changed: layout, engine or machine.
    TimeOnly,
    /// Only fuel changed: more work or less, and it does not show in time.
    FuelOnly,
    /// They changed in opposite ways: other work, not more of it.
    Opposed,
}

/// How one metric of a case changed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Which metric.
    pub metric: Metric,
    /// The base's estimate, in the metric's unit.
    pub base: f64,
    /// The candidate's.
    pub candidate: f64,
    /// Candidate over base: the estimate of the paired differences, which need not be the quotient
    /// of the two estimates. The largest number that there is (1.8e308) if the base is 0 and the
    /// candidate is not.
    pub ratio: f64,
    /// Lower end of its interval.
    pub lower: f64,
    /// Upper end of its interval.
    pub upper: f64,
    /// Differences that it was drawn from, one a block; of two stored runs the processes of the
    /// smaller. 0 if it was counted, and the interval has no width.
    pub pairs: u64,
    /// What this metric says by itself.
    pub verdict: Verdict,
}

impl Change {
    /// The ratio of what was counted as 0 on the base's side and as something on the candidate's:
    /// the largest number, since infinity cannot be written in JSON. No threshold is as large.
    pub const FROM_NOTHING: f64 = f64::MAX;
}

/// What a gate says of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Gate {
    /// In one word.
    pub outcome: GateOutcome,
    /// Why, in a sentence.
    pub reason: String,
    /// What fresh blocks said of a time that was flagged, with alpha shared over all that were.
    pub confirmation: Option<Change>,
}

/// How a gate ends, the better first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum GateOutcome {
    /// Nothing grew by its threshold, is above its hard limit, or is gone.
    Passed,
    /// That cannot be said.
    Unsure,
    /// Something did, is, or is gone.
    Regressed,
}

/// How one metric of one case went over many runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct History {
    /// The plugin's name.
    pub plugin: String,
    /// The name under which it is shown: that, or with so much of its source as tells it from
    /// others of that name.
    pub label: String,
    /// Where it came from, as the runs named it, the newest last.
    pub sources: Vec<String>,
    /// The case.
    pub case: String,
    /// The metric.
    pub metric: Metric,
    /// Class of the machines, [`super::Machine::fingerprint`]: only times of one class are
    /// comparable.
    pub machine: String,
    /// The engine, since another one makes other code.
    #[serde(default)]
    pub engine: String,
    /// The oldest first.
    pub points: Vec<Point>,
    /// Where the level probably changed: positions in `points` of the first of a new level.
    pub change_points: Vec<usize>,
}

/// One run in a history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Point {
    /// Id of the run.
    pub run: String,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// Digest of the component.
    pub digest: Option<String>,
    /// The estimate, in the metric's unit.
    pub median: f64,
    /// Lower end of its 95 % interval.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Facts of the machine that are others than in the run before: base is that one, candidate
    /// this one.
    #[serde(default)]
    pub differences: Vec<Difference>,
}

/// The rules unless the user says otherwise (METHOD.md).
pub const RULES: Rules = Rules {
    confidence: 0.99,
    equivalence: 0.02,
    threshold: 0.10,
    fuel: None,
    memory: None,
    gates: false,
    fuel_max: None,
    memory_max: None,
    counts_only: false,
    baseless: false,
    gone: Gone::Fail,
    checksum: ChecksumRule::Match,
};
