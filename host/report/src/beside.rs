//! The files that SQLite keeps beside a report, by their names alone: a user who can put a file
//! there can have SQLite put its pages into the report.
//!
//! A report is in WAL mode from its first moment, so a rollback journal is never one of ours, not
//! even after a kill: what is there was put there, or belongs to another file. SQLite would roll it
//! back over the report, without a word, and delete a file that it names. A log of ours is there
//! after a kill and while others have the report open. It cannot be told from a planted one by
//! itself; but runs are never taken out of a report, so a log that takes one back is not its own.

use std::ffi::OsString;
use std::fs::{self, FileType};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Statement};

use super::error::{Cause, StoreError};

const LOG: &str = "-wal";
const JOURNAL: &str = "-journal";
const INDEX: &str = "-shm";

/// In the order of their keys, which recording never changes.
const RUNS: &str = "SELECT id, name FROM run WHERE id <= ?1 ORDER BY id";
const NEWEST: &str = "SELECT coalesce(max(id), 0) FROM run";

fn sibling(real: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(real);
    name.push(suffix);
    name.into()
}

/// The size of a file beside the report; none if there is none. A link is not followed.
fn size(real: &Path, suffix: &str) -> io::Result<Option<u64>> {
    match fs::symlink_metadata(sibling(real, suffix)) {
        Ok(metadata) => Ok(Some(metadata.len())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a write-ahead log with something in it lies beside the file.
pub(super) fn has_log(real: &Path) -> io::Result<bool> {
    Ok(size(real, LOG)?.is_some_and(|bytes| bytes > 0))
}

/// Refuses what SQLite must not find beside the report: what is no file, and a journal.
pub(super) fn check(path: &Path, real: &Path) -> Result<(), StoreError> {
    for suffix in [JOURNAL, LOG, INDEX] {
        let beside = sibling(real, suffix);
        match fs::symlink_metadata(&beside) {
            Ok(metadata) if !metadata.is_file() => {
                return Err(StoreError::NotAFile {
                    path: beside,
                    kind: kind(metadata.file_type()),
                });
            }
            Ok(metadata) if suffix == JOURNAL && metadata.len() > 0 => {
                return Err(StoreError::Journal {
                    path: path.to_owned(),
                    journal: beside,
                });
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(cause) => {
                return Err(StoreError::Unreachable {
                    path: path.to_owned(),
                    cause,
                });
            }
        }
    }
    Ok(())
}

/// A run that the file has by itself and no longer has with its log. A file that cannot be read by
/// itself, as that of a host that was killed while it copied its log, tells nothing.
///
/// The newest run is looked for first: what others copy into the file from now on may be newer than
/// what `logged` sees.
pub(super) fn taken_back(alone: &Connection, logged: &Connection) -> Result<Option<String>, Cause> {
    let newest = alone.query_row(NEWEST, [], |row| row.get::<_, i64>(0));
    let found = newest.map_err(Cause::from).and_then(|newest| {
        let (mut before, mut after) = (alone.prepare(RUNS)?, logged.prepare(RUNS)?);
        lost(&mut before, &mut after, newest)
    });
    match found {
        Err(Cause::Sql(_)) => Ok(None),
        result => result,
    }
}

fn lost(
    before: &mut Statement<'_>,
    after: &mut Statement<'_>,
    newest: i64,
) -> Result<Option<String>, Cause> {
    let (mut before, mut after) = (before.query([newest])?, after.query([newest])?);
    while let Some(run) = before.next()? {
        let (id, name): (i64, String) = (run.get(0)?, run.get(1)?);
        loop {
            match after.next()? {
                Some(row) if row.get::<_, i64>(0)? < id => {}
                Some(row) if row.get::<_, i64>(0)? == id && row.get::<_, String>(1)? == name => {
                    break;
                }
                _ => return Ok(Some(name)),
            }
        }
    }
    Ok(None)
}

#[cfg(unix)]
pub(super) fn kind(file_type: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match file_type {
        _ if file_type.is_dir() => "directory",
        _ if file_type.is_symlink() => "link",
        _ if file_type.is_fifo() => "FIFO",
        _ if file_type.is_socket() => "socket",
        _ => "device",
    }
}

#[cfg(not(unix))]
pub(super) fn kind(file_type: FileType) -> &'static str {
    if file_type.is_dir() {
        "directory"
    } else {
        "device"
    }
}
