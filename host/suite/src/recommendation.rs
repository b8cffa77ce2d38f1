//! What to do about a plugin or case, as plain data.

use schemars::JsonSchema;
use serde::Serialize;

use dyno_model::{LimitKind, Mark};

/// What to do about a plugin or case, or to know of it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Recommendation {
    /// Which plugin: hostile.
    pub plugin: String,
    /// Which case: hostile. None if it is about the plugin itself.
    pub case: Option<String>,
    /// About what.
    pub advice: Advice,
    /// In words.
    pub text: String,
}

/// What a recommendation is about.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Advice {
    /// What its memory profile suggests.
    Memory {
        /// In words, which are the recommendation's.
        #[serde(skip)]
        hint: String,
    },
    /// What the report marks it with.
    Marked {
        /// The mark.
        mark: Mark,
    },
    /// It ran into a limit.
    Limit {
        /// Which.
        limit: LimitKind,
        /// Its value, in its own unit.
        cap: u64,
        /// A value that should be enough.
        enough: u64,
    },
    /// A criterion is unsure.
    Unsure {
        /// Which metric.
        metric: String,
        /// Processes that were measured.
        processes: u64,
    },
    /// Another plugin computes something else in the case of this name.
    Disagrees {
        /// The other plugin: hostile.
        other: String,
    },
    /// No other plugin has a case of this name.
    Alone,
}
