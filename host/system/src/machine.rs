//! The machine that is measured on: what it is ([`machine`]), what makes it noisy at the moment
//! ([`noise`]), what its clocks cost ([`clocks`]), and which of its cores is calm ([`by_calm`]) and
//! free ([`CoreLocks`]).
//!
//! On Linux all of it is read from `/proc` and `/sys`, below a root that tests replace. On other
//! systems most facts are `unknown`.

mod clocks;
mod cores;
mod cpu;
mod facts;
mod lock;
mod noise;
mod quota;
mod tree;
mod virtualized;

use std::path::Path;
use std::time::Duration;

use dyno_model::{COUNTERS_FACT, Machine};

use super::counters;

pub use clocks::{Clocks, clocks};
pub use facts::Facts;
pub use lock::{CoreLock, CoreLocks};
pub use noise::{Finding, Severity};

/// How long the counters of stolen time and of thermal throttling are watched: twenty ticks of the
/// kernel's 100 Hz accounting, so that 5 % of it is one tick.
const WATCH: Duration = Duration::from_millis(200);

/// This machine, by what does not change from one minute to the next.
#[must_use]
pub fn machine() -> Machine {
    let mut machine = Facts::read(Path::new("/")).into_machine();
    let counters = (COUNTERS_FACT.to_owned(), counters::availability());
    machine.facts.extend([counters]);
    machine
}

/// What makes this machine noisy now, the worst first. Takes a fifth of a second, to see what
/// changes meanwhile.
#[must_use]
pub fn noise() -> Vec<Finding> {
    noise::findings(Path::new("/"), || std::thread::sleep(WATCH))
}

/// How long cores are watched before one is chosen: five ticks of the kernel's 100 Hz accounting
/// tell a core that is busy from one that is not, and a quick run hardly notices.
const GLIMPSE: Duration = Duration::from_millis(50);

/// Cores from the one to measure on first to the last choice. `is_taken` says on which another run
/// measures. If there is a choice, it takes a twentieth of a second to see which are busy.
#[must_use]
pub fn by_calm(cores: &[u32], is_taken: impl Fn(u32) -> bool) -> Vec<u32> {
    let tree = tree::Tree {
        root: Path::new("/"),
    };
    cores::by_calm(tree, cores, is_taken, || std::thread::sleep(GLIMPSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Volatile facts would make every run look as if it came from another machine.
    #[test]
    fn a_machine_is_the_same_after_load() {
        let before = machine();
        let mut sum = 0_u64;
        for n in 0..50_000_000_u64 {
            sum = std::hint::black_box(sum.wrapping_add(n * n));
        }
        let memory = std::hint::black_box(vec![1_u8; 64 << 20]);
        let after = machine();
        drop(memory);
        assert_eq!(before, after);
        assert_eq!(before.fingerprint.len(), 16);
        assert!(before.facts.contains_key("cores"), "{before:?}");
    }

    #[test]
    fn what_is_found_on_this_machine_is_said_in_full() {
        for finding in noise() {
            assert!(
                !finding.fact.is_empty() && !finding.advice.is_empty(),
                "{finding:?}"
            );
        }
    }
}
