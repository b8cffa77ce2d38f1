//! What the user grants to plugins, as flags.

use std::env::VarError;
use std::path::PathBuf;

use clap::Args;
use dyno_model::quoted::quoted;
use dyno_model::{Access, DirGrant, Features, Grants, Proposal, Stub, Variables, all};

use super::choice::one_of;
use super::{Result, UsageError};

/// What the user grants; without these, nothing.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Grants")]
pub(super) struct GrantArgs {
    /// Let plugins read the directory HOST as GUEST
    #[arg(long, value_name = "HOST::GUEST", value_parser = mapping)]
    dir: Vec<(PathBuf, String)>,
    /// Let plugins read and write a copy of the directory HOST as GUEST, thrown away after each
    /// process
    #[arg(long, value_name = "HOST::GUEST", value_parser = mapping)]
    dir_rw: Vec<(PathBuf, String)>,
    /// Give plugins an environment variable; NAME alone has the value that dyno's own environment
    /// gives it
    // Taken as it is: clap would repeat what it refuses.
    #[arg(long, value_name = "NAME[=VALUE]")]
    env: Vec<String>,
    /// Give plugins a command-line argument
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    arg: Vec<String>,
    /// Let each plugin read the directory that it lies in, as '.'
    #[arg(long)]
    own_dir: bool,
    /// Give plugins this file as their stdin
    #[arg(long, value_name = "FILE")]
    stdin: Option<PathBuf>,
    /// Switch on proposals to WebAssembly
    #[arg(long, value_name = "PROPOSAL", value_delimiter = ',', value_parser = one_of(all::<Proposal>(), |_| ""))]
    wasm: Vec<Proposal>,
    /// Let plugins import what they never call: a call ends them
    #[arg(long, value_name = "INTERFACE", value_delimiter = ',', value_parser = one_of(all::<Stub>(), |_| ""))]
    deny_stubs: Vec<Stub>,
}

impl GrantArgs {
    /// What they grant.
    pub(super) fn grants(&self) -> Result<Grants> {
        let read = self
            .dir
            .iter()
            .map(|(host, guest)| (host, guest, Access::Read));
        let scratch = self
            .dir_rw
            .iter()
            .map(|(host, guest)| (host, guest, Access::Scratch));
        let dirs = read.chain(scratch);
        let name = |text: &String| variable(text).map(|(name, _)| name.to_owned());
        Ok(Grants {
            dirs: dirs
                .map(|(host, guest, access)| DirGrant::new(host.clone(), guest.clone(), access))
                .collect(),
            env: self.env.iter().map(name).collect::<Result<_, _>>()?,
            args: self.arg.clone(),
            own_dir: self.own_dir,
            stdin: self.stdin.clone(),
            features: Features {
                wasm: self.wasm.iter().copied().collect(),
                deny_stubs: self.deny_stubs.iter().copied().collect(),
            },
        })
    }

    /// The values of variables that were given here. Those of a request that grants them, and no
    /// others.
    pub(super) fn variables(&self, grants: &Grants) -> Result<Variables> {
        let mut variables = Variables::default();
        for text in &self.env {
            let (name, value) = variable(text)?;
            if !grants.env.iter().any(|granted| granted == name) {
                let name = quoted(name);
                let message = format!("--env {name}: the request does not grant this variable");
                return Err(UsageError(message).into());
            }
            let value = match value {
                Some(value) => value.to_owned(),
                None => inherited(name)?,
            };
            variables.add(name.to_owned(), value);
        }
        Ok(variables)
    }
}

fn mapping(text: &str) -> Result<(PathBuf, String), String> {
    let (host, guest) = text.split_once("::").unwrap_or((text, text));
    if host.is_empty() || guest.is_empty() {
        return Err("expected HOST::GUEST, such as ./data::/data".into());
    }
    Ok((host.into(), guest.into()))
}

/// A variable that is granted: its name, and its value unless it has the one of the environment.
/// What is wrong with one is said without its value, which may be a secret.
fn variable(text: &str) -> Result<(&str, Option<&str>), UsageError> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name, Some(value))),
        None if !text.is_empty() => Ok((text, None)),
        _ => Err(UsageError(
            "--env: expected NAME=VALUE, or NAME for the value that it has here".into(),
        )),
    }
}

/// The value that a variable has here.
fn inherited(name: &str) -> Result<String, UsageError> {
    std::env::var(name).map_err(|error| {
        UsageError(match error {
            VarError::NotPresent => {
                format!("--env: {name} is not set here: set it, or write {name}=VALUE")
            }
            VarError::NotUnicode(_) => format!(
                "--env: what {name} is set to here is not UTF-8, which variables of plugins are"
            ),
        })
    })
}
