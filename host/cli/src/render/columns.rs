//! Aligned columns. Its styles pass through the one place that decides on colours, which is why it
//! is not a table library with a terminal of its own.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use super::{DIM, Sink, Style};

/// Rows under headers; the first column and the last are aligned to the left, the others, which
/// hold numbers, to the right.
#[derive(Debug)]
pub(super) struct Columns {
    indent: &'static str,
    rows: Vec<Vec<Cell>>,
}

/// One cell. The text must have been escaped.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    pub(super) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self {
            text: text.into(),
            style,
        }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(text, Style::Plain)
    }
}

impl Columns {
    pub(super) fn new(indent: &'static str, headers: &[&str]) -> Self {
        Self {
            indent,
            rows: vec![
                headers
                    .iter()
                    .map(|header| Cell::styled(*header, DIM))
                    .collect(),
            ],
        }
    }

    pub(super) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    pub(super) fn write(&self, out: &mut Sink<impl Write>) -> io::Result<()> {
        let columns = self.rows[0].len();
        let width = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.text.width())
                .max()
                .unwrap_or(0)
        };
        // An empty column says nothing.
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                let is_empty = self.rows[1..]
                    .iter()
                    .all(|row| row.get(column).is_none_or(|cell| cell.text.is_empty()));
                if is_empty { 0 } else { width(column) }
            })
            .collect();
        for row in &self.rows {
            // Nothing but space would follow the last cell with a text.
            let end = row
                .iter()
                .rposition(|cell| !cell.text.is_empty())
                .map_or(0, |last| last + 1);
            let mut line = self.indent.to_owned();
            for (column, cell) in row[..end]
                .iter()
                .enumerate()
                .filter(|(column, _)| widths[*column] > 0)
            {
                let gap = " ".repeat(widths[column] - cell.text.width().min(widths[column]));
                let style = cell.style;
                let text = format!("{style}{}{style:#}", cell.text);
                line.push_str(if column == 0 { "" } else { "  " });
                let is_text = column == 0 || column == columns - 1;
                match (is_text, column + 1 == end) {
                    (true, true) => line.push_str(&text),
                    (true, false) => line.push_str(&(text + &gap)),
                    (false, _) => line.push_str(&(gap + &text)),
                }
            }
            writeln!(out, "{line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_align_and_empty_columns_vanish() {
        let mut columns = Columns::new("  ", &["name", "none", "number", "note"]);
        columns.row(vec!["größe".into(), "".into(), "1".into(), "x".into()]);
        columns.row(vec![
            "🦀".into(),
            "".into(),
            "12345678".into(),
            Cell::styled("", DIM),
        ]);
        let text = crate::render::sink::plain(|out| columns.write(out));
        assert_eq!(
            text,
            "  name     number  note\n  größe         1  x\n  🦀     12345678\n"
        );
    }
}
