//! `dyno trust`: whose signatures count.

use std::fs;
use std::io::Write as _;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use dyno_host::package::id::Release;
use dyno_host::package::key::Fingerprint;
use dyno_host::package::keyless::Identity;
use dyno_host::package::trust::{Conflict, Grant};
use dyno_host::plugin::{Digest, DigestError};
use dyno_host::render::{self, escape};

use super::packages::home;
use super::{Exit, UsageError, key};

/// Say whose packages to trust, and which never to take
#[derive(Debug, Subcommand)]
pub(super) enum Trust {
    Add(Add),
    List(List),
    Revoke(Revoke),
    Pin(Pin),
}

/// Trust a publisher's key, or identity, for namespaces
#[derive(Debug, Args)]
pub(super) struct Add {
    /// The publisher's public key [default: your own]
    #[arg(value_name = "KEY")]
    key: Option<PathBuf>,
    /// The namespaces that it is good for
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
    /// How many of the publisher's keys have to sign
    #[arg(long, value_name = "NUMBER")]
    threshold: Option<NonZeroU32>,
    /// Instead of a key, somebody's identity as a certificate names it: an address or a workflow
    #[arg(long, value_name = "SUBJECT", conflicts_with = "key", requires_all = ["issuer", "trusted_root"])]
    identity: Option<String>,
    /// Who vouches for the identity, such as `https://token.actions.githubusercontent.com`
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
pub(super) struct List {}

/// Trust a key no more, or never take a package with this digest
#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// A key's fingerprint, or the digest of a manifest or component: both are sha256:…
    #[arg(value_name = "DIGEST")]
    digest: Digest,
    /// Why, for whoever reads the refusal
    #[arg(long, default_value = "no reason was given", value_name = "TEXT")]
    reason: String,
}

/// Take a release only with this digest; or an index only with this root
#[derive(Debug, Args)]
pub(super) struct Pin {
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
    pub(super) fn execute(self) -> anyhow::Result<Exit> {
        match self {
            Self::Add(verb) => verb.execute(),
            Self::List(_) => list(),
            Self::Revoke(verb) => verb.execute(),
            Self::Pin(verb) => verb.execute(),
        }
    }
}

impl Add {
    fn execute(self) -> anyhow::Result<Exit> {
        let grant = Grant {
            publisher: self.publisher.unwrap_or_else(|| self.namespace[0].clone()),
            namespaces: self.namespace.into_iter().collect(),
            conflict: conflict(self.replace, self.share),
        };
        let mut trust = home()?.trust()?;
        let who = match (&self.key, self.identity, self.issuer, self.trusted_root) {
            (_, Some(subject), Some(issuer), Some(root)) => {
                let root = fs::read(&root).with_context(|| format!("{}", root.display()))?;
                let identity = Identity { issuer, subject };
                trust.add_identity(&identity, &root, &grant)?;
                identity.subject
            }
            (path, ..) => {
                let key = key::public_key(path.as_deref())?;
                trust.add(&key, &grant, self.from, self.until)?;
                key.fingerprint().to_string()
            }
        };
        if let Some(threshold) = self.threshold {
            trust.set_threshold(&grant.publisher, threshold)?;
        }
        let namespaces: Vec<_> = grant.namespaces.iter().map(String::as_str).collect();
        say(&format!(
            "{} is trusted for {}",
            escape(&who),
            namespaces.join(", ")
        ))
    }
}

impl Revoke {
    fn execute(self) -> anyhow::Result<Exit> {
        let mut trust = home()?.trust()?;
        let fingerprint: Fingerprint = self.digest.to_string().parse()?;
        // Both are SHA-256 digests, and what is no key that is known is something to be killed.
        match trust.key(&fingerprint) {
            Some(_) => {
                trust.revoke(&fingerprint, &self.reason, jiff::Timestamp::now())?;
                say(&format!("the key {fingerprint} is trusted no more"))
            }
            None => {
                trust.kill(&self.digest, &self.reason)?;
                say(&format!(
                    "nothing with the digest {} is taken any more",
                    self.digest
                ))
            }
        }
    }
}

impl Pin {
    fn execute(self) -> anyhow::Result<Exit> {
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
        let place = match Path::new(&self.what).canonicalize() {
            Ok(dir) => dir.to_string_lossy().into_owned(),
            Err(_) => self.what,
        };
        let root = fs::read(&self.to).with_context(|| self.to.clone())?;
        trust.pin_index(&place, &root, conflict)?;
        say(&format!("the index {} is trusted", escape(&place)))
    }
}

fn list() -> anyhow::Result<Exit> {
    let trust = home()?.trust()?;
    let shown = render::trust(&mut render::terminal::stdout(), trust.list());
    super::shown(shown.map_err(Into::into))?;
    Ok(Exit::Well)
}

fn conflict(replace: bool, share: bool) -> Conflict {
    match (replace, share) {
        (true, _) => Conflict::Replace,
        (_, true) => Conflict::Share,
        _ => Conflict::Refuse,
    }
}

fn say(sentence: &str) -> anyhow::Result<Exit> {
    super::shown(writeln!(render::terminal::stdout(), "{sentence}").map_err(Into::into))?;
    Ok(Exit::Well)
}
