//! Copies of directories: the supervisor makes one of each scratch directory, and a worker makes
//! that afresh for each instance, so that no instance finds what an earlier one has left.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::MetadataExt as _;
use cap_std::fs::{Dir, DirBuilder, DirBuilderExt as _, OpenOptions, OpenOptionsExt as _};

use dyno_model::{LimitKind, Reach};

/// What may still be copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Bytes of files.
    pub bytes: u64,
    /// Files and directories.
    pub files: u64,
}

/// What was copied once fits once more.
const UNLIMITED: Quota = Quota {
    bytes: u64::MAX,
    files: u64::MAX,
};

/// Permissions that a copy takes over: not those that let a program run as another user.
const MODES: u32 = 0o777;

/// Those of an owner. A worker, which may not change modes, gives others none.
const OWN_MODES: u32 = 0o700;

/// Copies what is in a directory into an empty one, with its permissions, and says what is left of
/// the quota. A copy of a directory can be written by its owner, or nothing could be put into it.
///
/// # Errors
/// If something cannot be copied, or the quota does not suffice.
pub fn copy(from: &Path, to: &Path, mut left: Quota) -> io::Result<Quota> {
    copy_dir(&open(from)?, &open(to)?, &mut left, MODES)?;
    Ok(left)
}

/// Makes every scratch directory what it was at the beginning.
///
/// # Errors
/// If one cannot be emptied or filled.
pub fn restore(grants: &Reach) -> io::Result<()> {
    for dir in &grants.dirs {
        if let Some(pristine) = &dir.pristine {
            let host = open(&dir.host)?;
            empty(&host)?;
            copy_dir(&open(pristine)?, &host, &mut UNLIMITED.clone(), OWN_MODES)?;
        }
    }
    Ok(())
}

fn open(dir: &Path) -> io::Result<Dir> {
    Dir::open_ambient_dir(dir, ambient_authority())
}

fn empty(dir: &Dir) -> io::Result<()> {
    let entries: Vec<_> = dir.entries()?.collect::<io::Result<_>>()?;
    for entry in entries {
        if entry.file_type()?.is_dir() {
            dir.remove_dir_all(entry.file_name())?;
        } else {
            dir.remove_file(entry.file_name())?;
        }
    }
    Ok(())
}

/// Copies files and directories; links, pipes and devices are left behind, since they would lead
/// out of the copy.
fn copy_dir(from: &Dir, to: &Dir, left: &mut Quota, modes: u32) -> io::Result<()> {
    for entry in from.entries()? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        if !kind.is_dir() && !kind.is_file() {
            continue;
        }
        take(&mut left.files, 1, LimitKind::ScratchFiles)?;
        let metadata = entry.metadata()?;
        let mode = metadata.mode() & modes;
        if kind.is_dir() {
            let mode = mode | 0o700;
            to.create_dir_with(&name, DirBuilder::new().mode(mode))?;
            let copy = to.open_dir(&name)?;
            copy_dir(&entry.open_dir()?, &copy, left, modes)?;
            give(&copy.into_std_file(), mode)?;
        } else {
            let bytes = metadata.len();
            take(&mut left.bytes, bytes, LimitKind::ScratchBytes)?;
            let original = entry.open()?.into_std();
            let mut new = OpenOptions::new();
            new.write(true).create_new(true).mode(mode);
            let copy = to.open_with(&name, &new)?.into_std();
            copy_file(original, &copy, bytes)?;
            give(&copy, mode)?;
        }
    }
    Ok(())
}

/// By the kernel, where it can: both are plain files.
fn copy_file(original: File, mut copy: &File, bytes: u64) -> io::Result<()> {
    io::copy(&mut io::Read::take(original, bytes), &mut copy)?;
    Ok(())
}

/// Gives a copy the permissions that the umask took away.
fn give(copy: &File, mode: u32) -> io::Result<()> {
    match copy.metadata()?.permissions().mode() & MODES == mode {
        true => Ok(()),
        false => copy.set_permissions(Permissions::from_mode(mode)),
    }
}

fn take(left: &mut u64, amount: u64, limit: LimitKind) -> io::Result<()> {
    *left = left.checked_sub(amount).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::QuotaExceeded,
            format!(
                "the directory is over the limit already: raise it with --{}",
                limit.spec().name
            ),
        )
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use dyno_model::{Access, ReachDir};

    #[test]
    fn what_an_instance_made_changed_or_removed_is_as_before() {
        let dir = tempfile::tempdir().unwrap();
        let (pristine, host) = (dir.path().join("pristine"), dir.path().join("host"));
        fs::create_dir_all(pristine.join("sub")).unwrap();
        fs::create_dir(&host).unwrap();
        fs::write(pristine.join("kept"), "kept").unwrap();
        fs::write(pristine.join("sub/removed"), "removed").unwrap();
        let mut grant = ReachDir::new(host.clone(), "/d".into(), Access::Scratch);
        grant.pristine = Some(pristine);
        let grants = Reach {
            dirs: vec![grant],
            ..Reach::default()
        };
        for _ in 0..2 {
            restore(&grants).unwrap();
            assert_eq!(fs::read_to_string(host.join("kept")).unwrap(), "kept");
            let removed = host.join("sub/removed");
            assert_eq!(fs::read_to_string(&removed).unwrap(), "removed");
            assert_eq!(fs::read_dir(&host).unwrap().count(), 2);
            fs::write(host.join("kept"), "changed").unwrap();
            fs::remove_file(removed).unwrap();
            fs::create_dir_all(host.join("new/deep")).unwrap();
            std::os::unix::fs::symlink("kept", host.join("link")).unwrap();
        }
    }
}
