//! Pure numbers: from samples to estimates. No I/O, no clock, no engine.
//!
//! A process is the unit: the samples of one process are not independent, so what stands beside
//! an estimate is the spread over processes, and pooling does not exist here.

mod change_points;
mod intervals;
mod noise;
mod outliers;
mod paired;
mod pooled;
mod proportion;
mod shift;
mod summary;
mod trend;
mod unpaired;

pub use change_points::change_points;
pub use noise::noisy;
pub use outliers::{Outliers, outliers};
pub use paired::paired;
pub use pooled::mann_whitney_p;
pub use proportion::Rate;
pub use shift::Shift;
pub use summary::{
    estimate_over_processes, estimate_values, estimate_within, exact, mad, mean, median, quantile,
    sd, single, spread_within,
};
pub use trend::drift;
pub use unpaired::shift_between;
