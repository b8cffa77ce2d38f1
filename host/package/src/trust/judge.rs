//! The decision: whether the valid signatures of a package are enough for its namespace.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;

use super::listed;
use super::policy::{Policy, Publisher};
use crate::key::Fingerprint;
use crate::keyless::Identity;
use dyno_model::quoted::quoted;

/// By whom a valid signature is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signer {
    /// The holder of this key.
    Key(Fingerprint),
    /// The holder of this account.
    Identity(Identity),
}

impl fmt::Display for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(fingerprint) => write!(f, "the key {fingerprint}"),
            Self::Identity(Identity { issuer, subject }) => {
                write!(f, "the identity {} of {}", quoted(subject), quoted(issuer))
            }
        }
    }
}

/// That a package may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Whose it is.
    pub publisher: String,
    /// Whose signatures counted, each once.
    pub signers: BTreeSet<Signer>,
}

impl fmt::Display for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signers: Vec<_> = self.signers.iter().map(ToString::to_string).collect();
        write!(f, "{} with {}", self.publisher, signers.join(" and "))
    }
}

/// Why the signatures of a package are not enough.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The namespace is new here.
    #[error("nobody is trusted for the namespace `{namespace}`")]
    Unknown {
        /// Which.
        namespace: String,
    },
    /// No valid signature is by a publisher who is known here.
    #[error(
        "no valid signature is by a key that is trusted for the namespace `{namespace}`, which \
         belongs to {publishers}"
    )]
    Untrusted {
        /// Of the package.
        namespace: String,
        /// Who should have signed it.
        publishers: String,
    },
    /// It is signed by another publisher's key.
    #[error(
        "{signer} is trusted for {namespaces} ({publisher}), and not for the namespace `{namespace}`"
    )]
    OtherNamespace {
        /// Who signed.
        signer: Signer,
        /// Whose key that is.
        publisher: String,
        /// What it may sign.
        namespaces: String,
        /// What it did sign.
        namespace: String,
    },
    /// The key was revoked; when the signature was made does not matter.
    #[error("{signer} was revoked at {at}: {reason}", reason = quoted(reason))]
    Revoked {
        /// Who signed.
        signer: Signer,
        /// When the user revoked it.
        at: Timestamp,
        /// Why.
        reason: String,
    },
    /// The key counts no longer.
    #[error("{signer} was valid until {until}")]
    Expired {
        /// Who signed.
        signer: Signer,
        /// The end of its validity.
        until: Timestamp,
    },
    /// The key does not count yet.
    #[error("{signer} is valid from {from}")]
    NotYet {
        /// Who signed.
        signer: Signer,
        /// The beginning of its validity.
        from: Timestamp,
    },
    /// Too few have signed.
    #[error("{found} of the {needed} keys that {publisher} needs have signed")]
    Threshold {
        /// Who should have signed.
        publisher: String,
        /// How many valid keys have.
        found: usize,
        /// How many must.
        needed: usize,
    },
}

impl Policy {
    /// Judges by whom the signatures of a package are that were found valid: `verified`, in any
    /// order, and as often as they signed.
    pub(super) fn judge(
        &self,
        namespace: &str,
        verified: &[Signer],
        now: Timestamp,
    ) -> Result<Accepted, Refusal> {
        let signers: BTreeSet<&Signer> = verified.iter().collect();
        let mut best: Option<Refusal> = None;
        let mut owners = Vec::new();
        for publisher in self.owners(namespace) {
            owners.push(publisher.name.as_str());
            let needed = publisher.threshold.get() as usize;
            let good: BTreeSet<Signer> = signers
                .iter()
                .filter(|signer| publisher.vouches(signer, now) == Some(Ok(())))
                .map(|signer| (*signer).clone())
                .collect();
            if good.len() >= needed {
                return Ok(Accepted {
                    publisher: publisher.name.clone(),
                    signers: good,
                });
            }
            if !good.is_empty() {
                best.get_or_insert(Refusal::Threshold {
                    publisher: publisher.name.clone(),
                    found: good.len(),
                    needed,
                });
            }
        }
        if owners.is_empty() {
            let namespace = namespace.into();
            return Err(Refusal::Unknown { namespace });
        }
        let mut faults: Vec<Refusal> = Vec::new();
        for signer in signers {
            faults.extend(self.fault(namespace, signer, now));
        }
        faults.sort_by_key(Refusal::rank);
        Err(best
            .or_else(|| faults.into_iter().next())
            .unwrap_or_else(|| Refusal::Untrusted {
                namespace: namespace.into(),
                publishers: owners.join(", "),
            }))
    }

    /// What is wrong with one signer that is known.
    fn fault(&self, namespace: &str, signer: &Signer, now: Timestamp) -> Option<Refusal> {
        self.publishers.iter().find_map(|publisher| {
            let terms = publisher.vouches(signer, now)?;
            if publisher.namespaces.contains(namespace) {
                return terms.err();
            }
            Some(Refusal::OtherNamespace {
                signer: signer.clone(),
                publisher: publisher.name.clone(),
                namespaces: listed(&publisher.namespaces),
                namespace: namespace.into(),
            })
        })
    }
}

impl Publisher {
    /// Whether a signer is one of it, and counts now.
    fn vouches(&self, signer: &Signer, now: Timestamp) -> Option<Result<(), Refusal>> {
        let fingerprint = match signer {
            Signer::Identity(identity) => {
                return self.identities.contains(identity).then_some(Ok(()));
            }
            Signer::Key(fingerprint) => fingerprint,
        };
        let key = self
            .keys
            .iter()
            .find(|key| key.fingerprint == *fingerprint)?;
        let signer = signer.clone();
        Some(match (&key.revoked, key.from, key.until) {
            (Some(revoked), ..) => Err(Refusal::Revoked {
                signer,
                at: revoked.at,
                reason: revoked.reason.clone(),
            }),
            (None, _, Some(until)) if now >= until => Err(Refusal::Expired { signer, until }),
            (None, Some(from), _) if now < from => Err(Refusal::NotYet { signer, from }),
            _ => Ok(()),
        })
    }
}

impl Refusal {
    /// Which of several is told: the one that worries most.
    fn rank(&self) -> u8 {
        match self {
            Self::Revoked { .. } => 0,
            Self::OtherNamespace { .. } => 1,
            Self::Expired { .. } => 2,
            Self::NotYet { .. } => 3,
            Self::Threshold { .. } | Self::Untrusted { .. } | Self::Unknown { .. } => 4,
        }
    }
}

#[cfg(test)]
mod tests;
