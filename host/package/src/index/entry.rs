//! What an index says of one release, and the form that it must have: it is written by publishers
//! and shown to users, so every text has an end and every field a meaning.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tough::schema::Target;
use unicode_normalization::UnicodeNormalization as _;

use dyno_model::quoted::quoted;
use dyno_plugin::Digest;
use dyno_plugin::id::Release;

/// Where a release that is not in a registry lies, below the index.
pub(super) const PACKAGES: &str = "packages/";

/// A paragraph: what other registries show of a package in a list (crates.io: 1000 characters).
const DESCRIPTION_CHARS_MAX: usize = 1000;
/// A word, or a few: a kind, a capability, a keyword, a licence expression, a publisher.
const WORD_CHARS_MAX: usize = 128;
/// More of these than anybody reads.
const WORDS_MAX: usize = 64;
/// A repository name has at most 255 characters with its host (distribution specification 1.1),
/// and the digest 72.
const LOCATION_CHARS_MAX: usize = 400;

/// What an index says of a release: TUF's `custom` field of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// One paragraph for people.
    pub description: String,
    /// Which handler runs it: `wasm`, `command`.
    pub kind: String,
    /// An SPDX expression, as in the package: `MIT OR Apache-2.0`.
    pub licences: String,
    /// What it asks for.
    pub capabilities: Vec<String>,
    /// Who signed it.
    pub publisher: String,
    /// Other words by which to find it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// Where it is.
    pub location: Location,
    /// Taken back: no longer found or chosen, but still there for who has it locked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub yanked: bool,
}

/// Where the package of a release is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Location {
    /// In a registry: `host/repository@sha256:…`.
    Registry {
        /// `host[:port]/repository`.
        repository: String,
        /// The digest of its manifest.
        digest: Digest,
    },
    /// A file below the index: `packages/NAME.oci.tar`.
    File(String),
}

/// Why a target is not a release that can be listed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// The name of the target.
    #[error("the target `{0}` is not a release: it is like acme/fib@1.2.0")]
    Name(String),
    /// The role that lists it.
    #[error(
        "the release {release} is listed by the role `{role}`, and only the role `{namespace}` may"
    )]
    Role {
        /// What is listed.
        release: String,
        /// By whom.
        role: String,
        /// Who may.
        namespace: String,
    },
    /// The digest of the target.
    #[error("the SHA-256 digest of {0} has not 32 bytes")]
    Digest(String),
    /// The fields.
    #[error("the entry of {release} does not have the fields that it should: {reason}")]
    Fields {
        /// Of which release.
        release: String,
        /// What is missing or unknown.
        reason: String,
    },
    /// A text or a list.
    #[error("`{field}` of {release} {wrong}")]
    Text {
        /// Of which release.
        release: String,
        /// Which one.
        field: &'static str,
        /// What is wrong with it.
        wrong: String,
    },
    /// The location.
    #[error(transparent)]
    Location(#[from] LocationError),
    /// The location names another manifest than the target.
    #[error("the location of {release} has the digest {found}, and its manifest has {expected}")]
    OtherDigest {
        /// Of which release.
        release: String,
        /// The target's.
        expected: Digest,
        /// The location's.
        found: Digest,
    },
}

/// The text is not a location.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a location: it is `host/repository@sha256:…` or `packages/NAME.oci.tar`")]
pub struct LocationError(String);

impl Entry {
    /// Checks that all of it may be listed and shown, for a release whose manifest has this digest.
    ///
    /// # Errors
    /// The first field that is not as it should be.
    pub fn check(&self, release: &Release, manifest: &Digest) -> Result<(), EntryError> {
        let wrong = |field, wrong| {
            Err(EntryError::Text {
                release: release.to_string(),
                field,
                wrong,
            })
        };
        let text = |field, text: &str, max: usize| {
            if text.chars().nth(max).is_some() {
                return wrong(field, format!("has more than {max} characters"));
            }
            if text.chars().any(char::is_control) {
                return wrong(field, "holds control characters".into());
            }
            Ok(())
        };
        text("description", &self.description, DESCRIPTION_CHARS_MAX)?;
        text("kind", &self.kind, WORD_CHARS_MAX)?;
        text("licences", &self.licences, WORD_CHARS_MAX)?;
        text("publisher", &self.publisher, WORD_CHARS_MAX)?;
        for (field, words) in [
            ("capabilities", &self.capabilities),
            ("keywords", &self.keywords),
        ] {
            if words.len() > WORDS_MAX {
                return wrong(field, format!("has more than {WORDS_MAX} words"));
            }
            words
                .iter()
                .try_for_each(|word| text(field, word, WORD_CHARS_MAX))?;
        }
        match self.location {
            Location::Registry { digest, .. } if digest != *manifest => {
                Err(EntryError::OtherDigest {
                    release: release.to_string(),
                    expected: *manifest,
                    found: digest,
                })
            }
            _ => Ok(()),
        }
    }

    /// With all texts in Unicode's normal form C: `tough` normalizes what it signs, other clients
    /// do not, and only of such texts both see the same bytes.
    pub(super) fn normalized(self) -> Self {
        let nfc = |text: String| text.nfc().collect::<String>();
        let all = |texts: Vec<String>| texts.into_iter().map(nfc).collect();
        Self {
            description: nfc(self.description),
            kind: nfc(self.kind),
            licences: nfc(self.licences),
            capabilities: all(self.capabilities),
            publisher: nfc(self.publisher),
            keywords: all(self.keywords),
            ..self
        }
    }
}

/// A release as an index lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Which one.
    pub release: Release,
    /// The digest of its manifest.
    pub manifest: Digest,
    /// How many bytes the manifest has.
    pub size: u64,
    /// What is said of it.
    pub entry: Entry,
}

impl Listed {
    /// Reads a target that the role of a namespace lists.
    pub(super) fn read(role: &str, name: &str, target: &Target) -> Result<Self, EntryError> {
        let release: Release = name
            .parse()
            .ok()
            .filter(|release: &Release| release.to_string() == name)
            .ok_or_else(|| EntryError::Name(quoted(name)))?;
        if release.id.namespace() != role {
            return Err(EntryError::Role {
                release: quoted(name),
                role: quoted(role),
                namespace: release.id.namespace().into(),
            });
        }
        let hex: String = target
            .hashes
            .sha256
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let manifest = format!("sha256:{hex}")
            .parse()
            .map_err(|_| EntryError::Digest(quoted(name)))?;
        let custom = serde_json::Value::Object(target.custom.clone().into_iter().collect());
        let entry: Entry = serde_json::from_value(custom).map_err(|error| EntryError::Fields {
            release: quoted(name),
            reason: quoted(&error.to_string()),
        })?;
        entry.check(&release, &manifest)?;
        Ok(Self {
            release,
            manifest,
            size: target.length,
            entry,
        })
    }
}

impl FromStr for Location {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        let refused = || LocationError(quoted(text));
        if text.len() > LOCATION_CHARS_MAX {
            return Err(refused());
        }
        if let Some(name) = text.strip_prefix(PACKAGES) {
            return if is_package_file(name) {
                Ok(Self::File(text.into()))
            } else {
                Err(refused())
            };
        }
        let (repository, digest) = text.split_once('@').ok_or_else(refused)?;
        let (host, path) = repository.split_once('/').ok_or_else(refused)?;
        let is_host = host == "localhost" || host.contains(['.', ':']);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-:[]".contains(c);
        let is_word = |word: &str| {
            let is_plain =
                |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
            word.starts_with(|c: char| c.is_ascii_alphanumeric()) && word.chars().all(is_plain)
        };
        if !is_host || !host.chars().all(is_plain) || !path.split('/').all(is_word) {
            return Err(refused());
        }
        Ok(Self::Registry {
            repository: repository.into(),
            digest: digest.parse().map_err(|_| refused())?,
        })
    }
}

/// Whether a name is that of one file, and of a package.
fn is_package_file(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    name.ends_with(".oci.tar")
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(is_plain)
}

impl TryFrom<String> for Location {
    type Error = LocationError;

    fn try_from(text: String) -> Result<Self, LocationError> {
        text.parse()
    }
}

impl From<Location> for String {
    fn from(location: Location) -> Self {
        location.to_string()
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry { repository, digest } => write!(f, "{repository}@{digest}"),
            Self::File(path) => f.write_str(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_leads_into_a_registry_or_into_packages_and_nowhere_else() {
        let digest = Digest::of(b"");
        for good in [
            format!("ghcr.io/acme/fib@{digest}"),
            format!("localhost:5000/fib@{digest}"),
            "packages/acme-fib-1.2.0.oci.tar".into(),
        ] {
            assert_eq!(good.parse::<Location>().unwrap().to_string(), good);
        }
        for bad in [
            "",
            "/etc/passwd",
            "packages/../x.oci.tar",
            "packages/a/b.oci.tar",
            "packages/.oci.tar",
            "packages/x.tar",
            "packages/..\\x.oci.tar",
            "ghcr.io/acme/fib",
            "ghcr.io/acme/fib:1.0",
            "https://ghcr.io/fib",
            "ghcr.io/../fib@sha256:00",
        ] {
            assert!(bad.parse::<Location>().is_err(), "{bad}");
        }
        for bad in [
            "acme/fib",
            "user@ghcr.io/fib",
            "ghcr.io/../fib",
            "ghcr.io//fib",
            "ghcr.io/Fib",
        ] {
            assert!(
                format!("{bad}@{digest}").parse::<Location>().is_err(),
                "{bad}"
            );
        }
    }
}
