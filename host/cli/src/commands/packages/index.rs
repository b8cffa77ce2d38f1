//! `dyno index`: keep an index of packages for others.

use std::io::Write as _;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use crate::render::terminal;
use clap::{Args, Subcommand};
use dyno_package::key::Fingerprint;
use dyno_package::packaging::{self, KeepersChange, Keeping};
use dyno_plugin::id::Release;
use dyno_wording::escape;

use super::{PackageArgs, Person, home, staging_dir, supervisor};
use super::{key, named, trust};
use crate::commands::{AbsentError, Error, Exit, Result};

/// Keep an index of packages, by which others find and update them
#[derive(Debug, Subcommand)]
pub(crate) enum Index {
    Build(Build),
    Sign(Sign),
    Yank(Yank),
    Keepers(Keepers),
    Unpin(Unpin),
    ServeDir(ServeDir),
}

/// Add packages to an index, which is made if it is not there, and sign it
///
/// The index is a TUF repository of plain files that any web server can serve. Package files are
/// copied into it; of a package in a registry (HOST/REPOSITORY:TAG) the digest is kept.
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// The directory of the index
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Package files, or references to packages in a registry
    #[arg(value_name = "PACKAGE")]
    packages: Vec<PathBuf>,
    #[command(flatten)]
    keys: Keys,
    #[command(flatten)]
    args: PackageArgs,
}

/// What an index is signed with.
#[derive(Debug, Args)]
struct Keys {
    /// A key to sign with, once for each that has to [default: the one that `dyno key generate`
    /// made]
    #[arg(long = "key", value_name = "FILE")]
    keys: Vec<PathBuf>,
}

/// Sign an index anew, so that it does not expire
#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// The directory of the index
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Renew this role, too, which is signed for a year: root, targets or a namespace
    #[arg(long, value_name = "ROLE")]
    renew: Vec<String>,
    #[command(flatten)]
    keys: Keys,
}

/// Take releases back: they are no longer found or chosen, and those who have them locked still get
/// them
#[derive(Debug, Args)]
pub(crate) struct Yank {
    /// The directory of the index
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Releases like acme/json@1.2.0
    #[arg(required = true, value_name = "RELEASE")]
    releases: Vec<Release>,
    /// Offer them again
    #[arg(long)]
    undo: bool,
    #[command(flatten)]
    keys: Keys,
}

/// Show or change who signs for which role of an index, and how many have to
///
/// Without --add, --remove or --threshold it shows. A change to root, targets, snapshot or
/// timestamp is signed by all four, and by the keys of the root so far; one to a namespace by its
/// new keys, targets, snapshot and timestamp. All keys that have to sign are given with --key.
#[derive(Debug, Args)]
pub(crate) struct Keepers {
    /// The directory of the index
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// root, targets, snapshot, timestamp or a namespace
    #[arg(value_name = "ROLE")]
    role: Option<String>,
    /// A public key that may sign for the role, too
    #[arg(long, value_name = "KEY", requires = "role")]
    add: Vec<PathBuf>,
    /// The fingerprint of a key that may no longer
    #[arg(long, value_name = "FINGERPRINT", requires = "role")]
    remove: Vec<Fingerprint>,
    /// How many of the role's keys have to sign
    #[arg(long, value_name = "NUMBER", requires = "role")]
    threshold: Option<NonZeroU64>,
    #[command(flatten)]
    keys: Keys,
}

/// Stop using an index that `dyno trust pin` pinned
///
/// What was seen of it is remembered, so that an older state of it is still refused if it is pinned
/// again.
#[derive(Debug, Args)]
pub(crate) struct Unpin {
    /// Its URL or directory
    #[arg(value_name = "INDEX")]
    index: String,
}

/// Serve a directory, such as an index, over http, to this machine unless told otherwise
#[derive(Debug, Args)]
pub(crate) struct ServeDir {
    /// The directory
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:8400", value_name = "ADDRESS")]
    listen: SocketAddr,
}

impl Index {
    pub(super) fn execute(self) -> Result<Exit> {
        match self {
            Self::Build(verb) => verb.execute(),
            Self::Sign(verb) => verb.execute(),
            Self::Yank(verb) => verb.execute(),
            Self::Keepers(verb) => verb.execute(),
            Self::Unpin(verb) => verb.execute(),
            Self::ServeDir(verb) => verb.execute(),
        }
    }
}

impl Unpin {
    fn execute(self) -> Result<Exit> {
        let place = trust::index_place(&self.index);
        home()?.trust()?.unpin_index(&place)?;
        let written = writeln!(
            terminal::stdout(),
            "the index {} is no longer used",
            escape(&place)
        );
        crate::commands::shown(written.map_err(Into::into))?;
        Ok(Exit::Well)
    }
}

impl Build {
    fn execute(self) -> Result<Exit> {
        let access = self.args.access()?;
        let packages =
            (self.packages.iter().map(|path| named(path))).collect::<Result<Vec<_>, _>>()?;
        let keys = key::signing_keys(&self.keys.keys)?;
        let (supervisor, staging_dir) = (supervisor()?, staging_dir()?);
        let mut person = Person { yes: false };
        let listed = access.list(
            &self.dir,
            &packages,
            &keys,
            &supervisor,
            staging_dir.path(),
            &mut person,
        );
        let listed = crate::commands::until_interrupted(listed)?;
        let dir = escape(&self.dir.display().to_string());
        let written = || {
            let mut out = terminal::stdout();
            for release in &listed {
                writeln!(out, "listed {release}")?;
            }
            writeln!(
                out,
                "signed {dir}: others trust it with `dyno trust pin URL {dir}/metadata/1.root.json`"
            )
        };
        crate::commands::shown(written().map_err(Into::into))?;
        Ok(Exit::Well)
    }
}

impl Sign {
    fn execute(self) -> Result<Exit> {
        keep(&self.dir, &Keeping::Renew(self.renew), &self.keys)
    }
}

impl Yank {
    fn execute(self) -> Result<Exit> {
        let said = if self.undo { "offered again" } else { "yanked" };
        let lines = self.releases.iter().map(|it| format!("{said} {it}"));
        let lines: Vec<String> = lines.collect();
        let exit = keep(
            &self.dir,
            &Keeping::Yank(self.releases, !self.undo),
            &self.keys,
        )?;
        let mut out = terminal::stdout();
        let shown = lines.iter().try_for_each(|line| writeln!(out, "{line}"));
        crate::commands::shown(shown.map_err(Into::into))?;
        Ok(exit)
    }
}

impl Keepers {
    fn execute(self) -> Result<Exit> {
        let add = self.add.iter().map(|path| key::public_key(Some(path)));
        let change = KeepersChange {
            add: add.collect::<Result<_, _>>()?,
            remove: self.remove,
            threshold: self.threshold,
        };
        let is_change =
            !change.add.is_empty() || !change.remove.is_empty() || change.threshold.is_some();
        if let (Some(role), true) = (&self.role, is_change) {
            return keep(&self.dir, &Keeping::Hold(role.clone(), change), &self.keys);
        }
        let keepers = crate::commands::until_interrupted(packaging::keepers(&self.dir))?;
        let mut out = terminal::stdout();
        let mut shown = keepers
            .iter()
            .filter(|(role, _)| self.role.as_ref().is_none_or(|wanted| wanted == role))
            .peekable();
        if shown.peek().is_none() {
            return Err(AbsentError(
                "the index has no such role: root, targets, snapshot, timestamp or a namespace"
                    .into(),
            )
            .into());
        }
        let result = shown.try_for_each(|(role, holder)| {
            let (threshold, keys) = (holder.threshold, holder.keys.len());
            writeln!(out, "{role}: {threshold} of {keys}")?;
            let mut keys = holder.keys.iter();
            keys.try_for_each(|key| writeln!(out, "  {}", key.fingerprint()))
        });
        crate::commands::shown(result.map_err(Into::into))?;
        Ok(Exit::Well)
    }
}

/// Changes an index, signs it, and says so.
fn keep(dir: &Path, change: &Keeping, keys: &Keys) -> Result<Exit> {
    let keys = key::signing_keys(&keys.keys)?;
    crate::commands::until_interrupted(packaging::keep(dir, change, &keys))?;
    let dir = escape(&dir.display().to_string());
    crate::commands::shown(writeln!(terminal::stdout(), "signed {dir}").map_err(Into::into))?;
    Ok(Exit::Well)
}

impl ServeDir {
    fn execute(self) -> Result<Exit> {
        crate::commands::until_interrupted(async {
            let listener = tokio::net::TcpListener::bind(self.listen).await?;
            let address = listener.local_addr()?;
            let mut out = terminal::stdout();
            writeln!(out, "http://{address}/")?;
            out.flush()?;
            packaging::serve(self.dir, listener).await?;
            Ok::<_, Error>(Exit::Well)
        })
    }
}
