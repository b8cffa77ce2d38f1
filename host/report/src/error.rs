//! What can go wrong with the report file: each variant names the file and what to do.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use rusqlite::ffi::{SQLITE_IOERR_SHMOPEN, SQLITE_IOERR_SHMSIZE};

use super::bounds::{BUSY_WAIT, HEAP_BYTES_MAX, VALUE_BYTES_MAX};
use super::pack::PackError;
use dyno_model::{Classify, Fault};

/// Why the report could not be opened, written or read. Whatever it is, the file holds the runs
/// that it held before.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing is there, and the verb only reads.
    #[error("there is no report at {}; record one with `dyno run`", .path.display())]
    Absent {
        /// The report.
        path: PathBuf,
    },
    /// A directory, FIFO, device or socket.
    #[error("{} is a {kind}, not a report; name a file", .path.display())]
    NotAFile {
        /// The report.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// The path cannot be looked at: no permission, a file in the place of a directory, a NUL.
    #[error("cannot look for a report at {}: {cause}; name a path that you may read", .path.display())]
    Unreachable {
        /// The report.
        path: PathBuf,
        /// The system's words.
        cause: io::Error,
    },
    /// A new report could not be put in place.
    #[error("cannot create the report {}: {cause}; name a directory that you may write to", .path.display())]
    Create {
        /// The report.
        path: PathBuf,
        /// The system's words.
        cause: io::Error,
    },
    /// A file of no bytes, such as one that `mktemp` made or a crash left.
    #[error("{} is empty, so it is no report; delete it or name another file", .path.display())]
    Empty {
        /// The report.
        path: PathBuf,
    },
    /// Some other file.
    #[error("{} is not an SQLite file, so it is no report; name another file", .path.display())]
    NotSqlite {
        /// The report.
        path: PathBuf,
    },
    /// An SQLite file of another program.
    #[error("{} is the SQLite file of another program, not a report; name another file", .path.display())]
    Foreign {
        /// The report.
        path: PathBuf,
    },
    /// A later host wrote it.
    #[error("the report {} has version {found} and this dyno reads up to {known}; update dyno or name another file", .path.display())]
    Newer {
        /// The report.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The latest that this host knows.
        known: i64,
    },
    /// Its bytes contradict each other.
    #[error("the report {} is damaged ({detail}); restore a copy, or move it away to start a new one", .path.display())]
    Damaged {
        /// The report.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// Its tables are not those of its version.
    #[error("the report {} {detail}; move it away to start a new one, or name another file", .path.display())]
    Schema {
        /// The report.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// A rollback journal lies beside it, which is never one of ours.
    #[error("{} lies beside the report {}, is not of dyno, and would undo runs; delete that journal", .journal.display(), .path.display())]
    Journal {
        /// The report.
        path: PathBuf,
        /// The journal.
        journal: PathBuf,
    },
    /// The log beside it is that of another file.
    #[error("the log beside the report {}, a file that ends in -wal, would take back the run {run:?}; it is not of this report, so delete it", .path.display())]
    TakesBack {
        /// The report.
        path: PathBuf,
        /// A run that is in the file and not in the log.
        run: String,
    },
    /// It holds more than a report can.
    #[error("the report {} holds {what}, more than dyno reads; move it away to start a new one, or name another file", .path.display())]
    Excess {
        /// The report.
        path: PathBuf,
        /// What there is too much of.
        what: String,
    },
    /// A run is larger than what can be read back.
    #[error("the run has {what}, more than the report {} takes; measure fewer cases or samples at a time", .path.display())]
    TooLarge {
        /// The report.
        path: PathBuf,
        /// What there is too much of.
        what: String,
    },
    /// It was found beside the project and belongs to another user.
    #[error("{} belongs to another user (uid {owner}), and nobody named it; name the report with --report or DYNO_REPORT if you trust it", .path.display())]
    OfAnother {
        /// The report, or its directory.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
    },
    /// It can be read but not written, or not even read without writing beside it.
    #[error("cannot write to the report {} or its directory; give yourself write permission or name another file", .path.display())]
    ReadOnly {
        /// The report.
        path: PathBuf,
    },
    /// The system will not open it.
    #[error("cannot open the report {}: {cause}; check its permissions and those of its directory", .path.display())]
    CannotOpen {
        /// The report.
        path: PathBuf,
        /// SQLite's words.
        cause: rusqlite::Error,
    },
    /// Others kept it locked for longer than a writer waits.
    #[error("the report {} stayed locked for {}; end the process that holds it and try again", .path.display(), wait())]
    Busy {
        /// The report.
        path: PathBuf,
    },
    /// There is no room for the run.
    #[error("no room left to write the report {}; free some space and try again", .path.display())]
    Full {
        /// The report.
        path: PathBuf,
    },
    /// The system failed to read or write.
    #[error("input or output failed on the report {}: {cause}; check the disk and try again", .path.display())]
    Io {
        /// The report.
        path: PathBuf,
        /// SQLite's words.
        cause: rusqlite::Error,
    },
    /// SQLite refused a statement: the tables are not those of this version, or a value is too big.
    #[error("the report {} refused a statement ({detail}); restore a copy, or move it away to start a new one", .path.display())]
    Statement {
        /// The report.
        path: PathBuf,
        /// SQLite's words.
        detail: String,
    },
    /// The run is there already.
    #[error("the report {} already holds the run {run}; every run is recorded once", .path.display())]
    AlreadyRecorded {
        /// The report.
        path: PathBuf,
        /// Its id.
        run: String,
    },
    /// A number of the run is NaN or infinite, which neither SQL nor JSON can hold.
    #[error("the run has no finite {what}, so {} did not record it; please report this as a bug", .path.display())]
    NotFinite {
        /// The report.
        path: PathBuf,
        /// Which number.
        what: String,
    },
    /// A value of the run cannot be written as JSON.
    #[error("cannot write {what} of the run as JSON for {}: {cause}; please report this as a bug", .path.display())]
    Unwritable {
        /// The report.
        path: PathBuf,
        /// Which value.
        what: &'static str,
        /// The reason.
        cause: serde_json::Error,
    },
    /// No run has such an id.
    #[error("the report {} holds no run {wanted:?}; `dyno report list` shows what it holds", .path.display())]
    NoSuchRun {
        /// The report.
        path: PathBuf,
        /// What was asked for.
        wanted: String,
    },
    /// More than one run begins so.
    #[error("the report {} holds several runs that begin with {wanted:?}; give more of the id", .path.display())]
    Ambiguous {
        /// The report.
        path: PathBuf,
        /// What was asked for.
        wanted: String,
    },
    /// The run has no such case.
    #[error("the run {run} in {} has no case {case:?} of a plugin {plugin:?}; `dyno report show {run}` lists its cases", .path.display())]
    NoSuchCase {
        /// The report.
        path: PathBuf,
        /// The run.
        run: String,
        /// The plugin that was asked for.
        plugin: String,
        /// The case that was asked for.
        case: String,
    },
}

impl Classify for StoreError {
    /// The host's, which keeps the report, unless it has nothing of the name that was asked for.
    fn fault(&self) -> Fault {
        match self {
            Self::Absent { .. } | Self::NoSuchRun { .. } | Self::NoSuchCase { .. } => {
                Fault::NotFound
            }
            Self::Ambiguous { .. } => Fault::Usage,
            _ => Fault::Host,
        }
    }
}

fn wait() -> String {
    format!("{} s", BUSY_WAIT.as_secs())
}

/// What is shown of a detail.
const DETAIL_CHARS: usize = 200;

/// What went wrong inside, before the path is known.
#[derive(Debug)]
pub(super) enum Cause {
    Sql(rusqlite::Error),
    Pack(PackError),
    Json(&'static str, serde_json::Error),
    Damaged(String),
    Foreign,
    Newer { found: i64, known: i64 },
    Schema(String),
    TakesBack(String),
    Excess(String),
}

impl From<rusqlite::Error> for Cause {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl Cause {
    /// The error of the store at `path`.
    pub(super) fn at(self, path: &Path) -> StoreError {
        let path = path.to_owned();
        match self {
            Self::Sql(source) => of_sqlite(source, path),
            Self::Pack(error) => StoreError::Damaged {
                path,
                detail: format!("a block of samples {error}"),
            },
            Self::Damaged(detail) => {
                let detail = shortened(detail);
                StoreError::Damaged { path, detail }
            }
            Self::Foreign => StoreError::Foreign { path },
            Self::Newer { found, known } => StoreError::Newer { path, found, known },
            Self::Schema(detail) => {
                let detail = shortened(detail);
                StoreError::Schema { path, detail }
            }
            Self::TakesBack(run) => {
                let run = shortened(run);
                StoreError::TakesBack { path, run }
            }
            Self::Excess(what) => StoreError::Excess { path, what },
            Self::Json(what, cause) => StoreError::Unwritable { path, what, cause },
        }
    }
}

/// The error of the store at `path` that SQLite has reported.
fn of_sqlite(source: rusqlite::Error, path: PathBuf) -> StoreError {
    // SQLite says of a full disk that the index of the log, the first thing to be written, has
    // no size.
    let has_no_room = source.sqlite_error().is_some_and(|error| {
        [SQLITE_IOERR_SHMOPEN, SQLITE_IOERR_SHMSIZE].contains(&error.extended_code)
    });
    let code = source.sqlite_error_code();
    match code {
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Damaged {
            path,
            detail: shortened(source.to_string()),
        },
        Some(ErrorCode::NotADatabase) => StoreError::NotSqlite { path },
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed,
        ) => StoreError::Busy { path },
        Some(ErrorCode::DiskFull) => StoreError::Full { path },
        Some(ErrorCode::ReadOnly) => StoreError::ReadOnly { path },
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => StoreError::CannotOpen {
            path,
            cause: source,
        },
        Some(ErrorCode::SystemIoFailure) if has_no_room => StoreError::Full { path },
        Some(ErrorCode::SystemIoFailure) => StoreError::Io {
            path,
            cause: source,
        },
        Some(ErrorCode::TooBig) => StoreError::Excess {
            path,
            what: format!("a value of more than {} MiB", VALUE_BYTES_MAX >> 20),
        },
        Some(ErrorCode::OutOfMemory) => StoreError::Excess {
            path,
            what: format!("values of more than {} MiB together", HEAP_BYTES_MAX >> 20),
        },
        Some(ErrorCode::OperationInterrupted) => StoreError::Excess {
            path,
            what: "what takes seconds to look through".to_owned(),
        },
        // A column of another type than the one that was written.
        None if is_conversion(&source) => StoreError::Damaged {
            path,
            detail: shortened(source.to_string()),
        },
        _ => StoreError::Statement {
            path,
            detail: shortened(without_sql(source)),
        },
    }
}

/// A detail may quote what the file says, at any length and in several lines.
fn shortened(detail: String) -> String {
    let line = detail.replace(['\n', '\r'], " ");
    match line.char_indices().nth(DETAIL_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// SQLite's words without the statement, which has many lines.
fn without_sql(error: rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg,
        other => other.to_string(),
    }
}

fn is_conversion(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..)
    )
}
