//! Writes an image layout as a directory: the store of installed packages.
//!
//! ```text
//! begin(descriptor) ─► Incoming ═ bytes ═► finish: hashed, synced, renamed to its digest
//! replace_index ─► what is reachable is what is installed;  sweep ─► the rest is deleted
//! ```
//!
//! A blob is there whole or not at all, and so is an index: a process that is killed in between
//! leaves what was there before, and some bytes that the next sweep deletes. One process writes at
//! a time; readers do not wait.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use super::blob::Checked;
use super::{
    BLOBS, INDEX_JSON, Layout, LayoutError, MARKER, MARKER_JSON, Place, SHA256, blob_name,
};
use crate::oci::{self, Descriptor, Index};
use dyno_model::quoted::quoted_path;
use dyno_plugin::Digest;

/// Held by the one who writes.
pub(crate) const LOCK: &str = ".lock";
/// How a file begins that is not finished.
const TEMPORARY: &str = ".incoming-";

/// A layout in a directory, locked for writing as long as this lives.
#[derive(Debug)]
pub struct DirLayout {
    layout: Layout,
    dir: Dir,
    /// Makes the names of temporary files differ.
    begun: AtomicU64,
    /// Unlocked when it is closed.
    _lock: File,
}

impl DirLayout {
    /// Opens a layout, or makes an empty one, and waits until no other process writes to it.
    ///
    /// # Errors
    /// If that fails, or there is something else.
    pub(crate) fn open_or_create(path: &Path) -> Result<Self, LayoutError> {
        let (dir, lock) = prepare(path).map_err(write_error(path))?;
        lock.lock().map_err(write_error(path))?;
        Self::locked(path, dir, lock)
    }

    /// As [`DirLayout::open_or_create`], but none if another process is writing to it: for a caller
    /// who wants to say that before it waits.
    ///
    /// # Errors
    /// As [`DirLayout::open_or_create`].
    #[cfg(test)]
    pub(crate) fn try_open_or_create(path: &Path) -> Result<Option<Self>, LayoutError> {
        let (dir, lock) = prepare(path).map_err(write_error(path))?;
        match lock.try_lock() {
            Ok(()) => Self::locked(path, dir, lock).map(Some),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(source)) => Err(write_error(path)(source)),
        }
    }

    fn locked(path: &Path, dir: Dir, lock: File) -> Result<Self, LayoutError> {
        let reader = dir.try_clone().map_err(write_error(path))?;
        let layout = Layout {
            path: quoted_path(path),
            place: Place::Dir(reader),
        };
        let this = Self {
            layout,
            dir,
            begun: AtomicU64::new(0),
            _lock: lock,
        };
        this.fill().map_err(write_error(path))?;
        Ok(Self {
            layout: this.layout.checked()?,
            ..this
        })
    }

    /// What an empty layout has, unless it is there.
    fn fill(&self) -> io::Result<()> {
        self.dir.create_dir_all(SHA256)?;
        if !self.dir.try_exists(INDEX_JSON)? {
            let empty = oci::to_json(&Index::new(Vec::new()));
            self.replace(INDEX_JSON, &empty)?;
        }
        if !self.dir.try_exists(MARKER)? {
            self.replace(MARKER, MARKER_JSON)?;
        }
        Ok(())
    }

    /// The same, to be read.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Whether a blob is there and undamaged: if so it need not be fetched.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn holds(&self, descriptor: &Descriptor) -> Result<bool, LayoutError> {
        match self.layout.copy(descriptor, &mut io::sink()) {
            Ok(()) => Ok(true),
            Err(
                LayoutError::Missing { .. } | LayoutError::Hash { .. } | LayoutError::Size { .. },
            ) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Begins to take in a blob, in place of one that may be there.
    ///
    /// # Errors
    /// If no file can be made for it.
    pub fn begin(&self, descriptor: &Descriptor) -> Result<Incoming<'_>, LayoutError> {
        let (file, temporary) = self
            .temporary()
            .map_err(|source| self.write_error(source))?;
        Ok(Incoming {
            store: self,
            temporary,
            name: blob_name(&descriptor.digest),
            checked: Checked::new(descriptor, file),
        })
    }

    /// Takes in a blob.
    ///
    /// # Errors
    /// If it cannot be read or written, or is not what the descriptor says.
    pub fn put(&self, descriptor: &Descriptor, mut from: impl Read) -> Result<(), LayoutError> {
        let mut incoming = self.begin(descriptor)?;
        io::copy(&mut from.by_ref().take(descriptor.size), &mut incoming)
            .and_then(|_| from.take(1).read_to_end(&mut Vec::new()))
            .map_err(|source| self.write_error(source))
            .and_then(|more| match more {
                0 => incoming.finish(),
                more => Err(LayoutError::Size {
                    digest: descriptor.digest,
                    expected: descriptor.size,
                    found: descriptor.size.saturating_add(more as u64),
                }),
            })
    }

    /// Makes an index the layout's. What it lists must have been put before; that is on disk before
    /// the index is.
    ///
    /// # Errors
    /// If it cannot be written; the old one holds then.
    pub(crate) fn replace_index(&self, index: &Index) -> Result<(), LayoutError> {
        let bytes = oci::to_json(index);
        if bytes.len() as u64 > oci::MANIFEST_BYTES_MAX {
            return Err(LayoutError::TooLarge {
                path: self.layout.path.clone(),
                part: INDEX_JSON.into(),
                actual: bytes.len() as u64,
                limit: oci::MANIFEST_BYTES_MAX,
            });
        }
        sync(&self.dir, SHA256)
            .and_then(|()| sync(&self.dir, BLOBS))
            .and_then(|()| self.replace(INDEX_JSON, &bytes))
            .map_err(|source| self.write_error(source))
    }

    /// Deletes what the index does not lead to, and what was never finished. Returns how many
    /// files.
    ///
    /// # Errors
    /// If what it leads to cannot be read, before anything is deleted; or if deleting fails.
    pub fn sweep(&mut self) -> Result<usize, LayoutError> {
        let reachable = self.reachable()?;
        self.delete_but(&reachable)
            .map_err(|source| self.write_error(source))
    }

    /// The blobs that the index leads to.
    fn reachable(&self) -> Result<BTreeSet<Digest>, LayoutError> {
        let mut reached = BTreeSet::new();
        let mut open = self.layout.index()?.manifests;
        while let Some(descriptor) = open.pop() {
            if !reached.insert(descriptor.digest) {
                continue;
            }
            if descriptor.media_type == oci::INDEX {
                open.extend(self.layout.listed(&descriptor)?);
            } else {
                let (manifest, _) = self.layout.manifest(&descriptor)?;
                reached.insert(manifest.config.digest);
                reached.extend(manifest.layers.iter().map(|layer| layer.digest));
            }
        }
        Ok(reached)
    }

    fn delete_but(&self, reachable: &BTreeSet<Digest>) -> io::Result<usize> {
        let kept: BTreeSet<String> = reachable.iter().map(Digest::hex).collect();
        let mut deleted = 0;
        for entry in self.dir.read_dir(SHA256)? {
            let entry = entry?;
            if entry
                .file_name()
                .to_str()
                .is_none_or(|name| !kept.contains(name))
            {
                entry.remove_file()?;
                deleted += 1;
            }
        }
        for entry in self.dir.entries()? {
            let entry = entry?;
            if entry
                .file_name()
                .as_encoded_bytes()
                .starts_with(TEMPORARY.as_bytes())
            {
                entry.remove_file()?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }

    fn temporary(&self) -> io::Result<(File, Temporary<'_>)> {
        loop {
            let number = self.begun.fetch_add(1, Ordering::Relaxed);
            let name = format!("{TEMPORARY}{number}");
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            match self.dir.open_with(&name, &options) {
                Ok(file) => {
                    let dir = &self.dir;
                    return Ok((file.into_std(), Temporary { dir, name }));
                }
                // One who held the lock before was killed.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Puts bytes in the place of a file, whole and on disk, or leaves it.
    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let (mut file, temporary) = self.temporary()?;
        file.write_all(bytes)?;
        temporary.keep_as(name, &file)?;
        sync(&self.dir, ".")
    }

    fn write_error(&self, source: io::Error) -> LayoutError {
        LayoutError::Write {
            path: self.layout.path.clone(),
            source,
        }
    }
}

/// A blob on its way into a layout. Dropped before it is finished, it leaves nothing.
#[derive(Debug)]
pub struct Incoming<'a> {
    store: &'a DirLayout,
    temporary: Temporary<'a>,
    /// Where it belongs.
    name: String,
    checked: Checked<File>,
}

impl Incoming<'_> {
    /// Puts it where it belongs, if it is what its descriptor says. From a power cut it is safe
    /// with the `replace_index` that follows.
    ///
    /// # Errors
    /// If it is something else, or cannot be written.
    pub fn finish(self) -> Result<(), LayoutError> {
        let file = self.checked.finish()?;
        self.temporary
            .keep_as(&self.name, &file)
            .map_err(|source| self.store.write_error(source))
    }
}

impl Write for Incoming<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.checked.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.checked.flush()
    }
}

/// The name of a file that is not finished.
#[derive(Debug)]
struct Temporary<'a> {
    dir: &'a Dir,
    name: String,
}

impl Temporary<'_> {
    /// Gives it its name, once its bytes are on disk.
    fn keep_as(self, name: &str, file: &File) -> io::Result<()> {
        file.sync_all()?;
        self.dir.rename(&self.name, self.dir, name)
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        // Not there any more if it was kept; left to the next sweep if this fails.
        let _ = self.dir.remove_file(&self.name);
    }
}

/// Makes a directory and the file in it that is locked.
fn prepare(path: &Path) -> io::Result<(Dir, File)> {
    Dir::create_ambient_dir_all(path, ambient_authority())?;
    let dir = Dir::open_ambient_dir(path, ambient_authority())?;
    let mut options = OpenOptions::new();
    let lock = dir.open_with(LOCK, options.write(true).create(true))?;
    Ok((dir, lock.into_std()))
}

/// Puts on disk which names a directory has.
fn sync(dir: &Dir, name: &str) -> io::Result<()> {
    // The directory's own handle may be one for paths only, which cannot be synced.
    dir.open(name)?.sync_all()
}

fn write_error(path: &Path) -> impl Fn(io::Error) -> LayoutError {
    move |source| LayoutError::Write {
        path: quoted_path(path),
        source,
    }
}

#[cfg(test)]
mod tests;
