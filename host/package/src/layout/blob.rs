//! The bytes of one blob: where they lie, and the check that they are the right ones.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use nix::fcntl::OFlag;
use sha2::{Digest as _, Sha256};

use super::LayoutError;
use crate::oci::Descriptor;
use dyno_plugin::Digest;

/// How much is read and hashed at a time: large enough that system calls do not matter, small
/// enough to stay in a core's cache.
pub(super) const PIECE_BYTES: usize = 64 << 10;

/// A range of a file. Has no part in the file's own position, so many may be read at once.
#[derive(Debug)]
pub(super) struct Blob {
    file: File,
    at: u64,
    left: u64,
}

impl Blob {
    pub(super) fn new(file: File, at: u64, bytes: u64) -> Self {
        Self {
            file,
            at,
            left: bytes,
        }
    }

    /// How many bytes are still to be read.
    pub(super) fn len(&self) -> u64 {
        self.left
    }

    /// Its file, and where in that it begins.
    pub(super) fn place(&self) -> io::Result<(File, u64)> {
        Ok((self.file.try_clone()?, self.at))
    }

    /// The same bytes once more.
    pub(super) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self::new(self.file.try_clone()?, self.at, self.left))
    }
}

impl Read for Blob {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).map_or(into.len(), |left| left.min(into.len()));
        loop {
            match self.file.read_at(&mut into[..wanted], self.at) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(read) => {
                    self.at += read as u64;
                    self.left -= read as u64;
                    return Ok(read);
                }
            }
        }
    }
}

/// Opens a regular file that the user named. Never waits, not even for a FIFO's writer.
pub(super) fn open(path: &Path) -> io::Result<Blob> {
    whole(super::open_without_waiting(path)?)
}

/// Opens a regular file below a directory, which it cannot lead out of. Never waits.
pub(super) fn open_in(dir: &Dir, name: &str) -> io::Result<Blob> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(OFlag::O_NONBLOCK.bits());
    whole(dir.open_with(name, &options)?.into_std())
}

fn whole(file: File) -> io::Result<Blob> {
    let metadata = file.metadata()?;
    if metadata.is_file() {
        return Ok(Blob::new(file, 0, metadata.len()));
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        "not a regular file",
    ))
}

/// Hashes what is read through it.
pub(super) struct Hashed<R> {
    from: R,
    hasher: Sha256,
}

impl<R> Hashed<R> {
    pub(super) fn new(from: R) -> Self {
        Self {
            from,
            hasher: Sha256::new(),
        }
    }

    pub(super) fn finish(self) -> Digest {
        Digest::finish(self.hasher)
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)?;
        self.hasher.update(&into[..read]);
        Ok(read)
    }
}

/// Passes bytes on and says at the end whether they are what a descriptor says. Never passes on
/// more than that.
#[derive(Debug)]
pub(super) struct Checked<W> {
    to: W,
    digest: Digest,
    size: u64,
    hasher: Sha256,
    passed: u64,
}

impl<W: Write> Checked<W> {
    pub(super) fn new(descriptor: &Descriptor, to: W) -> Self {
        Self {
            to,
            digest: descriptor.digest,
            size: descriptor.size,
            hasher: Sha256::new(),
            passed: 0,
        }
    }

    /// Gives back where the bytes went.
    ///
    /// # Errors
    /// If they are too few, or have another digest.
    pub(super) fn finish(self) -> Result<W, LayoutError> {
        if self.passed != self.size {
            return Err(LayoutError::Size {
                digest: self.digest,
                expected: self.size,
                found: self.passed,
            });
        }
        let found = Digest::finish(self.hasher);
        if found != self.digest {
            return Err(LayoutError::Hash {
                expected: self.digest,
                found,
            });
        }
        Ok(self.to)
    }
}

impl<W: Write> Write for Checked<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() as u64 > self.size - self.passed {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("more came than the {} bytes of {}", self.size, self.digest),
            ));
        }
        let written = self.to.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.passed += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
