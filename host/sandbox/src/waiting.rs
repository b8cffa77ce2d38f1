//! Which sleeps of a guest are being waited for.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Deadlines of the sleeps that are being waited for, in terms of `slept`.
pub(super) type Waiting = Arc<Mutex<BTreeSet<u64>>>;

/// Removes a deadline when it is no longer waited for.
pub(super) struct Entry<'a>(&'a Waiting, u64);

impl<'a> Entry<'a> {
    pub(super) fn add(waiting: &'a Waiting, deadline: u64) -> Self {
        waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(deadline);
        Self(waiting, deadline)
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.1);
    }
}
