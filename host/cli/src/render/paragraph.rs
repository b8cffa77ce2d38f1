//! A stranger's text of several lines.

use std::io::{self, Write};

use super::Sink;
use dyno_wording::lines;

/// Writes a stranger's text of several lines: the first behind `start`, the others below it behind
/// a bar, so that each can be seen to belong to it.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn paragraph(
    out: &mut Sink<impl Write>,
    start: &str,
    indent: &str,
    text: &str,
) -> io::Result<()> {
    let mut lines = lines(text);
    writeln!(out, "{start}{}", lines.next().unwrap_or_default())?;
    lines.try_for_each(|line| writeln!(out, "{indent}| {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_text_stands_alone() {
        let shown = crate::render::sink::plain(|out| {
            paragraph(out, "✗ ", "    ", "a\n::error::b\r\nc\u{85}::d\n\ne")
        });
        assert_eq!(
            shown,
            "✗ a\n    | ::error::b\n    | c\\u{85}::d\n    | \n    | e\n"
        );
    }
}
