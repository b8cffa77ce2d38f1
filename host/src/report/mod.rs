//! The shared report: what a run is ([`model`]) and the file it is kept in.

pub mod model;
