//! Signatures without a key to keep: a signer proves an identity to Sigstore's certificate
//! authority, gets a certificate for ten minutes, signs, and a public log remembers that. Verified
//! here without a network, against a trusted root that the caller has (as TUF delivers it, or from
//! a file).
//!
//! The library verifies certificate, log entry and times; the statement is read by the same code as
//! one that is signed with a key.
//!
//! Sources: Sigstore client specification, `sigstore_trustroot.proto`.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use sigstore_types::Sha256Hash;
use sigstore_verify::trust_root::TrustedRoot;
use sigstore_verify::{Error, VerificationPolicy, Verifier};

use super::signature::{Bundle, SignatureError, Signed, Signer};
use super::strict_json;
use dyno_model::quoted::quoted;
use dyno_plugin::Digest;

/// The longest trusted root that is read, bytes. The public one has 7 KiB, GitHub's 31 KiB, and
/// they grow with each rotation of a key.
pub const TRUSTED_ROOT_BYTES_MAX: usize = 1 << 20;

/// Whom a certificate is issued to. Both are compared as they are: no patterns, no prefixes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Who vouches for it: the address of an OpenID Connect provider.
    pub issuer: String,
    /// Who it is there: an e-mail address, or the address of a workflow.
    pub subject: String,
}

/// Verifies that `identity` signed that `manifest` is a release.
///
/// # Errors
/// The first check that fails: the form of the bundle, signed with a certificate, the trusted root,
/// the times, the certificate, the identity, the log, the signature, and then the statement as in
/// [`Bundle::verify_key`].
pub fn verify(
    bundle: &[u8],
    manifest: &Digest,
    trusted_root: &[u8],
    identity: &Identity,
) -> Result<Signed, SignatureError> {
    let parsed = Bundle::parse(bundle)?;
    if *parsed.signer() != Signer::Certificate {
        return Err(SignatureError::NotCertificate);
    }
    verify_evidence(bundle, manifest, trusted_root, identity)?;
    parsed.verified(manifest)
}

/// All but the statement: that `identity` signed something about `subject`, and that the log has
/// it.
fn verify_evidence(
    bundle: &[u8],
    subject: &Digest,
    trusted_root: &[u8],
    identity: &Identity,
) -> Result<(), SignatureError> {
    let bundle: sigstore_types::Bundle = strict_json::from_slice(bundle)
        .map_err(|error| SignatureError::Json(quoted(&error.to_string())))?;
    let subject = Sha256Hash::from_hex(&subject.hex())
        .map_err(|error| SignatureError::Keyless(quoted(&error.to_string())))?;
    let policy = VerificationPolicy::new(identity.subject.as_str(), identity.issuer.as_str());
    let root = read_root(trusted_root)?;
    let verify = |root: &TrustedRoot| {
        let verifier = Verifier::new(root).map_err(|cause| root_error(&cause.to_string()))?;
        verifier.verify(subject, &bundle, &policy).map_err(refusal)
    };
    let times = verify(&root)?.verified_timestamps().to_vec();
    // The library takes an entry of the log's second generation from a log whose key had ended by
    // then, so the logs of that time alone have to do.
    let mut root_then = root.clone();
    root_then.tlogs.retain(|log| {
        let window = log.public_key.valid_for;
        window.is_none_or(|window| times.iter().all(|time| window.contains(*time)))
    });
    if root_then.tlogs.len() < root.tlogs.len() {
        verify(&root_then)?;
    }
    Ok(())
}

fn read_root(trusted_root: &[u8]) -> Result<TrustedRoot, SignatureError> {
    if trusted_root.len() > TRUSTED_ROOT_BYTES_MAX {
        return Err(root_error(&format!(
            "it has {} bytes, and at most {TRUSTED_ROOT_BYTES_MAX} are read",
            trusted_root.len()
        )));
    }
    let root: TrustedRoot =
        strict_json::from_slice(trusted_root).map_err(|cause| root_error(&cause.to_string()))?;
    // Any JSON object reads as a root that trusts no key.
    for (is_empty, what) in [
        (
            root.certificate_authorities.is_empty(),
            "certificate authority",
        ),
        (root.ctlogs.is_empty(), "log of certificates"),
        (root.tlogs.is_empty(), "log of signatures"),
    ] {
        if is_empty {
            return Err(root_error(&format!("it names no {what}")));
        }
    }
    Ok(root)
}

fn root_error(reason: &str) -> SignatureError {
    SignatureError::TrustedRoot(quoted(reason))
}

/// Sorts the library's errors by the check that failed.
fn refusal(error: Error) -> SignatureError {
    let reason = quoted(&error.to_string());
    let or_none =
        |found: Option<String>| found.map_or_else(|| "nobody".into(), |text| quoted(&text));
    match error {
        Error::IdentityMismatch { expected, actual } => SignatureError::Identity {
            expected: quoted(&expected.to_string()),
            found: or_none(actual.map(|name| name.to_string())),
        },
        Error::IssuerMismatch { expected, actual } => SignatureError::Issuer {
            expected: quoted(&expected),
            found: or_none(actual),
        },
        Error::Certificate(_) => SignatureError::Certificate(reason),
        Error::TransparencyLog(_) => SignatureError::Log(reason),
        Error::Timestamp(_) => SignatureError::Time(reason),
        _ => SignatureError::Keyless(reason),
    }
}
