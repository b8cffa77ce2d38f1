//! The tables of the report and how an older file becomes one of today's.
//!
//! The SQL of each version is a file of its own in `schema/` and never changes once released.

use rusqlite::{Connection, TransactionBehavior, params};

use super::error::Cause;
use super::known;

/// `Dyno` in ASCII, in SQLite's header: tells a report from any other SQLite file.
pub(super) const APPLICATION_ID: i32 = 0x4479_6e6f;

/// The step from version `i` to `i + 1` at index `i`.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
];

/// Larger than SQLite's 4 KiB, because a process' samples fill some 10 KiB; measured, see
/// `benches/report.rs`.
const PAGE_BYTES: u32 = 8192;

/// Whether a file of this version had to be changed, or cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Migrated {
    /// It was of this version, or now is.
    Ready,
    /// It is of a later version; nothing was done.
    Newer(i64),
}

/// The version that a list of migrations leads to.
pub(super) fn version(migrations: &[&str]) -> i64 {
    i64::try_from(migrations.len()).unwrap_or(i64::MAX)
}

/// Makes a new file, which no other process can see yet, a report.
pub(super) fn create(connection: &mut Connection, migrations: &[&str]) -> Result<(), Cause> {
    // Nothing is lost if this fails half-way, so no journal is written beside the file.
    connection.pragma_update(None, "journal_mode", "memory")?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    migrate(connection, migrations)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    Ok(())
}

/// Refuses a report whose tables are not those of its version.
pub(super) fn verify(connection: &Connection, migrations: &[&str]) -> Result<(), Cause> {
    let current = user_version(connection)?;
    known::verify(
        connection,
        &migrations[..done(current)?.min(migrations.len())],
    )
}

/// How many migrations a file of this version has had.
fn done(version: i64) -> Result<usize, Cause> {
    usize::try_from(version).map_err(|_| Cause::Damaged(format!("its version is {version}")))
}

/// Brings a report to this version, all steps or none, once its tables are found to be those of the
/// version that it has. Of several processes that try, one does it.
pub(super) fn migrate(connection: &mut Connection, migrations: &[&str]) -> Result<Migrated, Cause> {
    let known = version(migrations);
    {
        // The version and the tables as they are at one moment.
        let snapshot = connection.transaction()?;
        let current = user_version(&snapshot)?;
        if current > known {
            return Ok(Migrated::Newer(current));
        }
        verify(&snapshot, migrations)?;
        if current == known {
            return Ok(Migrated::Ready);
        }
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have migrated, even beyond us, while this one waited for the lock.
    let current = user_version(&transaction)?;
    if current > known {
        return Ok(Migrated::Newer(current));
    }
    verify(&transaction, migrations)?;
    for (from, step) in migrations.iter().enumerate().skip(done(current)?) {
        transaction.execute_batch(step)?;
        audit(&transaction, "migrate", &format!("version {}", from + 1))?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(Migrated::Ready)
}

/// Writes down that something was done.
pub(super) fn audit(connection: &Connection, action: &str, subject: &str) -> Result<(), Cause> {
    connection.execute(
        "INSERT INTO audit (action, subject, host_version) VALUES (?1, ?2, ?3)",
        params![action, subject, env!("CARGO_PKG_VERSION")],
    )?;
    Ok(())
}

pub(super) fn user_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

pub(super) fn application_id(connection: &Connection) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, "application_id", |row| row.get(0))
}
