//! Plain commands: what they get, and what they must print.

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::code::leading_u64;
use dyno_model::quoted::quoted;

/// What a program gets besides the grants, and what it must print.
#[derive(Debug, Clone, Default)]
pub struct Program {
    /// The name of its one case.
    pub name: String,
    /// All of its stdin.
    pub stdin: Bytes,
    /// What its stdout must be; none if anything will do.
    pub expected: Option<Expected>,
    /// The status that it must exit with. Of a component only success and failure are known: any
    /// failure is what a status other than 0 expects.
    pub expected_status: u32,
}

/// How a program ended that came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    /// With this status.
    Exited(u32),
    /// With an error status, which one is not known.
    Failed,
}

impl Status {
    /// What is wrong with it, if something is.
    pub(super) fn difference(self, expected: u32) -> Option<String> {
        let ended = match self {
            Self::Exited(status) if status == expected => return None,
            Self::Failed if expected != 0 => return None,
            Self::Exited(status) => format!("exited with status {status}"),
            Self::Failed => "exited with an error status".to_owned(),
        };
        Some(match expected {
            0 => ended,
            _ => format!("{ended}, and {expected} was expected"),
        })
    }
}

/// The expected stdout of a program.
#[derive(Debug, Clone)]
pub struct Expected {
    /// Where it comes from.
    pub name: String,
    /// It, to be compared by lines.
    pub stdout: Vec<u8>,
}

impl Expected {
    /// The first difference, in words.
    pub(super) fn difference(&self, stdout: &[u8]) -> Option<String> {
        let mut expected = lines(&self.stdout);
        let mut actual = lines(stdout);
        let name = &self.name;
        for number in 1.. {
            return Some(match (expected.next(), actual.next()) {
                (None, None) => break,
                (expected, actual) if expected == actual => continue,
                (Some(expected), Some(actual)) => format!(
                    "line {number} of its stdout is `{}`, but {name} has `{}`",
                    show(actual),
                    show(expected)
                ),
                (Some(expected), None) => format!(
                    "its stdout ends before line {number}, which is `{}` in {name}",
                    show(expected)
                ),
                (None, Some(actual)) => format!(
                    "line {number} of its stdout is `{}`, but {name} ends before it",
                    show(actual)
                ),
            });
        }
        None
    }
}

/// Lines without their ends, whichever system wrote them.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let lines = text.split(|byte| *byte == b'\n');
    lines
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .skip_while(move |_| text.is_empty())
}

fn show(line: &[u8]) -> String {
    quoted(&String::from_utf8_lossy(line))
}

/// The checksum of a program: the first eight bytes of the SHA-256 of its stdout.
pub(super) fn checksum(stdout: &[u8]) -> u64 {
    leading_u64(&Sha256::digest(stdout))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(expected: &str, actual: &str) -> Option<String> {
        let expected = Expected {
            name: "x.expected".into(),
            stdout: expected.into(),
        };
        expected.difference(actual.as_bytes())
    }

    #[test]
    fn what_differs_only_in_line_ends_is_the_same() {
        for (expected, actual) in [
            ("", ""),
            ("a\nb\n", "a\nb"),
            ("a\r\nb", "a\nb\n"),
            ("\n", ""),
        ] {
            assert_eq!(
                difference(expected, actual),
                None,
                "{expected:?} {actual:?}"
            );
        }
    }

    #[test]
    fn the_first_difference_is_named() {
        for (expected, actual, message) in [
            (
                "a\nb",
                "a\nc\nd",
                "line 2 of its stdout is `c`, but x.expected has `b`",
            ),
            (
                "a\nb",
                "a",
                "its stdout ends before line 2, which is `b` in x.expected",
            ),
            (
                "a",
                "a\n\u{1b}[2J",
                "line 2 of its stdout is `\\u{1b}[2J`, but x.expected ends before it",
            ),
            (
                "",
                "a",
                "line 1 of its stdout is `a`, but x.expected ends before it",
            ),
            (
                "a\n\nb",
                "a\nb",
                "line 2 of its stdout is `b`, but x.expected has ``",
            ),
        ] {
            assert_eq!(difference(expected, actual).as_deref(), Some(message));
        }
    }

    /// The first bytes of the published digest of nothing, and of `abc`.
    #[test]
    fn the_checksum_is_the_beginning_of_the_digest() {
        assert_eq!(checksum(b""), 0xe3b0_c442_98fc_1c14);
        assert_eq!(checksum(b"abc"), 0xba78_16bf_8f01_cfea);
    }
}
