//! The bench of a profile: a sampler as in the count pass, and beside it a tree of who called whom
//! during the one batch that counts.

use serde::{Deserialize, Serialize};

use super::calls::CallTree;
use super::{Batch, Bench, CallNode, Clock, FunctionSum, Order, ProtocolError, Sampler, Schedule};

/// Fuel that the batch of a profile is to have at least, if it can be reached by repeating: the
/// first calls and the last ones are nothing beside it, and telling of them takes a few seconds.
const BATCH_FUEL: u64 = 20_000_000;

/// Iterations at most, for what is next to nothing.
const ITERATIONS_MAX: u64 = 1 << 16;

/// How many iterations are profiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProfileSize {
    /// As many as it takes, a power of two, after one that is discarded.
    Enough,
    /// So many after one that is discarded: what another version was profiled with.
    Iterations(u64),
    /// The first one: of a program, whose every iteration is a fresh instance.
    First,
}

/// Orders a batch of one iteration that is discarded, and one that is profiled.
#[derive(Debug)]
pub struct ProfileSchedule {
    size: ProfileSize,
    ordered: u32,
    profiled: Option<Batch>,
}

impl ProfileSchedule {
    /// A schedule that has ordered nothing yet.
    #[must_use]
    pub fn new(size: ProfileSize) -> Self {
        Self {
            size,
            ordered: 0,
            profiled: None,
        }
    }

    fn batches(&self) -> u32 {
        match self.size {
            ProfileSize::First => 1,
            ProfileSize::Enough | ProfileSize::Iterations(_) => 2,
        }
    }

    /// The batch that was profiled, once it is done.
    #[must_use]
    pub fn profiled(&self) -> Option<&Batch> {
        self.profiled.as_ref()
    }

    /// Whether the batch that was ordered last is the one to profile.
    fn is_profiling(&self) -> bool {
        self.ordered == self.batches() && self.profiled.is_none()
    }
}

impl Schedule for ProfileSchedule {
    fn next(&mut self, done: Option<&Batch>) -> Option<Order> {
        if self.is_profiling() {
            self.profiled = done.copied();
            return None;
        }
        self.ordered += 1;
        let iterations = match (self.size, done) {
            (_, None) | (ProfileSize::First, _) => 1,
            (ProfileSize::Iterations(iterations), _) => iterations.max(1),
            (ProfileSize::Enough, Some(first)) => enough(first.timed + first.untimed),
        };
        Some(Order {
            iterations,
            usage: false,
        })
    }
}

/// The largest power of two of iterations that is not more than the batch is to have.
fn enough(first_fuel: u64) -> u64 {
    let iterations = (BATCH_FUEL / first_fuel.max(1)).clamp(1, ITERATIONS_MAX);
    1 << iterations.ilog2()
}

/// A [`Bench`] that profiles, with a clock that reads consumed fuel.
#[derive(Debug)]
pub struct Profiler<C> {
    clock: C,
    sampler: Sampler<C, ProfileSchedule>,
    tree: CallTree,
}

/// What a profile found.
#[derive(Debug)]
pub struct Profiled {
    /// The batch; none if it was never finished.
    pub batch: Option<Batch>,
    /// Callers first.
    pub nodes: Vec<CallNode>,
    /// By function.
    pub sums: Vec<FunctionSum>,
}

impl<C: Clock + Clone> Profiler<C> {
    /// A profiler that has not been asked for anything yet.
    pub fn new(clock: C, size: ProfileSize) -> Self {
        Self {
            sampler: Sampler::new(clock.clone(), ProfileSchedule::new(size)),
            clock,
            tree: CallTree::new(),
        }
    }

    /// What was found.
    pub fn into_profiled(self) -> Profiled {
        let (nodes, sums) = self.tree.into_parts();
        Profiled {
            batch: self.sampler.into_schedule().profiled,
            nodes,
            sums,
        }
    }
}

impl<C: Clock> Bench for Profiler<C> {
    fn next(&mut self, checksum: u64) -> Result<Option<u64>, ProtocolError> {
        self.sampler.next(checksum)
    }

    fn start(&mut self) -> Result<(), ProtocolError> {
        self.sampler.start()?;
        if self.sampler.schedule().is_profiling() {
            self.tree.start(self.clock.now());
        }
        Ok(())
    }

    fn stop(&mut self) -> Result<(), ProtocolError> {
        self.sampler.stop()?;
        self.tree.stop(self.clock.now());
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ProtocolError> {
        self.sampler.finish()
    }

    fn enter(&mut self, function: u32) {
        self.tree.enter(function, self.clock.now());
    }

    fn leave(&mut self) {
        self.tree.leave(self.clock.now());
    }
}

#[cfg(test)]
mod tests;
