//! From what a user asks for to one release of an index, or to what may have been meant.

use super::{Index, Listed};
use dyno_plugin::id::{PackageId, Wanted};

/// Two slips of the finger: swapped, missing, added or other letters.
const DISTANCE_MAX: usize = 2;
/// More suggestions than these are none.
const SIMILAR_MAX: usize = 5;
/// The newest versions are what somebody who asked for another wants to see.
const VERSIONS_SHOWN: usize = 5;

/// No release of the index is what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// No such package.
    #[error("the index has no package {id}{}", meant(similar))]
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

fn meant(similar: &[PackageId]) -> String {
    if similar.is_empty() {
        return String::new();
    }
    let names: Vec<_> = similar.iter().map(PackageId::to_string).collect();
    format!("; did you mean {}?", names.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::super::tests::listed;
    use super::*;

    fn index() -> Index {
        let names = [
            "acme/fib@1.2.0",
            "acme/fib@1.10.0",
            "acme/fib@2.0.0-rc.1",
            "acme/fob",
            "zeta/fib",
            "a/b",
        ];
        Index::of(names.map(listed).into())
    }

    #[test]
    fn the_highest_version_that_will_do_is_chosen_and_a_preview_only_if_asked_for() {
        let mut index = index();
        let chosen = |index: &Index, wanted: &str| {
            let resolved = index.resolve(&wanted.parse().unwrap());
            resolved
                .map(|listed| listed.release.version.to_string())
                .map_err(|error| error.to_string())
        };
        assert_eq!(chosen(&index, "acme/fib").unwrap(), "1.10.0");
        assert_eq!(chosen(&index, "acme/fib@1.2.0").unwrap(), "1.2.0");
        assert_eq!(
            chosen(&index, "acme/fib@>=2.0.0-rc.0").unwrap(),
            "2.0.0-rc.1"
        );
        let error = chosen(&index, "acme/fib@^3").unwrap_err();
        assert!(
            error.contains("acme/fib@^3: the newest are 2.0.0-rc.1, 1.10.0, 1.2.0"),
            "{error}"
        );
        index
            .listed
            .iter_mut()
            .for_each(|listed| listed.entry.yanked = listed.release.to_string().contains("1.10"));
        assert_eq!(chosen(&index, "acme/fib").unwrap(), "1.2.0");
        let error = chosen(&index, "acme/fib@1.10.0").unwrap_err();
        assert!(error.contains("1.10.0 (yanked)"), "{error}");
    }

    #[test]
    fn an_unknown_name_is_answered_with_what_may_have_been_meant() {
        let index = index();
        let similar = |id: &str| {
            let similar = index.similar(&id.parse().unwrap());
            similar.iter().map(|id| id.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(similar("amce/fib"), ["acme/fib", "acme/fob", "zeta/fib"]);
        assert_eq!(similar("acme/fibb"), ["acme/fib", "acme/fob"]);
        assert!(similar("c/d").is_empty());
        let error = index
            .resolve(&"acme/fibb".parse().unwrap())
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "the index has no package acme/fibb; did you mean acme/fib or acme/fob?"
        );
    }
}
