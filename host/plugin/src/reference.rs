//! Names something in a registry: `[oci://]host[:port]/repository[:tag][@sha256:…]`.

use dyno_model::{Classify, Fault};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::Digest;
use dyno_model::quoted::quoted;

/// Host, port and repository together, characters: what registries keep to (distribution
/// specification 1.1, pulling manifests).
const NAME_CHARS_MAX: usize = 255;
/// A tag, characters (the same).
const TAG_CHARS_MAX: usize = 128;

/// A place in a registry. Unlike Docker's, it has no default host and no default tag: what is meant
/// must be said.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    registry: String,
    repository: String,
    /// What it is called there; may move.
    pub tag: Option<String>,
    /// What it is.
    pub digest: Option<Digest>,
}

/// What is asked for in a repository.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// Whatever the tag is on.
    Tag(String),
    /// This very manifest.
    Digest(Digest),
}

/// The text names nothing in a registry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// No host in front.
    #[error(
        "`{0}` names no registry: a reference is like registry.example.org/team/name:1.2.0, and a host has a `.` or `:`, or is `localhost`"
    )]
    Registry(String),
    /// A name that no registry has.
    #[error(
        "`{0}` is not a repository: it is words of a-z and 0-9, with `.`, `_`, `__` or `-` in them and `/` between them, 255 characters with the host"
    )]
    Repository(String),
    /// A tag that no registry has.
    #[error(
        "`{0}` is not a tag: it is at most 128 of a-z, A-Z, 0-9, `_`, `.` and `-`, the first not `.` or `-`"
    )]
    Tag(String),
    /// A digest of another kind, or none.
    #[error("`{0}` is not a digest: it is `sha256:` and 64 lower-case hex digits")]
    Digest(String),
    /// It names a repository, and nothing in it.
    #[error("`{0}` says neither which tag nor which digest: add :TAG or @sha256:…")]
    Neither(String),
}

impl Classify for ReferenceError {
    fn fault(&self) -> Fault {
        Fault::Usage
    }
}

impl Reference {
    /// Host, and port if there is one.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The repository, without the host.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The host that serves it: Docker Hub's is another than the one in its name.
    #[must_use]
    pub fn host(&self) -> &str {
        match is_hub(&self.registry) {
            true => HUB_HOST,
            false => &self.registry,
        }
    }

    /// The repository as that host knows it: one of a single word is below `library/` on Docker
    /// Hub.
    #[must_use]
    pub fn path(&self) -> Cow<'_, str> {
        match is_hub(&self.registry) && !self.repository.contains('/') {
            true => format!("library/{}", self.repository).into(),
            false => self.repository.as_str().into(),
        }
    }

    /// What is asked for. If there is a digest, it decides, and the tag is for people.
    ///
    /// # Errors
    /// If there is neither.
    pub fn target(&self) -> Result<Target, ReferenceError> {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => Ok(Target::Digest(*digest)),
            (None, Some(tag)) => Ok(Target::Tag(tag.clone())),
            (None, None) => Err(ReferenceError::Neither(quoted(&self.to_string()))),
        }
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let rest = text.strip_prefix("oci://").unwrap_or(text);
        let (registry, rest) = rest
            .split_once('/')
            .filter(|(registry, _)| is_registry(registry))
            .ok_or_else(|| ReferenceError::Registry(quoted(text)))?;
        let (rest, digest) = match rest.split_once('@') {
            None => (rest, None),
            Some((rest, digest)) => match digest.parse() {
                Ok(digest) => (rest, Some(digest)),
                Err(_) => return Err(ReferenceError::Digest(quoted(digest))),
            },
        };
        let (repository, tag) = match rest.split_once(':') {
            None => (rest, None),
            Some((repository, tag)) if is_tag(tag) => (repository, Some(tag.into())),
            Some((_, tag)) => return Err(ReferenceError::Tag(quoted(tag))),
        };
        if !is_repository(repository) || registry.len() + 1 + repository.len() > NAME_CHARS_MAX {
            return Err(ReferenceError::Repository(quoted(repository)));
        }
        Ok(Self {
            registry: registry.into(),
            repository: repository.into(),
            tag,
            digest,
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for Target {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        match text.parse() {
            Ok(digest) => Ok(Self::Digest(digest)),
            Err(_) if is_tag(text) => Ok(Self::Tag(text.into())),
            Err(_) => Err(ReferenceError::Tag(quoted(text))),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => f.write_str(tag),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

/// What answers for `docker.io`.
pub(crate) const HUB_HOST: &str = "registry-1.docker.io";

/// Whether a registry is Docker Hub by one of its names.
pub fn is_hub(registry: &str) -> bool {
    matches!(registry, "docker.io" | "index.docker.io" | HUB_HOST)
}

/// `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}` (distribution specification 1.1).
pub fn is_tag(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= TAG_CHARS_MAX
        && text.bytes().next().is_some_and(is_word)
        && text
            .bytes()
            .all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}

/// Whether this is a host and not the first word of a name: as Docker tells them apart. It must
/// mean to a URL what it says, no other host, user or port.
fn is_registry(text: &str) -> bool {
    let is_marked = text == "localhost" || text.contains(['.', ':']);
    let is_plain = |byte: u8| {
        byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || matches!(byte, b'.' | b'-' | b':' | b'[' | b']')
    };
    let is_url = || {
        // With this scheme no port is a default one that would be left out.
        let Ok(url) = Url::parse(&format!("https://{text}/")) else {
            return false;
        };
        let host = url.host_str().unwrap_or_default();
        let rest = text.strip_prefix(host);
        match (rest, url.port_or_known_default()) {
            (Some(""), _) => true,
            (Some(rest), Some(port)) => rest == format!(":{port}"),
            _ => false,
        }
    };
    is_marked && text.bytes().all(is_plain) && is_url()
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`, more of them after `/` (distribution specification 1.1).
fn is_repository(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_part = |part: &str| {
        let is_between = |between: &str| {
            matches!(between, "" | "." | "_" | "__") || between.bytes().all(|byte| byte == b'-')
        };
        let ends = [part.bytes().next(), part.bytes().next_back()];
        ends.into_iter().all(|end| end.is_some_and(is_word))
            && part
                .split(|c: char| u8::try_from(c).is_ok_and(is_word))
                .all(is_between)
    };
    text.split('/').all(is_part)
}

#[cfg(test)]
mod tests;
