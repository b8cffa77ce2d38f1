//! The schedule of the count pass: batches of growing size until the fuel per added iteration
//! holds still.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Batch, Order, Schedule};
use dyno_model::{CountBatch, CountMethod};

/// Passes of the count: what differs between two is not deterministic.
pub const COUNT_PASSES: usize = 2;

/// When a count is settled, and when it gives up.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CountSettings {
    /// Two slopes agree if they differ by at most this share.
    pub stability: f64,
    /// A case whose one iteration takes more fuel than this is counted by single iterations.
    /// In fuel and not in time, so that every machine decides alike: about a quarter of a second
    /// metered. A quarter of `batch_fuel`, because two slopes take a batch of four iterations.
    pub single_fuel: u64,
    /// The largest batch, in fuel; past it the last slope stands, marked as unsettled.
    pub batch_fuel: u64,
}

impl Default for CountSettings {
    fn default() -> Self {
        Self {
            stability: 0.001,
            single_fuel: 250_000_000,
            batch_fuel: 1_000_000_000,
        }
    }
}

/// A first iteration of this many times [`CountSettings::single_fuel`], some seconds, is not
/// repeated: what only a first call does is nothing beside it.
const FIRST_COUNTS: u64 = 10;

/// How many times in a row the slope must hold still, since one agreement may be chance; where a
/// further batch would be too large, one has to do.
const AGREEMENTS: u32 = 2;

/// Orders batches of 1 (discarded), 1, 2, 4, 8, … iterations.
#[derive(Debug)]
pub struct CountSchedule {
    settings: CountSettings,
    /// Batches at the beginning that do not count.
    discarded: usize,
    batches: Vec<CountBatch>,
    slope: Option<f64>,
    agreements: u32,
}

/// What a count pass found.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    /// Every batch, the discarded first one included.
    pub batches: Vec<CountBatch>,
    /// Fuel per iteration; none if the case never finished a batch that counts.
    pub fuel_per_iteration: Option<f64>,
    /// How it was drawn.
    pub method: CountMethod,
    /// Whether the slope held still.
    pub settled: bool,
}

impl CountSchedule {
    /// A schedule that has ordered nothing yet.
    #[must_use]
    pub fn new(settings: CountSettings) -> Self {
        Self {
            settings,
            discarded: 1,
            batches: Vec::new(),
            slope: None,
            agreements: 0,
        }
    }

    /// A schedule of one single iteration, for programs whose every iteration is a fresh instance:
    /// there is no first one that would be different, and no call cost to cancel.
    #[must_use]
    pub fn once(settings: CountSettings) -> Self {
        Self {
            discarded: 0,
            ..Self::new(settings)
        }
    }

    /// What was counted so far.
    #[must_use]
    pub fn counts(self) -> Counts {
        let single = self.is_single();
        let last = self.batches.get(self.skipped()..).and_then(<[_]>::last);
        Counts {
            fuel_per_iteration: if single {
                last.map(|batch| batch.fuel as f64)
            } else {
                self.slope
            },
            method: if single {
                CountMethod::Single
            } else {
                CountMethod::Slope
            },
            settled: single || self.agreements > 0,
            batches: self.batches,
        }
    }

    fn is_single(&self) -> bool {
        self.discarded == 0 || self.is_first_above(self.settings.single_fuel)
    }

    fn is_first_above(&self, fuel: u64) -> bool {
        let is_above = |first: &CountBatch| first.fuel + first.untimed_fuel > fuel;
        self.batches.first().is_some_and(is_above)
    }

    /// Batches at the beginning that do not count after all.
    fn skipped(&self) -> usize {
        let long = self.settings.single_fuel.saturating_mul(FIRST_COUNTS);
        match self.is_first_above(long) {
            true => 0,
            false => self.discarded,
        }
    }

    /// Whether the batch just done makes another one needless.
    fn is_done(&mut self) -> bool {
        if self.is_single() {
            return self.batches.len() > self.skipped();
        }
        let [_, .., before, last] = self.batches.as_slice() else {
            return false;
        };
        let slope =
            (last.fuel as f64 - before.fuel as f64) / (last.iterations - before.iterations) as f64;
        let agrees = self
            .slope
            .is_some_and(|old| (slope - old).abs() <= self.settings.stability * slope.abs());
        self.agreements = if agrees { self.agreements + 1 } else { 0 };
        self.slope = Some(slope);
        // The next batch would take about twice as much.
        let next_fuel = 2 * (last.fuel + last.untimed_fuel);
        self.agreements >= AGREEMENTS || next_fuel > self.settings.batch_fuel
    }
}

impl Schedule for CountSchedule {
    fn next(&mut self, done: Option<&Batch>) -> Option<Order> {
        let order = |iterations| {
            Some(Order {
                iterations,
                usage: false,
            })
        };
        let Some(done) = done else { return order(1) };
        self.batches.push(CountBatch {
            iterations: done.order.iterations,
            fuel: done.timed,
            untimed_fuel: done.untimed,
            checksum: done.checksum,
        });
        if self.batches.len() == self.skipped() {
            return order(1);
        }
        if self.is_done() {
            None
        } else {
            order(done.order.iterations * 2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sampler::fake::{FakeClock, drive};
    use super::*;

    fn count(fuel: impl Fn(u64) -> u64) -> Counts {
        let clock = FakeClock::default();
        drive(CountSchedule::new(CountSettings::default()), &clock, |n| {
            clock.pass(fuel(n))
        })
        .counts()
    }

    #[test]
    fn call_costs_cancel_and_the_first_batch_is_discarded() {
        let mut calls = 0;
        let clock = FakeClock::default();
        let counts = drive(CountSchedule::new(CountSettings::default()), &clock, |n| {
            calls += 1;
            clock.pass(if calls == 1 { 1_000_000 } else { 500 + 70 * n });
        })
        .counts();
        assert_eq!(counts.fuel_per_iteration, Some(70.0));
        assert!(counts.settled);
        let sizes: Vec<u64> = counts
            .batches
            .iter()
            .map(|batch| batch.iterations)
            .collect();
        assert_eq!(sizes, [1, 1, 2, 4, 8]);
        assert_eq!(counts.batches[1].untimed_fuel, 11);
    }

    #[test]
    fn a_large_iteration_is_settled_by_one_agreement() {
        let counts = count(|n| n * 200_000_000);
        assert_eq!(
            (counts.fuel_per_iteration, counts.settled),
            (Some(2e8), true)
        );
        assert_eq!(counts.batches.len(), 4);
    }

    #[test]
    fn an_unrolled_loop_is_counted_where_it_has_become_even() {
        // Four iterations at once cost 29, a remainder 10 each: the slope ends at 7.25.
        let counts = count(|n| 40 + n / 4 * 29 + n % 4 * 10);
        assert_eq!(counts.fuel_per_iteration, Some(7.25));
    }

    #[test]
    fn a_long_iteration_is_counted_once() {
        let counts = count(|n| n * 2_000_000_000);
        assert_eq!(counts.fuel_per_iteration, Some(2e9));
        assert_eq!(
            (counts.method, counts.batches.len()),
            (CountMethod::Single, 2)
        );
    }

    /// If this failed, an iteration of a minute would be counted four times, and not within any
    /// limit.
    #[test]
    fn a_very_long_iteration_is_not_even_repeated() {
        let counts = count(|n| n * 60_000_000_000);
        assert_eq!(counts.fuel_per_iteration, Some(6e10));
        assert_eq!((counts.batches.len(), counts.settled), (1, true));
    }

    #[test]
    fn a_fresh_instance_is_counted_at_once() {
        let clock = FakeClock::default();
        let schedule = CountSchedule::once(CountSettings::default());
        let counts = drive(schedule, &clock, |n| clock.pass(500 * n)).counts();
        assert_eq!(
            (counts.fuel_per_iteration, counts.settled),
            (Some(500.0), true)
        );
        assert_eq!(
            (counts.method, counts.batches.len()),
            (CountMethod::Single, 1)
        );
    }

    #[test]
    fn fuel_that_never_settles_ends_and_says_so() {
        let counts = count(|n| n * n * 1000);
        assert!(!counts.settled);
        assert!(counts.batches.len() < 40);
    }

    #[test]
    fn folded_work_has_no_slope() {
        assert_eq!(count(|_| 123).fuel_per_iteration, Some(0.0));
    }

    /// If this fails, a case that sets up for long before each iteration is counted for minutes.
    #[test]
    fn fuel_outside_of_the_timed_part_is_part_of_how_large_a_batch_is() {
        let count = |untimed: u64, timed: u64| {
            let clock = FakeClock::default();
            let schedule = CountSchedule::new(CountSettings::default());
            let mut sampler = crate::Sampler::new(clock.clone(), schedule);
            while let Some(iterations) = crate::Bench::next(&mut sampler, 7).unwrap() {
                clock.pass(iterations * untimed);
                crate::Bench::start(&mut sampler).unwrap();
                clock.pass(iterations * timed);
                crate::Bench::stop(&mut sampler).unwrap();
            }
            let counts = sampler.into_schedule().counts();
            (
                counts.method,
                counts.batches.len(),
                counts.fuel_per_iteration,
            )
        };
        // Together more than 250 million, so that it is not multiplied.
        let long = count(200_000_000, 100_000_000);
        assert_eq!(long, (CountMethod::Single, 2, Some(1e8)));
        // 1, 1, 2 and 4 iterations, since 8 would have 1.6 billion.
        let short = count(150_000_000, 50_000_000);
        assert_eq!(short, (CountMethod::Slope, 4, Some(5e7)));
    }
}
