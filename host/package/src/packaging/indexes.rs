//! The indexes that the user trusts: each is loaded when it is first asked, in the order in which
//! they were pinned. One that cannot be had stops nothing but what may be its own.
//!
//! ```text
//! index 1 ─► lists it ─► that release
//!    │ └─► cannot be had, and may own it ─► refused, if a later one lists it; else why it cannot be had
//!    └─► does not list it, or its last copy says that the namespace is not its own ─► index 2 …
//! ```
//!
//! A later index that answers for a package of an earlier one is what an attacker wants who can
//! keep the earlier one from answering. What rules that out is its last copy, if that was verified
//! and has not expired: who is in between could show us that copy, too, whatever the index says by
//! now.

use dyno_model::chain;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::OnceCell;
use url::Url;

use super::{PackageAccess, PackagingError};
use crate::index::{Index, IndexError, Listed, ResolveError, Source};
use crate::lock::Locked;
use dyno_plugin::id::{Release, Wanted};

/// An index that the user trusts.
#[derive(Debug, Clone)]
pub struct Known {
    /// Where it is, in the words of the policy.
    pub name: String,
    pub(super) place: Place,
    root: Vec<u8>,
}

#[derive(Debug, Clone)]
pub(super) enum Place {
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

/// A release that an index lists.
#[derive(Debug, Clone)]
pub struct Found {
    /// What is listed.
    pub listed: Listed,
    /// In which index.
    pub index: Known,
}

/// An index, and what came of asking it.
#[derive(Debug, Clone)]
pub(super) struct Consulted {
    known: Known,
    state: OnceCell<State>,
}

#[derive(Debug, Clone)]
enum State {
    Loaded(Index),
    Unavailable {
        error: Arc<IndexError>,
        /// What it was when it was last loaded, if that still holds.
        copy: Option<Index>,
    },
}

impl State {
    /// Whether a package of this namespace may be in there, though the index cannot be read.
    fn may_own(&self, namespace: &str) -> bool {
        match self {
            Self::Loaded(_) => false,
            Self::Unavailable { copy, .. } => {
                let copy = copy.as_ref();
                copy.is_none_or(|copy| copy.has_namespace(namespace))
            }
        }
    }
}

impl PackageAccess {
    fn consulted(&self) -> Result<&[Consulted], PackagingError> {
        if let Some(consulted) = self.opened.indexes.get() {
            return Ok(consulted);
        }
        let trust = self.home.trust()?;
        let mut consulted = Vec::new();
        for index in &trust.list().indexes {
            // It is there: the policy names it.
            if let Some(root) = trust.root(&index.url)? {
                let known = Known {
                    name: index.url.clone(),
                    place: Place::of(&index.url),
                    root,
                };
                let state = OnceCell::new();
                consulted.push(Consulted { known, state });
            }
        }
        Ok(self.opened.indexes.get_or_init(|| consulted))
    }

    async fn state<'a>(&self, consulted: &'a Consulted) -> Result<&'a State, PackagingError> {
        let loading = consulted
            .state
            .get_or_try_init(|| self.load(&consulted.known));
        loading.await
    }

    async fn load(&self, known: &Known) -> Result<State, PackagingError> {
        let source = match &known.place {
            _ if self.offline => Source::Cached,
            Place::Dir(dir) => Source::Dir(dir.clone()),
            Place::Url(url) => Source::Url(url.clone(), Arc::new(self.http()?)),
        };
        let state = self.home.indexes();
        Ok(match Index::load(&source, &known.root, &state).await {
            Ok(index) => State::Loaded(index),
            Err(error) => State::Unavailable {
                error: Arc::new(error),
                copy: match self.offline {
                    true => None,
                    false => Index::load(&Source::Cached, &known.root, &state).await.ok(),
                },
            },
        })
    }

    /// The indexes that the user trusts and that can be had, verified. Of the others there is a
    /// warning.
    ///
    /// # Errors
    /// If there are some, and none can be had: why not the first.
    pub async fn indexes(&self) -> Result<Vec<(&Known, &Index)>, PackagingError> {
        let (mut loaded, mut unavailable) = (Vec::new(), Vec::new());
        for consulted in self.consulted()? {
            match self.state(consulted).await? {
                State::Loaded(index) => loaded.push((&consulted.known, index)),
                State::Unavailable { error, .. } => unavailable.push((&consulted.known, error)),
            }
        }
        match unavailable.first() {
            Some((index, error)) if loaded.is_empty() => Err(cannot_be_had(index, error)),
            _ => {
                for (index, error) in unavailable {
                    self.pass_over(index, error);
                }
                Ok(loaded)
            }
        }
    }

    /// The newest release that will do, in the first index that knows the package. With a lock, the
    /// release that is locked.
    ///
    /// # Errors
    /// If no index knows it, none has what was asked for, or an index cannot be had that may have
    /// it and comes before the one that does.
    pub async fn resolve(&self, wanted: &Wanted) -> Result<Found, PackagingError> {
        let lock = self.locked.as_ref();
        let locked = lock.and_then(|lock| lock.locked(&wanted.id));
        let locked = locked.filter(|locked| wanted.allows(&locked.release));
        let mut silent = None;
        let mut missing = None;
        for consulted in self.consulted()? {
            let index = &consulted.known;
            let state = self.state(consulted).await?;
            let releases = match state {
                State::Loaded(releases) => releases,
                State::Unavailable { error, .. } => {
                    if state.may_own(wanted.id.namespace()) {
                        silent = silent.or(Some((index, error)));
                    } else {
                        self.pass_over(index, error);
                    }
                    continue;
                }
            };
            match self.listed(index, releases, wanted, locked) {
                Ok(listed) => {
                    let is_locked = locked.is_some_and(|it| it.manifest == listed.manifest);
                    match silent {
                        // To the byte what the project had before, wherever it comes from.
                        Some((earlier, error)) if is_locked => self.pass_over(earlier, error),
                        Some((earlier, error)) => {
                            return Err(PackagingError::Shadowed {
                                wanted: Box::new(wanted.clone()),
                                later: index.name.clone(),
                                earlier: earlier.name.clone(),
                                error: error.clone(),
                            });
                        }
                        None => {}
                    }
                    return Ok(Found {
                        listed: listed.clone(),
                        index: index.clone(),
                    });
                }
                Err(error @ ResolveError::NoVersion { .. }) if silent.is_none() => {
                    return Err(PackagingError::NotFound(error));
                }
                Err(error) => missing = missing.or(Some(error)),
            }
        }
        Err(match (silent, missing) {
            (Some((index, error)), _) => cannot_be_had(index, error),
            (None, Some(error)) => PackagingError::NotFound(error),
            (None, None) => PackagingError::NoIndex(wanted.clone()),
        })
    }

    /// What an index has for a request. What is locked is had even if it was yanked.
    fn listed<'a>(
        &self,
        index: &Known,
        releases: &'a Index,
        wanted: &Wanted,
        locked: Option<&Locked>,
    ) -> Result<&'a Listed, ResolveError> {
        let Some(locked) = locked else {
            return releases.resolve(wanted);
        };
        let mut all = releases.releases(&locked.release.id).iter();
        match all.find(|it| it.release == locked.release && it.entry.yanked) {
            Some(yanked) => {
                self.warn(format!(
                    "{} was yanked from the index {}, and is taken because dyno.lock has it",
                    yanked.release, index.name
                ));
                Ok(yanked)
            }
            None => releases.resolve(&Wanted::exactly(&locked.release)),
        }
    }

    /// Says so if an installed release was yanked since.
    pub(super) fn warn_if_yanked(&self, release: &Release) {
        let consulted = self.opened.indexes.get().into_iter().flatten();
        for Consulted { known, state } in consulted {
            let Some(State::Loaded(index)) = state.get() else {
                continue;
            };
            let mut releases = index.releases(&release.id).iter();
            if releases.any(|it| it.release == *release && it.entry.yanked) {
                let name = &known.name;
                self.warn(format!(
                    "{release} is installed, and was yanked from the index {name}"
                ));
            }
        }
    }

    fn pass_over(&self, index: &Known, error: &IndexError) {
        let name = &index.name;
        self.warn(format!("the index {name} is passed over: {}", chain(error)));
    }
}

fn cannot_be_had(index: &Known, error: &Arc<IndexError>) -> PackagingError {
    PackagingError::Index {
        index: index.name.clone(),
        source: error.clone(),
    }
}
