//! The content store beside a report: what is kept, found again, and thrown away.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::KeepError;
use super::entry::{
    BuildTable, COMPONENT, Content, EntryError, KeptManifest, MANIFEST, PluginTable, ProgramTable,
    STDIN, STDOUT,
};
use dyno_files::checkout;
use dyno_files::private_dir::{self, PrivateDir};
use dyno_model::quoted::{quoted, quoted_path};
use dyno_model::{Limits, Plugin, Run, chain};
use dyno_plugin as plugin;
use dyno_plugin::id::Release;
use dyno_plugin::{Digest, Input, InputError, PACKAGE, Source, SourceError};
use dyno_report::{Baseline, KeptPlugin};

/// What the store is called, behind the name of the report.
const DIR: &str = ".components";

/// Where older versions kept the plugins of all reports of a directory. It is read alone: which of
/// them others need is not known.
const SHARED: &str = "components";

/// The content store beside a report.
#[derive(Debug)]
pub struct Components {
    own: PathBuf,
    shared: PathBuf,
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

    /// Waits until no other process changes the store, and keeps others from it as long as the file
    /// is held: what was kept is not swept before its baseline is saved.
    ///
    /// # Errors
    /// If the store is a link, or cannot be written.
    pub fn lock(&self) -> io::Result<File> {
        self.make()?;
        let file = checkout::open_lock(&self.own.with_extension("lock"))?;
        file.lock()?;
        Ok(file)
    }

    /// Makes the store if there is none. It is emptied of what no baseline needs, so that it must
    /// be our own directory.
    fn make(&self) -> io::Result<()> {
        match fs::create_dir(&self.own) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                is_store(&self.own).map(|_| ())
            }
            made => made,
        }
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
                let is_package = plugin.source.parse::<Release>().is_ok();
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
        self.make().map_err(write)?;
        private_dir::sweep_in(&self.own);
        let staging = PrivateDir::new_in(&self.own).map_err(write)?;
        let staging_dir = staging.path().join("plugin");
        fs::create_dir(&staging_dir).map_err(write)?;
        let digest = self.fill(&staging_dir, plugin, &source, limits)?;
        let entry = digest.hex();
        let place = self.own.join(&entry);
        match Content::read(&place) {
            Ok(there) if there.digest == digest => return Ok(entry),
            Err(EntryError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
            // Another process changed it.
            _ => remove(&place).map_err(write)?,
        }
        fs::rename(staging_dir, place).map_err(write)?;
        Ok(entry)
    }

    /// Writes a plugin directory, and says what is in it.
    fn fill(
        &self,
        staging_dir: &Path,
        plugin: &Plugin,
        source: &Source,
        limits: &Limits,
    ) -> Result<Digest, KeepError> {
        let write = |source| KeepError::Write {
            path: staging_dir.display().to_string(),
            source,
        };
        let digest = plugin
            .digest
            .as_deref()
            .and_then(|digest| digest.parse().ok());
        let digest: Digest = digest.ok_or_else(|| KeepError::Changed(quoted(&plugin.name)))?;
        plugin::snapshot(source, limits, &digest, &staging_dir.join(COMPONENT)).map_err(
            |error| match error {
                SourceError::Changed(_) => KeepError::Changed(quoted(&plugin.name)),
                error => gone(plugin, &error),
            },
        )?;
        let input = |input: Result<Option<Input>, InputError>, name: &'static str| {
            let Some(input) = input.map_err(|error| gone(plugin, &error))? else {
                return Ok(None);
            };
            let copy = input
                .copy(staging_dir)
                .map_err(|error| gone(plugin, &error))?;
            fs::rename(copy, staging_dir.join(name)).map_err(write)?;
            Ok(Some(name))
        };
        let stdin = input(source.stdin(), STDIN)?;
        let stdout = input(source.expected_stdout(), STDOUT)?;
        let manifest = source.manifest.as_ref();
        let limits = manifest
            .map(|manifest| &manifest.limits)
            .into_iter()
            .flatten();
        let manifest = KeptManifest {
            plugin: PluginTable { name: &plugin.name },
            build: BuildTable {
                component: COMPONENT,
            },
            program: ProgramTable {
                name: source.program_name(),
                args: manifest.map_or(&[], |manifest| &manifest.program.args),
                stdin,
                stdout,
                expected_status: manifest.and_then(|manifest| manifest.program.expected_status),
            },
            limits: limits
                .map(|(kind, amount)| {
                    (kind.spec().name, i64::try_from(*amount).unwrap_or(i64::MAX))
                })
                .collect(),
            features: manifest.map(|manifest| &manifest.features),
        };
        let text = toml::to_string(&manifest)
            .map_err(|error| write(io::Error::new(io::ErrorKind::InvalidData, error)))?;
        let folder = checkout::Folder::there(staging_dir).map_err(write)?;
        folder.write(MANIFEST, text.as_bytes()).map_err(write)?;
        let content = Content::read(staging_dir).map_err(|error| write(io::Error::other(error)))?;
        Ok(content.digest)
    }

    /// Where a kept plugin is, if it still is what was kept; or the package that it came out of.
    ///
    /// # Errors
    /// If it is not, or cannot be read.
    pub fn plugin(&self, kept: &KeptPlugin) -> Result<PathBuf, KeepError> {
        let forged = |what: String| KeepError::Forged {
            name: quoted(&kept.name),
            what,
        };
        let Some(entry) = &kept.entry else {
            // Only a package is not kept: what else a report says is not to be found, or built.
            return match kept.source.parse::<Release>() {
                Ok(release) => Ok(format!("{PACKAGE}{release}").into()),
                Err(_) => Err(forged("it is no package".into())),
            };
        };
        let digest: Digest = format!("sha256:{entry}")
            .parse()
            .map_err(|_| forged("its entry is no digest".into()))?;
        let mut path = self.own.join(entry);
        for store in [&self.shared, &self.own] {
            let is_there = is_store(store).map_err(|error| forged(error.to_string()))?;
            if is_there && fs::symlink_metadata(store.join(entry)).is_ok() {
                path = store.join(entry);
            }
        }
        match Content::read(&path) {
            Ok(content) if content.digest == digest => {
                content.manifest().map_err(|what| forged(what.into()))?;
                Ok(path)
            }
            Ok(_) => Err(KeepError::Tampered(quoted(&kept.name))),
            Err(error @ EntryError::Foreign(..)) => Err(forged(chain(&error))),
            Err(EntryError::Io(reason)) => Err(KeepError::Lost {
                name: quoted(&kept.name),
                path: quoted_path(&path),
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
        if !is_store(&self.own)? {
            return Ok(());
        }
        for entry in fs::read_dir(&self.own)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            // Another process may be writing one whose name begins with a dot.
            if !name.starts_with('.') && !needed.contains(&*name) {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }
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

fn gone(plugin: &Plugin, error: &(dyn std::error::Error + 'static)) -> KeepError {
    KeepError::Gone {
        name: quoted(&plugin.name),
        reason: chain(error),
    }
}

/// Whether there is a store: a directory, since what is in a link to one is another's.
fn is_store(place: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(place) {
        Ok(found) if found.is_dir() => Ok(true),
        Ok(_) => Err(io::Error::new(
            io::ErrorKind::NotADirectory,
            format!("{} is a link or a file", quoted_path(place)),
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes what stands in the place of an entry, whatever that is; a link itself.
fn remove(place: &Path) -> io::Result<()> {
    match fs::symlink_metadata(place)?.is_dir() {
        true => fs::remove_dir_all(place),
        false => fs::remove_file(place),
    }
}
