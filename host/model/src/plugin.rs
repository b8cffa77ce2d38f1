//! One plugin of a run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Case, Estimate, Outcome};

/// One plugin of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plugin {
    /// Short name, from its manifest or its file.
    pub name: String,
    /// The name under which it is shown, and by which others refer to it: `name`, or where another
    /// plugin of the run has that, too, with so much of its source as tells them apart.
    #[serde(default)]
    pub label: String,
    /// Where it came from, as the user named it.
    pub source: String,
    /// What the user named it by, where that is not its source: the file or the reference of a
    /// package.
    #[serde(default)]
    pub operand: Option<String>,
    /// Of a copy that a baseline kept: where the plugin came from when it was kept.
    #[serde(default)]
    pub kept_from: Option<String>,
    /// Which kind of plugin it is; none if it was refused before that was known.
    pub kind: Option<PluginKind>,
    /// `sha256:` and 64 hex digits over the component as it was read; none if it was not readable.
    pub digest: Option<String>,
    /// Size of the file as it was read.
    pub component_bytes: Option<u64>,
    /// SHA-256 over all that it gets besides: arguments, variables, stdin, what it must print,
    /// granted directories; none if that is not known. With equal digests of component and inputs,
    /// one engine and one configuration, nothing can differ.
    pub inputs: Option<String>,
    /// Name and version of the engine that ran it; none if there was none.
    #[serde(default)]
    pub engine: Option<String>,
    /// How loading it ended. A plugin that loaded is [`Outcome::Ok`] even if a case failed.
    pub outcome: Outcome,
    /// How it was compiled; none if it was refused before.
    pub compile: Option<Compile>,
    /// Time from compiled code on disk to a loaded component, one value per worker.
    pub load_ns: Option<Estimate>,
    /// Time to instantiate, one value per worker.
    pub instantiate_ns: Option<Estimate>,
    /// Its cases in its own order.
    pub cases: Vec<Case>,
}

impl Plugin {
    /// A plugin of which nothing is known but its name and where it came from.
    #[must_use]
    pub fn named(name: &str, source: &str) -> Self {
        Self {
            name: name.to_owned(),
            label: name.to_owned(),
            source: source.to_owned(),
            operand: None,
            kept_from: None,
            kind: None,
            digest: None,
            component_bytes: None,
            inputs: None,
            engine: None,
            outcome: Outcome::Ok,
            compile: None,
            load_ns: None,
            instantiate_ns: None,
            cases: Vec::new(),
        }
    }

    /// Where it came from in the first place.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.kept_from.as_deref().unwrap_or(&self.source)
    }
}

/// The two kinds of plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PluginKind {
    /// Exports `dyno:bench/suite@0.1`: pulls its batches.
    Suite,
    /// Exports `wasi:cli/run@0.2`: one iteration is one run of it, on a fresh instance.
    Command,
}

/// How the two builds of a component came to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Compile {
    /// Whether both builds were already in the cache.
    pub cache: CacheUse,
    /// Wall time of the compile worker; 0 on a cache hit.
    pub duration_ns: u64,
    /// Machine code of the uninstrumented build.
    pub code_bytes: u64,
    /// Layouts of that build among which each process of the time pass draws; 1 where code is too
    /// large to be compiled several times.
    #[serde(default = "one_layout")]
    pub layouts: u32,
    /// What the engine took to compile the uninstrumented build and write its code, ns: one value
    /// per compile worker that was started for this alone.
    #[serde(default)]
    pub samples_ns: Vec<u64>,
    /// The estimate drawn from these; none unless they were asked for.
    #[serde(default)]
    pub compile_ns: Option<Estimate>,
}

/// Before there were several.
fn one_layout() -> u32 {
    1
}

/// What the code cache did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CacheUse {
    /// Nothing was compiled.
    Hit,
    /// Compiled now, and kept for the next run.
    Miss,
    /// Compiled now and not kept, because the cache is off or cannot be written.
    Off,
}
