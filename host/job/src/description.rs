//! What a worker finds out about a component: its structure, and what it says of itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use dyno_model::PluginKind;

/// The custom section of a component in which a package's manifest lies.
pub const MANIFEST_SECTION: &str = "dyno:manifest";

/// Functions that the core modules of a component may have together. Seen: 13,357.
pub const FUNCTIONS_MAX: u64 = 131_072;

/// What a component is and says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// What it imports and exports.
    pub shape: Shape,
    /// The texts of its root's custom sections, by name: the standard metadata that it has, and
    /// [`MANIFEST_SECTION`]. The guest's own words.
    pub sections: BTreeMap<String, String>,
}

/// What was seen in a component that passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Which of the two kinds of plugin it is.
    pub kind: PluginKind,
    /// Names that the root component imports, in its order. Each is one that the host offers, or
    /// carries types only.
    pub imports: Vec<String>,
    /// Names that the root component exports, in its order: the guest's own words.
    pub exports: Vec<String>,
    /// The numbers, for `check` to show.
    pub numbers: Numbers,
}

/// How large a component is, over everything that is nested in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    /// Core modules, instantiated or not.
    pub modules: u64,
    /// Components, the root included.
    pub components: u64,
    /// Core instances that instantiating the root makes.
    pub core_instances: u64,
    /// Functions defined in core modules.
    pub functions: u64,
    /// Bytes of their bodies, locals included.
    pub code_bytes: u64,
    /// Bytes of the largest body.
    pub body_bytes_largest: u64,
    /// Bytes of data segments.
    pub data_bytes: u64,
    /// Bytes of custom sections: names, debug information, producers.
    pub custom_bytes: u64,
    /// Linear memories defined in core modules.
    pub memories: u64,
    /// Bytes that these have at the start, summed over the modules.
    pub memory_bytes_initial: u64,
    /// Tables defined in core modules.
    pub tables: u64,
    /// Elements that these have at the start, summed over the modules.
    pub table_elements_initial: u64,
}
