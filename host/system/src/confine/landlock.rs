//! Landlock: which files, by path, and no TCP, abstract sockets or signals to others.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use ::landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, LandlockStatus, PathBeneath, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope, make_bitflags,
};

use super::{ConfineError, Layer};

/// The newest that the crate knows; it leaves out by itself what this kernel does not know.
const NEWEST: ABI = ABI::V9;

/// Everything that a benchmark may do below a writable directory. Not: programs, devices, FIFOs
/// and sockets.
const READ_WRITE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
    ReadFile | ReadDir | WriteFile | Truncate | MakeReg | MakeDir | MakeSym | RemoveFile
    | RemoveDir | Refer
});

/// Denies all files but those below `read` and `write`. None if the kernel has no landlock.
pub(super) fn restrict(read: &[PathBuf], write: &[PathBuf]) -> Result<Option<Layer>, ConfineError> {
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    for path in read {
        let (file, is_directory) = open(path)?;
        let access = if is_directory {
            AccessFs::ReadFile | AccessFs::ReadDir
        } else {
            AccessFs::ReadFile.into()
        };
        rules = rules.add_rule(PathBeneath::new(file, access))?;
    }
    for path in write {
        rules = rules.add_rule(PathBeneath::new(open(path)?.0, READ_WRITE))?;
    }
    let status = rules.restrict_self()?;
    Ok(match status.landlock {
        LandlockStatus::Available { effective_abi, .. }
            if status.ruleset != RulesetStatus::NotEnforced =>
        {
            Some(Layer::Landlock {
                abi: effective_abi as u32,
            })
        }
        _ => None,
    })
}

/// A handle that names the file and can do nothing else, so that a FIFO does not block.
fn open(path: &Path) -> Result<(File, bool), ConfineError> {
    let failed = |source| ConfineError::Path {
        path: path.to_owned(),
        source,
    };
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(nix::libc::O_PATH)
        .open(path)
        .map_err(failed)?;
    let is_directory = file.metadata().map_err(failed)?.is_dir();
    Ok((file, is_directory))
}
