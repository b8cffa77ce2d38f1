//! Which cases are meant: patterns, and the names that they are held against.

use std::collections::BTreeSet;

use globset::{GlobBuilder, GlobMatcher};
use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which cases are meant, as it was written. No pattern at all means every case.
///
/// A pattern that is the whole name of a case means that case alone, whatever else it could be read
/// as: a guest may call a case `sort[100]`. Any other is a regular expression if it stands between
/// slashes, a glob over the whole name if it has `*`, `?`, `[` or `{`, and a part of the name
/// otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CaseFilter {
    /// Patterns of the cases that are meant; without any, every case.
    only: Vec<String>,
    /// Patterns of cases that are not.
    exclude: Vec<String>,
    /// Whether every pattern is the whole name of a case, and nothing else.
    exact: bool,
}

/// A pattern that is none.
#[derive(Debug, thiserror::Error)]
pub enum FilterError {
    /// Not a glob.
    #[error(transparent)]
    Glob(#[from] globset::Error),
    /// Not a regular expression.
    #[error("`{pattern}` is not a regular expression: {reason}")]
    Regex {
        /// What stood between the slashes.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl FilterError {
    /// The parser draws a picture of several lines; what it means stands on the last.
    fn regex(pattern: &str, error: &regex::Error) -> Self {
        let picture = error.to_string();
        let last = picture.lines().last().unwrap_or_default();
        Self::Regex {
            pattern: pattern.to_owned(),
            reason: last.trim_start_matches("error: ").to_owned(),
        }
    }
}

impl CaseFilter {
    /// The cases that any of `only` means, or all if it is empty, but for those that any of
    /// `exclude` means.
    #[must_use]
    pub fn new(only: &[String], exclude: &[String]) -> Self {
        Self {
            only: only.to_vec(),
            exclude: exclude.to_vec(),
            exact: false,
        }
    }

    /// Whether every case is meant.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.only.is_empty() && self.exclude.is_empty()
    }

    /// With every pattern read as the whole name of a case, and as nothing else.
    #[must_use]
    pub fn exactly(self, exact: bool) -> Self {
        Self { exact, ..self }
    }

    /// What the patterns mean among the names that there are. One that is neither a name nor well
    /// formed means nothing; [`CaseFilter::check`] finds it.
    #[must_use]
    pub fn among<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Selection {
        let names: BTreeSet<&str> = names.into_iter().collect();
        let read = |pattern: &String| {
            let is_name = self.exact || names.contains(pattern.as_str());
            let parsed = (!is_name).then(|| Pattern::parse(pattern).ok()).flatten();
            parsed.unwrap_or_else(|| Pattern::Name(pattern.clone()))
        };
        Selection {
            only: self.only.iter().map(read).collect(),
            exclude: self.exclude.iter().map(read).collect(),
        }
    }

    /// The patterns that mean none of the names, as they were written.
    #[must_use]
    pub fn idle<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Vec<&str> {
        let names: BTreeSet<&str> = names.into_iter().collect();
        let patterns = self.only.iter().chain(&self.exclude);
        let is_idle = |pattern: &&String| {
            let alone = Self::new(std::slice::from_ref(*pattern), &[]).exactly(self.exact);
            let selection = alone.among(names.iter().copied());
            !names.iter().any(|name| selection.has(name))
        };
        patterns.filter(is_idle).map(String::as_str).collect()
    }

    /// Refuses a pattern that is malformed, unless it is one of the names.
    ///
    /// # Errors
    /// The first such pattern.
    pub fn check<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Result<(), FilterError> {
        if self.exact {
            return Ok(());
        }
        let names: BTreeSet<&str> = names.into_iter().collect();
        let patterns = self.only.iter().chain(&self.exclude);
        let mut unnamed = patterns.filter(|pattern| !names.contains(pattern.as_str()));
        unnamed.try_for_each(|pattern| Pattern::parse(pattern).map(drop))
    }
}

/// What a filter means among certain names.
#[derive(Debug, Clone)]
pub struct Selection {
    only: Vec<Pattern>,
    exclude: Vec<Pattern>,
}

impl Selection {
    /// Whether a case is meant.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.has_any(&[name])
    }

    /// Whether a case is meant that is known by each of these names.
    #[must_use]
    pub fn has_any(&self, names: &[&str]) -> bool {
        let is_of = |pattern: &Pattern| names.iter().any(|name| pattern.is_of(name));
        (self.only.is_empty() || self.only.iter().any(is_of)) && !self.exclude.iter().any(is_of)
    }
}

#[derive(Debug, Clone)]
enum Pattern {
    Name(String),
    Glob(GlobMatcher),
    Regex(Regex),
    Part(String),
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, FilterError> {
        let inner = text
            .strip_prefix('/')
            .and_then(|rest| rest.strip_suffix('/'));
        Ok(match inner {
            Some(regex) if !regex.is_empty() => {
                Self::Regex(Regex::new(regex).map_err(|error| FilterError::regex(regex, &error))?)
            }
            _ if text.contains(['*', '?', '[', '{']) => Self::Glob(
                GlobBuilder::new(text)
                    .literal_separator(false)
                    .build()?
                    .compile_matcher(),
            ),
            _ => Self::Part(text.to_owned()),
        })
    }

    fn is_of(&self, name: &str) -> bool {
        match self {
            Self::Name(whole) => name == whole,
            Self::Glob(glob) => glob.is_match(name),
            Self::Regex(regex) => regex.is_match(name),
            Self::Part(part) => name.contains(part.as_str()),
        }
    }
}

/// The name that a word was probably meant to be: at most a third of it differs.
#[must_use]
pub fn nearest<'a>(word: &str, names: &[&'a str]) -> Option<&'a str> {
    // A word of any length costs its square.
    let word: String = word.chars().take(64).collect();
    let distances = names
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&word, name), *name));
    let allowed = (word.chars().count() / 3).max(1);
    let nearest = distances.min_by_key(|(distance, _)| *distance);
    nearest
        .filter(|(distance, _)| *distance <= allowed)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests;
