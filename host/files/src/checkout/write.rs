//! Writes files: whole or not at all, under a name of our own until then, and never through a link.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use nix::fcntl::OFlag;
use nix::sys::stat::Mode;

use super::directory;
use dyno_model::quoted::quoted_path;

/// A directory that files are written into.
#[derive(Debug)]
pub struct Folder {
    dir: Dir,
    /// For messages.
    path: PathBuf,
}

impl Folder {
    /// A directory that the user named, whose links are the user's. It is made if there is none.
    ///
    /// # Errors
    /// If it is something else, or cannot be made.
    pub fn named(path: &Path) -> io::Result<Self> {
        Dir::create_ambient_dir_all(directory(path), ambient_authority())?;
        Self::there(path)
    }

    /// A directory that there is.
    ///
    /// # Errors
    /// If there is none.
    pub fn there(path: &Path) -> io::Result<Self> {
        let dir = Dir::open_ambient_dir(directory(path), ambient_authority())?;
        Ok(Self {
            dir,
            path: path.into(),
        })
    }

    /// A directory below, made if there is none. No part of its path may be a link or a
    /// repository's own directory.
    ///
    /// # Errors
    /// If one is, or it cannot be made.
    pub fn below(&self, path: &Path) -> io::Result<Self> {
        let mut at = Self {
            dir: self.dir.try_clone()?,
            path: self.path.clone(),
        };
        for part in path.components() {
            at = match part {
                Component::Normal(name) => at.child(name)?,
                Component::CurDir => at,
                _ => return Err(refused(&at.path.join(path), "leads out of where it begins")),
            };
        }
        Ok(at)
    }

    fn child(&self, name: &OsStr) -> io::Result<Self> {
        let path = self.path.join(name);
        if name.eq_ignore_ascii_case(".git") {
            return Err(refused(&path, "belongs to git"));
        }
        match self.dir.create_dir(name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => made?,
        }
        let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        match nix::fcntl::openat(&self.dir, name, flags, Mode::empty()) {
            Ok(opened) => Ok(Self {
                dir: Dir::from_std_file(opened.into()),
                path,
            }),
            Err(_) if self.is_link(name) => Err(refused(&path, "is a link")),
            Err(error) => Err(error.into()),
        }
    }

    fn is_link(&self, name: &OsStr) -> bool {
        let metadata = self.dir.symlink_metadata(name);
        metadata.is_ok_and(|metadata| metadata.is_symlink())
    }

    /// Writes a file in the place of one that is there; returns its path.
    ///
    /// # Errors
    /// If it cannot be written. Then what was there is as it was.
    pub fn write(&self, name: impl AsRef<OsStr>, bytes: &[u8]) -> io::Result<PathBuf> {
        self.write_with(name.as_ref(), |file| file.write_all(bytes))?;
        Ok(self.path.join(name.as_ref()))
    }

    fn write_with<E: From<io::Error>>(
        &self,
        name: &OsStr,
        fill: impl FnOnce(&mut File) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut draft = Draft::begin(&self.dir)?;
        fill(&mut draft.file)?;
        // Takes the place of a link, and does not follow it.
        Ok(self.dir.rename(&draft.name, &self.dir, name)?)
    }
}

fn refused(path: &Path, why: &str) -> io::Error {
    let path = quoted_path(path);
    let kind = io::ErrorKind::PermissionDenied;
    io::Error::new(kind, format!("{path} {why}, and nothing is written there"))
}

/// A file that is not finished. Dropped, it is gone, unless it got its name.
struct Draft<'a> {
    dir: &'a Dir,
    name: String,
    file: File,
}

impl<'a> Draft<'a> {
    fn begin(dir: &'a Dir) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        let mut number = 0;
        loop {
            let name = format!(".dyno-{}-{number}.new", std::process::id());
            match dir.open_with(&name, &options) {
                Ok(file) => {
                    let file = file.into_std();
                    return Ok(Self { dir, name, file });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        // Not there any more if it got its name.
        let _ = self.dir.remove_file(&self.name);
    }
}

/// Writes a file that the user named: in the place of a file or link that is there, and straight
/// into what is no file, such as a pipe, or one of our own descriptors.
///
/// # Errors
/// If it cannot be written, or `fill` fails. Then a file that was there is as it was.
pub fn write_file<E: From<io::Error>>(
    path: &Path,
    fill: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    if is_stream(path) {
        // Behind a descriptor may be a file that has something in it already.
        let mut options = File::options();
        let flags = libc::O_NOCTTY;
        return fill(&mut options.append(true).custom_flags(flags).open(path)?);
    }
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::from(io::ErrorKind::IsADirectory).into());
    };
    Folder::there(dir)?.write_with(name, fill)
}

/// Opens a file that is there to be locked, made if there is none: no link, and nothing but an
/// empty or old file of its own. It is not written to.
///
/// # Errors
/// If it is something else, or cannot be made.
pub fn open_lock(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(false);
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    super::read::regular(options.custom_flags(flags).open(path)?)
}

/// Whether it is a pipe, a device, or a name that the system has for a descriptor (`/dev/stdout`).
fn is_stream(path: &Path) -> bool {
    let is_other = |found: &fs::Metadata| !found.is_file() && !found.is_dir();
    let is_systems = |dir: PathBuf| dir == Path::new("/dev") || dir.starts_with("/proc");
    fs::metadata(path).is_ok_and(|found| is_other(&found))
        || fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink())
            && path
                .parent()
                .and_then(|dir| directory(dir).canonicalize().ok())
                .is_some_and(is_systems)
}

#[cfg(test)]
mod tests;
