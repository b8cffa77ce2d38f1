//! Removes what guests have left in their scratch directories. A guest decides how many files that
//! is, and a limit that ends it must not be followed by half a minute of cleaning up: what takes
//! longer goes on beside the session.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use dyno_files::private_dir::PrivateDir;

/// The next worker waits this long for a directory to be gone: enough for the files that the
/// default limit allows.
const SOON: Duration = Duration::from_millis(400);

/// The end of a session waits this long for all of them.
const AT_LAST: Duration = Duration::from_millis(300);

/// Directories that are being removed.
#[derive(Debug, Default)]
pub(super) struct Sweeper(Vec<(PathBuf, JoinHandle<()>)>);

impl Sweeper {
    /// Removes a directory with all that is in it, at once if that can be.
    pub(super) fn sweep(&mut self, dir: PrivateDir) {
        let is_empty = clear(dir.path(), Some(Instant::now() + SOON));
        if is_empty.unwrap_or(true) {
            // An empty one takes no time. What could not be removed is tried once more.
            return drop(dir);
        }
        let path = dir.path().to_path_buf();
        let sweep = move || {
            // What cannot be removed is left behind, as a temporary directory.
            let _ = clear(dir.path(), None);
        };
        self.0.push((path, thread::spawn(sweep)));
    }

    /// Waits a little for the rest; a warning for what is left.
    pub(super) fn leave(&mut self) -> Option<String> {
        let deadline = Instant::now() + AT_LAST;
        self.0.retain(|(_, thread)| !thread.is_finished());
        while !self.0.is_empty() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
            self.0.retain(|(_, thread)| !thread.is_finished());
        }
        let (path, _) = self.0.first()?;
        Some(format!(
            "a plugin left so many files that they could not be removed in time: delete {}",
            path.display()
        ))
    }
}

/// Empties a directory, until the deadline; whether it is empty now. Directories within directories
/// are moved up instead of being entered, so that neither memory nor descriptors depend on how deep
/// a guest has nested them.
fn clear(root: &Path, deadline: Option<Instant>) -> io::Result<bool> {
    let mut number = 0;
    loop {
        let mut is_empty = true;
        for entry in fs::read_dir(root)? {
            let entry = entry?;
            is_empty = false;
            if is_over(deadline) {
                return Ok(false);
            }
            let is_dir = entry.file_type()?.is_dir();
            gone(match is_dir {
                true => flatten(root, &entry.path(), &mut number, deadline),
                false => fs::remove_file(entry.path()),
            })?;
        }
        if is_empty {
            return Ok(true);
        }
    }
}

/// Removes a directory of the root; those in it come into the root.
fn flatten(root: &Path, dir: &Path, number: &mut u64, deadline: Option<Instant>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if is_over(deadline) {
            return Ok(());
        }
        if !entry.file_type()?.is_dir() {
            fs::remove_file(entry.path())?;
            continue;
        }
        loop {
            let to = root.join(format!("{number}"));
            *number += 1;
            match fs::rename(entry.path(), to) {
                Ok(()) => break,
                // The guest has something of this name there.
                Err(error) if is_taken(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
    fs::remove_dir(dir)
}

fn is_over(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| Instant::now() >= deadline)
}

fn is_taken(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists | ErrorKind::NotADirectory
    )
}

/// A listing may leave out what changed meanwhile, and name what is gone: the next one is right.
fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty
            ) =>
        {
            Ok(())
        }
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// If this fails, what a guest nests deeply enough stays in the temporary directory for ever,
    /// or a link leads out.
    #[test]
    fn whatever_a_guest_left_is_removed_and_nothing_else() {
        let (dir, outside) = (PrivateDir::new().unwrap(), PrivateDir::new().unwrap());
        fs::write(outside.path().join("kept"), "kept").unwrap();
        symlink(outside.path(), dir.path().join("link")).unwrap();
        fs::write(dir.path().join("0"), "a file of the name that is moved to").unwrap();
        fs::create_dir_all(dir.path().join("1/full")).unwrap();
        // Deeper than a path can say, and than there are descriptors.
        let mut at = dir.path().join("deep");
        for _ in 0..100 {
            let steps: PathBuf = (0..100).map(|_| "d").collect();
            fs::create_dir_all(at.join(&steps)).unwrap();
            let up = dir.path().join("up");
            fs::rename(&at, &up).unwrap();
            fs::create_dir_all(&at).unwrap();
            fs::rename(&up, at.join("d")).unwrap();
        }
        at.push("file");
        fs::write(at, "").unwrap();
        assert!(!clear(dir.path(), Some(Instant::now())).unwrap());
        assert!(clear(dir.path(), None).unwrap());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        assert!(outside.path().join("kept").exists());

        let mut sweeper = Sweeper::default();
        fs::write(dir.path().join("file"), "").unwrap();
        let path = dir.path().to_path_buf();
        sweeper.sweep(dir);
        assert!(!path.exists());
        assert_eq!(sweeper.leave(), None);
    }
}
