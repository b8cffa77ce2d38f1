//! Who keeps an index, role by role, as it says itself: read, so that it can be shown, and changed
//! in one new version of what says it.

use std::collections::HashMap;

use tough::schema::RoleType;
use tough::schema::decoded::{Decoded, Hex};
use tough::schema::key::Key;

use super::{EditError, Holder, Holders, IndexEditor};
use crate::key::PublicKey;
use dyno_model::quoted::quoted;

/// The roles that every index has.
const TOP: [(&str, RoleType); 4] = [
    ("root", RoleType::Root),
    ("targets", RoleType::Targets),
    ("snapshot", RoleType::Snapshot),
    ("timestamp", RoleType::Timestamp),
];

impl IndexEditor {
    /// The roles, those of all indexes first.
    pub(crate) fn roles(&self) -> impl Iterator<Item = &str> {
        let namespaces = self.namespaces.keys().map(String::as_str);
        TOP.iter().map(|(name, _)| *name).chain(namespaces)
    }

    /// Who signs for a role: one of the four that every index has, or a namespace.
    ///
    /// # Errors
    /// If there is no such role, or it has a key that is none of ours.
    pub fn holder(&self, role: &str) -> Result<Holder, EditError> {
        let none = || EditError::NotDelegated(quoted(role));
        let root = &self.root.signed;
        let top = TOP.iter().find(|(name, _)| *name == role);
        let (keys, ids, threshold) = match top {
            Some((_, kind)) => {
                let held = root.roles.get(kind).ok_or_else(none)?;
                (&root.keys, &held.keyids, held.threshold)
            }
            None => {
                let all = self.targets.signed.delegations.as_ref().ok_or_else(none)?;
                let mut roles = all.roles.iter();
                let held = roles.find(|it| it.name == role).ok_or_else(none)?;
                (&all.keys, &held.keyids, held.threshold)
            }
        };
        let known = ids.iter().map(|id| public(keys, id));
        Ok(Holder {
            keys: known.collect::<Result<_, _>>()?,
            threshold: threshold.get(),
        })
    }

    /// Has a role signed by others from now on. Of one that every index has, the keys of the root
    /// so far have to agree; of a namespace, those for the targets.
    ///
    /// # Errors
    /// As [`IndexEditor::holder`], and if the keys and the threshold are impossible.
    pub fn hold(&mut self, role: &str, holder: Holder) -> Result<(), EditError> {
        // That it is there.
        self.holder(role)?;
        let mut holders = Holders {
            root: self.holder("root")?,
            targets: self.holder("targets")?,
            snapshot: self.holder("snapshot")?,
            timestamp: self.holder("timestamp")?,
        };
        match role {
            "root" => holders.root = holder,
            "targets" => holders.targets = holder,
            "snapshot" => holders.snapshot = holder,
            "timestamp" => holders.timestamp = holder,
            namespace => return self.delegate(namespace, &holder),
        }
        self.rotate(&holders)
    }
}

fn public(keys: &HashMap<Decoded<Hex>, Key>, id: &Decoded<Hex>) -> Result<PublicKey, EditError> {
    // As it was written, which is the only form that has the whole key.
    let written = match keys.get(id) {
        Some(Key::Ecdsa { keyval, .. }) => serde_json::to_value(&keyval.public).ok(),
        _ => None,
    };
    written
        .as_ref()
        .and_then(|it| PublicKey::from_pem(it.as_str()?).ok())
        .ok_or(EditError::Key)
}
