//! What every connection to a report has in common. A report may come from a stranger (a clone
//! brings one along), so SQLite runs nothing that the file says, and what one operation may cost is
//! limited.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use super::bounds::{HEAP_BYTES_MAX, VALUE_BYTES_MAX};
use super::error::Cause;

/// Pages that a connection keeps. Said here, since a file may say otherwise in its header.
const CACHE_KIB: i64 = 2000;

/// CPU time of one operation on a small report, and what each further part of a large one adds to
/// it. The slowest of ours, a check of a whole file, takes a fifth of that.
const OPERATION_TIME: Duration = Duration::from_secs(4);
const BYTES_PER_SECOND: u64 = 64 << 20;

/// Steps of SQLite between two looks at the clock. One step may copy a value, so they are few.
const STEPS: i32 = 100;

/// What the statements of this program need at most, with room to spare.
const LIMITS: [(Limit, i32); 13] = [
    (Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX),
    (Limit::SQLITE_LIMIT_SQL_LENGTH, 64 << 10),
    (Limit::SQLITE_LIMIT_COLUMN, 64),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 50),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 8),
    (Limit::SQLITE_LIMIT_VDBE_OP, 25_000),
    (Limit::SQLITE_LIMIT_FUNCTION_ARG, 16),
    (Limit::SQLITE_LIMIT_ATTACHED, 0),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100),
    (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 64),
    // Deleting a run takes what belongs to it along, over four tables.
    (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 8),
    (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    // Three times the tables and indexes of ours.
    (Limit::SQLITE_LIMIT_SCHEMA, 128),
];

/// What a schema can make SQLite do by itself, or let a statement do that none of ours does.
const SWITCHES: [(DbConfig, bool); 9] = [
    (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
    (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
    (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
    (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
    (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
    (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
    (DbConfig::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, false),
    (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_CREATE, false),
    (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_WRITE, false),
];

/// Opens a file to read and write it. The path has no links (`inspect` follows those that the user
/// named).
pub(super) fn open(real: &Path) -> rusqlite::Result<(Connection, TimeLimit)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    guarded(Connection::open_with_flags(real, flags)?, real)
}

/// Opens a file that no process writes to, in a way that cannot write either.
pub(super) fn open_immutable(real: &Path) -> rusqlite::Result<(Connection, TimeLimit)> {
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
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    guarded(Connection::open_with_flags(uri, flags)?, real)
}

/// None of this reads a byte of the file.
fn guarded(mut connection: Connection, real: &Path) -> rusqlite::Result<(Connection, TimeLimit)> {
    for (switch, is_on) in SWITCHES {
        connection.set_db_config(switch, is_on)?;
    }
    for (limit, value) in LIMITS {
        connection.set_limit(limit, value)?;
    }
    connection.pragma_update(None, "hard_heap_limit", HEAP_BYTES_MAX.cast_signed())?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    let time = TimeLimit::of(real);
    let running = time.clone();
    connection.progress_handler(STEPS, Some(move || running.is_over()))?;
    Ok((connection, time))
}

/// Keeps as many pages as is usual, whatever the header of the file says. Reads the schema.
pub(super) fn settle_cache(connection: &Connection) -> Result<(), Cause> {
    Ok(connection.pragma_update(None, "cache_size", -CACHE_KIB)?)
}

/// How long an operation may compute. Only CPU time counts, so that neither waiting for others nor
/// a busy machine makes a report one that cannot be read.
#[derive(Debug, Clone)]
pub(super) struct TimeLimit {
    allowed: Duration,
    begun: Arc<Mutex<(Instant, Option<Duration>)>>,
}

impl TimeLimit {
    fn of(real: &Path) -> Self {
        let bytes = std::fs::metadata(real).map_or(0, |metadata| metadata.len());
        Self {
            allowed: OPERATION_TIME + Duration::from_secs(bytes / BYTES_PER_SECOND),
            begun: Arc::new(Mutex::new((Instant::now(), cpu_time()))),
        }
    }

    /// An operation begins, in this thread.
    pub(super) fn restart(&self) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        *begun = (Instant::now(), cpu_time());
    }

    /// Whether the operation took too long.
    fn is_over(&self) -> bool {
        let (wall, cpu) = *self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        // A thread computes no longer than it is there, and that is cheap to ask for.
        wall.elapsed() > self.allowed
            && match (cpu_time(), cpu) {
                (Some(now), Some(begun)) => now.saturating_sub(begun) > self.allowed,
                _ => true,
            }
    }
}

#[cfg(target_os = "linux")]
fn cpu_time() -> Option<Duration> {
    use nix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID);
    time.ok().map(Duration::from)
}

#[cfg(not(target_os = "linux"))]
fn cpu_time() -> Option<Duration> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, a report decides what SQLite does, or what it costs.
    #[test]
    fn a_guarded_connection_runs_nothing_of_the_file_and_ends_what_does_not_end() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().canonicalize().unwrap().join("r.sqlite");
        let planted = "CREATE TABLE t (x); CREATE TABLE seen (x);
             CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO seen VALUES (1); END;
             CREATE VIEW v AS SELECT 1;";
        Connection::open(&path)
            .unwrap()
            .execute_batch(planted)
            .unwrap();
        let (connection, mut time) = open(&path).unwrap();
        connection.execute("INSERT INTO t VALUES (1)", []).unwrap();
        let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        assert_eq!(count("SELECT count(*) FROM seen").unwrap(), 0);
        for refused in [
            "SELECT * FROM v",
            "SELECT \"text\"",
            "ATTACH ':memory:' AS other",
            "SELECT length(zeroblob(40000000))",
        ] {
            assert!(connection.execute_batch(refused).is_err(), "{refused}");
        }
        let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";
        time.allowed = Duration::ZERO;
        let (mut connection, _) = open(&path).unwrap();
        let running = time.clone();
        connection
            .progress_handler(STEPS, Some(move || running.is_over()))
            .unwrap();
        let error = connection.query_row(endless, [], |_| Ok(())).unwrap_err();
        let code = error.sqlite_error_code();
        assert_eq!(code, Some(rusqlite::ErrorCode::OperationInterrupted));
    }
}
