//! Two versions of a case: which functions are responsible for the difference.

use super::{Profile, Usage};

/// What a function of one name used in two versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its name; hostile.
    pub name: String,
    /// In all iterations of the base.
    pub base: Usage,
    /// In all iterations of the candidate.
    pub candidate: Usage,
}

/// What changed from one version to another, over equally many iterations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Iterations of each.
    pub iterations: u64,
    /// Fuel of the base.
    pub base_fuel: u64,
    /// Fuel of the candidate.
    pub candidate_fuel: u64,
    /// The functions that use more or less than before, the largest change first.
    pub changes: Vec<Change>,
}

impl Change {
    /// By how much the fuel changed; the same in all iterations together.
    #[must_use]
    pub fn fuel(&self) -> i128 {
        i128::from(self.candidate.fuel) - i128::from(self.base.fuel)
    }
}

impl Difference {
    /// Compares functions by name; none if the two were not profiled over equally many iterations.
    #[must_use]
    pub fn between(base: &Profile, candidate: &Profile) -> Option<Self> {
        if base.iterations != candidate.iterations {
            return None;
        }
        let (before, after) = (base.by_name(), candidate.by_name());
        let usage = |named: &std::collections::BTreeMap<&str, Usage>, name| {
            named.get(name).copied().unwrap_or_default()
        };
        let names: std::collections::BTreeSet<&str> =
            before.keys().chain(after.keys()).copied().collect();
        let mut changes: Vec<Change> = names
            .into_iter()
            .map(|name| Change {
                name: name.to_owned(),
                base: usage(&before, name),
                candidate: usage(&after, name),
            })
            .filter(|change| change.fuel() != 0)
            .collect();
        // By name where equal: names were sorted, and the sort is stable.
        changes.sort_by_key(|change| std::cmp::Reverse(change.fuel().unsigned_abs()));
        Some(Self {
            iterations: base.iterations,
            base_fuel: base.fuel,
            candidate_fuel: candidate.fuel,
            changes,
        })
    }

    /// By how much all functions together changed.
    #[must_use]
    pub fn fuel(&self) -> i128 {
        i128::from(self.candidate_fuel) - i128::from(self.base_fuel)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::profile;
    use super::*;

    #[test]
    fn only_what_changed_is_named_and_it_adds_up() {
        let base = profile(
            4,
            &[("a", 10, 1), ("ab", 20, 2), ("ac", 30, 3), ("ad", 7, 1)],
        );
        let candidate = profile(
            4,
            &[("a", 10, 9), ("ab", 25, 2), ("ac", 3, 3), ("ae", 1, 1)],
        );
        let difference = Difference::between(&base, &candidate).unwrap();
        let changes: Vec<(&str, i128)> = difference
            .changes
            .iter()
            .map(|change| (change.name.as_str(), change.fuel()))
            .collect();
        assert_eq!(changes, [("c", -27), ("d", -7), ("b", 5), ("e", 1)]);
        let sum: i128 = changes.iter().map(|(_, fuel)| fuel).sum();
        assert_eq!((sum, difference.fuel()), (-28, -28));
    }

    #[test]
    fn what_was_not_done_equally_often_is_not_compared() {
        let (base, candidate) = (profile(4, &[("a", 4, 1)]), profile(8, &[("a", 8, 1)]));
        assert_eq!(Difference::between(&base, &candidate), None);
    }
}
