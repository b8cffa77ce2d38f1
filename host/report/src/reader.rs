//! Rows are read through here and nowhere else: what one operation brings into memory is counted
//! before it is copied, so that a report of a stranger ends it with a message instead of the
//! machine.

use std::cell::Cell;

use rusqlite::{Connection, Row, RowIndex, ToSql};

use super::error::Cause;

/// What the rows of one operation may take in memory, estimated as below. The samples of a run,
/// which have a limit of their own (`sound::RUN_SAMPLES_MAX`), are not among it. A thousand cases
/// with fifteen processes each take a tenth.
pub(super) const ROWS_BYTES_MAX: u64 = 128 << 20;

/// The struct of a row, about: a process takes more, a measurement less.
pub(super) const ROW_BYTES: u64 = 160;

/// What a byte of JSON becomes at most: of lists and maps, whose entries can have two bytes, and of
/// all others.
const LISTED_FACTOR: u64 = 12;
const JSON_FACTOR: u64 = 2;
const LISTS: [&str; 8] = [
    "command_json",
    "settings_json",
    "limits_json",
    "grants_json",
    "confinement_json",
    "warnings_json",
    "params_json",
    "facts_json",
];

/// The longest name: of a case it has 128 characters, of a run, a machine or an engine fewer.
pub(super) const NAME_BYTES_MAX: usize = 1024;

/// The longest path or reference: Linux knows none of more than 4096 bytes.
pub(super) const PATH_BYTES_MAX: usize = 16 << 10;

/// A report as one operation reads it.
pub(super) struct Reader<'a> {
    connection: &'a Connection,
    left: Cell<u64>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(connection: &'a Connection) -> Self {
        Self {
            connection,
            left: Cell::new(ROWS_BYTES_MAX),
        }
    }

    /// Runs a query and collects what `read` makes of its rows.
    pub(super) fn all<T>(
        &self,
        sql: &str,
        parameters: &[&dyn ToSql],
        mut read: impl FnMut(&Row<'_>) -> Result<T, Cause>,
    ) -> Result<Vec<T>, Cause> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let names = statement.column_names();
        let factors: Vec<u64> = names.into_iter().map(factor).collect();
        let mut rows = statement.query(parameters)?;
        let mut values = Vec::new();
        while let Some(row) = rows.next()? {
            self.charge(row, &factors)?;
            values.push(read(row)?);
        }
        Ok(values)
    }

    /// The first row of a query.
    pub(super) fn first<T>(
        &self,
        sql: &str,
        parameters: &[&dyn ToSql],
        read: impl FnMut(&Row<'_>) -> Result<T, Cause>,
    ) -> Result<Option<T>, Cause> {
        Ok(self.all(sql, parameters, read)?.into_iter().next())
    }

    fn charge(&self, row: &Row<'_>, factors: &[u64]) -> Result<(), Cause> {
        let mut bytes = ROW_BYTES;
        for (column, factor) in factors.iter().enumerate() {
            if let Ok(text) = row.get_ref(column)?.as_bytes() {
                bytes = bytes.saturating_add(factor * text.len() as u64);
            }
        }
        let left = self.left.get().checked_sub(bytes);
        let too_much = || Cause::Excess(format!("more than {} MiB at once", ROWS_BYTES_MAX >> 20));
        self.left.set(left.ok_or_else(too_much)?);
        Ok(())
    }
}

/// What a byte of a column takes in memory. Samples are unpacked and not kept as they are.
fn factor(column: &str) -> u64 {
    match column {
        "samples" => 0,
        _ if LISTS.contains(&column) => LISTED_FACTOR,
        _ if column.ends_with("_json") => JSON_FACTOR,
        _ => 1,
    }
}

/// A text that is no longer than this.
pub(super) fn text(
    row: &Row<'_>,
    column: impl RowIndex,
    bytes_max: usize,
) -> Result<String, Cause> {
    text_option(row, column, bytes_max)?
        .ok_or_else(|| Cause::Damaged("a text is not there".to_owned()))
}

/// The same of a text that may be null.
pub(super) fn text_option(
    row: &Row<'_>,
    column: impl RowIndex,
    bytes_max: usize,
) -> Result<Option<String>, Cause> {
    let text = row.get_ref(column)?;
    let text = text.as_str_or_null().map_err(rusqlite::Error::from)?;
    match text {
        Some(text) if text.len() > bytes_max => {
            Err(Cause::Excess(format!("a name of {} bytes", text.len())))
        }
        text => Ok(text.map(str::to_owned)),
    }
}
