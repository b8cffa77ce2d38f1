//! What was counted in the metered build.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::hex;

/// How many iterations the samples of a case have. All processes of a case use the same number, and
/// both sides of a comparison do: it is a power of two, so that runs at different times agree, too.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Calibration {
    /// Iterations of every sample.
    pub iterations: u64,
    /// Wall time of one iteration when this was decided, ns.
    pub iteration_ns: f64,
    /// Time of one iteration in batches of twice as many, over that in batches of `iterations`, as
    /// all of several rounds agree: 1 where the cost of an iteration does not depend on their
    /// number. None where a batch is too long to be doubled, where the guest waits, and of
    /// programs.
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

/// The batch of the count pass whose iterations took the least CPU time: what the counted work
/// takes on this machine in the metered build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pace {
    /// Its iterations, at least 1.
    pub iterations: u64,
    /// CPU time between `start` and `stop`, summed over the pairs, with what reading that time
    /// costs.
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
