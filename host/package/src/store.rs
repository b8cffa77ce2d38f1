//! The installed packages: an OCI image layout in a directory of the user's, one release of each
//! package. An installation is there when the index that lists it is, whole or not at all.

use dyno_model::{Classify, Fault};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use semver::VersionReq;
use serde::{Deserialize, Serialize};

use super::layout::{Contents, DirLayout, LOCK, Layout, LayoutError};
use super::oci::{Descriptor, Index};
use dyno_plugin::Digest;
use dyno_plugin::id::{PackageId, Release, Wanted};

/// Annotation of each entry of the store's index: the release that it belongs to.
const RELEASE: &str = "dev.dyno.release";

/// Annotation of a package in the store's index: what else is remembered of it, as JSON.
const INSTALLED: &str = "dev.dyno.installed";

/// An installed package, as the store remembers it. What it is, its signed manifest says, and is
/// asked each time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// Which release.
    pub release: Release,
    /// What its manifest hashes to.
    pub manifest: Digest,
    /// What its component hashes to.
    pub wasm: Digest,
    /// Who answered for it when it was installed.
    pub signers: Vec<String>,
    /// What the user agreed to.
    pub capabilities: BTreeSet<String>,
    /// Where it came from, as a user would name it.
    pub from: String,
    /// What was asked for, if an index answered: what an update keeps to.
    pub wanted: Option<String>,
    /// Whether it is there only because another package needs it.
    pub is_dependency: bool,
    /// What it needs itself.
    pub dependencies: BTreeMap<PackageId, VersionReq>,
}

/// A package on its way into the store.
#[derive(Debug)]
pub struct Replacement {
    /// All that it is made of.
    pub contents: Contents,
    /// What is to be remembered of it.
    pub installed: Installed,
    /// What of it was installed when this was planned.
    pub replaces: Option<Installed>,
}

/// Where installed packages are. Opening it makes nothing.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
}

/// The store as it is: until this is dropped, no other process writes to it.
#[derive(Debug)]
pub struct Reading {
    /// Its blobs.
    pub layout: Layout,
    /// What is installed, by name.
    pub installed: Vec<Installed>,
    /// Keeps writers waiting.
    pub lock: StoreLock,
}

/// Unlocks the store when it is dropped. Where no lock could be had, no process writes either.
#[derive(Debug)]
pub struct StoreLock {
    _file: Option<File>,
}

impl Reading {
    /// The installed release that will do. Which one that is does not matter if no version was
    /// named.
    #[must_use]
    pub fn find(&self, wanted: &Wanted) -> Option<&Installed> {
        let is_it = |release: &Release| match wanted.is_any() {
            true => release.id == wanted.id,
            false => wanted.allows(release),
        };
        self.installed.iter().find(|it| is_it(&it.release))
    }
}

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Its layout.
    #[error("the store of installed packages")]
    Layout(#[from] LayoutError),
    /// Another process was faster.
    #[error("another dyno installed or removed {0} at the same time: try again")]
    Changed(PackageId),
    /// Something else needs a package that is to be removed.
    #[error("{release} is needed by {by}: remove that first, or with it")]
    Needed {
        /// What was to be removed.
        release: Box<Release>,
        /// What needs it.
        by: Box<Release>,
    },
    /// What it remembers.
    #[error(
        "the store of installed packages: what it says of {release} is not understood: {reason}"
    )]
    Entry {
        /// Of which release.
        release: String,
        /// Why.
        reason: String,
    },
}

impl Classify for StoreError {
    /// The store is ours. No package is removed that another needs.
    fn fault(&self) -> Fault {
        match self {
            Self::Needed { .. } => Fault::Refused,
            Self::Layout(_) | Self::Changed(_) | Self::Entry { .. } => Fault::Host,
        }
    }
}

impl Store {
    /// The store in a directory, which need not exist.
    #[must_use]
    pub fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The store as it is now. None before the first installation has ended: there is nothing then,
    /// or something without a marker.
    ///
    /// # Errors
    /// If it is damaged.
    pub fn read(&self) -> Result<Option<Reading>, StoreError> {
        if !self.dir.join("oci-layout").exists() {
            return Ok(None);
        }
        let lock = File::open(self.dir.join(LOCK)).ok();
        let lock = lock.filter(|lock| lock.lock_shared().is_ok());
        let layout = Layout::open(&self.dir)?;
        let index = layout.index()?;
        let entries = index.manifests.iter().filter_map(installed);
        let mut installed = entries.collect::<Result<Vec<_>, _>>()?;
        installed.sort_by(|a, b| a.release.cmp(&b.release));
        Ok(Some(Reading {
            layout,
            installed,
            lock: StoreLock { _file: lock },
        }))
    }

    /// What is installed, by name.
    ///
    /// # Errors
    /// If the store is damaged.
    pub fn list(&self) -> Result<Vec<Installed>, StoreError> {
        Ok(self.read()?.map_or_else(Vec::new, |store| store.installed))
    }

    /// The installed release that will do.
    ///
    /// # Errors
    /// If the store is damaged.
    pub fn find(&self, wanted: &Wanted) -> Result<Option<Installed>, StoreError> {
        Ok(self.read()?.and_then(|store| store.find(wanted).cloned()))
    }

    /// Puts packages into the store, each in place of its other releases, which must be what the
    /// caller has seen; all of them or none.
    ///
    /// # Errors
    /// If something cannot be written. What was installed before is still there, then.
    pub fn install(&self, packages: &[Replacement]) -> Result<(), StoreError> {
        let mut store = DirLayout::open_or_create(&self.dir)?;
        let mut index = store.layout().index()?;
        expect_unchanged(&index, packages)?;
        for Replacement {
            contents,
            installed,
            ..
        } in packages
        {
            let entries = store.take(contents)?;
            remove(&mut index, &installed.release.id);
            for mut entry in entries {
                let release = installed.release.to_string();
                entry.annotations.insert(RELEASE.into(), release);
                if entry.digest == installed.manifest {
                    let json = serde_json::to_string(installed);
                    let json = json.map_err(|error| entry_error(&entry, &error))?;
                    entry.annotations.insert(INSTALLED.into(), json);
                }
                index.manifests.push(entry);
            }
        }
        store.replace_index(&index)?;
        // What stays behind is swept by the next one; the packages are installed.
        let _ = store.sweep();
        Ok(())
    }

    /// Removes packages, and what nothing else needs any more; says what was there.
    ///
    /// # Errors
    /// If another package needs one, or the store cannot be written.
    pub fn uninstall(&self, ids: &[PackageId]) -> Result<Vec<Release>, StoreError> {
        let gone = leaving(self.list()?, ids)?;
        if !gone.is_empty() {
            let mut store = DirLayout::open_or_create(&self.dir)?;
            let mut index = store.layout().index()?;
            for release in &gone {
                remove(&mut index, &release.id);
            }
            store.replace_index(&index)?;
            let _ = store.sweep();
        }
        Ok(gone)
    }
}

/// Holds what is installed now against what it was when the installation was planned.
fn expect_unchanged(index: &Index, packages: &[Replacement]) -> Result<(), StoreError> {
    let now = index.manifests.iter().filter_map(installed);
    let now = now.collect::<Result<Vec<_>, _>>()?;
    for package in packages {
        let id = &package.installed.release.id;
        let found = now.iter().find(|it| it.release.id == *id);
        let seen = package.replaces.as_ref().map(|it| it.manifest);
        let found_manifest = found.map(|it| it.manifest);
        if found_manifest != seen && found_manifest != Some(package.installed.manifest) {
            return Err(StoreError::Changed(id.clone()));
        }
    }
    Ok(())
}

/// What goes with some packages: all that is then needed by nothing that the user asked for.
fn leaving(installed: Vec<Installed>, ids: &[PackageId]) -> Result<Vec<Release>, StoreError> {
    let (mut gone, rest): (Vec<_>, Vec<_>) =
        (installed.into_iter()).partition(|it| ids.contains(&it.release.id));
    for it in &gone {
        let mut others = rest.iter();
        if let Some(other) = others.find(|other| other.dependencies.contains_key(&it.release.id)) {
            return Err(StoreError::Needed {
                release: Box::new(it.release.clone()),
                by: Box::new(other.release.clone()),
            });
        }
    }
    let mut needed = BTreeSet::new();
    let mut open: Vec<&Installed> = rest.iter().filter(|it| !it.is_dependency).collect();
    while let Some(it) = open.pop() {
        if needed.insert(&it.release.id) {
            let others = rest.iter();
            open.extend(others.filter(|other| it.dependencies.contains_key(&other.release.id)));
        }
    }
    let orphans = rest.iter().filter(|it| !needed.contains(&it.release.id));
    gone.extend(orphans.cloned().collect::<Vec<_>>());
    Ok(gone.into_iter().map(|it| it.release).collect())
}

fn remove(index: &mut Index, id: &PackageId) {
    let is_of = |entry: &Descriptor| {
        let release = entry.annotations.get(RELEASE);
        release
            .and_then(|text| text.parse::<Release>().ok())
            .is_some_and(|release| release.id == *id)
    };
    index.manifests.retain(|entry| !is_of(entry));
}

fn installed(entry: &Descriptor) -> Option<Result<Installed, StoreError>> {
    let json = entry.annotations.get(INSTALLED)?;
    Some(serde_json::from_str(json).map_err(|error| entry_error(entry, &error)))
}

fn entry_error(entry: &Descriptor, error: &serde_json::Error) -> StoreError {
    StoreError::Entry {
        release: entry.annotations.get(RELEASE).cloned().unwrap_or_default(),
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(release: &str, is_dependency: bool, needs: &[&str]) -> Installed {
        Installed {
            release: release.parse().unwrap(),
            manifest: Digest::of(release.as_bytes()),
            wasm: Digest::of(b""),
            signers: Vec::new(),
            capabilities: BTreeSet::new(),
            from: release.into(),
            wanted: None,
            is_dependency,
            dependencies: needs
                .iter()
                .map(|id| (id.parse().unwrap(), VersionReq::STAR))
                .collect(),
        }
    }

    #[test]
    fn what_nothing_else_needs_goes_with_it_and_what_somebody_asked_for_stays() {
        let all = || {
            vec![
                installed("a/app@1.0.0", false, &["a/lib", "a/asked"]),
                installed("a/lib@1.0.0", true, &["a/deep", "a/shared"]),
                installed("a/deep@1.0.0", true, &["a/lib"]),
                installed("a/shared@1.0.0", true, &[]),
                installed("a/asked@1.0.0", false, &[]),
                installed("a/other@1.0.0", false, &["a/shared"]),
            ]
        };
        let gone = |ids: &[&str]| {
            let ids: Vec<_> = ids.iter().map(|id| id.parse().unwrap()).collect();
            let gone = leaving(all(), &ids)?;
            Ok::<_, StoreError>(gone.iter().map(|it| it.id.to_string()).collect::<Vec<_>>())
        };
        // `lib` and `deep` need each other, and nothing else needs them then.
        assert_eq!(gone(&["a/app"]).unwrap(), ["a/app", "a/lib", "a/deep"]);
        assert_eq!(gone(&["a/other"]).unwrap(), ["a/other"]);
        assert_eq!(
            gone(&["a/app", "a/other", "a/lib", "a/deep"])
                .unwrap()
                .len(),
            5
        );
        let error = gone(&["a/lib"]).unwrap_err().to_string();
        assert!(
            error.contains("a/lib@1.0.0 is needed by a/app@1.0.0"),
            "{error}"
        );
        assert_eq!(gone(&["a/none"]).unwrap(), [""; 0]);
    }
}
