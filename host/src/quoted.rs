//! A stranger's text in a sentence of ours: what every error that quotes one goes through.

use std::path::Path;

/// The longest text that is quoted, characters: two lines of a terminal.
const CHARS_MAX: usize = 160;

/// A text as it may be quoted in a sentence: cut, and without anything that a terminal, a log or a
/// bidirectional text could take for more than text. Quotation marks are part of a sentence.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut chars = text.chars();
    let mut out = String::new();
    for char in chars.by_ref().take(CHARS_MAX) {
        match char {
            '"' | '\'' | '\\' => out.push(char),
            _ => out.extend(char.escape_debug()),
        }
    }
    if chars.next().is_some() {
        out.push('…');
    }
    out
}

/// A path as people may see it, whole: a file name may hold anything.
#[must_use]
pub fn quoted_path(path: &Path) -> String {
    path.to_string_lossy()
        .chars()
        .flat_map(|char| match char.is_control() {
            true => char.escape_debug().collect::<Vec<_>>(),
            false => vec![char],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_strangers_text_is_more_than_text_and_it_has_an_end() {
        assert_eq!(quoted("it's \"größe\" C:\\x"), "it's \"größe\" C:\\x");
        assert_eq!(quoted("\u{1b}[2J\n\u{202e}"), "\\u{1b}[2J\\n\\u{202e}");
        let long = quoted(&"x".repeat(1000));
        assert_eq!(long.chars().count(), CHARS_MAX + 1);
        assert!(long.ends_with('…'));
        assert_eq!(quoted_path(Path::new("a\nb/größe")), "a\\nb/größe");
    }
}
