//! Styles of our own within a text that strangers' texts stand in, too.
//!
//! Between a renderer and the sink a style is a mark with a number that is drawn for each process.
//! No text from elsewhere can hold it, so that the sink tells our styles from whatever a stranger
//! wrote.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::LazyLock;

/// How a piece of text looks on a terminal: `{STYLE}text{STYLE:#}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// As any text.
    Plain,
    /// Names.
    Bold,
    /// What can be passed over.
    Dim,
    /// What went wrong.
    Red,
    /// What needs attention.
    Yellow,
    /// What is good.
    Green,
}

/// What each mark means to a terminal; the last ends any style.
const SEQUENCES: [&str; 6] = [
    "\u{1b}[1m",
    "\u{1b}[2m",
    "\u{1b}[1m\u{1b}[31m",
    "\u{1b}[33m",
    "\u{1b}[32m",
    "\u{1b}[0m",
];

/// What each mark begins with; one digit follows.
static MARK: LazyLock<String> = LazyLock::new(|| {
    let drawn = || RandomState::new().build_hasher().finish();
    format!("\u{1b}{:016x}{:016x}-", drawn(), drawn())
});

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let begin = match self {
            Self::Plain => return Ok(()),
            Self::Bold => 0,
            Self::Dim => 1,
            Self::Red => 2,
            Self::Yellow => 3,
            Self::Green => 4,
        };
        let end = SEQUENCES.len() - 1;
        write!(f, "{}{}", *MARK, if f.alternate() { end } else { begin })
    }
}

/// A line without our marks, and what stood where, in bytes, as a terminal understands it.
pub(super) fn unmarked(line: &str) -> (String, Vec<(usize, &'static str)>) {
    let mut parts = line.split(MARK.as_str());
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut styles = Vec::new();
    for part in parts {
        let mut rest = part.chars();
        let index = rest.next().and_then(|digit| digit.to_digit(10));
        let sequence = index.and_then(|index| SEQUENCES.get(index as usize));
        styles.extend(sequence.map(|sequence| (text.len(), *sequence)));
        text.push_str(rest.as_str());
    }
    (text, styles)
}
