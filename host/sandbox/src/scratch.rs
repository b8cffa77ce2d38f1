//! The quota on scratch directories: how many bytes and files a guest may leave in them.
//!
//! What a file grows by, and every new entry, is charged. When what was charged since the last look
//! exceeds a sixteenth of the quota, the directories are walked and their real content decides, so
//! that overwriting a file again and again costs nothing and the quota is exceeded by a sixteenth
//! at most.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::limit_hit::LimitHit;
use dyno_model::{Access, LimitKind, Limits, Reach};

/// Which share of a quota may be charged before the directories are looked at.
const UNSEEN_SHARE: u64 = 16;

/// The quota over all scratch directories of one guest.
#[derive(Debug, Clone)]
pub(super) struct Scratch(Arc<Mutex<Ledger>>);

#[derive(Debug)]
struct Ledger {
    roots: Vec<PathBuf>,
    bytes: Account,
    files: Account,
    hit: Option<LimitHit>,
}

#[derive(Debug)]
struct Account {
    limit: LimitKind,
    bytes_max: u64,
    unseen: u64,
}

impl Scratch {
    pub(super) fn new(grants: &Reach, limits: &Limits) -> Self {
        let account = |limit| Account {
            limit,
            bytes_max: limits.get(limit),
            unseen: 0,
        };
        let scratch = grants
            .dirs
            .iter()
            .filter(|dir| dir.access == Access::Scratch);
        Self(Arc::new(Mutex::new(Ledger {
            roots: scratch.map(|dir| dir.host.clone()).collect(),
            bytes: account(LimitKind::ScratchBytes),
            files: account(LimitKind::ScratchFiles),
            hit: None,
        })))
    }

    pub(super) fn hit(&self) -> Option<LimitHit> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).hit
    }

    /// Charges what is about to be written.
    ///
    /// # Errors
    /// If the quota is exceeded, which ends the guest.
    pub(super) fn charge(&self, bytes: u64, files: u64) -> wasmtime::Result<()> {
        let mut ledger = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Without a scratch directory there is nothing that WASI would let a guest write.
        if ledger.roots.is_empty() {
            return Ok(());
        }
        let due = ledger.bytes.charge(bytes) | ledger.files.charge(files);
        if due {
            let (used_bytes, used_files) = usage(&ledger.roots);
            ledger.hit = ledger
                .bytes
                .settle(used_bytes + bytes)
                .or(ledger.files.settle(used_files + files));
        }
        match ledger.hit {
            Some(hit) => Err(wasmtime::format_err!(
                "{} limit exceeded",
                hit.limit.spec().name
            )),
            None => Ok(()),
        }
    }
}

impl Account {
    /// Whether it is time to look.
    fn charge(&mut self, amount: u64) -> bool {
        self.unseen = self.unseen.saturating_add(amount);
        self.unseen > self.bytes_max / UNSEEN_SHARE
    }

    fn settle(&mut self, used: u64) -> Option<LimitHit> {
        self.unseen = 0;
        (used > self.bytes_max).then_some(LimitHit {
            limit: self.limit,
            actual: Some(used),
        })
    }
}

/// Bytes and entries below the roots; a hole counts as if it were filled. What a file system uses
/// for an entry is its own affair: the same content must end everywhere in the same way.
fn usage(roots: &[PathBuf]) -> (u64, u64) {
    fn walk(dir: &Path, total: &mut (u64, u64)) {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            total.1 += 1;
            if metadata.is_dir() {
                walk(&entry.path(), total);
            } else {
                total.0 += metadata.len();
            }
        }
    }
    let mut total = (0, 0);
    roots.iter().for_each(|root| walk(root, &mut total));
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use dyno_model::ReachDir;

    fn scratch(root: &Path, bytes: u64, files: u64) -> Scratch {
        let grants = Reach {
            dirs: vec![ReachDir::new(root.into(), "/s".into(), Access::Scratch)],
            ..Reach::default()
        };
        let mut limits = Limits::default();
        limits.set(LimitKind::ScratchBytes, bytes);
        limits.set(LimitKind::ScratchFiles, files);
        Scratch::new(&grants, &limits)
    }

    #[test]
    fn overwriting_is_free_and_growing_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let scratch = scratch(dir.path(), 16_000, 100);
        fs::write(dir.path().join("same"), [0; 5000]).unwrap();
        for _ in 0..100 {
            scratch.charge(1500, 0).unwrap();
        }
        fs::write(dir.path().join("more"), [0; 10_000]).unwrap();
        assert!(scratch.charge(1500, 0).is_err());
        assert_eq!(scratch.hit().unwrap().limit, LimitKind::ScratchBytes);
    }

    #[test]
    fn a_hole_and_an_empty_file_count() {
        let dir = tempfile::tempdir().unwrap();
        let holes = scratch(dir.path(), 1 << 20, 100);
        fs::File::create(dir.path().join("hole"))
            .unwrap()
            .set_len(1 << 30)
            .unwrap();
        assert!(holes.charge(1 << 19, 0).is_err());
        let empties = tempfile::tempdir().unwrap();
        let files = scratch(empties.path(), 1 << 30, 10);
        let refused = (0..20).position(|n| {
            let refused = files.charge(0, 1).is_err();
            fs::write(empties.path().join(n.to_string()), "").unwrap();
            refused
        });
        assert_eq!(refused, Some(10));
    }
}
