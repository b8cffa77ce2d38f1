//! A report that was not named: found beside a project, which may be a stranger's.

use std::fs;
use std::path::Path;

use super::error::StoreError;

/// Refuses a report of another user that was found beside a project, as git does with a repository:
/// a user who can write it decides what is shown, and in `/tmp` that is any user. It may not be
/// there yet.
///
/// # Errors
/// If the report or its directory belongs to another user than this one or root.
#[cfg(unix)]
pub fn check_owner(report: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::MetadataExt;
    for place in report.parent().into_iter().chain([report]) {
        // What cannot be looked at says so when it is opened.
        let Ok(owner) = fs::symlink_metadata(place).map(|metadata| metadata.uid()) else {
            continue;
        };
        // Root can do what it likes to this user, report or not.
        if owner != nix::unistd::geteuid().as_raw() && owner != 0 {
            return Err(StoreError::OfAnother {
                path: place.to_owned(),
                owner,
            });
        }
    }
    Ok(())
}

/// Refuses a report of another user that was found beside a project; not known of this system.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn check_owner(_: &Path) -> Result<(), StoreError> {
    Ok(())
}
