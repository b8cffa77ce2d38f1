//! One process of the time pass, and its samples.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Counts, Metric, Outcome, hex};

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
    /// What the processor counted in the timed part, in user space, by metric, where the machine
    /// allows it and the guest did not wait.
    #[serde(default, skip_serializing_if = "Counts::is_empty")]
    #[schemars(with = "BTreeMap<Metric, u64>")]
    pub counts: Counts,
}

/// A sample that spent less than this share of its wall time preempted is undisturbed (METHOD.md).
const DISTURBED_SHARE: f64 = 0.02;

impl Sample {
    /// Wall time that was not spent on a CPU, ns.
    #[must_use]
    pub fn off_cpu_ns(&self) -> u64 {
        self.wall_ns.saturating_sub(self.cpu_ns)
    }

    /// Whether next to none of its wall time was taken from it by other programs. Where the guest
    /// waited, time off the CPU is its own, and only a preemption says that some of it was not.
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
