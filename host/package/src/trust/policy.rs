//! `trust/policy.toml`: what it says, parsed strictly. A key or a time that is misspelt must not
//! silently mean "trusted for ever".

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use toml::Spanned;
use toml::value::Datetime;

use crate::key::Fingerprint;
use crate::keyless::Identity;
use dyno_plugin::Digest;
use dyno_plugin::id::{self, Release};

/// Whom the user trusts, and for what.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Those who sign.
    #[serde(rename = "publisher")]
    pub publishers: Vec<Publisher>,
    /// Manifests and components that are never used, whichever key signed them.
    #[serde(rename = "killed")]
    pub denied: Vec<Denied>,
    /// Releases that may have one manifest only.
    pub pins: BTreeMap<Release, Digest>,
    /// Where packages are looked for.
    #[serde(rename = "index")]
    pub indexes: Vec<TrustedIndex>,
}

/// One who signs, and the namespaces for which that counts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publisher {
    /// The user's name for it.
    #[serde(deserialize_with = "part")]
    pub name: String,
    /// Whose packages it may sign.
    #[serde(deserialize_with = "parts")]
    pub namespaces: BTreeSet<String>,
    /// How many of its keys and identities must have signed a package.
    #[serde(default = "one")]
    pub threshold: NonZeroU32,
    /// Its keys.
    #[serde(rename = "key", default)]
    pub keys: Vec<KeyTerms>,
    /// Accounts whose short-lived certificates count like its keys.
    #[serde(rename = "identity", default)]
    pub identities: Vec<Identity>,
    /// What the trusted root hashes to by which its certificates are verified, which lies beside.
    #[serde(rename = "sigstore-root")]
    pub sigstore_root: Option<Digest>,
}

/// When a key counts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyTerms {
    /// Which key.
    pub fingerprint: Fingerprint,
    /// Not before.
    #[serde(deserialize_with = "moment", default)]
    pub from: Option<Timestamp>,
    /// No longer at or after.
    #[serde(deserialize_with = "moment", default)]
    pub until: Option<Timestamp>,
    /// No longer at all: when a signature was made cannot be known from it.
    pub revoked: Option<Revocation>,
}

/// That a key does not count any more.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// When the user said so.
    #[serde(deserialize_with = "moment_required")]
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// Something that is never used.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Denied {
    /// What its bytes hash to.
    pub digest: Digest,
    /// Why.
    pub reason: String,
}

/// An index of packages, and by what its first metadata are known.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedIndex {
    /// The user's name for it.
    pub name: Option<String>,
    /// Where it is.
    pub url: String,
    /// What its trusted root file hashes to, which lies beside.
    pub root: Digest,
}

impl Policy {
    /// Parses the file. The error says where and what.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let policy: Self = toml::from_str(text).map_err(|error| one_line(text, &error))?;
        let rows: Rows = toml::from_str(text).map_err(|error| one_line(text, &error))?;
        rows.expect_unambiguous(text)?;
        for publisher in &policy.publishers {
            for key in &publisher.keys {
                if key
                    .from
                    .zip(key.until)
                    .is_some_and(|(from, until)| from >= until)
                {
                    return Err(format!(
                        "the key {} is valid until before it is from",
                        key.fingerprint
                    ));
                }
            }
        }
        Ok(policy)
    }

    /// The publishers of a namespace: one, unless the user let several share it.
    pub(super) fn owners<'a>(&'a self, namespace: &'a str) -> impl Iterator<Item = &'a Publisher> {
        let publishers = self.publishers.iter();
        publishers.filter(move |publisher| publisher.namespaces.contains(namespace))
    }

    /// Whose key it is.
    pub(super) fn key(&self, fingerprint: &Fingerprint) -> Option<(&Publisher, &KeyTerms)> {
        self.publishers.iter().find_map(|publisher| {
            let mut keys = publisher.keys.iter();
            Some((publisher, keys.find(|key| key.fingerprint == *fingerprint)?))
        })
    }
}

impl Publisher {
    /// How many keys and identities it has that are not revoked.
    #[must_use]
    pub fn signers(&self) -> usize {
        let keys = self.keys.iter().filter(|key| key.revoked.is_none());
        keys.count() + self.identities.len()
    }
}

/// What may stand once in the whole file, with where it stands. A key that two publishers have
/// would count for both, and revoked for one it would go on for the other.
#[derive(Deserialize)]
struct Rows {
    #[serde(default)]
    publisher: Vec<Row>,
    #[serde(default)]
    index: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    name: Option<Spanned<String>>,
    url: Option<Spanned<String>>,
    #[serde(default)]
    key: Vec<Row>,
    #[serde(default)]
    identity: Vec<Row>,
    fingerprint: Option<Spanned<String>>,
    issuer: Option<String>,
    subject: Option<Spanned<String>>,
}

impl Rows {
    fn expect_unambiguous(&self, text: &str) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        let mut once = |what: &'static str, more: &str, value: &Option<Spanned<String>>| {
            let Some(value) = value else { return Ok(()) };
            if seen.insert((what, more.to_owned(), value.get_ref().clone())) {
                return Ok(());
            }
            let line = text.as_bytes()[..value.span().start.min(text.len())]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count();
            let value = value.get_ref().escape_debug();
            Err(format!(
                "line {}: the {what} `{value}` stands there twice",
                line + 1
            ))
        };
        for publisher in &self.publisher {
            once("publisher", "", &publisher.name)?;
            for key in &publisher.key {
                once("key", "", &key.fingerprint)?;
            }
            for identity in &publisher.identity {
                let issuer = identity.issuer.as_deref().unwrap_or_default();
                once("identity", issuer, &identity.subject)?;
            }
        }
        self.index
            .iter()
            .try_for_each(|index| once("index", "", &index.url))
    }
}

/// What is wrong and on which line, without the picture.
fn one_line(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map_or(1, |before| before.matches('\n').count() + 1);
    format!("line {line}: {}", error.message().replace('\n', ", "))
}

fn one() -> NonZeroU32 {
    NonZeroU32::MIN
}

fn part<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    if id::is_part(&text) {
        return Ok(text);
    }
    Err(D::Error::custom(format_args!(
        "`{}` should be 1 to 64 of a-z, 0-9 and single `-` between them",
        text.escape_debug()
    )))
}

fn parts<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeSet<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Part(#[serde(deserialize_with = "part")] String);
    let parts = Vec::<Part>::deserialize(from)?;
    Ok(parts.into_iter().map(|part| part.0).collect())
}

fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    moment_required(from).map(Some)
}

/// A time of TOML is one of RFC 3339, but may lack the offset, and then is no moment.
fn moment_required<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    let time = Datetime::deserialize(from)?.to_string();
    time.parse().map_err(|_| {
        D::Error::custom(format_args!(
            "{time} should be a time like 2026-01-31T00:00:00Z"
        ))
    })
}

#[cfg(test)]
mod tests;
