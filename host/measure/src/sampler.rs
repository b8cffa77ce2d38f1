//! The state machine behind `next`, `start` and `stop`: it pairs the calls, reads the clock and
//! hands each finished batch to a [`Schedule`], which says what comes next.

use super::{Bench, Clock, ProtocolError, Usage};
use dyno_model::Counts;

/// The next batch to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Iterations, at least 1.
    pub iterations: u64,
    /// Whether CPU time and context switches are wanted; reading them costs a microsecond.
    pub usage: bool,
}

/// A finished batch, in the units of the sampler's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// What was ordered.
    pub order: Order,
    /// Between `start` and `stop`, summed over the pairs.
    pub timed: u64,
    /// The rest, from one `next` to the next.
    pub untimed: u64,
    /// CPU time of the timed part, if it was wanted: the timed part less what the thread spent
    /// off the CPU between the batch's first `start` and its end.
    pub cpu: u64,
    /// Involuntary context switches in the same span, if they were wanted.
    pub switches: u64,
    /// Voluntary ones in the same span, if they were wanted.
    pub waits: u64,
    /// What the processor counted in the timed part, if it was wanted.
    pub counts: Counts,
    /// What the guest says it computed.
    pub checksum: u64,
}

/// Decides on the next batch, given the one just done.
pub trait Schedule: Send {
    /// The next batch, or none to end the case. `done` is none on the first call.
    fn next(&mut self, done: Option<&Batch>) -> Option<Order>;
}

/// A [`Bench`] that measures with a clock what a schedule orders.
#[derive(Debug)]
pub struct Sampler<C, S> {
    clock: C,
    schedule: S,
    stage: Stage,
    order: Order,
    pairs: u64,
    /// When the batch was asked for.
    began: u64,
    /// When the timed part now running began.
    started: u64,
    timed: u64,
    /// At the first `start` of the batch.
    first_start: u64,
    usage: Usage,
    /// What the thread had used when the first timed part ended.
    first_stop: Usage,
    /// What the processor counted in the timed parts so far.
    counts: Counts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Idle,
    Between,
    Timed,
    Ended,
}

/// `part` of `whole`, for a share `of` the whole.
fn share(part: u64, of: u64, whole: u64) -> u64 {
    let share = u128::from(part) * u128::from(of) / u128::from(whole.max(1));
    u64::try_from(share).map_or(part, |share| share.min(part))
}

impl<C: Clock, S: Schedule> Sampler<C, S> {
    /// A sampler that has not been asked for anything yet.
    pub fn new(clock: C, schedule: S) -> Self {
        Self {
            clock,
            schedule,
            stage: Stage::Idle,
            order: Order {
                iterations: 0,
                usage: false,
            },
            pairs: 0,
            began: 0,
            started: 0,
            timed: 0,
            first_start: 0,
            usage: Usage::default(),
            first_stop: Usage::default(),
            counts: Counts::default(),
        }
    }

    /// The schedule.
    pub(super) fn schedule(&self) -> &S {
        &self.schedule
    }

    /// What the schedule has gathered.
    pub fn into_schedule(self) -> S {
        self.schedule
    }

    /// The batch that ends at `now`.
    fn batch_done(&mut self, now: u64, checksum: u64) -> Batch {
        let (mut cpu, mut switches, mut waits) = (0, 0, 0);
        if self.order.usage {
            let usage = match self.pairs {
                1 => self.first_stop,
                _ => self.clock.usage(),
            };
            let on_cpu = usage.cpu_ns - self.usage.cpu_ns;
            cpu = match self.pairs {
                1 => on_cpu.min(self.timed),
                // It is not known in which of the parts it was off the CPU: in all alike.
                _ => share(self.timed, on_cpu, now - self.first_start),
            };
            switches = usage.switches - self.usage.switches;
            waits = usage.waits - self.usage.waits;
        }
        Batch {
            order: self.order,
            timed: self.timed,
            untimed: now - self.began - self.timed,
            cpu,
            switches,
            waits,
            counts: self.counts,
            checksum,
        }
    }
}

impl<C: Clock, S: Schedule> Bench for Sampler<C, S> {
    fn next(&mut self, checksum: u64) -> Result<Option<u64>, ProtocolError> {
        // One reading ends the old batch and begins the new one: what the schedule takes to decide
        // counts as untimed, and an empty batch costs one reading less.
        let now = self.clock.now();
        let done = match self.stage {
            Stage::Idle => None,
            Stage::Between if self.pairs == 0 => return Err(ProtocolError::NoTimedPart),
            Stage::Between => Some(self.batch_done(now, checksum)),
            Stage::Timed => return Err(ProtocolError::OpenBatch),
            Stage::Ended => return Err(ProtocolError::AfterEnd),
        };
        let Some(order) = self.schedule.next(done.as_ref()) else {
            self.stage = Stage::Ended;
            return Ok(None);
        };
        self.order = order;
        self.stage = Stage::Between;
        self.pairs = 0;
        self.timed = 0;
        self.counts = Counts::default();
        self.began = now;
        Ok(Some(order.iterations))
    }

    #[inline]
    fn start(&mut self) -> Result<(), ProtocolError> {
        match self.stage {
            Stage::Between => {}
            Stage::Timed => return Err(ProtocolError::StartTwice),
            Stage::Idle | Stage::Ended => return Err(ProtocolError::OutsideBatch),
        }
        if self.pairs == 0 && self.order.usage {
            self.usage = self.clock.usage();
            self.first_start = self.clock.now();
        }
        self.pairs += 1;
        self.stage = Stage::Timed;
        if self.order.usage {
            // From here on.
            self.clock.counted();
        }
        // The last thing before the guest goes on.
        self.started = self.clock.now();
        Ok(())
    }

    #[inline]
    fn stop(&mut self) -> Result<(), ProtocolError> {
        // The first thing after the guest has stopped.
        let now = self.clock.now();
        match self.stage {
            Stage::Timed => {}
            Stage::Between => return Err(ProtocolError::StopWithoutStart),
            Stage::Idle | Stage::Ended => return Err(ProtocolError::OutsideBatch),
        }
        self.timed += now - self.started;
        self.stage = Stage::Between;
        // What happens from here to the end of the batch is not the timed part's.
        if self.pairs == 1 && self.order.usage {
            self.first_stop = self.clock.usage();
        }
        if self.order.usage {
            let counted = self.clock.counted();
            self.counts = match self.pairs {
                1 => counted,
                _ => self.counts.and(counted),
            };
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ProtocolError> {
        match self.stage {
            Stage::Ended => Ok(()),
            Stage::Timed => Err(ProtocolError::OpenBatch),
            Stage::Idle | Stage::Between => Err(ProtocolError::EarlyReturn),
        }
    }
}

#[cfg(test)]
pub(super) mod fake {
    //! A clock that moves only when the fake workload does.

    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

    use dyno_model::COUNTERS;

    use super::*;

    #[derive(Debug, Clone, Default)]
    pub(crate) struct FakeClock {
        now: Arc<AtomicU64>,
        off_cpu: Arc<AtomicU64>,
        switches: Arc<AtomicU64>,
        waits: Arc<AtomicU64>,
        counted: Arc<AtomicU64>,
    }

    impl FakeClock {
        pub(crate) fn count(&self, count: u64) {
            self.counted.fetch_add(count, Relaxed);
        }

        pub(crate) fn pass(&self, ns: u64) {
            self.now.fetch_add(ns, Relaxed);
        }

        pub(crate) fn preempt(&self, ns: u64) {
            self.pass(ns);
            self.off_cpu.fetch_add(ns, Relaxed);
            self.switches.fetch_add(1, Relaxed);
        }

        pub(crate) fn wait(&self, ns: u64) {
            self.pass(ns);
            self.off_cpu.fetch_add(ns, Relaxed);
            self.waits.fetch_add(1, Relaxed);
        }
    }

    impl Clock for FakeClock {
        fn now(&mut self) -> u64 {
            self.now.load(Relaxed)
        }

        fn usage(&mut self) -> Usage {
            Usage {
                cpu_ns: self.now() - self.off_cpu.load(Relaxed),
                switches: self.switches.load(Relaxed),
                waits: self.waits.load(Relaxed),
            }
        }

        fn counted(&mut self) -> Counts {
            [(COUNTERS[0], self.counted.swap(0, Relaxed))]
                .into_iter()
                .collect()
        }
    }

    /// Runs `work(iterations)` as a guest would until the schedule ends.
    pub(crate) fn drive<S: Schedule>(
        schedule: S,
        clock: &FakeClock,
        mut work: impl FnMut(u64),
    ) -> S {
        let mut sampler = Sampler::new(clock.clone(), schedule);
        while let Some(iterations) = sampler.next(7).unwrap() {
            clock.pass(11);
            sampler.start().unwrap();
            work(iterations);
            sampler.stop().unwrap();
        }
        sampler.finish().unwrap();
        sampler.into_schedule()
    }
}

#[cfg(test)]
mod tests;
