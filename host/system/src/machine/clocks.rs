//! What reading the clocks costs, measured.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Reads in one timed batch: at some 25 ns each, 25 µs, which the clock resolves to 0.1 %.
const READS: u32 = 1000;

/// Batches, of which the median is taken, so that an interruption does not matter.
const BATCHES: usize = 51;

/// The two clocks of a sample: their cost and the smallest step that they make.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clocks {
    /// Reading the wall clock, ns.
    pub wall_cost_ns: f64,
    /// The smallest difference that the wall clock showed, ns.
    pub wall_step_ns: u64,
    /// Reading the CPU time of this thread, ns; none if this system has no such clock. A system
    /// call, so a worker's seccomp filter adds to it.
    pub cpu_cost_ns: Option<f64>,
    /// The smallest difference that the CPU clock showed, ns.
    pub cpu_step_ns: Option<u64>,
}

/// Measures them. Takes some ten milliseconds.
#[must_use]
pub fn clocks() -> Clocks {
    let origin = Instant::now();
    let wall = || Some(origin.elapsed());
    Clocks {
        wall_cost_ns: cost_ns(wall).unwrap_or(f64::NAN),
        wall_step_ns: step_ns(wall).unwrap_or(0),
        cpu_cost_ns: cost_ns(thread_cpu_time),
        cpu_step_ns: step_ns(thread_cpu_time),
    }
}

fn cost_ns(read: impl Fn() -> Option<Duration>) -> Option<f64> {
    read()?;
    let mut costs: Vec<Duration> = (0..BATCHES)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..READS {
                black_box(read());
            }
            start.elapsed()
        })
        .collect();
    costs.sort_unstable();
    Some(costs[BATCHES / 2].as_nanos() as f64 / f64::from(READS))
}

fn step_ns(read: impl Fn() -> Option<Duration>) -> Option<u64> {
    let mut before = read()?;
    let mut smallest = None;
    for _ in 0..READS {
        let now = read()?;
        let step = now.saturating_sub(before);
        before = now;
        if !step.is_zero() && smallest.is_none_or(|smallest| step < smallest) {
            smallest = Some(step);
        }
    }
    smallest.and_then(|step| u64::try_from(step.as_nanos()).ok())
}

#[cfg(target_os = "linux")]
fn thread_cpu_time() -> Option<Duration> {
    use nix::time::{ClockId, clock_gettime};
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .ok()
        .map(Duration::from)
}

#[cfg(not(target_os = "linux"))]
fn thread_cpu_time() -> Option<Duration> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_cost_something_and_step() {
        let found = clocks();
        assert!(found.wall_cost_ns > 0.0, "{found:?}");
        assert!(found.wall_step_ns > 0, "{found:?}");
        if cfg!(target_os = "linux") {
            assert!(
                found.cpu_cost_ns > Some(0.0) && found.cpu_step_ns > Some(0),
                "{found:?}"
            );
        }
    }
}
