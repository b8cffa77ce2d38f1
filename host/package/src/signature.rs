//! Signatures of packages: Sigstore bundles, version 0.3, each a DSSE envelope around an in-toto
//! statement that names one manifest and the release that it is. [`sign`] makes one with a key, as
//! `cosign sign --key` does; [`Bundle::parse`] reads what a registry or a file holds, and
//! [`Bundle::verify_key`] or [`super::keyless::verify`] make of it a [`Signed`], which is the
//! proof.
//!
//! ```text
//! bytes ─► Bundle::parse ─► signer() ─┬─ Key{hint} ─► trust store finds a key ─► verify_key ─┐
//!                                     └─ Certificate ─► keyless::verify ────────────────────┴► Signed
//! ```
//!
//! What is inside the envelope is believed only after the signature over it has been verified, and
//! with a key it is not even read before that.
//!
//! Sources: Sigstore protobuf-specs (`sigstore_bundle.proto`, in its JSON form), DSSE 1.0, in-toto
//! attestation framework 1.0, and the predicate type that cosign gives to signatures of images.

pub(super) mod statement;
#[cfg(test)]
mod tests;

use serde::Deserialize;
use serde::de::IgnoredAny;
use sigstore_types::bundle::{PublicKeyIdentifier, VerificationMaterialContent};
use sigstore_types::{
    DsseEnvelope, DsseSignature, KeyId, MediaType, PayloadBytes, SignatureBytes, SignatureContent,
    VerificationMaterial, pae,
};

use super::key::{Fingerprint, PrivateKey, PublicKey};
use super::{oci, strict_json};
use dyno_model::quoted::quoted;
use dyno_plugin::Digest;
use dyno_plugin::id::{IdError, Release};

pub use statement::Signed;

/// Which check a signature fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Longer than 256 KiB.
    #[error("the signature has {0} bytes, and a Sigstore bundle has at most {max}", max = oci::BUNDLE_BYTES_MAX)]
    TooLarge(usize),
    /// Not JSON, ambiguous JSON, or JSON of another form.
    #[error("the signature is not a Sigstore bundle: {0}")]
    Json(String),
    /// Another version, or another thing.
    #[error("the signature should be a `{expected}`, and is a `{0}`", expected = oci::SIGSTORE_BUNDLE)]
    MediaType(String),
    /// The bundle signs bytes and not a statement.
    #[error(
        "the bundle should hold a DSSE envelope with a statement, and holds a bare message signature, which cannot say which release it is for"
    )]
    MessageSignature,
    /// The bundle signs nothing.
    #[error("the bundle should hold a DSSE envelope, and holds none")]
    NoEnvelope,
    /// None or several signatures.
    #[error("the envelope should have exactly one signature, and has {0}")]
    Signatures(usize),
    /// No signer, or several.
    #[error(
        "the bundle should name its signer by either a public key or a certificate, and has {0}"
    )]
    Signers(String),
    /// Signed with a certificate, and a key was to verify it.
    #[error("the bundle should be signed with a key, and is signed with a certificate")]
    NotKey,
    /// Signed with a key, and an identity was to verify it.
    #[error("the bundle should be signed with a certificate, and is signed with a key")]
    NotCertificate,
    /// The cryptographic check failed.
    #[error("the signature is not one by the key {0} over this envelope")]
    Signature(Fingerprint),
    /// The envelope holds something else.
    #[error("the payload should be a `{expected}`, and is a `{0}`", expected = statement::PAYLOAD_TYPE)]
    PayloadType(String),
    /// The payload is not JSON, ambiguous JSON, or JSON of another form.
    #[error("the signed payload is not an in-toto statement: {0}")]
    Statement(String),
    /// A statement of another version.
    #[error("the statement should be a `{expected}`, and is a `{0}`", expected = statement::STATEMENT_TYPE)]
    StatementType(String),
    /// The signer says something else of the package: its provenance, its vulnerabilities.
    #[error("the statement should be a signature (`{expected}`), and is a `{0}`", expected = statement::PREDICATE_TYPE)]
    PredicateType(String),
    /// None or several subjects.
    #[error("the statement should be about exactly one subject, and is about {0}")]
    Subjects(usize),
    /// The subject is not named by a SHA-256.
    #[error("the statement should name its subject by `sha256`, and does not")]
    NoSha256,
    /// A signature of something else.
    #[error("the statement should be about the manifest {expected}, and is about sha256:{found}")]
    Subject {
        /// The manifest at hand.
        expected: Digest,
        /// The digest that was signed; escaped.
        found: String,
    },
    /// As cosign signs: the signature does not say which release it is for.
    #[error(
        "the statement should name the release as `namespace/name@version`, and names none (cosign leaves it out): sign the package with `dyno sign`"
    )]
    NoName,
    /// The name is not one of a release.
    #[error("the statement should name a release")]
    Name(#[from] IdError),
    /// The trusted root is not one.
    #[error("the trusted root of Sigstore cannot be used: {0}")]
    TrustedRoot(String),
    /// Another key signed.
    #[error("the signer should be `{expected}`, and is `{found}`")]
    Identity {
        /// As it was trusted.
        expected: String,
        /// As the certificate says; escaped.
        found: String,
    },
    /// Another issuer vouches for the signer.
    #[error("the signer's identity should be vouched for by `{expected}`, and is by `{found}`")]
    Issuer {
        /// As it was trusted.
        expected: String,
        /// As the certificate says; escaped.
        found: String,
    },
    /// The certificate was not issued by the trusted root, not for signing, or not for that time.
    #[error("the signer's certificate does not stand up to the trusted root: {0}")]
    Certificate(String),
    /// The log entry is missing, of another log, or of another signature.
    #[error("the transparency log's entry does not stand up to the trusted root: {0}")]
    Log(String),
    /// No trusted time, or a wrong one.
    #[error("the time of signing does not stand up to the trusted root: {0}")]
    Time(String),
    /// The signature does not match the certificate, or something else of the bundle.
    #[error("the signature does not stand up to its certificate: {0}")]
    Keyless(String),
}

/// Who says to have signed a bundle. Only a verification can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// The holder of a key.
    Key {
        /// What the key is called: ours and cosign's is [`PublicKey::hint`], others write what they
        /// like, or nothing, which may be any key. It is not signed itself.
        hint: String,
    },
    /// A signer with an identity, to whom a certificate was issued for a few minutes.
    Certificate,
}

/// A bundle that was read, and not yet verified.
#[derive(Debug, Clone)]
pub struct Bundle {
    signer: Signer,
    payload_type: String,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// Signs the manifest of a release: the same bytes each time.
#[must_use]
pub fn sign(key: &PrivateKey, manifest: &Digest, release: &Release) -> Vec<u8> {
    let payload = oci::to_json(&statement::Statement::of(manifest, release));
    let signature = key.sign(&pae(statement::PAYLOAD_TYPE, &payload));
    let envelope = DsseEnvelope::new(
        statement::PAYLOAD_TYPE,
        PayloadBytes::new(payload),
        DsseSignature::new(SignatureBytes::new(signature), KeyId::default()),
    );
    let signer = PublicKeyIdentifier::new(key.public().hint());
    oci::to_json(&sigstore_types::Bundle::new(
        MediaType::Bundle0_3,
        VerificationMaterial::new(VerificationMaterialContent::PublicKey(signer)),
        SignatureContent::DsseEnvelope(envelope),
    ))
}

impl Bundle {
    /// Reads a bundle strictly: what another parser could read in another way is refused.
    ///
    /// # Errors
    /// If it is too large, not JSON, has duplicate or unknown keys, is of another version, is not
    /// an envelope with one signature, or does not name one signer.
    pub fn parse(bytes: &[u8]) -> Result<Self, SignatureError> {
        if bytes.len() as u64 > oci::BUNDLE_BYTES_MAX {
            return Err(SignatureError::TooLarge(bytes.len()));
        }
        let json_error =
            |error: serde_json::Error| SignatureError::Json(quoted(&error.to_string()));
        let Version { media_type } = strict_json::from_slice(bytes).map_err(json_error)?;
        if media_type != oci::SIGSTORE_BUNDLE {
            return Err(SignatureError::MediaType(quoted(&media_type)));
        }
        let wire: Wire = serde_json::from_slice(bytes).map_err(json_error)?;
        if wire.message_signature.is_some() {
            return Err(SignatureError::MessageSignature);
        }
        let envelope = wire.dsse_envelope.ok_or(SignatureError::NoEnvelope)?;
        let [signature] = <[WireSignature; 1]>::try_from(envelope.signatures)
            .map_err(|signatures| SignatureError::Signatures(signatures.len()))?;
        Ok(Self {
            signer: wire.verification_material.signer()?,
            payload_type: envelope.payload_type,
            payload: envelope.payload.into_bytes(),
            signature: signature.sig.into_bytes(),
        })
    }

    /// Who says to have signed it.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Which key it says to be signed with; empty, if it may be any; none, if it is signed with a
    /// certificate. It only helps to find the key, and proves nothing.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match &self.signer {
            Signer::Key { hint } => Some(hint),
            Signer::Certificate => None,
        }
    }

    /// Verifies that `key` signed that `manifest` is a release. The hint is not looked at: a
    /// signature by the key is one, whatever it was said to be.
    ///
    /// # Errors
    /// The first check that fails, in this order: signed with a key, the signature, the payload's
    /// type and form, the statement's type, its predicate's type, one subject, its digest, its
    /// name.
    pub fn verify_key(&self, key: &PublicKey, manifest: &Digest) -> Result<Signed, SignatureError> {
        if self.signer == Signer::Certificate {
            return Err(SignatureError::NotKey);
        }
        let signed = pae(&self.payload_type, &self.payload);
        if !key.verify(&signed, &self.signature) {
            return Err(SignatureError::Signature(key.fingerprint()));
        }
        self.verified(manifest)
    }

    /// What it says, if the signature was verified.
    pub(super) fn verified(&self, manifest: &Digest) -> Result<Signed, SignatureError> {
        Signed::read(&self.payload_type, &self.payload, manifest)
    }
}

/// Read before all else: it says how to read the rest.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    media_type: String,
}

/// The bundle as it is written. Unknown keys are refused, because the protobuf JSON of other
/// parsers knows a second spelling of each (`dsse_envelope`), and so could find another envelope in
/// it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wire {
    #[serde(rename = "mediaType")]
    _media_type: IgnoredAny,
    verification_material: WireMaterial,
    message_signature: Option<IgnoredAny>,
    dsse_envelope: Option<WireEnvelope>,
}

/// Log entries and timestamps prove something only together with a certificate.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireMaterial {
    public_key: Option<WireKey>,
    certificate: Option<IgnoredAny>,
    x509_certificate_chain: Option<IgnoredAny>,
    #[serde(rename = "tlogEntries", default)]
    _tlog_entries: IgnoredAny,
    #[serde(rename = "timestampVerificationData", default)]
    _timestamp_verification_data: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireKey {
    #[serde(default)]
    hint: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireEnvelope {
    payload_type: String,
    payload: PayloadBytes,
    signatures: Vec<WireSignature>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSignature {
    sig: SignatureBytes,
    #[serde(rename = "keyid", default)]
    _keyid: IgnoredAny,
}

impl WireMaterial {
    fn signer(self) -> Result<Signer, SignatureError> {
        match (
            self.public_key,
            self.certificate,
            self.x509_certificate_chain,
        ) {
            (Some(key), None, None) => Ok(Signer::Key { hint: key.hint }),
            (None, Some(_), None) => Ok(Signer::Certificate),
            (None, None, None) => Err(SignatureError::Signers("neither".into())),
            (None, None, Some(_)) => Err(SignatureError::Signers(
                "a certificate chain, as before version 0.3".into(),
            )),
            _ => Err(SignatureError::Signers("several".into())),
        }
    }
}
