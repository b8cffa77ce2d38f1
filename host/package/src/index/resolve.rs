//! From what a user asks for to one release of an index, or to what may have been meant.

use super::{Index, Listed};
use dyno_plugin::id::{PackageId, Wanted};

/// Two slips of the finger: swapped, missing, added or other letters.
const DISTANCE_MAX: usize = 2;
/// More suggestions than these are none.
const SIMILAR_MAX: usize = 5;
/// The newest versions are what a user who asked for another wants to see.
const VERSIONS_SHOWN: usize = 5;

/// No release of the index is what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// No such package.
    #[error("the index has no package {id}{}", suggestion(similar))]
    Unknown {
        /// What was asked for.
        id: PackageId,
        /// What may have been meant.
        similar: Vec<PackageId>,
    },
    /// The package is there, and no version of it will do.
    #[error("the index has no release {wanted}: the newest are {newest}")]
    NoVersion {
        /// What was asked for.
        wanted: Box<Wanted>,
        /// What there is, newest first.
        newest: String,
    },
}

impl Index {
    /// The release with the highest version that will do. Versions before a release are chosen only
    /// if the range names one of the same version, yanked ones never.
    ///
    /// # Errors
    /// If there is none, with what there is instead.
    pub fn resolve(&self, wanted: &Wanted) -> Result<&Listed, ResolveError> {
        let releases = self.releases(&wanted.id);
        if releases.is_empty() {
            return Err(ResolveError::Unknown {
                id: wanted.id.clone(),
                similar: self.similar(&wanted.id).into_iter().cloned().collect(),
            });
        }
        releases
            .iter()
            .rev()
            .find(|listed| !listed.entry.yanked && wanted.allows(&listed.release))
            .ok_or_else(|| ResolveError::NoVersion {
                wanted: Box::new(wanted.clone()),
                newest: newest(releases),
            })
    }

    /// Packages whose id is nearly this one, or that have its name in another namespace: nearest
    /// first, at most five. For "did you mean", and to warn of a name that is made to be mistaken
    /// for another.
    #[must_use]
    pub(crate) fn similar(&self, id: &PackageId) -> Vec<&PackageId> {
        let text = id.to_string();
        let mut near: Vec<_> = self
            .packages()
            .map(|releases| &releases[0].release.id)
            .filter(|other| *other != id)
            .filter_map(|other| {
                let distance = strsim::damerau_levenshtein(&text, &other.to_string());
                // Of very short ids most are near to most.
                let is_near = distance <= DISTANCE_MAX && 3 * distance < text.len();
                (is_near || other.name() == id.name()).then_some((distance, other))
            })
            .collect();
        near.sort();
        near.into_iter()
            .map(|(_, id)| id)
            .take(SIMILAR_MAX)
            .collect()
    }
}

fn newest(releases: &[Listed]) -> String {
    let version = |listed: &Listed| {
        let mark = if listed.entry.yanked { " (yanked)" } else { "" };
        format!("{}{mark}", listed.release.version)
    };
    let versions = releases.iter().rev().take(VERSIONS_SHOWN).map(version);
    versions.collect::<Vec<_>>().join(", ")
}

fn suggestion(similar: &[PackageId]) -> String {
    if similar.is_empty() {
        return String::new();
    }
    let names: Vec<_> = similar.iter().map(PackageId::to_string).collect();
    format!("; did you mean {}?", names.join(" or "))
}

#[cfg(test)]
mod tests;
