//! The page's material: every case with what belongs to it from the comparison, the base's run and
//! the histories, under an anchor that can be linked to.

use std::collections::BTreeMap;

use super::super::Contents;
use dyno_model::quoted::marked;
use dyno_model::{
    Case, CaseComparison, Comparison, Estimate, History, Metric, Pairing, Plugin, Run, Verdict,
};

/// An identifier is readable up to here; what is longer is told apart by the hash behind it.
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
        // What is gone is looked for by the base's plugin, all else by the candidate's.
        let comparisons: BTreeMap<(bool, &'a str, &'a str), &'a CaseComparison> = compared
            .iter()
            .flat_map(|(comparison, _)| &comparison.cases)
            .map(|case| {
                let is_gone = case.verdict == Verdict::Gone;
                let plugin = if is_gone {
                    case.of_base()
                } else {
                    &case.plugin
                };
                ((is_gone, plugin, case.case.as_str()), case)
            })
            .collect();
        let mut by_case: BTreeMap<Key<'a>, Vec<&'a History>> = BTreeMap::new();
        for history in histories {
            let key = (history.label.as_str(), history.case.as_str());
            by_case.entry(key).or_default().push(history);
        }
        let paired = compared.is_some_and(|(found, _)| found.pairing == Pairing::Paired);
        let entry = |run: &'a Run, plugin: &'a Plugin, case: &'a Case, is_base: bool| {
            let key = (plugin.label.as_str(), case.spec.name.as_str());
            let compared = comparisons.get(&(is_base, key.0, key.1)).copied();
            Entry {
                anchor: anchor(key),
                run,
                plugin,
                case,
                base: compared
                    .filter(|_| !is_base)
                    .and_then(|compared| base_of(contents, compared)),
                paired,
                compared,
                histories: by_case.get(&key).cloned().unwrap_or_default(),
            }
        };
        let mut entries: Vec<Entry<'a>> = cases(run)
            .map(|(plugin, case)| entry(run, plugin, case, false))
            .collect();
        if let Some((_, base)) = compared {
            let is_gone = |plugin: &Plugin, case: &Case| {
                comparisons.contains_key(&(true, plugin.label.as_str(), case.spec.name.as_str()))
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

    /// The time that is shown where there is room for one, and what to say of it if it is not wall
    /// time.
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

/// The case that one was compared with. A comparison from before plugins had labels does not say
/// whose it was: then it is that of the only plugin, or of the one with the name of the
/// candidate's.
fn base_of<'a>(contents: &Contents<'a>, compared: &CaseComparison) -> Option<&'a Case> {
    let (_, base) = contents.compared?;
    let is_it = |plugin: &&Plugin| base.plugins.len() == 1 || plugin.label == compared.of_base();
    let plugin = base.plugins.iter().find(is_it)?;
    let mut cases = plugin.cases.iter();
    cases.find(|case| case.spec.name == compared.case)
}

/// An identifier of letters, digits and dashes, which no other case has: it ends in the hash of
/// both names.
fn anchor((plugin, case): Key<'_>) -> String {
    let plain = |c: char| match c.is_ascii_alphanumeric() || c == '_' {
        true => c,
        false => '-',
    };
    let readable: String = format!("case-{plugin}-{case}")
        .chars()
        .take(ANCHOR_CHARS_MAX)
        .map(plain)
        .collect();
    marked(&format!("{plugin}\0{case}"), &readable).replace('~', "-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn anchors_are_harmless_and_never_the_same() {
        let long = "x".repeat(500);
        let keys = [
            ("a", "b"),
            ("a", "\"><script>"),
            ("a-b", ""),
            ("a", "b-"),
            (&long, "1"),
            (&long, "2"),
        ];
        let anchors: BTreeSet<String> = keys.iter().map(|key| anchor(*key)).collect();
        assert_eq!(anchors.len(), keys.len());
        assert!(anchor(keys[1]).starts_with("case-a----script--"));
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        assert!(
            anchors
                .iter()
                .all(|anchor| anchor.chars().all(plain) && anchor.len() < 90)
        );
    }
}
