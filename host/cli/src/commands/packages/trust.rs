//! `dyno trust`: whose signatures count.

use std::io::Write as _;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use crate::render;
use clap::{Args, Subcommand};
use dyno_files::checkout;
use dyno_model::quoted::quoted_path;
use dyno_package::key::Fingerprint;
use dyno_package::keyless::Identity;
use dyno_package::trust::{Conflict, Grant};
use dyno_plugin::id::Release;
use dyno_plugin::{Digest, DigestError};
use dyno_wording::escape;

use super::key;
use super::{FileError, home};
use crate::commands::{Exit, Result, UsageError};

/// Manage trusted publishers, pins and the deny list
#[derive(Debug, Subcommand)]
pub(crate) enum Trust {
    Add(Add),
    List(List),
    Revoke(Revoke),
    Remove(Remove),
    Pin(Pin),
}

/// Trust a publisher's keys, or identity, for namespaces
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// The publisher's public keys [default: your own]
    #[arg(value_name = "KEY")]
    keys: Vec<PathBuf>,
    /// Namespaces this publisher may sign
    #[arg(long, required = true, value_name = "NAMESPACE")]
    namespace: Vec<String>,
    /// What to call the publisher [default: the first namespace]
    #[arg(long, value_name = "NAME")]
    publisher: Option<String>,
    /// Not before this time, such as 2026-01-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<jiff::Timestamp>,
    /// Not after this time
    #[arg(long, value_name = "TIME")]
    until: Option<jiff::Timestamp>,
    /// How many of the publisher's keys have to sign; at most as many as it has
    #[arg(long, value_name = "NUMBER")]
    threshold: Option<NonZeroU32>,
    /// Instead of a key, an identity as a certificate names it: an address or a workflow
    #[arg(long, value_name = "SUBJECT", conflicts_with_all = ["keys", "from", "until"], requires_all = ["issuer", "trusted_root"])]
    identity: Option<String>,
    /// OIDC issuer of the identity, such as `https://token.actions.githubusercontent.com`
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// The trusted_root.json of the Sigstore that issues the certificates
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<PathBuf>,
    /// Beside those who are trusted for the namespace already
    #[arg(long, conflicts_with = "replace")]
    share: bool,
    /// In place of those who are trusted for the namespace already
    #[arg(long)]
    replace: bool,
}

/// List who is trusted for what
#[derive(Debug, Args)]
pub(crate) struct List {}

/// Trust a key no more, or never take a package with this digest
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// A key's fingerprint, or the digest of a manifest or component: both are sha256:…
    #[arg(value_name = "DIGEST")]
    digest: Digest,
    /// Why, for whoever reads the refusal
    #[arg(long, default_value = "no reason was given", value_name = "TEXT")]
    reason: String,
}

/// Remove a publisher, one of its keys or identities, or the pin of a release
///
/// A key that was revoked stays revoked. An index is removed with `dyno index unpin`.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// A publisher's name, a key (its fingerprint or file), or a pinned release like
    /// acme/json@1.2.0
    #[arg(
        value_name = "PUBLISHER|KEY|RELEASE",
        required_unless_present = "identity"
    )]
    what: Option<String>,
    /// An identity, instead
    #[arg(
        long,
        value_name = "SUBJECT",
        conflicts_with = "what",
        requires = "issuer"
    )]
    identity: Option<String>,
    /// OIDC issuer of the identity
    #[arg(long, value_name = "URL", requires = "identity")]
    issuer: Option<String>,
    /// How many of the keys that are left have to sign
    #[arg(long, value_name = "NUMBER")]
    threshold: Option<NonZeroU32>,
}

/// Take a release only with this digest; or an index only with this root
#[derive(Debug, Args)]
pub(crate) struct Pin {
    /// A release like acme/json@1.2.0, or the URL or directory of an index
    #[arg(value_name = "RELEASE|INDEX")]
    what: String,
    /// The digest of the release's manifest, or the file with the index's root metadata
    #[arg(value_name = "DIGEST|ROOT")]
    to: String,
    /// In place of another pin
    #[arg(long)]
    replace: bool,
}

impl Trust {
    pub(super) fn execute(self) -> Result<Exit> {
        match self {
            Self::Add(verb) => verb.execute(),
            Self::List(_) => list(),
            Self::Revoke(verb) => verb.execute(),
            Self::Remove(verb) => verb.execute(),
            Self::Pin(verb) => verb.execute(),
        }
    }
}

impl Add {
    fn execute(self) -> Result<Exit> {
        let grant = Grant {
            publisher: self.publisher.unwrap_or_else(|| self.namespace[0].clone()),
            namespaces: self.namespace.into_iter().collect(),
            conflict: conflict(self.replace, self.share),
            threshold: self.threshold,
        };
        let mut trust = home()?.trust()?;
        let who = match (self.identity, self.issuer, self.trusted_root) {
            (Some(subject), Some(issuer), Some(root)) => {
                let root = read_root(&root)?;
                let identity = Identity { issuer, subject };
                trust.add_identity(&identity, &root, &grant)?;
                identity.subject
            }
            _ => {
                let named = self.keys.iter().map(|path| key::public_key(Some(path)));
                let mut keys = named.collect::<Result<Vec<_>, _>>()?;
                if keys.is_empty() {
                    keys.push(key::public_key(None)?);
                }
                trust.add(&keys, &grant, self.from, self.until)?;
                let names: Vec<_> = keys.iter().map(|key| key.fingerprint()).collect();
                warn_of_expired(&trust, &names);
                let names: Vec<_> = names.iter().map(ToString::to_string).collect();
                names.join(", ")
            }
        };
        let namespaces: Vec<_> = grant.namespaces.iter().map(String::as_str).collect();
        say(&format!(
            "{} {} trusted for {}",
            escape(&who),
            if self.keys.len() > 1 { "are" } else { "is" },
            namespaces.join(", ")
        ))
    }
}

/// A key whose time is over is added all the same: what it signed can be told from what is not
/// signed.
fn warn_of_expired(trust: &dyno_package::trust::Trust, keys: &[Fingerprint]) {
    let now = jiff::Timestamp::now();
    let known = trust.list().publishers.iter().flat_map(|it| &it.keys);
    for key in known.filter(|key| keys.contains(&key.fingerprint)) {
        if let Some(until) = key.until.filter(|until| *until <= now) {
            crate::commands::warn(&format!(
                "the key {} has expired: it was valid until {until}, and nothing that it signs is accepted",
                key.fingerprint
            ));
        }
    }
}

impl Remove {
    fn execute(self) -> Result<Exit> {
        let mut trust = home()?.trust()?;
        let (what, threshold) = (self.what.unwrap_or_default(), self.threshold);
        let said = escape(&what);
        if let (Some(subject), Some(issuer)) = (self.identity, self.issuer) {
            let identity = Identity { issuer, subject };
            trust.remove_identity(&identity, threshold)?;
            return say(&format!(
                "the identity {} was removed",
                escape(&identity.subject)
            ));
        }
        let is_publisher = trust.list().publishers.iter().any(|it| it.name == what);
        let key = match what.parse::<Fingerprint>() {
            Ok(key) => Some(key),
            Err(_) if !is_publisher && Path::new(&what).is_file() => {
                Some(key::public_key(Some(Path::new(&what)))?.fingerprint())
            }
            Err(_) => None,
        };
        if let Some(key) = key {
            trust.remove_key(&key, threshold)?;
            return say(&format!("the key {key} was removed"));
        }
        if threshold.is_some() {
            return Err(UsageError("--threshold goes with a key or an identity".into()).into());
        }
        if let Ok(release) = what.parse::<Release>() {
            trust.unpin(&release)?;
            return say(&format!("{release} is no longer pinned"));
        }
        trust.remove_publisher(&what)?;
        say(&format!(
            "{said} was removed: nobody is trusted for its namespaces"
        ))
    }
}

impl Revoke {
    fn execute(self) -> Result<Exit> {
        let mut trust = home()?.trust()?;
        let fingerprint: Fingerprint = self.digest.to_string().parse()?;
        // Both are SHA-256 digests, and what is no key that is known is something to be denied.
        match trust.key(&fingerprint) {
            Some(_) => {
                trust.revoke(&fingerprint, &self.reason, jiff::Timestamp::now())?;
                say(&format!("the key {fingerprint} is trusted no more"))
            }
            None => {
                trust.deny(&self.digest, &self.reason)?;
                say(&format!(
                    "nothing with the digest {} is taken any more",
                    self.digest
                ))
            }
        }
    }
}

impl Pin {
    fn execute(self) -> Result<Exit> {
        let mut trust = home()?.trust()?;
        let conflict = conflict(self.replace, false);
        if let Ok(release) = self.what.parse::<Release>() {
            let digest: Digest = (self.to.parse()).map_err(|error: DigestError| {
                UsageError(format!(
                    "a release is pinned to the digest of its manifest: {error}"
                ))
            })?;
            trust.pin(&release, &digest, conflict)?;
            return say(&format!("{release} is pinned to {digest}"));
        }
        if self.to.starts_with("sha256:") {
            let error = self.what.parse::<Release>().err();
            let error = error.map_or_else(String::new, |error| error.to_string());
            return Err(UsageError(format!("{}: {error}", escape(&self.what))).into());
        }
        let place = index_place(&self.what);
        let root = read_root(Path::new(&self.to))?;
        trust.pin_index(&place, &root, conflict)?;
        say(&format!("the index {} is trusted", escape(&place)))
    }
}

/// An index as the policy names it: by its URL, or the whole path of its directory, even if that is
/// gone.
pub(super) fn index_place(what: &str) -> String {
    let dir = Path::new(what).canonicalize();
    let dir = dir.or_else(|error| match what.contains("://") {
        true => Err(error),
        false => std::path::absolute(what),
    });
    dir.map_or_else(|_| what.into(), |dir| dir.to_string_lossy().into_owned())
}

fn list() -> Result<Exit> {
    let trust = home()?.trust()?;
    let shown = render::trust(&mut render::terminal::stdout(), trust.list());
    crate::commands::shown(shown.map_err(Into::into))?;
    Ok(Exit::Well)
}

/// A root of trust, of Sigstore or of an index, is some pages of text.
const ROOT_BYTES_MAX: u64 = 4 << 20;

fn read_root(path: &Path) -> Result<Vec<u8>> {
    checkout::open_regular(path)
        .and_then(|file| checkout::bytes(file, ROOT_BYTES_MAX))
        .map_err(|source| {
            let path = quoted_path(path);
            FileError { path, source }.into()
        })
}

fn conflict(replace: bool, share: bool) -> Conflict {
    match (replace, share) {
        (true, _) => Conflict::Replace,
        (_, true) => Conflict::Share,
        _ => Conflict::Refuse,
    }
}

fn say(sentence: &str) -> Result<Exit> {
    crate::commands::shown(writeln!(render::terminal::stdout(), "{sentence}").map_err(Into::into))?;
    Ok(Exit::Well)
}
