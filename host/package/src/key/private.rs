//! The half that signs. It leaves this module only as PEM, and every copy is wiped when it is
//! dropped.

use std::fmt;

use p256::SecretKey;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::elliptic_curve::Generate as _;
use pkcs8::der::Decode as _;
use pkcs8::der::pem::PemLabel as _;
use pkcs8::pkcs5::{EncryptionScheme, pbes2};
use pkcs8::{
    EncodePrivateKey as _, EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef,
    SecretDocument,
};
use zeroize::Zeroizing;

use super::public::PublicKey;
use super::{KeyError, check_algorithm, label_error, malformed, pem_error, trimmed};

/// What a private key is called in messages.
const EXPECTED: &str = "PRIVATE KEY";

/// The most that scrypt may need, bytes: its memory (128·N·r), times its rounds (p). The strongest
/// parameters that OWASP recommends need 128 MiB; openssl's own need 16.
const SCRYPT_BYTES_MAX: u64 = 256 << 20;
/// The largest number of iterations that RFC 8018, section 4.2, speaks of.
const PBKDF2_ITERATIONS_MAX: u32 = 10_000_000;

/// A private key: ECDSA on P-256.
pub struct PrivateKey {
    signing: SigningKey,
    public: PublicKey,
}

impl PrivateKey {
    /// A new one, from the system's random numbers.
    ///
    /// # Errors
    /// If it has none.
    pub fn generate() -> Result<Self, KeyError> {
        let secret = SecretKey::try_generate().map_err(|_| KeyError::Random)?;
        Self::of(secret)
    }

    /// Reads PKCS#8 as PEM, `PRIVATE KEY` or `ENCRYPTED PRIVATE KEY`. `passphrase` is asked once,
    /// and only if the key is encrypted in a way that we can open.
    ///
    /// # Errors
    /// If it is no such key, the passphrase does not open it, or there is none.
    pub fn from_pem<E: From<KeyError>>(
        text: &str,
        passphrase: &mut dyn FnMut() -> Result<Zeroizing<String>, E>,
    ) -> Result<Self, E> {
        let pem = trimmed(text, EXPECTED)?;
        let (label, document) =
            SecretDocument::from_pem(pem).map_err(|error| pem_error(EXPECTED, &error))?;
        match label {
            PrivateKeyInfoRef::PEM_LABEL => {
                let info = PrivateKeyInfoRef::from_der(document.as_bytes())
                    .map_err(|error| malformed(EXPECTED, &error))?;
                Ok(Self::from_info(info)?)
            }
            EncryptedPrivateKeyInfoRef::PEM_LABEL => {
                let encrypted = openable(document.as_bytes())?;
                let passphrase = passphrase()?;
                Ok(Self::decrypt(&encrypted, &passphrase)?)
            }
            other => Err(label_error(EXPECTED, other).into()),
        }
    }

    /// PKCS#8 as PEM, encrypted (PBES2: scrypt with the parameters of `openssl pkcs8 -scrypt`,
    /// AES-256-CBC) if there is a passphrase.
    ///
    /// # Errors
    /// If the passphrase is empty, or the system has no random numbers.
    pub fn to_pem(&self, passphrase: Option<&str>) -> Result<Zeroizing<String>, KeyError> {
        let secret = SecretKey::from(&self.signing);
        let pem = match passphrase {
            None => secret.to_pkcs8_pem(LineEnding::LF),
            Some("") => return Err(KeyError::NoPassphrase),
            Some(passphrase) => secret.to_pkcs8_encrypted_pem(passphrase, LineEnding::LF),
        };
        // Nothing else in it can fail: the key is well-formed, and memory is not counted.
        pem.map_err(|_| KeyError::Random)
    }

    /// An ECDSA signature (ASN.1 DER) over the SHA-256 of `message`, the same each time (RFC 6979).
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: DerSignature = self.signing.sign(message);
        signature.as_bytes().to_vec()
    }

    /// The half that verifies.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    fn from_info(info: PrivateKeyInfoRef<'_>) -> Result<Self, KeyError> {
        check_algorithm(&info.algorithm)?;
        let secret = SecretKey::try_from(info).map_err(|error| malformed(EXPECTED, &error))?;
        Self::of(secret)
    }

    fn of(secret: SecretKey) -> Result<Self, KeyError> {
        let signing = SigningKey::from(secret);
        let public = PublicKey::of(signing.verifying_key())?;
        Ok(Self { signing, public })
    }

    fn decrypt(
        encrypted: &EncryptedPrivateKeyInfoRef<'_>,
        passphrase: &str,
    ) -> Result<Self, KeyError> {
        let document = encrypted.decrypt(passphrase).map_err(|error| match error {
            pkcs8::Error::EncryptedPrivateKey(
                pkcs8::pkcs5::Error::UnsupportedAlgorithm { .. }
                | pkcs8::pkcs5::Error::AlgorithmParametersInvalid { .. },
            ) => KeyError::Encryption,
            _ => KeyError::Passphrase,
        })?;
        // A wrong passphrase can leave padding that looks right, and then no key behind it.
        let info =
            PrivateKeyInfoRef::from_der(document.as_bytes()).map_err(|_| KeyError::Passphrase)?;
        Self::from_info(info)
    }
}

impl fmt::Debug for PrivateKey {
    /// Says whose secret it is, and not the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.public.fingerprint())
    }
}

/// Reads the outside of an encrypted key, and checks that opening it ends soon.
fn openable(der: &[u8]) -> Result<EncryptedPrivateKeyInfoRef<'_>, KeyError> {
    let encrypted = EncryptedPrivateKeyInfoRef::from_der(der).map_err(|_| KeyError::Encryption)?;
    let EncryptionScheme::Pbes2(parameters) = &encrypted.encryption_algorithm else {
        return Err(KeyError::Encryption);
    };
    match &parameters.kdf {
        pbes2::Kdf::Scrypt(scrypt) => {
            let bytes = [
                scrypt.cost_parameter,
                scrypt.block_size.into(),
                scrypt.parallelization.into(),
            ]
            .into_iter()
            .fold(128, u64::saturating_mul);
            if bytes > SCRYPT_BYTES_MAX {
                let (n, r, p) = (
                    scrypt.cost_parameter,
                    scrypt.block_size,
                    scrypt.parallelization,
                );
                return Err(KeyError::Cost(format!("scrypt with N={n}, r={r}, p={p}")));
            }
        }
        pbes2::Kdf::Pbkdf2(pbkdf2) => {
            let iterations = pbkdf2.iteration_count;
            if iterations > PBKDF2_ITERATIONS_MAX {
                return Err(KeyError::Cost(format!(
                    "PBKDF2 with {iterations} iterations"
                )));
            }
        }
        _ => return Err(KeyError::Encryption),
    }
    Ok(encrypted)
}
