//! The changes that take trust away: of a publisher, of one of its keys or identities, of the pin
//! of a release, of an index. None of them makes a package count that did not: fewer keys than have
//! to sign are refused, and a revoked key stays known as one.

use std::num::NonZeroU32;

use toml_edit::DocumentMut;

use super::change::expect_enough;
use super::policy::Policy;
use super::{Trust, TrustError, edit};
use crate::key::Fingerprint;
use crate::keyless::Identity;
use dyno_model::quoted::quoted;
use dyno_plugin::id::Release;

impl Trust {
    /// Trusts a publisher no longer: its namespaces have no publisher then. Its revoked keys stay
    /// revoked.
    ///
    /// # Errors
    /// If there is none, or the policy cannot be changed.
    pub fn remove_publisher(&mut self, name: &str) -> Result<(), TrustError> {
        self.change(|policy, document| {
            if !policy.publishers.iter().any(|it| it.name == name) {
                return Err(absent("publisher", name));
            }
            edit::remove_publisher(document, name)
        })
    }

    /// Removes a key from its publisher, which needs this many signatures from then on, if that is
    /// said. Unlike a revoked key it may be added again.
    ///
    /// # Errors
    /// If no publisher has it, it was revoked, its publisher would have fewer keys left than have
    /// to sign, or the policy cannot be changed.
    pub fn remove_key(
        &mut self,
        fingerprint: &Fingerprint,
        threshold: Option<NonZeroU32>,
    ) -> Result<(), TrustError> {
        self.change(|policy, document| {
            let (publisher, key) = policy
                .key(fingerprint)
                .ok_or(TrustError::NoKey(*fingerprint))?;
            if key.revoked.is_some() {
                return Err(TrustError::RevokedKey(*fingerprint));
            }
            edit::remove_key(document, fingerprint)?;
            with_threshold(document, &publisher.name, threshold)
        })
    }

    /// The same for an identity.
    ///
    /// # Errors
    /// As [`Trust::remove_key`].
    pub fn remove_identity(
        &mut self,
        identity: &Identity,
        threshold: Option<NonZeroU32>,
    ) -> Result<(), TrustError> {
        self.change(|policy, document| {
            let mut publishers = policy.publishers.iter();
            let publisher = publishers
                .find(|it| it.identities.contains(identity))
                .ok_or_else(|| absent("identity", &identity.subject))?;
            edit::remove_identity(document, identity)?;
            with_threshold(document, &publisher.name, threshold)
        })
    }

    /// Lets a release have any manifest that its publisher signs.
    ///
    /// # Errors
    /// If it is not pinned, or the policy cannot be changed.
    pub fn unpin(&mut self, release: &Release) -> Result<(), TrustError> {
        self.change(|policy: &Policy, document| {
            if !policy.pins.contains_key(release) {
                return Err(absent("pin of", &release.to_string()));
            }
            edit::unpin(document, release);
            Ok(())
        })
    }

    /// Looks into an index no longer. What was seen of it is kept elsewhere, so that it cannot be
    /// rolled back when it is pinned again.
    ///
    /// # Errors
    /// If it is not pinned, or the policy cannot be changed.
    pub fn unpin_index(&mut self, url: &str) -> Result<(), TrustError> {
        self.change(|policy, document| {
            if !policy.indexes.iter().any(|it| it.url == url) {
                return Err(absent("index", url));
            }
            edit::unpin_index(document, url)
        })
    }
}

fn with_threshold(
    document: &mut DocumentMut,
    publisher: &str,
    threshold: Option<NonZeroU32>,
) -> Result<(), TrustError> {
    if let Some(threshold) = threshold {
        edit::threshold(document, publisher, threshold.get())?;
    }
    expect_enough(document, publisher)
}

fn absent(what: &'static str, name: &str) -> TrustError {
    let name = quoted(name);
    TrustError::Absent { what, name }
}
