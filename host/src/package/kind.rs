//! What runs a package: its `kind` is looked up among the handlers that are registered. This host
//! runs `wasm` and `command` itself; a handler that has packages run elsewhere is registered
//! beside these.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::id::Release;
use super::manifest::{PackageManifest, SelfDescription};
use crate::plugin::{Manifest, ProgramTable};
use crate::private_dir::PrivateDir;
use crate::quoted::quoted;
use crate::report::model::PluginKind;

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

/// A step that a session takes with a plugin, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    /// Make machine code.
    Compile,
    /// List the cases.
    Cases,
    /// The metered pass.
    Count,
    /// The time pass.
    Time,
}

/// A package that is ready to be run as a plugin directory.
#[derive(Debug)]
pub struct Started {
    /// Which release it is.
    pub release: Release,
    /// As if it had been read in its directory.
    pub manifest: Manifest,
    /// Its kind.
    pub kind: &'static str,
    /// Variables of its environment, unless the user gives them other values.
    pub env: Vec<(String, String)>,
    dir: PrivateDir,
}

impl Started {
    /// The plugin directory that it became.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The directory with its datasets, if it has any.
    #[must_use]
    pub fn data(&self) -> Option<PathBuf> {
        Some(self.dir().join(DATA)).filter(|data| data.is_dir())
    }
}

/// What runs packages of one kind.
pub trait Handler: Send + Sync {
    /// The `kind` that it is for.
    fn kind(&self) -> &'static str;

    /// The steps that it takes with one.
    fn jobs(&self) -> &'static [JobKind];

    /// Makes a package ready.
    ///
    /// # Errors
    /// If it asks for what this kind does not have.
    fn start(&self, content: Content) -> Result<Started, KindError>;

    /// Takes away what [`Handler::start`] made.
    ///
    /// # Errors
    /// If something of it stays.
    fn stop(&self, started: Started) -> io::Result<()> {
        started.dir.close()
    }
}

/// Why a package cannot be run here.
#[derive(Debug, thiserror::Error)]
pub enum KindError {
    /// Nobody registered for it.
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

/// The handlers that are registered.
pub struct Kinds(BTreeMap<&'static str, Box<dyn Handler>>);

impl Default for Kinds {
    /// Those of this host.
    fn default() -> Self {
        let mut kinds = Self(BTreeMap::new());
        kinds.register(Box::new(Wasm));
        kinds.register(Box::new(Command));
        kinds
    }
}

impl Kinds {
    /// Adds a handler, in place of another for the same kind.
    pub fn register(&mut self, handler: Box<dyn Handler>) {
        self.0.insert(handler.kind(), handler);
    }

    /// The handler of a kind.
    #[must_use]
    pub fn named(&self, kind: &str) -> Option<&dyn Handler> {
        self.0.get(kind).map(AsRef::as_ref)
    }

    /// The handler for a package.
    ///
    /// # Errors
    /// If there is none, which is no verdict on the package.
    pub fn of(&self, manifest: &PackageManifest) -> Result<&dyn Handler, KindError> {
        self.named(&manifest.kind).ok_or_else(|| {
            let known: Vec<_> = self.0.keys().copied().collect();
            KindError::Unknown {
                kind: quoted(&manifest.kind),
                known: known.join(" and "),
            }
        })
    }
}

/// The kind of a component that this host runs, unless its author says otherwise.
#[must_use]
pub fn kind_of(entry: PluginKind) -> &'static str {
    match entry {
        PluginKind::Suite => Wasm.kind(),
        PluginKind::Command => Command.kind(),
    }
}

/// The steps of everything that runs in this host's own sandbox.
const ALL: [JobKind; 4] = [
    JobKind::Compile,
    JobKind::Cases,
    JobKind::Count,
    JobKind::Time,
];

/// A suite of benchmarks.
struct Wasm;

impl Handler for Wasm {
    fn kind(&self) -> &'static str {
        "wasm"
    }

    fn jobs(&self) -> &'static [JobKind] {
        &ALL
    }

    fn start(&self, content: Content) -> Result<Started, KindError> {
        let program = &content.about.manifest.program;
        if !program.args.is_empty() || program.stdin.is_some() || program.stdout.is_some() {
            return Err(KindError::Program);
        }
        Ok(started(content, self.kind()))
    }
}

/// A plain program.
struct Command;

impl Handler for Command {
    fn kind(&self) -> &'static str {
        "command"
    }

    fn jobs(&self) -> &'static [JobKind] {
        &ALL
    }

    fn start(&self, content: Content) -> Result<Started, KindError> {
        Ok(started(content, self.kind()))
    }
}

fn started(content: Content, kind: &'static str) -> Started {
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
            },
            limits: manifest.limits.clone(),
            package: None,
        },
        kind,
        env: (manifest.parameters.iter())
            .map(|(name, parameter)| (name.clone(), parameter.default.clone()))
            .collect(),
        dir: content.dir,
    }
}
