//! Where the bytes of a package come from: a file, the store of installed packages, or a registry.
//! Whatever it is, nothing that comes out of it is believed.

use dyno_model::{Classify, Fault};
use std::io::Write;

use super::layout::{Layout, LayoutError};
use super::oci::Descriptor;
use super::registry::{Registry, RegistryError};
use dyno_plugin::{Digest, Reference, ReferenceError, Target};

/// Somewhere that has packages.
#[derive(Debug)]
pub enum Origin {
    /// A package file, or the store.
    Layout(Layout),
    /// A repository in a registry.
    Registry(Box<Registry>, Reference),
}

/// What cannot be had from there.
#[derive(Debug, thiserror::Error)]
pub enum OriginError {
    /// Of a file.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// Of a registry.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// Of a name in one.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// A blob is larger than it may be.
    #[error("{digest} should have at most {limit} bytes, and is described as {actual}")]
    TooLarge {
        /// Which blob.
        digest: Digest,
        /// The limit, bytes.
        limit: u64,
        /// Its size, bytes.
        actual: u64,
    },
}

impl Classify for OriginError {
    /// That of what it came from.
    fn fault(&self) -> Fault {
        match self {
            Self::Layout(error) => error.fault(),
            Self::Registry(error) => error.fault(),
            Self::Reference(error) => error.fault(),
            Self::TooLarge { .. } => Fault::Refused,
        }
    }
}

/// Which manifest is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The only package in a file, or what a reference says.
    Only,
    /// The one that hashes to this.
    Digest(Digest),
}

impl Origin {
    /// The bytes of a manifest, and what they hash to.
    ///
    /// # Errors
    /// If there is none or more than one, or it is too large.
    pub async fn manifest(&self, which: &Which) -> Result<(Digest, Vec<u8>), OriginError> {
        match self {
            Self::Layout(layout) => {
                let descriptor = match which {
                    Which::Only => layout.package()?,
                    Which::Digest(digest) => layout.find(digest)?,
                };
                let bytes = layout.read(&descriptor, super::oci::MANIFEST_BYTES_MAX)?;
                Ok((descriptor.digest, bytes))
            }
            Self::Registry(registry, reference) => {
                let target = match which {
                    Which::Only => reference.target()?,
                    Which::Digest(digest) => Target::Digest(*digest),
                };
                let (bytes, digest) = registry.manifest(&target).await?;
                Ok((digest, bytes))
            }
        }
    }

    /// What refers to a manifest: its signatures, and whatever else.
    ///
    /// # Errors
    /// If there is more than anybody has to look at.
    pub async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, OriginError> {
        match self {
            Self::Layout(layout) => Ok(layout.referrers(subject)?),
            Self::Registry(registry, _) => Ok(registry.referrers(subject).await?),
        }
    }

    /// A manifest that something described.
    ///
    /// # Errors
    /// If it is not there, too large, or other bytes.
    pub async fn described(&self, descriptor: &Descriptor) -> Result<Vec<u8>, OriginError> {
        match self {
            Self::Layout(layout) => Ok(layout.read(descriptor, super::oci::MANIFEST_BYTES_MAX)?),
            Self::Registry(registry, _) => {
                let (bytes, _) = registry
                    .manifest(&Target::Digest(descriptor.digest))
                    .await?;
                Ok(bytes)
            }
        }
    }

    /// A short blob.
    ///
    /// # Errors
    /// If it is not there, larger than `limit` bytes, or other bytes than described.
    pub async fn read(&self, descriptor: &Descriptor, limit: u64) -> Result<Vec<u8>, OriginError> {
        match self {
            Self::Layout(layout) => Ok(layout.read(descriptor, limit)?),
            Self::Registry(registry, _) => {
                if descriptor.size > limit {
                    let Descriptor { digest, size, .. } = *descriptor;
                    return Err(OriginError::TooLarge {
                        digest,
                        limit,
                        actual: size,
                    });
                }
                let mut bytes = Vec::new();
                registry.blob(descriptor, &mut bytes).await?;
                Ok(bytes)
            }
        }
    }

    /// Copies a blob, hashed on its way, and no byte more than described.
    ///
    /// # Errors
    /// If it is not there, or other bytes than described.
    pub async fn copy(
        &self,
        descriptor: &Descriptor,
        to: &mut impl Write,
    ) -> Result<(), OriginError> {
        match self {
            Self::Layout(layout) => Ok(layout.copy(descriptor, to)?),
            Self::Registry(registry, _) => Ok(registry.blob(descriptor, to).await?),
        }
    }
}
