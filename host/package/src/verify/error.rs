//! Why a package is refused.

use std::io;

use crate::artifact::ArtifactError;
use crate::key::PublicKey;
use crate::layout::LayoutError;
use crate::manifest::ManifestError;
use crate::origin::OriginError;
use crate::signature::SignatureError;
use crate::trust::Refusal;
use dyno_model::{Classify, Fault};
use dyno_plugin::Digest;
use dyno_plugin::id::{Release, Wanted};

/// Why a package is refused.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It cannot be had.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// It is not a package.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// It does not say what it is.
    #[error(
        "its manifest has no annotations `dev.dyno.id` and `org.opencontainers.image.version`, by which it would say what it is"
    )]
    Nameless,
    /// It is on the deny list.
    #[error("{digest} is on the kill list: {reason}")]
    Denied {
        /// The manifest or the component.
        digest: Digest,
        /// Why, in the words of the list.
        reason: String,
    },
    /// It has no signature, and nothing says that it should.
    #[error(
        "{0} is not signed, so nobody answers for it: ask its publisher for a signed package, or accept it as it is with --allow-unsigned"
    )]
    Unsigned(Release),
    /// It has no signature, and its namespace has a publisher.
    #[error("{release} is not signed, and the namespace `{}` belongs to {publisher}: its signature may have been removed; ask {publisher} for the signed package, or accept this one with --allow-unsigned={}", release.id.namespace(), release.id)]
    Stripped {
        /// What it claims to be.
        release: Release,
        /// Who should have signed it.
        publisher: String,
    },
    /// It is signed by an unknown key alone.
    #[error("{release} is signed by the key {fingerprint}, and nobody is trusted for the namespace `{}`: if that is its publisher's key, trust it with `dyno trust add`", release.id.namespace())]
    UnknownSigner {
        /// What it claims to be.
        release: Release,
        /// The key that its signature names: its fingerprint, if the key was there.
        fingerprint: String,
        /// That key, if the signature brought it and it made this signature.
        key: Option<Box<PublicKey>>,
    },
    /// None of its signatures is good.
    #[error("{release}: its signature is refused")]
    Signature {
        /// What it claims to be.
        release: Release,
        /// Why the first of them is not.
        source: Box<SignatureError>,
    },
    /// Its good signatures are not enough.
    #[error("{release} is signed{}, but not as it must be", by_key(.by))]
    Trust {
        /// What it claims to be.
        release: Release,
        /// The unknown key that signed it, or nothing.
        by: String,
        /// Why that is not enough.
        source: Box<Refusal>,
    },
    /// The signature is for something else.
    #[error("the signature is for {signed}, and the package says that it is {claimed}")]
    Replayed {
        /// What was signed.
        signed: Box<Release>,
        /// What the package says.
        claimed: Box<Release>,
    },
    /// It is something else than was asked for.
    #[error("{wanted} was asked for, and this is {found}")]
    NotAsked {
        /// What was asked for.
        wanted: Box<Wanted>,
        /// What it is.
        found: Box<Release>,
    },
    /// It is not what it once was.
    #[error("{release} is pinned to {pinned}, and this is {found}")]
    Pinned {
        /// Which release.
        release: Box<Release>,
        /// The pin.
        pinned: Digest,
        /// What this is.
        found: Digest,
    },
    /// A part is too large to be fetched.
    #[error("its {what} has {actual} bytes, and the limit is {limit}{flag}")]
    TooLarge {
        /// Which part.
        what: String,
        /// The limit, bytes.
        limit: u64,
        /// Its size, bytes.
        actual: u64,
        /// How to raise the limit.
        flag: &'static str,
    },
    /// What it says of itself is no good.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A dataset is not one.
    #[error("its dataset `{name}`")]
    Dataset {
        /// Which.
        name: String,
        /// What is wrong.
        source: ArtifactError,
    },
    /// Its parts do not fit together.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// There is no place for it.
    #[error("it cannot be unpacked")]
    Unpack(#[source] io::Error),
}

impl Classify for VerifyError {
    /// The package's, unless it could not be had or put anywhere.
    fn fault(&self) -> Fault {
        match self {
            Self::Origin(error) => error.fault(),
            Self::Layout(error) => error.fault(),
            Self::Unpack(_) => Fault::Host,
            _ => Fault::Refused,
        }
    }
}

fn by_key(fingerprint: &str) -> String {
    match fingerprint {
        "" => String::new(),
        _ => format!(" by the key {fingerprint}"),
    }
}
