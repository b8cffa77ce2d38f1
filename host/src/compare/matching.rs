//! Which case of one side is held against which of the other.

use super::renamed;
use crate::report::model::{Case, Exceptions, Plugin};

/// A case on both sides, or on one of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) base: Option<(&'a Plugin, &'a Case)>,
    pub(super) candidate: Option<(&'a Plugin, &'a Case)>,
    /// The plugin of the side that does not have the case, if that side has the plugin.
    pub(super) without: Option<&'a Plugin>,
}

impl<'a> Pair<'a> {
    fn either(&self) -> (&'a str, &'a str) {
        let (plugin, case) = match (self.candidate, self.base) {
            (Some((plugin, case)), _) | (None, Some((plugin, case))) => (plugin, case),
            (None, None) => return ("", ""),
        };
        (&plugin.name, &case.spec.name)
    }

    pub(super) fn plugin(&self) -> &'a str {
        self.either().0
    }

    pub(super) fn name(&self) -> &'a str {
        self.either().1
    }
}

/// Plugins of equal names belong together; a lone plugin belongs to a lone one whatever their names
/// are, since `compare old.wasm new.wasm` means these two.
pub(super) fn counterparts(base: &[&Plugin], candidate: &[&Plugin]) -> Vec<(usize, usize)> {
    if let ([_], [_]) = (base, candidate) {
        return vec![(0, 0)];
    }
    let mut taken = vec![false; base.len()];
    let mut found = Vec::new();
    for (at, plugin) in candidate.iter().enumerate() {
        let same = (0..base.len()).find(|&at| !taken[at] && base[at].name == plugin.name);
        if let Some(same) = same {
            taken[same] = true;
            found.push((same, at));
        }
    }
    found
}

/// The candidate's cases in its order, each with the base's of that name; then those that are gone.
pub(super) fn pairs<'a>(
    base: &[&'a Plugin],
    candidate: &[&'a Plugin],
    exceptions: &Exceptions,
) -> Vec<Pair<'a>> {
    let counterparts = counterparts(base, candidate);
    let case_of = |plugin: &'a Plugin, name: &str| {
        let is_it = |case: &&Case| renamed(exceptions, plugin, &case.spec.name) == name;
        let found = plugin.cases.iter().find(is_it);
        found.map(|case| (plugin, case))
    };
    let mut pairs = Vec::new();
    for (at, plugin) in candidate.iter().enumerate() {
        let same = counterparts.iter().find(|(_, other)| *other == at);
        for case in &plugin.cases {
            let same = same.map(|(same, _)| base[*same]);
            pairs.push(Pair {
                base: same.and_then(|same| case_of(same, &case.spec.name)),
                candidate: Some((plugin, case)),
                without: same,
            });
        }
    }
    for (at, plugin) in base.iter().enumerate() {
        let same = counterparts.iter().find(|(other, _)| *other == at);
        for case in &plugin.cases {
            let is_there = same.is_some_and(|(_, same)| {
                let cases = &candidate[*same].cases;
                let name = renamed(exceptions, plugin, &case.spec.name);
                cases.iter().any(|other| other.spec.name == name)
            });
            if !is_there {
                pairs.push(Pair {
                    base: Some((plugin, case)),
                    candidate: None,
                    without: same.map(|(_, same)| candidate[*same]),
                });
            }
        }
    }
    pairs
}
