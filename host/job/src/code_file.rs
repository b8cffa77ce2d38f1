//! A file of compiled code: the code followed by a hash over its name and the code.
//!
//! The name says whose code it is, which build and layout, and for which engine, so code under the
//! name of other code has a wrong hash. It is machine code that will be run, so it is only ever
//! read from a directory that is private to the user, and only as a [`CodeFile`]: the supervisor
//! has found the hash right, and it is still that file. A user can never hand one in.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Writes compiled code into a file that is open already: who compiles can open none. Its path must
/// say what it is, since the hash is over its name, too.
///
/// # Errors
/// If it cannot be written.
pub fn write_code(code: &[u8], path: &Path, to: &mut impl io::Write) -> io::Result<()> {
    let hash = hasher(path).chain_update(code).finalize();
    to.write_all(code)?;
    to.write_all(&hash)
}

/// Of what [`write_code`] writes into a file of this name, without the code.
fn hasher(path: &Path) -> Sha256 {
    let name = path.file_name().unwrap_or_default().as_bytes();
    Sha256::new()
        .chain_update((name.len() as u64).to_le_bytes())
        .chain_update(name)
}

/// A file that holds what [`write_code`] wrote under that name: only [`CodeFile::check`] makes one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeFile {
    path: PathBuf,
    /// Which file was checked. As long as it is there, no other has these two numbers.
    device: u64,
    inode: u64,
}

impl CodeFile {
    /// Checks a file; none if it is not what [`write_code`] wrote, so that it can be made anew.
    /// Reads it in pieces: the code of a script engine is larger than a supervisor should be.
    #[must_use]
    pub fn check(path: &Path) -> Option<Self> {
        let mut file = open(path).ok()?;
        let metadata = file.metadata().ok().filter(is_our_own)?;
        let is_right = hash_is_right(&mut file, metadata.len(), hasher(path));
        is_right.ok().filter(|is_right| *is_right)?;
        Some(Self {
            path: path.into(),
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its size; 0 if it is gone.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |metadata| metadata.len())
    }

    /// Opens the file that was checked, and no other that stands in its place now.
    ///
    /// # Errors
    /// If it cannot be opened, or is another file now.
    pub fn open(&self) -> io::Result<File> {
        let file = open(&self.path)?;
        let metadata = file.metadata()?;
        match (metadata.dev(), metadata.ino()) == (self.device, self.inode) {
            true => Ok(file),
            false => Err(io::Error::other("not the machine code that was checked")),
        }
    }
}

/// Whether it is a regular file that no other user can have written.
fn is_our_own(metadata: &Metadata) -> bool {
    let is_ours = metadata.uid() == nix::unistd::geteuid().as_raw();
    metadata.is_file() && is_ours && metadata.mode() & 0o022 == 0
}

/// Neither followed if it is a link, nor waited for if it is a pipe.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    options.read(true).open(path)
}

fn hash_is_right(file: &mut File, bytes: u64, mut hasher: Sha256) -> io::Result<bool> {
    let Some(mut left) = bytes.checked_sub(HASH_BYTES as u64) else {
        return Ok(false);
    };
    let mut piece = vec![0; 1 << 20];
    while left > 0 {
        let wanted = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = file.read(&mut piece[..wanted])?;
        if read == 0 {
            return Ok(false);
        }
        hasher.update(&piece[..read]);
        left -= read as u64;
    }
    let mut hash = [0; HASH_BYTES];
    file.read_exact(&mut hash)?;
    Ok(hasher.finalize().as_slice() == hash)
}

const HASH_BYTES: usize = 32;
