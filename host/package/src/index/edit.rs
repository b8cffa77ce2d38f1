//! Writing an index: who may sign what, which releases there are, and the signatures. Nothing
//! reaches the disk before [`IndexEditor::sign`], which writes new files first and the timestamp
//! last, so that a reader sees the old index or the new one and never half of one.

mod error;
mod holders;
mod keepers;
mod sign;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{File, TryLockError};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tough::TargetName;
use tough::schema::{
    DelegatedRole, Delegations, Hashes, PathPattern, PathSet, Root, Signed, Snapshot, Target,
    Targets, Timestamp as Freshness,
};

use super::entry::{Entry, EntryError};
use super::transport::METADATA;
use super::{IndexError, load, pattern};
use crate::oci::Descriptor;
use dyno_model::quoted::quoted;
use dyno_plugin::Digest;
use dyno_plugin::id::{Release, is_part};

pub use self::error::EditError;
use self::holders::tuf_key;
pub use self::holders::{Expiries, Holder, Holders};

/// The version of the specification that is written, as every client knows it.
const SPEC_VERSION: &str = "1.0.31";

/// An index that is being changed.
#[derive(Debug)]
pub struct IndexEditor {
    /// The directory with the metadata.
    dir: PathBuf,
    /// Only one at a time.
    _lock: File,
    root: Signed<Root>,
    /// The root whose keys must sign the next one too.
    previous_root: Option<Signed<Root>>,
    targets: Signed<Targets>,
    namespaces: BTreeMap<String, Signed<Targets>>,
    snapshot: Signed<Snapshot>,
    timestamp: Signed<Freshness>,
    /// Roles that must be signed anew.
    changed: BTreeSet<String>,
}

impl IndexEditor {
    /// A new index in a directory that has none, which is made if need be.
    ///
    /// # Errors
    /// If there is one, or the keys and thresholds are impossible.
    pub fn create(dir: &Path, holders: &Holders) -> Result<Self, EditError> {
        let metadata = dir.join(METADATA);
        let created = std::fs::create_dir_all(&metadata);
        created.map_err(|source| IndexError::Io {
            path: metadata.clone(),
            source,
        })?;
        let lock = lock(&metadata)?;
        if metadata.join("timestamp.json").exists() || metadata.join("1.root.json").exists() {
            return Err(EditError::Exists(show(dir)));
        }
        let (spec, never) = (|| SPEC_VERSION.to_string(), Timestamp::UNIX_EPOCH);
        let one = NonZeroU64::MIN;
        Ok(Self {
            dir: metadata,
            _lock: lock,
            root: unsigned(holders.root(one)?),
            previous_root: None,
            targets: unsigned(Targets::new(spec(), one, never)),
            namespaces: BTreeMap::new(),
            snapshot: unsigned(Snapshot::new(spec(), one, never)),
            timestamp: unsigned(Freshness::new(spec(), one, never)),
            changed: ["root", "targets", "snapshot"].map(String::from).into(),
        })
    }

    /// Opens the index in a directory. Its signatures are verified; that it has expired does not
    /// matter, because it is about to be signed.
    ///
    /// # Errors
    /// If there is none, or it is not signed as its own roots demand.
    pub async fn open(dir: &Path) -> Result<Self, EditError> {
        let lock = lock(&dir.join(METADATA))?;
        let repository = load::load_to_edit(dir).await?;
        let mut targets = repository.targets().clone();
        let mut namespaces = BTreeMap::new();
        for role in targets
            .signed
            .delegations
            .iter_mut()
            .flat_map(|all| &mut all.roles)
        {
            let listed = role.targets.take().ok_or_else(|| {
                IndexError::Malformed(format!(
                    "its snapshot lacks the role `{}`",
                    quoted(&role.name)
                ))
            })?;
            namespaces.insert(role.name.clone(), listed);
        }
        Ok(Self {
            dir: dir.join(METADATA),
            _lock: lock,
            root: repository.root().clone(),
            previous_root: None,
            targets,
            namespaces,
            snapshot: repository.snapshot().clone(),
            timestamp: repository.timestamp().clone(),
            changed: BTreeSet::new(),
        })
    }

    /// Whether anybody may sign for a namespace.
    #[must_use]
    pub(crate) fn has_namespace(&self, namespace: &str) -> bool {
        self.namespaces.contains_key(namespace)
    }

    /// Lets these keys, and no others, sign for a namespace; what it lists stays and must be signed
    /// by them.
    ///
    /// # Errors
    /// If it cannot be a namespace, or the keys and the threshold are impossible.
    pub fn delegate(&mut self, namespace: &str, holder: &Holder) -> Result<(), EditError> {
        let is_reserved = matches!(
            namespace,
            "root" | "targets" | "snapshot" | "timestamp" | "mirrors"
        );
        if is_reserved || !is_part(namespace) {
            return Err(EditError::Namespace(quoted(namespace)));
        }
        let (keys, role) = holder.role_keys()?;
        let all = PathPattern::new(pattern(namespace))
            .map_err(|_| EditError::Namespace(namespace.into()))?;
        let delegated = DelegatedRole {
            name: namespace.into(),
            keyids: role.keyids,
            threshold: role.threshold,
            paths: PathSet::Paths(vec![all]),
            // No other role is asked for what this namespace does not list.
            terminating: true,
            targets: None,
        };
        let delegations = self
            .targets
            .signed
            .delegations
            .get_or_insert_with(Delegations::new);
        delegations.keys.extend(keys);
        delegations.roles.retain(|role| role.name != namespace);
        delegations.roles.push(delegated);
        delegations.roles.sort_by(|a, b| a.name.cmp(&b.name));
        let used: BTreeSet<_> = delegations
            .roles
            .iter()
            .flat_map(|role| role.keyids.clone())
            .collect();
        delegations.keys.retain(|id, _| used.contains(id));
        self.namespaces.entry(namespace.into()).or_insert_with(|| {
            let mut listed =
                Targets::new(SPEC_VERSION.into(), NonZeroU64::MIN, Timestamp::UNIX_EPOCH);
            listed.delegations = None;
            unsigned(listed)
        });
        self.changed.extend(["targets".into(), namespace.into()]);
        Ok(())
    }

    /// Lists a release, or says something new of one that is listed.
    ///
    /// # Errors
    /// If its namespace has no keys, the entry cannot be shown, or the release is listed with
    /// another manifest.
    pub fn add(
        &mut self,
        release: &Release,
        manifest: &Descriptor,
        entry: Entry,
    ) -> Result<(), EditError> {
        let entry = entry.normalized();
        entry.check(release, &manifest.digest)?;
        let listed = self.listed(release)?;
        let name = target_name(release)?;
        let hash: Vec<u8> = digest_bytes(&manifest.digest);
        if let Some(target) = listed.signed.targets.get(&name)
            && target.hashes.sha256 != hash
        {
            let hex: String = target
                .hashes
                .sha256
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            return Err(EditError::Released {
                release: release.clone(),
                listed: format!("sha256:{hex}")
                    .parse()
                    .map_err(|_| EntryError::Digest(release.to_string()))?,
            });
        }
        let custom = match serde_json::to_value(entry) {
            Ok(serde_json::Value::Object(fields)) => fields.into_iter().collect(),
            _ => HashMap::new(),
        };
        let target = Target {
            length: manifest.size,
            hashes: Hashes {
                sha256: hash.into(),
                _extra: HashMap::new(),
            },
            custom,
            _extra: HashMap::new(),
        };
        listed.signed.targets.insert(name, target);
        self.changed.insert(release.id.namespace().into());
        Ok(())
    }

    /// Takes a release back: it is no longer found or chosen, and those who have it locked still
    /// get it. Or gives it again.
    ///
    /// # Errors
    /// If it is not listed.
    pub fn yank(&mut self, release: &Release, is_yanked: bool) -> Result<(), EditError> {
        let name = target_name(release)?;
        let target = self.listed(release)?.signed.targets.get_mut(&name);
        let target = target.ok_or_else(|| EditError::NotReleased(release.clone()))?;
        match is_yanked {
            true => target.custom.insert("yanked".into(), true.into()),
            false => target.custom.remove("yanked"),
        };
        self.changed.insert(release.id.namespace().into());
        Ok(())
    }

    /// Lists a release no longer.
    ///
    /// # Errors
    /// If it is not listed.
    pub fn remove(&mut self, release: &Release) -> Result<(), EditError> {
        let name = target_name(release)?;
        let removed = self.listed(release)?.signed.targets.remove(&name);
        removed.ok_or_else(|| EditError::NotReleased(release.clone()))?;
        self.changed.insert(release.id.namespace().into());
        Ok(())
    }

    /// Replaces who signs for the roles that every index has. The next root must be signed by the
    /// keys of this one too.
    ///
    /// # Errors
    /// If the keys and thresholds are impossible.
    pub(crate) fn rotate(&mut self, holders: &Holders) -> Result<(), EditError> {
        let next = unsigned(holders.root(self.root.signed.version)?);
        let previous = std::mem::replace(&mut self.root, next);
        if !previous.signatures.is_empty() {
            self.previous_root = Some(previous);
        }
        self.changed
            .extend(["root", "targets", "snapshot"].map(String::from));
        Ok(())
    }

    /// Has a role signed anew that nothing has changed of: `root`, `targets` or a namespace.
    ///
    /// # Errors
    /// If there is no such role.
    pub fn renew(&mut self, role: &str) -> Result<(), EditError> {
        match role {
            "root" if !self.changed.contains("root") => {
                self.previous_root = Some(self.root.clone())
            }
            "root" | "targets" => {}
            namespace if self.has_namespace(namespace) => {}
            other => return Err(EditError::NotDelegated(quoted(other))),
        }
        self.changed.insert(role.into());
        Ok(())
    }

    fn listed(&mut self, release: &Release) -> Result<&mut Signed<Targets>, EditError> {
        let namespace = release.id.namespace();
        let listed = self.namespaces.get_mut(namespace);
        listed.ok_or_else(|| EditError::NotDelegated(namespace.into()))
    }
}

fn lock(dir: &Path) -> Result<File, EditError> {
    let io_error = |source| IndexError::Io {
        path: dir.into(),
        source,
    };
    let file = File::open(dir).map_err(io_error)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(EditError::Busy(show(dir))),
        Err(TryLockError::Error(source)) => Err(io_error(source).into()),
    }
}

fn show(dir: &Path) -> String {
    dir.display().to_string().escape_debug().to_string()
}

fn unsigned<T>(signed: T) -> Signed<T> {
    let signatures = Vec::new();
    Signed { signed, signatures }
}

fn target_name(release: &Release) -> Result<TargetName, EditError> {
    TargetName::new(release.to_string()).map_err(|_| EntryError::Name(release.to_string()).into())
}

fn digest_bytes(digest: &Digest) -> Vec<u8> {
    let hex = digest.hex();
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap_or_default();
    (0..hex.len()).step_by(2).map(byte).collect()
}
