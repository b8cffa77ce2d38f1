//! The pipeline of packages: from what a user named to a package that is verified, and from a
//! plugin directory to one that others can verify.
//!
//! ```text
//! name ─► locate ─► authenticate ─► fetch ─► describe (a worker) ─► admit ─► Package ─► run, install, pull
//! ```
//!
//! What is trusted is decided in [`crate`], which knows no worker and no terminal; what
//! only a person can answer, [`Ask`] asks.

mod describe;
mod indexes;
mod inspect;
mod install;
mod keep;
mod lookup;
mod pack;
mod publish;
mod serve;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::http::HttpError;
use crate::index::{EditError, IndexError, ResolveError};
use crate::key::PublicKey;
use crate::kind::KindError;
use crate::layout::{Layout, LayoutError};
use crate::lock::{Lock, LockError, Locked};
use crate::origin::{Origin, Which};
use crate::registry::{self, Registry, RegistryError};
use crate::store::{Installed, Reading, Store, StoreError, StoreLock};
use crate::trust::{Trust, TrustError};
use crate::unsigned::AllowUnsigned;
use crate::verify::{Asked, Check, Package, Rules, VerifyError, authenticate};
use dyno_job::Supervisor;
use dyno_model::{Classify, Fault, Limits, Outcome, chain};
use dyno_plugin::id::{Release, Wanted};
use dyno_plugin::{PackageSpec, ReferenceError};

pub use describe::describe;
pub use indexes::{Found, Known};
pub use inspect::{Inspected, Signed};
pub use install::{Change, Plan, Update};
pub use keep::{KeepersChange, Keeping, keep, keepers};
pub use lookup::Opened;
pub use pack::{PackError, Packed, pack, sign};
pub use publish::Pushed;
pub use serve::serve;

/// Where keys, trust and installed packages are: one directory of the user's.
#[derive(Debug, Clone)]
pub struct Home(pub PathBuf);

impl Home {
    /// The store of installed packages.
    #[must_use]
    pub fn store(&self) -> Store {
        Store::new(self.0.join("store"))
    }

    /// Whom the user trusts, as it is now.
    ///
    /// # Errors
    /// If the policy is no good.
    pub fn trust(&self) -> Result<Trust, TrustError> {
        Trust::open(&self.0)
    }

    /// The signing key, unless the user names another.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.0.join("keys").join("signing.key")
    }

    /// What is remembered of indexes: for rollback protection, and to be used offline.
    #[must_use]
    pub fn indexes(&self) -> PathBuf {
        self.0.join("indexes")
    }
}

/// How packages are got at, and what is asked of them.
#[derive(Debug, Clone)]
pub struct PackageAccess {
    /// Keys, trust and installed packages.
    pub home: Home,
    /// The limits.
    pub limits: Limits,
    /// Which packages will do without a signature, this once.
    pub allow_unsigned: AllowUnsigned,
    /// Whether the network is left alone.
    pub offline: bool,
    /// How registries are talked to.
    pub registry: registry::Options,
    /// What packages must be, to the byte.
    pub locked: Option<Lock>,
    /// What was opened, to be used again.
    pub opened: Opened,
}

/// Whether a name is taken for a package even where there is a path of this name: it says which
/// release or tag, it is installed, or the user trusts a publisher of its namespace.
///
/// # Errors
/// If what is installed or trusted cannot be read.
pub fn is_claimed(named: &PackageSpec, home: Option<&Home>) -> Result<bool, PackagingError> {
    Ok(match (named, home) {
        _ if named.says_which() => true,
        (PackageSpec::Wanted(wanted), Some(home)) => {
            home.trust()?.knows(wanted.id.namespace()) || home.store().find(wanted)?.is_some()
        }
        _ => false,
    })
}

/// What only a person can answer.
pub trait Ask {
    /// Whether this key is to be trusted for the namespace of a release from now on. A caller
    /// without a person says no.
    fn trust(&mut self, release: &Release, key: &PublicKey) -> bool;

    /// Whether a package may have what it asks for and did not have before.
    fn consent(&mut self, plan: &Plan) -> bool;
}

/// Why something with packages did not work.
#[derive(Debug, thiserror::Error)]
pub enum PackagingError {
    /// The package is refused.
    #[error("{}", refusal(.named, .error))]
    Verify {
        /// As the user named it.
        named: String,
        /// Why.
        error: Box<VerifyError>,
    },
    /// A worker refused what is in it.
    #[error("{named}: its component is no good: {}", reason(.outcome))]
    Content {
        /// As the user named it.
        named: String,
        /// How the worker ended.
        outcome: Outcome,
    },
    /// It contradicts the lock.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// It is not installed.
    #[error(
        "{0} is neither a file nor an installed package: `dyno install {0}` installs it from an index"
    )]
    NotInstalled(Wanted),
    /// It would need the network.
    #[error("{0} is not here, and --offline forbids to fetch it")]
    Offline(String),
    /// A registry's name or state.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A package file.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The store of installed packages.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The user's trust.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The network.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The name of something in a registry.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// An index.
    #[error("the index {index}")]
    Index {
        /// Which.
        index: String,
        /// Why.
        source: Arc<IndexError>,
    },
    /// An index that cannot be had comes before the one that has it.
    #[error(
        "{wanted} is in the index {later}, but the index {earlier} comes before that, may have its own, and cannot be used: {}; try again later, or remove that index with `dyno index unpin {earlier}`",
        chain(.error)
    )]
    Shadowed {
        /// What was asked for.
        wanted: Box<Wanted>,
        /// Which index lists it.
        later: String,
        /// Which index comes first.
        earlier: String,
        /// Why that cannot be had.
        error: Arc<IndexError>,
    },
    /// An index that is kept here.
    #[error("the index in {index}")]
    Keep {
        /// Which.
        index: String,
        /// Why.
        source: Box<EditError>,
    },
    /// There is nowhere to look an id up.
    #[error(
        "no index is known in which {0} could be found: name one with `dyno trust pin URL ROOT`, or install a file or a reference"
    )]
    NoIndex(Wanted),
    /// No index has it.
    #[error(transparent)]
    NotFound(ResolveError),
    /// It is of no kind that this host runs.
    #[error("{release}")]
    Kind {
        /// Which release.
        release: Box<Release>,
        /// Why.
        source: KindError,
    },
    /// An older release than the one that is installed.
    #[error(
        "{found} is older than {installed}, which is installed: go back with --allow-downgrade"
    )]
    Downgrade {
        /// What is installed.
        installed: Box<Release>,
        /// What would be.
        found: Box<Release>,
    },
    /// An unsigned release in the place of one that was signed.
    #[error(
        "{found} is not signed, and {before} {} was: its signature may have been removed; accept it with --allow-unsigned={}", .place, .found.id
    )]
    Unsigned {
        /// What was signed.
        before: Box<Release>,
        /// Where that is.
        place: &'static str,
        /// What would take its place.
        found: Box<Release>,
    },
    /// Two packages need different releases of a third.
    #[error("{wanted} is needed by {by}, which would get {found}")]
    Conflict {
        /// What is needed.
        wanted: Box<Wanted>,
        /// By whom.
        by: Box<Release>,
        /// What would be there.
        found: Box<Release>,
    },
    /// The user said no, or there was no terminal to ask on.
    #[error(
        "{release} was not installed: nobody agreed to {asks}, which it asks for (--yes agrees)"
    )]
    NoConsent {
        /// Which release.
        release: Box<Release>,
        /// What it asks for.
        asks: String,
    },
    /// What an index has in the place of a package file.
    #[error("{url}")]
    File {
        /// Where.
        url: String,
        /// What is wrong with it.
        source: LayoutError,
    },
    /// A file cannot be written or read.
    #[error("{path}")]
    Io {
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

impl Classify for PackagingError {
    fn fault(&self) -> Fault {
        match self {
            Self::Verify { error, .. } => error.fault(),
            Self::Content { outcome, .. } => content_fault(outcome),
            Self::Lock(error) => error.fault(),
            Self::NotInstalled(_) | Self::NotFound(_) | Self::NoIndex(_) => Fault::NotFound,
            Self::Registry(error) => error.fault(),
            Self::Layout(error) => error.fault(),
            Self::Store(error) => error.fault(),
            Self::Trust(error) => error.fault(),
            Self::Http(error) => error.fault(),
            Self::Reference(error) => error.fault(),
            Self::Index { source, .. } => source.fault(),
            Self::Shadowed { error, .. } => error.fault(),
            Self::Keep { source, .. } => source.fault(),
            Self::File { source, .. } => source.fault(),
            Self::Kind { .. } | Self::Downgrade { .. } | Self::Conflict { .. } => Fault::Refused,
            Self::Unsigned { .. } | Self::NoConsent { .. } => Fault::Refused,
            Self::Offline(_) | Self::Io { .. } => Fault::Host,
        }
    }
}

/// Whose fault it is that a worker did not say what is in a component.
fn content_fault(outcome: &Outcome) -> Fault {
    match outcome {
        Outcome::Host { .. } => Fault::Host,
        _ => Fault::Refused,
    }
}

/// Why a package is refused, and before that what the user called it, unless that is said anyway.
fn refusal(named: &str, error: &VerifyError) -> String {
    let reason = chain(error);
    match reason.contains(named) {
        true => reason,
        false => format!("{named}: {reason}"),
    }
}

fn reason(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Refused { reason } | Outcome::Skipped { reason } => reason.clone(),
        outcome => dyno_wording::sentence(outcome),
    }
}

/// Where a package is, and what of it is meant.
struct Located {
    origin: Origin,
    asked: Asked,
    /// Keeps what is in the store there.
    _lock: Option<StoreLock>,
}

impl Located {
    fn installed(store: Reading, installed: &Installed) -> Self {
        Self {
            origin: Origin::Layout(store.layout),
            asked: Asked {
                which: Which::Digest(installed.manifest),
                wanted: Some(Wanted::exactly(&installed.release)),
            },
            _lock: Some(store.lock),
        }
    }
}

impl PackageAccess {
    /// Gets a package and verifies it; its files go into a directory of its own below `parent`.
    ///
    /// # Errors
    /// If it cannot be had, or the first check that it fails.
    pub async fn open(
        &self,
        named: &PackageSpec,
        supervisor: &Supervisor,
        parent: &Path,
        ask: &mut dyn Ask,
        on: &mut dyn FnMut(Check),
    ) -> Result<Package, PackagingError> {
        let located = self.locate(named)?;
        self.verified(&located, &named.to_string(), supervisor, parent, ask, on)
            .await
    }

    fn locate(&self, named: &PackageSpec) -> Result<Located, PackagingError> {
        Ok(match named {
            PackageSpec::File(path) => Located {
                _lock: None,
                origin: Origin::Layout(Layout::open(path)?),
                asked: Asked {
                    which: Which::Only,
                    wanted: None,
                },
            },
            PackageSpec::Reference(_) if self.offline => {
                return Err(PackagingError::Offline(named.to_string()));
            }
            PackageSpec::Reference(reference) => Located {
                _lock: None,
                origin: Origin::Registry(
                    Box::new(Registry::open(self.http()?, reference, &self.registry)?),
                    reference.clone(),
                ),
                asked: Asked {
                    which: Which::Only,
                    wanted: None,
                },
            },
            PackageSpec::Wanted(wanted) => {
                let store = self.home.store().read()?;
                let found = store.as_ref().and_then(|store| store.find(wanted)).cloned();
                let (Some(store), Some(installed)) = (store, found) else {
                    return Err(PackagingError::NotInstalled(wanted.clone()));
                };
                Located::installed(store, &installed)
            }
        })
    }

    /// The one way in which a package comes to be believed.
    async fn verified(
        &self,
        located: &Located,
        named: &str,
        supervisor: &Supervisor,
        parent: &Path,
        ask: &mut dyn Ask,
        on: &mut dyn FnMut(Check),
    ) -> Result<Package, PackagingError> {
        let refused = |error| PackagingError::Verify {
            named: named.into(),
            error: Box::new(error),
        };
        let Located { origin, asked, .. } = located;
        let mut trust = self.home.trust()?;
        let authentic = loop {
            match authenticate(origin, asked, self.rules(&trust), on).await {
                Err(VerifyError::UnknownSigner {
                    release,
                    key: Some(key),
                    ..
                }) if ask.trust(&release, &key) => {
                    trust.add_for(&key, release.id.namespace())?;
                }
                result => break result.map_err(refused)?,
            }
        };
        let fetched = authentic
            .fetch(origin, self.rules(&trust), parent, on)
            .await;
        let fetched = fetched.map_err(refused)?;
        let described = describe(supervisor, fetched.component(), None, &self.limits).await;
        let description = described.map_err(|outcome| PackagingError::Content {
            named: named.into(),
            outcome,
        })?;
        let shape = &description.shape;
        let sections = &description.sections;
        let admitted = fetched.admit(origin, shape.kind, sections, &shape.imports, on);
        let package = admitted.await.map_err(refused)?;
        if let Some(lock) = &self.locked {
            lock.check(&Locked::of(&package))?;
        }
        Ok(package)
    }

    fn rules<'a>(&'a self, trust: &'a Trust) -> Rules<'a> {
        Rules {
            trust,
            allow_unsigned: &self.allow_unsigned,
            now: Timestamp::now(),
            limits: &self.limits,
        }
    }
}

/// There is no user who could be asked.
#[derive(Debug, Clone, Copy)]
pub struct Nobody;

impl Ask for Nobody {
    fn trust(&mut self, _: &Release, _: &PublicKey) -> bool {
        false
    }

    fn consent(&mut self, _: &Plan) -> bool {
        false
    }
}
