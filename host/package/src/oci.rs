//! The parts of the OCI image format that a package is made of.
//!
//! Sources: OCI image specification 1.1 (manifest, index, image layout, referrers), and the CNCF
//! TAG-Runtime's Wasm OCI artifact layout for the media types of config and layer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use dyno_plugin::Digest;

/// The media type of a manifest.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The media type of an index.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// The media type of the config of a package.
pub const WASM_CONFIG: &str = "application/vnd.wasm.config.v0+json";
/// The media type of the one layer of a package: the component.
pub const WASM: &str = "application/wasm";
/// The media type of a config that says nothing: `{}`.
pub const EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// The artifact type, and the media type of the one layer, of a signature.
pub const SIGSTORE_BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// The artifact type, and the media type of the one layer, of a dataset.
pub(crate) const DATASET: &str = "application/vnd.dyno.dataset.v1";

/// Manifests and indexes are short texts: a registry may refuse more than 4 MiB (distribution
/// specification 1.1), and ours have some KiB.
pub const MANIFEST_BYTES_MAX: u64 = 1 << 20;
/// A bundle has some 1.5 KiB with a key, some 10 KiB with a certificate and log entries.
pub(crate) const BUNDLE_BYTES_MAX: u64 = 256 << 10;
/// Who signs a package more often than this wants to keep a verifier busy.
pub(crate) const REFERRERS_MAX: usize = 16;
/// The same of whatever else refers to it, which is listed and not looked at.
pub(crate) const LISTED_MAX: usize = 256;

/// The bytes of [`EMPTY`].
pub const EMPTY_JSON: &[u8] = b"{}";

/// Annotation of a manifest in an index: its tag.
pub(crate) const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// Annotation of a layer: the name of the file that other clients make of it.
pub(crate) const TITLE: &str = "org.opencontainers.image.title";

/// Names some bytes: what they are, what they hash to, how many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What they are.
    pub media_type: String,
    /// What they hash to.
    pub digest: Digest,
    /// How many, bytes.
    pub size: u64,
    /// Of a manifest: what kind of artifact it is. Copying tools lose it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub artifact_type: Option<String>,
    /// Said of them; not covered by the digest.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub annotations: BTreeMap<String, String>,
}

impl Descriptor {
    /// Describes some bytes.
    #[must_use]
    pub fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self {
            media_type: media_type.into(),
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
            artifact_type: None,
            annotations: BTreeMap::new(),
        }
    }

    /// Whether a referrer may carry a signature: it is an image manifest, and is not said to be
    /// another artifact. What is said of none may be one: copying tools lose it.
    #[must_use]
    pub(crate) fn may_be_signature(&self) -> bool {
        let is_other = |said: &str| said != SIGSTORE_BUNDLE && said != EMPTY;
        self.media_type == MANIFEST
            && self.size <= MANIFEST_BYTES_MAX
            && !self.artifact_type.as_deref().is_some_and(is_other)
    }
}

/// Whether a list of referrers is longer than anybody has to look through.
#[must_use]
pub(crate) fn is_too_long(referrers: &[Descriptor]) -> bool {
    let signatures = referrers.iter().filter(|it| it.may_be_signature());
    signatures.count() > REFERRERS_MAX || referrers.len() > LISTED_MAX
}

/// An image manifest: a package, a signature or a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// 2.
    pub schema_version: u32,
    /// [`MANIFEST`]. It may be left out: then the descriptor of the manifest says it.
    #[serde(default = "manifest_media_type")]
    pub media_type: String,
    /// What kind of artifact it is; none for a package, whose config says that.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub artifact_type: Option<String>,
    /// Its config.
    pub config: Descriptor,
    /// Its content.
    pub layers: Vec<Descriptor>,
    /// The manifest that it refers to: a signature's package.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subject: Option<Descriptor>,
    /// What it says of itself.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub annotations: BTreeMap<String, String>,
}

impl Manifest {
    /// A manifest with a config and one layer.
    #[must_use]
    pub fn new(config: Descriptor, layer: Descriptor) -> Self {
        Self {
            schema_version: 2,
            media_type: MANIFEST.into(),
            artifact_type: None,
            config,
            layers: vec![layer],
            subject: None,
            annotations: BTreeMap::new(),
        }
    }

    /// The manifest of a signature: `bundle` describes it, `subject` is the package's manifest.
    #[must_use]
    pub fn of_signature(bundle: Descriptor, subject: Descriptor) -> Self {
        Self {
            artifact_type: Some(SIGSTORE_BUNDLE.into()),
            subject: Some(subject),
            ..Self::new(Descriptor::of(EMPTY, EMPTY_JSON), bundle)
        }
    }
}

/// An index: of a layout, or of the manifests that refer to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// 2.
    pub schema_version: u32,
    /// [`INDEX`]. A layout's own may lack it.
    #[serde(default = "index_media_type")]
    pub media_type: String,
    /// What it lists.
    pub manifests: Vec<Descriptor>,
    /// Said of it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub annotations: BTreeMap<String, String>,
}

fn manifest_media_type() -> String {
    MANIFEST.into()
}

pub(super) fn index_media_type() -> String {
    INDEX.into()
}

/// An index of referrers as others write it: what of it is no descriptor as we know it, such as one
/// with a digest of another kind, is none of ours.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReferrersIndex {
    /// 2.
    pub schema_version: u32,
    /// [`INDEX`].
    #[serde(default = "index_media_type")]
    pub media_type: String,
    manifests: Vec<serde_json::Value>,
}

impl ReferrersIndex {
    /// What it lists, as far as it is understood.
    #[must_use]
    pub fn referrers(self) -> Vec<Descriptor> {
        let listed = self.manifests.into_iter();
        listed
            .filter_map(|it| serde_json::from_value(it).ok())
            .collect()
    }
}

impl Index {
    /// An index of some manifests.
    #[must_use]
    pub fn new(manifests: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: INDEX.into(),
            manifests,
            annotations: BTreeMap::new(),
        }
    }
}

/// The tag under which a registry without a referrers API, and a layout, keep the index of the
/// manifests that refer to `subject` (distribution specification 1.1, referrers tag schema).
#[must_use]
pub(crate) fn referrers_tag(subject: &Digest) -> String {
    format!("sha256-{}", subject.hex())
}

/// The one form in which we write manifests and indexes: compact, keys in the order of the
/// specification, annotations sorted.
///
/// # Panics
/// Never: these types always serialize.
#[must_use]
pub fn to_json(value: &impl Serialize) -> Vec<u8> {
    #[expect(
        clippy::expect_used,
        reason = "maps with text keys, and no failing Serialize"
    )]
    serde_json::to_vec(value).expect("plain data")
}
