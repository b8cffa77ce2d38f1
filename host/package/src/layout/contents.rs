//! What goes into a package file: the parts of a new package, or those of another one with a
//! signature more.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::iter;
use std::path::Path;

use super::blob::{self, Blob};
use super::{Layout, LayoutError, blob_name, json};
use crate::oci::{self, Descriptor, Index, Manifest};
use dyno_model::quoted::quoted_path;
use dyno_plugin::Digest;

/// The largest size that eleven octal digits can say, bytes (POSIX.1-2024, pax, ustar interchange
/// format).
const BLOB_BYTES_MAX: u64 = 0o777_7777_7777;

/// What goes into a package file: blobs first, then the manifest that names them, then what refers
/// to that.
#[derive(Debug, Default)]
pub struct Contents {
    /// In the order of their names.
    pub(super) parts: BTreeMap<Digest, Part>,
    pub(super) package: Option<Descriptor>,
    pub(super) referrers: Vec<Descriptor>,
    /// They are not the package's, but travel with it.
    pub(super) datasets: Vec<Descriptor>,
}

#[derive(Debug)]
pub(super) enum Part {
    Bytes(Vec<u8>),
    /// Somewhere in a file; hashed again when it is copied.
    Stored(Blob),
}

/// The indexes of a package file.
pub(super) struct Indexes {
    /// What `index.json` lists.
    pub(super) entries: Vec<Descriptor>,
    /// The index of what refers to the package, if anything does.
    pub(super) listed: Option<(Digest, Part)>,
}

impl Contents {
    /// The package that a layout holds, and what refers to it. No blob is copied yet.
    ///
    /// # Errors
    /// If it does not hold exactly one, or something is missing or not what it should be.
    pub fn of(layout: &Layout) -> Result<Self, LayoutError> {
        let package = layout.package()?;
        let mut contents = Self::default();
        contents.adopt(layout, &package)?;
        contents.package = Some(package.clone());
        for referrer in layout.referrers(&package.digest)? {
            // What is no image manifest is not of our making, and cannot be taken along.
            if layout.manifest(&referrer).is_err() && !referrer.may_be_signature() {
                continue;
            }
            let bytes = contents.adopt(layout, &referrer)?;
            contents.add_referrer(bytes)?;
        }
        for dataset in layout.datasets()? {
            let bytes = contents.adopt(layout, &dataset)?;
            contents.add_dataset(bytes)?;
        }
        Ok(contents)
    }

    /// Adds bytes.
    pub fn add_blob(&mut self, media_type: &str, bytes: Vec<u8>) -> Descriptor {
        let descriptor = Descriptor::of(media_type, &bytes);
        self.parts.insert(descriptor.digest, Part::Bytes(bytes));
        descriptor
    }

    /// Adds a file, which is read once now, to be hashed, and once more when the package is
    /// written.
    ///
    /// # Errors
    /// If it cannot be read, or is too large for a tar.
    pub(crate) fn add_file(
        &mut self,
        media_type: &str,
        path: &Path,
    ) -> Result<Descriptor, LayoutError> {
        let read_error = |source| LayoutError::Read {
            path: quoted_path(path),
            source,
        };
        let blob = blob::open(path).map_err(read_error)?;
        if blob.len() > BLOB_BYTES_MAX {
            return Err(LayoutError::TooLarge {
                path: quoted_path(path),
                part: "the content".into(),
                actual: blob.len(),
                limit: BLOB_BYTES_MAX,
            });
        }
        let mut hashed = blob::Hashed::new(blob.try_clone().map_err(read_error)?);
        let size = io::copy(&mut hashed, &mut io::sink()).map_err(read_error)?;
        let digest = hashed.finish();
        self.parts.insert(digest, Part::Stored(blob));
        Ok(Descriptor {
            digest,
            size,
            ..Descriptor::of(media_type, &[])
        })
    }

    /// Sets the manifest of the package, under a tag: its version.
    ///
    /// # Errors
    /// If it is no image manifest, or names a blob that was not added.
    pub fn set_package(&mut self, tag: &str, bytes: Vec<u8>) -> Result<Descriptor, LayoutError> {
        self.complete(&bytes)?;
        let mut descriptor = self.add_blob(oci::MANIFEST, bytes);
        descriptor
            .annotations
            .insert(oci::REF_NAME.into(), tag.into());
        self.package = Some(descriptor.clone());
        Ok(descriptor)
    }

    /// Adds the manifest of what refers to the package: a signature. One that is there already
    /// stays the only one.
    ///
    /// # Errors
    /// If it is no image manifest, names a blob that was not added, refers to something else, or is
    /// one too many.
    pub fn add_referrer(&mut self, bytes: Vec<u8>) -> Result<Descriptor, LayoutError> {
        let manifest = self.complete(&bytes)?;
        let package = self.package.as_ref().ok_or_else(no_package)?;
        expect_subject(&manifest, Digest::of(&bytes), package)?;
        let subject = package.digest;
        // As a registry would list it (distribution specification 1.1, listing referrers).
        let listed = Descriptor {
            artifact_type: manifest.artifact_type.or(Some(manifest.config.media_type)),
            annotations: manifest.annotations,
            ..self.add_blob(oci::MANIFEST, bytes)
        };
        if self.referrers.contains(&listed) {
            return Ok(listed);
        }
        self.referrers.push(listed.clone());
        if oci::is_too_long(&self.referrers) {
            let found = self.referrers.len();
            return Err(LayoutError::Referrers { subject, found });
        }
        Ok(listed)
    }

    /// Takes over a manifest and the blobs that it names, and gives its bytes.
    fn adopt(&mut self, layout: &Layout, descriptor: &Descriptor) -> Result<Vec<u8>, LayoutError> {
        let (manifest, bytes) = layout.manifest(descriptor)?;
        for blob in iter::once(&manifest.config).chain(&manifest.layers) {
            let part = Part::Stored(layout.blob(blob)?);
            self.parts.entry(blob.digest).or_insert(part);
        }
        self.add_blob(oci::MANIFEST, bytes.clone());
        Ok(bytes)
    }

    /// Reads a manifest all of whose blobs are here.
    pub(super) fn complete(&self, bytes: &[u8]) -> Result<Manifest, LayoutError> {
        let manifest = json::manifest(NEW, "the manifest", bytes)?;
        for blob in iter::once(&manifest.config).chain(&manifest.layers) {
            if !self.parts.contains_key(&blob.digest) {
                return Err(LayoutError::Missing {
                    path: NEW.into(),
                    part: blob_name(&blob.digest),
                });
            }
        }
        Ok(manifest)
    }

    /// The indexes over all that was added.
    pub(super) fn indexes(&self) -> Result<Indexes, LayoutError> {
        let mut entries = vec![self.package.clone().ok_or_else(no_package)?];
        let mut listed = None;
        if !self.referrers.is_empty() {
            let bytes = oci::to_json(&Index::new(self.referrers.clone()));
            let mut descriptor = Descriptor::of(oci::INDEX, &bytes);
            let tag = oci::referrers_tag(&entries[0].digest);
            descriptor.annotations.insert(oci::REF_NAME.into(), tag);
            listed = Some((descriptor.digest, Part::Bytes(bytes)));
            entries.push(descriptor);
        }
        entries.extend(self.datasets.iter().cloned());
        Ok(Indexes { entries, listed })
    }
}

/// A part of what is not a layout yet, in messages.
const NEW: &str = "the new package";

impl Part {
    pub(super) fn open(&self) -> io::Result<(u64, Box<dyn Read + '_>)> {
        match self {
            Self::Bytes(bytes) => Ok((bytes.len() as u64, Box::new(bytes.as_slice()))),
            Self::Stored(blob) => Ok((blob.len(), Box::new(blob.try_clone()?))),
        }
    }
}

fn no_package() -> LayoutError {
    LayoutError::Packages {
        path: NEW.into(),
        found: "none",
    }
}

fn expect_subject(
    manifest: &Manifest,
    digest: Digest,
    package: &Descriptor,
) -> Result<(), LayoutError> {
    let subject = manifest.subject.as_ref();
    if subject.is_some_and(|it| it.digest == package.digest && it.size == package.size) {
        return Ok(());
    }
    Err(LayoutError::Subject {
        manifest: digest,
        expected: package.digest,
    })
}
