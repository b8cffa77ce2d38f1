//! A package as an OCI artifact: the config and the manifest that describe one component, made at
//! packing and held against the rules at verifying. What it looks like is the CNCF TAG-Runtime's
//! Wasm OCI artifact layout, which the ecosystem's own clients read.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::manifest::SelfDescription;
use super::oci::{self, Descriptor, Manifest, to_json};
use super::strict_json;
use dyno_job::Shape;
use dyno_model::quoted::quoted;
use dyno_plugin::Digest;

/// The config of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WasmConfig {
    created: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    author: Option<String>,
    architecture: String,
    os: String,
    layer_digests: Vec<Digest>,
    /// Of a component; a core module has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    component: Option<Interface>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Interface {
    exports: Vec<String>,
    imports: Vec<String>,
}

/// An OCI manifest that is not one of a package.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// Not a manifest.
    #[error("it is not an OCI manifest: {0}")]
    Syntax(serde_json::Error),
    /// Something in it is not what it is in a package.
    #[error("it is not a package: its {what} is {found}, where {expected} is expected")]
    Other {
        /// What was looked at.
        what: &'static str,
        /// What it is, escaped.
        found: String,
        /// What it is in a package.
        expected: String,
    },
    /// It has other layers than the one.
    #[error(
        "it is not a package: it should have one layer of the type {}, and has {found}",
        oci::WASM
    )]
    Layers {
        /// What they are and how large, escaped.
        found: String,
    },
    /// One reader could take it for a manifest and another for an index.
    #[error(
        "it is not a package: it has both `layers` and `manifests`, so readers differ in what it is"
    )]
    Ambiguous,
    /// The config does not describe the component.
    #[error("its config does not describe its component: {0}")]
    Config(String),
}

/// Config and manifest of a package. `created` is a time as RFC 3339 writes it.
#[must_use]
pub fn describe(
    about: &SelfDescription,
    component: &Descriptor,
    shape: &Shape,
    created: &str,
) -> (Vec<u8>, Vec<u8>) {
    let author = about.labels.get("authors").cloned();
    let is_component = shape.numbers.components > 0;
    let config = to_json(&WasmConfig {
        created: created.into(),
        author,
        architecture: "wasm".into(),
        os: if is_component { "wasip2" } else { "wasip1" }.into(),
        layer_digests: vec![component.digest],
        component: is_component.then(|| Interface {
            exports: shape.exports.clone(),
            imports: shape.imports.clone(),
        }),
    });
    let mut manifest = Manifest::new(Descriptor::of(oci::WASM_CONFIG, &config), component.clone());
    manifest.annotations = about.annotations();
    (config, to_json(&manifest))
}

/// Reads the manifest of a package.
///
/// # Errors
/// If it is not one: another type of config or layer, more or fewer layers than one, a subject; or
/// if it could be taken for an index, too.
pub fn read(bytes: &[u8]) -> Result<Manifest, ArtifactError> {
    let manifest: Manifest = strict_json::from_slice(bytes).map_err(ArtifactError::Syntax)?;
    let AsIndex { manifests } = serde_json::from_slice(bytes).map_err(ArtifactError::Syntax)?;
    if manifests.is_some() {
        return Err(ArtifactError::Ambiguous);
    }
    let other = |what, found: &str, expected: &str| {
        Err(ArtifactError::Other {
            what,
            found: quoted(found),
            expected: expected.into(),
        })
    };
    if manifest.schema_version != 2 {
        return other("schema version", &manifest.schema_version.to_string(), "2");
    }
    if manifest.media_type != oci::MANIFEST {
        return other("media type", &manifest.media_type, oci::MANIFEST);
    }
    if manifest.config.media_type != oci::WASM_CONFIG {
        return other("config", &manifest.config.media_type, oci::WASM_CONFIG);
    }
    let [layer] = manifest.layers.as_slice() else {
        let found = layers(&manifest.layers);
        return Err(ArtifactError::Layers { found });
    };
    if layer.media_type != oci::WASM {
        return other("layer", &layer.media_type, oci::WASM);
    }
    if manifest.subject.is_some() {
        return other("subject", "another manifest", "none");
    }
    Ok(manifest)
}

/// Present in an index, and, with a media type left out, all that tells one from a manifest.
#[derive(Deserialize)]
struct AsIndex {
    manifests: Option<IgnoredAny>,
}

/// So many of the layers of what is no package are shown.
const LAYERS_SHOWN: usize = 4;

fn layers(layers: &[Descriptor]) -> String {
    let shown = layers.iter().take(LAYERS_SHOWN);
    let mut shown: Vec<_> = shown
        .map(|layer| format!("{} of {} bytes", quoted(&layer.media_type), layer.size))
        .collect();
    let more = layers.len().saturating_sub(LAYERS_SHOWN);
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    match layers.len() {
        0 => "none".into(),
        count => format!("{count}: {}", shown.join(", ")),
    }
}

/// Holds the config of a package against its layer.
///
/// # Errors
/// If it is not the config of a component, or of another one.
pub(crate) fn check_config(bytes: &[u8], layer: &Descriptor) -> Result<(), ArtifactError> {
    let config: WasmConfig = strict_json::from_slice(bytes)
        .map_err(|error| ArtifactError::Config(quoted(&error.to_string())))?;
    if config.layer_digests != [layer.digest] {
        return Err(ArtifactError::Config(format!(
            "it is of another layer than {}",
            layer.digest
        )));
    }
    Ok(())
}

/// Config and manifest of a dataset with this content.
#[must_use]
pub(crate) fn describe_dataset(content: Descriptor) -> Manifest {
    Manifest {
        artifact_type: Some(oci::DATASET.into()),
        ..Manifest::new(Descriptor::of(oci::EMPTY, oci::EMPTY_JSON), content)
    }
}

/// The content of a dataset.
///
/// # Errors
/// If it is not the manifest of one.
pub(crate) fn read_dataset(bytes: &[u8]) -> Result<Descriptor, ArtifactError> {
    let manifest: Manifest = strict_json::from_slice(bytes).map_err(ArtifactError::Syntax)?;
    match (
        manifest.artifact_type.as_deref(),
        manifest.layers.as_slice(),
    ) {
        (Some(oci::DATASET), [layer]) => Ok(layer.clone()),
        (found, _) => Err(ArtifactError::Other {
            what: "artifact type",
            found: quoted(found.unwrap_or("none")),
            expected: format!("{} with one layer", oci::DATASET),
        }),
    }
}
