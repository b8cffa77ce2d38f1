//! New plugins: a directory with one or two benchmarks to begin with, and a copy of the language's
//! SDK, so that it builds wherever the language's own tools are.

mod files;

use dyno_model::{Classify, Fault};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use dyno_files::private_dir::{self, PrivateDir};

pub use files::files;

/// A language that a plugin can be begun in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Rust, with the SDK's own names.
    Rust,
    /// Rust, with Criterion's names.
    Criterion,
    /// C.
    C,
    /// C++.
    Cpp,
    /// JavaScript.
    Js,
    /// Python.
    Python,
    /// Go.
    Go,
    /// Zig.
    Zig,
    /// WebAssembly text.
    Wat,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 9] = [
        Self::Rust,
        Self::Criterion,
        Self::C,
        Self::Cpp,
        Self::Js,
        Self::Python,
        Self::Go,
        Self::Zig,
        Self::Wat,
    ];
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rust => "Rust",
            Self::Criterion => "Rust, with Criterion's names",
            Self::C => "C",
            Self::Cpp => "C++",
            Self::Js => "JavaScript",
            Self::Python => "Python",
            Self::Go => "Go",
            Self::Zig => "Zig",
            Self::Wat => "WebAssembly text",
        })
    }
}

/// The longest name: it is part of file names and of a line in a table.
const NAME_CHARS_MAX: usize = 64;

/// A package cannot depend on one of its own name.
const SDK_NAMES: [&str; 3] = ["dyno", "dyno-guest", "dyno-criterion"];

/// Why a plugin was not begun.
#[derive(Debug, thiserror::Error)]
pub enum ScaffoldError {
    /// Its name would not do as the name of a crate, a package or a file.
    #[error(
        "`{0}` is not a name for a plugin: use lower-case letters, digits and hyphens, begin with a letter, and leave the names of the SDKs alone"
    )]
    Name(String),
    /// Something is there.
    #[error("{0} is there already: choose another name, or remove it")]
    Exists(String),
    /// A file cannot be written.
    #[error("{path} cannot be written")]
    Io {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
}

impl Classify for ScaffoldError {
    fn fault(&self) -> Fault {
        match self {
            Self::Name(_) | Self::Exists(_) => Fault::Usage,
            Self::Io { .. } => Fault::Host,
        }
    }
}

/// Writes a new plugin into the directory `at`, which must not be there and whose last part is the
/// plugin's name. It is there whole or not at all. Returns the paths in it, in order.
///
/// # Errors
/// If the name is not one, the directory is there, or a file cannot be written.
pub fn scaffold(at: &Path, language: Language) -> Result<Vec<PathBuf>, ScaffoldError> {
    let name = at.file_name().unwrap_or_default().to_string_lossy();
    if !is_name(&name) {
        return Err(ScaffoldError::Name(name.escape_debug().to_string()));
    }
    let error = |source| ScaffoldError::Io {
        path: at.display().to_string(),
        source,
    };
    if fs::symlink_metadata(at).is_ok() {
        return Err(ScaffoldError::Exists(at.display().to_string()));
    }
    let parent = match at.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(error)?;
    private_dir::sweep_in(parent);
    let draft = PrivateDir::new_in(parent).map_err(error)?;
    let inside = draft.path().join(&*name);
    let mut paths = Vec::new();
    for (path, content) in files(language) {
        let file = inside.join(path);
        let content = content
            .replace("{{name}}", &name)
            .replace("{{ident}}", &name.replace('-', "_"));
        file.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&file, content))
            .map_err(error)?;
        paths.push(PathBuf::from(path));
    }
    fs::rename(&inside, at).map_err(error)?;
    Ok(paths)
}

fn is_name(name: &str) -> bool {
    let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(rest)
        && name.len() <= NAME_CHARS_MAX
        && !SDK_NAMES.contains(&name)
}

#[cfg(test)]
mod tests;
