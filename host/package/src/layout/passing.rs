//! The contents of a package on their way elsewhere: blob by blob into a registry, or all at once
//! into the store. Datasets travel with the package, and are manifests of their own.

use std::fs::File;
use std::io;

use super::contents::{Indexes, Part};
use super::{Contents, DirLayout, LayoutError};
use crate::oci::{self, Descriptor};
use dyno_plugin::Digest;

/// The bytes of a blob.
#[derive(Debug)]
pub enum Bytes {
    /// In memory.
    Memory(Vec<u8>),
    /// In a file: from where, and how many.
    File(File, u64, u64),
}

impl Contents {
    /// Adds the manifest of a dataset, whose content was added before.
    ///
    /// # Errors
    /// If it is no image manifest, or names a blob that was not added.
    pub(crate) fn add_dataset(&mut self, bytes: Vec<u8>) -> Result<Descriptor, LayoutError> {
        let manifest = self.complete(&bytes)?;
        let mut descriptor = self.add_blob(oci::MANIFEST, bytes);
        descriptor.artifact_type = manifest.artifact_type;
        if !self.datasets.contains(&descriptor) {
            self.datasets.push(descriptor.clone());
        }
        Ok(descriptor)
    }

    /// Every blob that is not a manifest.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn blobs(&self) -> Result<Vec<(Descriptor, Bytes)>, LayoutError> {
        let lists = [&self.referrers, &self.datasets];
        let manifests = self.package.iter().chain(lists.into_iter().flatten());
        let manifests: Vec<Digest> = manifests.map(|it| it.digest).collect();
        let blobs = self
            .parts
            .iter()
            .filter(|(digest, _)| !manifests.contains(digest));
        blobs
            .map(|(digest, part)| {
                let bytes = part.bytes().map_err(|source| LayoutError::Read {
                    path: digest.to_string(),
                    source,
                })?;
                let size = match &bytes {
                    Bytes::Memory(bytes) => bytes.len() as u64,
                    Bytes::File(_, _, size) => *size,
                };
                let descriptor = Descriptor {
                    digest: *digest,
                    size,
                    ..Descriptor::of("application/octet-stream", &[])
                };
                Ok((descriptor, bytes))
            })
            .collect()
    }

    /// The bytes of the manifests of its signatures, and of whatever else refers to the package.
    #[must_use]
    pub fn referrers(&self) -> Vec<Vec<u8>> {
        self.manifests(&self.referrers)
    }

    /// The bytes of the manifests of its datasets.
    #[must_use]
    pub fn datasets(&self) -> Vec<Vec<u8>> {
        self.manifests(&self.datasets)
    }

    /// Manifests are always in memory.
    fn manifests(&self, listed: &[Descriptor]) -> Vec<Vec<u8>> {
        let parts = listed.iter().filter_map(|it| self.parts.get(&it.digest));
        let bytes = parts.filter_map(|part| match part {
            Part::Bytes(bytes) => Some(bytes.clone()),
            Part::Stored(_) => None,
        });
        bytes.collect()
    }
}

impl Part {
    fn bytes(&self) -> io::Result<Bytes> {
        match self {
            Self::Bytes(bytes) => Ok(Bytes::Memory(bytes.clone())),
            Self::Stored(blob) => {
                let (file, at) = blob.place()?;
                Ok(Bytes::File(file, at, blob.len()))
            }
        }
    }
}

impl DirLayout {
    /// Takes in all blobs of a package. Returns what an index has to list for them to stay.
    ///
    /// # Errors
    /// If one cannot be read or written, or is no longer what it was.
    pub fn take(&self, contents: &Contents) -> Result<Vec<Descriptor>, LayoutError> {
        let Indexes { entries, listed } = contents.indexes()?;
        let listed = listed.iter().map(|(digest, part)| (digest, part));
        for (digest, part) in contents.parts.iter().chain(listed) {
            let read_error = |source| LayoutError::Read {
                path: digest.to_string(),
                source,
            };
            let (size, from) = part.open().map_err(read_error)?;
            let descriptor = Descriptor {
                digest: *digest,
                size,
                ..Descriptor::of("application/octet-stream", &[])
            };
            if !self.holds(&descriptor)? {
                self.put(&descriptor, from)?;
            }
        }
        Ok(entries)
    }
}
