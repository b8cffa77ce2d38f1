//! The shared report: the file in which runs, comparisons and baselines are kept ([`Store`]). What
//! a run is stands in `dyno-model`, the forms in which it leaves in `dyno-export`.

mod baselines;
mod beside;
mod bounds;
mod command;
mod comparisons;
mod error;
mod found;

mod guard;
mod history;
mod inspect;
mod known;
pub mod pack;
mod read;
mod reader;
mod schema;
mod sound;
mod store;
mod summary;
#[cfg(test)]
mod tests;
mod write;

pub use baselines::{Baseline, KeptPlugin};
pub use command::without_values;
pub use error::StoreError;
pub use found::check_owner;
pub use store::Store;
pub use summary::RunSummary;
