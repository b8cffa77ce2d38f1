//! Why an index cannot be changed or signed.

use dyno_model::{Classify, Fault};
use jiff::Timestamp;

use crate::index::{EntryError, IndexError};
use crate::key::Fingerprint;
use dyno_plugin::Digest;
use dyno_plugin::id::Release;

/// An index cannot be changed or signed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// It cannot be read or written.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// Another process has it open.
    #[error("the index in {0} is being changed by another process")]
    Busy(String),
    /// There is an index already.
    #[error("{0} holds an index already")]
    Exists(String),
    /// The release cannot be listed as it is.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// A key is not what TUF can hold.
    #[error("a public key is not an ECDSA P-256 key in PEM form")]
    Key,
    /// More keys must sign than there are, or none.
    #[error("{threshold} of {keys} keys cannot sign: at least one must, and at most all")]
    Threshold {
        /// How many must.
        threshold: u64,
        /// How many there are.
        keys: usize,
    },
    /// Not a namespace, or the name of a role that TUF has itself.
    #[error(
        "`{0}` cannot be a namespace of an index: it is 1 to 64 of a-z, 0-9 and single `-`, and no role of TUF"
    )]
    Namespace(String),
    /// The key does not sign for the role.
    #[error("the key {key} does not sign for {role}")]
    NoKeeper {
        /// Which role.
        role: String,
        /// Which key.
        key: Fingerprint,
    },
    /// No key may sign for the namespace yet.
    #[error("the index has no keys for the namespace {0}: delegate it first")]
    NotDelegated(String),
    /// What a release is never changes.
    #[error(
        "the index has {release} already, with the manifest {listed}: a release never changes; make a new version"
    )]
    Released {
        /// Which one.
        release: Release,
        /// What it is.
        listed: Digest,
    },
    /// There is no such release.
    #[error("the index has no release {0}")]
    NotReleased(Release),
    /// Keys are missing.
    #[error(
        "the {role} metadata must be signed by {threshold} of its keys, and {given} of them were given: name each with --key"
    )]
    Keys {
        /// Of which role.
        role: String,
        /// How many must sign.
        threshold: u64,
        /// How many could.
        given: usize,
    },
    /// What is not signed now would expire before the timestamp does, and take the index with it.
    #[error(
        "the {role} metadata is good until {at}, and the new timestamp until {until}: renew it too"
    )]
    Short {
        /// Of which role.
        role: String,
        /// Until when it is good.
        at: Timestamp,
        /// Until when the index would be.
        until: Timestamp,
    },
    /// It does not become JSON.
    #[error("the {role} metadata cannot be written: {reason}")]
    Unwritable {
        /// Of which role.
        role: String,
        /// Why.
        reason: String,
    },
}

impl Classify for EditError {
    /// The user's, who named the index and the keys, unless the index itself is no good.
    fn fault(&self) -> Fault {
        match self {
            Self::Index(IndexError::Io { source, .. }) => Fault::of_named_file(source),
            Self::Index(error) => error.fault(),
            Self::Busy(_) | Self::Unwritable { .. } => Fault::Host,
            Self::NotReleased(_) | Self::NotDelegated(_) => Fault::NotFound,
            Self::Entry(_) | Self::Released { .. } => Fault::Refused,
            Self::Exists(_) | Self::Key | Self::Threshold { .. } | Self::Namespace(_) => {
                Fault::Usage
            }
            Self::NoKeeper { .. } | Self::Keys { .. } | Self::Short { .. } => Fault::Usage,
        }
    }
}
