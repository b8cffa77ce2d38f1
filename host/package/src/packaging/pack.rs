//! From a plugin directory to a package file, and a signature on one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::describe::describe;
use crate::artifact::{self, ArtifactError};
use crate::key::PrivateKey;
use crate::layout::{Contents, Layout, LayoutError, write_tar};
use crate::manifest::kind_of;
use crate::manifest::{
    Dataset, ManifestError, PackageManifest, SelfDescription, capability, claimed,
};
use crate::oci::{self, Descriptor, Manifest, to_json};
use crate::signature;
use crate::source::{PackageTable, SourceError};
use crate::verify::signers::KEY_ANNOTATION;
use dyno_job::{Shape, Supervisor};
use dyno_model::{Classify, Fault, Limits, Outcome};
use dyno_plugin as plugin;
use dyno_plugin::id::Release;
use dyno_plugin::{Digest, InputError, Source};

/// A package that was made.
#[derive(Debug)]
pub struct Packed {
    /// The package file.
    pub path: PathBuf,
    /// What it says of itself.
    pub about: SelfDescription,
    /// What its manifest hashes to.
    pub digest: Digest,
}

/// Why no package was made.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The directory describes none.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The component cannot be read.
    #[error(transparent)]
    Component(#[from] plugin::SourceError),
    /// A file that the manifest names cannot be read.
    #[error("{name}")]
    Input {
        /// What names it.
        name: String,
        /// Why.
        source: InputError,
    },
    /// A worker refused the component, or the labels.
    #[error("{name}: {}", super::reason(.outcome))]
    Content {
        /// Which plugin.
        name: String,
        /// How the worker ended.
        outcome: Outcome,
    },
    /// What the directory says of the package does not hold.
    #[error("{name}: [package] in plugin.toml")]
    Manifest {
        /// Which plugin.
        name: String,
        /// What does not.
        source: ManifestError,
    },
    /// It is no package, or cannot be written as one.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The file cannot be read or written.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// It does not say what it is.
    #[error("it does not say which release it is: make it with `dyno pack`")]
    Nameless,
}

impl Classify for PackError {
    fn fault(&self) -> Fault {
        match self {
            Self::Layout(error) => error.fault(),
            Self::Component(error) => error.fault(),
            Self::Content { outcome, .. } => super::content_fault(outcome),
            Self::Source(_) | Self::Input { .. } | Self::Manifest { .. } => Fault::Refused,
            Self::Artifact(_) | Self::Nameless => Fault::Refused,
        }
    }
}

/// Packs a plugin directory that has been built. Where `output` does not say where to, the package
/// gets its usual name in the working directory; `staging_dir` is for what comes before it.
///
/// # Errors
/// If the directory does not describe a package, or its component is not what it describes.
pub async fn pack(
    source: &Source,
    limits: &Limits,
    created: Timestamp,
    output: Option<PathBuf>,
    supervisor: &Supervisor,
    staging_dir: &Path,
) -> Result<Packed, PackError> {
    let shown = source.path.display().to_string();
    let manifest = source.manifest.as_ref();
    let table = PackageTable::of(
        manifest.ok_or_else(|| SourceError::None(shown.clone()))?,
        &shown,
    )?;

    // The plugin may be text, or a core module that becomes a component.
    let content = |outcome| PackError::Content {
        name: shown.clone(),
        outcome,
    };
    let manifest_error = |source| PackError::Manifest {
        name: shown.clone(),
        source,
    };
    let snapshot = staging_dir.join("plugin");
    let (digest, _) = plugin::read(source, limits)?;
    plugin::snapshot(source, limits, &digest, &snapshot)?;
    let plain = staging_dir.join("plain.wasm");
    let label = Some((BTreeMap::new(), plain.clone()));
    let described = describe(supervisor, snapshot, label, limits)
        .await
        .map_err(content)?;

    let mut contents = Contents::default();
    let shape = &described.shape;
    let mut about = self_description(source, &table, shape);
    datasets(
        source,
        &table.datasets,
        &mut about.manifest,
        &mut contents,
        staging_dir,
    )?;
    about.manifest.validate().map_err(manifest_error)?;
    about
        .covers(shape.kind, &shape.imports)
        .map_err(manifest_error)?;

    let labelled = staging_dir.join("labelled.wasm");
    let label = Some((about.sections(), labelled.clone()));
    let described = describe(supervisor, plain, label, limits)
        .await
        .map_err(|outcome| PackError::Content {
            name: format!("{shown}: [package] in plugin.toml"),
            outcome,
        })?;
    // What was there before it was labelled stays, and belongs to it.
    let about = SelfDescription::read(&described.sections).map_err(manifest_error)?;
    let component = contents.add_file(oci::WASM, &labelled)?;
    let package = add_package(&mut contents, component, &about, &described.shape, created)?;
    let path = output.unwrap_or_else(|| PathBuf::from(about.release.file_name()));
    write_tar(&path, &contents, seconds(created))?;
    Ok(Packed {
        path,
        digest: package.digest,
        about,
    })
}

/// Adds the manifest and the config of a package, and has the contents begin with them.
fn add_package(
    contents: &mut Contents,
    mut component: Descriptor,
    about: &SelfDescription,
    shape: &Shape,
    created: Timestamp,
) -> Result<Descriptor, PackError> {
    component
        .annotations
        .insert(oci::TITLE.into(), about.release.component_name());
    let time = created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let (config, manifest) = artifact::describe(about, &component, shape, &time);
    contents.add_blob(oci::WASM_CONFIG, config);
    Ok(contents.set_package(&about.release.version.to_string(), manifest)?)
}

/// What the package says of itself before its datasets are known; what it does not say of its kind
/// and capabilities is what its component has.
fn self_description(source: &Source, table: &PackageTable, shape: &Shape) -> SelfDescription {
    let mut about = SelfDescription {
        release: table.release(),
        labels: labels(source, table),
        manifest: requests(source, table),
    };
    about.manifest.kind = match &table.kind {
        Some(kind) => kind.clone(),
        None => kind_of(shape.kind).into(),
    };
    about.manifest.capabilities = match &table.capabilities {
        Some(capabilities) => capabilities.clone(),
        None => {
            let imports = shape.imports.iter();
            imports
                .filter_map(|import| capability(import))
                .map(Into::into)
                .collect()
        }
    };
    about
}

/// The standard labels.
fn labels(source: &Source, table: &PackageTable) -> BTreeMap<String, String> {
    let description = source.manifest.as_ref().map(|it| it.description.clone());
    let said = [
        ("name", Some(table.id.name().to_owned())),
        ("version", Some(table.version.to_string())),
        ("description", description.filter(|text| !text.is_empty())),
        ("authors", table.authors.clone()),
        ("licenses", table.license.clone()),
        ("source", table.source.clone()),
        ("homepage", table.homepage.clone()),
        ("revision", table.revision.clone()),
    ];
    let said = said
        .into_iter()
        .filter_map(|(name, text)| Some((name.to_owned(), text?)));
    said.collect()
}

/// What the package needs and asks for, as far as the directory says it.
fn requests(source: &Source, table: &PackageTable) -> PackageManifest {
    let mut manifest = PackageManifest::new(table.id.clone(), "");
    manifest.parameters.clone_from(&table.parameters);
    manifest.dependencies.clone_from(&table.dependencies);
    manifest.extensions.clone_from(&table.extensions);
    manifest.toolchain.clone_from(&table.toolchain);
    if let Some(plugin) = &source.manifest {
        manifest.limits.clone_from(&plugin.limits);
        manifest.features.clone_from(&plugin.features);
        manifest.program.args.clone_from(&plugin.program.args);
        manifest.program.expected_status = plugin.program.expected_status;
    }
    manifest
}

/// The names of the datasets that a program's stdin and its expected stdout become.
const STDIN: &str = "stdin";
const STDOUT: &str = "stdout";

fn datasets(
    source: &Source,
    named: &BTreeMap<String, PathBuf>,
    manifest: &mut PackageManifest,
    contents: &mut Contents,
    staging_dir: &Path,
) -> Result<(), PackError> {
    let mut add = |name: &str, path: &Path| {
        let input_error = |error| PackError::Input {
            name: format!(
                "{}: [package] in plugin.toml: dataset `{}`",
                source.path.display(),
                name.escape_debug()
            ),
            source: error,
        };
        let copy = source
            .open_below(path)
            .map_err(input_error)?
            .copy(staging_dir)
            .map_err(input_error)?;
        let content = contents.add_file("application/octet-stream", &copy)?;
        contents.add_blob(oci::EMPTY, oci::EMPTY_JSON.to_vec());
        let bytes = to_json(&artifact::describe_dataset(content));
        let descriptor = contents.add_dataset(bytes)?;
        Ok::<_, PackError>(Dataset(descriptor))
    };
    let mut found = BTreeMap::new();
    for (name, path) in named {
        found.insert(name.clone(), add(name, path)?);
    }
    if let Some(program) = source.manifest.as_ref().map(|it| &it.program) {
        if let Some(path) = &program.stdin {
            found.insert(STDIN.into(), add(STDIN, path)?);
            manifest.program.stdin = Some(STDIN.into());
        }
        if let Some(path) = &program.stdout {
            found.insert(STDOUT.into(), add(STDOUT, path)?);
            manifest.program.stdout = Some(STDOUT.into());
        }
    }
    manifest.datasets = found;
    Ok(())
}

/// Adds a signature to a package file.
///
/// # Errors
/// If it is not a package, or cannot be written.
pub fn sign(
    layout: &Layout,
    path: &Path,
    key: &PrivateKey,
    created: Timestamp,
) -> Result<Release, PackError> {
    let package = layout.package()?;
    let bytes = layout.read(&package, oci::MANIFEST_BYTES_MAX)?;
    let release = claimed(&artifact::read(&bytes)?.annotations).ok_or(PackError::Nameless)?;
    let mut contents = Contents::of(layout)?;
    contents.add_blob(oci::EMPTY, oci::EMPTY_JSON.to_vec());
    let bundle = signature::sign(key, &package.digest, &release);
    let bundle = contents.add_blob(oci::SIGSTORE_BUNDLE, bundle);
    let mut subject = Descriptor::of(oci::MANIFEST, &bytes);
    subject.annotations.clear();
    let mut manifest = Manifest::of_signature(bundle, subject);
    let public = key.public().to_pem();
    manifest.annotations.insert(KEY_ANNOTATION.into(), public);
    contents.add_referrer(to_json(&manifest))?;
    write_tar(path, &contents, seconds(created))?;
    Ok(release)
}

/// What a tar keeps of a time; none is before 1970 there.
fn seconds(created: Timestamp) -> u64 {
    u64::try_from(created.as_second()).unwrap_or(0)
}
