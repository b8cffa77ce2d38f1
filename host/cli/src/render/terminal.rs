//! The two streams of the program. All that is said goes out here, and nowhere else is either of
//! them named.

use std::io::{IsTerminal as _, Stderr, Stdout, StdoutLock};

use anstream::{AutoStream, ColorChoice};

use super::Sink;

/// Standard output, for people.
#[must_use]
pub(crate) fn stdout() -> Sink<Stdout> {
    let stdout = std::io::stdout();
    let is_styled = AutoStream::choice(&stdout) != ColorChoice::Never;
    Sink::new(stdout, is_styled)
}

/// Standard error, for people.
#[must_use]
pub(crate) fn stderr() -> Sink<Stderr> {
    let stderr = std::io::stderr();
    let is_styled = AutoStream::choice(&stderr) != ColorChoice::Never;
    Sink::new(stderr, is_styled)
}

/// Standard output as it is: for exports, which have rules of their own, and for what holds no
/// stranger's text.
pub(crate) fn data() -> StdoutLock<'static> {
    std::io::stdout().lock()
}

/// Whether standard output is a terminal.
#[must_use]
pub(crate) fn is_stdout_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Whether standard error is a terminal.
#[must_use]
pub(crate) fn is_stderr_terminal() -> bool {
    std::io::stderr().is_terminal()
}
