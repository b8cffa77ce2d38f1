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
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// `outer/in`, a checkout with a directory `p`, and `outer/secret` beside it.
    fn checkout() -> (tempfile::TempDir, PathBuf) {
        let outer = tempfile::tempdir().unwrap();
        let inside = outer.path().canonicalize().unwrap().join("in");
        fs::create_dir_all(inside.join(".git")).unwrap();
        fs::create_dir_all(inside.join("p")).unwrap();
        fs::write(inside.join("p/plugin.toml"), "here").unwrap();
        fs::write(outer.path().join("secret"), "secret").unwrap();
        (outer, inside)
    }

    #[test]
    fn a_checkout_begins_where_its_repository_does_or_with_the_directory() {
        let (outer, inside) = checkout();
        let around = |dir: &Path| Checkout::around(dir).unwrap().root().to_owned();
        assert_eq!(around(&inside.join("p")), inside);
        assert_eq!(around(&inside), inside);
        let alone = outer.path().canonicalize().unwrap();
        assert_eq!(around(&alone), alone);
        // A link is no mark: whoever made it did not run anything here.
        symlink("p", inside.join("p/.dyno")).unwrap();
        assert_eq!(around(&inside.join("p")), inside);
        fs::remove_file(inside.join("p/.dyno")).unwrap();
        fs::create_dir(inside.join("p/.dyno")).unwrap();
        assert_eq!(around(&inside.join("p")), inside.join("p"));
    }

    #[test]
    fn nothing_leads_out_by_dots_by_links_or_by_what_is_not_there_yet() {
        let (outer, inside) = checkout();
        let checkout = Checkout::around(&inside).unwrap();
        symlink("../secret", inside.join("link")).unwrap();
        symlink("..", inside.join("up")).unwrap();
        symlink("../gone", inside.join("dangling")).unwrap();
        symlink("p/plugin.toml", inside.join("kept")).unwrap();
        for outside in [
            "../secret",
            "p/../../secret",
            "link",
            "up/secret",
            "up/new/dir",
            "dangling",
            "dangling/new",
            "new/../../secret",
            "/etc/passwd",
            "..",
        ] {
            assert!(
                checkout.resolve(&inside.join(outside)).is_err(),
                "{outside}"
            );
            assert!(checkout.open(&inside.join(outside)).is_err(), "{outside}");
            assert!(checkout.folder(&inside.join(outside)).is_err(), "{outside}");
        }
        assert!(!outer.path().join("new").exists() && !outer.path().join("gone").exists());
        let read = |path: &str| text(checkout.open(&inside.join(path)).unwrap(), 9).unwrap();
        assert_eq!(
            [read("p/plugin.toml"), read("kept"), read("p/../kept")],
            ["here"; 3]
        );
        assert_eq!(
            checkout.resolve(&inside.join("a/b")).unwrap(),
            inside.join("a/b")
        );
        assert_eq!(checkout.resolve(&inside).unwrap(), inside);
    }

    #[test]
    fn a_file_of_a_directory_may_be_a_link_within_the_checkout() {
        let (_outer, inside) = checkout();
        fs::create_dir(inside.join("q")).unwrap();
        symlink("../p/plugin.toml", inside.join("q/plugin.toml")).unwrap();
        assert_eq!(
            text(open_in(&inside.join("q"), "plugin.toml").unwrap(), 9).unwrap(),
            "here"
        );
        symlink("../../secret", inside.join("q/other")).unwrap();
        let error = open_in(&inside.join("q"), "other").unwrap_err().to_string();
        assert!(error.contains("leads out of"), "{error}");
        let absent = open_in(&inside.join("q"), "none").unwrap_err();
        assert_eq!(absent.kind(), io::ErrorKind::NotFound);
    }
}
