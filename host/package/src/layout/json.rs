//! The JSON files of a layout, parsed strictly: each must be what it is taken for.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{LayoutError, MARKER};
use crate::oci::{self, Descriptor, Index, Manifest, ReferrersIndex};
use crate::strict_json;
use dyno_model::quoted::quoted;

/// The one version of layouts there is (OCI image specification 1.1, image layout).
const VERSION: &str = "1.0.0";

#[derive(Deserialize)]
struct Marker {
    #[serde(rename = "imageLayoutVersion")]
    version: String,
}

pub(super) fn expect_marker(path: &str, bytes: &[u8]) -> Result<(), LayoutError> {
    let marker: Marker = parse(path, MARKER, bytes)?;
    if marker.version == VERSION {
        return Ok(());
    }
    let message = format!(
        "the version should be `{VERSION}`, and is `{}`",
        quoted(&marker.version)
    );
    Err(error(path, MARKER, message))
}

/// Reads `part` of the layout at `path` as an index.
pub(super) fn index(path: &str, part: &str, bytes: &[u8]) -> Result<Index, LayoutError> {
    let index: Index = parse(path, part, bytes)?;
    let found = (index.schema_version, index.media_type.as_str());
    expect_kind(path, part, found, oci::INDEX)?;
    Ok(index)
}

/// Reads `part` of the layout at `path` as an index of referrers.
pub(super) fn referrers(
    path: &str,
    part: &str,
    bytes: &[u8],
) -> Result<Vec<Descriptor>, LayoutError> {
    let index: ReferrersIndex = parse(path, part, bytes)?;
    let found = (index.schema_version, index.media_type.as_str());
    expect_kind(path, part, found, oci::INDEX)?;
    Ok(index.referrers())
}

/// Reads `part` of the layout at `path` as an image manifest.
pub(super) fn manifest(path: &str, part: &str, bytes: &[u8]) -> Result<Manifest, LayoutError> {
    let manifest: Manifest = parse(path, part, bytes)?;
    let found = (manifest.schema_version, manifest.media_type.as_str());
    expect_kind(path, part, found, oci::MANIFEST)?;
    Ok(manifest)
}

pub(super) fn expect_media_type(
    descriptor: &Descriptor,
    expected: &'static str,
) -> Result<(), LayoutError> {
    if descriptor.media_type == expected {
        return Ok(());
    }
    Err(LayoutError::MediaType {
        digest: descriptor.digest,
        expected,
        found: quoted(&descriptor.media_type),
    })
}

fn parse<T: DeserializeOwned>(path: &str, part: &str, bytes: &[u8]) -> Result<T, LayoutError> {
    strict_json::from_slice(bytes).map_err(|source| error(path, part, quoted(&source.to_string())))
}

fn expect_kind(
    path: &str,
    part: &str,
    (schema_version, media_type): (u32, &str),
    expected: &'static str,
) -> Result<(), LayoutError> {
    if schema_version == 2 && media_type == expected {
        return Ok(());
    }
    let message = format!(
        "it should have schemaVersion 2 and mediaType {expected}, and has {schema_version} and `{}`",
        quoted(media_type)
    );
    Err(error(path, part, message))
}

fn error(path: &str, part: &str, message: String) -> LayoutError {
    LayoutError::Json {
        path: path.into(),
        part: part.into(),
        message,
    }
}
