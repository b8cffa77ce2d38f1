//! The tables of the report and how an older file becomes one of today's.
//!
//! The SQL of each version is a file of its own in `schema/` and never changes once released.

use rusqlite::{Connection, TransactionBehavior, params};

use super::error::Cause;

/// `Dyno` in ASCII, in SQLite's header: tells a report from any other SQLite file.
pub(super) const APPLICATION_ID: i32 = 0x4479_6e6f;

/// The step from version `i` to `i + 1` at index `i`.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
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

/// Makes a new file, which nobody else can see yet, a report.
pub(super) fn create(connection: &mut Connection, migrations: &[&str]) -> Result<(), Cause> {
    // Nothing is lost if this fails half-way, so no journal is written beside the file.
    connection.pragma_update(None, "journal_mode", "memory")?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    migrate(connection, migrations)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    Ok(())
}

/// Brings a report to this version, all steps or none. Of several processes that try, one does it.
pub(super) fn migrate(connection: &mut Connection, migrations: &[&str]) -> Result<Migrated, Cause> {
    let known = version(migrations);
    let current = user_version(connection)?;
    if current >= known {
        return Ok(if current > known {
            Migrated::Newer(current)
        } else {
            Migrated::Ready
        });
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have migrated, even beyond us, while this one waited for the lock.
    let current = user_version(&transaction)?;
    if current > known {
        return Ok(Migrated::Newer(current));
    }
    let done = usize::try_from(current)
        .map_err(|_| Cause::Damaged(format!("its version is {current}")))?;
    for (from, step) in migrations.iter().enumerate().skip(done) {
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
