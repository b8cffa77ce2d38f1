//! Signs what has changed of an index, and puts it on disk.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::num::NonZeroU64;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tough::schema::decoded::{Decoded, Hex};
use tough::schema::key::Key;
use tough::schema::{
    DelegatedRole, Hashes, Metafile, Role, RoleKeys, RoleType, Root, Signature, Signed, Snapshot,
    Targets, Timestamp as Freshness,
};

use super::{EditError, Expiries, IndexEditor, digest_bytes, tuf_key};
use crate::index::IndexError;
use crate::index::load::write;
use crate::index::transport::Kind;
use crate::key::PrivateKey;
use dyno_model::quoted::quoted;
use dyno_plugin::Digest;

/// Private keys, each with the public one as TUF knows it.
type Signers<'a> = [(Key, &'a PrivateKey)];

/// What is about to be published.
struct Publication<'a> {
    signers: &'a Signers<'a>,
    expiries: &'a Expiries,
    now: Timestamp,
    /// By name, in the order in which they are written.
    files: Vec<(String, Vec<u8>)>,
}

impl IndexEditor {
    /// Signs what has changed, the snapshot if that or one of its keys asks for it, and in any case
    /// a new timestamp, and writes them. Each role is signed by those of the keys that may. Without
    /// a change and with the timestamp's key alone it is a refresh: what a job does now and then.
    ///
    /// # Errors
    /// If keys are missing, if something else would expire before the timestamp does, or if it
    /// cannot be written. Then nothing has been published.
    pub fn sign(&mut self, keys: &[&PrivateKey], expiries: &Expiries) -> Result<(), EditError> {
        self.sign_at(keys, expiries, Timestamp::now())
    }

    /// The same at a given time.
    pub(in super::super) fn sign_at(
        &mut self,
        keys: &[&PrivateKey],
        expiries: &Expiries,
        now: Timestamp,
    ) -> Result<(), EditError> {
        let signers = keys.iter().map(|key| Ok((tuf_key(key.public())?.1, *key)));
        let signers: Vec<_> = signers.collect::<Result<_, EditError>>()?;
        let mut publication = Publication {
            signers: &signers,
            expiries,
            now,
            files: Vec::new(),
        };
        let root = publication.root(self)?;
        let (targets, namespaces) = publication.targets(self, &root.signed)?;
        let snapshot = publication.snapshot(self, &root.signed)?;
        let timestamp = publication.timestamp(self, &root.signed, &snapshot.signed)?;
        check_lasting(
            &root,
            &targets,
            &namespaces,
            &snapshot,
            timestamp.signed.expires,
        )?;
        self.write(&publication.files)?;

        self.root = root;
        self.previous_root = None;
        self.targets = targets;
        self.namespaces = namespaces;
        self.snapshot = snapshot;
        self.timestamp = timestamp;
        self.changed.clear();
        self.remove_old()
    }

    fn write(&self, files: &[(String, Vec<u8>)]) -> Result<(), EditError> {
        for (name, bytes) in files {
            write(&self.dir.join(name), bytes)?;
        }
        // The names themselves, too.
        let synced = File::open(&self.dir).and_then(|dir| dir.sync_all());
        synced.map_err(|source| {
            IndexError::Io {
                path: self.dir.clone(),
                source,
            }
            .into()
        })
    }

    /// Removes what the last index but one needed. The last one is kept for who is reading it.
    fn remove_old(&self) -> Result<(), EditError> {
        let io_error = |source| IndexError::Io {
            path: self.dir.clone(),
            source,
        };
        for entry in std::fs::read_dir(&self.dir).map_err(io_error)? {
            let name = entry.map_err(io_error)?.file_name();
            let Some(name) = name.to_str() else { continue };
            if !matches!(
                Kind::of(name),
                Some(Kind::Snapshot | Kind::Targets | Kind::Namespace)
            ) {
                continue;
            }
            let Some((version, file)) = name.split_once('.') else {
                continue;
            };
            let newest = match file {
                "snapshot.json" => Some(self.snapshot.signed.version),
                file => self.snapshot.signed.meta.get(file).map(|meta| meta.version),
            };
            let is_old = |newest: NonZeroU64| {
                version
                    .parse::<u64>()
                    .is_ok_and(|old| old + 1 < newest.get())
            };
            if newest.is_some_and(is_old) {
                std::fs::remove_file(self.dir.join(name)).map_err(io_error)?;
            }
        }
        Ok(())
    }
}

impl Publication<'_> {
    fn root(&mut self, index: &IndexEditor) -> Result<Signed<Root>, EditError> {
        if !index.changed.contains("root") {
            return Ok(index.root.clone());
        }
        let mut root = index.root.signed.clone();
        if let Some(previous) = &index.previous_root {
            root.version = next(previous);
        }
        root.expires = self.until(self.expiries.root);
        let own = role_keys(&root, RoleType::Root)?;
        let mut signed = self.signed("root", root.clone(), &root.keys, own)?;
        if let Some(previous) = &index.previous_root {
            let old = role_keys(&previous.signed, RoleType::Root)?;
            let by_old = self.signed("previous root", root, &previous.signed.keys, old)?;
            let is_new = |signature: &Signature| {
                signed
                    .signatures
                    .iter()
                    .all(|other| other.keyid != signature.keyid)
            };
            let more: Vec<_> = by_old.signatures.into_iter().filter(is_new).collect();
            signed.signatures.extend(more);
        }
        let name = signed.signed.filename(true);
        self.file(name, &signed)?;
        // The newest one under a name that people can hand on.
        self.file("root.json".into(), &signed)?;
        Ok(signed)
    }

    #[expect(clippy::type_complexity, reason = "the two parts of an editor")]
    fn targets(
        &mut self,
        index: &IndexEditor,
        root: &Root,
    ) -> Result<(Signed<Targets>, BTreeMap<String, Signed<Targets>>), EditError> {
        let mut namespaces = index.namespaces.clone();
        let delegations = index.targets.signed.delegations.as_ref();
        for role in delegations
            .iter()
            .flat_map(|delegations| &delegations.roles)
        {
            if !index.changed.contains(&role.name) {
                continue;
            }
            let Some(listed) = namespaces.get_mut(&role.name) else {
                continue;
            };
            let keys = delegations.map(|delegations| &delegations.keys);
            *listed = self.namespace(role, listed, keys.unwrap_or(&HashMap::new()))?;
        }
        if !index.changed.contains("targets") {
            return Ok((index.targets.clone(), namespaces));
        }
        let mut targets = index.targets.signed.clone();
        targets.version = next(&index.targets);
        targets.expires = self.until(self.expiries.targets);
        let targets = self.signed(
            "targets",
            targets,
            &root.keys,
            role_keys(root, RoleType::Targets)?,
        )?;
        self.file(targets.signed.filename(true), &targets)?;
        Ok((targets, namespaces))
    }

    fn namespace(
        &mut self,
        role: &DelegatedRole,
        listed: &Signed<Targets>,
        keys: &HashMap<Decoded<Hex>, Key>,
    ) -> Result<Signed<Targets>, EditError> {
        let mut targets = listed.signed.clone();
        targets.version = next(listed);
        targets.expires = self.until(self.expiries.targets);
        let signed = self.signed(&role.name, targets, keys, &role.keys())?;
        self.file(
            format!("{}.{}.json", signed.signed.version, role.name),
            &signed,
        )?;
        Ok(signed)
    }

    fn snapshot(
        &mut self,
        index: &IndexEditor,
        root: &Root,
    ) -> Result<Signed<Snapshot>, EditError> {
        let keys = role_keys(root, RoleType::Snapshot)?;
        if index.changed.is_empty() && self.able(&root.keys, keys).count() < threshold(keys) {
            return Ok(index.snapshot.clone());
        }
        let mut snapshot = index.snapshot.signed.clone();
        snapshot.version = next(&index.snapshot);
        snapshot.expires = self.until(self.expiries.snapshot);
        for (name, bytes) in &self.files {
            let role = name
                .split_once('.')
                .filter(|_| matches!(Kind::of(name), Some(Kind::Targets | Kind::Namespace)));
            if let Some((version, file)) = role {
                // Whatever was listed once stays so: clients take a missing role for an attack.
                snapshot.meta.insert(file.into(), metafile(version, bytes));
            }
        }
        let signed = self.signed("snapshot", snapshot, &root.keys, keys)?;
        self.file(signed.signed.filename(true), &signed)?;
        Ok(signed)
    }

    fn timestamp(
        &mut self,
        index: &IndexEditor,
        root: &Root,
        snapshot: &Snapshot,
    ) -> Result<Signed<Freshness>, EditError> {
        let mut timestamp = index.timestamp.signed.clone();
        timestamp.version = next(&index.timestamp);
        timestamp.expires = self.until(self.expiries.timestamp);
        let name = snapshot.filename(true);
        if let Some((_, bytes)) = self.files.iter().find(|(file, _)| *file == name) {
            let pinned = metafile(&snapshot.version.to_string(), bytes);
            timestamp.meta = HashMap::from([("snapshot.json".into(), pinned)]);
        }
        let keys = role_keys(root, RoleType::Timestamp)?;
        let signed = self.signed("timestamp", timestamp, &root.keys, keys)?;
        self.file("timestamp.json".into(), &signed)?;
        Ok(signed)
    }

    /// Those of our keys that may sign, by their ids.
    fn able<'a>(
        &'a self,
        known: &'a HashMap<Decoded<Hex>, Key>,
        keys: &'a RoleKeys,
    ) -> impl Iterator<Item = (&'a Decoded<Hex>, &'a PrivateKey)> {
        keys.keyids.iter().filter_map(|id| {
            let (_, key) = self
                .signers
                .iter()
                .find(|(key, _)| known.get(id) == Some(key))?;
            Some((id, *key))
        })
    }

    fn signed<T: Role>(
        &self,
        name: &str,
        role: T,
        known: &HashMap<Decoded<Hex>, Key>,
        keys: &RoleKeys,
    ) -> Result<Signed<T>, EditError> {
        let bytes = role
            .canonical_form()
            .map_err(|error| unwritable(name, &error))?;
        let sign = |(id, key): (&Decoded<Hex>, &PrivateKey)| Signature {
            keyid: id.clone(),
            sig: key.sign(&bytes).into(),
        };
        let signatures: Vec<_> = self.able(known, keys).map(sign).collect();
        if signatures.len() < threshold(keys) {
            return Err(EditError::Keys {
                role: name.into(),
                threshold: keys.threshold.get(),
                given: signatures.len(),
            });
        }
        let signed = role;
        Ok(Signed { signed, signatures })
    }

    fn file<T: Serialize>(&mut self, name: String, signed: &Signed<T>) -> Result<(), EditError> {
        // By way of a value, whose keys are sorted: the same index is the same bytes.
        let value = serde_json::to_value(signed).map_err(|error| unwritable(&name, &error))?;
        let bytes = value.to_string().into_bytes();
        let limit = Kind::of(&name).unwrap_or(Kind::Root).bytes_max();
        if bytes.len() as u64 > limit {
            return Err(IndexError::TooLarge { file: name, limit }.into());
        }
        self.files.push((name, bytes));
        Ok(())
    }

    /// In whole seconds: other clients read nothing finer.
    fn until(&self, expiry: SignedDuration) -> Timestamp {
        let second = self.now.as_second().saturating_add(expiry.as_secs());
        Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
    }
}

/// The version of what takes the place of this.
fn next<T: Role>(role: &Signed<T>) -> NonZeroU64 {
    match role.signatures.is_empty() {
        true => NonZeroU64::MIN,
        false => role.signed.version().saturating_add(1),
    }
}

fn metafile(version: &str, bytes: &[u8]) -> Metafile {
    Metafile {
        length: Some(bytes.len() as u64),
        hashes: Some(Hashes {
            sha256: digest_bytes(&Digest::of(bytes)).into(),
            _extra: HashMap::new(),
        }),
        version: version.parse().unwrap_or(NonZeroU64::MIN),
        _extra: HashMap::new(),
    }
}

fn role_keys(root: &Root, role: RoleType) -> Result<&RoleKeys, EditError> {
    let missing = || IndexError::Malformed(format!("its root has no {role} role"));
    Ok(root.roles.get(&role).ok_or_else(missing)?)
}

fn threshold(keys: &RoleKeys) -> usize {
    usize::try_from(keys.threshold.get()).unwrap_or(usize::MAX)
}

/// Refuses an index of which something expires while its timestamp says that all is well.
fn check_lasting(
    root: &Signed<Root>,
    targets: &Signed<Targets>,
    namespaces: &BTreeMap<String, Signed<Targets>>,
    snapshot: &Signed<Snapshot>,
    until: Timestamp,
) -> Result<(), EditError> {
    let listed = namespaces
        .iter()
        .map(|(name, listed)| (name.as_str(), listed.signed.expires));
    let first = [
        ("root", root.signed.expires),
        ("targets", targets.signed.expires),
        ("snapshot", snapshot.signed.expires),
    ]
    .into_iter()
    .chain(listed)
    .min_by_key(|&(_, at)| at);
    match first {
        Some((role, at)) if at < until => Err(EditError::Short {
            role: role.into(),
            at,
            until,
        }),
        _ => Ok(()),
    }
}

fn unwritable(role: &str, error: &dyn std::fmt::Display) -> EditError {
    EditError::Unwritable {
        role: role.into(),
        reason: quoted(&error.to_string()),
    }
}
