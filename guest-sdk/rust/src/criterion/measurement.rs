//! What is measured. Criterion lets a bench file choose; here the host measures, always the same:
//! time, fuel and memory.

use std::time::Duration;

/// A way to measure, of which there is but [`WallTime`]. Bench functions that are generic over it
/// compile; a way of one's own does not.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot measure: Dyno's host owns the clock",
    note = "remove `with_measurement`; the only measurement is `WallTime`"
)]
pub trait Measurement: sealed::Sealed {
    /// What a sample is.
    type Value;
}

/// The host's measurement. The name is Criterion's: fuel and memory are measured as well.
#[derive(Clone, Copy, Debug, Default)]
pub struct WallTime;

impl Measurement for WallTime {
    type Value = Duration;
}

mod sealed {
    pub trait Sealed {}

    impl Sealed for super::WallTime {}
}
