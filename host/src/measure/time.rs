//! The schedule of the time pass: one cold iteration, calibration, warm-up, and samples until the
//! interval is narrow or the budget ends.

use serde::{Deserialize, Serialize};

use super::calibrate::next_size;
use super::{Batch, Order, Schedule};
use crate::report::model::Sample;
use crate::stats;

/// How one process measures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TimeSettings {
    /// How long a sample should last, ns.
    pub sample_ns: u64,
    /// How long sampling may take, ns.
    pub budget_ns: u64,
    /// Half width of the median's 95 % interval over the median at which sampling ends early.
    pub precision: f64,
    /// At least this many samples, unless four budgets have gone by.
    pub min_samples: usize,
    /// At most this many samples.
    pub max_samples: usize,
}

impl Default for TimeSettings {
    fn default() -> Self {
        Self {
            sample_ns: 5_000_000,
            budget_ns: 500_000_000,
            precision: 0.01,
            min_samples: 10,
            max_samples: 10_000,
        }
    }
}

impl TimeSettings {
    /// How a process samples that is compared with another: shortly, since the machine must not change between the two
    /// of a pair, and for all of its time, since a narrow interval of its own says nothing of that.
    #[must_use]
    pub fn compared() -> Self {
        Self {
            budget_ns: 50_000_000,
            sample_ns: 2_000_000,
            precision: 0.0,
            ..Self::default()
        }
    }
}

/// Batches between calibration and the first sample.
const WARM_UPS: u32 = 2;

/// Orders the batches of one process and keeps its samples.
#[derive(Debug)]
pub struct TimeSchedule {
    settings: TimeSettings,
    stage: Stage,
    /// Time that samples have taken so far, their untimed parts included.
    spent_ns: u64,
    first_ns: u64,
    /// The untimed part of the very first batch, of one iteration: what each batch costs however
    /// large it is, if it does not grow with the iterations.
    first_untimed_ns: u64,
    samples: Vec<Sample>,
    checksum: u64,
    stable: bool,
    precise: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    First,
    Calibrate,
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
            first_ns: 0,
            first_untimed_ns: 0,
            samples: Vec::new(),
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

    /// After the batch `done`: the size of the next one, and its stage.
    fn advance(&mut self, done: &Batch) -> Option<u64> {
        let iterations = done.order.iterations;
        let total = done.timed + done.untimed;
        if matches!(self.stage, Stage::First | Stage::Calibrate) {
            if let Some(size) = self.larger(done) {
                self.stage = Stage::Calibrate;
                return Some(size);
            }
            // A case that fills its budget in a few batches was warmed up by calibrating.
            let warm_ups = if total > self.settings.budget_ns / 8 {
                0
            } else {
                WARM_UPS
            };
            self.stage = Stage::WarmUp(warm_ups);
        }
        if let Stage::WarmUp(left) = self.stage {
            self.stage = if left == 0 {
                Stage::Sample
            } else {
                Stage::WarmUp(left - 1)
            };
            return Some(iterations);
        }
        self.spent_ns += total;
        self.samples.push(Sample {
            iterations,
            wall_ns: done.timed,
            cpu_ns: done.cpu,
            switches: u32::try_from(done.switches).unwrap_or(u32::MAX),
        });
        (!self.is_done()).then_some(iterations)
    }

    /// The next size on the way to a sample that is long enough; none if `done` was.
    fn larger(&mut self, done: &Batch) -> Option<u64> {
        let target = self.settings.sample_ns;
        let is_first = self.stage == Stage::First;
        if is_first {
            self.first_ns = done.timed;
            self.first_untimed_ns = done.untimed;
        }
        // Set-up that each batch does once must not keep the batches small; set-up of each
        // iteration must.
        let growing = done.untimed.saturating_sub(self.first_untimed_ns);
        let size = next_size(
            done.order.iterations,
            done.timed,
            done.timed + growing,
            target,
        )?;
        // After one batch nobody knows which of the two it is.
        let is_long = done.untimed >= target.saturating_mul(10);
        Some(if is_first && is_long { 2 } else { size })
    }

    fn is_done(&mut self) -> bool {
        let (count, budget) = (self.samples.len(), self.settings.budget_ns);
        let must_end =
            count >= self.settings.max_samples || self.spent_ns >= budget.saturating_mul(4);
        if count < self.settings.min_samples {
            return must_end;
        }
        // Looked at now and then: sorting all samples after each would cost more than they do.
        if must_end || count.is_multiple_of(self.settings.min_samples) {
            let times: Vec<f64> = self
                .samples
                .iter()
                .map(|sample| sample.wall_ns as f64 / sample.iterations as f64)
                .collect();
            self.precise = stats::estimate_within(&times).is_some_and(|estimate| {
                (estimate.upper - estimate.lower) / 2.0 <= self.settings.precision * estimate.median
            });
        }
        must_end || self.precise || self.spent_ns >= budget
    }
}

impl Schedule for TimeSchedule {
    fn next(&mut self, done: Option<&Batch>) -> Option<Order> {
        let iterations = match done {
            None => Some(1),
            Some(done) => {
                if self.stage != Stage::First && done.checksum != self.checksum {
                    self.stable = false;
                }
                self.checksum = done.checksum;
                self.advance(done)
            }
        };
        iterations.map(|iterations| Order {
            iterations,
            usage: self.stage == Stage::Sample,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::sampler::fake::{FakeClock, drive};
    use super::super::{Bench as _, Sampler};
    use super::*;

    fn run(settings: TimeSettings, ns: impl Fn(u64, u64) -> u64) -> TimeSchedule {
        let clock = FakeClock::default();
        let mut calls = 0;
        drive(TimeSchedule::new(settings), &clock, |n| {
            calls += 1;
            clock.pass(ns(calls, n));
        })
    }

    #[test]
    fn a_steady_case_ends_early_with_calibrated_samples() {
        let done = run(TimeSettings::default(), |_, n| n * 100);
        assert!(done.is_precise());
        assert_eq!(done.samples().len(), TimeSettings::default().min_samples);
        for sample in done.samples() {
            assert!(
                (4_000_000..10_000_000).contains(&sample.wall_ns),
                "{sample:?}"
            );
            assert_eq!(sample.cpu_ns, sample.wall_ns);
        }
        assert_eq!(done.first_ns(), 100);
        assert_eq!(done.checksum(), Some(7));
    }

    #[test]
    fn an_unsteady_case_ends_with_its_budget_and_keeps_every_sample() {
        let done = run(TimeSettings::default(), |call, n| n * (100 + call % 7 * 10));
        assert!(!done.is_precise());
        let spent: u64 = done.samples().iter().map(|sample| sample.wall_ns).sum();
        assert!((500_000_000..600_000_000).contains(&spent), "{spent}");
    }

    fn with_set_up(ns: impl Fn(u64) -> u64) -> TimeSchedule {
        let clock = FakeClock::default();
        let mut sampler = Sampler::new(clock.clone(), TimeSchedule::new(TimeSettings::default()));
        while let Some(iterations) = sampler.next(7).unwrap() {
            clock.pass(ns(iterations));
            sampler.start().unwrap();
            clock.pass(iterations * 13);
            sampler.stop().unwrap();
        }
        sampler.into_schedule()
    }

    #[test]
    fn long_set_up_of_each_batch_does_not_make_the_samples_short() {
        let done = with_set_up(|_| 200_000_000);
        assert!(
            done.samples()
                .iter()
                .all(|sample| sample.wall_ns >= 4_000_000)
        );
    }

    #[test]
    fn long_set_up_of_each_iteration_keeps_the_batches_small() {
        let done = with_set_up(|n| n * 60_000_000);
        assert!(done.samples().iter().all(|sample| sample.iterations <= 2));
    }

    #[test]
    fn a_case_longer_than_its_budget_is_sampled_a_few_times() {
        let done = run(TimeSettings::default(), |_, n| n * 900_000_000);
        assert_eq!(done.samples().len(), 3);
        assert!(done.samples().iter().all(|sample| sample.iterations == 1));
    }
}
