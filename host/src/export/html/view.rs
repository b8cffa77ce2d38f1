//! The page's material: every case with what belongs to it from the comparison, the base's run and
//! the histories, under an anchor that can be linked to.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Contents;
use crate::report::model::{
    Case, CaseComparison, Comparison, Estimate, History, Metric, Pairing, Plugin, Run, Verdict,
};

/// An identifier is readable up to here; what is longer is told apart by a number.
const ANCHOR_CHARS_MAX: usize = 80;

/// All that the page shows.
pub(super) struct Page<'a> {
    /// The run; the candidate of the comparison.
    pub(super) run: &'a Run,
    /// The comparison and the base's run.
    pub(super) compared: Option<(&'a Comparison, &'a Run)>,
    /// The cases in the run's order, then those that are gone.
    pub(super) entries: Vec<Entry<'a>>,
}

/// One case.
pub(super) struct Entry<'a> {
    /// The identifier of its details.
    pub(super) anchor: String,
    /// The run that holds it: the base's, if it is gone.
    pub(super) run: &'a Run,
    /// Its plugin.
    pub(super) plugin: &'a Plugin,
    /// The case itself.
    pub(super) case: &'a Case,
    /// The same case of the base.
    pub(super) base: Option<&'a Case>,
    /// Whether base and candidate ran side by side.
    pub(super) paired: bool,
    /// What became of it.
    pub(super) compared: Option<&'a CaseComparison>,
    /// How its metrics went over earlier runs.
    pub(super) histories: Vec<&'a History>,
}

type Key<'a> = (&'a str, &'a str);

impl<'a> Page<'a> {
    /// Puts together what belongs together, by the names of plugin and case.
    pub(super) fn new(contents: &Contents<'a>) -> Self {
        let Contents {
            run,
            compared,
            histories,
        } = *contents;
        let comparisons: BTreeMap<Key<'a>, &'a CaseComparison> = compared
            .iter()
            .flat_map(|(comparison, _)| &comparison.cases)
            .map(|case| ((case.plugin.as_str(), case.case.as_str()), case))
            .collect();
        let mut by_case: BTreeMap<Key<'a>, Vec<&'a History>> = BTreeMap::new();
        for history in histories {
            let key = (history.plugin.as_str(), history.case.as_str());
            by_case.entry(key).or_default().push(history);
        }
        let bases = compared.map(|(_, base)| Bases::new(base));
        let paired = compared.is_some_and(|(found, _)| found.pairing == Pairing::Paired);
        let mut anchors = BTreeSet::new();
        let mut entry = |run: &'a Run, plugin: &'a Plugin, case: &'a Case, is_base: bool| {
            let key = (plugin.name.as_str(), case.spec.name.as_str());
            Entry {
                anchor: anchor(key, &mut anchors),
                run,
                plugin,
                case,
                base: bases
                    .as_ref()
                    .filter(|_| !is_base)
                    .and_then(|bases| bases.find(key)),
                paired,
                compared: comparisons.get(&key).copied(),
                histories: by_case.get(&key).cloned().unwrap_or_default(),
            }
        };
        let mut entries: Vec<Entry<'a>> = cases(run)
            .map(|(plugin, case)| entry(run, plugin, case, false))
            .collect();
        if let Some((_, base)) = compared {
            let is_gone = |plugin: &Plugin, case: &Case| {
                comparisons
                    .get(&(plugin.name.as_str(), case.spec.name.as_str()))
                    .is_some_and(|found| found.verdict == Verdict::Gone)
            };
            let gone = cases(base).filter(|(plugin, case)| is_gone(plugin, case));
            entries.extend(gone.map(|(plugin, case)| entry(base, plugin, case, true)));
        }
        Self {
            run,
            compared,
            entries,
        }
    }

    /// How many cases have this verdict.
    pub(super) fn count(&self, verdict: Verdict) -> usize {
        let has = |entry: &&Entry<'_>| entry.verdict() == Some(verdict);
        self.entries.iter().filter(has).count()
    }
}

impl Entry<'_> {
    /// The estimate of a metric, if it was measured.
    pub(super) fn estimate(&self, metric: Metric) -> Option<&Estimate> {
        self.case.estimate(metric)
    }

    /// The time that is shown where there is room for one, and what to say of it if it is not wall time.
    pub(super) fn headline(&self) -> Option<(&Estimate, Option<&'static str>)> {
        let metric = self.case.headline();
        let note = (metric == Metric::CpuTime).then_some("CPU");
        Some((self.estimate(metric)?, note))
    }

    /// The comparison in one word.
    pub(super) fn verdict(&self) -> Option<Verdict> {
        Some(self.compared?.verdict)
    }
}

fn cases(run: &Run) -> impl Iterator<Item = (&Plugin, &Case)> {
    let with_plugin = |plugin| move |case| (plugin, case);
    run.plugins
        .iter()
        .flat_map(move |plugin| plugin.cases.iter().map(with_plugin(plugin)))
}

/// The cases of the base by name. Two files that are compared may call their plugin differently; then a case
/// is found by its own name, if only one plugin has it.
struct Bases<'a> {
    by_key: BTreeMap<Key<'a>, &'a Case>,
    by_case: BTreeMap<&'a str, Option<&'a Case>>,
}

impl<'a> Bases<'a> {
    fn new(base: &'a Run) -> Self {
        let mut by_key = BTreeMap::new();
        let mut by_case = BTreeMap::new();
        for (plugin, case) in cases(base) {
            let name = case.spec.name.as_str();
            by_key.insert((plugin.name.as_str(), name), case);
            by_case
                .entry(name)
                .and_modify(|only| *only = None)
                .or_insert(Some(case));
        }
        Self { by_key, by_case }
    }

    fn find(&self, key: Key<'_>) -> Option<&'a Case> {
        let by_name = || self.by_case.get(key.1).copied().flatten();
        self.by_key.get(&key).copied().or_else(by_name)
    }
}

/// An identifier of letters, digits and dashes, which no other case has.
fn anchor((plugin, case): Key<'_>, taken: &mut BTreeSet<String>) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '_' {
            c
        } else {
            '-'
        }
    };
    let readable: String = format!("case-{plugin}-{case}")
        .chars()
        .take(ANCHOR_CHARS_MAX)
        .map(plain)
        .collect();
    let mut anchor = readable.clone();
    let mut number = 2;
    while !taken.insert(anchor.clone()) {
        anchor = format!("{readable}-{number}");
        number += 1;
    }
    anchor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_harmless_and_never_the_same() {
        let mut taken = BTreeSet::new();
        let long = "x".repeat(500);
        let keys = [
            ("a", "b"),
            ("a", "b"),
            ("a", "\"><script>"),
            ("a-b", ""),
            (&long, "1"),
            (&long, "2"),
        ];
        let anchors: Vec<String> = keys.iter().map(|key| anchor(*key, &mut taken)).collect();
        assert_eq!(
            &anchors[..3],
            ["case-a-b", "case-a-b-2", "case-a----script-"]
        );
        assert_eq!(taken.len(), keys.len());
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        assert!(
            anchors
                .iter()
                .all(|anchor| anchor.chars().all(plain) && anchor.len() < 90)
        );
    }
}
