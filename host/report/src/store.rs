//! The report file: opened or created, one run recorded whole, runs read back.
//!
//! One SQLite file that many hosts may write at once. A new one is built under another name and
//! then put in place, so that a process that sees the file sees a whole report; a run is one
//! transaction. What the file must be before it is opened stands in [`super::inspect`], what it may
//! hold in [`super::sound`].

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{self, Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::bounds::BUSY_WAIT;
use super::error::{Cause, StoreError};
use super::guard::{self, TimeLimit};
use super::reader::Reader;
use super::schema::{self, MIGRATIONS, Migrated};
use super::sound::{self, Unsound};
use super::summary::RunSummary;
use super::{beside, inspect, read, write};
use dyno_model::{Process, Run};

/// A path that is absent and yet cannot be created in this many attempts is a link to nowhere.
const CREATE_ATTEMPTS: usize = 3;

/// An open report.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    time: TimeLimit,
    /// As the user named it, for messages.
    path: PathBuf,
}

impl Store {
    /// Opens the report at `path` and creates it, and its directory, if nothing is there. A report
    /// of an older version is brought to this one.
    ///
    /// # Errors
    /// If what is there is not a report that this version can use (it is left untouched), or the
    /// system does not allow it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let store = Self::open_at(path, MIGRATIONS)?;
        // SQLite opens for reading what it may not write, and would say so only when a run is lost
        // by it.
        match store.connection.is_readonly(rusqlite::MAIN_DB) {
            Ok(false) => {
                // A copy that another program made may not be; then a journal would be ours
                // (`beside`).
                let log = store.connection.pragma_update(None, "journal_mode", "wal");
                log.map_err(|error| Cause::from(error).at(path))?;
                Ok(store)
            }
            Ok(true) => Err(StoreError::ReadOnly {
                path: path.to_owned(),
            }),
            Err(error) => Err(Cause::from(error).at(path)),
        }
    }

    /// Opens the report at `path` for reading and never creates one. Works where nothing can be
    /// written, too.
    ///
    /// # Errors
    /// As [`Store::open`], and if nothing is there.
    pub fn open_existing(path: &Path) -> Result<Self, StoreError> {
        let Some(real) = inspect::inspect(path, MIGRATIONS)? else {
            return Err(StoreError::Absent {
                path: path.to_owned(),
            });
        };
        match Self::connect(path, &real, MIGRATIONS) {
            Err(
                denied @ (StoreError::ReadOnly { .. }
                | StoreError::CannotOpen { .. }
                | StoreError::Full { .. }
                | StoreError::Io { .. }),
            ) => Self::connect_without_writing(path, &real, denied),
            result => result,
        }
    }

    pub(super) fn open_at(path: &Path, migrations: &[&str]) -> Result<Self, StoreError> {
        for _ in 0..CREATE_ATTEMPTS {
            if let Some(real) = inspect::inspect(path, migrations)? {
                return Self::connect(path, &real, migrations);
            }
            create(path, migrations)?;
        }
        let cause = io::Error::new(ErrorKind::NotFound, "it is a link to nowhere");
        Err(StoreError::Create {
            path: path.to_owned(),
            cause,
        })
    }

    fn connect(path: &Path, real: &Path, migrations: &[&str]) -> Result<Self, StoreError> {
        let (mut connection, time) = connect(real).map_err(|cause| cause.at(path))?;
        match schema::migrate(&mut connection, migrations).map_err(|cause| cause.at(path))? {
            Migrated::Ready => Ok(Self {
                connection,
                time,
                path: path.to_owned(),
            }),
            Migrated::Newer(found) => {
                let known = schema::version(migrations);
                Err(Cause::Newer { found, known }.at(path))
            }
        }
    }

    /// For a report in a place where nothing can be written, or a disk without room: it is read as
    /// it lies there. Where a log lies beside it, too, that needs the file for itself, and there
    /// must be nothing to migrate.
    fn connect_without_writing(
        path: &Path,
        real: &Path,
        denied: StoreError,
    ) -> Result<Self, StoreError> {
        let at = |cause: Cause| cause.at(path);
        let has_log = beside::has_log(real).map_err(|cause| StoreError::Unreachable {
            path: path.to_owned(),
            cause,
        })?;
        let is_full = matches!(denied, StoreError::Full { .. } | StoreError::Io { .. });
        let opened = match has_log {
            false => guard::open_immutable(real).map_err(Cause::from),
            true if is_full => inspect::open_alone(real),
            true => return Err(denied),
        };
        let (connection, time) = opened.map_err(at)?;
        if schema::user_version(&connection).map_err(|error| at(error.into()))?
            != schema::version(MIGRATIONS)
        {
            return Err(denied);
        }
        schema::verify(&connection, MIGRATIONS).map_err(at)?;
        Ok(Self {
            connection,
            time,
            path: path.to_owned(),
        })
    }

    /// Records a run: whole, once, and on the disk when this returns.
    ///
    /// # Errors
    /// If the run is there already or cannot be written; then nothing of it is.
    pub fn record(&mut self, run: &Run) -> Result<(), StoreError> {
        self.record_all(&[run], |_| Ok(()))
    }

    /// Records runs and what belongs to them: all of it or nothing.
    pub(super) fn record_all(
        &mut self,
        runs: &[&Run],
        what_else: impl FnOnce(&Connection) -> Result<(), Cause>,
    ) -> Result<(), StoreError> {
        let path = self.path.clone();
        let at = |cause: Cause| cause.at(&path);
        for run in runs {
            sound::check(run).map_err(|unsound| {
                let path = path.clone();
                match unsound {
                    Unsound::NotANumber(what) => StoreError::NotFinite { path, what },
                    Unsound::TooMuch(what) => StoreError::TooLarge { path, what },
                }
            })?;
        }
        let transaction = self.begin().map_err(at)?;
        for run in runs {
            let known = transaction
                .query_row("SELECT 1 FROM run WHERE name = ?1", [&run.id], |_| Ok(()))
                .optional()
                .map_err(|error| at(error.into()))?;
            if known.is_some() {
                return Err(StoreError::AlreadyRecorded {
                    path,
                    run: run.id.clone(),
                });
            }
            write::run(&transaction, run).map_err(at)?;
        }
        what_else(&transaction).map_err(at)?;
        transaction.commit().map_err(|error| at(error.into()))
    }

    /// Where it is, as the user named it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The runs, newest first.
    ///
    /// # Errors
    /// If the report cannot be read.
    pub fn runs(&self) -> Result<Vec<RunSummary>, StoreError> {
        self.consistently(read::summaries)
    }

    /// One run with everything that was recorded. `wanted` is its id, the beginning of its id that
    /// no other run shares, or `latest`.
    ///
    /// # Errors
    /// If there is no such run, or more than one, or the report cannot be read.
    pub fn run(&self, wanted: &str) -> Result<Run, StoreError> {
        let id = self.resolve(wanted)?;
        self.consistently(|reader| read::run(reader, id))
    }

    /// The worker processes of one case with their samples, without reading any other case. Of
    /// several plugins of that name the first is meant.
    ///
    /// # Errors
    /// As [`Store::run`], and if the run has no such case.
    pub fn case_samples(
        &self,
        wanted: &str,
        plugin: &str,
        case: &str,
    ) -> Result<Vec<Process>, StoreError> {
        let id = self.resolve(wanted)?;
        let processes =
            self.consistently(|reader| read::case_processes(reader, id, plugin, case))?;
        processes.ok_or_else(|| StoreError::NoSuchCase {
            path: self.path.clone(),
            run: wanted.to_owned(),
            plugin: plugin.to_owned(),
            case: case.to_owned(),
        })
    }

    /// The key of the one run that is meant.
    pub(super) fn resolve(&self, wanted: &str) -> Result<i64, StoreError> {
        let found = self.consistently(|reader| read::find(reader, wanted))?;
        match found.as_slice() {
            [only] => Ok(*only),
            [] => Err(StoreError::NoSuchRun {
                path: self.path.clone(),
                wanted: wanted.to_owned(),
            }),
            _ => Err(StoreError::Ambiguous {
                path: self.path.clone(),
                wanted: wanted.to_owned(),
            }),
        }
    }

    /// Reads several tables as they were at one moment.
    pub(super) fn consistently<T>(
        &self,
        read: impl FnOnce(&Reader<'_>) -> Result<T, Cause>,
    ) -> Result<T, StoreError> {
        self.time.restart();
        let snapshot = Transaction::new_unchecked(&self.connection, TransactionBehavior::Deferred)
            .map_err(|error| Cause::from(error).at(&self.path))?;
        read(&Reader::new(&snapshot)).map_err(|cause| cause.at(&self.path))
    }

    /// Begins to write: waits for its turn at once, not in the middle.
    pub(super) fn begin(&mut self) -> Result<Transaction<'_>, Cause> {
        self.time.restart();
        Ok(self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?)
    }

    #[cfg(test)]
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }
}

fn connect(real: &Path) -> Result<(Connection, TimeLimit), Cause> {
    let (connection, time) = guard::open(real)?;
    connection.busy_timeout(BUSY_WAIT)?;
    // A recorded run survives a power cut. That is one flush a run, which no measurement waits for.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok((connection, time))
}

/// Puts a new report at `path`, unless another process was faster.
fn create(path: &Path, migrations: &[&str]) -> Result<(), StoreError> {
    let failed = |cause| StoreError::Create {
        path: path.to_owned(),
        cause,
    };
    let absolute = path::absolute(path).map_err(failed)?;
    let (Some(directory), Some(name)) = (absolute.parent(), absolute.file_name()) else {
        let error = io::Error::new(ErrorKind::InvalidInput, "it has no directory");
        return Err(failed(error));
    };
    fs::create_dir_all(directory).map_err(failed)?;
    // A path that the user named may have links, and SQLite is given none.
    let directory = fs::canonicalize(directory).map_err(failed)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".dyno-report-").suffix(".new");
    #[cfg(unix)]
    {
        // Shared as far as the user's umask says, not private as temporary files are.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    // Its descriptor is closed at once: closing it later would drop SQLite's locks.
    let draft = builder
        .tempfile_in(&directory)
        .map_err(failed)?
        .into_temp_path();
    let (mut connection, _) = connect(&draft).map_err(|cause| cause.at(path))?;
    schema::create(&mut connection, migrations).map_err(|cause| cause.at(path))?;
    connection
        .close()
        .map_err(|(_, error)| Cause::from(error).at(path))?;
    match draft.persist_noclobber(directory.join(name)) {
        Ok(()) => Ok(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed(error.error)),
    }
}
