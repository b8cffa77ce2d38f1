//! Answers a guest's calls to `bench`: how many iterations the next batch has, and what the last
//! one took. Knows no engine: the sandbox calls it through [`Bench`], in the worker, and the tests
//! through a fake clock.
//!
//! ```text
//!              start            stop (again, or)
//!      ┌─next──► Between ──────► Timed
//!    Idle          ▲  │            │
//!      └──none──►  │  └──next──►   └── stop ─► Between
//!         Ended    └───────────────────┘
//! ```

mod calibrate;
mod calls;
mod clock;
mod count;
mod pace;
mod profile;
mod sampler;
mod time;

pub use calibrate::{CalibrateSchedule, Calibrated};
pub use calls::{CallNode, FunctionSum, NODES_MAX, Place};
pub use clock::clock_ns;
pub use clock::{Clock, Laps, SystemClock, Usage, monotonic_ns};
pub use count::{COUNT_PASSES, CountSchedule, CountSettings, Counts};
pub use pace::Paced;
pub use profile::{ProfileSchedule, ProfileSize, Profiled, Profiler};
pub use sampler::{Batch, Order, Sampler, Schedule};
pub use time::{BUDGETS_MAX, Sampling, TimeSchedule, TimeSettings};

/// What a guest's calls to the `bench` interface turn into.
pub trait Bench: Send {
    /// The last batch is done, with this checksum. How many iterations has the next one?
    ///
    /// # Errors
    /// If the guest breaks the protocol.
    fn next(&mut self, checksum: u64) -> Result<Option<u64>, ProtocolError>;

    /// The timed part begins.
    ///
    /// # Errors
    /// If the guest breaks the protocol.
    fn start(&mut self) -> Result<(), ProtocolError>;

    /// The timed part ends.
    ///
    /// # Errors
    /// If the guest breaks the protocol.
    fn stop(&mut self) -> Result<(), ProtocolError>;

    /// `run` has returned of its own accord.
    ///
    /// # Errors
    /// If it was too early.
    fn finish(&mut self) -> Result<(), ProtocolError>;

    /// A function of the guest begins. Only a profiled build tells.
    fn enter(&mut self, _function: u32) {}

    /// The function that began last ends.
    fn leave(&mut self) {}
}

/// A rule of the measuring protocol that a guest broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// A call to `bench` while no case was running.
    #[error("`bench` was called outside of `run`")]
    OutsideRun,
    /// `start` or `stop` before the first `next`, or after the last.
    #[error("`start` or `stop` was called outside of a batch")]
    OutsideBatch,
    /// `start` while the timed part was running.
    #[error("`start` was called twice without a `stop` (`bench.end`) between")]
    StartTwice,
    /// `stop` while the timed part was not running.
    #[error("`stop` (`bench.end`) was called without a `start`")]
    StopWithoutStart,
    /// `next`, or a return, while the timed part was running.
    #[error("the timed part was still running at the end: a `stop` (`bench.end`) is missing")]
    OpenBatch,
    /// A batch without any timed part.
    #[error("it called no `start` and `stop` (`bench.end`), so nothing of it was measured")]
    NoTimedPart,
    /// `next` after it had answered that there are no more batches.
    #[error("`next` was called after it had said that there are no more batches")]
    AfterEnd,
    /// `run` returned although batches were still asked for.
    #[error("`run` returned before `next` had said that there are no more batches")]
    EarlyReturn,
}

/// The bench while no case is running: every call is a fault.
#[derive(Debug, Clone, Copy)]
pub struct NoBench;

impl Bench for NoBench {
    fn next(&mut self, _: u64) -> Result<Option<u64>, ProtocolError> {
        Err(ProtocolError::OutsideRun)
    }

    fn start(&mut self) -> Result<(), ProtocolError> {
        Err(ProtocolError::OutsideRun)
    }

    fn stop(&mut self) -> Result<(), ProtocolError> {
        Err(ProtocolError::OutsideRun)
    }

    fn finish(&mut self) -> Result<(), ProtocolError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_no_case_is_running_every_call_is_a_fault() {
        let mut bench = NoBench;
        assert_eq!(bench.next(0), Err(ProtocolError::OutsideRun));
        assert_eq!(bench.start(), Err(ProtocolError::OutsideRun));
        assert_eq!(bench.stop(), Err(ProtocolError::OutsideRun));
        assert_eq!(bench.finish(), Ok(()));
    }
}
