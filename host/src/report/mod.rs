//! The shared report: what a run is ([`model`]), the file it is kept in ([`Store`]) and the forms
//! in which it leaves ([`export`]).

mod error;
pub mod export;
#[cfg(test)]
mod fixture;
mod inspect;
pub mod model;
pub mod pack;
mod read;
mod schema;
mod store;
mod summary;
#[cfg(test)]
mod tests;
mod write;

pub use error::StoreError;
pub use store::Store;
pub use summary::RunSummary;
