//! What packages are called: `namespace/name`, a release of one (`namespace/name@1.2.0`), and what
//! a user may ask for (`namespace/name@^1.2`).

use std::fmt;
use std::str::FromStr;

use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};

use dyno_model::quoted::quoted;

/// The longest namespace or name, characters: it becomes part of file names and of repository
/// names.
const PART_CHARS_MAX: usize = 64;

/// The text is not what it should be: a name, a release, or a request for one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not `namespace/name`.
    #[error(
        "`{0}` is not a package id: it is `namespace/name`, each 1 to 64 of a-z, 0-9 and single `-` between them"
    )]
    Name(String),
    /// Not a version of Semantic Versioning, or one with build metadata.
    #[error("`{0}` is not a version: it is like 1.2.0 or 1.2.0-rc.1, without build metadata")]
    Version(String),
    /// Not a range of versions.
    #[error("`{0}` is not a range of versions: it is like 1.2.0, ^1.2 or >=1.2, <1.5")]
    Range(String),
}

/// The id of a package, whatever its version: `namespace/name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PackageId {
    namespace: String,
    name: String,
}

impl PackageId {
    /// Whose it is: keys are trusted for namespaces.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Its name in the namespace.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Whether a text may be a namespace, or the name of a package in one.
#[must_use]
pub fn is_part(text: &str) -> bool {
    let is_word = |word: &str| {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        !word.is_empty() && word.bytes().all(is_plain)
    };
    text.len() <= PART_CHARS_MAX && text.split('-').all(is_word)
}

impl FromStr for PackageId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match text.split_once('/') {
            Some((namespace, name)) if is_part(namespace) && is_part(name) => Ok(Self {
                namespace: namespace.into(),
                name: name.into(),
            }),
            _ => Err(IdError::Name(quoted(text))),
        }
    }
}

impl TryFrom<String> for PackageId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<PackageId> for String {
    fn from(id: PackageId) -> Self {
        id.to_string()
    }
}

impl fmt::Display for PackageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// One release of a package: `namespace/name@1.2.0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Release {
    /// Which package.
    pub id: PackageId,
    /// Which version; has no build metadata.
    pub version: Version,
}

/// A version without build metadata: two that differ only in that have the same precedence, and a
/// tag of a registry cannot hold a `+`.
///
/// # Errors
/// If it is no such version.
pub fn version(text: &str) -> Result<Version, IdError> {
    Version::parse(text)
        .ok()
        .filter(|version| version.build.is_empty())
        .ok_or_else(|| IdError::Version(quoted(text)))
}

impl Release {
    /// The name of the package as a file.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.oci.tar", self.stem())
    }

    /// The name of its component as a file.
    #[must_use]
    pub fn component_name(&self) -> String {
        format!("{}.wasm", self.stem())
    }

    fn stem(&self) -> String {
        let PackageId { namespace, name } = &self.id;
        format!("{namespace}-{name}-{}", self.version)
    }
}

impl FromStr for Release {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let (id, tail) = text
            .split_once('@')
            .ok_or_else(|| IdError::Version(quoted(text)))?;
        Ok(Self {
            id: id.parse()?,
            version: version(tail)?,
        })
    }
}

impl TryFrom<String> for Release {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<Release> for String {
    fn from(release: Release) -> Self {
        release.to_string()
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.id, self.version)
    }
}

/// A package that a user asks for: any version, or one in a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which package.
    pub id: PackageId,
    /// Which versions will do.
    pub range: VersionReq,
}

impl Wanted {
    /// Any version of a package.
    #[must_use]
    pub fn any(id: PackageId) -> Self {
        Self {
            id,
            range: VersionReq::STAR,
        }
    }

    /// This very release.
    #[must_use]
    pub fn exactly(release: &Release) -> Self {
        Self {
            id: release.id.clone(),
            range: VersionReq {
                comparators: vec![semver::Comparator {
                    op: semver::Op::Exact,
                    major: release.version.major,
                    minor: Some(release.version.minor),
                    patch: Some(release.version.patch),
                    pre: release.version.pre.clone(),
                }],
            },
        }
    }

    /// Whether no version was named: an installed package is meant then whatever its version is,
    /// and an index offers finished ones.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.range == VersionReq::STAR
    }

    /// Whether a release will do.
    #[must_use]
    pub fn allows(&self, release: &Release) -> bool {
        self.id == release.id && self.range.matches(&release.version)
    }
}

impl FromStr for Wanted {
    type Err = IdError;

    /// A plain version means that very one, as with `npm install` and `cargo install`.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let Some((id, range)) = text.split_once('@') else {
            return Ok(Self::any(text.parse()?));
        };
        let exact = version(range).map(|version| format!("={version}"));
        let range = VersionReq::parse(exact.as_deref().unwrap_or(range))
            .map_err(|_| IdError::Range(quoted(range)))?;
        Ok(Self {
            id: id.parse()?,
            range,
        })
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.range == VersionReq::STAR {
            return write!(f, "{}", self.id);
        }
        write!(f, "{}@{}", self.id, self.range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_two_plain_words_and_nothing_that_a_file_system_or_registry_reads_otherwise() {
        let id: PackageId = "acme-labs/json-5".parse().unwrap();
        assert_eq!((id.namespace(), id.name()), ("acme-labs", "json-5"));
        for bad in [
            "acme",
            "acme/",
            "/x",
            "a/b/c",
            "Acme/x",
            "acme/..",
            "acme/-x",
            "acme/x-",
            "acme/x--y",
            "acme/x_y",
            "acme/ä",
            "acme/x y",
            "",
        ] {
            assert!(bad.parse::<PackageId>().is_err(), "{bad}");
        }
        assert!(
            format!("a/{}", "b".repeat(65))
                .parse::<PackageId>()
                .is_err()
        );
        let error = "a\u{1b}[2J/b".parse::<PackageId>().unwrap_err().to_string();
        assert!(!error.contains('\u{1b}'), "{error}");
    }

    #[test]
    fn a_release_has_one_version_and_one_file_name() {
        let release: Release = "acme/x@1.2.0-rc.1".parse().unwrap();
        assert_eq!(release.file_name(), "acme-x-1.2.0-rc.1.oci.tar");
        assert_eq!(release.to_string(), "acme/x@1.2.0-rc.1");
        for bad in ["acme/x", "acme/x@1.2", "acme/x@1.2.0+linux", "acme/x@^1.2"] {
            assert!(bad.parse::<Release>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_plain_version_is_wanted_exactly() {
        let wanted: Wanted = "acme/x@1.2.0".parse().unwrap();
        assert!(wanted.allows(&"acme/x@1.2.0".parse().unwrap()));
        assert!(!wanted.allows(&"acme/x@1.3.0".parse().unwrap()));
        let wanted: Wanted = "acme/x@^1.2".parse().unwrap();
        assert!(wanted.allows(&"acme/x@1.3.0".parse().unwrap()));
        assert!(!wanted.allows(&"other/x@1.3.0".parse().unwrap()));
        assert!("acme/x@latest".parse::<Wanted>().is_err());
        assert_eq!("acme/x".parse::<Wanted>().unwrap().to_string(), "acme/x");
    }
}
