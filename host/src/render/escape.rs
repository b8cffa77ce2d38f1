//! Makes a hostile string harmless in a terminal or a CI log.

/// Characters that are shown at most; what follows is counted.
const CHARS_MAX: usize = 2000;

/// The text with everything that is not plainly visible written as an escape: control characters
/// (terminal sequences, new lines), and the invisible and direction-changing ones of Unicode, by
/// which a text can look like another. A CI command (`::error::`) that would begin a line does not
/// begin one, since our own words always stand before it.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut chars = text.chars();
    for c in chars.by_ref().take(CHARS_MAX) {
        if is_visible(c) {
            shown.push(c)
        } else {
            shown.extend(c.escape_default())
        }
    }
    let rest = chars.count();
    if rest > 0 {
        shown.push_str(&format!("… ({rest} more characters)"));
    }
    shown
}

/// The text, line by line, each escaped.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = String> {
    text.lines().map(escape)
}

fn is_visible(c: char) -> bool {
    !c.is_control()
        && !matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
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
        assert!(escape(&"x".repeat(3000)).ends_with("x… (1000 more characters)"));
    }
}
