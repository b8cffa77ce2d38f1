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
mod tests;
