//! What of a module's descriptors the engine does not tell: whether they lie in a scratch copy.

use std::collections::BTreeMap;

use dyno_model::{Access, Reach};

/// The first directory that is open from the start; those before it are stdin, stdout and stderr.
const FIRST_DIRECTORY: u32 = 3;

/// The open files and directories of a module by their descriptors.
#[derive(Debug, Default)]
pub(super) struct Opened(BTreeMap<u32, Descriptor>);

/// An open file or directory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Descriptor {
    /// Whether it lies in a scratch copy, where the guest is the only one who changes anything.
    pub(super) is_scratch: bool,
    /// Whether all that is written to it comes behind its end.
    pub(super) appends: bool,
}

impl Opened {
    /// The directories that are granted, in the order in which the engine opens them.
    pub(super) fn new(grants: &Reach) -> Self {
        let directories = grants.dirs.iter().map(|dir| Descriptor {
            is_scratch: dir.access == Access::Scratch,
            appends: false,
        });
        Self((FIRST_DIRECTORY..).zip(directories).collect())
    }

    /// What is open as `fd`, unless it lies in no scratch copy.
    pub(super) fn scratch(&self, fd: i32) -> Option<Descriptor> {
        let opened = self.0.get(&(fd as u32)).copied();
        opened.filter(|descriptor| descriptor.is_scratch)
    }

    /// `fd` was opened in the directory `parent`.
    pub(super) fn open(&mut self, parent: i32, fd: u32, appends: bool) {
        let is_scratch = self.scratch(parent).is_some();
        let descriptor = Descriptor {
            is_scratch,
            appends,
        };
        self.0.insert(fd, descriptor);
    }

    pub(super) fn close(&mut self, fd: i32) {
        self.0.remove(&(fd as u32));
    }

    /// What was open as `from` is open as `to` from now on, where something else was.
    pub(super) fn renumber(&mut self, from: i32, to: i32) {
        if from == to {
            return;
        }
        self.close(to);
        if let Some(moved) = self.0.remove(&(from as u32)) {
            self.0.insert(to as u32, moved);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dyno_model::ReachDir;

    #[test]
    fn what_is_opened_in_a_scratch_copy_lies_in_it_under_whatever_number() {
        let dir = |access| ReachDir::new("/host".into(), "/guest".into(), access);
        let grants = Reach {
            dirs: vec![dir(Access::Read), dir(Access::Scratch)],
            ..Reach::default()
        };
        let mut opened = Opened::new(&grants);
        let is_scratch = |opened: &Opened, fd| opened.scratch(fd).is_some();
        assert_eq!(
            [2, 3, 4, 5].map(|fd| is_scratch(&opened, fd)),
            [false, false, true, false]
        );
        opened.open(4, 5, true);
        opened.open(3, 6, false);
        opened.open(9, 7, false);
        assert!(opened.scratch(5).unwrap().appends);
        assert_eq!([6, 7].map(|fd| is_scratch(&opened, fd)), [false, false]);
        opened.renumber(5, 1);
        opened.renumber(6, 4);
        opened.renumber(1, 1);
        assert_eq!(
            [1, 4, 5, 6].map(|fd| is_scratch(&opened, fd)),
            [true, false, false, false]
        );
        opened.close(1);
        assert!(!is_scratch(&opened, 1));
    }
}
