//! What time is read from.

use std::time::Instant;

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
/// latter are read around a sample and never within its timed part.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock(Instant);

impl SystemClock {
    /// A clock that starts now.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    #[inline]
    fn now(&mut self) -> u64 {
        self.0.elapsed().as_nanos() as u64
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
}

/// What one of the system's clocks says, ns; 0 if this system has no such clock.
pub fn clock_ns(clock: ClockId) -> u64 {
    clock_gettime(clock).map_or(0, |time| {
        time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64
    })
}
