//! A stranger's text in a sentence of ours, which every error that quotes one goes through; and a
//! stranger's name where not every name can be.

use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::visible::{commands, spelled};

/// The longest text that is quoted, characters: two lines of a terminal.
const CHARS_MAX: usize = 160;

/// A text as it may be quoted in a sentence: cut, and without anything that a terminal, a log or a
/// bidirectional text could take for more than text. Quotation marks are part of a sentence.
#[must_use]
pub fn quoted(text: &str) -> String {
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => whole(&text[..end]) + "…",
        None => whole(text),
    }
}

/// A path as people may see it, whole: a file name may hold anything.
#[must_use]
pub fn quoted_path(path: &Path) -> String {
    whole(&path_text(path))
}

/// A path as text. A byte that is no UTF-8 is `\xff` there, so that paths which differ in such bytes
/// have texts that differ.
#[must_use]
pub fn path_text(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        let invalid = chunk.invalid().iter();
        invalid.for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    text
}

fn whole(text: &str) -> String {
    spelled(text, &commands(text))
}

/// What a reader of TOML or JSON says of a value that should be another, without the value, which
/// may be a secret.
#[must_use]
pub fn without_value(message: &str) -> String {
    let parts = message.rsplit_once(", expected");
    let around = parts.and_then(|(before, after)| {
        let (before, _value) = before.split_once(['"', '`'])?;
        Some((before.trim_end(), after))
    });
    match around {
        Some((before, after)) => format!("{before}, expected{after}"),
        None => message.into(),
    }
}

/// What stands before the digits that tell a name that was changed from others of which the same is
/// made.
const MARK: char = '~';

/// So many of the hash of a name.
const DIGITS: usize = 8;

/// A name as a reader takes it: `safe`, if that is the name itself, else with some digits of the
/// name's own hash. So a name says what it becomes, whatever else is exported: two exports of
/// different cases agree.
#[must_use]
pub fn made_safe(name: &str, safe: &str) -> String {
    match safe == name && !is_marked(name) {
        true => safe.to_owned(),
        false => marked(name, safe),
    }
}

/// What is made of a name, with digits of its hash.
#[must_use]
pub fn marked(name: &str, safe: &str) -> String {
    let hash = Sha256::digest(name.as_bytes());
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{safe}{MARK}{}", &digits[..DIGITS])
}

/// Whether a name looks like one with digits, which it could be mistaken for.
#[must_use]
pub fn is_marked(name: &str) -> bool {
    let digits = name.rsplit_once(MARK).map(|(_, digits)| digits);
    digits.is_some_and(|digits| {
        digits.len() == DIGITS && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_name_becomes_depends_on_nothing_but_the_name() {
        assert_eq!(made_safe("a_b", "a_b"), "a_b");
        let made = [made_safe("a b", "a_b"), made_safe("a/b", "a_b")];
        assert_eq!(made, ["a_b~c8687a08", "a_b~c14cddc0"]);
        // Nothing can be called what another one becomes.
        assert_ne!(made_safe(&made[0], &made[0]), made[0]);
    }

    #[test]
    fn paths_that_differ_in_what_is_no_text_have_different_texts() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt as _;
        let text = |bytes| path_text(Path::new(OsStr::from_bytes(bytes)));
        assert_eq!(text(b"a/gr\xc3\xb6\xc3\x9fe.wat"), "a/größe.wat");
        assert_eq!(text(b"x\xff\xfe/\xc3"), r"x\xff\xfe/\xc3");
    }

    #[test]
    fn nothing_of_a_strangers_text_is_more_than_text_and_it_has_an_end() {
        assert_eq!(quoted("it's \"größe\" C:\\x"), "it's \"größe\" C:\\x");
        assert_eq!(quoted("\u{1b}[2J\n\u{202e}"), "\\u{1b}[2J\\n\\u{202e}");
        let long = quoted(&"x".repeat(1000));
        assert_eq!(long.chars().count(), CHARS_MAX + 1);
        assert!(long.ends_with('…'));
        assert_eq!(quoted_path(Path::new("a\nb/größe")), "a\\nb/größe");
    }

    /// If this fails, a secret that was written where it does not belong is in an error.
    #[test]
    fn what_should_be_another_value_is_said_without_it() {
        for (message, shown) in [
            (
                "invalid type: string \"hunter2\", expected a boolean",
                "invalid type: string, expected a boolean",
            ),
            (
                "invalid type: integer `42`, expected a string",
                "invalid type: integer, expected a string",
            ),
            // A value may hold the words of the message.
            (
                "unknown variant `a, expected b`, expected `x`",
                "unknown variant, expected `x`",
            ),
            ("missing field `case`", "missing field `case`"),
            ("too long, expected `end`", "too long, expected `end`"),
            ("unexpected end", "unexpected end"),
        ] {
            assert_eq!(without_value(message), shown);
        }
    }

    #[test]
    fn only_eight_hex_digits_behind_the_mark_are_those_of_a_hash() {
        assert!(is_marked("a~c8687a08") && is_marked("a~b~C8687A08"));
        for plain in [
            "a",
            "a~",
            "a~c8687a0",
            "a~c8687a081",
            "a~c8687a0g",
            "c8687a08",
            "a~c8687a08~",
        ] {
            assert!(!is_marked(plain), "{plain}");
        }
        assert_eq!(made_safe("a~c8687a0g", "a~c8687a0g"), "a~c8687a0g");
    }
}
