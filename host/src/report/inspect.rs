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
//!        └► a log beside it? ─ no ─► clean
//!             └► yes: its last user ended uncleanly, or is still there
//!                  └► integrity check, alone with the file if possible ─ damaged
//! ```

use std::ffi::OsString;
use std::fs::{self, FileType};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::{Cause, StoreError};
use super::schema::{self, APPLICATION_ID};
use super::store::BUSY_WAIT;

/// The application id and the version of a file.
type Identity = (i32, i64);

/// How often a file that is shorter than its header says is looked at, if it has no log, and the
/// pause between. Each look but the first needs a log that ended in that very moment.
const LOOKS: usize = 10;
const PAUSE: Duration = Duration::from_millis(10);

/// Finds the report at `path` and returns the file it leads to; none if nothing is there.
///
/// # Errors
/// For everything that is not a report of a version up to `known`, or cannot be looked at.
pub(super) fn inspect(path: &Path, known: i64) -> Result<Option<PathBuf>, StoreError> {
    let unreachable = |source| StoreError::Unreachable {
        path: path.to_owned(),
        source,
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
    let header = settled(|| header(&real), || has_log(&real), thread::sleep);
    let header = header.map_err(|cause| cause.at(path))?;
    if let Some((application, version)) = header {
        judge(path, application, version, known)?;
    }
    if header.is_none() || has_log(&real).map_err(unreachable)? {
        let (application, version) = check(&real).map_err(|cause| cause.at(path))?;
        judge(path, application, version, known)?;
    }
    Ok(Some(real))
}

/// The identity in the header; none if the file is whole only together with its log.
///
/// The header says how long the file is. While somebody copies a log into the file, and after
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

/// Whether a write-ahead log with something in it lies beside the file.
pub(super) fn has_log(real: &Path) -> io::Result<bool> {
    let mut log = OsString::from(real);
    log.push("-wal");
    match fs::metadata(log) {
        Ok(metadata) => Ok(metadata.len() > 0),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Opens a file that nobody writes to, in a way that cannot write either.
pub(super) fn open_immutable(real: &Path) -> rusqlite::Result<Connection> {
    let mut uri = String::from("file:");
    for &byte in real.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02x}")),
        }
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(uri, flags)
}

fn header(real: &Path) -> Result<Identity, Cause> {
    identity(&open_immutable(real)?)
}

fn identity(connection: &Connection) -> Result<Identity, Cause> {
    Ok((
        schema::application_id(connection)?,
        schema::user_version(connection)?,
    ))
}

fn judge(path: &Path, application: i32, found: i64, known: i64) -> Result<(), StoreError> {
    let path = path.to_owned();
    if application != APPLICATION_ID {
        return Err(StoreError::Foreign { path });
    }
    if found < 1 {
        return Err(StoreError::Damaged {
            path,
            detail: format!("its version is {found}"),
        });
    }
    if found > known {
        return Err(StoreError::Newer { path, found, known });
    }
    Ok(())
}

/// Checks a report with its log; what it finds wrong is an error.
fn check(real: &Path) -> Result<Identity, Cause> {
    match check_as(real, true) {
        // Others have it open, so the log is theirs, and the index of the log that they share is
        // used. They checked it when they opened it, or are about to: that race is why this one
        // checks too.
        Err(cause) if is(&cause, ErrorCode::DatabaseBusy) => check_as(real, false),
        result => result,
    }
}

fn check_as(real: &Path, alone: bool) -> Result<Identity, Cause> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(real, flags)?;
    // Closing would copy the log into a file that may turn out to be damaged.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.busy_timeout(if alone { Duration::ZERO } else { BUSY_WAIT })?;
    if alone {
        // With the file to itself SQLite keeps the index of the log in memory, not in a file.
        connection.pragma_update(None, "locking_mode", "exclusive")?;
    }
    let identity = identity(&connection)?;
    // The first thing that it finds is enough.
    let found: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found == "ok" {
        return Ok(identity);
    }
    let last = found.lines().last().unwrap_or_default();
    Err(Cause::Damaged(last.to_owned()))
}

#[cfg(unix)]
fn kind(file_type: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match file_type {
        _ if file_type.is_dir() => "directory",
        _ if file_type.is_fifo() => "FIFO",
        _ if file_type.is_socket() => "socket",
        _ => "device",
    }
}

#[cfg(not(unix))]
fn kind(file_type: FileType) -> &'static str {
    if file_type.is_dir() {
        "directory"
    } else {
        "device"
    }
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
