//! The index of packages: which releases there are, what their manifests hash to, and that this is
//! the newest state, by The Update Framework. Its targets are releases (`acme/fib@1.2.0`), each
//! with the hash and length of the manifest; every namespace is a role of its own, with keys that
//! may list only its own releases. The manifest itself comes from the registry or the package file,
//! and is checked by the host that fetches it. Keepers write an index with [`IndexEditor`]; users
//! load one with [`Index::load`], then search and resolve.
//!
//! ```text
//! metadata/1.root.json …         who may sign what; each signed by the keys of the one before
//! metadata/timestamp.json        the newest snapshot; short-lived
//! metadata/N.snapshot.json       the newest version and hash of all that follow
//! metadata/N.targets.json        the namespaces and their keys
//! metadata/N.NAMESPACE.json      the releases of a namespace
//! packages/NAME.oci.tar          packages that are in no registry
//! ```
//!
//! Source: The Update Framework specification 1.0.x.

mod edit;
mod entry;
mod error;
mod load;
mod resolve;
mod search;
mod transport;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::Url;

use dyno_plugin::id::PackageId;

pub use edit::{EditError, Expiries, Holder, Holders, IndexEditor};
pub use entry::{Entry, EntryError, Listed, Location, LocationError};
pub use error::IndexError;
pub use resolve::ResolveError;
pub use search::{Filter, Found, Hit};
pub use transport::Fetch;

/// Where an index is loaded from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A directory.
    Dir(PathBuf),
    /// Below a URL, and what reads from there.
    Url(Url, Arc<dyn Fetch>),
    /// The copy that was kept of it when it was last loaded.
    Cached,
}

/// A verified index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// By id, then by version.
    listed: Vec<Listed>,
    /// What may list releases, whether it does or not.
    namespaces: BTreeSet<String>,
    ignored: Vec<String>,
}

impl Index {
    /// Loads an index and verifies it, from a root that the user trusts (the bytes of a `root.json`
    /// that came by another way) to the releases. `state` is a directory in which what was seen is
    /// remembered, so that nothing older is taken later; it may be shared by all indexes. An index
    /// that has not changed since is not verified again.
    ///
    /// # Errors
    /// If it cannot be read, is not signed as it should be, has expired, or is older than what was
    /// seen before.
    pub async fn load(
        source: &Source,
        trusted_root: &[u8],
        state: &Path,
    ) -> Result<Self, IndexError> {
        load::load(source, trusted_root, state, jiff::Timestamp::now()).await
    }

    /// The releases of a package, in ascending order of their versions, yanked ones included.
    #[must_use]
    pub fn releases(&self, id: &PackageId) -> &[Listed] {
        let from = self
            .listed
            .partition_point(|listed| listed.release.id < *id);
        let rest = &self.listed[from..];
        &rest[..rest.partition_point(|listed| listed.release.id == *id)]
    }

    /// Whether a key may list releases of a namespace in it.
    #[must_use]
    pub fn has_namespace(&self, namespace: &str) -> bool {
        self.namespaces.contains(namespace)
    }

    /// What the index holds that is not listed, a sentence each, 100 at most: a keeper or publisher
    /// made a mistake, which hides nothing else.
    #[must_use]
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// The releases of each package, by id.
    fn packages(&self) -> impl Iterator<Item = &[Listed]> {
        self.listed.chunk_by(|a, b| a.release.id == b.release.id)
    }

    fn of(mut listed: Vec<Listed>) -> Self {
        listed.sort_by(|a, b| a.release.cmp(&b.release));
        let (namespaces, ignored) = Default::default();
        Self {
            listed,
            namespaces,
            ignored,
        }
    }
}

/// What the role of a namespace may list, as TUF writes it.
fn pattern(namespace: &str) -> String {
    format!("{namespace}/*")
}
