//! What a baseline keeps besides numbers: the plugins themselves, as plugin directories in a content store
//! beside the report, so that they can be run again on the machine of today.
//!
//! An entry is named by what it holds, so equal ones are kept once. Each report has a store of its own, since none
//! knows what another one beside it needs:
//!
//! ```text
//! .dyno/report.sqlite
//! .dyno/report.sqlite.components/<sha256>/{plugin.toml, component.wasm, stdin, stdout}
//! ```

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::package::fault::Fault;
use crate::packaging::Named;
use crate::plugin::{self, Digest, Input, InputError, Source, SourceError};
use crate::quoted::quoted;
use crate::report::model::{Mark, Plugin, Run};
use crate::report::{Baseline, KeptPlugin};
use crate::sandbox::Limits;

/// What the store is called, behind the name of the report.
const DIR: &str = ".components";

/// Where older versions kept the plugins of all reports of a directory. It is read alone: which of them others need
/// is not known.
const SHARED: &str = "components";

const MANIFEST: &str = "plugin.toml";
const COMPONENT: &str = "component.wasm";
const STDIN: &str = "stdin";
const STDOUT: &str = "stdout";

/// Why the plugins of a run cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// It is no longer what was measured.
    #[error(
        "the plugin {0} is not what was measured any more: run it again first, or save the numbers alone with --numbers-only"
    )]
    Changed(String),
    /// It cannot be found or read any more.
    #[error(
        "the plugin {name} is no longer there ({reason}): run it again first, or save the numbers alone with --numbers-only"
    )]
    Gone {
        /// Which.
        name: String,
        /// Why.
        reason: String,
    },
    /// What it reads does not lie in its component.
    #[error(
        "the plugins of this run read their own directories, which a baseline does not keep: save the numbers alone with --numbers-only"
    )]
    OwnDir,
    /// There is nothing to compare with.
    #[error(
        "the compiler removed the work of {0}, so later runs cannot be compared with it: pass inputs and results through black_box, or run the other cases alone"
    )]
    Folded(String),
    /// What was counted and what was timed do not belong together.
    #[error(
        "{0} does other work when it is timed than when it is counted, so later runs cannot be compared with it: run the other cases alone"
    )]
    Implausible(String),
    /// What was kept is gone.
    #[error(
        "the copy of the plugin {name} that this baseline kept is no longer there ({path}: {reason}): save the baseline again"
    )]
    Lost {
        /// Which.
        name: String,
        /// Where it was kept.
        path: String,
        /// Why.
        reason: io::Error,
    },
    /// It is not what was kept.
    #[error(
        "the plugin {0} of this baseline was changed where it is kept: save the baseline again"
    )]
    Tampered(String),
    /// The store cannot be written.
    #[error("{path} cannot be written: {source}")]
    Write {
        /// Where.
        path: String,
        /// Why.
        source: io::Error,
    },
}

impl KeepError {
    /// Whose fault it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Changed(_) | Self::OwnDir | Self::Folded(_) | Self::Implausible(_) => {
                Fault::Usage
            }
            Self::Gone { .. } => Fault::Absent,
            Self::Tampered(_) => Fault::Package,
            Self::Lost { .. } | Self::Write { .. } => Fault::Host,
        }
    }
}

/// Whether later runs can be compared with all that a run measured.
///
/// # Errors
/// [`KeepError::Folded`] or [`KeepError::Implausible`] names the first case that is none.
pub fn check(run: &Run) -> Result<(), KeepError> {
    let marked = |wanted: Mark| {
        let cases = move |plugin: &Plugin| {
            let cases = plugin.cases.iter();
            let marked = cases.filter(move |case| case.without_work() == Some(wanted));
            let names = marked
                .map(|case| format!("`{}` in {}", quoted(&case.spec.name), quoted(&plugin.name)));
            names.collect::<Vec<_>>()
        };
        run.plugins.iter().flat_map(cases).collect::<Vec<_>>()
    };
    let all = |cases: &[String]| match cases {
        [] => None,
        [one] => Some(one.clone()),
        [first, more @ ..] => {
            let more = more.len();
            let cases = if more == 1 { "case" } else { "cases" };
            Some(format!("{first} and {more} other {cases}"))
        }
    };
    if let Some(folded) = all(&marked(Mark::Folded)) {
        return Err(KeepError::Folded(folded));
    }
    match all(&marked(Mark::Implausible)) {
        Some(implausible) => Err(KeepError::Implausible(implausible)),
        None => Ok(()),
    }
}

/// The content store beside a report.
#[derive(Debug)]
pub struct Components {
    own: PathBuf,
    shared: PathBuf,
}

#[derive(Serialize)]
struct Manifest<'a> {
    plugin: PluginTable<'a>,
    build: BuildTable,
    program: ProgramTable<'a>,
    limits: std::collections::BTreeMap<&'static str, i64>,
}

#[derive(Serialize)]
struct PluginTable<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct BuildTable {
    component: &'static str,
}

#[derive(Serialize)]
struct ProgramTable<'a> {
    name: String,
    args: &'a [String],
    stdin: Option<&'static str>,
    stdout: Option<&'static str>,
}

impl Components {
    /// The store beside a report.
    #[must_use]
    pub fn beside(report: &Path) -> Self {
        let mut own = report.file_name().unwrap_or_default().to_owned();
        own.push(DIR);
        Self {
            own: report.with_file_name(own),
            shared: report.with_file_name(SHARED),
        }
    }

    /// Waits until nobody else changes the store, and keeps others from it as long as the file is held: what was
    /// kept is not swept before its baseline is saved.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn lock(&self) -> io::Result<fs::File> {
        fs::create_dir_all(&self.own)?;
        let file = fs::File::create(self.own.with_extension("lock"))?;
        file.lock()?;
        Ok(file)
    }

    /// Keeps the plugins of a run that could be loaded.
    ///
    /// # Errors
    /// If one of them is not what was measured any more, or the store cannot be written.
    pub fn keep(&self, run: &Run) -> Result<Vec<KeptPlugin>, KeepError> {
        if run.grants.iter().any(|grant| grant == "--own-dir") {
            return Err(KeepError::OwnDir);
        }
        // Whatever could be measured may be kept.
        let mut limits = Limits::default();
        for (kind, value) in &run.limits {
            limits.set(*kind, *value);
        }
        let loaded = run.plugins.iter().filter(|plugin| plugin.outcome.is_ok());
        loaded
            .map(|plugin| {
                let is_package = Named::of(Path::new(&plugin.source)).is_some();
                let entry = (!is_package).then(|| self.keep_plugin(plugin, &limits));
                let source = match is_package {
                    true => plugin.source.clone(),
                    false => absolute(&plugin.source),
                };
                Ok(KeptPlugin {
                    name: plugin.name.clone(),
                    source,
                    entry: entry.transpose()?,
                })
            })
            .collect()
    }

    fn keep_plugin(&self, plugin: &Plugin, limits: &Limits) -> Result<String, KeepError> {
        let source = found(plugin)?;
        let write = |source| KeepError::Write {
            path: self.own.display().to_string(),
            source,
        };
        fs::create_dir_all(&self.own).map_err(write)?;
        let desk = tempfile::Builder::new()
            .prefix(".new-")
            .tempdir_in(&self.own)
            .map_err(write)?;
        let digest = self.fill(desk.path(), plugin, &source, limits)?;
        let entry = digest.hex();
        let place = self.own.join(&entry);
        match content(&place) {
            Ok(there) if there == digest => return Ok(entry),
            // Somebody changed it.
            Ok(_) => fs::remove_dir_all(&place).map_err(write)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(write(error)),
        }
        fs::rename(desk.path(), place).map_err(write)?;
        Ok(entry)
    }

    /// Writes a plugin directory, and says what is in it.
    fn fill(
        &self,
        desk: &Path,
        plugin: &Plugin,
        source: &Source,
        limits: &Limits,
    ) -> Result<Digest, KeepError> {
        let write = |source| KeepError::Write {
            path: desk.display().to_string(),
            source,
        };
        let digest = plugin
            .digest
            .as_deref()
            .and_then(|digest| digest.parse().ok());
        let digest: Digest = digest.ok_or_else(|| KeepError::Changed(quoted(&plugin.name)))?;
        plugin::snapshot(&source.component(), limits, &digest, &desk.join(COMPONENT)).map_err(
            |error| match error {
                SourceError::Changed(_) => KeepError::Changed(quoted(&plugin.name)),
                error => gone(plugin, &error),
            },
        )?;
        let input = |input: Result<Option<Input>, InputError>, name: &'static str| {
            let Some(input) = input.map_err(|error| gone(plugin, &error))? else {
                return Ok(None);
            };
            let copy = input.copy(desk).map_err(|error| gone(plugin, &error))?;
            fs::rename(copy, desk.join(name)).map_err(write)?;
            Ok(Some(name))
        };
        let stdin = input(source.stdin(), STDIN)?;
        let stdout = input(source.expected_stdout(), STDOUT)?;
        let manifest = source.manifest.as_ref();
        let limits = manifest
            .map(|manifest| &manifest.limits)
            .into_iter()
            .flatten();
        let manifest = Manifest {
            plugin: PluginTable { name: &plugin.name },
            build: BuildTable {
                component: COMPONENT,
            },
            program: ProgramTable {
                name: source.program_name(),
                args: manifest.map_or(&[], |manifest| &manifest.program.args),
                stdin,
                stdout,
            },
            limits: limits
                .map(|(kind, amount)| {
                    (kind.spec().name, i64::try_from(*amount).unwrap_or(i64::MAX))
                })
                .collect(),
        };
        let text = toml::to_string(&manifest)
            .map_err(|error| write(io::Error::new(io::ErrorKind::InvalidData, error)))?;
        fs::write(desk.join(MANIFEST), text).map_err(write)?;
        content(desk).map_err(write)
    }

    /// Where the plugin of an entry is, if it still is what was kept.
    ///
    /// # Errors
    /// If it is not, or cannot be read.
    pub fn plugin(&self, kept: &KeptPlugin, entry: &str) -> Result<PathBuf, KeepError> {
        let stores = [&self.own, &self.shared].map(|store| store.join(entry));
        let place = stores.iter().find(|place| place.exists());
        let path = place.unwrap_or(&stores[0]).clone();
        match content(&path) {
            Ok(digest) if digest.hex() == entry => Ok(path),
            Ok(_) => Err(KeepError::Tampered(quoted(&kept.name))),
            Err(reason) => Err(KeepError::Lost {
                name: quoted(&kept.name),
                path: path.display().to_string(),
                reason,
            }),
        }
    }

    /// Throws away what no baseline needs any more.
    ///
    /// # Errors
    /// If something of it stays.
    pub fn sweep(&self, baselines: &[Baseline]) -> io::Result<()> {
        let plugins = baselines.iter().flat_map(|baseline| &baseline.plugins);
        let needed: BTreeSet<&str> = plugins
            .filter_map(|plugin| plugin.entry.as_deref())
            .collect();
        let entries = match fs::read_dir(&self.own) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            // Another process may be writing one whose name begins with a dot.
            if !name.starts_with('.') && !needed.contains(&*name) {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }
}

/// What a plugin directory holds, as one digest: the name of its entry.
fn content(dir: &Path) -> io::Result<Digest> {
    // Nothing there is another matter than an empty directory.
    fs::metadata(dir)?;
    let mut all = String::new();
    for name in [MANIFEST, COMPONENT, STDIN, STDOUT] {
        match fs::read(dir.join(name)) {
            Ok(bytes) => all.push_str(&format!("{name} {}\n", Digest::of(&bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Digest::of(all.as_bytes()))
}

/// So that it is found from another directory, too.
fn absolute(source: &str) -> String {
    let path = std::path::absolute(source).unwrap_or_else(|_| source.into());
    path.to_string_lossy().into_owned()
}

/// Where a plugin of a run is now.
fn found(plugin: &Plugin) -> Result<Source, KeepError> {
    let mut sources = plugin::find(Path::new(&plugin.source)).into_iter();
    match sources.next() {
        Some(Ok(source)) => Ok(source),
        Some(Err(error)) => Err(gone(plugin, &error)),
        None => Err(KeepError::Changed(quoted(&plugin.name))),
    }
}

fn gone(plugin: &Plugin, error: &dyn std::error::Error) -> KeepError {
    KeepError::Gone {
        name: quoted(&plugin.name),
        reason: error.to_string(),
    }
}
