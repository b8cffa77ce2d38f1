//! Which rows of a case are of one plugin. A report may hold as many as it likes of them, so none
//! is held against every other one: each is looked for by what it would have in common with a line.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasher;

use super::Row;
use dyno_model::parts;

/// Parts of a source by whose end it is looked for; no path that is used has as many.
const PARTS_MAX: usize = 64;

/// One plugin over time: positions of its rows, the oldest first.
type Line = Vec<usize>;

/// By what a row may be of a line, the surest first.
#[derive(Clone, Copy)]
enum Likeness {
    Source,
    Bytes,
    /// The one source is the end of the other, as `sample-plugins/fib` of its absolute path.
    End,
}

/// What a row has that a line may have, too, as hashes.
struct Keys {
    source: u64,
    digest: Option<u64>,
    /// The ends of its source, from the whole on.
    ends: Vec<u64>,
}

/// The lines so far, by what their rows have.
#[derive(Default)]
struct Lines {
    lines: Vec<Line>,
    by_source: HashMap<u64, BTreeSet<usize>>,
    by_digest: HashMap<u64, BTreeSet<usize>>,
    by_whole: HashMap<u64, BTreeSet<usize>>,
    by_end: HashMap<u64, BTreeSet<usize>>,
}

/// The rows of each plugin.
pub(super) fn lines(rows: &[Row]) -> Vec<Line> {
    let hasher = RandomState::new();
    let keys: Vec<Keys> = rows.iter().map(|row| Keys::of(row, &hasher)).collect();
    let mut lines = Lines::default();
    let mut first = 0;
    while first < rows.len() {
        let run = &rows[first].point.run;
        let of_run = rows[first..]
            .iter()
            .take_while(|row| row.point.run == *run)
            .count();
        let mut open: Vec<usize> = (first..first + of_run).collect();
        for likeness in [Likeness::Source, Likeness::Bytes, Likeness::End] {
            open.retain(|at| match lines.only(&keys[*at], likeness, first) {
                Some(line) => {
                    lines.push(line, *at, &keys[*at]);
                    false
                }
                None => true,
            });
        }
        for at in open {
            lines.lines.push(Line::new());
            lines.push(lines.lines.len() - 1, at, &keys[at]);
        }
        first += of_run;
    }
    lines.lines
}

impl Keys {
    fn of(row: &Row, hasher: &RandomState) -> Self {
        let all = parts(&row.source);
        let last = &all[all.len().saturating_sub(PARTS_MAX)..];
        let mut end = 0;
        let mut ends: Vec<u64> = last
            .iter()
            .rev()
            .map(|part| {
                end = hasher.hash_one((end, part));
                end
            })
            .collect();
        ends.reverse();
        Self {
            source: hasher.hash_one(parts(unversioned(&row.source))),
            digest: row
                .point
                .digest
                .as_ref()
                .map(|digest| hasher.hash_one(digest)),
            ends: if all.len() > PARTS_MAX {
                Vec::new()
            } else {
                ends
            },
        }
    }
}

impl Lines {
    /// The one line that has no row from `first` on and is like these; none where several could be
    /// meant, as the place of the one is not known.
    fn only(&self, keys: &Keys, likeness: Likeness, first: usize) -> Option<usize> {
        let found: Vec<Option<&BTreeSet<usize>>> = match likeness {
            Likeness::Source => vec![self.by_source.get(&keys.source)],
            Likeness::Bytes => vec![keys.digest.and_then(|digest| self.by_digest.get(&digest))],
            Likeness::End => {
                let shorter = keys.ends.iter().map(|end| self.by_whole.get(end));
                let longer = keys.ends.first().map(|whole| self.by_end.get(whole));
                shorter.chain(longer).collect()
            }
        };
        let is_free = |line: &usize| self.lines[*line].last().is_none_or(|last| *last < first);
        let mut free = found
            .into_iter()
            .flatten()
            .flatten()
            .copied()
            .filter(is_free);
        let line = free.next()?;
        free.all(|other| other == line).then_some(line)
    }

    fn push(&mut self, line: usize, at: usize, keys: &Keys) {
        self.lines[line].push(at);
        self.by_source.entry(keys.source).or_default().insert(line);
        if let Some(digest) = keys.digest {
            self.by_digest.entry(digest).or_default().insert(line);
        }
        if let Some(whole) = keys.ends.first() {
            self.by_whole.entry(*whole).or_default().insert(line);
        }
        for end in &keys.ends {
            self.by_end.entry(*end).or_default().insert(line);
        }
    }
}

/// The name of a package without its release; any other source as it is.
fn unversioned(source: &str) -> &str {
    match source.rsplit_once('@') {
        Some((name, version))
            if version.starts_with(|c: char| c.is_ascii_digit()) && !version.contains('/') =>
        {
            name
        }
        _ => source,
    }
}

#[cfg(test)]
mod tests;
