//! What `compare` and `gate` can be given: plugins, baselines, runs. Each is either something that
//! can be run now, or numbers that were stored.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dyno_files::checkout::Checkout;
use dyno_model::quoted::{quoted, quoted_path};
use dyno_model::{Case, Plugin, Run};
use dyno_plugin::id::Release;
use dyno_plugin::{PACKAGE, PackageSpec};
use dyno_report::{Baseline, Store};
use dyno_session::baseline::Components;

use super::packages::is_claimed;
use super::{AbsentError, Error, Result, UsageError};

/// One side of a comparison.
#[derive(Debug)]
pub(super) struct Operand {
    /// As the user called it; a run by its id, since `latest` means another one tomorrow.
    pub(super) name: String,
    pub(super) what: What,
    /// Where plugins that a baseline kept came from, by the paths of the copies.
    pub(super) kept_from: BTreeMap<PathBuf, String>,
}

/// What was found, and where copies came from.
type Found = (What, BTreeMap<PathBuf, String>);

/// What an operand turned out to be.
#[derive(Debug)]
pub(super) enum What {
    /// Plugins that can be run now.
    Plugins(Vec<PathBuf>),
    /// A run as it was stored.
    Stored(Box<Run>),
}

impl What {
    /// The run, if it is a stored one.
    pub(super) fn stored(&self) -> Option<&Run> {
        match self {
            Self::Plugins(_) => None,
            Self::Stored(run) => Some(run),
        }
    }

    /// The plugins of a stored run without what was measured: what tells them and their cases
    /// apart.
    pub(super) fn plugins(&self) -> Vec<Plugin> {
        let Self::Stored(run) = self else {
            return Vec::new();
        };
        let bare_case = |case: &Case| Case {
            calibration: None,
            count: None,
            processes: Vec::new(),
            measurements: Vec::new(),
            output: None,
            ..case.clone()
        };
        let bare = |plugin: &Plugin| Plugin {
            digest: plugin.digest.clone(),
            inputs: plugin.inputs.clone(),
            kept_from: plugin.kept_from.clone(),
            cases: plugin.cases.iter().map(bare_case).collect(),
            ..Plugin::named(&plugin.name, &plugin.source)
        };
        run.plugins.iter().map(bare).collect()
    }
}

impl Operand {
    /// No plugins at all: whatever is held against it is new.
    pub(super) fn nothing(name: &str) -> Self {
        Self {
            name: name.into(),
            what: What::Plugins(Vec::new()),
            kept_from: BTreeMap::new(),
        }
    }

    /// Finds out what is meant. A report is needed for baselines and runs only.
    pub(super) fn resolve(text: &str, store: Option<&Store>) -> Result<Self> {
        let what = match text.split_once(':') {
            Some(("baseline", name)) => baseline(name, store)?,
            Some(("run", id)) => store.map(|store| stored(id, store)).transpose()?,
            _ => any(text, store)?,
        };
        let (what, kept_from) = what.ok_or_else(|| {
            AbsentError(format!(
                "{} is no file or directory, baseline, run or package; `dyno baseline list` and `dyno report list` show what there is",
                quoted(text)
            ))
        })?;
        Ok(Self {
            name: lasting(text, &what),
            what,
            kept_from,
        })
    }
}

impl Operand {
    /// Refuses plugins outside of a checkout, where a file of it named them. What a baseline kept
    /// is what it is wherever that lies, and packages are verified.
    pub(super) fn stays_in(&self, checkout: &Checkout) -> Result<()> {
        let What::Plugins(paths) = &self.what else {
            return Ok(());
        };
        let named = paths
            .iter()
            .filter(|path| !self.kept_from.contains_key(*path));
        for path in named.filter(|path| path.exists()) {
            checkout.resolve(path).map_err(|error| {
                UsageError(format!("{} cannot be used: {error}", quoted_path(path)))
            })?;
        }
        Ok(())
    }
}

/// A name that means the same tomorrow.
fn lasting(text: &str, what: &What) -> String {
    let id = text.strip_prefix("run:");
    match what {
        What::Stored(run) if id.is_some() => format!("run:{}", run.id),
        What::Stored(run) if is_run_id(text) => run.id.clone(),
        _ => text.to_owned(),
    }
}

fn any(text: &str, store: Option<&Store>) -> Result<Option<Found>> {
    let baseline = baseline(text, store)?;
    let path = match meaning(Path::new(text))? {
        Meaning::Package(_) if baseline.is_some() => {
            if is_claimed(text)? {
                return Err(ambiguous(
                    text,
                    "a baseline and a package",
                    "baseline:",
                    PACKAGE,
                ));
            }
            return Ok(baseline);
        }
        Meaning::Path(_) if baseline.is_some() => {
            return Err(ambiguous(text, "a baseline and a path", "baseline:", "./"));
        }
        Meaning::Package(path) | Meaning::Path(path) => path,
        Meaning::Nothing(_) if baseline.is_some() => return Ok(baseline),
        Meaning::Nothing(_) => {
            return match store {
                Some(store) if is_run_id(text) => Ok(Some(stored(text, store)?)),
                _ => Ok(None),
            };
        }
    };
    Ok(Some((What::Plugins(vec![path]), BTreeMap::new())))
}

/// What a word means besides baselines and runs.
enum Meaning {
    /// A package by its id or reference, with the prefix.
    Package(PathBuf),
    /// What is there.
    Path(PathBuf),
    /// Neither.
    Nothing(PathBuf),
}

/// What a word on the command line means: the one place where that is decided. A path of a
/// package's name never stands for the package, which anyone who writes into the directory could have
/// made.
fn meaning(path: &Path) -> Result<Meaning> {
    let is_there = path.exists();
    let is_package = |text: &&str| PackageSpec::package(text).is_some();
    let Some(text) = path.to_str().filter(is_package) else {
        return Ok(match is_there {
            true => Meaning::Path(path.into()),
            false => Meaning::Nothing(path.into()),
        });
    };
    if text.starts_with(PACKAGE) {
        return Ok(Meaning::Package(path.into()));
    }
    if !is_there {
        return Ok(Meaning::Package(format!("{PACKAGE}{text}").into()));
    }
    match is_claimed(text)? {
        true => Err(ambiguous(text, "a path and a package", "./", PACKAGE)),
        false => Ok(Meaning::Path(path.into())),
    }
}

fn ambiguous(text: &str, what: &str, one: &str, other: &str) -> Error {
    let text = quoted(text);
    UsageError(format!(
        "{text} is {what}: write {one}{text} or {other}{text}"
    ))
    .into()
}

/// Plugins as they were named on the command line, each so that it can mean one thing alone.
pub(super) fn plugins(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let meant = paths.iter().map(|path| {
        Ok(match meaning(path)? {
            Meaning::Package(path) | Meaning::Path(path) | Meaning::Nothing(path) => path,
        })
    });
    meant.collect()
}

/// The plugin of a stored run: a release of a package, or a path, whatever it looks like.
pub(super) fn source(source: &str) -> PathBuf {
    match source.parse::<Release>() {
        Ok(release) => format!("{PACKAGE}{release}").into(),
        Err(_) => source.into(),
    }
}

/// `latest`, or the time with which every id begins.
pub(super) fn is_run_id(text: &str) -> bool {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    text == "latest" || (digits == 8 && text.as_bytes().get(8).is_none_or(|byte| *byte == b'T'))
}

fn stored(id: &str, store: &Store) -> Result<Found> {
    Ok((What::Stored(Box::new(store.run(id)?)), BTreeMap::new()))
}

fn baseline(name: &str, store: Option<&Store>) -> Result<Option<Found>> {
    let Some(store) = store else { return Ok(None) };
    let found = store.baseline(name)?;
    found.map(|baseline| kept(&baseline, store)).transpose()
}

/// The plugins of a baseline, if it kept them; else its numbers.
fn kept(baseline: &Baseline, store: &Store) -> Result<Found> {
    let run = store.run(&baseline.run)?;
    let mut kept_from = BTreeMap::new();
    if baseline.plugins.is_empty() {
        return Ok((What::Stored(Box::new(run)), kept_from));
    }
    let components = Components::beside(store.path());
    let mut paths = Vec::new();
    for kept in &baseline.plugins {
        let path = components.plugin(kept)?;
        if kept.entry.is_some() {
            kept_from.insert(path.clone(), kept.source.clone());
        }
        paths.push(path);
    }
    Ok((What::Plugins(paths), kept_from))
}
