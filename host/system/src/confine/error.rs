//! Why a worker could not be confined, or must not be what it is.

use std::io;
use std::path::PathBuf;

use super::KernelLayer;

/// Why a worker must not go on.
#[derive(Debug, thiserror::Error)]
pub enum ConfineError {
    /// The supervisor died before the worker could bind its life to it.
    #[error("the supervisor (process {expected}) is gone, process {found} has adopted the worker")]
    Orphaned {
        /// The supervisor.
        expected: u32,
        /// The parent that was found.
        found: u32,
    },
    /// The environment is not the one that the supervisor makes.
    #[error("the environment holds variables that no worker gets: {names}")]
    Environment {
        /// Their names.
        names: String,
    },
    /// Landlock holds for the calling thread and its children only, so a thread would escape it.
    #[error("the worker has {count} threads already, confinement must come before the second")]
    Threads {
        /// How many.
        count: usize,
    },
    /// The user wants a layer that this system does not have.
    #[error("{} is required, and this system does not have it", layer.name())]
    Missing {
        /// Which.
        layer: KernelLayer,
    },
    /// The kernel took the first filters and not the last one.
    #[error("the kernel has taken a filter of system calls, and refuses another")]
    Unsealed,
    /// A file or directory that the job names cannot be opened.
    #[error("{} cannot be opened", path.display())]
    Path {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A system call failed in another way than by not being there.
    #[error("{call} failed")]
    Call {
        /// Which, with its main argument.
        call: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The kernel has landlock and refused the rules.
    #[cfg(target_os = "linux")]
    #[error("landlock refused the rules: {0}")]
    Landlock(::landlock::RulesetError),
    /// The list of system calls does not make a filter.
    #[cfg(target_os = "linux")]
    #[error("the list of system calls does not make a filter")]
    Filter(#[from] seccompiler::BackendError),
}

#[cfg(unix)]
impl ConfineError {
    /// The failure of a system call, by its name.
    pub(super) fn call(call: &'static str) -> impl FnOnce(nix::errno::Errno) -> Self {
        move |errno| Self::Call {
            call,
            source: errno.into(),
        }
    }
}

// It repeats its own cause, so it is part of the text and not a source.
#[cfg(target_os = "linux")]
impl From<::landlock::RulesetError> for ConfineError {
    fn from(error: ::landlock::RulesetError) -> Self {
        Self::Landlock(error)
    }
}
