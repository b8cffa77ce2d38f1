//! `dyno index`: keep an index of packages for others.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use dyno_host::packaging;
use dyno_host::render::{escape, terminal};

use super::packages::{PackageArgs, Person, desk, supervisor};
use super::{Exit, key, named};

/// Keep an index of packages, by which others find and update them
#[derive(Debug, Subcommand)]
pub(super) enum Index {
    Build(Build),
    Sign(Sign),
    ServeDir(ServeDir),
}

/// Add packages to an index, which is made if it is not there, and sign it
///
/// The index is a TUF repository of plain files that any web server can serve. Package files are
/// copied into it; of a package in a registry (HOST/REPOSITORY:TAG) the digest is kept.
#[derive(Debug, Args)]
pub(super) struct Build {
    /// The directory of the index
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Package files, or references to packages in a registry
    #[arg(value_name = "PACKAGE")]
    packages: Vec<PathBuf>,
    /// The key to sign with [default: the one that `dyno key generate` made]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[command(flatten)]
    args: PackageArgs,
}

/// Sign an index anew, so that it does not expire
#[derive(Debug, Args)]
pub(super) struct Sign {
    /// The directory of the index
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The key to sign with [default: the one that `dyno key generate` made]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// Serve a directory, such as an index, over http, to this machine unless told otherwise
#[derive(Debug, Args)]
pub(super) struct ServeDir {
    /// The directory
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:8400", value_name = "ADDRESS")]
    listen: SocketAddr,
}

impl Index {
    pub(super) fn execute(self) -> anyhow::Result<Exit> {
        match self {
            Self::Build(verb) => verb.execute(),
            Self::Sign(verb) => verb.execute(),
            Self::ServeDir(verb) => verb.execute(),
        }
    }
}

impl Build {
    fn execute(self) -> anyhow::Result<Exit> {
        let access = self.args.access()?;
        let packages =
            (self.packages.iter().map(|path| named(path))).collect::<Result<Vec<_>, _>>()?;
        let key = key::signing_key(self.key.as_deref())?;
        let (supervisor, desk) = (supervisor()?, desk()?);
        let mut person = Person { yes: false };
        let listed = access.list(
            &self.dir,
            &packages,
            &key,
            &supervisor,
            desk.path(),
            &mut person,
        );
        let listed = super::until_interrupted(listed)?;
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
        super::shown(written().map_err(Into::into))?;
        Ok(Exit::Well)
    }
}

impl Sign {
    fn execute(self) -> anyhow::Result<Exit> {
        let key = key::signing_key(self.key.as_deref())?;
        super::until_interrupted(packaging::renew(&self.dir, &key))?;
        let dir = escape(&self.dir.display().to_string());
        super::shown(writeln!(terminal::stdout(), "signed {dir}").map_err(Into::into))?;
        Ok(Exit::Well)
    }
}

impl ServeDir {
    fn execute(self) -> anyhow::Result<Exit> {
        super::until_interrupted(async {
            let listener = tokio::net::TcpListener::bind(self.listen).await?;
            let address = listener.local_addr()?;
            let mut out = terminal::stdout();
            writeln!(out, "http://{address}/")?;
            out.flush()?;
            packaging::serve(self.dir, listener).await?;
            anyhow::Ok(Exit::Well)
        })
    }
}
