//! Who signed a package: each of its signatures is tried with the keys and identities that the user
//! trusts, and what comes of all of them is judged at once.

use super::{Rules, VerifyError};
use crate::key::{Fingerprint, PublicKey};
use crate::keyless;
use crate::oci::Manifest;
use crate::signature::{self, Bundle, SignatureError, Signed};
use crate::trust::{Accepted, Signer, Trust};
use dyno_model::quoted::quoted;
use dyno_plugin::Digest;
use dyno_plugin::id::Release;

/// Annotation of a signature's manifest: the public key, as PEM. A user who trusts no publisher of
/// a namespace can be asked whether to trust that key; it is never trusted because it stands there.
pub(crate) const KEY_ANNOTATION: &str = "dev.dyno.public-key";

/// A signature as it was found.
#[derive(Debug)]
pub struct Signature {
    /// The bundle, not parsed.
    pub bundle: Vec<u8>,
    /// The manifest that carries it.
    pub manifest: Manifest,
    /// The bytes of that.
    pub bytes: Vec<u8>,
}

/// What became of all signatures of a package.
#[derive(Debug, Default)]
pub struct Signers {
    good: Vec<Signer>,
    replayed: Option<Release>,
    unknown: Option<(String, Option<Box<PublicKey>>)>,
    error: Option<SignatureError>,
}

/// What became of one.
enum Tried {
    Good(Signer, Signed),
    /// By an unknown key: what it is called, and the key if the signature brought it.
    Unknown(String, Option<Box<PublicKey>>),
    Bad(SignatureError),
}

impl Signers {
    /// Tries each signature over the manifest of what claims to be `claimed`.
    #[must_use]
    pub fn of(
        signatures: &[Signature],
        manifest: &Digest,
        claimed: &Release,
        rules: Rules<'_>,
    ) -> Self {
        let mut signers = Self::default();
        for signature in signatures {
            match tried(signature, manifest, claimed, rules.trust) {
                Tried::Good(_, signed) if signed.release() != claimed => {
                    signers.replayed.get_or_insert(signed.release().clone());
                }
                Tried::Good(witness, _) => signers.good.push(witness),
                Tried::Unknown(fingerprint, key) => {
                    signers.unknown.get_or_insert((fingerprint, key));
                }
                Tried::Bad(error) => {
                    signers.error.get_or_insert(error);
                }
            }
        }
        signers
    }

    /// Whether these are enough; none if there is no signature, and none is needed.
    ///
    /// # Errors
    /// What is wrong with them, the gravest first.
    pub fn judge(
        self,
        claimed: &Release,
        rules: Rules<'_>,
    ) -> Result<Option<Accepted>, VerifyError> {
        let namespace = claimed.id.namespace();
        let release = claimed.clone();
        let publisher = rules.trust.owners(namespace);
        let is_allowed = rules
            .allow_unsigned
            .allows(&claimed.id, publisher.is_some());
        if let Some(signed) = self.replayed {
            return Err(VerifyError::Replayed {
                signed: Box::new(signed),
                claimed: Box::new(release),
            });
        }
        // A key that is known elsewhere is as new to this namespace as any other.
        let known_elsewhere = self.good.iter().find_map(|signer| match signer {
            Signer::Key(fingerprint) => rules.trust.key(fingerprint),
            Signer::Identity(_) => None,
        });
        let unknown = self.unknown.or_else(|| {
            let key = known_elsewhere?.clone();
            Some((key.fingerprint().to_string(), Some(Box::new(key))))
        });
        // A publisher is known there, and should have signed.
        let is_signed = !self.good.is_empty() || unknown.is_some();
        if is_signed && publisher.is_some() {
            return match rules.trust.judge(namespace, &self.good, rules.now) {
                Ok(accepted) => Ok(Some(accepted)),
                Err(refusal) => Err(VerifyError::Trust {
                    release,
                    by: match self.good.is_empty() {
                        true => unknown
                            .map(|(fingerprint, _)| fingerprint)
                            .unwrap_or_default(),
                        false => String::new(),
                    },
                    source: Box::new(refusal),
                }),
            };
        }
        match (self.error, unknown) {
            (Some(error), _) => Err(VerifyError::Signature {
                release,
                source: Box::new(error),
            }),
            _ if is_allowed => Ok(None),
            (None, Some((fingerprint, key))) => Err(VerifyError::UnknownSigner {
                release,
                fingerprint,
                key,
            }),
            (None, None) => Err(match publisher {
                Some(publisher) => VerifyError::Stripped { release, publisher },
                None => VerifyError::Unsigned(release),
            }),
        }
    }
}

fn tried(signature: &Signature, manifest: &Digest, claimed: &Release, trust: &Trust) -> Tried {
    let bundle = match Bundle::parse(&signature.bundle) {
        Ok(bundle) => bundle,
        Err(error) => return Tried::Bad(error),
    };
    match bundle.signer() {
        signature::Signer::Key { hint } => with_keys(&bundle, hint, signature, manifest, trust),
        signature::Signer::Certificate => {
            let mut failed = SignatureError::NotKey;
            for (identity, root) in trust.identities(claimed.id.namespace()) {
                match keyless::verify(&signature.bundle, manifest, root, identity) {
                    Ok(signed) => return Tried::Good(Signer::Identity(identity.clone()), signed),
                    Err(error) => failed = error,
                }
            }
            Tried::Bad(failed)
        }
    }
}

/// Every key that the user knows is tried, whatever namespace it is for: so that a good signature
/// by the wrong key is called that. What the signature says to be signed with decides nothing.
fn with_keys(
    bundle: &Bundle,
    hint: &str,
    signature: &Signature,
    manifest: &Digest,
    trust: &Trust,
) -> Tried {
    let mut failed = None;
    for key in trust.keys() {
        match bundle.verify_key(key, manifest) {
            Ok(signed) => return Tried::Good(Signer::Key(key.fingerprint()), signed),
            // Of other keys it need not be one.
            Err(SignatureError::Signature(_)) if key.hint() != hint => {}
            Err(error) => failed = Some(error),
        }
    }
    if let Some(error) = failed {
        return Tried::Bad(error);
    }
    let brought = signature.manifest.annotations.get(KEY_ANNOTATION);
    match brought.and_then(|pem| PublicKey::from_pem(pem).ok()) {
        Some(key) => match bundle.verify_key(&key, manifest) {
            Ok(_) => Tried::Unknown(key.fingerprint().to_string(), Some(Box::new(key))),
            Err(error) => Tried::Bad(error),
        },
        None => {
            let name = Fingerprint::of_hint(hint).map(|fingerprint| fingerprint.to_string());
            Tried::Unknown(name.unwrap_or_else(|| quoted(hint)), None)
        }
    }
}
