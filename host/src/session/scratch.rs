//! Scratch copies: what a guest may write is thrown away after its worker.

use std::io;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use tempfile::TempDir;

use crate::report::model::LimitKind;
use crate::sandbox::{Access, Grants, Limits};

/// Copies every scratch directory for one worker, and puts the copies' paths into the grants. The
/// copies live as long as what is returned.
///
/// # Errors
/// If a directory cannot be copied, or is itself larger than the quota.
pub(super) fn provide(grants: &mut Grants, limits: &Limits) -> io::Result<Vec<TempDir>> {
    let mut left = Quota {
        bytes: limits.get(LimitKind::ScratchBytes),
        files: limits.get(LimitKind::ScratchFiles),
    };
    let mut copies = Vec::new();
    for grant in grants
        .dirs
        .iter_mut()
        .filter(|grant| grant.access == Access::Scratch)
    {
        let copy = tempfile::Builder::new().prefix("dyno-scratch-").tempdir()?;
        let from = Dir::open_ambient_dir(&grant.host, ambient_authority())?;
        let to = Dir::open_ambient_dir(copy.path(), ambient_authority())?;
        copy_dir(&from, &to, &mut left)?;
        grant.host = copy.path().to_path_buf();
        copies.push(copy);
    }
    Ok(copies)
}

struct Quota {
    bytes: u64,
    files: u64,
}

/// Copies files and directories; links, pipes and devices are left behind, since they would lead
/// out of the copy.
fn copy_dir(from: &Dir, to: &Dir, left: &mut Quota) -> io::Result<()> {
    for entry in from.entries()? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        if !kind.is_dir() && !kind.is_file() {
            continue;
        }
        left.files = left
            .files
            .checked_sub(1)
            .ok_or_else(|| over("scratch-files"))?;
        if kind.is_dir() {
            to.create_dir(&name)?;
            copy_dir(&entry.open_dir()?, &to.open_dir(&name)?, left)?;
        } else {
            let bytes = entry.metadata()?.len();
            left.bytes = left
                .bytes
                .checked_sub(bytes)
                .ok_or_else(|| over("scratch-bytes"))?;
            let mut copy = to.open_with(&name, OpenOptions::new().write(true).create_new(true))?;
            io::copy(&mut io::Read::take(entry.open()?, bytes), &mut copy)?;
        }
    }
    Ok(())
}

fn over(limit: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::QuotaExceeded,
        format!("the directory is over the limit already: raise it with --{limit}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::DirGrant;

    #[test]
    fn the_copy_has_files_and_directories_and_nothing_that_leads_out() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("sub")).unwrap();
        std::fs::write(dir.path().join("sub/file"), "text").unwrap();
        std::os::unix::fs::symlink("/etc", dir.path().join("link")).unwrap();
        let grants = Grants {
            dirs: vec![DirGrant {
                host: dir.path().into(),
                guest: "/d".into(),
                access: Access::Scratch,
            }],
            ..Grants::default()
        };
        let mut mine = grants.clone();
        let copies = provide(&mut mine, &Limits::default()).unwrap();
        let copy = &mine.dirs[0].host;
        assert_eq!(copy, copies[0].path());
        assert_eq!(
            std::fs::read_to_string(copy.join("sub/file")).unwrap(),
            "text"
        );
        assert!(!copy.join("link").exists());

        let mut small = Limits::default();
        small.set(LimitKind::ScratchBytes, 3);
        assert!(
            provide(&mut grants.clone(), &small)
                .unwrap_err()
                .to_string()
                .contains("--scratch-bytes")
        );
        small.set(LimitKind::ScratchBytes, 4);
        small.set(LimitKind::ScratchFiles, 1);
        assert!(
            provide(&mut grants.clone(), &small)
                .unwrap_err()
                .to_string()
                .contains("--scratch-files")
        );
    }
}
