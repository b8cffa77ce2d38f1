//! How the metadata of an index comes in: from a directory or over HTTP, through one gate that
//! bounds it before `tough` sees it, and keeps what passed for the cached copy.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use nix::fcntl::OFlag;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tough::{Transport, TransportError, TransportErrorKind, TransportStream, async_trait};
use url::Url;

use super::IndexError;
use crate::http::HttpError;
use crate::strict_json;
use dyno_model::quoted::quoted;
use dyno_model::{Classify, Fault, chain};

/// Where the metadata lies, below the index.
pub(super) const METADATA: &str = "metadata";

/// The largest root, bytes. This and the next two are the defaults of python-tuf's client; a root
/// with ten keys has 5 KiB.
pub(super) const ROOT_BYTES_MAX: u64 = 512_000;
/// The largest timestamp, bytes.
pub(super) const TIMESTAMP_BYTES_MAX: u64 = 16_384;
/// The largest snapshot, bytes: some 10,000 namespaces.
pub(super) const SNAPSHOT_BYTES_MAX: u64 = 2_000_000;
/// The largest list of targets, bytes: at some 700 a release, 40,000 releases of one namespace.
pub(super) const TARGETS_BYTES_MAX: u64 = 32 << 20;
/// All files of an index together, bytes: what is parsed takes some ten times this in memory.
const TOTAL_BYTES_MAX: u64 = 64 << 20;
/// How many roots may follow the one that is trusted: python-tuf's default.
pub(super) const ROOTS_MAX: u64 = 256;

/// Reads a file from the network. A boundary, so that tests need none.
#[async_trait]
pub trait Fetch: Debug + Send + Sync {
    /// The bytes at a URL, at most `limit`; none if there is no such file.
    ///
    /// # Errors
    /// Whatever else keeps it from coming.
    async fn fetch(
        &self,
        url: &Url,
        limit: u64,
    ) -> Result<Option<Vec<u8>>, Box<dyn std::error::Error + Send + Sync>>;
}

/// Where files come from.
#[derive(Debug)]
pub(super) enum Origin {
    /// The directory with the metadata.
    Dir(PathBuf),
    /// Its URL, with a slash at the end.
    Url(Url, Arc<dyn Fetch>),
}

/// What `tough` reads through.
#[derive(Debug, Clone)]
pub(super) struct BoundedTransport(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    origin: Origin,
    passed: Mutex<Passed>,
}

#[derive(Debug, Default)]
struct Passed {
    /// By name; none for one that is not there. A file is read once, so that what was looked at
    /// first is what is verified later.
    files: BTreeMap<String, Option<Bytes>>,
    total: u64,
    /// Why it was shut.
    refused: Option<IndexError>,
}

impl BoundedTransport {
    pub(super) fn new(origin: Origin) -> Self {
        let passed = Mutex::default();
        Self(Arc::new(Inner { origin, passed }))
    }

    /// A file of the metadata, none if it is not there.
    pub(super) async fn file(&self, name: &str) -> Result<Option<Bytes>, IndexError> {
        if let Some(known) = self.passed().files.get(name) {
            return Ok(known.clone());
        }
        let kind = Kind::of(name).ok_or_else(|| {
            IndexError::Malformed(format!(
                "it names a file `{}`, which is none of an index",
                quoted(name)
            ))
        })?;
        let too_large = |limit| IndexError::TooLarge {
            file: name.into(),
            limit,
        };
        let limit = kind.bytes_max();
        let bytes = match &self.0.origin {
            Origin::Dir(dir) => read(&dir.join(name), limit)?,
            Origin::Url(base, fetch) => {
                let url = base
                    .join(name)
                    .map_err(|_| IndexError::Missing(name.into()))?;
                let fetched = fetch.fetch(&url, limit).await;
                fetched.map_err(|error| {
                    let http = error.downcast_ref::<HttpError>();
                    IndexError::Fetch {
                        sentence: quoted(&chain(error.as_ref())),
                        fault: http.map_or(Fault::Host, Classify::fault),
                    }
                })?
            }
        };
        let bytes = bytes.map(Bytes::from);
        if let Some(bytes) = &bytes {
            if bytes.len() as u64 > limit {
                return Err(too_large(limit));
            }
            if kind == Kind::Namespace {
                check_leaf(name, bytes)?;
            }
        }
        let mut passed = self.passed();
        passed.total += bytes.as_ref().map_or(0, |bytes| bytes.len() as u64);
        if passed.total > TOTAL_BYTES_MAX {
            return Err(too_large(TOTAL_BYTES_MAX));
        }
        passed.files.insert(name.into(), bytes.clone());
        Ok(bytes)
    }

    /// Why the gate was shut, if that is why `tough` failed.
    pub(super) fn refused(&self) -> Option<IndexError> {
        self.passed().refused.take()
    }

    /// Everything that passed.
    pub(super) fn files(&self) -> Vec<(String, Bytes)> {
        let passed = self.passed();
        let there = |(name, bytes): (&String, &Option<Bytes>)| Some((name.clone(), bytes.clone()?));
        passed.files.iter().filter_map(there).collect()
    }

    fn passed(&self) -> std::sync::MutexGuard<'_, Passed> {
        // A thread that panicked left no half-written state: every change is one step.
        self.0.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Transport for BoundedTransport {
    async fn fetch(&self, url: Url) -> Result<TransportStream, TransportError> {
        let name = url
            .path_segments()
            .and_then(|mut parts| parts.next_back().map(str::to_owned));
        let name = name.unwrap_or_default();
        let item = match self.file(&name).await {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => return Err(TransportError::new(TransportErrorKind::FileNotFound, name)),
            Err(error) => {
                let cause = chain(&error);
                self.passed().refused = Some(error);
                Err(TransportError::new_with_cause(
                    TransportErrorKind::Other,
                    name,
                    cause,
                ))
            }
        };
        // Not by `Err` from here: `tough` takes any such error for "there is no newer root", and
        // who can break a connection could so keep a revoked key alive.
        Ok(Box::pin(futures_util::stream::iter([item])))
    }
}

/// What a file of the metadata is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Root,
    Timestamp,
    Snapshot,
    Targets,
    Namespace,
}

impl Kind {
    /// Of `timestamp.json` or `VERSION.ROLE.json`; none of any other name.
    pub(super) fn of(name: &str) -> Option<Self> {
        let stem = name.strip_suffix(".json")?;
        if stem == "timestamp" {
            return Some(Self::Timestamp);
        }
        let (version, role) = stem.split_once('.')?;
        let is_version = version.len() <= 20 && version.bytes().all(|byte| byte.is_ascii_digit());
        if !is_version || !dyno_plugin::id::is_part(role) {
            return None;
        }
        Some(match role {
            "root" => Self::Root,
            "snapshot" => Self::Snapshot,
            "targets" => Self::Targets,
            _ => Self::Namespace,
        })
    }

    /// The largest such file, bytes.
    pub(super) const fn bytes_max(self) -> u64 {
        match self {
            Self::Root => ROOT_BYTES_MAX,
            Self::Timestamp => TIMESTAMP_BYTES_MAX,
            Self::Snapshot => SNAPSHOT_BYTES_MAX,
            Self::Targets | Self::Namespace => TARGETS_BYTES_MAX,
        }
    }
}

/// Refuses a namespace's metadata that delegates further: `tough` follows delegations by recursion,
/// as deep as an attacker makes them, and we have no use for a second level.
fn check_leaf(name: &str, bytes: &[u8]) -> Result<(), IndexError> {
    #[derive(Deserialize)]
    struct Signed {
        signed: Delegating,
    }
    #[derive(Deserialize)]
    struct Delegating {
        #[serde(default)]
        delegations: Option<Delegations>,
    }
    #[derive(Deserialize)]
    struct Delegations {
        roles: Vec<IgnoredAny>,
    }
    let malformed = |reason: &str| IndexError::Malformed(format!("{name}: {}", quoted(reason)));
    let peeked: Signed =
        strict_json::from_slice(bytes).map_err(|error| malformed(&error.to_string()))?;
    match peeked.signed.delegations {
        Some(delegations) if !delegations.roles.is_empty() => Err(malformed(
            "a namespace delegates to other roles, and may not",
        )),
        _ => Ok(()),
    }
}

/// A file of at most `limit` bytes, and one more by which it is seen to be larger; none if it is not
/// there.
pub(super) fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, IndexError> {
    let io_error = |source| IndexError::Io {
        path: path.into(),
        source,
    };
    // A pipe must not make us wait for a writer.
    let flags = (OFlag::O_NONBLOCK | OFlag::O_CLOEXEC).bits();
    let file = match std::fs::File::options()
        .read(true)
        .custom_flags(flags)
        .open(path)
    {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error(error)),
    };
    if !file.metadata().map_err(io_error)?.is_file() {
        return Err(io_error(std::io::Error::other("not a regular file")));
    }
    let mut bytes = Vec::new();
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(io_error)?;
    Ok(Some(bytes))
}
