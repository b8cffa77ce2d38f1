//! Who signs for what in an index, and for how long.

use std::collections::HashMap;
use std::num::NonZeroU64;

use jiff::{SignedDuration, Timestamp};
use tough::schema::decoded::{Decoded, Hex};
use tough::schema::key::Key;
use tough::schema::{RoleKeys, RoleType, Root};

use super::{EditError, SPEC_VERSION};
use crate::key::PublicKey;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Who signs for a role.
#[derive(Debug, Clone)]
pub struct Holder {
    /// Any of these.
    pub keys: Vec<PublicKey>,
    /// So many of them.
    pub threshold: u64,
}

/// Who signs for the roles that every index has.
#[derive(Debug, Clone)]
pub struct Holders {
    /// For who may sign: to be kept offline.
    pub root: Holder,
    /// For the namespaces and their keys.
    pub targets: Holder,
    /// For what the newest versions are.
    pub snapshot: Holder,
    /// For how long that holds; on the machine that renews it.
    pub timestamp: Holder,
}

/// How long signatures are good, from when they are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiries {
    /// Of who may sign.
    pub root: SignedDuration,
    /// Of the namespaces, and of what they list.
    pub targets: SignedDuration,
    /// Of what the newest versions are.
    pub snapshot: SignedDuration,
    /// Of the timestamp: for so long an old index can be passed off as the newest.
    pub timestamp: SignedDuration,
}

impl Default for Expiries {
    /// A year for what people sign by hand, as PEP 458 has for PyPI (Sigstore's root: 197 days). A
    /// timestamp of PyPI is good for a day and Sigstore's for a week, renewed by services that are
    /// watched; ours may be renewed by a job once a week, of which one may fail. The snapshot is
    /// between: its key may be kept from that job (Sigstore's: ten years).
    fn default() -> Self {
        Self {
            root: DAY * 365,
            targets: DAY * 365,
            snapshot: DAY * 90,
            timestamp: DAY * 14,
        }
    }
}

impl Holder {
    /// One key.
    #[must_use]
    pub fn one(key: PublicKey) -> Self {
        Self::any(std::slice::from_ref(&key))
    }

    /// Any of these keys.
    #[must_use]
    pub fn any(keys: &[PublicKey]) -> Self {
        let (keys, threshold) = (keys.to_vec(), 1);
        Self { keys, threshold }
    }

    /// Their keys by id, and what TUF says of who signs.
    pub(super) fn role_keys(&self) -> Result<(HashMap<Decoded<Hex>, Key>, RoleKeys), EditError> {
        let keys: Vec<_> = self.keys.iter().map(tuf_key).collect::<Result<_, _>>()?;
        let keys: HashMap<_, _> = keys.into_iter().collect();
        let refused = EditError::Threshold {
            threshold: self.threshold,
            keys: keys.len(),
        };
        let threshold =
            NonZeroU64::new(self.threshold).filter(|few| few.get() <= keys.len() as u64);
        let role = RoleKeys {
            keyids: sorted(keys.keys()),
            threshold: threshold.ok_or(refused)?,
            _extra: HashMap::new(),
        };
        Ok((keys, role))
    }
}

impl Holders {
    /// One key for everything.
    #[must_use]
    pub fn one(key: &PublicKey) -> Self {
        Self::any(std::slice::from_ref(key))
    }

    /// Any of these keys for everything.
    #[must_use]
    pub fn any(keys: &[PublicKey]) -> Self {
        let holder = || Holder::any(keys);
        Self {
            root: holder(),
            targets: holder(),
            snapshot: holder(),
            timestamp: holder(),
        }
    }

    pub(super) fn root(&self, version: NonZeroU64) -> Result<Root, EditError> {
        let mut root = Root {
            spec_version: SPEC_VERSION.into(),
            consistent_snapshot: true,
            version,
            expires: Timestamp::UNIX_EPOCH,
            keys: HashMap::new(),
            roles: HashMap::new(),
            _extra: HashMap::new(),
        };
        for (role, holder) in [
            (RoleType::Root, &self.root),
            (RoleType::Targets, &self.targets),
            (RoleType::Snapshot, &self.snapshot),
            (RoleType::Timestamp, &self.timestamp),
        ] {
            let (keys, role_keys) = holder.role_keys()?;
            root.keys.extend(keys);
            root.roles.insert(role, role_keys);
        }
        Ok(root)
    }
}

/// A key as TUF writes it, with its id.
pub(super) fn tuf_key(key: &PublicKey) -> Result<(Decoded<Hex>, Key), EditError> {
    let key: Key = key.to_pem().trim().parse().map_err(|_| EditError::Key)?;
    match (&key, key.key_id()) {
        (Key::Ecdsa { .. }, Ok(id)) => Ok((id, key)),
        _ => Err(EditError::Key),
    }
}

fn sorted<'a>(ids: impl Iterator<Item = &'a Decoded<Hex>>) -> Vec<Decoded<Hex>> {
    let mut ids: Vec<_> = ids.cloned().collect();
    ids.sort();
    ids
}
