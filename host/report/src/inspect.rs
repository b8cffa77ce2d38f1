//! Looks at a path before it is opened as a report, without changing a byte there.
//!
//! Opening someone else's file the usual way can write to it: SQLite rolls back a journal, copies
//! a write-ahead log into the file and deletes it, creates files beside it. So the file is first
//! read as `immutable`, which does none of that, and only what is ours is opened any further.
//!
//! Never through `std::fs::File`: closing any descriptor of a file drops all locks that this
//! process holds on it, those of another `Store` in another thread too. SQLite takes care of that
//! for the descriptors it opens itself. (Since 3.51 it also notices such a loss before it deletes a
//! log that others still use, which is a second line, not the first.)
//!
//! ```text
//! stat ─ absent, directory, FIFO, empty
//!   └► immutable: header ─ not SQLite, not ours, newer, shorter than it says
//!        └► beside it ─ a journal, what is no file (`beside`)
//!             └► a log? ─ no ─► clean
//!                  └► yes: its last user ended uncleanly, or is still there
//!                       └► its schema (`known`), the runs that the file has without it,
//!                          integrity check, alone with the file if possible ─ damaged
//! ```

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};

use super::beside::{self, has_log, kind};
use super::bounds::BUSY_WAIT;
use super::error::{Cause, StoreError};
use super::guard::{self, TimeLimit};
use super::schema::{self, APPLICATION_ID};

/// The application id and the version of a file.
type Identity = (i32, i64);

/// How often a file that is shorter than its header says is looked at, if it has no log, and the
/// pause between. Each look but the first needs a log that ended in that very moment.
const LOOKS: usize = 10;
const PAUSE: Duration = Duration::from_millis(10);

/// Finds the report at `path` and returns the file it leads to; none if nothing is there.
///
/// # Errors
/// For everything that is not a report of a version up to that of `migrations`, or cannot be looked
/// at.
pub(super) fn inspect(path: &Path, migrations: &[&str]) -> Result<Option<PathBuf>, StoreError> {
    let unreachable = |cause| StoreError::Unreachable {
        path: path.to_owned(),
        cause,
    };
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreachable(error)),
    };
    if !metadata.is_file() {
        let kind = kind(metadata.file_type());
        return Err(StoreError::NotAFile {
            path: path.to_owned(),
            kind,
        });
    }
    if metadata.len() == 0 {
        return Err(StoreError::Empty {
            path: path.to_owned(),
        });
    }
    // SQLite follows links and keeps its log beside the file they lead to.
    let real = fs::canonicalize(path).map_err(unreachable)?;
    let header = settled(|| header(&real), || has_log(&real), thread::sleep)
        .and_then(|header| match header {
            Some(identity) => judge(identity, migrations).map(|()| true),
            None => Ok(false),
        })
        .map_err(|cause| cause.at(path))?;
    beside::check(path, &real)?;
    if !header || has_log(&real).map_err(unreachable)? {
        check(&real, migrations).map_err(|cause| cause.at(path))?;
    }
    Ok(Some(real))
}

/// The identity in the header; none if the file is whole only together with its log.
///
/// The header says how long the file is. While SQLite copies a log into the file, and after
/// that was cut off, the file is shorter: the log beside it tells so. If it was deleted between
/// the two looks then the copying has just ended, and another look finds the file whole.
fn settled(
    mut header: impl FnMut() -> Result<Identity, Cause>,
    mut has_log: impl FnMut() -> io::Result<bool>,
    mut pause: impl FnMut(Duration),
) -> Result<Option<Identity>, Cause> {
    for _ in 1..LOOKS {
        match header() {
            Ok(identity) => return Ok(Some(identity)),
            // An error here is met again by the caller, who looks for the log in any case.
            Err(cause) if is(&cause, ErrorCode::DatabaseCorrupt) => {
                if has_log().unwrap_or(true) {
                    return Ok(None);
                }
                pause(PAUSE);
            }
            Err(cause) => return Err(cause),
        }
    }
    header().map(Some)
}

fn is(cause: &Cause, code: ErrorCode) -> bool {
    matches!(cause, Cause::Sql(error) if error.sqlite_error_code() == Some(code))
}

fn header(real: &Path) -> Result<Identity, Cause> {
    identity(&guard::open_immutable(real)?.0)
}

fn identity(connection: &Connection) -> Result<Identity, Cause> {
    Ok((
        schema::application_id(connection)?,
        schema::user_version(connection)?,
    ))
}

fn judge((application, found): Identity, migrations: &[&str]) -> Result<(), Cause> {
    let known = schema::version(migrations);
    if application != APPLICATION_ID {
        return Err(Cause::Foreign);
    }
    if found < 1 {
        return Err(Cause::Damaged(format!("its version is {found}")));
    }
    if found > known {
        return Err(Cause::Newer { found, known });
    }
    Ok(())
}

/// Checks a report with its log; what it finds wrong is an error.
fn check(real: &Path, migrations: &[&str]) -> Result<(), Cause> {
    match check_as(real, migrations, true) {
        // Others have it open, so the log is theirs, and the index of the log that they share is
        // used. They checked it when they opened it, or are about to: that race is why this one
        // checks too.
        Err(cause) if is(&cause, ErrorCode::DatabaseBusy) => check_as(real, migrations, false),
        result => result,
    }
}

fn check_as(real: &Path, migrations: &[&str], is_alone: bool) -> Result<(), Cause> {
    let connection = match is_alone {
        true => open_alone(real)?.0,
        false => {
            let (connection, _) = guard::open(real)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
            connection.busy_timeout(BUSY_WAIT)?;
            connection
        }
    };
    {
        // The version and the tables as they are at one moment: another process may be migrating.
        let snapshot = connection.unchecked_transaction()?;
        judge(identity(&snapshot)?, migrations)?;
        schema::verify(&snapshot, migrations)?;
    }
    check_runs(real, &connection)?;
    // The first thing that it finds is enough.
    let found: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found == "ok" {
        return Ok(());
    }
    let last = found.lines().last().unwrap_or_default();
    Err(Cause::Damaged(last.to_owned()))
}

/// Opens a report without a trace: with the file to itself SQLite keeps the index of the log in
/// memory, not in a file, and the log stays a log, which closing would copy into a file that may
/// turn out to be damaged.
pub(super) fn open_alone(real: &Path) -> Result<(Connection, TimeLimit), Cause> {
    let (connection, time) = guard::open(real)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.busy_timeout(Duration::ZERO)?;
    connection.pragma_update(None, "locking_mode", "exclusive")?;
    Ok((connection, time))
}

/// Refuses a log that takes back a run of the file. Others may just be copying theirs into the
/// file, where half of a page means nothing: what is missing then is there at another look.
fn check_runs(real: &Path, logged: &Connection) -> Result<(), Cause> {
    let mut missing = None;
    for _ in 0..LOOKS {
        let (alone, _) = guard::open_immutable(real)?;
        missing = beside::taken_back(&alone, logged)?;
        if missing.is_none() {
            return Ok(());
        }
        thread::sleep(PAUSE);
    }
    missing.map_or(Ok(()), |run| Err(Cause::TakesBack(run)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corrupt() -> Result<Identity, Cause> {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        Err(Cause::Sql(rusqlite::Error::SqliteFailure(code, None)))
    }

    fn look(
        mut headers: Vec<Result<Identity, Cause>>,
        log: bool,
    ) -> Result<Option<Identity>, Cause> {
        headers.reverse();
        settled(|| headers.pop().unwrap_or_else(corrupt), || Ok(log), |_| ())
    }

    /// Seen once in some hundred runs of eight writers: refused as damaged while the last of them
    /// copied its log into the file and deleted it.
    #[test]
    fn a_file_that_was_just_growing_is_not_damaged() {
        assert!(matches!(
            look(vec![corrupt(), corrupt(), Ok((1, 2))], false),
            Ok(Some((1, 2)))
        ));
        assert!(matches!(look(vec![corrupt()], true), Ok(None)));
        assert!(look(vec![], false).is_err(), "in the end it is damaged");
    }
}
