//! A core for one run at a time: advisory locks on a file for each core, in a directory that all
//! users of the machine share.
//!
//! The kernel releases a lock when the process that holds it ends, however it ends, so the files
//! are never removed and what a killed run left behind blocks no other run. Other users may own the
//! directory's files: a file is only ever opened to be read, never followed if it is a link, never
//! waited for if it is a pipe, and its content does not matter. All that another user can do with
//! one is to hold its lock, or to keep it from being opened; the run then waits, or goes on without
//! a lock and says so.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt};
use std::path::{Path, PathBuf};

/// Where locks are unless the user says otherwise: the first of these that everybody may write to,
/// but remove only what is theirs. Not the user's own temporary directory: another user would look
/// elsewhere.
const DIRECTORIES: [&str; 2] = ["/run/lock", "/tmp"];

/// Writable by all, and sticky.
const SHARED: u32 = 0o1002;

/// The locks of this machine's cores.
#[derive(Debug, Clone)]
pub struct CoreLocks {
    dir: PathBuf,
}

/// A core that belongs to this run until this is dropped.
#[derive(Debug)]
pub struct CoreLock {
    _file: File,
}

impl CoreLocks {
    /// The locks in a directory, or in that of this machine.
    ///
    /// # Errors
    /// If there is no such directory.
    pub fn open(dir: Option<&Path>) -> io::Result<Self> {
        let is_shared = |dir: &&Path| {
            let metadata = dir.metadata();
            metadata.is_ok_and(|found| found.is_dir() && found.mode() & SHARED == SHARED)
        };
        let missing = || {
            let message = format!("neither {} can be shared", DIRECTORIES.join(" nor "));
            io::Error::new(io::ErrorKind::NotFound, message)
        };
        let dir = match dir {
            Some(dir) if dir.is_dir() => dir,
            Some(dir) => {
                let message = format!("{} is no directory", dir.display());
                return Err(io::Error::new(io::ErrorKind::NotFound, message));
            }
            None => {
                let mut usual = DIRECTORIES.into_iter().map(Path::new);
                usual.find(is_shared).ok_or_else(missing)?
            }
        };
        Ok(Self { dir: dir.into() })
    }

    /// Takes a core; none if another run has it.
    ///
    /// # Errors
    /// If its file cannot be made, opened or locked.
    pub fn take(&self, core: u32) -> io::Result<Option<CoreLock>> {
        let path = self.path(core);
        // Again if the file was removed between opening and locking it: another run would lock a
        // new one.
        for _ in 0..ATTEMPTS {
            let file = file_of(&path)?;
            match file.try_lock() {
                Ok(()) if is_at(&file, &path) => return Ok(Some(CoreLock { _file: file })),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Err(io::Error::other(format!(
            "{} is removed again and again",
            path.display()
        )))
    }

    /// Whether another run has a core. Looking holds the lock for some microseconds, shared.
    #[must_use]
    pub fn is_taken(&self, core: u32) -> bool {
        let Ok(file) = open(&self.path(core)) else {
            return false;
        };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    fn path(&self, core: u32) -> PathBuf {
        self.dir.join(format!("dyno-core-{core}.lock"))
    }
}

/// Times that a file is opened that others remove or make at the same moment.
const ATTEMPTS: usize = 3;

/// The lock file, made if it is not there. In two steps: in a directory that all may write to,
/// kernels refuse to open the file of another user with the permission to make it
/// (`fs.protected_regular`).
fn file_of(path: &Path) -> io::Result<File> {
    for _ in 0..ATTEMPTS {
        match open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => return other,
        }
        let mut new = OpenOptions::new();
        match new.write(true).create_new(true).mode(0o644).open(path) {
            // Whatever the user's mask is: another user must be able to open it.
            Ok(file) => file.set_permissions(PermissionsExt::from_mode(0o644))?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(named(path, &error)),
        }
    }
    open(path)
}

/// A file that is there: neither followed if it is a link, nor waited for if it is a pipe.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let file = options.open(path).map_err(|error| named(path, &error))?;
    let metadata = file.metadata()?;
    // A second name would be that of a file which is another program's lock.
    if !metadata.is_file() || metadata.nlink() > 1 {
        return Err(io::Error::other(format!(
            "{} is no regular file of one name",
            path.display()
        )));
    }
    Ok(file)
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Whether a path still leads to this file.
fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(held), Ok(found)) = (file.metadata(), path.symlink_metadata()) else {
        return false;
    };
    (held.dev(), held.ino()) == (found.dev(), found.ino())
}

#[cfg(test)]
mod tests;
