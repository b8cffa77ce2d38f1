//! The cache of compiled code: a directory that is private to the user, bounded in size, least
//! recently used out first, safe with many processes.
//!
//! A file enters by a hard link, so it is there whole or not at all. A run works on links in a
//! directory of its own, so that nothing it still needs can be evicted under it.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use dyno_files::private_dir::{self, PrivateDir};

/// The most that is kept: some hundred Rust guests, or ten script engines.
pub const CACHE_BYTES_MAX: u64 = 1 << 30;

const CODE_SUFFIX: &str = ".cwasm";

/// The cache as one run sees it.
#[derive(Debug)]
pub struct CodeCache {
    /// Where code is kept; none if it is not kept.
    dir: Option<PathBuf>,
    /// This run's own directory: links, and what compile workers write.
    run: PrivateDir,
    bytes_max: u64,
}

impl CodeCache {
    /// Opens the cache at `dir`, or works without one; why it does is in the second value.
    ///
    /// # Errors
    /// If not even a temporary directory can be made.
    pub fn open(dir: Option<&Path>, bytes_max: u64) -> io::Result<(Self, Option<String>)> {
        let (kept, warning) = match dir {
            None => (None, None),
            Some(dir) => match prepare(dir) {
                Ok(run) => (Some((dir.to_path_buf(), run)), None),
                Err(error) => {
                    let warning = format!(
                        "the code cache {} cannot be used, so plugins are compiled for this run only: {error}",
                        dir.display()
                    );
                    (None, Some(warning))
                }
            },
        };
        let cache = match kept {
            Some((dir, run)) => Self {
                dir: Some(dir),
                run,
                bytes_max,
            },
            None => Self {
                dir: None,
                run: PrivateDir::new()?,
                bytes_max,
            },
        };
        Ok((cache, warning))
    }

    /// Whether what is compiled now is kept.
    #[must_use]
    pub(crate) fn is_kept(&self) -> bool {
        self.dir.is_some()
    }

    /// This run's own directory, which goes away with it.
    #[must_use]
    pub(crate) fn run_dir(&self) -> &Path {
        self.run.path()
    }

    /// Looks for a file of this name; a path that stays valid for the whole run. Something else
    /// under that name is removed.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        let link = self.run.path().join(name);
        if link.exists() {
            return Some(link);
        }
        let kept = self.dir.as_ref()?.join(name);
        match fs::hard_link(&kept, &link).and_then(|()| self.use_file(&link)) {
            Ok(()) => Some(link),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(_) => {
                self.forget(name);
                None
            }
        }
    }

    /// Makes sure that a path in the run's own directory is that of a file that may be code,
    /// without waiting for one that is no file, and notes the time of its use, by which it is
    /// evicted.
    fn use_file(&self, link: &Path) -> io::Result<()> {
        let mut options = fs::OpenOptions::new();
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
        let file = options.read(true).open(link)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() || metadata.len() > self.bytes_max {
            return Err(io::Error::other("it is no file of code"));
        }
        file.set_modified(SystemTime::now())
    }

    /// Removes a file that turned out to be damaged.
    pub fn forget(&self, name: &str) {
        for dir in self
            .dir
            .iter()
            .map(PathBuf::as_path)
            .chain([self.run.path()])
        {
            // What cannot be removed is found damaged again, and compiled again.
            let _ = remove(&dir.join(name));
        }
    }

    /// Keeps a file that a compile worker wrote into `run_dir`, and makes room.
    ///
    /// # Errors
    /// If it cannot be linked into the cache. The run can go on with its own file.
    pub fn keep(&self, name: &str) -> io::Result<()> {
        let Some(dir) = &self.dir else { return Ok(()) };
        match fs::hard_link(self.run.path().join(name), dir.join(name)) {
            // Another run was faster with the same code.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            linked => linked?,
        }
        evict(dir, self.bytes_max)
    }
}

/// Makes sure that the directory is there, is ours alone, and can be written: returns a directory
/// for one run in it.
fn prepare(dir: &Path) -> io::Result<PrivateDir> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)?;
    let metadata = fs::metadata(dir)?;
    let denied = |why| Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    if metadata.uid() != nix::unistd::geteuid().as_raw() {
        return denied("it belongs to another user, whose machine code would be run");
    }
    if metadata.mode() & 0o022 != 0 {
        return denied(
            "other users may write to it, and machine code from it would be run: chmod it to 700",
        );
    }
    private_dir::sweep_in(dir);
    PrivateDir::new_in(dir)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => fs::remove_dir_all(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Removes what was not used for the longest time, and before that what is no code.
fn evict(dir: &Path, bytes_max: u64) -> io::Result<()> {
    let mut files: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
    for entry in fs::read_dir(dir)?.flatten() {
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        if !entry.file_name().to_string_lossy().ends_with(CODE_SUFFIX) {
            continue;
        }
        if !metadata.is_file() || metadata.len() > bytes_max {
            remove(&entry.path())?;
            continue;
        }
        files.push((metadata.modified()?, metadata.len(), entry.path()));
    }
    files.sort();
    let mut total: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
    for (_, bytes, path) in files {
        if total <= bytes_max {
            break;
        }
        remove(&path)?;
        total -= bytes;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
