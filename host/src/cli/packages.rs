//! What the verbs that deal with packages share: where packages come from, what is asked of them,
//! and the terminal on which a person is asked.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use clap::Args;
use dyno_host::package::id::Release;
use dyno_host::package::key::PublicKey;
use dyno_host::package::lock::Lock;
use dyno_host::package::manifest::meaning;
use dyno_host::package::registry::Options;
use dyno_host::package::verify::Check;
use dyno_host::packaging::{Access, Ask, Home, Opened, Plan};
use dyno_host::quantity;
use dyno_host::render::escape;
use dyno_host::report::model::LimitKind;
use dyno_host::sandbox::{LimitUnit, Limits};
use dyno_host::worker::confine;
use dyno_host::worker::{Cancel, Supervisor};

use super::{UsageError, paths};

/// How packages are got at, for every verb that takes one.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Packages")]
pub(super) struct AccessArgs {
    /// Take a package that nobody signed, this once
    #[arg(long)]
    allow_unsigned: bool,
    /// Leave the network alone
    #[arg(long)]
    offline: bool,
    /// Take nothing but what dyno.lock holds, to the byte
    #[arg(long)]
    locked: bool,
    /// Talk http to a registry on this machine
    #[arg(long)]
    plain_http: bool,
}

impl AccessArgs {
    pub(super) fn access(&self, limits: &Limits) -> anyhow::Result<Access> {
        let locked = match self.locked {
            true => Some(Lock::read(&paths::project())?),
            false => None,
        };
        if self.allow_unsigned {
            super::warn("--allow-unsigned: nobody answers for what is not signed");
        }
        Ok(Access {
            home: home()?,
            limits: limits.clone(),
            allow_unsigned: self.allow_unsigned,
            offline: self.offline,
            registry: Options {
                plain_http: self.plain_http,
                ..Options::default()
            },
            locked,
            opened: Opened::default(),
        })
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
    pub(super) fn access(&self) -> anyhow::Result<Access> {
        self.access.access(&self.component.limits())
    }
}

/// The user's directory for keys, trust and packages.
pub(super) fn home() -> anyhow::Result<Home> {
    paths::home().map(Home).ok_or_else(|| {
        UsageError(
            "there is no HOME to keep keys and packages in: DYNO_HOME can name a directory".into(),
        )
        .into()
    })
}

/// Workers for a verb that runs no session. Whoever interrupts it ends this process, and with it
/// the worker.
pub(super) fn supervisor() -> anyhow::Result<Supervisor> {
    let supervisor = Supervisor::new(Cancel::never())?;
    // A session keeps these with its run.
    for warning in confine::unprotected(&confine::active()) {
        super::warn(&warning);
    }
    Ok(supervisor)
}

/// A directory for what is being looked at, which goes when the verb ends.
pub(super) fn desk() -> anyhow::Result<tempfile::TempDir> {
    Ok(tempfile::TempDir::with_prefix("dyno-")?)
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
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks for a yes. Anything else is a no.
fn agrees(question: &str) -> bool {
    let mut err = anstream::stderr();
    if write!(err, "{question} [y/N] ")
        .and_then(|()| err.flush())
        .is_err()
    {
        return false;
    }
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes" | "Yes")
}

/// The public key beside a signing key.
pub(super) fn public_path(key: &std::path::Path) -> PathBuf {
    key.with_extension("pub")
}
