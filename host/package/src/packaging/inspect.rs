//! Looks at a package without believing it: what it says of itself, who seems to have signed it,
//! and whether the user would trust it.

use dyno_model::chain;
use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::{Located, Nobody, PackageAccess, PackagingError};
use crate::key::Fingerprint;
use crate::manifest::{PackageManifest, claimed};
use crate::signature::{Bundle, Signer};
use crate::verify::{VerifyError, peek};
use dyno_job::Supervisor;
use dyno_plugin::id::Release;
use dyno_plugin::{Digest, PackageSpec};

/// What a package says of itself.
#[derive(Debug, Clone, Serialize)]
pub struct Inspected {
    /// Which release it says it is.
    pub release: Release,
    /// What its manifest hashes to.
    pub manifest: Digest,
    /// What its component hashes to.
    pub wasm: Digest,
    /// How large that is.
    pub wasm_bytes: u64,
    /// The annotations of its manifest.
    pub annotations: BTreeMap<String, String>,
    /// Who seems to have signed it.
    pub signatures: Vec<Signed>,
    /// Whose it is, if the user trusts it.
    pub publisher: Option<String>,
    /// Why the user would not trust it; none if it is good.
    pub refused: Option<String>,
    /// The manifest in its component; only of a package that is good.
    pub requests: Option<PackageManifest>,
}

/// Who seems to have signed a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signed {
    /// The holder of a key: its fingerprint, by the hint in the signature.
    Key(String),
    /// The holder of a certificate.
    Certificate,
    /// It cannot be read.
    Unreadable(String),
}

impl PackageAccess {
    /// Looks at a package.
    ///
    /// # Errors
    /// If it cannot be had, or is none.
    pub async fn inspect(
        &self,
        named: &PackageSpec,
        supervisor: &Supervisor,
        staging_dir: &Path,
    ) -> Result<Inspected, PackagingError> {
        let refused = |error: VerifyError| PackagingError::Verify {
            named: named.to_string(),
            error: Box::new(error),
        };
        let Located {
            origin,
            asked,
            _lock,
        } = self.locate(named)?;
        let seen = peek(&origin, &asked).await.map_err(refused)?;
        let annotations = seen.manifest.annotations;
        let release = claimed(&annotations)
            .ok_or(VerifyError::Nameless)
            .map_err(refused)?;
        drop((origin, _lock));
        let opened = self
            .open(named, supervisor, staging_dir, &mut Nobody, &mut |_| {})
            .await;
        let (publisher, refused, requests) = match opened {
            Ok(package) => (
                package.accepted.map(|accepted| accepted.publisher),
                None,
                Some(package.content.about.manifest),
            ),
            Err(error) => (None, Some(chain(&error)), None),
        };
        let layer = &seen.manifest.layers[0];
        Ok(Inspected {
            release,
            manifest: seen.digest,
            wasm: layer.digest,
            wasm_bytes: layer.size,
            annotations,
            signatures: (seen.signatures.iter())
                .map(|signature| signed(&signature.bundle))
                .collect(),
            publisher,
            refused,
            requests,
        })
    }
}

fn signed(bundle: &[u8]) -> Signed {
    match Bundle::parse(bundle) {
        Ok(bundle) => match bundle.signer() {
            Signer::Key { hint } => Signed::Key(
                Fingerprint::of_hint(hint).map_or_else(|| hint.clone(), |key| key.to_string()),
            ),
            Signer::Certificate => Signed::Certificate,
        },
        Err(error) => Signed::Unreadable(chain(&error)),
    }
}
