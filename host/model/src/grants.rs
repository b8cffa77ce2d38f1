//! What the user grants to a plugin: nothing, unless asked for.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The capabilities of a guest. [`Grants::default`] is the denial of everything: no directory, no
/// variable, no argument; stdin is empty, and sockets and HTTP are never linked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Grants {
    /// Directories, each readable, and writable only as a scratch copy.
    pub dirs: Vec<DirGrant>,
    /// Environment variables: name, value.
    pub env: Vec<(String, String)>,
    /// Command-line arguments after the program's name.
    pub args: Vec<String>,
    /// Whether each plugin may read the directory that it lies in, as `.`.
    pub own_dir: bool,
    /// The file that is its stdin.
    pub stdin: Option<PathBuf>,
}

/// One directory that a guest may open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirGrant {
    /// The directory on the host. For a scratch grant the supervisor puts the path of an empty directory
    /// here before it hands the grant to a worker.
    pub host: PathBuf,
    /// What a scratch directory holds when an instance begins: a copy that is never written, which the supervisor
    /// makes once a session. None until then, and for what is only read.
    pub pristine: Option<PathBuf>,
    /// The name under which the guest finds it.
    pub guest: String,
    /// Whether the guest may write.
    pub access: Access,
}

/// What a guest may do in a granted directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Read only.
    Read,
    /// Read and write a copy that is fresh for each instance, and thrown away after the worker.
    Scratch,
}

impl DirGrant {
    /// A directory as the user grants it.
    #[must_use]
    pub fn new(host: PathBuf, guest: String, access: Access) -> Self {
        Self {
            host,
            pristine: None,
            guest,
            access,
        }
    }
}

impl Grants {
    /// The words of a command line that grant this, for people and the report. Values of variables
    /// are not repeated, since they may be secrets: a name alone stands for the value in the environment.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let dirs = self.dirs.iter().map(|dir| {
            let flag = match dir.access {
                Access::Read => "dir",
                Access::Scratch => "dir-rw",
            };
            format!("--{flag}={}::{}", dir.host.display(), dir.guest)
        });
        let env = self.env.iter().map(|(name, _)| format!("--env={name}"));
        let args = self.args.iter().map(|arg| format!("--arg={arg}"));
        let own_dir = self.own_dir.then(|| "--own-dir".to_owned());
        let stdin = self.stdin.as_ref();
        let stdin = stdin.map(|file| format!("--stdin={}", file.display()));
        dirs.chain(env)
            .chain(args)
            .chain(own_dir)
            .chain(stdin)
            .collect()
    }
}
