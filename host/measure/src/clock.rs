//! What time is read from.

use std::fmt;
use std::time::Instant;

use dyno_model::Counts;

use nix::sys::resource::{UsageWho, getrusage};
use nix::time::{ClockId, clock_gettime};

/// A clock that a sampler reads.
pub trait Clock: Send {
    /// Now, in ns since some fixed point; or in fuel, for the count pass.
    fn now(&mut self) -> u64;

    /// What the calling thread has used so far.
    fn usage(&mut self) -> Usage {
        Usage::default()
    }

    /// What the processor has counted since this was asked before; nothing where nothing counts.
    fn counted(&mut self) -> Counts {
        Counts::default()
    }
}

/// The clock that all processes of a machine share, ns.
#[must_use]
pub fn monotonic_ns() -> u64 {
    clock_ns(ClockId::CLOCK_MONOTONIC)
}

/// What a thread has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// CPU time, user and system, ns.
    pub cpu_ns: u64,
    /// Involuntary context switches.
    pub switches: u64,
    /// Voluntary ones.
    pub waits: u64,
}

/// The machine's monotonic clock and the counters of the calling thread.
///
/// Reading the clock costs some 25 ns, the thread's counters 600 ns (two system calls), so the
/// latter are read around a sample and never within its timed part. So are those of the processor.
pub struct SystemClock {
    began: Instant,
    counters: Option<Laps>,
}

/// Reads what the processor has counted since it was read before.
pub type Laps = Box<dyn FnMut() -> Counts + Send>;

impl fmt::Debug for SystemClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemClock").finish_non_exhaustive()
    }
}

impl SystemClock {
    /// A clock that starts now.
    #[must_use]
    pub fn start() -> Self {
        Self {
            began: Instant::now(),
            counters: None,
        }
    }

    /// The same with counters beside it.
    #[must_use]
    pub fn counting(self, counters: Option<Laps>) -> Self {
        Self { counters, ..self }
    }
}

impl Clock for SystemClock {
    #[inline]
    fn now(&mut self) -> u64 {
        self.began.elapsed().as_nanos() as u64
    }

    fn usage(&mut self) -> Usage {
        let usage = getrusage(UsageWho::RUSAGE_THREAD).ok();
        let (switches, waits) = usage.map_or((0, 0), |usage| {
            let (involuntary, voluntary) = (
                usage.involuntary_context_switches(),
                usage.voluntary_context_switches(),
            );
            (involuntary as u64, voluntary as u64)
        });
        Usage {
            cpu_ns: clock_ns(ClockId::CLOCK_THREAD_CPUTIME_ID),
            switches,
            waits,
        }
    }

    fn counted(&mut self) -> Counts {
        self.counters
            .as_mut()
            .map_or_else(Counts::default, |lap| lap())
    }
}

/// What one of the system's clocks says, ns; 0 if this system has no such clock.
pub fn clock_ns(clock: ClockId) -> u64 {
    clock_gettime(clock).map_or(0, |time| {
        time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use dyno_model::COUNTERS;

    use super::*;

    fn system_ns(clock: ClockId) -> u64 {
        let now = clock_gettime(clock).unwrap();
        Duration::new(now.tv_sec() as u64, now.tv_nsec() as u32).as_nanos() as u64
    }

    /// If this fails, times of two processes cannot be compared.
    #[test]
    fn the_shared_clock_is_the_systems_in_nanoseconds() {
        let before = system_ns(ClockId::CLOCK_MONOTONIC);
        let now = monotonic_ns();
        assert!((before..=system_ns(ClockId::CLOCK_MONOTONIC)).contains(&now));
    }

    #[test]
    fn a_clock_begins_when_it_is_started_and_goes_on_while_its_thread_sleeps() {
        let began = Instant::now();
        let mut clock = SystemClock::start();
        let first = clock.now();
        std::thread::sleep(Duration::from_millis(2));
        let later = clock.now();
        assert!(later - first >= 2_000_000, "{first} {later}");
        assert!(u128::from(later) <= began.elapsed().as_nanos());
    }

    #[test]
    fn work_is_cpu_time_and_sleep_is_a_wait() {
        let mut clock = SystemClock::start();
        let before = clock.usage();
        let thread_ns = || system_ns(ClockId::CLOCK_THREAD_CPUTIME_ID);
        let began = thread_ns();
        while thread_ns() - began < 1_000_000 {
            std::hint::spin_loop();
        }
        std::thread::sleep(Duration::from_millis(1));
        let after = clock.usage();
        assert!(
            after.cpu_ns - before.cpu_ns >= 1_000_000,
            "{before:?} {after:?}"
        );
        assert!((began..=thread_ns()).contains(&after.cpu_ns));
        assert!(after.waits > before.waits, "{before:?} {after:?}");
    }

    #[test]
    fn what_the_processor_counts_is_what_the_counters_say_and_nothing_without_any() {
        let lap = || -> Counts { [(COUNTERS[0], 7)].into_iter().collect() };
        let mut clock = SystemClock::start().counting(Some(Box::new(lap)));
        assert_eq!(clock.counted(), lap());
        assert!(SystemClock::start().counting(None).counted().is_empty());
    }
}
