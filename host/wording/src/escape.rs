//! Makes a hostile string harmless in a terminal or a CI log.

use dyno_model::visible::{commands, spelled};

/// Characters that are shown at most; what follows is counted.
const CHARS_MAX: usize = 2000;

/// The text as one line, with everything that does not show itself written as an escape: control
/// characters (terminal sequences, new lines), and the invisible and direction-changing ones of
/// Unicode, by which a text can look like another. What a CI system takes for a command wherever it
/// stands, is none any more; what is one at the beginning of a line, the sink sees. Escaping twice
/// is escaping once, but for the end of what was cut.
#[must_use]
pub fn escape(text: &str) -> String {
    let end = text.char_indices().nth(CHARS_MAX);
    let (text, rest) = text.split_at(end.map_or(text.len(), |(end, _)| end));
    let shown = spelled(text, &commands(text));
    match rest.chars().count() {
        0 => shown,
        rest => format!("{shown}… ({rest} more characters)"),
    }
}

/// The text, line by line, each escaped.
pub fn lines(text: &str) -> impl Iterator<Item = String> {
    text.lines().map(escape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_but_what_can_be_seen() {
        assert_eq!(escape("größe 🦀 <b> ::error::"), "größe 🦀 <b> ::error::");
        assert_eq!(
            escape("\u{1b}[31m\r\n\u{7}\u{9b}x"),
            "\\u{1b}[31m\\r\\n\\u{7}\\u{9b}x"
        );
        assert_eq!(escape("a\u{202e}b\u{200b}"), "a\\u{202e}b\\u{200b}");
        assert_eq!(escape("##vso[x]"), "#\\u{23}vso[x]");
        let long = escape(&"x".repeat(3000));
        assert!(long.ends_with("x… (1000 more characters)"));
    }
}
