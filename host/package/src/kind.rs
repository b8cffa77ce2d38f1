//! What a package is, by its `kind`, and how it becomes a plugin directory.

use std::collections::BTreeMap;
use std::path::Path;

use super::manifest::{KINDS, PackageManifest, SelfDescription};
use dyno_files::private_dir::PrivateDir;
use dyno_model::PluginKind;
use dyno_model::quoted::quoted;
use dyno_plugin::id::Release;
use dyno_plugin::{Manifest, ProgramTable};

/// The directory with a package's datasets, in its own directory and, with a slash before it, as
/// the guest sees it.
pub const DATA: &str = "data";

/// The component, in the directory of a package.
pub const COMPONENT: &str = "component.wasm";

/// The verified content of a package on disk: [`COMPONENT`], and its datasets in [`DATA`].
#[derive(Debug)]
pub struct Content {
    /// Where they are; goes when this goes.
    pub dir: PrivateDir,
    /// What it says of itself.
    pub about: SelfDescription,
}

/// A package that is ready to be run as a plugin directory.
#[derive(Debug)]
pub struct Started {
    /// Which release it is.
    pub release: Release,
    /// As if it had been read in its directory.
    pub manifest: Manifest,
    /// Variables of its environment, unless the user gives them other values.
    pub env: Vec<(String, String)>,
    /// The plugin directory that it became; goes when this goes.
    pub dir: PrivateDir,
}

/// Why a package cannot be run here.
#[derive(Debug, thiserror::Error)]
pub enum KindError {
    /// No runner is registered for it.
    #[error("it is of the kind `{kind}`, which this host does not run: it runs {known}")]
    Unknown {
        /// Its kind, escaped.
        kind: String,
        /// What there is.
        known: String,
    },
    /// It has what only programs have.
    #[error("it is of the kind `wasm` and has a table `program`, which only a `command` has")]
    Program,
}

/// Which plugin a package holds.
///
/// # Errors
/// If it is of a kind that this host does not run, which is no verdict on the package.
pub fn runs(manifest: &PackageManifest) -> Result<PluginKind, KindError> {
    let found = KINDS.iter().find(|(kind, _)| *kind == manifest.kind);
    found
        .map(|(_, plugin)| *plugin)
        .ok_or_else(|| KindError::Unknown {
            kind: quoted(&manifest.kind),
            known: KINDS.map(|(kind, _)| kind).join(" and "),
        })
}

/// Makes a package ready.
///
/// # Errors
/// If it is of no kind that this host runs, or has what its kind does not have.
pub fn start(content: Content) -> Result<Started, KindError> {
    let program = &content.about.manifest.program;
    match runs(&content.about.manifest)? {
        PluginKind::Suite if !program.is_empty() => Err(KindError::Program),
        PluginKind::Suite | PluginKind::Command => Ok(started(content)),
    }
}

fn started(content: Content) -> Started {
    let SelfDescription {
        release, manifest, ..
    } = &content.about;
    let dataset = |name: &Option<String>| Some(Path::new(DATA).join(name.as_ref()?));
    let program = &manifest.program;
    Started {
        release: release.clone(),
        manifest: Manifest {
            name: release.id.to_string(),
            description: content.about.label("description").into(),
            commands: Vec::new(),
            tools: BTreeMap::new(),
            component: COMPONENT.into(),
            program: ProgramTable {
                name: None,
                args: program.args.clone(),
                stdin: dataset(&program.stdin),
                stdout: dataset(&program.stdout),
                expected_status: program.expected_status,
            },
            limits: manifest.limits.clone(),
            features: manifest.features.clone(),
            package: None,
        },
        env: (manifest.parameters.iter())
            .map(|(name, parameter)| (name.clone(), parameter.default.clone()))
            .collect(),
        dir: content.dir,
    }
}
