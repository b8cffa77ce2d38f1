//! Where a session gets plugins from that lie behind no path: packages. Who knows them makes plugin
//! directories of them; the session runs these like those that the user named.

use std::fmt;
use std::path::Path;

use futures_util::future::LocalBoxFuture;

use dyno_files::private_dir::PrivateDir;
use dyno_job::Supervisor;
use dyno_model::ReachDir;
use dyno_plugin::{Manifest, SourceError};

/// Makes plugin directories of operands that are no paths.
pub trait Provider: fmt::Debug + Send + Sync {
    /// Whether an operand is one of these, and no path.
    fn provides(&self, operand: &Path) -> bool;

    /// Verifies what an operand names, and makes a plugin directory of it below `dir`. The
    /// supervisor is for what has to be looked into.
    fn provide<'a>(
        &'a self,
        operand: &'a Path,
        supervisor: &'a Supervisor,
        dir: &'a Path,
    ) -> LocalBoxFuture<'a, Result<Provided, SourceError>>;
}

/// A plugin directory that was made for a session.
#[derive(Debug)]
pub struct Provided {
    /// Which release it is: its id and version.
    pub release: String,
    /// As if it had been read in the directory.
    pub manifest: Manifest,
    /// Variables of its environment, unless the user gives them other values.
    pub env: Vec<(String, String)>,
    /// The directory with its datasets, if it has any.
    pub data: Option<ReachDir>,
    /// The directory; goes when this goes.
    pub dir: PrivateDir,
}
