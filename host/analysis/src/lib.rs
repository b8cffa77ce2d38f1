//! From counts and samples to estimates and verdicts. Does no I/O.

pub mod compare;
pub mod estimate;
pub mod filter;
pub mod profile;
pub mod study;
