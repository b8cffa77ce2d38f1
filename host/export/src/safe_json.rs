//! JSON that can be shown on a terminal and in a CI log: every control and invisible formatting
//! character is escaped, where JSON itself demands that only for those below U+0020, and so is one
//! character of what a CI system would take for a command. A JSON parser reads the same.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use dyno_model::visible::{commands, is_visible};

/// Writes one value, without a line feed at its end or anywhere in it.
pub(super) fn write<T: Serialize>(value: &T, out: &mut impl Write) -> io::Result<()> {
    value
        .serialize(&mut Serializer::with_formatter(out, Safe))
        .map_err(io::Error::from)
}

/// Writes one value for people, on as many lines as it has parts, and a line feed at its end.
///
/// # Errors
/// If `out` does not take it, or it is no JSON.
pub fn write_pretty<T: Serialize>(value: &T, mut out: impl Write) -> io::Result<()> {
    value
        .serialize(&mut Serializer::with_formatter(
            &mut out,
            Pretty(PrettyFormatter::new()),
        ))
        .map_err(io::Error::from)?;
    out.write_all(b"\n")
}

struct Safe;

impl Formatter for Safe {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        safe(out, fragment)
    }
}

/// Serde's own indentation, with our strings.
struct Pretty(PrettyFormatter<'static>);

impl Formatter for Pretty {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        safe(out, fragment)
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

/// A part of a string that JSON itself would leave as it is. No command reaches from one into the
/// next.
fn safe(out: &mut (impl Write + ?Sized), fragment: &str) -> io::Result<()> {
    let commands = commands(fragment);
    let is_unsafe = |(at, c): &(usize, char)| !is_visible(*c) || commands.binary_search(at).is_ok();
    let mut clean_from = 0;
    for (at, found) in fragment.char_indices().filter(is_unsafe) {
        out.write_all(&fragment.as_bytes()[clean_from..at])?;
        for unit in found.encode_utf16(&mut [0; 2]) {
            write!(out, "\\u{unit:04x}")?;
        }
        clean_from = at + found.len_utf8();
    }
    out.write_all(&fragment.as_bytes()[clean_from..])
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
            prop_assert!(written.chars().all(is_visible), "{written:?}");
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

    #[test]
    fn no_ci_system_takes_a_string_for_a_command() {
        let hostile = ["##[error]a", "##vso[x]", "a ###[", "travis_fold:start:x"];
        for value in hostile {
            let written = text(value);
            assert!(commands(&written).is_empty(), "{written}");
            assert_eq!(serde_json::from_str::<String>(&written).unwrap(), value);
        }
        let mut pretty = Vec::new();
        write_pretty(
            &serde_json::json!({"a": hostile, "b": [], "c": {"d": 1}}),
            &mut pretty,
        )
        .unwrap();
        let pretty = String::from_utf8(pretty).unwrap();
        assert!(
            pretty.starts_with("{\n  \"a\": [\n    \"#\\u0023[error]a\",\n"),
            "{pretty}"
        );
        assert!(
            pretty.ends_with("  \"b\": [],\n  \"c\": {\n    \"d\": 1\n  }\n}\n"),
            "{pretty}"
        );
    }
}
