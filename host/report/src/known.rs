//! The schema of a report is compared with the one that a report of its version has, before any
//! statement reads or writes a row: a trigger, a view, a generated column or a check of a stranger
//! would be run by that.

use std::collections::BTreeMap;

use rusqlite::{Connection, ErrorCode};

use super::error::Cause;
use super::guard;

/// What is found in a message of what a stranger wrote.
const SHOWN_CHARS: usize = 40;

/// Beyond this the counter of the audit comes near its end, where SQLite would say that the disk is
/// full.
const SEQUENCE_MAX: i64 = 1 << 53;

/// The type and name of an object of a schema, and its parts: its table, and its SQL word by word.
type Schema = BTreeMap<(String, String), Vec<String>>;

/// Refuses a report whose schema is not the one that these migrations make.
pub(super) fn verify(connection: &Connection, migrations: &[&str]) -> Result<(), Cause> {
    let expected = expected(migrations)?;
    let found = schema(connection).map_err(unreadable)?;
    // What runs by itself before what is only there, and that before what is another one.
    for ((kind, name), parts) in found.iter().rev() {
        if !expected.contains_key(&(kind.clone(), name.clone())) {
            let (kind, name) = (kind_of(kind, parts), shortened(name));
            let what = format!("has the {kind} {name:?}, which no report of its version has");
            return Err(Cause::Schema(what));
        }
    }
    for (object, known) in &expected {
        let (kind, name) = object;
        let what = match found.get(object) {
            None => format!("has no {kind} {name:?}"),
            Some(parts) if parts != known => {
                let at = differing(known, parts);
                format!(
                    "has another {kind} {name:?} than reports of its version, beginning with {at:?}"
                )
            }
            Some(_) => continue,
        };
        return Err(Cause::Schema(what));
    }
    guard::settle_cache(connection)?;
    sequence(connection, !migrations.is_empty())
}

/// The schema after these migrations, as this version of SQLite writes it.
fn expected(migrations: &[&str]) -> Result<Schema, Cause> {
    let connection = Connection::open_in_memory()?;
    for step in migrations {
        connection.execute_batch(step)?;
    }
    schema(&connection)
}

fn schema(connection: &Connection) -> Result<Schema, Cause> {
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut schema = Schema::new();
    while let Some(row) = rows.next()? {
        let object: (String, String) = (row.get(0)?, row.get(1)?);
        let mut parts = vec![row.get::<_, String>(2)?];
        parts.extend(words(&row.get::<_, Option<String>>(3)?.unwrap_or_default()));
        if let Some(twice) = schema.insert(object, parts) {
            let table = twice.first().map_or("", |table| shortened(table));
            return Err(Cause::Schema(format!("says twice what {table:?} is")));
        }
    }
    Ok(schema)
}

/// SQLite says what it cannot read in a schema, as that there is too much of it.
fn unreadable(cause: Cause) -> Cause {
    match cause {
        Cause::Sql(error) if error.sqlite_error_code() == Some(ErrorCode::Unknown) => {
            Cause::Schema(format!("has tables that SQLite cannot read ({error})"))
        }
        cause => cause,
    }
}

fn sequence(connection: &Connection, is_there: bool) -> Result<(), Cause> {
    if !is_there {
        return Ok(());
    }
    let sql = "SELECT count(*) FROM sqlite_sequence
         WHERE typeof(seq) <> 'integer' OR seq NOT BETWEEN 0 AND ?1";
    match connection.query_row(sql, [SEQUENCE_MAX], |row| row.get::<_, i64>(0))? {
        0 => Ok(()),
        _ => Err(Cause::Damaged("its audit is numbered beyond reason".into())),
    }
}

/// The words, signs and quoted texts of SQL without blanks and comments: how it is laid out means
/// nothing.
fn words(sql: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = sql.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let end = match first {
            '\'' | '"' | '`' => rest[1..].find(first).map_or(rest.len(), |at| at + 2),
            _ if rest.starts_with("--") => {
                rest = rest
                    .split_once('\n')
                    .map_or("", |(_, after)| after)
                    .trim_start();
                continue;
            }
            _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (word, after) = rest.split_at(end);
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}

/// What kind of object it is, for people.
fn kind_of(kind: &str, parts: &[String]) -> String {
    let is_virtual = parts
        .get(2)
        .is_some_and(|word| word.eq_ignore_ascii_case("virtual"));
    match kind {
        "table" if is_virtual => "virtual table".to_owned(),
        _ => shortened(kind).to_owned(),
    }
}

/// Where a text that is another one begins to be so.
fn differing(known: &[String], parts: &[String]) -> String {
    let same = known
        .iter()
        .zip(parts)
        .take_while(|(one, other)| one == other);
    let text = parts[same.count()..]
        .iter()
        .take(8)
        .cloned()
        .collect::<Vec<_>>();
    match text.is_empty() {
        true => "its end".to_owned(),
        false => shortened(&text.join(" ")).to_owned(),
    }
}

fn shortened(text: &str) -> &str {
    let end = text.char_indices().nth(SHOWN_CHARS);
    &text[..end.map_or(text.len(), |(at, _)| at)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_layout_of_sql_may_differ() {
        let one =
            words("CREATE TABLE t (\n  a TEXT, -- why\n  b\tTEXT DEFAULT ('x -- y')\n) STRICT");
        assert_eq!(
            one,
            words("CREATE TABLE t(a TEXT,b TEXT DEFAULT('x -- y'))STRICT")
        );
        assert_ne!(
            one,
            words("CREATE TABLE t(a TEXT,b TEXT DEFAULT('x  -- y'))STRICT")
        );
        assert_eq!(
            words("'it''s"),
            ["'it'", "'s"],
            "a quote that does not end is a word, too"
        );
        assert_eq!(words("--"), [""; 0]);
    }
}
