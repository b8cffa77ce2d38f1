#![doc = include_str!("../README.md")]

pub use dyno_guest::criterion::*;
