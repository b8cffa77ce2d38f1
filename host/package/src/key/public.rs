//! The half that verifies, and the one name that it has everywhere.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use p256::ecdsa::VerifyingKey;
use pkcs8::der::pem::PemLabel as _;
use pkcs8::{DecodePublicKey as _, Document, EncodePublicKey as _, SubjectPublicKeyInfoRef};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sigstore_crypto::{SigningScheme, VerificationKey};
use sigstore_types::{DerPublicKey, SignatureBytes};

use super::{KeyError, check_algorithm, label_error, malformed, pem_error, trimmed};
use dyno_plugin::{Digest, DigestError};

/// What a public key is called in messages.
const EXPECTED: &str = "PUBLIC KEY";

/// A public key: ECDSA on P-256. Its bytes have one form, so that it has one fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(DerPublicKey);

impl PublicKey {
    /// Reads SPKI as PEM: `PUBLIC KEY`.
    ///
    /// # Errors
    /// If it is no such key.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let pem = trimmed(text, EXPECTED)?;
        let (label, document) =
            Document::from_pem(pem).map_err(|error| pem_error(EXPECTED, &error))?;
        if label != SubjectPublicKeyInfoRef::PEM_LABEL {
            return Err(label_error(EXPECTED, label));
        }
        Self::from_der(document.as_bytes())
    }

    /// Reads SPKI as DER: 91 bytes.
    ///
    /// # Errors
    /// If it is no such key, or written in another form than the one that openssl writes.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        if der.len() > super::KEY_BYTES_MAX {
            return Err(KeyError::TooLong(der.len()));
        }
        let info =
            SubjectPublicKeyInfoRef::try_from(der).map_err(|error| malformed(EXPECTED, &error))?;
        check_algorithm(&info.algorithm)?;
        let point =
            VerifyingKey::from_public_key_der(der).map_err(|error| malformed(EXPECTED, &error))?;
        let key = Self::of(&point)?;
        if key.der() == der {
            Ok(key)
        } else {
            Err(KeyError::NotCanonical)
        }
    }

    pub(super) fn of(point: &VerifyingKey) -> Result<Self, KeyError> {
        let document = point
            .to_public_key_der()
            .map_err(|error| malformed(EXPECTED, &error))?;
        Ok(Self(DerPublicKey::from_bytes(document.as_bytes())))
    }

    /// SPKI as DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// SPKI as PEM, as openssl writes it.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let body = BASE64_STANDARD.encode(self.der());
        let (first, second) = body.split_at(64);
        format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----\n")
    }

    /// Its name: SHA-256 of the SPKI.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(Digest::of(self.der()))
    }

    /// The same as cosign writes it into a bundle: base64 of the SHA-256 of the SPKI.
    #[must_use]
    pub fn hint(&self) -> String {
        BASE64_STANDARD.encode(Sha256::digest(self.der()))
    }

    /// Whether `signature` (ASN.1 DER) is one over the SHA-256 of `message` by this key.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        VerificationKey::from_spki_with_scheme(&self.0, SigningScheme::EcdsaP256Sha256).is_ok_and(
            |key| {
                key.verify(message, &SignatureBytes::from_bytes(signature))
                    .is_ok()
            },
        )
    }
}

/// What names a key, for people and as a file name: the SHA-256 of its SPKI, as
/// `openssl pkey -pubin -outform DER | sha256sum` shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(Digest);

impl Fingerprint {
    /// The fingerprint that a hint of the usual kind is.
    #[must_use]
    pub(crate) fn of_hint(hint: &str) -> Option<Self> {
        let bytes = BASE64_STANDARD.decode(hint).ok()?;
        let bytes: [u8; 32] = bytes.try_into().ok()?;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{hex}").parse().ok()
    }

    /// The digits alone, for a file name.
    #[must_use]
    pub fn hex(&self) -> String {
        self.0.hex()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Fingerprint {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        text.parse().map(Self)
    }
}
