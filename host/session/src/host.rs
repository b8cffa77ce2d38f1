//! What a session takes from the machine that it runs on and from the user who started it there.
//! None of it is part of what is asked, so none of it can be said by a request that came from
//! elsewhere.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{CoreChoice, Provider};
use dyno_model::{Plugin, Run, Variables};
use dyno_plugin::BuildOptions;

/// The circumstances under which a [`Request`](super::Request) is carried out.
#[derive(Debug, Clone)]
pub struct Host {
    /// Where packages come from, and who is trusted.
    pub provider: Arc<dyn Provider>,
    /// How plugin directories are built where the request asks for it; none if that is forbidden
    /// here.
    pub build: Option<BuildOptions>,
    /// Values of the variables that the request grants.
    pub variables: Variables,
    /// How the core to measure on is chosen.
    pub cores: CoreChoice,
    /// Where compiled code is kept; none to keep none.
    pub cache_dir: Option<PathBuf>,
    /// How much of it, in bytes.
    pub cache_bytes_max: u64,
    /// Whether the structure of every plugin is wanted, too, for which the cache is passed by.
    pub shapes: bool,
    /// The command line, for the report.
    pub command: Vec<String>,
    /// What was already noticed, for the report.
    pub warnings: Vec<String>,
    /// How much of the request's budget went by before this session.
    pub spent: Duration,
    /// Where plugins that a baseline kept came from, by the paths of the copies.
    pub kept_from: BTreeMap<PathBuf, String>,
    /// The run to go on with: what it has of a case, and what has not changed since, is not measured
    /// again.
    pub resumed: Option<Run>,
    /// Plugins of a stored run that these will be compared with: what cannot be paired is refused
    /// at once.
    pub stored: Vec<Plugin>,
}
