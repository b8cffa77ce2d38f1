//! What the compiler does not say of the house (host/ARCHITECTURE.md): which crates may use which,
//! what only one of them may have, what only one module may do, and that no modules of a crate go
//! in a circle.
//!
//! Arrows between crates are read from `cargo metadata` and held against the table in
//! host/ARCHITECTURE.md, which is the one place where they are agreed. Sources are read as tokens,
//! so neither a comment nor a text can break or hide a rule.

mod circles;
mod crates;
mod lengths;
mod picture;
mod places;
mod rules;
mod source;
