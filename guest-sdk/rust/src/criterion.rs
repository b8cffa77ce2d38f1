//! [Criterion](https://docs.rs/criterion)'s names, so that a bench file written for it becomes a
//! plugin without a change to the file. The package `dyno-criterion` puts this module where such a
//! file looks for it; see its page for how to build one.
//!
//! ```
//! use dyno_guest::criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
//!
//! fn sums(c: &mut Criterion) {
//!     let mut group = c.benchmark_group("sum");
//!     for numbers in [100, 10_000] {
//!         group.throughput(Throughput::Elements(numbers));
//!         group.bench_with_input(BenchmarkId::new("iter", numbers), &numbers, |b, &numbers| {
//!             let numbers: Vec<u64> = (0..numbers).collect();
//!             b.iter(|| numbers.iter().sum::<u64>())
//!         });
//!     }
//!     group.finish();
//! }
//!
//! criterion_group!(benches, sums);
//! criterion_main!(benches);
//! ```
//!
//! # What is as in Criterion
//!
//! - A case is named as Criterion prints it, `group/function/parameter`: cut after 100 bytes, and
//!   ` #2` behind the second of a name. Group, function, parameter and throughput are told to the
//!   host.
//! - The closure of a case is called anew for each batch, which is what Criterion calls a sample,
//!   so that state in it begins afresh. What it does before `iter` is not timed.
//! - [`iter`](Bencher::iter) times the drop of what the routine returns,
//!   [`iter_batched`](Bencher::iter_batched) and its kin do not.
//!
//! # What is not
//!
//! - **The host decides how long to measure and what to report.** Sample sizes, times, noise
//!   thresholds, plots, filters and baselines are accepted and have no effect.
//! - **Group functions run more often.** The host calls a plugin on a fresh instance to list the
//!   cases, and again for each process that measures one of them. Each call runs the group
//!   functions from the first to the one with the case, and only the closure of that case: what
//!   they prepare outside of closures costs time in every process, and its memory is counted as
//!   that of the case.
//! - **There is no checksum.** Criterion takes results of any type and does not ask that they be
//!   the same in each iteration, so they cannot stand for the work: each batch hands 0 to the host.
//!   An `Err` goes unnoticed as well; a panic fails the case. To have results verified, write the
//!   case with [`Suite`](crate::Suite).
//! - [`iter_custom`](Bencher::iter_custom) fails its case, because the host owns the clock. For the
//!   same reason there is no [`Measurement`](measurement::Measurement) but
//!   [`WallTime`](measurement::WallTime).
//! - `iter_batched` makes at most 256 inputs at a time for `SmallInput` and 16 for `LargeInput`,
//!   where Criterion makes a share of the iterations: the sandbox has a limit on memory.
//! - The routine passes through [`black_box`] with all that it captures, as in Dyno's own
//!   [`Bencher`](crate::Bencher), so that less is computed in advance.

pub mod async_executor;
mod bencher;
mod group;
mod macros;
pub mod measurement;
mod runner;
#[doc(hidden)]
pub mod session;
mod settings;

pub use std::hint::black_box;

pub use bencher::{AsyncBencher, BatchSize, Bencher};
#[doc(hidden)]
pub use group::IntoBenchmarkId;
pub use group::{BenchmarkGroup, BenchmarkId, Throughput};
pub use runner::Criterion;
pub use settings::{AxisScale, PlotConfiguration, PlottingBackend, SamplingMode};

#[doc(inline)]
pub use crate::{criterion_group, criterion_main};

#[cfg(test)]
mod tests;
