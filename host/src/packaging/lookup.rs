//! From an id to a package: which indexes the user trusts, what they list, and where that is.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::{Access, Ask, Located, Named, PackagingError};
use crate::package::http::{Http, shown_url};
use crate::package::id::{Release, Wanted};
use crate::package::index::{Fetch, Index, Listed, Location, ResolveError, Source};
use crate::package::layout::Layout;
use crate::package::origin::{Origin, Which};
use crate::package::registry::{Reference, Registry};
use crate::package::verify::{Asked, Check, Package};
use crate::report::model::LimitKind;
use crate::worker::Supervisor;
use tokio::sync::OnceCell;
use tough::async_trait;
use url::Url;

/// What a package file may have besides its component: signatures, indexes and headers.
const PACKAGE_BYTES_BESIDES: u64 = 16 << 20;

/// An index that the user trusts.
#[derive(Debug, Clone)]
pub struct Known {
    /// Where it is, in the words of the policy.
    pub name: String,
    place: Place,
    root: Vec<u8>,
}

#[derive(Debug, Clone)]
enum Place {
    Dir(PathBuf),
    Url(Url),
}

impl Place {
    fn of(name: &str) -> Self {
        match Url::parse(name) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Self::Url(url),
            _ => Self::Dir(name.into()),
        }
    }
}

/// What one verb opens once, however many packages it looks up.
#[derive(Debug, Clone, Default)]
pub struct Opened {
    http: OnceLock<Http>,
    indexes: OnceCell<Vec<(Known, Index)>>,
}

/// A release that an index lists.
#[derive(Debug, Clone)]
pub struct Found {
    /// What is listed.
    pub listed: Listed,
    /// In which index.
    pub index: Known,
}

#[async_trait]
impl Fetch for Http {
    async fn fetch(
        &self,
        url: &Url,
        cap: u64,
    ) -> Result<Option<Vec<u8>>, Box<dyn std::error::Error + Send + Sync>> {
        let response = self.get(url, cap, &[], None).await?;
        if response.status == 404 {
            return Ok(None);
        }
        Ok(Some(response.success()?.body))
    }
}

impl Access {
    /// A client for the network.
    pub(super) fn http(&self) -> Result<Http, PackagingError> {
        if let Some(http) = self.opened.http.get() {
            return Ok(http.clone());
        }
        let http = Http::new()?;
        Ok(self.opened.http.get_or_init(|| http).clone())
    }

    fn known(&self) -> Result<Vec<Known>, PackagingError> {
        let trust = self.home.trust()?;
        let mut known = Vec::new();
        for index in &trust.list().indexes {
            // It is there: the policy names it.
            if let Some(root) = trust.root(&index.url)? {
                known.push(Known {
                    name: index.url.clone(),
                    place: Place::of(&index.url),
                    root,
                });
            }
        }
        Ok(known)
    }

    /// The indexes that the user trusts, verified.
    ///
    /// # Errors
    /// The first that cannot be had, or is not what it should be.
    pub async fn indexes(&self) -> Result<&[(Known, Index)], PackagingError> {
        let indexes = self.opened.indexes.get_or_try_init(|| self.load_indexes());
        Ok(indexes.await?)
    }

    async fn load_indexes(&self) -> Result<Vec<(Known, Index)>, PackagingError> {
        let mut loaded = Vec::new();
        for trusted in self.known()? {
            let source = if self.offline {
                Source::Cached
            } else {
                match &trusted.place {
                    Place::Dir(dir) => Source::Dir(dir.clone()),
                    Place::Url(url) => Source::Url(url.clone(), Arc::new(self.http()?)),
                }
            };
            let index = Index::load(&source, &trusted.root, &self.home.indexes()).await;
            let index = index.map_err(|error| PackagingError::Index {
                index: trusted.name.clone(),
                error,
            })?;
            loaded.push((trusted, index));
        }
        Ok(loaded)
    }

    /// The newest release that will do, in the first index that knows the package. With a lock, the
    /// release that is locked.
    ///
    /// # Errors
    /// If no index knows it, or none has what was asked for.
    pub async fn resolve(&self, wanted: &Wanted) -> Result<Found, PackagingError> {
        let wanted = &self.locked_version(wanted);
        let mut missing = None;
        for (index, releases) in self.indexes().await? {
            match releases.resolve(wanted) {
                Ok(listed) => {
                    return Ok(Found {
                        listed: listed.clone(),
                        index: index.clone(),
                    });
                }
                Err(error @ ResolveError::NoVersion { .. }) => {
                    return Err(PackagingError::NotFound(error));
                }
                Err(error) => missing = missing.or(Some(error)),
            }
        }
        Err(match missing {
            Some(error) => PackagingError::NotFound(error),
            None => PackagingError::NoIndex(wanted.clone()),
        })
    }

    fn locked_version(&self, wanted: &Wanted) -> Wanted {
        let locked = self
            .locked
            .as_ref()
            .and_then(|lock| lock.release(&wanted.id));
        match locked.filter(|release| wanted.allows(release)) {
            Some(release) => Wanted::exactly(release),
            None => wanted.clone(),
        }
    }

    /// Gets a package and verifies it, like [`Access::open`]; but an id is looked up in the indexes,
    /// whatever is installed.
    ///
    /// # Errors
    /// If it cannot be had, or the first check that it fails.
    pub async fn obtain(
        &self,
        named: &Named,
        supervisor: &Supervisor,
        desk: &Path,
        ask: &mut dyn Ask,
        on: &mut dyn FnMut(Check),
    ) -> Result<Package, PackagingError> {
        let Named::Wanted(wanted) = named else {
            return self.open(named, supervisor, desk, ask, on).await;
        };
        let found = self.resolve(wanted).await?;
        let located = self.located(&found, desk).await?;
        self.verified(&located, &named.to_string(), supervisor, desk, ask, on)
            .await
    }

    /// Where a listed release is.
    async fn located(&self, found: &Found, desk: &Path) -> Result<Located, PackagingError> {
        let Found { listed, index } = found;
        let is_here = matches!(
            (&listed.entry.location, &index.place),
            (Location::File(_), Place::Dir(_))
        );
        if self.offline && !is_here {
            // What is installed to the byte need not be fetched.
            let exactly = Wanted::exactly(&listed.release);
            let store = self.home.store().read()?;
            let installed = store
                .as_ref()
                .and_then(|store| store.find(&exactly))
                .cloned();
            let installed = installed.filter(|it| it.manifest == listed.manifest);
            return match (store, installed) {
                (Some(store), Some(installed)) => Ok(Located::installed(store, &installed)),
                _ => Err(PackagingError::Offline(listed.release.to_string())),
            };
        }
        let origin = match (&listed.entry.location, &index.place) {
            (Location::File(path), Place::Dir(dir)) => {
                Origin::Layout(Layout::open(&dir.join(path))?)
            }
            (Location::File(path), Place::Url(url)) => {
                let url = below(url, path)?;
                Origin::Layout(self.download(&url, &listed.release, desk).await?)
            }
            (Location::Registry { repository, digest }, _) => {
                let reference: Reference = format!("{repository}@{digest}").parse()?;
                let registry = Registry::open(self.http()?, &reference, &self.registry)?;
                Origin::Registry(Box::new(registry), reference)
            }
        };
        Ok(Located {
            origin,
            asked: Asked {
                which: Which::Digest(listed.manifest),
                wanted: Some(Wanted::exactly(&listed.release)),
            },
            _lock: None,
        })
    }

    /// A package file from an index on the network.
    async fn download(
        &self,
        url: &Url,
        release: &Release,
        desk: &Path,
    ) -> Result<Layout, PackagingError> {
        let cap = self.limits.get(LimitKind::Component) + PACKAGE_BYTES_BESIDES;
        let response = self.http()?.get(url, cap, &[], None).await?.success()?;
        let file = desk.join(release.file_name());
        std::fs::write(&file, response.body).map_err(|source| PackagingError::Io {
            path: file.display().to_string(),
            source,
        })?;
        Layout::open(&file).map_err(|error| PackagingError::File {
            url: shown_url(url),
            error,
        })
    }
}

/// A path below an index.
fn below(index: &Url, path: &str) -> Result<Url, PackagingError> {
    let mut base = index.clone();
    if !base.path().ends_with('/') {
        base.set_path(&format!("{}/", base.path()));
    }
    base.join(path)
        .map_err(|_| PackagingError::Offline(path.into()))
}
