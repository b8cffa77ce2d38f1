//! What can be wrong with the trust store, or with a change to it.

use dyno_model::{Classify, Fault};
use std::io;

use crate::key::Fingerprint;
use dyno_plugin::Digest;

/// Why the trust store cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// A file of it cannot be read or written.
    #[error("{path}")]
    Io {
        /// Which file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Another user could change it.
    #[error("{path} should be writable by you alone, and has mode {mode:03o} and owner {owner}")]
    Exposed {
        /// Which file or directory.
        path: String,
        /// Its mode.
        mode: u32,
        /// Its owner's user id.
        owner: u32,
    },
    /// A file is larger than such files are.
    #[error("{path} is larger than {limit} bytes")]
    TooLarge {
        /// Which file.
        path: String,
        /// The limit, bytes.
        limit: u64,
    },
    /// The policy is not what it should be. The message shows the line.
    #[error("{path} is not a trust policy: {message}")]
    Policy {
        /// Which file.
        path: String,
        /// Where and what.
        message: String,
    },
    /// A key or root file is not the one that the policy names.
    #[error("{path} should be the {what} {expected} that the policy names, and is not")]
    Foreign {
        /// Which file.
        path: String,
        /// `key` or `root file`.
        what: &'static str,
        /// By what the policy names it.
        expected: String,
    },
    /// A part of the policy has a form that is not edited for the user.
    #[error(
        "`{0}` in the policy is not written as a table of its own, so it must be edited by hand"
    )]
    Form(&'static str),
    /// A value that cannot stand in the policy.
    #[error("{what} `{value}` should be {expected}")]
    Value {
        /// What it is for.
        what: &'static str,
        /// The beginning of it.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// The namespace is another publisher's.
    #[error(
        "the namespace `{namespace}` belongs to {publisher} already: a package of it signed by \
         somebody else may be a forgery (--share trusts both, --replace only the new one)"
    )]
    Taken {
        /// Which.
        namespace: String,
        /// Whose it is.
        publisher: String,
    },
    /// The publisher has another key.
    #[error(
        "{publisher} is known by another key already: a new one may be a forgery (--share trusts \
         both, --replace only the new one)"
    )]
    OtherKey {
        /// Which publisher.
        publisher: String,
    },
    /// The key or identity is another publisher's.
    #[error(
        "{signer} belongs to {publisher} already: --publisher {publisher} adds to what it is trusted for"
    )]
    Elsewhere {
        /// Which key or identity.
        signer: String,
        /// Whose it is.
        publisher: String,
    },
    /// The key was revoked and stays so.
    #[error("the key {0} was revoked, and is not trusted again")]
    RevokedKey(Fingerprint),
    /// No publisher has the key.
    #[error("the policy has no key {0}")]
    NoKey(Fingerprint),
    /// Nothing of this name is trusted.
    #[error("there is no {what} {name}: `dyno trust list` shows what there is")]
    Absent {
        /// `publisher`, `identity`, `pin of` or `index`.
        what: &'static str,
        /// What was asked for.
        name: String,
    },
    /// A publisher would need more signatures than it has keys.
    #[error(
        "{publisher} would have {found} of the {needed} keys that have to sign: name all of its keys at once, set --threshold, or remove {publisher} itself"
    )]
    TooFew {
        /// Which publisher.
        publisher: String,
        /// How many keys and identities it would have.
        found: usize,
        /// How many have to sign.
        needed: u32,
    },
    /// The release has another pin.
    #[error("{release} is pinned to {found}, and not to {asked} (--replace changes that)")]
    Pinned {
        /// Which release.
        release: String,
        /// Its pin.
        found: Digest,
        /// Another one.
        asked: Digest,
    },
    /// The index has another root.
    #[error(
        "the index {url} is known by the root file {found}, and not by {asked} (--replace changes that)"
    )]
    OtherRoot {
        /// Which index.
        url: String,
        /// The root that is trusted.
        found: Digest,
        /// Another one.
        asked: Digest,
    },
}

impl Classify for TrustError {
    /// The user's, if it was a change that cannot be, or not without another word.
    fn fault(&self) -> Fault {
        match self {
            Self::Io { .. } | Self::Exposed { .. } | Self::TooLarge { .. } => Fault::Host,
            Self::Foreign { .. } => Fault::Host,
            Self::NoKey(_) | Self::Absent { .. } => Fault::NotFound,
            _ => Fault::Usage,
        }
    }
}
