//! What the verbs that deal with packages share: where packages come from, what is asked of them,
//! and the terminal on which a person is asked.

mod index;
mod install;
mod key;
mod pack;
mod publish;
mod search;
mod transfer;
mod trust;
mod verify;

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use crate::render::terminal;
use clap::{Args, Subcommand};
use dyno_files::private_dir::PrivateDir;
use dyno_job::{Cancel, Supervisor};
use dyno_model as model;
use dyno_model::{Classify, Fault, LimitKind, LimitUnit, Limits, ReachDir, chain, quantity};
use dyno_package::http::{PlainHost, PlainHosts};
use dyno_package::key::PublicKey;
use dyno_package::kind::{self, DATA};
use dyno_package::lock::Lock;
use dyno_package::manifest::meaning;
use dyno_package::packaging::{self, Ask, Home, Opened, PackageAccess, Plan};
use dyno_package::registry::Options;
use dyno_package::unsigned::AllowUnsigned;
use dyno_package::verify::Check;
use dyno_plugin::id::{PackageId, Release};
use dyno_plugin::{PackageSpec, SourceError};
use dyno_session::{Provided, Provider};
use dyno_system::confine;
use dyno_wording::escape;
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;

use super::{AbsentError, Context as _, Exit, Result, UsageError, paths};

/// The commands for packages, keys, trust and indexes.
#[derive(Debug, Subcommand)]
pub(super) enum PackageVerb {
    Pack(pack::Pack),
    Sign(pack::Sign),
    Verify(verify::Verify),
    Inspect(transfer::Inspect),
    Push(transfer::Push),
    Pull(transfer::Pull),
    Publish(publish::Publish),
    Search(search::Search),
    Install(install::Install),
    Update(install::Update),
    Uninstall(install::Uninstall),
    Installed(install::Installed),
    #[command(subcommand)]
    Key(key::Key),
    #[command(subcommand)]
    Trust(trust::Trust),
    #[command(subcommand)]
    Index(index::Index),
}

impl PackageVerb {
    pub(super) fn execute(self, verbose: bool) -> Result<Exit> {
        match self {
            Self::Pack(verb) => verb.execute(verbose),
            Self::Sign(verb) => verb.execute(),
            Self::Verify(verb) => verb.execute(),
            Self::Inspect(verb) => verb.execute(),
            Self::Push(verb) => verb.execute(),
            Self::Pull(verb) => verb.execute(),
            Self::Publish(verb) => verb.execute(verbose),
            Self::Search(verb) => verb.execute(),
            Self::Install(verb) => verb.execute(),
            Self::Update(verb) => verb.execute(),
            Self::Uninstall(verb) => verb.execute(),
            Self::Installed(verb) => verb.execute(),
            Self::Key(verb) => verb.execute(),
            Self::Trust(verb) => verb.execute(),
            Self::Index(verb) => verb.execute(),
        }
    }
}

/// How packages are got at, for every verb that takes one.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Packages")]
pub(super) struct AccessArgs {
    /// Accept unsigned packages (not remembered); one whose namespace has a publisher, or that
    /// replaces a signed one, only by name: --allow-unsigned=acme/json
    #[arg(
        long,
        value_name = "ID",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        value_parser = or_any::<PackageId>
    )]
    allow_unsigned: Vec<Option<PackageId>>,
    /// Leave the network alone
    #[arg(long)]
    offline: bool,
    /// Take nothing but what dyno.lock holds, to the byte
    #[arg(long)]
    locked: bool,
    /// Use plain http for a registry on this machine, or for the named one, which then gets no
    /// credentials: --plain-http=192.0.2.7:5000
    #[arg(
        long,
        value_name = "HOST[:PORT]",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        value_parser = or_any::<PlainHost>
    )]
    plain_http: Vec<Option<PlainHost>>,
}

impl AccessArgs {
    /// Where a session gets packages from.
    pub(super) fn provider(&self, limits: &Limits) -> Result<Arc<dyn Provider>> {
        let access = match paths::home() {
            Some(_) => Some(self.access(limits)?),
            None => None,
        };
        Ok(Arc::new(Packages { access }))
    }

    pub(super) fn access(&self, limits: &Limits) -> Result<PackageAccess> {
        let locked = match self.locked {
            true => Some(Lock::read(&paths::project())?),
            false => None,
        };
        let allow_unsigned = AllowUnsigned {
            any: self.allow_unsigned.contains(&None),
            named: self.allow_unsigned.iter().flatten().cloned().collect(),
        };
        if !allow_unsigned.is_empty() {
            super::warn("--allow-unsigned: nobody answers for what is not signed");
        }
        Ok(PackageAccess {
            home: home()?,
            limits: limits.clone(),
            allow_unsigned,
            offline: self.offline,
            registry: Options {
                plain_http: self.plain_http.contains(&None),
                plain_hosts: PlainHosts(self.plain_http.iter().flatten().cloned().collect()),
                ..Options::default()
            },
            locked,
            opened: Opened::default(),
        })
    }
}

/// The value of a flag that may stand alone, and then means any.
fn or_any<T: FromStr>(text: &str) -> Result<Option<T>, T::Err> {
    match text {
        "" => Ok(None),
        text => text.parse().map(Some),
    }
}

/// The same, for verbs that run nothing.
#[derive(Debug, Clone, Args)]
pub(super) struct PackageArgs {
    #[command(flatten)]
    access: AccessArgs,
    #[command(flatten)]
    component: ComponentArg,
}

/// The one limit that matters to what runs nothing.
#[derive(Debug, Clone, Args)]
pub(super) struct ComponentArg {
    /// Cap: bytes of a component's file [default: 32MiB]
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    component: Option<u64>,
}

impl ComponentArg {
    pub(super) fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        if let Some(component) = self.component {
            limits.set(LimitKind::Component, component);
        }
        limits
    }
}

fn bytes(text: &str) -> Result<u64, quantity::QuantityError> {
    quantity::parse(text, LimitUnit::Bytes)
}

impl PackageArgs {
    pub(super) fn access(&self) -> Result<PackageAccess> {
        self.access.access(&self.component.limits())
    }
}

/// A file that the user named cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{path}")]
pub(super) struct FileError {
    pub(super) path: String,
    pub(super) source: std::io::Error,
}

impl Classify for FileError {
    fn fault(&self) -> Fault {
        Fault::of_named_file(&self.source)
    }
}

/// Shows what went on although something was amiss.
pub(super) fn warn_of(access: &PackageAccess) {
    let warnings = access.take_warnings();
    warnings.iter().for_each(|sentence| super::warn(sentence));
}

/// The user's directory for keys, trust and packages.
pub(super) fn home() -> Result<Home> {
    paths::home().map(Home).ok_or_else(|| {
        UsageError(
            "there is no HOME to keep keys and packages in: DYNO_HOME can name a directory".into(),
        )
        .into()
    })
}

/// Workers for a verb that runs no session. An interrupt ends this process, and with it
/// the worker.
pub(super) fn supervisor() -> Result<Supervisor> {
    let supervisor = Supervisor::new(Cancel::never())?;
    // A session keeps these with its run.
    for warning in confine::unprotected(&confine::active()) {
        super::warn(&warning);
    }
    Ok(supervisor)
}

/// A directory for what is being looked at, which goes when the verb ends.
pub(super) fn staging_dir() -> Result<PrivateDir> {
    PrivateDir::new().context("no temporary directory can be made")
}

/// Shows nothing of what was checked.
pub(super) fn quietly(_: Check) {}

/// Packages as plugins of a session.
#[derive(Debug)]
struct Packages {
    /// How packages are got at; none if there is nowhere to keep them.
    access: Option<PackageAccess>,
}

impl Provider for Packages {
    fn provides(&self, operand: &Path) -> bool {
        PackageSpec::of(operand).is_some()
    }

    fn provide<'a>(
        &'a self,
        operand: &'a Path,
        supervisor: &'a Supervisor,
        dir: &'a Path,
    ) -> LocalBoxFuture<'a, Result<Provided, SourceError>> {
        async move {
            let failed = |fault, sentence| SourceError::Package { sentence, fault };
            let wrong = |sentence: &str| failed(Fault::Usage, sentence.into());
            let named = PackageSpec::of(operand).ok_or_else(|| wrong("it is no package"))?;
            let access = self.access.as_ref();
            let access = access.ok_or_else(|| {
                wrong("there is no HOME with installed packages and trusted keys")
            })?;
            let mut person = Person { yes: false };
            let mut on = quietly;
            let opened = access.open(&named, supervisor, dir, &mut person, &mut on);
            let package = opened
                .await
                .map_err(|error| failed(error.fault(), chain(&error)))?;
            let started = kind::start(package.content)
                .map_err(|error| failed(Fault::Refused, format!("{named}: {}", chain(&error))))?;
            let data = started.dir.path().join(DATA);
            Ok(Provided {
                release: started.release.to_string(),
                manifest: started.manifest,
                env: started.env,
                data: data
                    .is_dir()
                    .then(|| ReachDir::new(data, format!("/{DATA}"), model::Access::Read)),
                dir: started.dir,
            })
        }
        .boxed_local()
    }
}

/// The person at the terminal, if there is one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    /// Whether everything that a package asks for is agreed to. Says nothing of whom to trust.
    pub(super) yes: bool,
}

impl Ask for Person {
    fn trust(&mut self, release: &Release, key: &PublicKey) -> bool {
        if !is_there() {
            return false;
        }
        let namespace = release.id.namespace();
        let question = format!(
            "{release} is signed by a key that you have not seen before:\n\n    {}\n\nCompare it with what the publisher of `{namespace}` says elsewhere. Trust it for `{namespace}` from now on?",
            key.fingerprint()
        );
        agrees(&question)
    }

    fn consent(&mut self, plan: &Plan) -> bool {
        if self.yes {
            return true;
        }
        if !is_there() {
            return false;
        }
        let mut question = String::new();
        for change in plan.changes() {
            let asks = change.asks();
            if asks.is_empty() {
                continue;
            }
            question.push_str(&format!("{} asks for\n", change.release));
            for ask in asks {
                question.push_str(&format!("    {:18} {}\n", escape(ask), meaning(ask)));
            }
        }
        question.push_str("Install?");
        agrees(&question)
    }
}

fn is_there() -> bool {
    std::io::stdin().is_terminal() && terminal::is_stderr_terminal()
}

/// Asks for a yes. Anything else is a no.
fn agrees(question: &str) -> bool {
    if ask(question).is_err() {
        return false;
    }
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes" | "Yes")
}

/// Shows a question of ours, the end of whose last line the answer is.
fn ask(question: &str) -> std::io::Result<()> {
    let mut err = terminal::stderr();
    let (above, last) = question.rsplit_once('\n').unwrap_or(("", question));
    above.lines().try_for_each(|line| writeln!(err, "{line}"))?;
    write!(err, "{last} [y/N] ")?;
    err.flush()
}

/// The public key beside a signing key.
pub(super) fn public_path(key: &std::path::Path) -> PathBuf {
    key.with_extension("pub")
}

/// Whether a text names a package even where a path or a baseline has this name.
pub(super) fn is_claimed(text: &str) -> Result<bool> {
    let home = paths::home().map(Home);
    let claimed =
        PackageSpec::package(text).map(|named| packaging::is_claimed(&named, home.as_ref()));
    Ok(claimed.transpose()?.unwrap_or_default())
}

/// What a package on the command line is: a file, a reference or an id.
fn named(path: &Path) -> Result<PackageSpec> {
    let text = path.to_str().and_then(PackageSpec::package);
    // What is no file, or would be the package all the same.
    let package = text.filter(|named| named.says_which() || !path.is_file());
    package.or_else(|| PackageSpec::of(path)).ok_or_else(|| {
        let is_file = path.extension().is_some_and(|extension| extension == "tar");
        let is_there = path.exists();
        let path = escape(&path.to_string_lossy());
        if is_there {
            return UsageError(format!("{path} is not a package file: that is a regular file NAME.oci.tar")).into();
        }
        if is_file {
            return AbsentError(format!("there is no package file {path}")).into();
        }
        UsageError(format!(
            "{path} names no package: that is a file NAME.oci.tar, a reference like HOST/REPOSITORY:TAG, or an id like namespace/name@1.2"
        ))
        .into()
    })
}
