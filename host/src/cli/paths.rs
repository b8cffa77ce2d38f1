//! Where the report, the cache and packages are, unless the user says otherwise.

use std::path::PathBuf;

/// The project: the nearest directory upwards that has a `.dyno` or `.git`, else this one.
pub(super) fn project() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let project = here
        .ancestors()
        .find(|dir| dir.join(".dyno").is_dir() || dir.join(".git").exists());
    project.unwrap_or(&here).into()
}

/// The report beside the project.
pub(super) fn report() -> PathBuf {
    project().join(".dyno").join("report.sqlite")
}

/// Profiles beside the project.
pub(super) fn profiles() -> PathBuf {
    project().join(".dyno").join("profiles")
}

fn absolute(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
}

/// Keys, trust and installed packages: `DYNO_HOME`, or the user's data directory.
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
