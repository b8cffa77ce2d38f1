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
mod tests {
    use super::*;

    #[test]
    fn a_plugin_is_written_whole_with_its_name_in_it() {
        for language in Language::ALL {
            let dir = tempfile::tempdir().unwrap();
            let at = dir.path().join("new/my-plugin");
            let paths = scaffold(&at, language).unwrap();
            assert!(paths.contains(&"plugin.toml".into()), "{language}");
            assert!(paths.contains(&".gitignore".into()), "{language}");
            for path in &paths {
                let content = fs::read_to_string(at.join(path)).unwrap();
                let holes = content.contains("{{name}}") || content.contains("{{ident}}");
                assert!(!holes, "{language}: {}", path.display());
            }
            let manifest = fs::read_to_string(at.join("plugin.toml")).unwrap();
            assert!(manifest.contains("name = \"my-plugin\""), "{language}");
            let again = scaffold(&at, language).unwrap_err();
            assert!(matches!(again, ScaffoldError::Exists(_)), "{language}");
            let left: Vec<_> = fs::read_dir(dir.path().join("new")).unwrap().collect();
            assert_eq!(left.len(), 1, "{language}: something was left behind");
        }
    }

    #[test]
    fn a_name_that_some_tool_would_choke_on_is_refused() {
        let long = "x".repeat(65);
        for name in [
            "..",
            "dyno-guest",
            "A",
            "1a",
            "a_b",
            "a b",
            "ä",
            "-a",
            "a\u{1b}",
            &long,
        ] {
            let at = Path::new("no/such/place").join(name);
            assert!(
                matches!(scaffold(&at, Language::Wat), Err(ScaffoldError::Name(_))),
                "{name}"
            );
        }
    }

    /// If this fails, a file of a template or of an SDK's copy was forgotten.
    #[test]
    fn every_file_of_a_template_is_in_the_table() {
        let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest-sdk");
        for language in Language::ALL {
            let template = sdk.join(match language {
                Language::Rust => "rust/template",
                Language::Criterion => "rust/template-criterion",
                Language::C => "c/template",
                Language::Cpp => "c/template-cpp",
                Language::Js => "js/template",
                Language::Python => "python/template",
                Language::Go => "go/template",
                Language::Zig => "zig/template",
                Language::Wat => "wat/template",
            });
            let mut dirs = vec![template.clone()];
            while let Some(dir) = dirs.pop() {
                for entry in fs::read_dir(dir).unwrap() {
                    let path = entry.unwrap().path();
                    if path.is_dir() {
                        dirs.push(path);
                        continue;
                    }
                    let content = fs::read_to_string(&path).unwrap();
                    let is_there = files(language).iter().any(|(_, known)| *known == content);
                    assert!(is_there, "{language}: {}", path.display());
                }
            }
        }
    }
}
