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
    assert_eq!(before.start(), Err(ProtocolError::OutsideBatch));
    assert_eq!(before.stop(), Err(ProtocolError::OutsideBatch));
    assert_eq!(before.finish(), Err(ProtocolError::EarlyReturn));

    let (_, mut batch) = sampler(1);
    batch.next(0).unwrap();
    assert_eq!(batch.stop(), Err(ProtocolError::StopWithoutStart));
    assert_eq!(batch.next(0), Err(ProtocolError::NoTimedPart));
    batch.start().unwrap();
    assert_eq!(batch.start(), Err(ProtocolError::StartTwice));
    assert_eq!(batch.next(0), Err(ProtocolError::OpenBatch));
    assert_eq!(batch.finish(), Err(ProtocolError::OpenBatch));
    batch.stop().unwrap();
    assert_eq!(batch.finish(), Err(ProtocolError::EarlyReturn));
    assert_eq!(batch.next(0), Ok(None));
    assert_eq!(batch.next(0), Err(ProtocolError::AfterEnd));
    assert_eq!(batch.start(), Err(ProtocolError::OutsideBatch));
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
