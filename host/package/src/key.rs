//! Keys that sign packages: ECDSA on the curve P-256, in the files that openssl reads and writes
//! (PKCS#8 and SPKI, as PEM). `dyno key` makes and reads the private half; the trust store keeps
//! public halves under their [`Fingerprint`], and [`super::signature`] signs and verifies with
//! them.
//!
//! Sources: RFC 5958 (PKCS#8), RFC 8018 (PBES2), RFC 5480 (SPKI), RFC 7468 (PEM), RFC 6979.

#[cfg(test)]
pub(crate) mod openssl;
mod private;
mod public;
#[cfg(test)]
pub(crate) mod tests;

pub use private::PrivateKey;
pub use public::{Fingerprint, PublicKey};

use pkcs8::AssociatedOid as _;
use pkcs8::spki::AlgorithmIdentifierRef;

use dyno_model::{Classify, Fault};

/// The longest key file that is read, bytes. Ours have some 400; a key of another algorithm, which
/// is to be refused by name, has some 3 KiB (RSA with 4096 bits).
pub const KEY_BYTES_MAX: usize = 16 << 10;

/// As much of a label as fits into a message; registered ones are shorter.
const LABEL_CHARS_MAX: usize = 40;

/// Why a text is not a key that can be used, or why one cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Longer than [`KEY_BYTES_MAX`].
    #[error("{0} bytes are too long for a key file: it has at most {KEY_BYTES_MAX}")]
    TooLong(usize),
    /// No PEM, or a broken one.
    #[error("not a {expected} as PEM: {reason}")]
    Pem {
        /// What it should be.
        expected: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// PEM of something else.
    #[error("the PEM block should be a `{expected}`, and is a `{found}`")]
    Label {
        /// What it should be.
        expected: &'static str,
        /// What it is; escaped.
        found: String,
    },
    /// The form that openssl wrote before PKCS#8.
    #[error(
        "the key is in the older form `EC PRIVATE KEY`, and should be PKCS#8: convert it with `openssl pkcs8 -topk8 -in KEY -out NEW`"
    )]
    Sec1,
    /// The form that only cosign reads.
    #[error(
        "the key is encrypted in cosign's own form, which is not PKCS#8: only cosign can use it, so generate a key here, and give it to cosign with `cosign import-key-pair` if both need it"
    )]
    Cosign,
    /// A key of another algorithm, or on another curve.
    #[error("the key should be for ECDSA on the curve P-256, and is for {0}")]
    Algorithm(String),
    /// The structure inside the PEM is broken.
    #[error("the PEM block holds no well-formed {expected}: {reason}")]
    Malformed {
        /// What it should be.
        expected: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A second way to write the same key.
    #[error(
        "the public key is not written in its one form (uncompressed point, DER): `openssl pkey -pubin -ec_conv_form uncompressed` writes that"
    )]
    NotCanonical,
    /// An encryption that we have not.
    #[error(
        "the key should be encrypted with PBES2 (scrypt, or PBKDF2 with SHA-2; AES), and is encrypted in another way: `openssl pkcs8 -topk8 -scrypt` writes that"
    )]
    Encryption,
    /// The file asks for so much work that opening it would not end soon, or fill the memory.
    #[error("the file asks for more work than is sensible to derive its key: {0}")]
    Cost(String),
    /// Decryption makes no sense of it.
    #[error("the passphrase does not open the key, or the key file is damaged")]
    Passphrase,
    /// Encryption with nothing.
    #[error("the passphrase is empty: give one, or write the key unencrypted on purpose")]
    NoPassphrase,
    /// The system has no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

impl Classify for KeyError {
    /// The user's, who named the file or gave the passphrase.
    fn fault(&self) -> Fault {
        match self {
            Self::Random => Fault::Host,
            _ => Fault::Usage,
        }
    }
}

/// Cuts PEM out of its surroundings and says early what cannot be read anyway.
fn trimmed<'a>(text: &'a str, expected: &'static str) -> Result<&'a str, KeyError> {
    if text.len() > KEY_BYTES_MAX {
        return Err(KeyError::TooLong(text.len()));
    }
    // openssl writes the curve's parameters as a block of its own before such a key.
    if text.contains("-----BEGIN EC PRIVATE KEY-----") {
        return Err(KeyError::Sec1);
    }
    if ["SIGSTORE", "COSIGN"].iter().any(|tool| {
        let begin = format!("-----BEGIN ENCRYPTED {tool} PRIVATE KEY-----");
        text.contains(&begin)
    }) {
        return Err(KeyError::Cosign);
    }
    if !text.contains("-----BEGIN ") {
        return Err(KeyError::Pem {
            expected,
            reason: "it has no line `-----BEGIN …`".into(),
        });
    }
    if text.matches("-----BEGIN ").count() > 1 {
        return Err(KeyError::Pem {
            expected,
            reason: "there is more than one PEM block".into(),
        });
    }
    Ok(text.trim())
}

/// Whether a key is for ECDSA on P-256.
fn check_algorithm(id: &AlgorithmIdentifierRef<'_>) -> Result<(), KeyError> {
    let curve = id.parameters_oid().ok();
    if id.oid == p256::elliptic_curve::ALGORITHM_OID && curve == Some(p256::NistP256::OID) {
        return Ok(());
    }
    // Registered names (RFC 8017, 8410, 5480; SEC 2) of what people do have.
    let name = match (id.oid.to_string().as_str(), curve) {
        ("1.2.840.113549.1.1.1", _) => "RSA".into(),
        ("1.3.101.112", _) => "Ed25519".into(),
        ("1.3.101.113", _) => "Ed448".into(),
        ("1.2.840.10045.2.1", Some(curve)) => match curve.to_string().as_str() {
            "1.3.132.0.34" => "the curve P-384".into(),
            "1.3.132.0.35" => "the curve P-521".into(),
            "1.3.132.0.10" => "the curve secp256k1".into(),
            other => format!("the curve {other}"),
        },
        ("1.2.840.10045.2.1", None) => "a curve without a name".into(),
        (other, _) => format!("the algorithm {other}"),
    };
    Err(KeyError::Algorithm(name))
}

fn pem_error(expected: &'static str, error: &pkcs8::der::Error) -> KeyError {
    KeyError::Pem {
        expected,
        reason: error.to_string(),
    }
}

fn label_error(expected: &'static str, found: &str) -> KeyError {
    KeyError::Label {
        expected,
        found: found.escape_debug().take(LABEL_CHARS_MAX).collect(),
    }
}

fn malformed(expected: &'static str, error: &impl std::fmt::Display) -> KeyError {
    KeyError::Malformed {
        expected,
        reason: error.to_string(),
    }
}
