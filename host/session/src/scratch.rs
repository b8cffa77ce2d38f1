//! Scratch copies: what a guest may write is thrown away after its worker. What a directory holds
//! is copied once a session, so that all workers find the same, whatever becomes of the original.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use super::sweep::Sweeper;
use dyno_files::copies::{Quota, copy};
use dyno_files::private_dir::PrivateDir;
use dyno_model::{Access, LimitKind, Limits, Reach};

/// The copies of a session's scratch directories, by the directory, and what is still to be removed
/// of others.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pristine: BTreeMap<PathBuf, Pristine>,
    sweeper: Sweeper,
}

#[derive(Debug)]
struct Pristine {
    dir: PrivateDir,
    size: Quota,
}

impl Scratch {
    /// Makes an empty directory for every scratch directory of one worker, and puts its path into
    /// the grants, with that of what has to be in it. The directories live as long as what is
    /// returned.
    ///
    /// # Errors
    /// If a directory cannot be copied, or is itself larger than the quota.
    pub(super) fn provide(
        &mut self,
        grants: &mut Reach,
        limits: &Limits,
    ) -> io::Result<Vec<PrivateDir>> {
        let mut left = Quota {
            bytes: limits.get(LimitKind::ScratchBytes),
            files: limits.get(LimitKind::ScratchFiles),
        };
        let mut made = Vec::new();
        for grant in grants
            .dirs
            .iter_mut()
            .filter(|grant| grant.access == Access::Scratch)
        {
            let pristine = self.pristine(&grant.host, left)?;
            left.bytes = left.bytes.saturating_sub(pristine.size.bytes);
            left.files = left.files.saturating_sub(pristine.size.files);
            grant.pristine = Some(pristine.dir.path().to_path_buf());
            let dir = temporary()?;
            grant.host = dir.path().to_path_buf();
            made.push(dir);
        }
        Ok(made)
    }

    /// Removes the directories of a worker that is gone.
    pub(super) fn discard(&mut self, dirs: Vec<PrivateDir>) {
        dirs.into_iter().for_each(|dir| self.sweeper.sweep(dir));
    }

    /// Waits for what is still being removed, but not for long. A warning for what is left.
    pub(super) fn leave(&mut self) -> Option<String> {
        self.sweeper.leave()
    }

    fn pristine(&mut self, host: &PathBuf, left: Quota) -> io::Result<&Pristine> {
        if !self.pristine.contains_key(host) {
            let dir = temporary()?;
            let rest = copy(host, dir.path(), left)?;
            let size = Quota {
                bytes: left.bytes - rest.bytes,
                files: left.files - rest.files,
            };
            self.pristine.insert(host.clone(), Pristine { dir, size });
        }
        Ok(&self.pristine[host])
    }
}

/// Workers find a copy by its path: a user who can lead that elsewhere chooses what a guest writes
/// to.
fn temporary() -> io::Result<PrivateDir> {
    let dir = PrivateDir::new()?;
    if dir.can_be_moved() {
        let parent = dir.path().parent().unwrap_or(dir.path()).display();
        return Err(io::Error::other(format!(
            "other users can rename what is in {parent}: make it sticky with `chmod +t`, or set TMPDIR to another directory"
        )));
    }
    Ok(dir)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dyno_model::ReachDir;

    #[test]
    fn the_copy_has_files_and_directories_and_nothing_that_leads_out() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("sub")).unwrap();
        std::fs::write(dir.path().join("sub/file"), "text").unwrap();
        std::os::unix::fs::symlink("/etc", dir.path().join("link")).unwrap();
        let grant = ReachDir::new(dir.path().into(), "/d".into(), Access::Scratch);
        let grants = Reach {
            dirs: vec![grant],
            ..Reach::default()
        };
        let mut scratch = Scratch::default();
        let mut mine = grants.clone();
        let made = scratch.provide(&mut mine, &Limits::default()).unwrap();
        assert_eq!(mine.dirs[0].host, made[0].path());
        let copy = mine.dirs[0].pristine.clone().unwrap();
        let text = || std::fs::read_to_string(copy.join("sub/file")).unwrap();
        assert_eq!(text(), "text");
        assert!(!copy.join("link").exists());
        std::fs::write(dir.path().join("sub/file"), "changed meanwhile").unwrap();
        let mut next = grants.clone();
        let more = scratch.provide(&mut next, &Limits::default()).unwrap();
        assert_ne!(made[0].path(), more[0].path());
        assert_eq!(
            (next.dirs[0].pristine.as_ref(), text()),
            (Some(&copy), "text".into())
        );

        let mut small = Limits::default();
        let refused = |limits: &Limits| {
            let given = Scratch::default().provide(&mut grants.clone(), limits);
            given.unwrap_err().to_string()
        };
        small.set(LimitKind::ScratchBytes, 3);
        assert!(refused(&small).contains("--scratch-bytes"));
        small.set(LimitKind::ScratchBytes, 400);
        small.set(LimitKind::ScratchFiles, 1);
        assert!(refused(&small).contains("--scratch-files"));
    }
}
