//! What is said of results, in words: numbers with their units, how something ended, verdicts,
//! conditions, advice, and the command that repeats it. One vocabulary for the terminal, pages and
//! documents.

pub mod advice;
pub mod conditions;
mod escape;
mod failure;
mod rerun;
mod shell;
mod units;
pub mod verdicts;

pub use escape::{escape, lines};
pub use failure::{explain, mark, sentence};
pub use rerun::{reproduce, rerun};
pub use shell::word;
pub use units::{amount, bytes, duration, rate, value};
pub use verdicts::thresholds;
