//! Reads OCI image layouts: a package file, which is one as an uncompressed tar, and the store of
//! installed packages, which is one as a directory.
//!
//! ```text
//! open ─► index.json ─► package or tag ─► manifest ─► config and layer
//!              └► referrers: the signatures
//! ```
//!
//! Nothing is unpacked: a blob is read where it lies, and its bytes are handed on only if they have
//! the size and the digest that its descriptor says. What the manifests mean is the callers'
//! business. Source: OCI image specification 1.1, image layout.

mod archive;
mod archive_error;
mod blob;
mod contents;
mod dir;
mod error;
mod json;
mod passing;
mod write;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use cap_std::fs::Dir;
use nix::fcntl::OFlag;

use super::oci::{self, Descriptor, Index, Manifest};
use dyno_model::quoted::{quoted, quoted_path};
use dyno_plugin::Digest;

use archive::Archive;
pub use archive_error::ArchiveError;
use blob::Blob;
pub use contents::Contents;
pub(crate) use dir::LOCK;
pub use dir::{DirLayout, Incoming};
pub use error::LayoutError;
pub use passing::Bytes;
pub use write::write_tar;

/// The file that makes a directory or a tar a layout.
const MARKER: &str = "oci-layout";
/// What [`MARKER`] holds, as image specification 1.1 says.
const MARKER_JSON: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;
/// [`MARKER`] has 30 bytes, and some more where a tool puts spaces between them.
const MARKER_BYTES_MAX: u64 = 4 << 10;
const INDEX_JSON: &str = "index.json";
const BLOBS: &str = "blobs";
const SHA256: &str = "blobs/sha256";

/// An open layout. What it is can change while it is open, what it answers for is hashed.
#[derive(Debug)]
pub struct Layout {
    /// As people may see it.
    path: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Archive(Archive),
    Dir(Dir),
}

impl Layout {
    /// Opens a tar file or a directory. Of a tar the headers are read, and nothing else.
    ///
    /// # Errors
    /// If it cannot be read, is not a tar with a layout alone, or has no `oci-layout` of version
    /// 1.0.0.
    pub fn open(path: &Path) -> Result<Self, LayoutError> {
        let shown = quoted_path(path);
        let read_error = |source| LayoutError::Read {
            path: shown.clone(),
            source,
        };
        let file = open_without_waiting(path).map_err(read_error)?;
        let kind = file.metadata().map_err(read_error)?.file_type();
        let place = if kind.is_dir() {
            Place::Dir(Dir::from_std_file(file))
        } else if kind.is_file() {
            let archive = Archive::scan(file).map_err(|source| LayoutError::Archive {
                path: shown.clone(),
                source,
            })?;
            Place::Archive(archive)
        } else {
            return Err(read_error(io::Error::new(
                io::ErrorKind::InvalidInput,
                "neither a regular file nor a directory",
            )));
        };
        Self { path: shown, place }.checked()
    }

    /// With a marker of the version that we know.
    fn checked(self) -> Result<Self, LayoutError> {
        json::expect_marker(&self.path, &self.part(MARKER, MARKER_BYTES_MAX)?)?;
        Ok(self)
    }

    /// Its index, read anew: that of a store is replaced with every installation.
    ///
    /// # Errors
    /// If it is missing, larger than [`oci::MANIFEST_BYTES_MAX`], or not an index.
    pub fn index(&self) -> Result<Index, LayoutError> {
        let bytes = self.part(INDEX_JSON, oci::MANIFEST_BYTES_MAX)?;
        json::index(&self.path, INDEX_JSON, &bytes)
    }

    /// Reads a blob of at most `limit` bytes.
    ///
    /// # Errors
    /// If it is larger or missing, or its bytes have not the size and the digest that its
    /// descriptor says.
    pub fn read(&self, descriptor: &Descriptor, limit: u64) -> Result<Vec<u8>, LayoutError> {
        if descriptor.size > limit {
            return Err(LayoutError::TooLarge {
                path: self.path.clone(),
                part: descriptor.digest.to_string(),
                actual: descriptor.size,
                limit,
            });
        }
        // Only after it is known that there are as many bytes.
        let blob = self.blob(descriptor)?;
        let mut bytes = Vec::with_capacity(usize::try_from(descriptor.size).unwrap_or_default());
        self.copy_blob(blob, descriptor, &mut bytes)?;
        Ok(bytes)
    }

    /// Copies a blob piece by piece. What was written is good only if this succeeds: the digest is
    /// known at the end.
    ///
    /// # Errors
    /// As [`Layout::read`], and if `to` cannot be written.
    pub fn copy(&self, descriptor: &Descriptor, to: &mut impl Write) -> Result<(), LayoutError> {
        self.copy_blob(self.blob(descriptor)?, descriptor, to)
    }

    /// Reads a manifest, and its very bytes.
    ///
    /// # Errors
    /// As [`Layout::read`], and if it is not an image manifest.
    pub fn manifest(&self, descriptor: &Descriptor) -> Result<(Manifest, Vec<u8>), LayoutError> {
        json::expect_media_type(descriptor, oci::MANIFEST)?;
        let bytes = self.read(descriptor, oci::MANIFEST_BYTES_MAX)?;
        let manifest = json::manifest(&self.path, &descriptor.digest.to_string(), &bytes)?;
        Ok((manifest, bytes))
    }

    /// The one entry of the index with a tag.
    ///
    /// # Errors
    /// If there is none, or more than one: readers would differ in which they take.
    pub fn resolve(&self, tag: &str) -> Result<Descriptor, LayoutError> {
        match self.tagged(&self.index()?, tag)? {
            Some(one) => Ok(one),
            None => Err(self.tag_error(tag, 0)),
        }
    }

    /// The one package in it: the entry of the index that is neither an index of referrers nor a
    /// referrer itself.
    ///
    /// # Errors
    /// If there is none or more than one, an entry is something else, or a manifest cannot be read.
    pub fn package(&self) -> Result<Descriptor, LayoutError> {
        let mut packages = Vec::new();
        // Each is read once, however often it is listed.
        let mut referrers = BTreeSet::new();
        for entry in self.index()?.manifests {
            let is_index = entry.media_type == oci::INDEX && tag(&entry).is_some_and(is_referrers);
            if is_index || referrers.contains(&entry.digest) {
                continue;
            }
            if !self.is_package(&entry)? {
                referrers.insert(entry.digest);
                continue;
            }
            packages.push(entry);
            if packages.len() > 1 {
                break;
            }
        }
        match <[Descriptor; 1]>::try_from(packages) {
            Ok([one]) => Ok(one),
            Err(packages) => Err(LayoutError::Packages {
                path: self.path.clone(),
                found: if packages.is_empty() { "none" } else { "more" },
            }),
        }
    }

    /// Neither a signature nor a dataset.
    fn is_package(&self, entry: &Descriptor) -> Result<bool, LayoutError> {
        let (manifest, _) = self.manifest(entry)?;
        let is_dataset = manifest.artifact_type.as_deref() == Some(oci::DATASET);
        Ok(manifest.subject.is_none() && !is_dataset)
    }

    /// The datasets in it: entries of the index, like the package.
    ///
    /// # Errors
    /// If the index or a manifest cannot be read.
    pub fn datasets(&self) -> Result<Vec<Descriptor>, LayoutError> {
        let mut found = Vec::new();
        for entry in self.index()?.manifests {
            if entry.media_type == oci::MANIFEST
                && self.manifest(&entry)?.0.artifact_type.as_deref() == Some(oci::DATASET)
            {
                found.push(entry);
            }
        }
        Ok(found)
    }

    /// The entry of the index with a digest.
    ///
    /// # Errors
    /// If there is none.
    pub fn find(&self, digest: &Digest) -> Result<Descriptor, LayoutError> {
        let mut entries = self.index()?.manifests.into_iter();
        entries
            .find(|entry| entry.digest == *digest)
            .ok_or_else(|| LayoutError::Missing {
                path: self.path.clone(),
                part: blob_name(digest),
            })
    }

    /// The manifests that refer to `subject`, each once: those that the index tagged for it lists,
    /// and those in `index.json` that name it, as some tools keep them. Not by artifact type, which
    /// copying tools lose. That a listed one does name the subject is for the caller to check.
    ///
    /// # Errors
    /// If there are too many (`oci::is_too_long`), or an index cannot be read.
    pub fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, LayoutError> {
        let index = self.index()?;
        let mut found = match self.tagged(&index, &oci::referrers_tag(subject))? {
            Some(listed) => self.listed(&listed)?,
            None => Vec::new(),
        };
        let mut seen = BTreeSet::from([*subject]);
        found.retain(|it| seen.insert(it.digest));
        for entry in index.manifests {
            if entry.media_type == oci::MANIFEST && seen.insert(entry.digest) {
                // One that cannot be read, such as another package's in a store, refers to nothing.
                let manifest = self.manifest(&entry).map(|(manifest, _)| manifest);
                let named = manifest.ok().and_then(|manifest| manifest.subject);
                if named.is_some_and(|it| it.digest == *subject) {
                    found.push(entry);
                }
            }
        }
        if oci::is_too_long(&found) {
            return Err(LayoutError::Referrers {
                subject: *subject,
                found: found.len(),
            });
        }
        Ok(found)
    }
}

/// What the methods above are made of.
impl Layout {
    /// What the index of referrers that a descriptor names lists.
    fn listed(&self, descriptor: &Descriptor) -> Result<Vec<Descriptor>, LayoutError> {
        json::expect_media_type(descriptor, oci::INDEX)?;
        let bytes = self.read(descriptor, oci::MANIFEST_BYTES_MAX)?;
        json::referrers(&self.path, &descriptor.digest.to_string(), &bytes)
    }

    /// The entry with a tag, if there is one.
    fn tagged(&self, index: &Index, wanted: &str) -> Result<Option<Descriptor>, LayoutError> {
        let entries = index.manifests.iter();
        let found: Vec<_> = entries.filter(|it| tag(it) == Some(wanted)).collect();
        match found[..] {
            [] => Ok(None),
            [one] => Ok(Some(one.clone())),
            [..] => Err(self.tag_error(wanted, found.len())),
        }
    }

    /// A file that is found by its name, and not by its digest.
    fn part(&self, name: &str, limit: u64) -> Result<Vec<u8>, LayoutError> {
        let blob = self.open_part(name)?;
        if blob.len() > limit {
            return Err(LayoutError::TooLarge {
                path: self.path.clone(),
                part: name.into(),
                actual: blob.len(),
                limit,
            });
        }
        let mut bytes = Vec::new();
        blob.take(limit)
            .read_to_end(&mut bytes)
            .map_err(|source| self.read_error(source))?;
        Ok(bytes)
    }

    /// Finds a blob, which has the size that its descriptor says; what it hashes to is still open.
    fn blob(&self, descriptor: &Descriptor) -> Result<Blob, LayoutError> {
        let blob = self.open_part(&blob_name(&descriptor.digest))?;
        if blob.len() == descriptor.size {
            return Ok(blob);
        }
        Err(LayoutError::Size {
            digest: descriptor.digest,
            expected: descriptor.size,
            found: blob.len(),
        })
    }

    fn open_part(&self, name: &str) -> Result<Blob, LayoutError> {
        let opened = match &self.place {
            Place::Archive(archive) => archive.open(name),
            Place::Dir(dir) => blob::open_in(dir, name),
        };
        opened.map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => LayoutError::Missing {
                path: self.path.clone(),
                part: name.into(),
            },
            _ => self.read_error(source),
        })
    }

    fn copy_blob(
        &self,
        mut blob: Blob,
        descriptor: &Descriptor,
        to: &mut impl Write,
    ) -> Result<(), LayoutError> {
        let mut checked = blob::Checked::new(descriptor, to);
        let mut piece = vec![0; blob::PIECE_BYTES];
        loop {
            let read = blob
                .read(&mut piece)
                .map_err(|source| self.read_error(source))?;
            if read == 0 {
                return checked.finish().map(|_| ());
            }
            checked
                .write_all(&piece[..read])
                .map_err(|source| LayoutError::Write {
                    path: format!("the copy of {}", descriptor.digest),
                    source,
                })?;
        }
    }

    fn tag_error(&self, tag: &str, found: usize) -> LayoutError {
        LayoutError::Tag {
            path: self.path.clone(),
            tag: quoted(tag),
            found,
        }
    }

    fn read_error(&self, source: io::Error) -> LayoutError {
        LayoutError::Read {
            path: self.path.clone(),
            source,
        }
    }
}

/// The tag of an entry of an index.
fn tag(entry: &Descriptor) -> Option<&str> {
    entry.annotations.get(oci::REF_NAME).map(String::as_str)
}

/// Whether a tag is one of [`oci::referrers_tag`].
fn is_referrers(tag: &str) -> bool {
    tag.strip_prefix("sha256-")
        .is_some_and(|hex| format!("sha256:{hex}").parse::<Digest>().is_ok())
}

/// Where a layout keeps a blob.
fn blob_name(digest: &Digest) -> String {
    format!("{SHA256}/{}", digest.hex())
}

/// Opens whatever it is. Never waits, not even for a FIFO's writer.
fn open_without_waiting(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_NONBLOCK | OFlag::O_CLOEXEC).bits())
        .open(path)
}
