//! The state machine behind `next`, `start` and `stop`: it pairs the calls, reads the clock and
//! hands each finished batch to a [`Schedule`], which says what comes next.

use super::{Bench, Clock, Fault, Usage};
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
                // Nobody knows in which of the parts it was off the CPU: in all alike.
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
    fn next(&mut self, checksum: u64) -> Result<Option<u64>, Fault> {
        // One reading ends the old batch and begins the new one: what the schedule takes to decide
        // counts as untimed, and an empty batch costs one reading less.
        let now = self.clock.now();
        let done = match self.stage {
            Stage::Idle => None,
            Stage::Between if self.pairs == 0 => return Err(Fault::NoTimedPart),
            Stage::Between => Some(self.batch_done(now, checksum)),
            Stage::Timed => return Err(Fault::OpenBatch),
            Stage::Ended => return Err(Fault::AfterEnd),
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
    fn start(&mut self) -> Result<(), Fault> {
        match self.stage {
            Stage::Between => {}
            Stage::Timed => return Err(Fault::StartTwice),
            Stage::Idle | Stage::Ended => return Err(Fault::OutsideBatch),
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
    fn stop(&mut self) -> Result<(), Fault> {
        // The first thing after the guest has stopped.
        let now = self.clock.now();
        match self.stage {
            Stage::Timed => {}
            Stage::Between => return Err(Fault::StopWithoutStart),
            Stage::Idle | Stage::Ended => return Err(Fault::OutsideBatch),
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

    fn finish(&mut self) -> Result<(), Fault> {
        match self.stage {
            Stage::Ended => Ok(()),
            Stage::Timed => Err(Fault::OpenBatch),
            Stage::Idle | Stage::Between => Err(Fault::EarlyReturn),
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
mod tests {
    use super::fake::FakeClock;
    use super::*;
    use dyno_model::COUNTERS;

    struct Fixed(Vec<Batch>, usize);

    impl Schedule for Fixed {
        fn next(&mut self, done: Option<&Batch>) -> Option<Order> {
            self.0.extend(done);
            (self.0.len() < self.1).then_some(Order {
                iterations: 3,
                usage: true,
            })
        }
    }

    fn sampler(batches: usize) -> (FakeClock, Sampler<FakeClock, Fixed>) {
        let clock = FakeClock::default();
        (
            clock.clone(),
            Sampler::new(clock, Fixed(Vec::new(), batches)),
        )
    }

    #[test]
    fn only_what_lies_between_start_and_stop_counts() {
        let (clock, mut sampler) = sampler(1);
        sampler.next(0).unwrap();
        for _ in 0..2 {
            clock.pass(100);
            sampler.start().unwrap();
            clock.pass(5);
            sampler.stop().unwrap();
        }
        clock.pass(1000);
        sampler.next(42).unwrap();
        let batch = sampler.into_schedule().0[0];
        assert_eq!(
            (batch.timed, batch.untimed, batch.cpu, batch.checksum),
            (10, 1200, 10, 42)
        );
    }

    /// If this fails, what is counted is not what the wall clock times.
    #[test]
    fn only_what_lies_between_start_and_stop_is_counted() {
        let (clock, mut sampler) = sampler(2);
        sampler.next(0).unwrap();
        for _ in 0..2 {
            clock.count(1000);
            sampler.start().unwrap();
            clock.count(7);
            sampler.stop().unwrap();
        }
        clock.count(1000);
        sampler.next(0).unwrap();
        sampler.start().unwrap();
        clock.count(7);
        sampler.stop().unwrap();
        sampler.start().unwrap();
        sampler.stop().unwrap();
        sampler.next(0).unwrap();
        let batches = sampler.into_schedule().0;
        assert_eq!(batches[0].counts.get(COUNTERS[0]), Some(14));
        assert!(
            batches[1].counts.is_empty(),
            "one of the parts was not counted"
        );
    }

    #[test]
    fn time_off_the_cpu_is_wall_time_and_not_cpu_time() {
        let (clock, mut sampler) = sampler(1);
        sampler.next(0).unwrap();
        sampler.start().unwrap();
        clock.pass(100);
        clock.preempt(30);
        sampler.stop().unwrap();
        sampler.next(0).unwrap();
        let batch = sampler.into_schedule().0[0];
        assert_eq!((batch.timed, batch.cpu), (130, 100));
    }

    /// CPU time would be far too small where the thread is preempted between two samples, and a
    /// comparison by CPU time would see what is not there.
    #[test]
    fn what_happens_after_the_timed_part_is_not_its_cpu_time() {
        let (clock, mut sampler) = sampler(1);
        sampler.next(0).unwrap();
        sampler.start().unwrap();
        clock.pass(100);
        clock.preempt(30);
        sampler.stop().unwrap();
        clock.preempt(10_000);
        clock.pass(500);
        sampler.next(0).unwrap();
        let batch = sampler.into_schedule().0[0];
        assert_eq!((batch.timed, batch.cpu), (130, 100));
    }

    #[test]
    fn of_several_timed_parts_each_was_off_the_cpu_alike() {
        let (clock, mut sampler) = sampler(1);
        sampler.next(0).unwrap();
        for _ in 0..2 {
            sampler.start().unwrap();
            clock.pass(50);
            sampler.stop().unwrap();
            clock.preempt(50);
        }
        sampler.next(0).unwrap();
        let batch = sampler.into_schedule().0[0];
        assert_eq!((batch.timed, batch.cpu), (100, 50));
    }

    #[test]
    fn every_breach_of_the_protocol_is_a_fault() {
        let (_, mut before) = sampler(1);
        assert_eq!(before.start(), Err(Fault::OutsideBatch));
        assert_eq!(before.stop(), Err(Fault::OutsideBatch));
        assert_eq!(before.finish(), Err(Fault::EarlyReturn));

        let (_, mut batch) = sampler(1);
        batch.next(0).unwrap();
        assert_eq!(batch.stop(), Err(Fault::StopWithoutStart));
        assert_eq!(batch.next(0), Err(Fault::NoTimedPart));
        batch.start().unwrap();
        assert_eq!(batch.start(), Err(Fault::StartTwice));
        assert_eq!(batch.next(0), Err(Fault::OpenBatch));
        assert_eq!(batch.finish(), Err(Fault::OpenBatch));
        batch.stop().unwrap();
        assert_eq!(batch.finish(), Err(Fault::EarlyReturn));
        assert_eq!(batch.next(0), Ok(None));
        assert_eq!(batch.next(0), Err(Fault::AfterEnd));
        assert_eq!(batch.start(), Err(Fault::OutsideBatch));
        assert_eq!(batch.finish(), Ok(()));
    }

    /// A clock whose reading takes CPU time, as the kernel's does.
    struct Costly(FakeClock);

    impl Clock for Costly {
        fn now(&mut self) -> u64 {
            self.0.now()
        }

        fn usage(&mut self) -> Usage {
            let usage = self.0.usage();
            self.0.pass(300);
            usage
        }
    }

    /// If this fails, what it takes to read the clocks is said to be the guest's, and CPU time
    /// exceeds the time that passed.
    #[test]
    fn cpu_time_is_at_most_the_timed_part() {
        for parts in [1, 2] {
            let clock = FakeClock::default();
            let mut sampler = Sampler::new(Costly(clock.clone()), Fixed(Vec::new(), 1));
            sampler.next(0).unwrap();
            for _ in 0..parts {
                sampler.start().unwrap();
                clock.pass(50);
                sampler.stop().unwrap();
            }
            sampler.next(0).unwrap();
            let batch = sampler.into_schedule().0[0];
            assert_eq!((batch.timed, batch.cpu), (50 * parts, 50 * parts));
        }
    }
}
