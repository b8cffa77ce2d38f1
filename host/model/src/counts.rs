//! What the processor counted during a sample.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::metrics::{COUNTERS, Metric};

/// The fact of a machine that says whether its counters can be read, or why not. What can be
/// counted on a machine makes it no other one.
pub const COUNTERS_FACT: &str = "counters";

/// What that fact is where they can be read.
pub const COUNTED: &str = "available";

/// What the processor counted in the timed part of a sample, as far as it could: never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<Metric, u64>", into = "BTreeMap<Metric, u64>")]
pub struct Counts(
    /// By the places of [`COUNTERS`]; 0 for what was not counted.
    [u64; COUNTERS.len()],
);

impl Counts {
    /// What was counted of a metric.
    #[must_use]
    pub fn get(&self, metric: Metric) -> Option<u64> {
        let at = COUNTERS.iter().position(|counter| *counter == metric)?;
        Some(self.0[at]).filter(|count| *count > 0)
    }

    /// All that was counted.
    pub fn iter(&self) -> impl Iterator<Item = (Metric, u64)> {
        let counts = COUNTERS.into_iter().zip(self.0);
        counts.filter(|(_, count)| *count > 0)
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The sum of what was counted in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let sums = self.iter().filter_map(|(metric, count)| {
            let other = other.get(metric)?;
            Some((metric, count.saturating_add(other)))
        });
        sums.collect()
    }
}

impl FromIterator<(Metric, u64)> for Counts {
    /// What is no counter is left out.
    fn from_iter<I: IntoIterator<Item = (Metric, u64)>>(counted: I) -> Self {
        let mut counts = Self::default();
        for (metric, count) in counted {
            let place = COUNTERS.iter().position(|counter| *counter == metric);
            if let Some(at) = place {
                counts.0[at] = count;
            }
        }
        counts
    }
}

impl TryFrom<BTreeMap<Metric, u64>> for Counts {
    type Error = String;

    fn try_from(counted: BTreeMap<Metric, u64>) -> Result<Self, String> {
        let is_wrong =
            |(metric, count): &(&Metric, &u64)| !COUNTERS.contains(metric) || **count == 0;
        match counted.iter().find(is_wrong) {
            Some((metric, count)) => Err(format!("{count} of {metric:?} is no count")),
            None => Ok(counted.into_iter().collect()),
        }
    }
}

impl From<Counts> for BTreeMap<Metric, u64> {
    fn from(counts: Counts) -> Self {
        counts.iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_counted_is_not_there() {
        let one: Counts = [(COUNTERS[0], 7)].into_iter().collect();
        let text = serde_json::to_string(&one).unwrap();
        assert_eq!(serde_json::from_str::<Counts>(&text).unwrap(), one);
        assert_eq!(text.matches(':').count(), 1);
        assert_eq!(serde_json::to_string(&Counts::default()).unwrap(), "{}");
        let both: Counts = COUNTERS.map(|metric| (metric, 5)).into_iter().collect();
        assert_eq!(one.and(both).get(COUNTERS[0]), Some(12));
        assert_eq!(one.and(both).iter().count(), 1, "half a sum is none");
        for wrong in [r#"{"wall-time":5}"#, &text.replace('7', "0")] {
            assert!(serde_json::from_str::<Counts>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn counts_hold_what_was_counted_of_each_counter_and_of_nothing_else() {
        for (counted, held) in [
            (vec![], vec![]),
            (vec![(Metric::Cycles, 0)], vec![]),
            (vec![(Metric::WallTime, 5)], vec![]),
            (vec![(Metric::Cycles, 1)], vec![(Metric::Cycles, 1)]),
            (
                vec![
                    (Metric::BranchMisses, 2),
                    (Metric::Fuel, 9),
                    (Metric::Instructions, u64::MAX),
                ],
                vec![(Metric::Instructions, u64::MAX), (Metric::BranchMisses, 2)],
            ),
        ] {
            let counts: Counts = counted.into_iter().collect();
            assert_eq!(counts.iter().collect::<Vec<_>>(), held);
            assert_eq!(counts.is_empty(), held.is_empty(), "{held:?}");
            for metric in Metric::all() {
                let of_metric = held.iter().find(|(counter, _)| *counter == metric);
                assert_eq!(counts.get(metric), of_metric.map(|(_, count)| *count));
            }
        }
        let most: Counts = [(Metric::Cycles, u64::MAX)].into_iter().collect();
        assert_eq!(most.and(most), most, "a sum that does not fit is the most");
    }
}
