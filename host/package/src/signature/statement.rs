//! What is signed: an in-toto statement about one manifest. It is written here and read here, and
//! only after its signature was verified.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::SignatureError;
use crate::strict_json;
use dyno_model::quoted::quoted;
use dyno_plugin::Digest;
use dyno_plugin::id::Release;

/// The type of the payload (in-toto attestation framework, envelope).
pub(crate) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// The type of the statement (in-toto attestation framework, statement).
pub(crate) const STATEMENT_TYPE: &str = sigstore_types::Statement::TYPE_V1;
/// The type of a predicate that says no more than: signed. Cosign gives it to signatures of images.
pub(crate) const PREDICATE_TYPE: &str = "https://sigstore.dev/cosign/sign/v1";
/// The one algorithm by which a subject is named.
const SHA256: &str = "sha256";

/// The proof that a manifest is signed as a release: only a verification makes it. By whom is
/// known to the caller that asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    manifest: Digest,
    release: Release,
}

impl Signed {
    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> &Digest {
        &self.manifest
    }

    /// The release that it is.
    #[must_use]
    pub fn release(&self) -> &Release {
        &self.release
    }

    /// Reads a payload whose signature was verified.
    pub(super) fn read(
        payload_type: &str,
        payload: &[u8],
        manifest: &Digest,
    ) -> Result<Self, SignatureError> {
        if payload_type != PAYLOAD_TYPE {
            return Err(SignatureError::PayloadType(quoted(payload_type)));
        }
        let statement: Statement = strict_json::from_slice(payload)
            .map_err(|error| SignatureError::Statement(quoted(&error.to_string())))?;
        if statement.statement_type != STATEMENT_TYPE {
            return Err(SignatureError::StatementType(quoted(
                &statement.statement_type,
            )));
        }
        if statement.predicate_type != PREDICATE_TYPE {
            return Err(SignatureError::PredicateType(quoted(
                &statement.predicate_type,
            )));
        }
        let [subject] = <[Subject; 1]>::try_from(statement.subject)
            .map_err(|subjects| SignatureError::Subjects(subjects.len()))?;
        let sha256 = subject.digest.get(SHA256).ok_or(SignatureError::NoSha256)?;
        if *sha256 != manifest.hex() {
            return Err(SignatureError::Subject {
                expected: *manifest,
                found: quoted(sha256),
            });
        }
        if subject.name.is_empty() {
            return Err(SignatureError::NoName);
        }
        Ok(Self {
            manifest: *manifest,
            release: subject.name.parse()?,
        })
    }
}

/// An in-toto statement. Readers ignore keys that they do not know, as its specification asks.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Statement {
    #[serde(rename = "_type")]
    statement_type: String,
    subject: Vec<Subject>,
    predicate_type: String,
    #[serde(default)]
    predicate: serde_json::Map<String, serde_json::Value>,
}

#[derive(Serialize, Deserialize)]
struct Subject {
    #[serde(default)]
    name: String,
    digest: BTreeMap<String, String>,
}

impl Statement {
    /// Says that a manifest is a release.
    pub(super) fn of(manifest: &Digest, release: &Release) -> Self {
        Self {
            statement_type: STATEMENT_TYPE.into(),
            subject: vec![Subject {
                name: release.to_string(),
                digest: BTreeMap::from([(SHA256.into(), manifest.hex())]),
            }],
            predicate_type: PREDICATE_TYPE.into(),
            predicate: serde_json::Map::new(),
        }
    }
}
