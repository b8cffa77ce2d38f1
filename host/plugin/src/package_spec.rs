//! Names of packages, and what tells them from paths. What a word on the command line means is
//! decided there and once; from then on a package that is not a file bears a prefix, so that no
//! file that turns up can stand for it.

use std::path::{Path, PathBuf};

use super::Reference;
use super::id::Wanted;

/// What stands before the id or reference of a package where nothing else can be meant.
pub const PACKAGE: &str = "package:";

/// A package, as a user named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackageSpec {
    /// A package file.
    File(PathBuf),
    /// A manifest in a registry.
    Reference(Reference),
    /// An id, with or without a range of versions.
    Wanted(Wanted),
}

impl PackageSpec {
    /// The package that an operand is: a package file, or what bears the prefix. Any other is a
    /// path, whatever it looks like.
    #[must_use]
    pub fn of(operand: &Path) -> Option<Self> {
        match operand.to_str().and_then(|text| text.strip_prefix(PACKAGE)) {
            Some(package) => Self::package(package),
            None => Self::file(operand),
        }
    }

    /// The package that a text names by its id or reference, with or without the prefix: a host
    /// with a dot, a port, or `localhost` in front makes a reference; `namespace/name` is an id.
    /// Looks at no file.
    #[must_use]
    pub fn package(text: &str) -> Option<Self> {
        let text = text.strip_prefix(PACKAGE).unwrap_or(text);
        if ["/", "./", "../"]
            .iter()
            .any(|start| text.starts_with(start))
        {
            return None;
        }
        let reference = text.parse().map(Self::Reference);
        reference.or_else(|_| text.parse().map(Self::Wanted)).ok()
    }

    /// The package file at a path.
    #[must_use]
    pub fn file(path: &Path) -> Option<Self> {
        let is_tar = path.extension().is_some_and(|extension| extension == "tar");
        (is_tar && path.is_file()).then(|| Self::File(path.into()))
    }

    /// Whether it says which release or tag, so that it is a package whatever paths there are.
    #[must_use]
    pub fn says_which(&self) -> bool {
        match self {
            Self::File(_) => false,
            Self::Reference(reference) => reference.target().is_ok(),
            Self::Wanted(wanted) => !wanted.is_any(),
        }
    }
}

impl std::fmt::Display for PackageSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.to_string_lossy().escape_debug()),
            Self::Reference(reference) => write!(f, "{reference}"),
            Self::Wanted(wanted) => write!(f, "{wanted}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, a file that a stranger made is run in the place of a package, or the other
    /// way round.
    #[test]
    fn a_word_with_the_prefix_is_a_package_and_every_other_a_path() {
        let of = |text: &str| PackageSpec::of(Path::new(text)).map(|named| named.to_string());
        assert_eq!(of("package:acme/json").as_deref(), Some("acme/json"));
        assert_eq!(
            of("package:ghcr.io/a/b:1").as_deref(),
            Some("ghcr.io/a/b:1")
        );
        for path in [
            "acme/json",
            "ghcr.io/a/b:1",
            "package:x",
            "package:./a/b",
            "no.tar",
        ] {
            assert_eq!(of(path), None, "{path}");
        }
    }

    #[test]
    fn what_says_which_release_is_a_package_whatever_files_there_are() {
        let claims = |text: &str| PackageSpec::package(text).map(|named| named.says_which());
        for text in [
            "acme/json@1.2.0",
            "ghcr.io/a/b:1",
            "localhost:5000/x@sha256:zz",
        ] {
            assert_ne!(claims(text), Some(false), "{text}");
        }
        for text in ["acme/json", "my.dir/plugin"] {
            assert_eq!(claims(text), Some(false), "{text}");
        }
        for text in ["./acme/json", "../a/b", "/a/b", "x.wasm", "a/b/c"] {
            assert_eq!(claims(text), None, "{text}");
        }
    }
}
