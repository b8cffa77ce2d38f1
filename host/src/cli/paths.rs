//! Where the report and the cache are, unless the user says otherwise.

use std::path::PathBuf;

/// The report beside the project: in the nearest directory upwards that has a `.dyno` or `.git`,
/// else here.
pub(super) fn report() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let project = here
        .ancestors()
        .find(|dir| dir.join(".dyno").is_dir() || dir.join(".git").exists());
    project.unwrap_or(&here).join(".dyno").join("report.sqlite")
}

/// The cache of compiled code: `DYNO_CACHE`, or the user's cache directory.
pub(super) fn cache() -> Option<PathBuf> {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("DYNO_CACHE")
        .or_else(|| absolute("XDG_CACHE_HOME").map(|dir| dir.join("dyno")))
        .or_else(|| absolute("HOME").map(|dir| dir.join(".cache/dyno")))
        .map(|dir| dir.join("code"))
}
