//! Loading an index: the chain of TUF from a trusted root to the releases, with a memory of what
//! was seen before, so that no attacker can show an older index as the newest.
//!
//! ```text
//! newest root known ─► a newer root? ─► timestamp ─┬─ the same bytes as last time ───────────► what was
//!                                                  ├─ renewed, and the snapshot pins the same ─► verified then
//!                                                  └─ others ─► snapshot ─► targets ─► namespaces  (tough)
//! ```
//!
//! The first short way is the specification's own: a timestamp that equals the trusted one ends the
//! update (5.4.3.1). The second is what a keeper's refresh leads to. Both hold only what was
//! verified by the long way, and only until the first of its files expires. They are there because
//! the long way takes half a second for 10,000 packages, most of it to bring them into the
//! canonical form.

mod listing;
mod memory;
mod verified;

use std::path::Path;

use jiff::Timestamp;
use tough::schema::{Root, Signed};
use tough::{ExpirationEnforcement, Limits, Repository, RepositoryLoader};
use url::Url;

use self::memory::Memory;
use self::verified::Verified;
use super::transport::{self, BoundedTransport, METADATA, Origin};
use super::{Index, IndexError, Source};
use dyno_plugin::Digest;

pub(super) use self::memory::write;

pub(super) async fn load(
    source: &Source,
    trusted_root: &[u8],
    state: &Path,
    now: Timestamp,
) -> Result<Index, IndexError> {
    // Another trusted root is another index: nothing that one was seen to say binds the other.
    let memory = Memory::open(state.join(Digest::of(trusted_root).hex())).await?;
    let root = memory.root(trusted_root)?;
    let gate = BoundedTransport::new(match source {
        Source::Dir(dir) => Origin::Dir(dir.join(METADATA)),
        Source::Cached => Origin::Dir(memory.copy()),
        Source::Url(url, fetch) => Origin::Url(metadata_url(url)?, fetch.clone()),
    });
    let loaded = match by_memory(&memory, &gate, &root, now).await {
        Ok(None) => by_tough(&memory, &gate, &root, now).await,
        Ok(Some(index)) => Ok(index),
        Err(error) => Err(error),
    };
    loaded.map_err(|error| match (source, error) {
        (Source::Cached, IndexError::Expired { file, at }) => IndexError::ExpiredCopy { file, at },
        (_, error) => error,
    })
}

/// The short ways; none if what was verified last time is not what there is now.
async fn by_memory(
    memory: &Memory,
    gate: &BoundedTransport,
    root: &[u8],
    now: Timestamp,
) -> Result<Option<Index>, IndexError> {
    let (Some(mut verified), Ok(root)) = (
        memory.verified::<Verified>()?,
        serde_json::from_slice::<Signed<Root>>(root),
    ) else {
        return Ok(None);
    };
    let next = root.signed.version.saturating_add(1);
    if !verified.is_under(&root.signed) || gate.file(&format!("{next}.root.json")).await?.is_some()
    {
        return Ok(None);
    }
    if verified.is_unchanged(gate).await? {
        verified.check(now)?;
    } else if verified.renew(gate, memory, &root.signed, now).await? {
        verified.check(now)?;
        memory.renew(gate, &verified)?;
    } else {
        return Ok(None);
    }
    Ok(Some(verified.index))
}

/// The long way.
async fn by_tough(
    memory: &Memory,
    gate: &BoundedTransport,
    root: &[u8],
    now: Timestamp,
) -> Result<Index, IndexError> {
    let repository = match memory.verify(gate, root).await {
        // `tough` says that something expired, and not when.
        Err(expired @ IndexError::Expired { .. }) => {
            return Err(
                verified::first_to_expire(&verified::expiries(gate, root)).unwrap_or(expired)
            );
        }
        other => other?,
    };
    let verified = Verified::new(gate, root, &repository, now).await?;
    memory.keep(gate, &verified)?;
    Ok(verified.index)
}

/// Loads without a memory and whatever has expired: for who is about to sign it anew.
pub(super) async fn load_to_edit(dir: &Path) -> Result<Repository, IndexError> {
    let gate = BoundedTransport::new(Origin::Dir(dir.join(METADATA)));
    let first = gate.file("1.root.json").await?;
    let root = first.ok_or_else(|| IndexError::Missing("1.root.json".into()))?;
    let loader = loader(&gate, &root)?.expiration_enforcement(ExpirationEnforcement::Unsafe);
    let loaded = loader.load().await;
    loaded.map_err(|error| gate.refused().unwrap_or_else(|| error.into()))
}

fn loader<'a>(
    gate: &BoundedTransport,
    root: &'a impl AsRef<[u8]>,
) -> Result<RepositoryLoader<'a>, IndexError> {
    // The gate only looks at the last part of a URL. Targets are never fetched by `tough`.
    let base =
        Url::parse("index:///metadata/").map_err(|_| IndexError::Missing(METADATA.into()))?;
    let limits = Limits {
        max_root_size: transport::ROOT_BYTES_MAX,
        max_targets_size: transport::TARGETS_BYTES_MAX,
        max_timestamp_size: transport::TIMESTAMP_BYTES_MAX,
        max_snapshot_size: transport::SNAPSHOT_BYTES_MAX,
        max_root_updates: transport::ROOTS_MAX,
    };
    Ok(RepositoryLoader::new(root, base.clone(), base)
        .transport(gate.clone())
        .limits(limits))
}

fn metadata_url(base: &Url) -> Result<Url, IndexError> {
    let mut base = base.clone();
    if !base.path().ends_with('/') {
        let path = format!("{}/", base.path());
        base.set_path(&path);
    }
    base.set_query(None);
    base.set_fragment(None);
    base.join(&format!("{METADATA}/"))
        .map_err(|_| IndexError::Missing(METADATA.into()))
}
