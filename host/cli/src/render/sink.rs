//! The one end of everything that people read: no line leaves but through it.
//!
//! Whatever a renderer made of strangers' texts, what comes out holds no character that does not
//! show itself, no terminal sequence but our own styles, no line that a renderer did not begin, and
//! nothing that a CI system takes for a command, since that is looked for in the line as it is
//! composed. So no renderer can forget it. Renderers still call [`dyno_wording::escape`], which
//! also cuts a text, and makes it as wide as it will be shown.

use std::fmt;
use std::io::{self, Write};

use dyno_model::by_line::ByLine;
use dyno_model::visible::{is_visible, line_commands, spell};

use super::style::unmarked;

/// Where lines for people go: see the module.
#[derive(Debug)]
pub(crate) struct Sink<W: Write>(ByLine<W, fn(&str) -> String>);

impl<W: Write> Sink<W> {
    /// A sink into `to`, with or without styles.
    pub(crate) fn new(to: W, is_styled: bool) -> Self {
        Self(ByLine::new(
            to,
            match is_styled {
                true => |line| shown(line, true),
                false => |line| shown(line, false),
            },
        ))
    }
}

impl<W: Write> Write for Sink<W> {
    /// What is written at once, as by `writeln!`, is one line: a line feed that is not at its end
    /// is a stranger's.
    fn write_fmt(&mut self, text: fmt::Arguments<'_>) -> io::Result<()> {
        let mut line = String::new();
        fmt::write(&mut line, text).map_err(io::Error::other)?;
        match line.strip_suffix('\n') {
            Some(line) => {
                self.0.push(line);
                self.0.pass("\n")
            }
            None => {
                self.0.push(&line);
                Ok(())
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A line as it leaves.
fn shown(line: &str, is_styled: bool) -> String {
    let (text, styles) = unmarked(line);
    let commands = line_commands(&text);
    let mut styles = styles.into_iter().filter(|_| is_styled).peekable();
    let mut shown = String::with_capacity(line.len());
    for (at, c) in text.char_indices() {
        while let Some((_, sequence)) = styles.next_if(|(place, _)| *place <= at) {
            shown.push_str(sequence);
        }
        match is_visible(c) && commands.binary_search(&at).is_err() {
            true => shown.push(c),
            false => spell(c, &mut shown),
        }
    }
    styles.for_each(|(_, sequence)| shown.push_str(sequence));
    shown
}

/// What a renderer writes, as it is shown without styles.
#[cfg(test)]
pub(crate) fn plain(write: impl FnOnce(&mut Sink<&mut Vec<u8>>) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    let mut sink = Sink::new(&mut out, false);
    write(&mut sink).unwrap();
    drop(sink);
    String::from_utf8(out).unwrap()
}

#[cfg(test)]
mod tests;
