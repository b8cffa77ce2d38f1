//! Keeping an index for others: what is listed in it was verified first, by the trust of its
//! keeper.

use std::num::NonZeroU64;
use std::path::Path;

use super::{Ask, PackageAccess, PackagingError};
use crate::index::{EditError, Entry, Expiries, Holder, Holders, IndexEditor, Location};
use crate::key::{Fingerprint, PrivateKey, PublicKey};
use crate::layout::write_tar;
use crate::manifest::SelfDescription;
use crate::verify::Package;
use dyno_job::Supervisor;
use dyno_plugin::PackageSpec;
use dyno_plugin::id::Release;

/// Where package files lie in an index.
const PACKAGES: &str = "packages";

impl PackageAccess {
    /// Lists packages in the index in a directory, which is made if there is none, and signs it. A
    /// namespace that is new to it gets the keys that sign, any of which will do.
    ///
    /// # Errors
    /// If a package is refused, the index cannot be written, or more keys have to sign.
    pub async fn list(
        &self,
        dir: &Path,
        packages: &[PackageSpec],
        keys: &[PrivateKey],
        supervisor: &Supervisor,
        staging_dir: &Path,
        ask: &mut dyn Ask,
    ) -> Result<Vec<Release>, PackagingError> {
        let mut verified = Vec::new();
        for named in packages {
            let package = self
                .open(named, supervisor, staging_dir, ask, &mut |_| {})
                .await?;
            verified.push((named, package));
        }
        let edit_error = |error| edit_error(dir, error);
        let public: Vec<_> = keys.iter().map(|key| key.public().clone()).collect();
        let is_there = dir.join("metadata").join("timestamp.json").exists();
        let mut editor = match is_there {
            true => IndexEditor::open(dir).await,
            false => IndexEditor::create(dir, &Holders::any(&public)),
        }
        .map_err(edit_error)?;
        let mut listed = Vec::new();
        for (named, package) in verified {
            let about = &package.content.about;
            let namespace = about.release.id.namespace();
            if !editor.has_namespace(namespace) {
                let holder = Holder::any(&public);
                editor.delegate(namespace, &holder).map_err(edit_error)?;
            }
            let location = self.locate_in(dir, named, &package)?;
            let manifest = package.descriptor();
            editor
                .add(&about.release, &manifest, entry(about, &package, location))
                .map_err(edit_error)?;
            listed.push(about.release.clone());
        }
        sign(&mut editor, keys).map_err(edit_error)?;
        Ok(listed)
    }

    /// Where a package will be found: in its registry, or as a file of the index.
    fn locate_in(
        &self,
        dir: &Path,
        named: &PackageSpec,
        package: &Package,
    ) -> Result<Location, PackagingError> {
        if let PackageSpec::Reference(reference) = named {
            return Ok(Location::Registry {
                repository: format!("{}/{}", reference.registry(), reference.repository()),
                digest: package.digest,
            });
        }
        let packages = dir.join(PACKAGES);
        std::fs::create_dir_all(&packages).map_err(|source| PackagingError::Io {
            path: packages.display().to_string(),
            source,
        })?;
        let name = package.content.about.release.file_name();
        write_tar(&packages.join(&name), &package.contents()?, 0)?;
        Ok(Location::File(format!("{PACKAGES}/{name}")))
    }
}

/// A change to an index.
#[derive(Debug, Clone)]
pub enum Keeping {
    /// Only the timestamp is renewed, and these roles: `root`, `targets` or namespaces.
    Renew(Vec<String>),
    /// Releases are taken back, or given again.
    Yank(Vec<Release>, bool),
    /// A role is signed by others.
    Hold(String, KeepersChange),
}

/// Who is to sign for a role, as it differs from who does.
#[derive(Debug, Clone, Default)]
pub struct KeepersChange {
    /// Keys that may sign, too.
    pub add: Vec<PublicKey>,
    /// Keys that may no longer.
    pub remove: Vec<Fingerprint>,
    /// How many have to; as before if none.
    pub threshold: Option<NonZeroU64>,
}

/// Changes an index and signs it.
///
/// # Errors
/// If there is none, the change is impossible, or more of its keys have to sign.
pub async fn keep(dir: &Path, change: &Keeping, keys: &[PrivateKey]) -> Result<(), PackagingError> {
    let edit_error = |error| edit_error(dir, error);
    let mut editor = IndexEditor::open(dir).await.map_err(edit_error)?;
    let changed = match change {
        Keeping::Renew(roles) => roles.iter().try_for_each(|role| editor.renew(role)),
        Keeping::Yank(releases, is_yanked) => releases
            .iter()
            .try_for_each(|release| editor.yank(release, *is_yanked)),
        Keeping::Hold(role, change) => hold(&mut editor, role, change),
    };
    changed
        .and_then(|()| sign(&mut editor, keys))
        .map_err(edit_error)
}

fn hold(editor: &mut IndexEditor, role: &str, change: &KeepersChange) -> Result<(), EditError> {
    let mut holder = editor.holder(role)?;
    for key in &change.remove {
        if !holder.keys.iter().any(|it| it.fingerprint() == *key) {
            let (role, key) = (role.into(), *key);
            return Err(EditError::NoKeeper { role, key });
        }
    }
    holder
        .keys
        .retain(|it| !change.remove.contains(&it.fingerprint()));
    for key in &change.add {
        if !holder.keys.contains(key) {
            holder.keys.push(key.clone());
        }
    }
    holder.threshold = change.threshold.map_or(holder.threshold, NonZeroU64::get);
    editor.hold(role, holder)
}

/// Who signs for which role of an index, in the order in which they are shown.
///
/// # Errors
/// If there is none, or it is not signed as its own roots demand.
pub async fn keepers(dir: &Path) -> Result<Vec<(String, Holder)>, PackagingError> {
    let edit_error = |error| edit_error(dir, error);
    let editor = IndexEditor::open(dir).await.map_err(edit_error)?;
    let held = editor.roles().map(|role| {
        let holder = editor.holder(role);
        Ok((role.to_owned(), holder.map_err(edit_error)?))
    });
    held.collect()
}

fn sign(editor: &mut IndexEditor, keys: &[PrivateKey]) -> Result<(), EditError> {
    let keys: Vec<_> = keys.iter().collect();
    editor.sign(&keys, &Expiries::default())
}

fn edit_error(dir: &Path, error: EditError) -> PackagingError {
    PackagingError::Keep {
        index: dir.display().to_string(),
        source: Box::new(error),
    }
}

fn entry(about: &SelfDescription, package: &Package, location: Location) -> Entry {
    let publisher = package
        .accepted
        .as_ref()
        .map(|accepted| accepted.publisher.clone());
    Entry {
        description: about.label("description").into(),
        kind: about.manifest.kind.clone(),
        licences: about.label("licenses").into(),
        capabilities: about.manifest.capabilities.iter().cloned().collect(),
        publisher: publisher.unwrap_or_default(),
        keywords: Vec::new(),
        location,
        yanked: false,
    }
}
