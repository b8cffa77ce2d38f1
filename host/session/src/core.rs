//! The core that a session measures on: one of its own for as long as anything is timed, and none
//! before.
//!
//! ```text
//! compile, list, count ─► cores that no other run measures on ─► take one, or wait for one ─► time ─► give it back
//! ```
//!
//! Building, compiling and counting hold nothing, but for layouts that are compiled between blocks:
//! a run waits for measurements, and for hardly anything else. They keep off the cores that others
//! measure on as long as one is left.

use std::path::PathBuf;
use std::time::Duration;

use super::Session;
use dyno_model::progress::Progress;
use dyno_system::confine::allowed_cores;
use dyno_system::machine::{self, CoreLock, CoreLocks};

/// How a session comes by its core.
#[derive(Debug, Clone)]
pub struct CoreChoice {
    /// The directory of the locks; none for that of the machine.
    pub locks: Option<PathBuf>,
    /// Whether to wait while other runs measure on all cores.
    pub waits: bool,
}

/// The core of a session.
#[derive(Debug, Default)]
pub(super) struct Core {
    /// Which, once it was chosen.
    pub(super) number: Option<u32>,
    /// Whether another run measures on it, too.
    pub(super) is_shared: bool,
    lock: Option<CoreLock>,
}

/// How often a waiting run looks for a core.
const LOOK: Duration = Duration::from_millis(100);

/// Another session that looks at a lock holds it for some microseconds; that is no reason to wait.
const GLANCE: Duration = Duration::from_millis(5);

impl Session<'_> {
    /// Takes a core for what is timed, and waits for one if other runs have them all; until the
    /// session is cancelled, when it stays without.
    pub(super) async fn take_core(&mut self) {
        let cores = allowed_cores();
        let locks = CoreLocks::open(self.host.cores.locks.as_deref());
        let is_taken = |core| locks.as_ref().is_ok_and(|locks| locks.is_taken(core));
        let cores = machine::by_calm(&cores, is_taken);
        let Some(calmest) = cores.first().copied() else {
            return;
        };
        self.core.number = Some(calmest);
        let locks = match locks {
            Ok(locks) => locks,
            Err(error) => return self.go_without_lock(&error),
        };
        let mut glances = 0;
        loop {
            match first_free(&locks, &cores) {
                Ok(Some((core, lock))) => {
                    self.core.number = Some(core);
                    self.core.lock = Some(lock);
                    return;
                }
                Ok(None) if glances == 0 => {}
                Ok(None) if !self.host.cores.waits => return self.share_core(),
                Ok(None) if glances == 1 => self.observer.on(Progress::Wait),
                Ok(None) => {}
                Err(error) => return self.go_without_lock(&error),
            }
            let pause = if glances == 0 { GLANCE } else { LOOK };
            glances = (glances + 1).min(2);
            let mut cancel = self.cancel.clone();
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = cancel.raised() => return,
            }
        }
    }

    /// Gives the core back.
    pub(super) fn release_core(&mut self) {
        self.core.lock = None;
    }

    /// The cores for a worker that runs a guest: the session's own, and before it has one those
    /// that no other run measures on; none for any.
    pub(super) fn cores(&self) -> Vec<u32> {
        match self.core.number {
            Some(core) => vec![core],
            None => self.compile_cores(),
        }
    }

    /// The cores for a worker that compiles: the session's own and those that no other run measures
    /// on; none for any.
    pub(super) fn compile_cores(&self) -> Vec<u32> {
        let Ok(locks) = CoreLocks::open(self.host.cores.locks.as_deref()) else {
            return Vec::new();
        };
        let is_others = |core| self.core.number != Some(core) && locks.is_taken(core);
        untimed(allowed_cores(), is_others)
    }

    fn go_without_lock(&mut self, error: &std::io::Error) {
        self.warnings.push(format!(
            "cores cannot be locked ({error}): another run may measure on the same core"
        ));
    }

    fn share_core(&mut self) {
        self.core.is_shared = true;
        self.warnings.push(
            "measured without waiting (--no-wait): another run was measuring on the same core"
                .into(),
        );
    }
}

/// The first of some cores that is free, and its lock; none if other runs have all that can be
/// locked.
///
/// # Errors
/// If none can be locked, the reason for the first.
fn first_free(locks: &CoreLocks, cores: &[u32]) -> std::io::Result<Option<(u32, CoreLock)>> {
    let (mut failure, mut is_taken) = (None, false);
    for core in cores {
        match locks.take(*core) {
            Ok(Some(lock)) => return Ok(Some((*core, lock))),
            Ok(None) => is_taken = true,
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    match failure {
        Some(error) if !is_taken => Err(error),
        _ => Ok(None),
    }
}

/// The cores for what is not timed: those that no other run measures on, if there are any. None
/// stands for all.
fn untimed(all: Vec<u32>, is_taken: impl Fn(u32) -> bool) -> Vec<u32> {
    let (taken, free): (Vec<u32>, Vec<u32>) = all.into_iter().partition(|core| is_taken(*core));
    if taken.is_empty() { Vec::new() } else { free }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_timed_keeps_off_the_cores_that_others_measure_on() {
        assert_eq!(untimed(vec![0, 1, 2], |core| core == 1), [0, 2]);
        assert!(
            untimed(vec![0, 1], |_| false).is_empty(),
            "all are free: the kernel chooses"
        );
        assert!(
            untimed(vec![0, 1], |_| true).is_empty(),
            "none is free, and it must go on"
        );
    }
}
