//! What was verified of an index, and whether it still holds.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tough::Repository;
use tough::schema::{Metafile, Role, Root, Signed, Snapshot, Timestamp as Freshness};

use super::memory::{Memory, ROOT, SNAPSHOT, TIMESTAMP};
use crate::index::transport::{BoundedTransport, Kind};
use crate::index::{Index, IndexError};
use dyno_plugin::Digest;

/// What was verified, and how long it holds.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Verified {
    /// The version of the root under which it was.
    root: u64,
    /// The digest of the timestamp's file.
    timestamp: Digest,
    /// The digest of what its snapshot lists: the versions and hashes of all targets metadata.
    pins: Digest,
    /// When, seconds since 1970. The clock may not stand before.
    at_s: i64,
    /// When each file expires, seconds since 1970.
    expires_s: BTreeMap<String, i64>,
    /// The releases.
    pub(super) index: Index,
}

impl Verified {
    /// Of what `tough` has just verified.
    pub(super) async fn new(
        gate: &BoundedTransport,
        root: &[u8],
        repository: &Repository,
        now: Timestamp,
    ) -> Result<Self, IndexError> {
        let timestamp = gate.file(TIMESTAMP).await?.unwrap_or_default();
        Ok(Self {
            root: repository.root().signed.version.get(),
            timestamp: Digest::of(&timestamp),
            pins: pins(&repository.snapshot().signed),
            at_s: now.as_second(),
            expires_s: expiries(gate, root),
            index: Index::read(repository)?,
        })
    }

    /// Whether it was verified under this root.
    pub(super) fn is_under(&self, root: &Root) -> bool {
        self.root == root.version.get()
    }

    /// Whether the timestamp is still the same.
    pub(super) async fn is_unchanged(&self, gate: &BoundedTransport) -> Result<bool, IndexError> {
        let bytes = gate.file(TIMESTAMP).await?;
        Ok(bytes.is_some_and(|bytes| Digest::of(&bytes) == self.timestamp))
    }

    /// Takes a new timestamp and snapshot if both are signed, not older than the ones remembered,
    /// and pin exactly what was verified. Whatever is otherwise is left to the long way, which also
    /// names it.
    pub(super) async fn renew(
        &mut self,
        gate: &BoundedTransport,
        memory: &Memory,
        root: &Root,
        now: Timestamp,
    ) -> Result<bool, IndexError> {
        let known = (
            memory.remembered::<Signed<Freshness>>(TIMESTAMP)?,
            memory.remembered::<Signed<Snapshot>>(SNAPSHOT)?,
        );
        let (Some(old_timestamp), Some(old_snapshot)) = known else {
            return Ok(false);
        };
        let Some((timestamp, digest)) = signed::<Freshness>(gate, TIMESTAMP, root).await? else {
            return Ok(false);
        };
        let pinned = timestamp
            .meta
            .get(SNAPSHOT)
            .filter(|_| timestamp.meta.len() == 1);
        let (Some(pinned), Some(old)) = (pinned, old_timestamp.signed.meta.get(SNAPSHOT)) else {
            return Ok(false);
        };
        let name = format!("{}.{SNAPSHOT}", pinned.version);
        let Some((snapshot, snapshot_digest)) = signed::<Snapshot>(gate, &name, root).await? else {
            return Ok(false);
        };
        let is_newer = timestamp.version >= old_timestamp.signed.version
            && pinned.version >= old.version
            && snapshot.version >= old_snapshot.signed.version;
        let is_pinned =
            snapshot.version == pinned.version && sha256(pinned) == Some(snapshot_digest);
        let is_same = pins(&snapshot) == self.pins
            && snapshot.meta.values().all(|file| sha256(file).is_some());
        if !is_newer || !is_pinned || !is_same {
            return Ok(false);
        }
        self.expires_s
            .retain(|name, _| !matches!(Kind::of(name), Some(Kind::Timestamp | Kind::Snapshot)));
        self.expires_s
            .insert(TIMESTAMP.into(), timestamp.expires.as_second());
        self.expires_s.insert(name, snapshot.expires.as_second());
        self.timestamp = digest;
        // Not put back: `check` compares with when it was known before.
        self.at_s = self.at_s.max(now.as_second());
        Ok(true)
    }

    /// Checks that it holds at this time.
    ///
    /// # Errors
    /// If something has expired, or the clock went back.
    pub(super) fn check(&self, now: Timestamp) -> Result<(), IndexError> {
        if now.as_second() < self.at_s {
            let known = at(self.at_s);
            return Err(IndexError::Clock { now, known });
        }
        match first_to_expire(&self.expires_s) {
            Some(IndexError::Expired { at, .. }) if now <= at => Ok(()),
            Some(expired) => Err(expired),
            None => Err(IndexError::Missing(TIMESTAMP.into())),
        }
    }
}

/// A file that is signed as the root demands, with its digest.
async fn signed<T: Role + DeserializeOwned>(
    gate: &BoundedTransport,
    name: &str,
    root: &Root,
) -> Result<Option<(T, Digest)>, IndexError> {
    let Some(bytes) = gate.file(name).await? else {
        return Ok(None);
    };
    let role = serde_json::from_slice::<Signed<T>>(&bytes).ok();
    let role = role.filter(|role| root.verify_role(role).is_ok());
    Ok(role.map(|role| (role.signed, Digest::of(&bytes))))
}

fn sha256(file: &Metafile) -> Option<Digest> {
    let hashes = file.hashes.as_ref()?;
    let hex: String = hashes
        .sha256
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{hex}").parse().ok()
}

/// The digest of what a snapshot lists, in the order of names.
fn pins(snapshot: &Snapshot) -> Digest {
    let sorted: BTreeMap<_, _> = snapshot.meta.iter().collect();
    let lines = sorted.into_iter().map(|(name, file)| {
        let hash = sha256(file).map(|digest| digest.to_string());
        format!("{name:?} {} {:?} {hash:?}\n", file.version, file.length)
    });
    Digest::of(lines.collect::<String>().as_bytes())
}

/// When the files of an index expire, seconds since 1970. Roots that others replaced may have.
pub(super) fn expiries(gate: &BoundedTransport, root: &[u8]) -> BTreeMap<String, i64> {
    #[derive(Deserialize)]
    struct Dated {
        signed: Expires,
    }
    #[derive(Deserialize)]
    struct Expires {
        expires: String,
    }
    let (roots, mut files): (Vec<_>, Vec<_>) = gate
        .files()
        .into_iter()
        .partition(|(name, _)| Kind::of(name) == Some(Kind::Root));
    let version = |name: &str| {
        name.split('.')
            .next()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let newest = roots.into_iter().max_by_key(|(name, _)| version(name));
    files.push(newest.unwrap_or_else(|| (ROOT.into(), Bytes::copy_from_slice(root))));
    let dated = |(name, bytes): (String, Bytes)| {
        let dated: Dated = serde_json::from_slice(&bytes).ok()?;
        let expires: Timestamp = dated.signed.expires.parse().ok()?;
        Some((name, expires.as_second()))
    };
    files.into_iter().filter_map(dated).collect()
}

/// What is to be said when the first of these files has expired.
pub(super) fn first_to_expire(expires_s: &BTreeMap<String, i64>) -> Option<IndexError> {
    let (file, first) = expires_s.iter().min_by_key(|&(_, first)| first)?;
    let (file, at) = (file.clone(), at(*first));
    Some(IndexError::Expired { file, at })
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MIN)
}
