//! JSON that can be shown on a terminal: every control and invisible formatting character is
//! escaped, where JSON itself demands that only for those below U+0020.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// Writes one value, without a line feed at its end or anywhere in it.
pub(super) fn write<T: Serialize>(value: &T, out: &mut impl Write) -> io::Result<()> {
    value
        .serialize(&mut Serializer::with_formatter(out, Safe))
        .map_err(io::Error::from)
}

struct Safe;

impl Formatter for Safe {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut clean_from = 0;
        for (at, found) in fragment.char_indices().filter(|(_, c)| is_unsafe(*c)) {
            out.write_all(&fragment.as_bytes()[clean_from..at])?;
            for unit in found.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            clean_from = at + found.len_utf8();
        }
        out.write_all(&fragment.as_bytes()[clean_from..])
    }
}

/// Whether a character does something to a terminal or a line instead of being seen: controls,
/// line and paragraph separators, and what reorders or hides text (UAX 9, zero width, tags).
pub(super) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(value: &str) -> String {
        let mut out = Vec::new();
        write(&value, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_unsafe_is_left(value in any::<String>()) {
            let written = text(&value);
            prop_assert!(!written.chars().any(is_unsafe), "{written:?}");
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), value);
        }
    }

    #[test]
    fn terminal_controls_are_escaped() {
        assert_eq!(
            text("a\u{1b}[2J\u{9b}31m\u{202e}\u{7f}\u{e0041}é"),
            r#""a\u001b[2J\u009b31m\u202e\u007f\udb40\udc41é""#
        );
    }
}
