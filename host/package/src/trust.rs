//! Whom the user trusts: `trust/policy.toml` and, beside it, the keys and the root files of indexes
//! that it names by their hashes.
//!
//! ```text
//! open ─► candidates(namespace) ─► (signatures are verified) ─► judge ─► accepted, or why not
//!    └──► add, revoke, kill, pin …: lock, read anew, change, check, replace
//! ```
//!
//! A key is trusted for namespaces, never for everything. What is asked of the user, and where, is
//! the verbs' business; this refuses a change that would silently put one key in the place of
//! another.

mod change;
mod edit;
mod error;
mod files;
mod grant;
mod judge;
mod policy;
mod remove;

#[cfg(test)]
mod remove_tests;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::key::{Fingerprint, PublicKey};
use super::keyless::Identity;
use dyno_model::quoted::quoted_path;
use dyno_plugin::Digest;
use dyno_plugin::id::Release;

pub use error::TrustError;
pub use grant::{Conflict, Grant};
pub use judge::{Accepted, Refusal, Signer};
pub use policy::{Denied, KeyTerms, Policy, Publisher, Revocation, TrustedIndex};

/// The store, below the user's directory.
const DIR: &str = "trust";
const POLICY: &str = "policy.toml";
const KEYS: &str = "keys";
const ROOTS: &str = "roots";

/// A publisher with a key has some 300 bytes: room for three thousand.
const POLICY_BYTES_MAX: u64 = 1 << 20;
/// A public key as PEM has 178 bytes, and perhaps some comment.
const KEY_BYTES_MAX: u64 = 16 << 10;
/// What tough reads of a root file at most, by default.
const ROOT_BYTES_MAX: u64 = 1 << 20;

/// The trust store as it was when it was opened, or changed by this.
#[derive(Debug)]
pub struct Trust {
    dir: PathBuf,
    policy: Policy,
    keys: BTreeMap<Fingerprint, PublicKey>,
    /// The trusted roots of the policy's identities.
    sigstore: BTreeMap<Digest, Vec<u8>>,
}

impl Trust {
    /// Opens the store below `home`. Where there is none, no publisher is trusted.
    ///
    /// # Errors
    /// If it cannot be read, others could write it, or it is not what it should be.
    pub fn open(home: &Path) -> Result<Self, TrustError> {
        let dir = home.join(DIR);
        let (_, policy) = read_policy(&dir)?;
        let keys = read_keys(&dir, &policy)?;
        let sigstore = read_sigstore_roots(&dir, &policy)?;
        Ok(Self {
            dir,
            policy,
            keys,
            sigstore,
        })
    }

    /// All that the policy says.
    #[must_use]
    pub fn list(&self) -> &Policy {
        &self.policy
    }

    /// The keys whose signatures are worth verifying for a namespace, in the order of the policy.
    /// Those that are revoked or out of their time are among them, so that [`Trust::judge`] can
    /// tell.
    #[must_use]
    pub fn candidates(&self, namespace: &str) -> Vec<&PublicKey> {
        let owners = self.policy.owners(namespace);
        owners
            .flat_map(|publisher| &publisher.keys)
            .filter_map(|key| self.keys.get(&key.fingerprint))
            .collect()
    }

    /// All keys, whatever they are for.
    pub fn keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.keys.values()
    }

    /// The identities that are trusted for a namespace, each with the root by which its
    /// certificates are verified.
    pub fn identities<'a>(
        &'a self,
        namespace: &'a str,
    ) -> impl Iterator<Item = (&'a Identity, &'a [u8])> {
        self.policy.owners(namespace).flat_map(|publisher| {
            let root = publisher
                .sigstore_root
                .and_then(|root| self.sigstore.get(&root));
            let identities = publisher.identities.iter();
            identities.filter_map(move |identity| Some((identity, root?.as_slice())))
        })
    }

    /// Whether anybody is trusted for a namespace.
    #[must_use]
    pub fn knows(&self, namespace: &str) -> bool {
        self.policy.owners(namespace).next().is_some()
    }

    /// The publishers of a namespace, as a list in a sentence; none if it has none.
    #[must_use]
    pub fn owners(&self, namespace: &str) -> Option<String> {
        let owners = self.policy.owners(namespace);
        let names: Vec<_> = owners.map(|it| it.name.as_str()).collect();
        Some(names.join(", ")).filter(|names| !names.is_empty())
    }

    /// The publisher that has a key.
    #[must_use]
    pub fn publisher(&self, fingerprint: &Fingerprint) -> Option<&str> {
        let (publisher, _) = self.policy.key(fingerprint)?;
        Some(&publisher.name)
    }

    /// A key of whatever publisher: a signature's hint can name one of another namespace.
    #[must_use]
    pub fn key(&self, fingerprint: &Fingerprint) -> Option<&PublicKey> {
        self.keys.get(fingerprint)
    }

    /// Judges whether the signatures of a package of a namespace are enough. `verified` says by
    /// whom those are that were found valid.
    ///
    /// # Errors
    /// If they are not: why.
    pub fn judge(
        &self,
        namespace: &str,
        verified: &[Signer],
        now: Timestamp,
    ) -> Result<Accepted, Refusal> {
        self.policy.judge(namespace, verified, now)
    }

    /// Whether a manifest or component must not be used, and why.
    #[must_use]
    pub fn denied(&self, digest: &Digest) -> Option<&Denied> {
        self.policy.denied.iter().find(|it| it.digest == *digest)
    }

    /// The one manifest that a release may have.
    #[must_use]
    pub fn pinned(&self, release: &Release) -> Option<Digest> {
        self.policy.pins.get(release).copied()
    }

    /// The bytes of the root file by which an index is known, if it is.
    ///
    /// # Errors
    /// If they cannot be read, or are not those that the policy names.
    pub fn root(&self, url: &str) -> Result<Option<Vec<u8>>, TrustError> {
        let Some(index) = self.policy.indexes.iter().find(|it| it.url == url) else {
            return Ok(None);
        };
        let path = self.root_path(&index.root);
        match files::read(&path, ROOT_BYTES_MAX)? {
            Some(bytes) if Digest::of(&bytes) == index.root => Ok(Some(bytes)),
            _ => Err(foreign(&path, "root file", &index.root.to_string())),
        }
    }

    fn root_path(&self, root: &Digest) -> PathBuf {
        self.dir.join(ROOTS).join(format!("{}.json", root.hex()))
    }
}

fn read_policy(dir: &Path) -> Result<(String, Policy), TrustError> {
    let path = dir.join(POLICY);
    let error = |message| TrustError::Policy {
        path: quoted_path(&path),
        message,
    };
    let bytes = files::read(&path, POLICY_BYTES_MAX)?.unwrap_or_default();
    let text = String::from_utf8(bytes).map_err(|_| error("it is not UTF-8".into()))?;
    let policy = Policy::parse(&text).map_err(error)?;
    Ok((text, policy))
}

/// The keys that the policy names.
fn read_keys(dir: &Path, policy: &Policy) -> Result<BTreeMap<Fingerprint, PublicKey>, TrustError> {
    let terms = policy.publishers.iter().flat_map(|it| &it.keys);
    terms
        .map(|terms| {
            let path = key_path(dir, &terms.fingerprint);
            let bytes = files::read(&path, KEY_BYTES_MAX)?.unwrap_or_default();
            let pem = String::from_utf8(bytes).unwrap_or_default();
            match PublicKey::from_pem(&pem) {
                Ok(key) if key.fingerprint() == terms.fingerprint => Ok((terms.fingerprint, key)),
                _ => Err(foreign(&path, "key", &terms.fingerprint.to_string())),
            }
        })
        .collect()
}

/// The trusted roots that the policy names.
fn read_sigstore_roots(
    dir: &Path,
    policy: &Policy,
) -> Result<BTreeMap<Digest, Vec<u8>>, TrustError> {
    let named = policy.publishers.iter().filter_map(|it| it.sigstore_root);
    named
        .map(|root| {
            let path = dir.join(ROOTS).join(format!("{}.json", root.hex()));
            match files::read(&path, ROOT_BYTES_MAX)? {
                Some(bytes) if Digest::of(&bytes) == root => Ok((root, bytes)),
                _ => Err(foreign(&path, "trusted root", &root.to_string())),
            }
        })
        .collect()
}

fn key_path(dir: &Path, fingerprint: &Fingerprint) -> PathBuf {
    dir.join(KEYS).join(format!("{}.pub", fingerprint.hex()))
}

fn foreign(path: &Path, what: &'static str, expected: &str) -> TrustError {
    TrustError::Foreign {
        path: quoted_path(path),
        what,
        expected: expected.into(),
    }
}

fn listed(namespaces: &BTreeSet<String>) -> String {
    if namespaces.is_empty() {
        return "nothing".into();
    }
    let namespaces: Vec<&str> = namespaces.iter().map(String::as_str).collect();
    namespaces.join(", ")
}
