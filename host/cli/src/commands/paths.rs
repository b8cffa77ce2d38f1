//! Where the report, the cache and packages are, unless the user says otherwise.

use std::path::{Path, PathBuf};

use dyno_files::checkout::Checkout;
#[cfg(feature = "profile")]
use dyno_files::checkout::Folder;
use dyno_model::quoted::quoted_path;
use dyno_report::check_owner;

use super::{Context as _, Result, UsageError};

/// The project: the nearest directory upwards that has a `.dyno` or `.git`, else this one.
pub(super) fn project() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let project = here
        .ancestors()
        .find(|dir| dir.join(".dyno").is_dir() || dir.join(".git").exists());
    project.unwrap_or(&here).into()
}

/// The report: the one that the user names, or the one beside the project. A link of a checkout
/// does not make that one another's file, and another user's is not used unasked.
pub(super) fn report(named: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = named {
        return Ok(path.into());
    }
    let project = project();
    let path = project.join(".dyno").join("report.sqlite");
    let checkout = Checkout::at(&project).with_context(|| quoted_path(&project))?;
    // SQLite follows links to what lies beside it, too.
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.clone().into_os_string();
        name.push(suffix);
        checkout.resolve(Path::new(&name)).map_err(|error| {
            UsageError(format!(
                "{} cannot be used: {error}; name the report with --report or DYNO_REPORT",
                quoted_path(Path::new(&name))
            ))
        })?;
    }
    check_owner(&path)?;
    Ok(path)
}

/// Where profiles go beside the project: through no link.
#[cfg(feature = "profile")]
pub(super) fn profiles() -> Result<(Folder, PathBuf)> {
    let (project, below) = (project(), Path::new(".dyno/profiles"));
    let folder = Folder::there(&project).and_then(|folder| folder.below(below));
    let folder = folder.map_err(|error| {
        UsageError(format!("{error}; name a directory for profiles with --out"))
    })?;
    Ok((folder, project.join(below)))
}

fn absolute(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
}

/// Keys, trust and installed packages: `DYNO_HOME`, or the user's data directory.
#[cfg(feature = "packages")]
pub(super) fn home() -> Option<PathBuf> {
    absolute("DYNO_HOME")
        .or_else(|| absolute("XDG_DATA_HOME").map(|dir| dir.join("dyno")))
        .or_else(|| absolute("HOME").map(|dir| dir.join(".local/share/dyno")))
}

/// The cache of compiled code: `DYNO_CACHE`, or the user's cache directory.
pub(super) fn cache() -> Option<PathBuf> {
    absolute("DYNO_CACHE")
        .or_else(|| absolute("XDG_CACHE_HOME").map(|dir| dir.join("dyno")))
        .or_else(|| absolute("HOME").map(|dir| dir.join(".cache/dyno")))
        .map(|dir| dir.join("code"))
}

/// The locks of cores: `DYNO_LOCKS`, or none for those of the machine.
pub(super) fn locks() -> Option<PathBuf> {
    absolute("DYNO_LOCKS")
}
