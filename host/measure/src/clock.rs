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
