//! Keeping an index for others: what is listed in it was verified first, by the trust of whoever
//! keeps it.

use std::path::Path;

use super::{Access, Ask, Named, PackagingError};
use crate::package::id::Release;
use crate::package::index::{EditError, Entry, Expiries, Holder, Holders, IndexEditor, Location};
use crate::package::key::PrivateKey;
use crate::package::layout::write_tar;
use crate::package::manifest::SelfDescription;
use crate::package::verify::Package;
use crate::worker::Supervisor;

/// Where package files lie in an index.
const PACKAGES: &str = "packages";

impl Access {
    /// Lists packages in the index in a directory, which is made if there is none, and signs it. A
    /// namespace that is new to it gets the key that signs.
    ///
    /// # Errors
    /// If a package is refused, or the index cannot be written or is not this key's.
    pub async fn list(
        &self,
        dir: &Path,
        packages: &[Named],
        key: &PrivateKey,
        supervisor: &Supervisor,
        desk: &Path,
        ask: &mut dyn Ask,
    ) -> Result<Vec<Release>, PackagingError> {
        let mut verified = Vec::new();
        for named in packages {
            let package = self.open(named, supervisor, desk, ask, &mut |_| {}).await?;
            verified.push((named, package));
        }
        let edit_error = |error| edit_error(dir, error);
        let is_there = dir.join("metadata").join("timestamp.json").exists();
        let mut editor = match is_there {
            true => IndexEditor::open(dir).await,
            false => IndexEditor::create(dir, &Holders::one(key.public())),
        }
        .map_err(edit_error)?;
        let mut listed = Vec::new();
        for (named, package) in verified {
            let about = &package.content.about;
            let namespace = about.release.id.namespace();
            if !editor.has_namespace(namespace) {
                let holder = Holder::one(key.public().clone());
                editor.delegate(namespace, &holder).map_err(edit_error)?;
            }
            let location = self.locate_in(dir, named, &package)?;
            let manifest = package.descriptor();
            editor
                .add(&about.release, &manifest, entry(about, &package, location))
                .map_err(edit_error)?;
            listed.push(about.release.clone());
        }
        editor
            .sign(&[key], &Expiries::default())
            .map_err(edit_error)?;
        Ok(listed)
    }

    /// Where a package will be found: in its registry, or as a file of the index.
    fn locate_in(
        &self,
        dir: &Path,
        named: &Named,
        package: &Package,
    ) -> Result<Location, PackagingError> {
        if let Named::Reference(reference) = named {
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

/// Signs an index anew.
///
/// # Errors
/// If there is none, or it is not this key's.
pub async fn renew(dir: &Path, key: &PrivateKey) -> Result<(), PackagingError> {
    let edit_error = |error| edit_error(dir, error);
    let mut editor = IndexEditor::open(dir).await.map_err(edit_error)?;
    editor
        .sign(&[key], &Expiries::default())
        .map_err(edit_error)
}

fn edit_error(dir: &Path, error: EditError) -> PackagingError {
    PackagingError::Keep {
        index: dir.display().to_string(),
        error: Box::new(error),
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
