//! Temporary directories: the one place in which the program makes any.
//!
//! Whatever the user's umask is, only their owner can look into one. Each is locked by the process
//! that uses it, and the kernel releases the lock however that process ends. So a directory of our
//! form that can be locked was left behind by a process that was killed, and is removed by the next
//! one that starts. A file system without locks keeps what was left. What another user has put
//! under such a name is never followed, opened for writing, or removed.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// What the names of directories begin with that are swept.
const PREFIX: &str = "dyno-tmp-";

/// Random letters and digits behind the prefix, so that a directory of the user's is not called
/// like one of ours.
const RANDOM: usize = 12;

/// Full access for the owner, none for anybody else.
const PRIVATE: u32 = 0o700;

/// Times that a directory is made that is swept before it can be locked.
const ATTEMPTS: usize = 100;

/// A directory that only its owner can look into, and that goes away with this value.
#[derive(Debug)]
pub struct PrivateDir {
    dir: TempDir,
    /// The directory itself, locked; none of one inside another.
    _lock: Option<File>,
}

impl PrivateDir {
    /// A directory where the system keeps temporary files: in `TMPDIR`, or `/tmp`.
    ///
    /// # Errors
    /// If it cannot be made there.
    pub fn new() -> io::Result<Self> {
        Self::new_in(&place()?)
    }

    /// A directory in one that others may use, too, such as a cache: it is swept by [`sweep_in`]
    /// after a kill.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn new_in(parent: &Path) -> io::Result<Self> {
        for _ in 0..ATTEMPTS {
            let dir = make(PREFIX, parent)?;
            // Until it is locked, a process that starts takes it for one that was left.
            let lock = match give_to_owner(dir.path()).and_then(|()| open(dir.path())) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened?,
            };
            let is_usable = match lock.try_lock() {
                Ok(()) => is_at(&lock, dir.path()),
                Err(TryLockError::WouldBlock) => false,
                // No other process can lock it either, so it is never swept.
                Err(TryLockError::Error(_)) => true,
            };
            if is_usable {
                let _lock = Some(lock);
                return Ok(Self { dir, _lock });
            }
        }
        Err(io::Error::other(format!(
            "what is made in {} is removed again and again",
            parent.display()
        )))
    }

    /// A directory inside another private one, which it goes with.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn inside(parent: &Path) -> io::Result<Self> {
        let dir = make("", parent)?;
        give_to_owner(dir.path())?;
        Ok(Self { dir, _lock: None })
    }

    /// A directory among the temporary ones that stays when the process ends, and is never swept.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn lasting(prefix: &str) -> io::Result<PathBuf> {
        let dir = make(prefix, &place()?)?;
        give_to_owner(dir.path())?;
        Ok(dir.keep())
    }

    /// Where it is, an absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Whether other users can put something else in its place, since they may rename what is
    /// beside it.
    #[must_use]
    pub fn can_be_moved(&self) -> bool {
        self.path().parent().is_none_or(others_can_move)
    }

    /// Removes it now.
    ///
    /// # Errors
    /// If something of it stays.
    pub fn close(self) -> io::Result<()> {
        remove(self.path())
    }
}

impl Drop for PrivateDir {
    fn drop(&mut self) {
        // What stays is swept by the next process.
        let _ = remove(self.path());
    }
}

/// Removes what killed processes of this user left among the system's temporary files.
pub fn sweep() {
    if let Ok(place) = place() {
        sweep_in(&place);
    }
}

/// The same in another directory. What cannot be removed is left to the next process.
pub fn sweep_in(parent: &Path) {
    // There, any directory of the user's could have been given such a name.
    if others_can_move(parent) {
        return;
    }
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if is_ours(&entry.file_name()) {
            let _ = sweep_one(&entry.path());
        }
    }
}

fn sweep_one(path: &Path) -> io::Result<()> {
    let dir = open(path)?;
    let metadata = dir.metadata()?;
    let user = nix::unistd::geteuid().as_raw();
    let is_made_by_us = metadata.uid() == user && metadata.mode() & 0o7777 == PRIVATE;
    if is_made_by_us && dir.try_lock().is_ok() && is_at(&dir, path) {
        remove(path)?;
    }
    Ok(())
}

fn is_ours(name: &OsStr) -> bool {
    let random = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
    random.is_some_and(|random| {
        random.len() == RANDOM && random.chars().all(|c| c.is_ascii_alphanumeric())
    })
}

/// The system's directory for temporary files, as an absolute path: workers do not work where we
/// do.
///
/// # Errors
/// If the working directory is not known, and it is needed.
pub fn place() -> io::Result<PathBuf> {
    let dir = Some(std::env::temp_dir()).filter(|dir| !dir.as_os_str().is_empty());
    std::path::absolute(dir.unwrap_or_else(|| "/tmp".into()))
}

fn make(prefix: &str, parent: &Path) -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    let builder = builder.prefix(prefix).rand_bytes(RANDOM);
    let builder = builder.permissions(Permissions::from_mode(PRIVATE));
    builder.tempdir_in(parent)
}

/// Gives the owner what the umask took away.
fn give_to_owner(dir: &Path) -> io::Result<()> {
    fs::set_permissions(dir, Permissions::from_mode(PRIVATE))
}

/// A directory, not followed if it is a link.
fn open(path: &Path) -> io::Result<File> {
    let flags = libc::O_DIRECTORY | libc::O_NOFOLLOW;
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(flags).open(path)
}

/// Whether a path still leads to this directory.
fn is_at(dir: &File, path: &Path) -> bool {
    let (Ok(held), Ok(found)) = (dir.metadata(), path.symlink_metadata()) else {
        return false;
    };
    (held.dev(), held.ino()) == (found.dev(), found.ino())
}

/// Whether other users can rename what is in a directory: they may write to it and it is not
/// sticky, or it is theirs.
fn others_can_move(dir: &Path) -> bool {
    let Ok(metadata) = fs::metadata(dir) else {
        return true;
    };
    let is_trusted = [0, nix::unistd::geteuid().as_raw()].contains(&metadata.uid());
    let (is_shared, is_sticky) = (metadata.mode() & 0o022 != 0, metadata.mode() & 0o1000 != 0);
    !is_trusted || (is_shared && !is_sticky)
}

fn remove(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let_in(dir);
            fs::remove_dir_all(dir)
        }
        removed => removed,
    }
}

/// Lets the owner into every directory below one.
fn let_in(dir: &Path) {
    // What cannot be changed shows when it cannot be removed.
    let _ = fs::set_permissions(dir, Permissions::from_mode(PRIVATE));
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let_in(&entry.path());
        }
    }
}

#[cfg(test)]
mod tests;
