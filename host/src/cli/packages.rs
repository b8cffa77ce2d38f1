//! What the verbs that deal with packages share: where packages come from, what is asked of them,
//! and the terminal on which a person is asked.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use dyno_host::package::http::{PlainHost, PlainHosts};
use dyno_host::package::id::{PackageId, Release};
use dyno_host::package::key::PublicKey;
use dyno_host::package::lock::Lock;
use dyno_host::package::manifest::meaning;
use dyno_host::package::registry::Options;
use dyno_host::package::unsigned::AllowUnsigned;
use dyno_host::package::verify::Check;
use dyno_host::packaging::{Access, Ask, Home, Opened, Plan};
use dyno_host::private_dir::PrivateDir;
use dyno_host::quantity;
use dyno_host::render::{escape, terminal};
use dyno_host::report::model::LimitKind;
use dyno_host::sandbox::{LimitUnit, Limits};
use dyno_host::worker::confine;
use dyno_host::worker::{Cancel, Supervisor};

use super::{Context as _, Result, UsageError, paths};

/// How packages are got at, for every verb that takes one.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Packages")]
pub(super) struct AccessArgs {
    /// Accept unsigned packages (not remembered); one whose namespace has a publisher, or that replaces
    /// a signed one, only by name: --allow-unsigned=acme/json
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
    pub(super) fn access(&self, limits: &Limits) -> Result<Access> {
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
        Ok(Access {
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
    pub(super) fn access(&self) -> Result<Access> {
        self.access.access(&self.component.limits())
    }
}

/// Shows what went on although something was amiss.
pub(super) fn warn_of(access: &Access) {
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

/// Workers for a verb that runs no session. Whoever interrupts it ends this process, and with it
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
pub(super) fn desk() -> Result<PrivateDir> {
    PrivateDir::new().context("no temporary directory can be made")
}

/// Shows nothing of what was checked.
pub(super) fn quietly(_: Check) {}

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
