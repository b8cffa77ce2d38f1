use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

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

/// What a guest does within a batch, at random.
#[derive(Debug, Clone, Copy)]
enum Step {
    Works(u64),
    IsPreempted(u64),
    Waits(u64),
}

/// A batch as it should be found, by what happened within its timed parts and between them.
#[derive(Debug, Default)]
struct Expected {
    timed: u64,
    untimed: u64,
    /// From the first `start`, over the timed part if there is one alone, else to the end.
    span: u64,
    off_cpu: u64,
    switches: u64,
    waits: u64,
}

/// If this fails, a batch has something of another one, or of what lies beside its timed parts.
#[test]
fn every_batch_is_what_happened_in_it_however_the_guest_goes_about_it() {
    let mut state = 1_u64;
    let mut below = move |end: u64| {
        // Knuth's MMIX generator.
        state = state.wrapping_mul(6_364_136_223_846_793_005);
        state = state.wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % end
    };
    let (clock, mut sampler) = sampler(200);
    clock.preempt(500);
    clock.wait(300);
    let mut expected = Vec::new();
    sampler.next(0).unwrap();
    while expected.len() < 200 {
        let pairs = 1 + below(3);
        let mut batch = Expected::default();
        // Before each pair, in it, and after the last.
        for place in 0..=2 * pairs {
            let is_timed = place % 2 == 1;
            if is_timed {
                sampler.start().unwrap();
            }
            for _ in 0..below(4) {
                let step = match below(3) {
                    0 => Step::Works(below(1000)),
                    1 => Step::IsPreempted(below(1000)),
                    _ => Step::Waits(below(1000)),
                };
                let is_spanned = is_timed || (pairs > 1 && place > 0);
                let spanned = u64::from(is_spanned);
                let (ns, on_cpu) = match step {
                    Step::Works(ns) => {
                        clock.pass(ns);
                        (ns, ns)
                    }
                    Step::IsPreempted(ns) => {
                        clock.preempt(ns);
                        batch.switches += spanned;
                        (ns, 0)
                    }
                    Step::Waits(ns) => {
                        clock.wait(ns);
                        batch.waits += spanned;
                        (ns, 0)
                    }
                };
                batch.span += ns * spanned;
                batch.off_cpu += (ns - on_cpu) * spanned;
                match is_timed {
                    true => batch.timed += ns,
                    false => batch.untimed += ns,
                }
            }
            if is_timed {
                sampler.stop().unwrap();
            }
        }
        sampler.next(0).unwrap();
        expected.push(batch);
    }
    for (found, batch) in sampler.into_schedule().0.iter().zip(expected) {
        assert_eq!((found.timed, found.untimed), (batch.timed, batch.untimed));
        // In all parts alike.
        let share = (batch.span - batch.off_cpu) as f64 / batch.span.max(1) as f64;
        let cpu = (batch.timed as f64 * share + 1e-6).floor();
        assert_eq!(found.cpu as f64, cpu, "{batch:?}");
        let off = (found.switches, found.waits);
        assert_eq!(off, (batch.switches, batch.waits), "{batch:?}");
    }
}

/// A clock that counts how often it is asked for more than the time.
struct Asked(FakeClock, Arc<AtomicU64>);

impl Clock for Asked {
    fn now(&mut self) -> u64 {
        self.0.now()
    }

    fn usage(&mut self) -> Usage {
        self.1.fetch_add(1, Relaxed);
        self.0.usage()
    }

    fn counted(&mut self) -> Counts {
        self.1.fetch_add(100, Relaxed);
        self.0.counted()
    }
}

/// Each time costs as much as a short batch.
#[test]
fn usage_is_read_twice_a_batch_and_only_where_it_is_wanted() {
    for (usage, pairs, asked) in [(true, 1, 202), (true, 3, 603), (false, 1, 0), (false, 3, 0)] {
        let count = Arc::new(AtomicU64::new(0));
        let clock = Asked(FakeClock::default(), Arc::clone(&count));
        let mut sampler = Sampler::new(clock, Fixed(Vec::new(), 2));
        sampler.next(0).unwrap();
        sampler.order.usage = usage;
        for _ in 0..pairs {
            sampler.start().unwrap();
            sampler.stop().unwrap();
        }
        sampler.next(0).unwrap();
        assert_eq!(count.load(Relaxed), asked, "{pairs} {usage}");
    }
}

#[test]
fn a_share_is_rounded_down_and_never_more_than_the_whole() {
    for (part, of, whole, expected) in [
        (100, 50, 200, 25),
        (10, 2, 3, 6),
        (10, 4, 3, 10),
        (10, 3, 0, 10),
        (0, 5, 7, 0),
        (u64::MAX, u64::MAX, 1, u64::MAX),
        (u64::MAX, u64::MAX - 1, u64::MAX, u64::MAX - 1),
    ] {
        assert_eq!(share(part, of, whole), expected, "{part} {of} {whole}");
    }
}
