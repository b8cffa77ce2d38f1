//! What one operation on a report may take, which its errors name, too.

use std::time::Duration;

/// How long a writer waits for the others. A run of 10^7 samples is written in about a second, so
/// this is a queue of several dozen.
pub(super) const BUSY_WAIT: Duration = Duration::from_secs(60);

/// The longest value: twice what the samples of a process take (`sound::PROCESS_SAMPLES_MAX`).
pub(super) const VALUE_BYTES_MAX: i32 = 32 << 20;

/// What SQLite may hold in this process, for all connections: some copies of the longest value
/// beside its cache.
pub(super) const HEAP_BYTES_MAX: u64 = 96 << 20;
