//! What can be wrong with a layout.

use dyno_model::{Classify, Fault};
use std::io;

use super::ArchiveError;
use crate::oci;
use dyno_plugin::Digest;

/// Why a layout cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// It cannot be opened or read.
    #[error("{path} cannot be read")]
    Read {
        /// Which file or directory.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// It, or what is copied out of it, cannot be written.
    #[error("{path} cannot be written")]
    Write {
        /// Which file or directory.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The file is no tar, or one that no package needs.
    #[error("{path} is not a package file")]
    Archive {
        /// Which file.
        path: String,
        /// What is wrong with it.
        source: ArchiveError,
    },
    /// A part is not there.
    #[error("{path} has no {part}, so it is not a complete OCI image layout")]
    Missing {
        /// Which layout.
        path: String,
        /// Which file in it.
        part: String,
    },
    /// A part is not the JSON that it should be.
    #[error("{part} of {path} is not what it should be: {message}")]
    Json {
        /// Which layout.
        path: String,
        /// Which file in it.
        part: String,
        /// What is wrong.
        message: String,
    },
    /// A part is larger than it may be.
    #[error("{part} of {path} has {actual} bytes, and the limit is {limit}")]
    TooLarge {
        /// Which layout.
        path: String,
        /// Which file in it.
        part: String,
        /// Its size, bytes.
        actual: u64,
        /// The limit, bytes.
        limit: u64,
    },
    /// A blob has another size than its descriptor says.
    #[error("the blob {digest} should have {expected} bytes, and has {found}")]
    Size {
        /// Which blob.
        digest: Digest,
        /// As described, bytes.
        expected: u64,
        /// As it is, bytes; if it came as a stream, more may have followed.
        found: u64,
    },
    /// A blob's bytes do not hash to its name.
    #[error("the bytes of the blob {expected} hash to {found}: it was changed or damaged")]
    Hash {
        /// Its name.
        expected: Digest,
        /// What they hash to.
        found: Digest,
    },
    /// A descriptor names something else than what is looked for.
    #[error("{digest} should be a {expected}, and is described as `{found}`")]
    MediaType {
        /// Which blob.
        digest: Digest,
        /// The media type that it should have.
        expected: &'static str,
        /// The one that it has.
        found: String,
    },
    /// No entry of the index has the tag, or more than one.
    #[error("the tag `{tag}` should stand once in the index of {path}, and stands {found} times")]
    Tag {
        /// Which layout.
        path: String,
        /// The tag.
        tag: String,
        /// How often it is there.
        found: usize,
    },
    /// It does not hold exactly one package.
    #[error("{path} should hold one package, and holds {found}")]
    Packages {
        /// Which layout.
        path: String,
        /// `none` or `more`.
        found: &'static str,
    },
    /// More manifests refer to one than anybody needs.
    #[error(
        "{found} manifests refer to {subject}, and the limit is {}",
        oci::REFERRERS_MAX
    )]
    Referrers {
        /// To which they refer.
        subject: Digest,
        /// How many.
        found: usize,
    },
    /// A manifest that should refer to the package refers to another, or to none.
    #[error("the manifest {manifest} should refer to the package {expected}, and does not")]
    Subject {
        /// The manifest.
        manifest: Digest,
        /// The package's.
        expected: Digest,
    },
}

impl Classify for LayoutError {
    /// A file that cannot be read or written is not a bad one.
    fn fault(&self) -> Fault {
        match self {
            Self::Read { source, .. } => Fault::of_named_file(source),
            Self::Archive { source, .. } => source.fault(),
            Self::Write { .. } => Fault::Host,
            _ => Fault::Refused,
        }
    }
}
