//! The Dyno host as a library, its modules in the order in which data flows through them:
//! what the user typed becomes sources ([`plugin`]), a [`session`] hands jobs to workers
//! ([`worker`]), in which guests run ([`sandbox`]) and are measured ([`measure`]); what comes back
//! becomes estimates ([`stats`], [`mod@estimate`]) and is kept ([`report`]).
//!
//! The library knows no command line, and never exits. The terminal is one module of it, [`render::terminal`].

pub mod baseline;
mod by_line;
pub mod cache;
pub mod checkout;
pub mod compare;
pub mod copies;
pub mod estimate;
pub mod export;
pub mod filter;
pub mod machine;
pub mod measure;
pub mod package;
pub mod packaging;
pub mod plugin;
pub mod private_dir;
pub mod profile;
pub mod progress;
pub mod quantity;
pub mod quoted;
pub mod render;
pub mod report;
pub mod sandbox;
pub mod scaffold;
pub mod session;
pub mod stats;
pub mod study;
pub mod suite;
mod visible;
pub mod wording;
pub mod worker;
