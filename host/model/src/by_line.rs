//! Writes whole lines, each as it may be shown: what ends a kind of output that is read by line.

use std::fmt;
use std::io::{self, Write};

/// A writer that passes on each line when it is whole, as `shown` makes it of the line.
pub struct ByLine<W: Write, F: Fn(&str) -> String> {
    to: W,
    shown: F,
    /// What was written of a line that has not ended.
    begun: Vec<u8>,
}

impl<W: Write, F: Fn(&str) -> String> ByLine<W, F> {
    /// Writes to `to`, each line as `shown` makes it.
    pub fn new(to: W, shown: F) -> Self {
        Self {
            to,
            shown,
            begun: Vec::new(),
        }
    }

    /// Adds to a line, which does not end by it.
    pub fn push(&mut self, text: &str) {
        self.begun.extend_from_slice(text.as_bytes());
    }

    /// Passes on what has begun, with this at its end.
    pub fn pass(&mut self, end: &str) -> io::Result<()> {
        let line = std::mem::take(&mut self.begun);
        let shown = (self.shown)(&String::from_utf8_lossy(&line)) + end;
        self.to.write_all(shown.as_bytes())
    }
}

impl<W: Write, F: Fn(&str) -> String> Write for ByLine<W, F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.begun.extend_from_slice(&rest[..end]);
            self.pass("\n")?;
            rest = &rest[end + 1..];
        }
        self.begun.extend_from_slice(rest);
        Ok(bytes.len())
    }

    /// What has begun is passed on as if it were a line: a question, whose line the answer ends.
    fn flush(&mut self) -> io::Result<()> {
        if !self.begun.is_empty() {
            self.pass("")?;
        }
        self.to.flush()
    }
}

impl<W: Write, F: Fn(&str) -> String> Drop for ByLine<W, F> {
    fn drop(&mut self) {
        // A caller that must know that the last line was written flushes.
        let _ = self.flush();
    }
}

impl<W: Write, F: Fn(&str) -> String> fmt::Debug for ByLine<W, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByLine").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_passed_on_when_it_is_whole_however_it_was_written() {
        let mut out = Vec::new();
        let mut lines = ByLine::new(&mut out, |line| format!("<{line}>"));
        for part in ["a", "b\nc", "\n\n", "d"] {
            lines.write_all(part.as_bytes()).unwrap();
        }
        drop(lines);
        assert_eq!(String::from_utf8(out).unwrap(), "<ab>\n<c>\n<>\n<d>");
    }

    /// If this fails, a question is not seen before its answer is awaited, or a line is seen twice.
    #[test]
    fn a_line_is_begun_by_what_is_pushed_and_passes_once_with_the_end_it_is_given() {
        let mut out = Vec::new();
        let mut lines = ByLine::new(&mut out, |line| format!("<{line}>"));
        lines.push("a");
        lines.write_all(b"b").unwrap();
        lines.pass("\r\n").unwrap();
        lines.flush().unwrap();
        lines.push("c? ");
        lines.flush().unwrap();
        lines.flush().unwrap();
        lines.pass("\n").unwrap();
        drop(lines);
        assert_eq!(String::from_utf8(out).unwrap(), "<ab>\r\n<c? ><>\n");
    }
}
