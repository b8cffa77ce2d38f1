//! Search in an index: which packages, and in which order. The order is one that can be explained
//! in a line: by where the words were found, then by name.

use super::{Index, Listed};

/// What found packages must have besides the words; whatever is absent does not matter. Compared
/// without regard to case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// This kind.
    pub kind: Option<String>,
    /// This licence somewhere in its expression: `MIT` finds `MIT OR Apache-2.0`.
    pub licence: Option<String>,
    /// This capability among others.
    pub capability: Option<String>,
    /// This publisher.
    pub publisher: Option<String>,
}

/// Where the words of a query were found, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Found {
    /// The query is the name, or the whole id.
    Name,
    /// The name, or the id, begins with the query.
    NamePrefix,
    /// The query is a part of the id.
    NamePart,
    /// Each word is somewhere in the id, the keywords or the description.
    Words,
}

/// A package that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit<'a> {
    /// How well.
    pub found: Found,
    /// Its newest release.
    pub listed: &'a Listed,
}

impl Index {
    /// The packages in which all words of the query are found and which have what the filter asks
    /// for, each with its newest release: a finished one if there is one, and none that was
    /// yanked. An empty query finds all.
    #[must_use]
    pub fn search(&self, query: &str, filter: &Filter) -> Vec<Hit<'_>> {
        let query = query.trim().to_lowercase();
        let mut hits: Vec<_> = self
            .packages()
            .filter_map(newest)
            .filter(|listed| filter.allows(listed))
            .filter_map(|listed| {
                let found = find(&query, listed)?;
                Some(Hit { found, listed })
            })
            .collect();
        // Stable: equally good ones stay in the order of their names.
        hits.sort_by_key(|hit| hit.found);
        hits
    }
}

/// The release to show of a package, whose releases are in ascending order.
fn newest(releases: &[Listed]) -> Option<&Listed> {
    let there = || releases.iter().rev().filter(|listed| !listed.entry.yanked);
    there()
        .find(|listed| listed.release.version.pre.is_empty())
        .or_else(|| there().next())
}

fn find(query: &str, listed: &Listed) -> Option<Found> {
    let id = listed.release.id.to_string();
    let name = listed.release.id.name();
    if query == name || query == id {
        return Some(Found::Name);
    }
    if name.starts_with(query) || id.starts_with(query) {
        return Some(Found::NamePrefix);
    }
    if id.contains(query) {
        return Some(Found::NamePart);
    }
    let entry = &listed.entry;
    let text = [&id, &entry.description].into_iter().chain(&entry.keywords);
    let text: Vec<_> = text.map(|text| text.to_lowercase()).collect();
    query
        .split_whitespace()
        .all(|word| text.iter().any(|text| text.contains(word)))
        .then_some(Found::Words)
}

impl Filter {
    fn allows(&self, listed: &Listed) -> bool {
        let entry = &listed.entry;
        let has = |wanted: &Option<String>, words: &[&str]| match wanted {
            Some(wanted) => words.iter().any(|word| word.eq_ignore_ascii_case(wanted)),
            None => true,
        };
        let capabilities: Vec<_> = entry.capabilities.iter().map(String::as_str).collect();
        let is_operator = |word: &&str| matches!(*word, "" | "OR" | "AND" | "WITH");
        let licences = entry.licences.split([' ', '(', ')']);
        let licences: Vec<_> = licences.filter(|word| !is_operator(word)).collect();
        has(&self.kind, &[&entry.kind])
            && has(&self.publisher, &[&entry.publisher])
            && has(&self.capability, &capabilities)
            && has(&self.licence, &licences)
    }
}

#[cfg(test)]
mod tests;
