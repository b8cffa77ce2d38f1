//! The changes that the user's verbs make to the trust store, and which of them need another word:
//! a key that takes the place of another is what a forger would want. What takes trust away is in
//! `remove.rs`.

use jiff::Timestamp;
use toml_edit::DocumentMut;
use url::Url;

use super::files;
use super::policy::{KeyTerms, Policy, Publisher};
use super::{
    Conflict, Grant, POLICY, POLICY_BYTES_MAX, ROOT_BYTES_MAX, Signer, Trust, TrustError, edit,
    key_path, read_keys, read_policy, read_sigstore_roots,
};
use crate::key::{Fingerprint, PublicKey};
use crate::keyless::{Identity, TRUSTED_ROOT_BYTES_MAX};
use dyno_model::quoted::{quoted, quoted_path};
use dyno_plugin::Digest;
use dyno_plugin::id::{Release, is_part};

/// A reason is a sentence, an issuer or a subject an address, bytes.
const TEXT_BYTES_MAX: usize = 1 << 10;

/// Changes. Each is made whole or not at all, and not lost to another process that makes one at the
/// same time.
impl Trust {
    /// Trusts the keys of one publisher for namespaces, from and until a time if one is given: all
    /// of them and their threshold at once.
    ///
    /// # Errors
    /// If another publisher has one of the namespaces, or the publisher another key, and the grant
    /// does not say what then; if a key is another publisher's, or was revoked; if fewer keys would
    /// be left than have to sign; or if the store cannot be changed.
    pub fn add(
        &mut self,
        keys: &[PublicKey],
        grant: &Grant,
        from: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Result<(), TrustError> {
        let terms = |key: &PublicKey| KeyTerms {
            fingerprint: key.fingerprint(),
            from,
            until,
            revoked: None,
        };
        let terms: Vec<KeyTerms> = keys.iter().map(terms).collect();
        let dir = self.dir.clone();
        self.grant(grant, |policy, document| {
            for KeyTerms { fingerprint, .. } in &terms {
                let known = policy.key(fingerprint).map(|(_, known)| known);
                if known.is_some_and(|known| known.revoked.is_some()) {
                    return Err(TrustError::RevokedKey(*fingerprint));
                }
                expect_granted(policy, grant, &Signer::Key(*fingerprint))?;
            }
            for key in keys {
                files::write(&key_path(&dir, &key.fingerprint()), key.to_pem().as_bytes())?;
            }
            let kept: Vec<Fingerprint> = terms.iter().map(|it| it.fingerprint).collect();
            let table = grant_in(document, grant, &kept)?;
            terms.iter().try_for_each(|terms| edit::key(table, terms))
        })
    }

    /// Trusts a key for one namespace: as one more of its publisher, if it has one, and else as
    /// that of a publisher by the namespace's name.
    ///
    /// # Errors
    /// As [`Trust::add`], if the namespace is another publisher's.
    pub fn add_for(&mut self, key: &PublicKey, namespace: &str) -> Result<(), TrustError> {
        let publisher = self.publisher(&key.fingerprint()).unwrap_or(namespace);
        let grant = Grant {
            publisher: publisher.into(),
            namespaces: [namespace.to_owned()].into(),
            conflict: Conflict::Refuse,
            threshold: None,
        };
        self.add(std::slice::from_ref(key), &grant, None, None)
    }

    /// Trusts the certificates of an account for namespaces, if they are verified by this trusted
    /// root: the bytes of a `trusted_root.json`. A publisher has one for all its identities.
    ///
    /// # Errors
    /// As [`Trust::add`].
    pub fn add_identity(
        &mut self,
        identity: &Identity,
        root: &[u8],
        grant: &Grant,
    ) -> Result<(), TrustError> {
        if root.len() > TRUSTED_ROOT_BYTES_MAX {
            return Err(value_error(
                "the trusted root of",
                &identity.subject,
                "at most 1 MiB",
            ));
        }
        let digest = Digest::of(root);
        let path = self.root_path(&digest);
        expect_text("the issuer", &identity.issuer)?;
        expect_text("the subject", &identity.subject)?;
        self.grant(grant, |policy, document| {
            expect_granted(policy, grant, &Signer::Identity(identity.clone()))?;
            let is_known = owner(policy, &Signer::Identity(identity.clone())).is_some();
            files::write(&path, root)?;
            let table = grant_in(document, grant, &[])?;
            edit::sigstore_root(table, &digest);
            if is_known && grant.conflict != Conflict::Replace {
                return Ok(());
            }
            edit::identity(table, identity)
        })
    }

    /// A change by which a publisher has its threshold, and the keys for that, from one moment on.
    fn grant(
        &mut self,
        grant: &Grant,
        change: impl FnOnce(&Policy, &mut DocumentMut) -> Result<(), TrustError>,
    ) -> Result<(), TrustError> {
        self.change(|policy, document| {
            change(policy, document)?;
            if let Some(threshold) = grant.threshold {
                edit::threshold(document, &grant.publisher, threshold.get())?;
            }
            expect_enough(document, &grant.publisher)
        })
    }

    /// Trusts a key no longer, whatever it signed and whenever. That stays so.
    ///
    /// # Errors
    /// If the policy has no such key, or cannot be changed.
    pub fn revoke(
        &mut self,
        fingerprint: &Fingerprint,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), TrustError> {
        expect_text("the reason", reason)?;
        self.change(|policy, document| match policy.key(fingerprint) {
            None => Err(TrustError::NoKey(*fingerprint)),
            // The first time and reason stay.
            Some((_, key)) if key.revoked.is_some() => Ok(()),
            Some(_) => edit::revoke(document, fingerprint, at, reason),
        })
    }

    /// Never uses a manifest or component again, whichever key signed it.
    ///
    /// # Errors
    /// If the policy cannot be changed.
    pub fn deny(&mut self, digest: &Digest, reason: &str) -> Result<(), TrustError> {
        expect_text("the reason", reason)?;
        self.change(|policy, document| {
            if policy.denied.iter().any(|it| it.digest == *digest) {
                return Ok(());
            }
            edit::deny(document, digest, reason)
        })
    }

    /// Lets a release have one manifest only.
    ///
    /// # Errors
    /// If it is pinned to another and that is not to be replaced, or the policy cannot be changed.
    pub fn pin(
        &mut self,
        release: &Release,
        digest: &Digest,
        conflict: Conflict,
    ) -> Result<(), TrustError> {
        self.change(|policy, document| match policy.pins.get(release) {
            Some(found) if found == digest => Ok(()),
            Some(found) if conflict != Conflict::Replace => Err(TrustError::Pinned {
                release: release.to_string(),
                found: *found,
                asked: *digest,
            }),
            _ => edit::pin(document, release, digest),
        })
    }

    /// Knows an index by the bytes of its trusted root file. What they say is not looked at here.
    ///
    /// # Errors
    /// If it is no URL of an index, is known by another root and that is not to be replaced, or the
    /// store cannot be changed.
    pub fn pin_index(
        &mut self,
        url: &str,
        root: &[u8],
        conflict: Conflict,
    ) -> Result<(), TrustError> {
        expect_index(url, root)?;
        let asked = Digest::of(root);
        let path = self.root_path(&asked);
        self.change(|policy, document| {
            let known = policy.indexes.iter().find(|it| it.url == url);
            match known.map(|known| known.root) {
                Some(found) if found != asked && conflict != Conflict::Replace => {
                    let url = url.into();
                    Err(TrustError::OtherRoot { url, found, asked })
                }
                _ => {
                    files::write(&path, root)?;
                    edit::index(document, url, &asked)
                }
            }
        })
    }

    pub(super) fn change(
        &mut self,
        change: impl FnOnce(&Policy, &mut DocumentMut) -> Result<(), TrustError>,
    ) -> Result<(), TrustError> {
        let _lock = files::lock(&self.dir)?;
        let (text, policy) = read_policy(&self.dir)?;
        let path = self.dir.join(POLICY);
        let error = |message| TrustError::Policy {
            path: quoted_path(&path),
            message,
        };
        let mut document: DocumentMut = text
            .parse()
            .map_err(|source: toml_edit::TomlError| error(source.to_string()))?;
        change(&policy, &mut document)?;
        let changed = document.to_string();
        // What could not be read again must not be written.
        let policy = Policy::parse(&changed).map_err(error)?;
        let keys = read_keys(&self.dir, &policy)?;
        if changed.len() as u64 > POLICY_BYTES_MAX {
            let (path, limit) = (quoted_path(&path), POLICY_BYTES_MAX);
            return Err(TrustError::TooLarge { path, limit });
        }
        if changed != text {
            files::write(&path, changed.as_bytes())?;
        }
        self.sigstore = read_sigstore_roots(&self.dir, &policy)?;
        (self.policy, self.keys) = (policy, keys);
        Ok(())
    }
}

/// Whether a grant takes nothing from anybody, or says that it may.
fn expect_granted(policy: &Policy, grant: &Grant, signer: &Signer) -> Result<(), TrustError> {
    let parts = [&grant.publisher].into_iter().chain(&grant.namespaces);
    for part in parts {
        if !is_part(part) {
            return Err(value_error(
                "the name",
                part,
                "1 to 64 of a-z, 0-9 and single `-` between them",
            ));
        }
    }
    if grant.namespaces.is_empty() {
        return Err(value_error("the list of namespaces", "", "one or more"));
    }
    let publisher = owner(policy, signer);
    if let Some(other) = publisher.filter(|it| it.name != grant.publisher) {
        return Err(TrustError::Elsewhere {
            signer: signer.to_string(),
            publisher: other.name.clone(),
        });
    }
    if grant.conflict != Conflict::Refuse {
        return Ok(());
    }
    for namespace in &grant.namespaces {
        let mut others = policy.owners(namespace);
        if let Some(other) = others.find(|it| it.name != grant.publisher) {
            return Err(TrustError::Taken {
                namespace: namespace.clone(),
                publisher: other.name.clone(),
            });
        }
    }
    let mut publishers = policy.publishers.iter();
    let known = publishers.find(|it| it.name == grant.publisher);
    if publisher.is_none() && known.is_some_and(|it| it.signers() > 0) {
        let publisher = grant.publisher.clone();
        return Err(TrustError::OtherKey { publisher });
    }
    Ok(())
}

/// That a publisher's packages can be accepted: it has as many keys and identities as have to sign.
pub(super) fn expect_enough(document: &DocumentMut, publisher: &str) -> Result<(), TrustError> {
    // As it will be read, and not as it was. What cannot be read is told of by who writes it.
    let Ok(policy) = Policy::parse(&document.to_string()) else {
        return Ok(());
    };
    match policy.publishers.iter().find(|it| it.name == publisher) {
        Some(it) if it.signers() < it.threshold.get() as usize => Err(TrustError::TooFew {
            publisher: publisher.into(),
            found: it.signers(),
            needed: it.threshold.get(),
        }),
        _ => Ok(()),
    }
}

/// Whose key or identity it is.
fn owner<'a>(policy: &'a Policy, signer: &Signer) -> Option<&'a Publisher> {
    match signer {
        Signer::Key(fingerprint) => policy.key(fingerprint).map(|(publisher, _)| publisher),
        Signer::Identity(identity) => {
            let mut publishers = policy.publishers.iter();
            publishers.find(|publisher| publisher.identities.contains(identity))
        }
    }
}

/// The publisher's table, and what a grant does to the others and to its former keys.
fn grant_in<'a>(
    document: &'a mut DocumentMut,
    grant: &Grant,
    keys: &[Fingerprint],
) -> Result<&'a mut toml_edit::Table, TrustError> {
    let is_replacing = grant.conflict == Conflict::Replace;
    if is_replacing {
        edit::take_away(document, &grant.namespaces, &grant.publisher)?;
    }
    let table = edit::publisher(document, grant)?;
    if is_replacing {
        edit::retire(table, keys)?;
    }
    Ok(table)
}

fn expect_index(url: &str, root: &[u8]) -> Result<(), TrustError> {
    let is_index = |url: Url| ["https", "http"].contains(&url.scheme());
    let is_dir = url.starts_with('/') && !url.contains(char::is_control);
    if url.len() > TEXT_BYTES_MAX || !(is_dir || Url::parse(url).is_ok_and(is_index)) {
        let expected = "a URL with https or http, or the path of a directory";
        return Err(value_error("the index", url, expected));
    }
    if root.len() as u64 > ROOT_BYTES_MAX {
        return Err(value_error("the root file of", url, "at most 1 MiB"));
    }
    Ok(())
}

/// A text that goes into the policy, and from there into messages.
fn expect_text(what: &'static str, text: &str) -> Result<(), TrustError> {
    let is_plain = |text: &str| !text.is_empty() && !text.contains(char::is_control);
    if text.len() <= TEXT_BYTES_MAX && is_plain(text) {
        return Ok(());
    }
    Err(value_error(
        what,
        text,
        "one line of at most 1024 bytes without control characters",
    ))
}

fn value_error(what: &'static str, value: &str, expected: &'static str) -> TrustError {
    TrustError::Value {
        what,
        value: quoted(value),
        expected,
    }
}
