//! The order in which a package comes to be trusted:
//!
//! 1. a digest: what was asked for names exactly one manifest, which hashes to it
//!    ([`authenticate`])
//! 2. at most 16 referrers, each signature among them read strictly
//! 3. a signature over that manifest, by keys that are trusted for the namespace, enough of them
//! 4. the signed release is the one that was asked for, and is neither denied nor pinned to another
//! 5. config and component have the size and hash that the signed manifest says
//!    ([`Authentic::fetch`])
//! 6. the component, read by a worker, says the same as the manifest, and imports no more than it
//!    requests ([`Fetched::admit`])
//! 7. its datasets, likewise by size and hash
//!
//! Each step is a type that only the one before can make.

mod error;
pub mod signers;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::artifact::{self, ArtifactError};
use super::kind::{COMPONENT, Content, DATA};
use super::layout::{Contents, LayoutError};
use super::manifest::{SelfDescription, claimed};
use super::oci::{self, BUNDLE_BYTES_MAX, Descriptor, Manifest};
use super::origin::{Origin, Which};
use super::strict_json;
use super::trust::{Accepted, Signer, Trust};
use super::unsigned::AllowUnsigned;
use dyno_files::private_dir::PrivateDir;
use dyno_model::quoted::quoted;
use dyno_model::{LimitKind, Limits, PluginKind};
use dyno_plugin::Digest;
use dyno_plugin::id::{Release, Wanted};
pub use error::VerifyError;
use signers::{Signature, Signers};

/// The config of a package lists what its component imports: some KiB.
const CONFIG_BYTES_MAX: u64 = 1 << 20;

/// What one package may bring along in datasets, bytes: what a session copies before a run.
const DATASETS_BYTES_MAX: u64 = 1 << 30;

/// What the user asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Which manifest.
    pub which: Which,
    /// Which release it has to be, if that was said.
    pub wanted: Option<Wanted>,
}

/// What is allowed.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// Whose signatures count.
    pub trust: &'a Trust,
    /// Which packages will do without any.
    pub allow_unsigned: &'a AllowUnsigned,
    /// When it is.
    pub now: Timestamp,
    /// The limits on what is fetched.
    pub limits: &'a Limits,
}

/// Something that was checked and found to be as it should: for a caller that wants to watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at.
    pub what: &'static str,
    /// What was found.
    pub found: String,
}

/// A package whose manifest is trusted, and nothing else of it seen.
#[derive(Debug)]
pub struct Authentic {
    /// What its manifest hashes to.
    pub digest: Digest,
    /// Which release it is.
    pub release: Release,
    /// Who signed it; none if it is unsigned and that was allowed.
    pub accepted: Option<Accepted>,
    manifest: Manifest,
    bytes: Vec<u8>,
    signatures: Vec<Signature>,
}

/// The manifest of a package and its signatures, none of which is believed yet.
#[derive(Debug)]
pub struct Seen {
    /// What the manifest hashes to.
    pub digest: Digest,
    /// The manifest.
    pub manifest: Manifest,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The signatures that refer to it.
    pub signatures: Vec<Signature>,
}

/// Looks at a package from outside.
///
/// # Errors
/// If it cannot be had, or is none.
pub async fn peek(origin: &Origin, asked: &Asked) -> Result<Seen, VerifyError> {
    let (digest, bytes) = origin.manifest(&asked.which).await?;
    Ok(Seen {
        manifest: artifact::read(&bytes)?,
        signatures: signatures(origin, &digest).await?,
        digest,
        bytes,
    })
}

/// Establishes who answers for a package.
///
/// # Errors
/// The first check that fails.
pub async fn authenticate(
    origin: &Origin,
    asked: &Asked,
    rules: Rules<'_>,
    on: &mut dyn FnMut(Check),
) -> Result<Authentic, VerifyError> {
    let mut checked = |what, found: String| on(Check { what, found });
    let Seen {
        digest,
        manifest,
        bytes,
        signatures,
    } = peek(origin, asked).await?;
    checked("manifest", format!("{digest}, one WebAssembly component"));
    let layer = &manifest.layers[0];
    for digest in [digest, layer.digest] {
        if let Some(denied) = rules.trust.denied(&digest) {
            let reason = quoted(&denied.reason);
            return Err(VerifyError::Denied { digest, reason });
        }
    }
    let claimed = claimed(&manifest.annotations).ok_or(VerifyError::Nameless)?;

    checked("signatures", signatures.len().to_string());
    let signers = Signers::of(&signatures, &digest, &claimed, rules);
    let accepted = signers.judge(&claimed, rules)?;
    match &accepted {
        Some(accepted) => checked("signed by", accepted.to_string()),
        None => checked("signed by", "nobody, which --allow-unsigned allows".into()),
    }

    if let Some(wanted) = &asked.wanted
        && !wanted.allows(&claimed)
    {
        return Err(VerifyError::NotAsked {
            wanted: Box::new(wanted.clone()),
            found: Box::new(claimed),
        });
    }
    if let Some(pinned) = rules.trust.pinned(&claimed)
        && pinned != digest
    {
        return Err(VerifyError::Pinned {
            release: Box::new(claimed),
            pinned,
            found: digest,
        });
    }
    checked("release", claimed.to_string());
    Ok(Authentic {
        digest,
        release: claimed,
        accepted,
        manifest,
        bytes,
        signatures,
    })
}

/// The signatures among what refers to a manifest. Other referrers are not looked at, whatever
/// they are: to leave one out never makes a package count that did not.
async fn signatures(origin: &Origin, subject: &Digest) -> Result<Vec<Signature>, VerifyError> {
    let mut found = Vec::new();
    let referrers = origin.referrers(subject).await?;
    for descriptor in referrers.iter().filter(|it| it.may_be_signature()) {
        let bytes = origin.described(descriptor).await?;
        let manifest: Manifest = match strict_json::from_slice(&bytes) {
            Ok(manifest) => manifest,
            Err(error) if descriptor.artifact_type.as_deref() == Some(oci::SIGSTORE_BUNDLE) => {
                return Err(ArtifactError::Syntax(error).into());
            }
            Err(_) => continue,
        };
        let refers = manifest.subject.as_ref().map(|subject| subject.digest) == Some(*subject);
        let [layer] = manifest.layers.as_slice() else {
            continue;
        };
        if !refers || layer.media_type != oci::SIGSTORE_BUNDLE {
            continue;
        }
        let bundle = origin.read(layer, BUNDLE_BYTES_MAX).await?;
        found.push(Signature {
            bundle,
            manifest,
            bytes,
        });
    }
    Ok(found)
}

/// A package whose component is the one that was signed, and not yet looked into.
#[derive(Debug)]
pub struct Fetched {
    authentic: Authentic,
    config: Vec<u8>,
    dir: PrivateDir,
}

impl Authentic {
    /// Fetches config and component into a directory of its own below `parent`.
    ///
    /// # Errors
    /// If one is too large, cannot be had, or is not what was signed.
    pub async fn fetch(
        self,
        origin: &Origin,
        rules: Rules<'_>,
        parent: &Path,
        on: &mut dyn FnMut(Check),
    ) -> Result<Fetched, VerifyError> {
        let layer = &self.manifest.layers[0];
        let limit = rules.limits.get(LimitKind::Component);
        if layer.size > limit {
            return Err(VerifyError::TooLarge {
                what: "component".into(),
                limit,
                actual: layer.size,
                flag: ": raise it with --component",
            });
        }
        let config = origin.read(&self.manifest.config, CONFIG_BYTES_MAX).await?;
        artifact::check_config(&config, layer)?;
        let dir = PrivateDir::inside(parent).map_err(VerifyError::Unpack)?;
        let component = dir.path().join(COMPONENT);
        let mut file = File::create(&component).map_err(VerifyError::Unpack)?;
        origin.copy(layer, &mut file).await?;
        on(Check {
            what: "component",
            found: format!("{}, {} bytes", layer.digest, layer.size),
        });
        Ok(Fetched {
            authentic: self,
            config,
            dir,
        })
    }
}

/// A package that is what it says, and whose publisher answers for it.
#[derive(Debug)]
pub struct Package {
    /// What its manifest hashes to.
    pub digest: Digest,
    /// What its component hashes to.
    pub component: Digest,
    /// Who signed it; none if it is unsigned and that was allowed.
    pub accepted: Option<Accepted>,
    /// Its files, and what it says of itself.
    pub content: Content,
    manifest: Vec<u8>,
    config: Vec<u8>,
    signatures: Vec<Signature>,
    /// The manifests of its datasets, and the media types of these.
    datasets: Vec<(String, String, Vec<u8>)>,
}

impl Package {
    /// All that it is made of, to be kept or passed on.
    ///
    /// # Errors
    /// If its files cannot be read any more.
    pub fn contents(&self) -> Result<Contents, LayoutError> {
        let dir = self.content.dir.path();
        let empty = || oci::EMPTY_JSON.to_vec();
        let mut contents = Contents::default();
        contents.add_blob(oci::WASM_CONFIG, self.config.clone());
        contents.add_file(oci::WASM, &dir.join(COMPONENT))?;
        let version = self.content.about.release.version.to_string();
        contents.set_package(&version, self.manifest.clone())?;
        for signature in &self.signatures {
            contents.add_blob(oci::EMPTY, empty());
            contents.add_blob(oci::SIGSTORE_BUNDLE, signature.bundle.clone());
            contents.add_referrer(signature.bytes.clone())?;
        }
        for (name, media_type, manifest) in &self.datasets {
            contents.add_blob(oci::EMPTY, empty());
            contents.add_file(media_type, &dir.join(DATA).join(name))?;
            contents.add_dataset(manifest.clone())?;
        }
        Ok(contents)
    }

    /// Its manifest, as an index describes it.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::of(oci::MANIFEST, &self.manifest)
    }

    /// Who answers for it, as a lock and the store keep it.
    #[must_use]
    pub fn signers(&self) -> Vec<String> {
        let accepted = self.accepted.as_ref();
        accepted.map_or_else(Vec::new, |accepted| {
            let name = |signer: &Signer| match signer {
                Signer::Key(fingerprint) => fingerprint.to_string(),
                Signer::Identity(identity) => quoted(&identity.subject),
            };
            accepted.signers.iter().map(name).collect()
        })
    }
}

impl Fetched {
    /// The component, for a worker to describe.
    #[must_use]
    pub fn component(&self) -> PathBuf {
        self.dir.path().join(COMPONENT)
    }

    /// Holds what a worker read in the component against what was signed, and fetches the datasets.
    ///
    /// # Errors
    /// If they differ, it imports more than it requests, or a dataset is not what was pinned.
    pub async fn admit(
        self,
        origin: &Origin,
        entry: PluginKind,
        sections: &BTreeMap<String, String>,
        imports: &[String],
        on: &mut dyn FnMut(Check),
    ) -> Result<Package, VerifyError> {
        let Authentic {
            digest,
            release,
            accepted,
            manifest,
            bytes,
            signatures,
        } = self.authentic;
        let about = SelfDescription::read(sections)?;
        about.agrees_with(&manifest.annotations)?;
        if about.release != release {
            return Err(VerifyError::Replayed {
                signed: Box::new(release),
                claimed: Box::new(about.release),
            });
        }
        about.covers(entry, imports)?;
        let capabilities: Vec<_> = about.manifest.capabilities.iter().cloned().collect();
        on(Check {
            what: "content",
            found: format!(
                "valid, imports no more than {}",
                if capabilities.is_empty() {
                    "the contract".into()
                } else {
                    capabilities.join(" ")
                }
            ),
        });
        let datasets = datasets(origin, &about, self.dir.path(), on).await?;
        Ok(Package {
            digest,
            component: manifest.layers[0].digest,
            accepted,
            content: Content {
                dir: self.dir,
                about,
            },
            manifest: bytes,
            config: self.config,
            signatures,
            datasets,
        })
    }
}

/// Fetches datasets into the package's directory.
async fn datasets(
    origin: &Origin,
    about: &SelfDescription,
    dir: &Path,
    on: &mut dyn FnMut(Check),
) -> Result<Vec<(String, String, Vec<u8>)>, VerifyError> {
    let mut fetched = Vec::new();
    let mut total = 0;
    for (name, dataset) in &about.manifest.datasets {
        let error = |source| VerifyError::Dataset {
            name: name.clone(),
            source,
        };
        let bytes = origin.described(&dataset.0).await?;
        let content = artifact::read_dataset(&bytes).map_err(error)?;
        total += content.size.min(DATASETS_BYTES_MAX + 1);
        if total > DATASETS_BYTES_MAX {
            return Err(VerifyError::TooLarge {
                what: format!("dataset `{name}` and those before it"),
                limit: DATASETS_BYTES_MAX,
                actual: total,
                flag: "",
            });
        }
        let data = dir.join(DATA);
        std::fs::create_dir_all(&data).map_err(VerifyError::Unpack)?;
        let path = data.join(name);
        let mut file = File::create(&path).map_err(VerifyError::Unpack)?;
        origin.copy(&content, &mut file).await?;
        on(Check {
            what: "dataset",
            found: format!("{name}: {}, {} bytes", content.digest, content.size),
        });
        fetched.push((name.clone(), content.media_type, bytes));
    }
    Ok(fetched)
}

#[cfg(test)]
mod tests;
