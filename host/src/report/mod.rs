//! The shared report: what a run is ([`model`]) and the file it is kept in ([`Store`]). The forms in which it
//! leaves are [`crate::export`].

mod baselines;
mod beside;
mod command;
mod comparisons;
mod error;
mod found;

#[cfg(test)]
pub(crate) mod fixture;
mod guard;
mod history;
mod inspect;
mod known;
mod label;
pub mod model;
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
pub(crate) use label::{label, parts};
pub use store::Store;
pub use summary::RunSummary;

/// A time as the report has it, to the millisecond: nobody reads more, and every row has the same width.
pub(crate) fn rfc3339(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The present time as the report has it.
#[must_use]
pub fn now() -> String {
    rfc3339(jiff::Timestamp::now())
}
