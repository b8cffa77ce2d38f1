//! Suites: a `dyno.toml` that says what to measure and what must hold, and the judgement of the
//! runs that it leads to. Pure but for reading the file: a text becomes a [`Suite`], a suite
//! becomes [`PhasePlan`]s, and a phase with its run becomes a [`PhaseResult`]. Who measures stands
//! elsewhere.
//!
//! ```text
//! dyno.toml ─file─► shape ─config─► Suite ─plan─► PhasePlan ──(session)──► Run ─judge─► PhaseResult
//! ```

mod advice;
mod config;
mod criterion;
mod diagnostic;
mod file;
mod judge;
mod outcome;
mod plan;
mod recommendation;
mod samples;
mod schema;

pub use config::{
    ConfigError, Effort, GateConfig, Load, LoadLength, Phase, PhaseName, Plugin, PluginSource,
    Suite,
};
pub use criterion::{CasePattern, Criterion, Operator, Threshold};
pub use diagnostic::Diagnostic;
pub use judge::judge;
pub use outcome::{Check, CheckOutcome, PhaseError, PhaseResult, Reading, Value};
pub use plan::{PhasePlan, PlanError};
pub use recommendation::{Advice, Recommendation};
pub use schema::{SCHEMA, schema};

/// The name under which a suite is looked for.
pub const FILE_NAME: &str = "dyno.toml";
