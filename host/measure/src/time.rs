//! The schedule of the time pass: one cold iteration, warm-up, and samples until the interval is
//! narrow or the budget ends. How many iterations a sample has was decided before (`calibrate.rs`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Batch, Order, Schedule};
use dyno_model::{Counts, Sample};
use dyno_stats as stats;

/// How a process of any case samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sampling {
    /// How long a sample should last, ns.
    pub sample_ns: u64,
    /// How long sampling may take, ns.
    pub budget_ns: u64,
    /// Half width of the median's 95 % interval over the median at which sampling ends early.
    pub precision: f64,
    /// At least this many samples, unless four budgets have gone by.
    #[serde(rename = "samples_min")]
    pub min_samples: usize,
    /// At most this many samples.
    #[serde(rename = "samples_max")]
    pub max_samples: usize,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            // Short, so that a busy neighbour leaves some samples undisturbed: the kernel gives
            // each of two some 3 ms at a time.
            sample_ns: 2_000_000,
            budget_ns: 500_000_000,
            precision: 0.01,
            min_samples: 20,
            max_samples: 10_000,
        }
    }
}

/// How one process measures its case.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TimeSettings {
    /// As processes of every case do.
    pub sampling: Sampling,
    /// Iterations of a sample.
    pub iterations: u64,
    /// Within this time after the first batch was asked for it must have ended, if it has any
    /// sample, ns.
    pub deadline_ns: u64,
}

impl TimeSettings {
    /// Samples of one iteration, and no deadline.
    #[must_use]
    pub fn new(sampling: Sampling) -> Self {
        Self {
            sampling,
            iterations: 1,
            deadline_ns: u64::MAX,
        }
    }
}

impl Sampling {
    /// How a process samples that is compared with another: shortly, since the machine must not
    /// change between the two of a pair, and for all of its time, since a narrow interval of its
    /// own says nothing of that.
    #[must_use]
    pub fn compared() -> Self {
        Self {
            budget_ns: 50_000_000,
            precision: 0.0,
            min_samples: 10,
            ..Self::default()
        }
    }
}

/// A process takes at most so many of its time budgets for the samples that it must have.
pub const BUDGETS_MAX: u64 = 4;

/// The same where the number of samples is given: it was chosen so that [`BUDGETS_MAX`] are enough,
/// and other programs may make a process ten times as slow.
const GIVEN_BUDGETS_MAX: u64 = 10 * BUDGETS_MAX;

/// Batches between the cold iteration and the first sample.
const WARM_UPS: u32 = 2;

/// Orders the batches of one process and keeps its samples.
#[derive(Debug)]
pub struct TimeSchedule {
    settings: TimeSettings,
    stage: Stage,
    /// Time that samples have taken so far, their untimed parts included.
    spent_ns: u64,
    /// Time that everything has taken so far.
    elapsed_ns: u64,
    first_ns: u64,
    samples: Vec<Sample>,
    /// Wall time of those that were not disturbed; all have the same iterations.
    undisturbed: Vec<f64>,
    checksum: u64,
    stable: bool,
    precise: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    First,
    WarmUp(u32),
    Sample,
}

impl TimeSchedule {
    /// A schedule that has ordered nothing yet.
    #[must_use]
    pub fn new(settings: TimeSettings) -> Self {
        Self {
            settings,
            stage: Stage::First,
            spent_ns: 0,
            elapsed_ns: 0,
            first_ns: 0,
            samples: Vec::new(),
            undisturbed: Vec::new(),
            checksum: 0,
            stable: true,
            precise: false,
        }
    }

    /// Every sample, in order.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// Time of the very first iteration, ns.
    #[must_use]
    pub fn first_ns(&self) -> u64 {
        self.first_ns
    }

    /// The checksum, if every batch had the same.
    #[must_use]
    pub fn checksum(&self) -> Option<u64> {
        self.stable.then_some(self.checksum)
    }

    /// Whether the interval became narrow before the budget ended.
    #[must_use]
    pub fn is_precise(&self) -> bool {
        self.precise
    }

    /// After the batch `done`: whether there is another one, and its stage.
    fn advance(&mut self, done: &Batch) -> bool {
        let total = done.timed + done.untimed;
        self.elapsed_ns += total;
        match self.stage {
            Stage::First => {
                self.first_ns = done.timed;
                // A case that fills its budget in a few batches needs no other warm-up.
                let is_long = total > self.settings.sampling.budget_ns / 8;
                self.stage = if is_long {
                    Stage::Sample
                } else {
                    Stage::WarmUp(WARM_UPS - 1)
                };
                return true;
            }
            Stage::WarmUp(left) => {
                self.stage = match left {
                    0 => Stage::Sample,
                    left => Stage::WarmUp(left - 1),
                };
                return true;
            }
            Stage::Sample => {}
        }
        self.spent_ns += total;
        self.keep(done);
        !self.is_done(total)
    }

    fn keep(&mut self, done: &Batch) {
        let count = |switches| u32::try_from(switches).unwrap_or(u32::MAX);
        let sample = Sample {
            iterations: done.order.iterations,
            wall_ns: done.timed,
            cpu_ns: done.cpu,
            switches: count(done.switches),
            waits: count(done.waits),
            // While the guest waits, another thread of the worker does, too, and both are counted.
            counts: match done.waits {
                0 => done.counts,
                _ => Counts::default(),
            },
        };
        self.samples.push(sample);
        if sample.is_undisturbed() {
            self.undisturbed.push(sample.wall_ns as f64);
        }
    }

    /// Whether there are enough samples; the next one would take about `next_ns`.
    fn is_done(&mut self, next_ns: u64) -> bool {
        let sampling = self.settings.sampling;
        let (count, budget) = (self.samples.len(), sampling.budget_ns);
        // Where the number is given, it is kept, however slow the machine is at the moment: sides
        // that are compared do the same.
        let is_given = sampling.min_samples == sampling.max_samples;
        let most = if is_given {
            GIVEN_BUDGETS_MAX
        } else {
            BUDGETS_MAX
        };
        let must_end = count >= sampling.max_samples
            || self.spent_ns >= budget.saturating_mul(most)
            || self.elapsed_ns.saturating_add(next_ns) > self.settings.deadline_ns;
        if count < sampling.min_samples {
            return must_end;
        }
        // Looked at now and then: sorting all samples after each would cost more than they do.
        if must_end || count.is_multiple_of(sampling.min_samples) {
            self.precise = self.is_narrow();
        }
        must_end || self.precise || self.spent_ns >= budget
    }

    fn is_narrow(&self) -> bool {
        let sampling = self.settings.sampling;
        self.undisturbed.len() >= sampling.min_samples
            && stats::estimate_within(&self.undisturbed).is_some_and(|estimate| {
                (estimate.upper - estimate.lower) / 2.0 <= sampling.precision * estimate.median
            })
    }
}

impl Schedule for TimeSchedule {
    fn next(&mut self, done: Option<&Batch>) -> Option<Order> {
        let Some(done) = done else {
            return Some(Order {
                iterations: 1,
                usage: false,
            });
        };
        if self.stage != Stage::First && done.checksum != self.checksum {
            self.stable = false;
        }
        self.checksum = done.checksum;
        self.advance(done).then_some(Order {
            iterations: self.settings.iterations,
            usage: self.stage == Stage::Sample,
        })
    }
}

#[cfg(test)]
mod tests;
