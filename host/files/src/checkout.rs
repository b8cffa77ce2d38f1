//! The files of a checkout, which is a stranger's: read without waiting, without trusting what they
//! are and with a bound, and written whole or not at all. Every file that a checkout may hold
//! (`plugin.toml`, `dyno.toml`, `dyno.lock`, components, inputs, kept plugins) is opened here, and
//! what is written into one is written here.
//!
//! What a checkout says, in a file or by a symbolic link, leads nowhere outside of it. Where it
//! ends:
//!
//! ```text
//! the nearest directory upwards with a .git or .dyno, below HOME and /   ─ else the very directory of the file
//! ```

mod read;
mod write;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use read::{bytes, expect_at_most, open_below, open_dir, open_regular, open_unlinked, text};
pub use write::{Folder, open_lock, write_file};

use dyno_model::quoted::quoted_path;

/// The entries that tell where a checkout begins.
const MARKERS: [&str; 2] = [".git", ".dyno"];

/// A directory out of which nothing leads that lies in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// Without links.
    root: PathBuf,
}

impl Checkout {
    /// The checkout that a directory belongs to.
    ///
    /// # Errors
    /// If there is no such directory.
    pub fn around(dir: &Path) -> io::Result<Self> {
        let dir = directory(dir).canonicalize()?;
        let home = std::env::home_dir().and_then(|home| home.canonicalize().ok());
        // Someone's files are no checkout, whatever repository they are kept in.
        let is_all = |at: &Path| at.parent().is_none() || home.as_deref() == Some(at);
        let mut upwards = dir.ancestors().take_while(|at| !is_all(at));
        let root = upwards.find(|at| is_marked(at)).unwrap_or(dir.as_path());
        Ok(Self { root: root.into() })
    }

    /// The checkout that begins at this very directory, because the user says so.
    ///
    /// # Errors
    /// If there is no such directory.
    pub fn at(dir: &Path) -> io::Result<Self> {
        let root = directory(dir).canonicalize()?;
        Ok(Self { root })
    }

    /// Where it begins.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a path leads, its links followed. There need be nothing yet.
    ///
    /// # Errors
    /// If that is outside, or cannot be found out.
    pub fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        let real = real(path)?;
        match real.starts_with(&self.root) {
            true => Ok(real),
            false => Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!("it leads out of {}", quoted_path(&self.root)),
            )),
        }
    }

    /// Opens a regular file, which may be a link within the checkout.
    ///
    /// # Errors
    /// As [`Checkout::resolve`], and if it is not one or may not be read.
    pub fn open(&self, path: &Path) -> io::Result<fs::File> {
        let real = self.resolve(path)?;
        open_below(&self.root, real.strip_prefix(&self.root).unwrap_or(&real))
    }

    /// A directory to write into, which is made if there is none. Nothing is written into a
    /// repository's own.
    ///
    /// # Errors
    /// As [`Checkout::resolve`], and as [`Folder::below`].
    pub fn folder(&self, path: &Path) -> io::Result<Folder> {
        let real = self.resolve(path)?;
        Folder::there(&self.root)?.below(real.strip_prefix(&self.root).unwrap_or(&real))
    }
}

/// Opens a regular file of a directory. As a link it may lead elsewhere in the checkout.
///
/// # Errors
/// If it is not one, leads out of the checkout or may not be read.
pub fn open_in(dir: &Path, name: &str) -> io::Result<fs::File> {
    match open_below(dir, Path::new(name)) {
        // What leads out of the directory is denied, too.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Checkout::around(dir)?.open(&dir.join(name))
        }
        opened => opened,
    }
}

fn is_marked(dir: &Path) -> bool {
    let [git, dyno] = MARKERS.map(|name| fs::symlink_metadata(dir.join(name)));
    git.is_ok() || dyno.is_ok_and(|metadata| metadata.is_dir())
}

/// The directory that an empty path means.
fn directory(dir: &Path) -> &Path {
    match dir.as_os_str().is_empty() {
        true => Path::new("."),
        false => dir,
    }
}

/// A path without links, as far as there is something: what is not there yet is no link.
fn real(path: &Path) -> io::Result<PathBuf> {
    let error = match directory(path).canonicalize() {
        Ok(real) => return Ok(real),
        Err(error) => error,
    };
    let is_absent = error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(path).is_err();
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if is_absent => Ok(real(parent)?.join(name)),
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests;
