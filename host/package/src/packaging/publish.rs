//! Packages on their way: from a file to a registry, and back to a file.

use std::path::PathBuf;

use super::{PackageAccess, PackagingError};
use crate::artifact;
use crate::layout::{Bytes, Contents, Layout, write_tar};
use crate::manifest::claimed;
use crate::oci::{self, Descriptor};
use crate::registry::{Content, Registry};
use crate::verify::{Package, VerifyError};
use dyno_plugin::{Digest, Reference, Target};

/// A package in a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// Where it is, with its tag and digest.
    pub reference: Reference,
    /// How many signatures went with it.
    pub signatures: usize,
}

impl PackageAccess {
    /// Pushes a package file with its signatures and datasets: under the reference's tag, or else
    /// its version. It is verified by the host that pulls it.
    ///
    /// # Errors
    /// If the file is not a package, or the registry does not take it.
    pub async fn push(
        &self,
        layout: &Layout,
        reference: &Reference,
    ) -> Result<Pushed, PackagingError> {
        if self.offline {
            return Err(PackagingError::Offline(reference.to_string()));
        }
        let refused = |error: VerifyError| PackagingError::Verify {
            named: reference.to_string(),
            error: Box::new(error),
        };
        let package = layout.package()?;
        let bytes = layout.read(&package, oci::MANIFEST_BYTES_MAX)?;
        let manifest = artifact::read(&bytes).map_err(|error| refused(error.into()))?;
        let release =
            claimed(&manifest.annotations).ok_or_else(|| refused(VerifyError::Nameless))?;
        let contents = Contents::of(layout)?;
        let registry = Registry::open(self.http()?, reference, &self.registry)?;
        for (descriptor, content) in contents.blobs()? {
            let content = match content {
                Bytes::Memory(bytes) => Content::Bytes(bytes.into()),
                Bytes::File(file, at, bytes) => Content::File(file.into(), at, bytes),
            };
            registry.push_blob(&descriptor, content).await?;
        }
        for bytes in contents.datasets() {
            let target = Target::Digest(Digest::of(&bytes));
            registry
                .push_manifest(&target, oci::MANIFEST, &bytes)
                .await?;
        }
        let tag = reference
            .tag
            .clone()
            .unwrap_or_else(|| release.version.to_string());
        let digest = registry
            .push_manifest(&Target::Tag(tag.clone()), oci::MANIFEST, &bytes)
            .await?;
        let subject = Descriptor::of(oci::MANIFEST, &bytes);
        let referrers = contents.referrers();
        for bytes in &referrers {
            registry.push_referrer(&subject, bytes).await?;
        }
        let mut reference = reference.clone();
        (reference.tag, reference.digest) = (Some(tag), Some(digest));
        Ok(Pushed {
            reference,
            signatures: referrers.len(),
        })
    }

    /// Writes a verified package to a file: the usual one in the working directory, unless
    /// `output` names another.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save(
        &self,
        package: &Package,
        output: Option<PathBuf>,
    ) -> Result<PathBuf, PackagingError> {
        let path = output.unwrap_or_else(|| package.content.about.release.file_name().into());
        write_tar(&path, &package.contents()?, 0)?;
        Ok(path)
    }
}
