//! From an id to a package: where what an index lists is, and how it is fetched.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::indexes::{Consulted, Found, Place};
use super::{Ask, Located, PackageAccess, PackagingError};
use crate::http::{Http, Timeouts, shown_url};
use crate::index::{Fetch, Location};
use crate::layout::Layout;
use crate::origin::{Origin, Which};
use crate::registry::Registry;
use crate::verify::{Asked, Check, Package};
use dyno_job::Supervisor;
use dyno_model::LimitKind;
use dyno_plugin::id::{Release, Wanted};
use dyno_plugin::{PackageSpec, Reference};
use tough::async_trait;
use url::Url;

/// What a package file may have besides its component: signatures, indexes and headers.
const PACKAGE_BYTES_BESIDES: u64 = 16 << 20;

/// What one verb opens once, however many packages it looks up, and what it has to tell of that.
#[derive(Debug, Clone, Default)]
pub struct Opened {
    http: OnceLock<Http>,
    pub(super) indexes: OnceLock<Vec<Consulted>>,
    warnings: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl Fetch for Http {
    async fn fetch(
        &self,
        url: &Url,
        limit: u64,
    ) -> Result<Option<Vec<u8>>, Box<dyn std::error::Error + Send + Sync>> {
        let response = self.get(url, limit, &[], None).await?;
        if response.status == 404 {
            return Ok(None);
        }
        Ok(Some(response.success()?.body))
    }
}

impl PackageAccess {
    /// A client for the network.
    pub(super) fn http(&self) -> Result<Http, PackagingError> {
        if let Some(http) = self.opened.http.get() {
            return Ok(http.clone());
        }
        let http = Http::with(Timeouts::default(), self.registry.plain_hosts.clone())?;
        Ok(self.opened.http.get_or_init(|| http).clone())
    }

    /// Keeps a sentence to be shown, once.
    pub(super) fn warn(&self, sentence: String) {
        let mut warnings = self.warnings();
        if !warnings.contains(&sentence) {
            warnings.push(sentence);
        }
    }

    /// What is to be told and was not yet: what went on although something was amiss.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.warnings())
    }

    fn warnings(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        // A list of sentences is never half-written.
        let warnings = self.opened.warnings.lock();
        warnings.unwrap_or_else(PoisonError::into_inner)
    }

    /// Gets a package and verifies it, like [`PackageAccess::open`]; but an id is looked up in the
    /// indexes, whatever is installed.
    ///
    /// # Errors
    /// If it cannot be had, or the first check that it fails.
    pub async fn obtain(
        &self,
        named: &PackageSpec,
        supervisor: &Supervisor,
        staging_dir: &Path,
        ask: &mut dyn Ask,
        on: &mut dyn FnMut(Check),
    ) -> Result<Package, PackagingError> {
        let PackageSpec::Wanted(wanted) = named else {
            return self.open(named, supervisor, staging_dir, ask, on).await;
        };
        let found = self.resolve(wanted).await?;
        let located = self.located(&found, staging_dir).await?;
        self.verified(
            &located,
            &named.to_string(),
            supervisor,
            staging_dir,
            ask,
            on,
        )
        .await
    }

    /// Where a listed release is.
    async fn located(&self, found: &Found, staging_dir: &Path) -> Result<Located, PackagingError> {
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
                Origin::Layout(self.download(&url, &listed.release, staging_dir).await?)
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
        staging_dir: &Path,
    ) -> Result<Layout, PackagingError> {
        let limit = self.limits.get(LimitKind::Component) + PACKAGE_BYTES_BESIDES;
        let response = self.http()?.get(url, limit, &[], None).await?.success()?;
        let file = staging_dir.join(release.file_name());
        std::fs::write(&file, response.body).map_err(|source| PackagingError::Io {
            path: file.display().to_string(),
            source,
        })?;
        Layout::open(&file).map_err(|source| PackagingError::File {
            url: shown_url(url),
            source,
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
