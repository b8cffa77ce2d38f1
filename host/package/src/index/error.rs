//! Why an index cannot be used, one sentence each: which check failed, what was expected, what was
//! found.

use dyno_model::{Classify, Fault};
use std::path::PathBuf;

use jiff::Timestamp;
use tough::TransportErrorKind;
use tough::error::Error as Tough;

use dyno_model::quoted::quoted;

/// An index cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// A file of ours cannot be read or written.
    #[error("{path}", path = path.display().to_string().escape_debug())]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file cannot be fetched, or something else came than was asked for.
    #[error("{sentence}")]
    Fetch {
        /// Why, and from where.
        sentence: String,
        /// Whose fault that is.
        fault: Fault,
    },
    /// A file is not there.
    #[error("the index has no metadata/{0}")]
    Missing(String),
    /// A file is larger than any honest one.
    #[error("{file} of the index is larger than {limit} bytes, which is more than is read")]
    TooLarge {
        /// Which one.
        file: String,
        /// The limit, bytes.
        limit: u64,
    },
    /// The root that the user trusts is no good.
    #[error("the trusted root is not a root that is signed by its own keys: {0}")]
    TrustedRoot(String),
    /// Too few keys signed.
    #[error("the {role} metadata of the index is not signed as the trusted root demands: {reason}")]
    Signature {
        /// Of which role.
        role: String,
        /// How many of how many.
        reason: String,
    },
    /// Something older than what was seen before.
    #[error("the index was rolled back: {0}")]
    Rollback(String),
    /// Two files that do not belong together.
    #[error("the files of the index do not belong together: {0}")]
    Mismatch(String),
    /// Not renewed in time, or an attacker shows us an old one.
    #[error(
        "the index has expired: its {file} was good until {at}; whoever keeps it must sign it anew"
    )]
    Expired {
        /// Which file.
        file: String,
        /// Until when it was good.
        at: Timestamp,
    },
    /// Not loaded from the network for too long.
    #[error(
        "the cached copy of the index has expired: its {file} was good until {at}; go online to renew it"
    )]
    ExpiredCopy {
        /// Which file.
        file: String,
        /// Until when it was good.
        at: Timestamp,
    },
    /// The clock stands before the time at which the index was last loaded.
    #[error(
        "the clock says {now}, and said {known} when the index was last loaded: it must not go back"
    )]
    Clock {
        /// What it says.
        now: Timestamp,
        /// What it said.
        known: Timestamp,
    },
    /// A namespace lists what is not its own.
    #[error("a namespace of the index lists what only another may: {0}")]
    Namespace(String),
    /// It is not as metadata must be.
    #[error("the metadata of the index is not in order: {0}")]
    Malformed(String),
}

impl Classify for IndexError {
    /// The index's, unless it could not be had.
    fn fault(&self) -> Fault {
        match self {
            Self::Io { .. } => Fault::Host,
            Self::Fetch { fault, .. } => *fault,
            _ => Fault::Refused,
        }
    }
}

impl From<Tough> for IndexError {
    fn from(error: Tough) -> Self {
        let sentence = |error: &dyn std::fmt::Display| quoted(&error.to_string());
        match error {
            Tough::ParseTrustedMetadata { source, .. } => Self::TrustedRoot(sentence(&source)),
            Tough::VerifyTrustedMetadata { source, .. } => Self::TrustedRoot(sentence(&source)),
            Tough::VerifyMetadata { role, source, .. } => Self::Signature {
                role: role.to_string(),
                reason: sentence(&source),
            },
            Tough::OlderMetadata { .. }
            | Tough::OlderSnapshotInTimestamp { .. }
            | Tough::SnapshotRoleRollback { .. }
            | Tough::SnapshotRoleMissing { .. } => Self::Rollback(sentence(&error)),
            Tough::VersionMismatch { .. } => Self::Mismatch(sentence(&error)),
            // The file and the time are put in by who has the files.
            Tough::ExpiredMetadata { role, .. } => Self::Expired {
                file: role.to_string(),
                at: Timestamp::UNIX_EPOCH,
            },
            Tough::SystemTimeSteppedBackward {
                sys_time,
                latest_known_time,
            } => Self::Clock {
                now: sys_time,
                known: latest_known_time,
            },
            Tough::InvalidPath { source } => Self::Namespace(sentence(&source)),
            Tough::Transport { source, .. } => Self::of_transport(&source),
            other => Self::Malformed(sentence(&other)),
        }
    }
}

impl IndexError {
    fn of_transport(error: &tough::TransportError) -> Self {
        if error.kind() == TransportErrorKind::FileNotFound {
            return Self::Missing(file_name(error.url()));
        }
        let cause = std::error::Error::source(error);
        match cause.and_then(|cause| cause.downcast_ref::<Tough>()) {
            Some(Tough::HashMismatch { .. }) => Self::Mismatch(format!(
                "{} does not hash to what the file that pins it says",
                file_name(error.url())
            )),
            // What exceeds our own limits never comes here.
            Some(Tough::MaxSizeExceeded { max_size, .. }) => Self::Mismatch(format!(
                "{} is longer than the {max_size} bytes that the file that pins it says",
                file_name(error.url())
            )),
            _ => Self::Malformed(quoted(&error.to_string())),
        }
    }
}

/// The last part of a URL, which is the file of the index.
fn file_name(url: &str) -> String {
    quoted(url.rsplit('/').next().unwrap_or(url))
}
