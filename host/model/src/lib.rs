//! What a run found, as plain data.
//!
//! This is the ground floor: it imports nothing of ours, and the worker's events, the store, the
//! exports and the renderers all speak in these types. Units stand last in a name (`_ns`,
//! `_bytes`, `fuel`); a ratio lies between 0 and 1. Every `f64` is
//! finite (JSON has no other, and the store refuses the rest). In JSON, identities of 64 bits
//! (seed, checksums) are hex strings, so that no reader rounds them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub mod by_line;
pub mod hex;
pub mod progress;
pub mod quantity;
pub mod quoted;
pub mod visible;

mod comparison;
mod conditions;
mod fault;
mod grants;
mod label;
mod limits;
mod machine;
mod schema;
mod time;
pub use comparison::{
    CaseComparison, CaseRules, Change, ChecksumRule, Comparison, Diagnosis, Exceptions, Gate,
    GateOutcome, Gone, History, Pairing, Point, RULES, Rules, Severity, Side, UnsureReason,
    Verdict,
};
pub use conditions::{Condition, Conditions, Difference, Noise, RunNoise};
pub use fault::Fault;
pub use grants::{Access, DirGrant, GrantError, Grants, Reach, ReachDir, Variables};
pub use label::{label, parts};
pub use limits::{LIMITS, LimitSpec, LimitUnit, Limits};
pub use machine::{FactDifference, Machine, UNKNOWN};
pub use schema::tidy;
pub use time::{now, rfc3339};

/// One run of `dyno`: everything that one command measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Sortable and unique: UTC start time and eight random hex digits, `20261120T165509Z-1f2e3d4c`.
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

/// Whether a run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    /// Everything that was planned has an outcome.
    Complete,
    /// A signal, or the end of its budget, ended it; what was finished is here.
    Interrupted,
}

/// One plugin of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plugin {
    /// Short name, from its manifest or its file.
    pub name: String,
    /// The name under which it is shown, and by which others refer to it: `name`, or where another plugin of the
    /// run has that, too, with so much of its source as tells them apart.
    #[serde(default)]
    pub label: String,
    /// Where it came from, as the user named it.
    pub source: String,
    /// What the user named it by, where that is not its source: the file or the reference of a package.
    #[serde(default)]
    pub operand: Option<String>,
    /// Of a copy that a baseline kept: where the plugin came from when it was kept.
    #[serde(default)]
    pub kept_from: Option<String>,
    /// Which kind of plugin it is; none if it was refused before that was known.
    pub kind: Option<PluginKind>,
    /// `sha256:` and 64 hex digits over the component as it was read; none if it was not readable.
    pub digest: Option<String>,
    /// Size of the file as it was read.
    pub component_bytes: Option<u64>,
    /// SHA-256 over all that it gets besides: arguments, variables, stdin, what it must print, granted
    /// directories; none if that is not known. With equal digests of component and inputs, one engine and one
    /// configuration, nothing can differ.
    pub inputs: Option<String>,
    /// How loading it ended. A plugin that loaded is [`Outcome::Ok`] even if a case failed.
    pub outcome: Outcome,
    /// How it was compiled; none if it was refused before.
    pub compile: Option<Compile>,
    /// Time from compiled code on disk to a loaded component, one value per worker.
    pub load_ns: Option<Estimate>,
    /// Time to instantiate, one value per worker.
    pub instantiate_ns: Option<Estimate>,
    /// Its cases in its own order.
    pub cases: Vec<Case>,
}

impl Plugin {
    /// A plugin of which nothing is known but its name and where it came from.
    #[must_use]
    pub fn named(name: &str, source: &str) -> Self {
        Self {
            name: name.to_owned(),
            label: name.to_owned(),
            source: source.to_owned(),
            operand: None,
            kept_from: None,
            kind: None,
            digest: None,
            component_bytes: None,
            inputs: None,
            outcome: Outcome::Ok,
            compile: None,
            load_ns: None,
            instantiate_ns: None,
            cases: Vec::new(),
        }
    }

    /// Where it came from in the first place.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.kept_from.as_deref().unwrap_or(&self.source)
    }
}

/// The two kinds of plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PluginKind {
    /// Exports `dyno:bench/suite@0.1`: pulls its batches.
    Suite,
    /// Exports `wasi:cli/run@0.2`: one iteration is one run of it, on a fresh instance.
    Command,
}

/// How the two builds of a component came to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Compile {
    /// Whether both builds were already in the cache.
    pub cache: CacheUse,
    /// Wall time of the compile worker; 0 on a cache hit.
    pub duration_ns: u64,
    /// Machine code of the uninstrumented build.
    pub code_bytes: u64,
    /// Layouts of that build among which each process of the time pass draws; 1 where code is too large to be
    /// compiled several times.
    #[serde(default = "one_layout")]
    pub layouts: u32,
}

/// Before there were several.
fn one_layout() -> u32 {
    1
}

/// What the code cache did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CacheUse {
    /// Nothing was compiled.
    Hit,
    /// Compiled now, and kept for the next run.
    Miss,
    /// Compiled now and not kept, because the cache is off or cannot be written.
    Off,
}

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
    /// The mark that says that its numbers are not those of the work that it claims to do, if it has one.
    #[must_use]
    pub fn without_work(&self) -> Option<Mark> {
        let disproves = |mark: &Mark| matches!(mark, Mark::Folded | Mark::Implausible);
        self.marks.iter().copied().find(disproves)
    }

    /// The work that one iteration does: what every throughput is drawn from. None if its plugin does not say, or if
    /// that work was not done when it was timed.
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
    /// The time that is shown where there is room for one: wall time, or CPU time where too few samples ran without
    /// being preempted.
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

/// How a plugin, a case or a process ended. What a guest does wrong is data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Outcome {
    /// It did what it should.
    Ok,
    /// It was not loaded: malformed, of another world or version, an import that is not there.
    Refused {
        /// One sentence: what, where, what to do.
        reason: String,
    },
    /// It returned an error of its own.
    Error {
        /// The guest's words, hostile.
        message: String,
    },
    /// It trapped or exited.
    Trap {
        /// The engine's words, with the guest's function names: hostile.
        message: String,
    },
    /// It broke the measuring protocol, such as a `stop` without a `start`.
    Fault {
        /// Which rule, and how.
        message: String,
    },
    /// It ran into a limit. Outranks whatever the guest reports.
    Limit {
        /// Which limit.
        limit: LimitKind,
        /// Its value.
        cap: u64,
        /// What was asked for or reached; none where it is only known to be more than the cap.
        actual: Option<u64>,
    },
    /// Its result is not the expected one.
    Checksum {
        /// What the plugin itself announced.
        #[serde(with = "hex")]
        #[schemars(with = "hex::Digits")]
        expected: u64,
        /// What came out.
        #[serde(with = "hex")]
        #[schemars(with = "hex::Digits")]
        actual: u64,
    },
    /// What it printed is not what it should print.
    Output {
        /// The first difference; quotes the guest, escaped.
        message: String,
    },
    /// Passes, batches or processes disagree, and the user asked for that to be a failure.
    Nondeterministic {
        /// What differed.
        message: String,
    },
    /// A compiler removed its work, and the user asked for that to be a failure.
    Folded {
        /// What shows it.
        message: String,
    },
    /// It does other work when it is timed than when it is counted, and the user asked for that to be a failure.
    Implausible {
        /// What shows it.
        message: String,
    },
    /// Its worker process died.
    Crash {
        /// The signal or exit status, in words.
        message: String,
    },
    /// The host could not do its part (spawn a worker, read the cache). Not the guest's fault.
    Host {
        /// The cause.
        message: String,
    },
    /// It was not run: the run was interrupted, or its plugin failed before.
    Skipped {
        /// Why.
        reason: String,
    },
}

impl Outcome {
    /// Whether it is [`Outcome::Ok`].
    #[must_use]
    pub fn is_ok(&self) -> bool {
        matches!(self, Self::Ok)
    }
}

/// The caps that the host enforces. Each is a flag and a line in the report.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum LimitKind {
    /// Fuel of one count pass.
    Fuel,
    /// Bytes over all memories and tables of the store, summed.
    Memory,
    /// Wall time of one job, ms.
    Wall,
    /// CPU time of compiling, ms.
    Compile,
    /// Address space of the compile worker, bytes.
    CompileMemory,
    /// Bytes of guest stack.
    Stack,
    /// Core instances of one component.
    Instances,
    /// Bytes that one host call may copy out of the guest.
    HostCall,
    /// Resources in the host's table (streams, pollables, descriptors) and handles.
    Handles,
    /// Bytes of random numbers in one call.
    Random,
    /// Bytes of stdout and stderr together. Once called `output`, as the files are that other flags name.
    #[serde(rename = "output-bytes", alias = "output")]
    Output,
    /// Bytes of the component file.
    Component,
    /// Cases of one plugin.
    Cases,
    /// Bytes written into scratch directories.
    ScratchBytes,
    /// Files and directories in scratch directories.
    ScratchFiles,
}

/// What a reader of a case must know.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Fuel or checksum differ between passes, batches or processes.
    Nondeterministic,
    /// Processes disagree by more than the machine should allow.
    Noisy,
    /// A compiler removed the work: fuel does not grow with the iterations, or is used faster than any
    /// processor works.
    Folded,
    /// It takes so much longer, or so much less time, than the counted work takes on this machine that it does other
    /// work when it is timed.
    Implausible,
    /// The cost of an iteration depends on how many iterations a batch has.
    Nonlinear,
    /// The fuel per iteration did not settle within 0.1 %.
    FuelUnsettled,
    /// Below what the clock resolves: the empty batch is not small against a sample.
    TimerFloor,
    /// The interval is of one process only and says nothing of the spread between processes.
    SingleProcess,
    /// The machine was stopped or suspended during a sample.
    Suspended,
    /// Too few samples ran without being preempted: CPU time is the headline.
    Preempted,
    /// The samples of most processes become slower or faster all the way: no steady state was reached.
    Unsteady,
    /// A time budget ended the case before its interval reached the target.
    BudgetEnded,
    /// Another run was measuring on the same core, and this one did not wait.
    SharedCore,
}

/// How many iterations the samples of a case have. All processes of a case use the same number, and both sides of
/// a comparison do: it is a power of two, so that runs at different times agree, too.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Calibration {
    /// Iterations of every sample.
    pub iterations: u64,
    /// Wall time of one iteration when this was decided, ns.
    pub iteration_ns: f64,
    /// Time of one iteration in batches of twice as many, over that in batches of `iterations`, as all of several rounds
    /// agree: 1 where the cost of an iteration does not depend on their number. None where a batch is too long to be
    /// doubled, where the guest waits, and of programs.
    pub doubled_ratio: Option<f64>,
}

/// The metered pass: done twice, on fresh instances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Count {
    /// Fuel per iteration: the slope between the two largest batches, or a single iteration's.
    pub fuel_per_iteration: f64,
    /// How it was drawn from the batches.
    pub method: CountMethod,
    /// Whether both passes agree in every count and checksum.
    pub deterministic: bool,
    /// Whether the slope held still within 0.1 %.
    pub settled: bool,
    /// Share of the fuel of all batches that lay outside `start`/`stop`, 0 to 1.
    pub untimed_share: f64,
    /// The raw counts of both passes.
    pub passes: Vec<CountPass>,
    /// Linear memory and tables, from the first pass.
    pub memory: MemoryProfile,
    /// How fast the counted work was done; none in older reports.
    #[serde(default)]
    pub pace: Option<Pace>,
}

/// The batch of the count pass whose iterations took the least CPU time: what the counted work takes on this machine in
/// the metered build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pace {
    /// Its iterations, at least 1.
    pub iterations: u64,
    /// CPU time between `start` and `stop`, summed over the pairs, with what reading that time costs.
    pub cpu_ns: u64,
}

impl Pace {
    /// CPU time of one iteration, ns.
    #[must_use]
    pub fn iteration_ns(&self) -> f64 {
        self.cpu_ns as f64 / self.iterations.max(1) as f64
    }

    /// The faster of the two.
    #[must_use]
    pub fn faster(self, other: Option<Self>) -> Self {
        match other {
            Some(other) if other.iteration_ns() <= self.iteration_ns() => other,
            _ => self,
        }
    }
}

/// How fuel per iteration was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CountMethod {
    /// Fuel per added iteration between two batch sizes: call costs cancel.
    Slope,
    /// The fuel of one iteration, because it is long.
    Single,
}

/// One metered pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CountPass {
    /// Its batches in order, the discarded first one included.
    pub batches: Vec<CountBatch>,
    /// All fuel from after instantiation to the return of `run`.
    pub total_fuel: u64,
}

/// One batch of a metered pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CountBatch {
    /// Iterations that were asked for.
    pub iterations: u64,
    /// Fuel between `start` and `stop`, summed over the pairs.
    pub fuel: u64,
    /// Fuel outside of them.
    pub untimed_fuel: u64,
    /// What the guest handed to `next`.
    #[serde(with = "hex")]
    #[schemars(with = "hex::Digits")]
    pub checksum: u64,
}

/// Memory over a pass: the sum over all linear memories and tables of the store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MemoryProfile {
    /// After instantiation.
    pub baseline_bytes: u64,
    /// The most there ever was.
    pub peak_bytes: u64,
    /// After `run` has returned.
    pub released_bytes: u64,
    /// Mean over the wall time of the pass.
    pub mean_bytes: f64,
    /// Every growth, in order.
    pub growth: Vec<MemoryGrowth>,
}

/// One growth of a memory or table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MemoryGrowth {
    /// Wall time since instantiation when it happened.
    pub at_ns: u64,
    /// The sum after it.
    pub bytes: u64,
}

/// One worker process of the time pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Process {
    /// Which block of the run, from 0.
    pub block: u32,
    /// Position in the run's order of processes, from 0.
    pub order: u32,
    /// Whether its block is one of those that confirm what the first ones flagged.
    pub confirming: bool,
    /// How it ended.
    pub outcome: Outcome,
    /// The core it was pinned to.
    pub core: Option<u32>,
    /// Bytes of environment padding.
    pub padding_bytes: u32,
    /// Which layout of the machine code it ran, from 0.
    #[serde(default)]
    pub layout: u32,
    /// From the start of the process to its first call of the case.
    pub ready_ns: u64,
    /// Compiled code to loaded component.
    pub load_ns: u64,
    /// Instantiation.
    pub instantiate_ns: u64,
    /// The very first iteration, cold.
    pub first_iteration_ns: u64,
    /// The samples in run order. None was dropped.
    pub samples: Vec<Sample>,
    /// The checksum of its batches; none if they did not all have the same.
    #[serde(with = "hex::option")]
    #[schemars(with = "Option<hex::Digits>")]
    pub checksum: Option<u64>,
    /// Whether its interval became narrow before its time budget ended.
    pub precise: bool,
    /// Linear memory and tables at their peak.
    pub memory_peak_bytes: u64,
    /// Resident set of the worker at its peak.
    pub rss_peak_bytes: u64,
}

/// One timed batch, as it was read from the clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sample {
    /// Iterations of the batch.
    pub iterations: u64,
    /// Wall time between `start` and `stop`, summed over the pairs.
    pub wall_ns: u64,
    /// CPU time of the worker's thread over the batch's timed span.
    pub cpu_ns: u64,
    /// Involuntary context switches during the batch: preemptions.
    pub switches: u32,
    /// Voluntary context switches during the batch: the guest waited.
    #[serde(default)]
    pub waits: u32,
}

/// A sample that spent less than this share of its wall time preempted is undisturbed (METHOD.md).
const DISTURBED_SHARE: f64 = 0.02;

impl Sample {
    /// Wall time that was not spent on a CPU, ns.
    #[must_use]
    pub fn off_cpu_ns(&self) -> u64 {
        self.wall_ns.saturating_sub(self.cpu_ns)
    }

    /// Whether next to none of its wall time was taken from it by other programs. Where the guest waited, time off the
    /// CPU is its own, and only a preemption says that some of it was not.
    #[must_use]
    pub fn is_undisturbed(&self) -> bool {
        match self.waits {
            0 => self.is_on_cpu(),
            _ => self.switches == 0,
        }
    }

    /// Whether next to none of its wall time was spent off the CPU, for whatever reason.
    #[must_use]
    pub fn is_on_cpu(&self) -> bool {
        self.off_cpu_ns() as f64 <= DISTURBED_SHARE * self.wall_ns as f64
    }
}

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

/// What is measured. Time metrics are per iteration.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Wall time per iteration, ns.
    WallTime,
    /// CPU time of the worker's thread per iteration, ns.
    CpuTime,
    /// Fuel per iteration.
    Fuel,
    /// The first iteration of a process, ns.
    FirstIteration,
    /// Memory after instantiation, bytes.
    MemoryBaseline,
    /// Peak of linear memory and tables, bytes.
    MemoryPeak,
    /// Memory after the case has returned, bytes.
    MemoryReleased,
    /// Mean memory of the count pass, bytes.
    MemoryMean,
    /// Peak resident set of the worker, bytes.
    RssPeak,
    /// Spread within a process: median absolute deviation over median, a ratio.
    SpreadWithin,
    /// Samples that were not preempted, of all: a ratio.
    UndisturbedShare,
}

impl Metric {
    /// Every metric, in the order in which they are shown.
    pub const ALL: [Self; 11] = [
        Self::WallTime,
        Self::CpuTime,
        Self::Fuel,
        Self::FirstIteration,
        Self::MemoryBaseline,
        Self::MemoryPeak,
        Self::MemoryReleased,
        Self::MemoryMean,
        Self::RssPeak,
        Self::SpreadWithin,
        Self::UndisturbedShare,
    ];

    /// The unit of its estimate.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::WallTime | Self::CpuTime | Self::FirstIteration => "ns",
            Self::Fuel => "fuel",
            Self::MemoryBaseline
            | Self::MemoryPeak
            | Self::MemoryReleased
            | Self::MemoryMean
            | Self::RssPeak => "bytes",
            Self::SpreadWithin | Self::UndisturbedShare => "ratio",
        }
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
