//! Confines a worker process before it sees a byte of a plugin.
//!
//! Called by the child itself, in two steps, while it still has one thread:
//!
//! ```text
//! strip(supervisor) ─► read the job, open its files ─► Stripped::confine(what the job may do)
//!     ─► compile
//!     ─► threads, engine, code ─► Confined::seal() ─► guest
//! ```
//!
//! `strip` takes away what was inherited (descriptors, signals, privileges, a life longer than the
//! supervisor's); `confine` arms rlimits, landlock and seccomp for good and drops all capabilities;
//! `seal` takes away what only getting ready needs. All steps only ever take away. A layer that
//! this kernel does not have is left out, unless it is required (`required.rs`), and the result
//! says which are active. None relies on another: each is tested without the others. What each
//! covers:
//!
//! | layer | covers | without it |
//! |---|---|---|
//! | rlimits | memory, CPU time, sizes of files, descriptors | is there on every Unix |
//! | capabilities | files of other users, for a worker of root | is there on every Linux |
//! | landlock | files by path, TCP, abstract sockets, signals | a worker without directories opens nothing once it is sealed, all the same; one that only reads changes nothing; one with a writable directory can write what its user can |
//! | seccomp | system calls: processes, programs, sockets, times and modes of files, memory that no limit counts | landlock and rlimits are left |
//!
//! What no layer covers: a worker with directories can ask for the size and the times of any file
//! that its user can find by its path. What is deliberately not here: RLIMIT_NPROC, because it
//! counts all processes of the user (any value that binds here would break other programs of the
//! same user) — seccomp forbids new processes instead; the wall clock, which is the supervisor's;
//! and the empty environment, which the supervisor makes and `strip` checks.

#[cfg(target_os = "linux")]
mod capabilities;
mod cores;
mod error;
mod kernel_layer;
#[cfg(target_os = "linux")]
mod landlock;
mod probe;
mod required;
#[cfg(unix)]
mod rlimits;
#[cfg(target_os = "linux")]
mod seccomp;
mod strip;

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;

use std::fmt;
use std::path::PathBuf;

pub use cores::{allowed_cores, pin};
pub use error::ConfineError;
pub use kernel_layer::KernelLayer;
pub use probe::{LayerStatus, probe};
pub use required::{active, missing, unprotected};
pub use strip::{Stripped, strip};

/// What a worker may use. Everything that is not named here is denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confinement {
    /// How its memory is limited.
    pub memory: MemoryLimit,
    /// CPU time of all its threads, ms; rounded up to whole seconds. At the limit the kernel sends
    /// SIGXCPU, which ends the process, and a second later SIGKILL.
    pub cpu_ms: Option<u64>,
    /// The largest file that it may write, in bytes. A write beyond it fails with "file too large".
    pub file_bytes: u64,
    /// Descriptors that it may have open beyond the few the worker itself needs.
    pub open_files: u64,
    /// Files that it may read, and directories below which it may read.
    pub read: Vec<PathBuf>,
    /// Directories below which it may read, write, create, rename and remove.
    pub write: Vec<PathBuf>,
    /// The cores that it is bound to; none to leave it where the kernel puts it.
    pub cores: Vec<u32>,
    /// Whether it makes threads and an event loop before it is sealed. One that does not is sealed
    /// at once.
    pub threads: bool,
    /// Layers without which it must not go on.
    pub required: Vec<KernelLayer>,
}

/// A limit on memory, by what the kernel is able to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoryLimit {
    /// Address space, bytes (RLIMIT_AS): everything that is mapped, reservations included. For the
    /// compile worker, which reserves nothing.
    AddressSpace(u64),
    /// Writable private pages, bytes (RLIMIT_DATA): not the 4 GiB that each linear memory reserves,
    /// not code. Counted when they are made writable, touched or not. For the run worker.
    Data(u64),
}

impl Confinement {
    /// For a compile worker: limited in address space and CPU time; no file but those that are open,
    /// any core.
    #[must_use]
    pub fn compile(memory_bytes: u64, cpu_ms: u64) -> Self {
        Self {
            memory: MemoryLimit::AddressSpace(memory_bytes),
            cpu_ms: Some(cpu_ms),
            file_bytes: 0,
            open_files: 0,
            read: Vec::new(),
            write: Vec::new(),
            cores: Vec::new(),
            threads: false,
            required: Vec::new(),
        }
    }

    /// For a run worker: limited in writable pages; no file, any core. `data_bytes` is the guest's
    /// memory limit and what the worker itself needs.
    #[must_use]
    pub fn run(data_bytes: u64) -> Self {
        Self {
            memory: MemoryLimit::Data(data_bytes),
            cpu_ms: None,
            file_bytes: 0,
            open_files: 0,
            read: Vec::new(),
            write: Vec::new(),
            cores: Vec::new(),
            threads: true,
            required: Vec::new(),
        }
    }

    /// Whether there is a directory among what it may reach.
    fn has_directories(&self) -> bool {
        let mut paths = self.read.iter().chain(&self.write);
        paths.any(|path| path.is_dir())
    }
}

/// What confines a worker, as it goes into the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layer {
    /// The kernel kills it when its supervisor dies.
    DeathSignal,
    /// Inherited descriptors are closed, signals reset, no core dumps, files private.
    Stripped,
    /// No program that it starts could gain privileges.
    NoNewPrivileges,
    /// No capability is left in any set.
    Capabilities,
    /// Memory, file size, descriptors and, if asked for, CPU time.
    Rlimits,
    /// Files by path, TCP, abstract sockets and signals, as far as this ABI covers them.
    Landlock {
        /// The ABI that both the kernel and the host know.
        abi: u32,
    },
    /// An allow-list of system calls.
    Seccomp,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DeathSignal => f.write_str("dies-with-supervisor"),
            Self::Stripped => f.write_str("stripped"),
            Self::NoNewPrivileges => f.write_str("no-new-privileges"),
            Self::Capabilities => f.write_str("capabilities"),
            Self::Rlimits => f.write_str("rlimits"),
            Self::Landlock { abi } => write!(f, "landlock (ABI {abi})"),
            Self::Seccomp => f.write_str("seccomp"),
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confined {
    /// The layers that are active, in the order in which they were armed.
    pub layers: Vec<Layer>,
    /// The cores that it is bound to; none if that was not asked for, or did not work.
    pub cores: Vec<u32>,
    has_directories: bool,
}

impl Confined {
    /// Takes away what only getting ready needed, before the first instruction of a guest: threads,
    /// sockets, new code, memory that is not counted, and paths, if it was given no directory.
    ///
    /// # Errors
    /// If the kernel refuses it. The guest must not run then.
    pub fn seal(self) -> Result<(), ConfineError> {
        #[cfg(target_os = "linux")]
        if self.layers.contains(&Layer::Seccomp) {
            seccomp::seal(self.has_directories)?;
        }
        Ok(())
    }
}

impl Stripped {
    /// Arms rlimits, landlock and seccomp for the rest of the process's life, and binds it to a
    /// core. Threads that are made later inherit all of it.
    ///
    /// # Errors
    /// If the process has more than one thread, a path cannot be opened, the kernel has a layer but
    /// refuses it, or does not have one that is required. The worker must end then, without having
    /// read a plugin.
    pub fn confine(self, what: &Confinement) -> Result<Confined, ConfineError> {
        // No other system than Linux and macOS adds to it.
        #[cfg_attr(not(unix), allow(unused_mut))]
        let mut layers = self.layers;
        // While it can still be found out: root without capabilities may not be able to.
        let has_directories = what.has_directories();
        // Before the filter, which forbids to change the affinity.
        let is_bound = !what.cores.is_empty() && pin(&what.cores).is_ok();
        #[cfg(unix)]
        {
            rlimits::arm(what)?;
            layers.push(Layer::Rlimits);
        }
        #[cfg(target_os = "linux")]
        {
            single_thread()?;
            layers.extend(landlock::restrict(&what.read, &what.write)?);
            capabilities::drop_all()?;
            layers.push(Layer::Capabilities);
            layers.extend(seccomp::install(what, has_directories)?);
        }
        required::check(&what.required, &layers)?;
        let cores = if is_bound {
            what.cores.clone()
        } else {
            Vec::new()
        };
        Ok(Confined {
            layers,
            cores,
            has_directories,
        })
    }
}

#[cfg(target_os = "linux")]
fn single_thread() -> Result<(), ConfineError> {
    let tasks = std::fs::read_dir("/proc/self/task").map_err(|source| ConfineError::Call {
        call: "read_dir(/proc/self/task)",
        source,
    })?;
    match tasks.count() {
        1 => Ok(()),
        count => Err(ConfineError::Threads { count }),
    }
}
