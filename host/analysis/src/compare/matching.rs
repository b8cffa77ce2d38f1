//! Which plugin of one side is held against which of the other, and so which case.
//!
//! A lone plugin belongs to a lone one, whatever they are called: `compare old.wasm new.wasm` means
//! these two. Of several, those of one name belong together. Where several have it they are told
//! apart by what they are (digest and inputs), then by where they came from (the longest common end
//! of their sources), and the one that is left belongs to the one that is left. A plugin whose name
//! the other side does not have was renamed if there is one with its bytes or its source; else it
//! is new or gone.

use std::collections::BTreeSet;

use super::renamed;
use dyno_model::quoted::quoted;
use dyno_model::{Case, Classify, Exceptions, Fault, Plugin, parts};

/// A case on both sides, or on one of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) base: Option<(&'a Plugin, &'a Case)>,
    pub(super) candidate: Option<(&'a Plugin, &'a Case)>,
    /// The plugin of the side that does not have the case, if that side has the plugin.
    pub(super) without: Option<&'a Plugin>,
}

impl<'a> Pair<'a> {
    /// The label of the base's plugin, if the base has it.
    pub(super) fn base_plugin(&self) -> Option<&'a str> {
        let own = self.base.map(|(plugin, _)| plugin);
        let other = self.without.filter(|_| self.base.is_none());
        own.or(other).map(|plugin| plugin.label.as_str())
    }

    /// The label of the candidate's plugin; of the base's, if the candidate does not have it.
    pub(super) fn plugin(&self) -> &'a str {
        let own = self.candidate.map(|(plugin, _)| plugin);
        let other = self.without.filter(|_| self.candidate.is_none());
        let label = own.or(other).map(|plugin| plugin.label.as_str());
        label.or(self.base_plugin()).unwrap_or_default()
    }

    pub(super) fn name(&self) -> &'a str {
        let case = self.candidate.or(self.base);
        case.map_or("", |(_, case)| &case.spec.name)
    }
}

/// Plugins of one name on both sides that cannot be told apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "several plugins are called `{}`, and neither contents nor paths say which of the baseline's ({}) is to be compared with which of the candidate's ({}): compare one pair at a time, or give each its own name in a plugin.toml",
    quoted(.name), listed(.base), listed(.candidate)
)]
pub struct Ambiguous {
    /// Their name.
    pub name: String,
    /// Where those of the base came from.
    pub base: Vec<String>,
    /// Where those of the candidate came from.
    pub candidate: Vec<String>,
}

impl Classify for Ambiguous {
    fn fault(&self) -> Fault {
        Fault::Usage
    }
}

fn listed(sources: &[String]) -> String {
    let sources: Vec<_> = sources.iter().map(|source| quoted(source)).collect();
    sources.join(", ")
}

/// Who belongs together, by position: base, candidate, in the order of the candidate; and what
/// cannot be said.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Matching {
    pub(super) pairs: Vec<(usize, usize)>,
    pub(super) ambiguous: Vec<Ambiguous>,
}

/// What of both sides has no counterpart yet, by position.
struct Unpaired<'a> {
    base: Vec<(usize, &'a Plugin)>,
    candidate: Vec<(usize, &'a Plugin)>,
}

/// Finds the counterparts of two sides.
pub(super) fn matching(base: &[&Plugin], candidate: &[&Plugin]) -> Matching {
    let mut found = Matching::default();
    let mut rest = Unpaired {
        base: base.iter().copied().enumerate().collect(),
        candidate: candidate.iter().copied().enumerate().collect(),
    };
    if let ([_], [_]) = (base, candidate) {
        rest.take_left_over(&mut found.pairs);
    }
    let names: BTreeSet<&str> = base.iter().map(|plugin| plugin.name.as_str()).collect();
    for name in names {
        let mut namesakes = rest.split(name);
        namesakes.pair_by_content(&mut found.pairs);
        namesakes.pair_by_source(&mut found.pairs);
        namesakes.take_left_over(&mut found.pairs);
        found.ambiguous.extend(namesakes.ambiguous(name));
    }
    // Ambiguous ones are not among these: they are not renamed.
    rest.pair_by_content(&mut found.pairs);
    rest.pair_by_same_source(&mut found.pairs);
    found
        .pairs
        .sort_unstable_by_key(|(_, candidate)| *candidate);
    found
}

impl<'a> Unpaired<'a> {
    /// Takes those of a name that both sides have.
    fn split(&mut self, name: &str) -> Self {
        let has = |side: &[(usize, &Plugin)]| side.iter().any(|(_, plugin)| plugin.name == name);
        if !has(&self.base) || !has(&self.candidate) {
            return Self {
                base: Vec::new(),
                candidate: Vec::new(),
            };
        }
        let take = |side: &mut Vec<(usize, &'a Plugin)>| {
            let all = std::mem::take(side).into_iter();
            let (namesakes, others) = all.partition(|(_, plugin)| plugin.name == name);
            *side = others;
            namesakes
        };
        Self {
            base: take(&mut self.base),
            candidate: take(&mut self.candidate),
        }
    }

    /// Equal bytes with equal inputs, then equal bytes. Of several that are equal in that, those
    /// whose sources agree; and of those that differ in nothing else any will do.
    fn pair_by_content(&mut self, pairs: &mut Vec<(usize, usize)>) {
        type Key<'k> = (Option<&'k str>, Option<&'k str>);
        let whole = |plugin: &'a Plugin| (plugin.digest.as_deref(), plugin.inputs.as_deref());
        let bytes = |plugin: &'a Plugin| (plugin.digest.as_deref(), None);
        let keys: [(bool, &dyn Fn(&'a Plugin) -> Key<'a>); 2] = [(true, &whole), (false, &bytes)];
        for (is_whole, key) in keys {
            let contents: BTreeSet<Key<'a>> =
                self.base.iter().map(|(_, plugin)| key(plugin)).collect();
            for content in contents.into_iter().filter(|(digest, _)| digest.is_some()) {
                let of = |side: &[(usize, &'a Plugin)]| -> Vec<(usize, &'a Plugin)> {
                    let equal = side.iter().filter(|(_, plugin)| key(plugin) == content);
                    equal.copied().collect()
                };
                let mut equal = Self {
                    base: of(&self.base),
                    candidate: of(&self.candidate),
                };
                let before = pairs.len();
                equal.pair_by_source(pairs);
                if is_whole {
                    pairs.extend(equal.in_order());
                } else {
                    equal.take_left_over(pairs);
                }
                self.forget(&pairs[before..]);
            }
        }
    }

    fn in_order(&self) -> Vec<(usize, usize)> {
        let both = self.base.iter().zip(&self.candidate);
        both.map(|((base, _), (candidate, _))| (*base, *candidate))
            .collect()
    }

    /// Those of which each is, of all, the only one whose source has most in common with the
    /// other's.
    fn pair_by_source(&mut self, pairs: &mut Vec<(usize, usize)>) {
        loop {
            let mut found = Vec::new();
            for (base, one) in &self.base {
                let Some((candidate, other)) = nearest(one, &self.candidate) else {
                    continue;
                };
                if nearest(other, &self.base).is_some_and(|(nearest, _)| nearest == *base) {
                    found.push((*base, candidate));
                }
            }
            if found.is_empty() {
                return;
            }
            self.forget(&found);
            pairs.extend(found);
        }
    }

    /// Those whose sources are the same in whole, whatever they are called now.
    fn pair_by_same_source(&mut self, pairs: &mut Vec<(usize, usize)>) {
        let is_same = |one: &Plugin, other: &Plugin| {
            let most = parts(one.origin()).len().min(parts(other.origin()).len());
            most > 0 && common_end(one, other) == most
        };
        let mut found = Vec::new();
        for (base, one) in &self.base {
            let near = nearest(one, &self.candidate);
            let near = near.filter(|(_, other)| is_same(one, other));
            found.extend(near.map(|(candidate, _)| (*base, candidate)));
        }
        found.sort_unstable_by_key(|(_, candidate)| *candidate);
        found.dedup_by_key(|(_, candidate)| *candidate);
        self.forget(&found);
        pairs.extend(found);
    }

    /// One that is left belongs to one that is left.
    fn take_left_over(&mut self, pairs: &mut Vec<(usize, usize)>) {
        if let ([(base, _)], [(candidate, _)]) = (&self.base[..], &self.candidate[..]) {
            pairs.push((*base, *candidate));
            self.base.clear();
            self.candidate.clear();
        }
    }

    fn forget(&mut self, pairs: &[(usize, usize)]) {
        self.base
            .retain(|(at, _)| pairs.iter().all(|(base, _)| base != at));
        self.candidate
            .retain(|(at, _)| pairs.iter().all(|(_, candidate)| candidate != at));
    }

    fn ambiguous(&self, name: &str) -> Option<Ambiguous> {
        let sources = |side: &[(usize, &Plugin)]| -> Vec<String> {
            side.iter()
                .map(|(_, plugin)| plugin.origin().to_owned())
                .collect()
        };
        let is_open = !self.base.is_empty() && !self.candidate.is_empty();
        is_open.then(|| Ambiguous {
            name: name.to_owned(),
            base: sources(&self.base),
            candidate: sources(&self.candidate),
        })
    }
}

/// The only one whose source has most in common with that of `plugin`.
fn nearest<'a>(plugin: &Plugin, others: &[(usize, &'a Plugin)]) -> Option<(usize, &'a Plugin)> {
    let common = |other: &&(usize, &'a Plugin)| common_end(plugin, other.1);
    let most = others
        .iter()
        .map(|other| common(&other))
        .max()
        .filter(|most| *most > 0)?;
    let mut nearest = others.iter().filter(|other| common(other) == most);
    let only = nearest.next().copied();
    only.filter(|_| nearest.next().is_none())
}

/// How many of the last parts of two sources are the same.
fn common_end(one: &Plugin, other: &Plugin) -> usize {
    let (one, other) = (parts(one.origin()), parts(other.origin()));
    let both = one.iter().rev().zip(other.iter().rev());
    both.take_while(|(one, other)| one == other).count()
}

/// The candidate's cases in its order, each with the base's of that name; then those that are gone.
pub(super) fn pairs<'a>(
    base: &[&'a Plugin],
    candidate: &[&'a Plugin],
    exceptions: &Exceptions,
) -> Vec<Pair<'a>> {
    let counterparts = matching(base, candidate).pairs;
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

#[cfg(test)]
mod tests;
