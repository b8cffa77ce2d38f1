//! What is remembered of an index: what `tough` compares the next one with, a copy of the files for
//! when there is no network, and the releases that were verified.

use std::fs::{File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tough::Repository;
use tough::schema::{Root, Signed};

use super::loader;
use crate::index::IndexError;
use crate::index::transport::{self, BoundedTransport, Kind, METADATA};
use crate::oci;

pub(super) const ROOT: &str = "root.json";
pub(super) const TIMESTAMP: &str = "timestamp.json";
pub(super) const SNAPSHOT: &str = "snapshot.json";
/// What `tough` remembers of the last index: it reads and writes these in its datastore.
const REMEMBERED: [&str; 4] = [ROOT, TIMESTAMP, SNAPSHOT, "latest_known_time.json"];
/// What was verified last time, in our own form.
const VERIFIED: &str = "verified.json";
/// As large as the largest index that we load: our form of it is shorter than the signed one.
const VERIFIED_BYTES_MAX: u64 = 64 << 20;

/// The directory in which an index is remembered, locked for as long as this lives.
#[derive(Debug)]
pub(super) struct Memory {
    dir: PathBuf,
    _lock: File,
}

impl Memory {
    pub(super) async fn open(dir: PathBuf) -> Result<Self, IndexError> {
        let lock = dir.join("lock");
        let locked = tokio::task::spawn_blocking(move || {
            let opened = std::fs::create_dir_all(dir.join(METADATA))
                .and_then(|()| File::create(&lock))
                .and_then(|file| file.lock().map(|()| file));
            match opened {
                Ok(file) => Ok(Self { dir, _lock: file }),
                Err(source) => Err(IndexError::Io { path: lock, source }),
            }
        });
        locked.await.map_err(|error| IndexError::Io {
            path: METADATA.into(),
            source: std::io::Error::other(error),
        })?
    }

    /// The newest root that was verified, or the first: `tough` would begin at the first each time,
    /// so that a server could hide what came after it.
    pub(super) fn root(&self, trusted: &[u8]) -> Result<Vec<u8>, IndexError> {
        let known = transport::read(&self.dir.join(ROOT), transport::ROOT_BYTES_MAX)?;
        let is_whole = |bytes: &Vec<u8>| match serde_json::from_slice::<Signed<Root>>(bytes) {
            Ok(root) => root.signed.verify_role(&root).is_ok(),
            Err(_) => false,
        };
        Ok(known.filter(is_whole).unwrap_or_else(|| trusted.to_vec()))
    }

    /// Where the copy of the files is.
    pub(super) fn copy(&self) -> PathBuf {
        self.dir.join(METADATA)
    }

    /// A file that was verified last time, if it is whole.
    pub(super) fn remembered<T: DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Option<T>, IndexError> {
        let known = transport::read(&self.dir.join(name), transport::SNAPSHOT_BYTES_MAX)?;
        Ok(known.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// What was verified last time. If it is of another version of the host, or cut off, it is made
    /// anew.
    pub(super) fn verified<T: DeserializeOwned>(&self) -> Result<Option<T>, IndexError> {
        let known = transport::read(&self.dir.join(VERIFIED), VERIFIED_BYTES_MAX)?;
        Ok(known.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// The whole chain, by `tough`. It works on a copy of what is remembered, so that a crash while
    /// it writes loses nothing; what it wrote was verified, whatever came after, and is kept.
    pub(super) async fn verify(
        &self,
        gate: &BoundedTransport,
        root: &[u8],
    ) -> Result<Repository, IndexError> {
        let work = self.dir.join("work");
        let io_error = |source| IndexError::Io {
            path: work.clone(),
            source,
        };
        match std::fs::remove_dir_all(&work) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error(error)),
            _ => std::fs::create_dir(&work).map_err(io_error)?,
        }
        for name in REMEMBERED {
            match std::fs::copy(self.dir.join(name), work.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(io_error(error));
                }
                _ => {}
            }
        }
        let loaded = loader(gate, &root)?.datastore(&work).load().await;
        for name in REMEMBERED {
            let kept = match std::fs::rename(work.join(name), self.dir.join(name)) {
                // Removed by `tough`: with other keys the versions begin anew.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    std::fs::remove_file(self.dir.join(name))
                }
                other => other,
            };
            match kept {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(io_error(error));
                }
                _ => {}
            }
        }
        std::fs::remove_dir_all(&work).map_err(io_error)?;
        loaded.map_err(|error| gate.refused().unwrap_or_else(|| error.into()))
    }

    /// Keeps all that was verified.
    pub(super) fn keep(
        &self,
        gate: &BoundedTransport,
        verified: &impl Serialize,
    ) -> Result<(), IndexError> {
        let files = gate.files();
        self.keep_copy(&files)?;
        remove_others(&self.copy(), &files)?;
        write(&self.dir.join(VERIFIED), &oci::to_json(verified))
    }

    /// Keeps a new timestamp and snapshot over what was verified before.
    pub(super) fn renew(
        &self,
        gate: &BoundedTransport,
        verified: &impl Serialize,
    ) -> Result<(), IndexError> {
        let files = gate.files();
        for (name, bytes) in &files {
            match Kind::of(name) {
                Some(Kind::Snapshot) => write(&self.dir.join(SNAPSHOT), bytes)?,
                Some(Kind::Timestamp) => write(&self.dir.join(TIMESTAMP), bytes)?,
                _ => {}
            }
        }
        self.keep_copy(&files)?;
        write(&self.dir.join(VERIFIED), &oci::to_json(verified))
    }

    fn keep_copy(&self, files: &[(String, Bytes)]) -> Result<(), IndexError> {
        // What the timestamp leads to comes before it, so that the copy is whole at any time.
        let (last, first): (Vec<_>, Vec<_>) = files.iter().partition(|(name, _)| name == TIMESTAMP);
        for (name, bytes) in first.into_iter().chain(last) {
            write(&self.copy().join(name), bytes)?;
        }
        Ok(())
    }
}

/// Writes a file as a whole or not at all.
pub(in super::super) fn write(path: &Path, bytes: &[u8]) -> Result<(), IndexError> {
    let write = || {
        let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
        file.write_all(bytes)?;
        // A temporary file is its owner's alone, and an index is for everybody.
        file.as_file()
            .set_permissions(Permissions::from_mode(0o644))?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|source| IndexError::Io {
        path: path.into(),
        source,
    })
}

/// Removes what the copy no longer needs: everything but these files and the roots.
fn remove_others(copy: &Path, files: &[(String, Bytes)]) -> Result<(), IndexError> {
    let remove = || {
        for entry in std::fs::read_dir(copy)? {
            let entry = entry?;
            let name = entry.file_name();
            let is_needed = |name: &str| {
                Kind::of(name) == Some(Kind::Root) || files.iter().any(|(file, _)| file == name)
            };
            if !name.to_str().is_some_and(is_needed) {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    };
    remove().map_err(|source| IndexError::Io {
        path: copy.into(),
        source,
    })
}
