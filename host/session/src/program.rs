//! What programs get and must give, from flags, manifests and the files beside them.

use std::path::Path;

use super::Host;
use super::request::Request;
use super::subject::Subject;
use dyno_job::ProgramJob;
use dyno_model::{Access, Grants, Limits, PluginKind, Reach, ReachDir};
use dyno_plugin::{Input, InputError, Source};

/// What a program gets and must give: what the user says, or else its manifest or what stands
/// beside it.
pub(super) fn program(
    source: &Source,
    request: &Request,
    dir: &Path,
) -> Result<ProgramJob, InputError> {
    let stdin = match &request.grants.stdin {
        Some(path) => Some(Input::open(path)?),
        None => source.stdin()?,
    };
    let expected = match &request.expected_stdout {
        Some(path) => Some(Input::open(path)?),
        None => source.expected_stdout()?,
    };
    let expected = expected.map(|input| Ok((input.name.clone(), input.copy(dir)?)));
    Ok(ProgramJob {
        name: match &request.name {
            Some(name) => name.clone(),
            None => source.program_name(),
        },
        stdin: stdin.map(|input| input.copy(dir)).transpose()?,
        expected: expected.transpose()?,
    })
}

impl Subject {
    /// What it may reach: what the user grants to all, and what is its own.
    pub(super) fn reach(&self, request: &Request, host: &Host) -> Reach {
        let mut reach = Reach::of(&request.grants, &host.variables);
        let Some(source) = self.source() else {
            return reach;
        };
        if let Some(manifest) = &source.manifest
            && reach.args.is_empty()
        {
            reach.args.clone_from(&manifest.program.args);
        }
        if request.grants.own_dir {
            // A worker has no working directory of its own.
            let own = source.own_dir();
            let host = own.canonicalize().unwrap_or_else(|_| own.into());
            let dir = ReachDir::new(host, ".".into(), Access::Read);
            reach.dirs.push(dir);
        }
        self.add_own(&mut reach);
        reach
    }

    /// What a program that failed would probably have needed: a file beside it, which nobody let it
    /// read.
    pub(super) fn advice(&self, grants: &Grants, limits: &Limits) -> Option<String> {
        let is_closed = !grants.own_dir && grants.dirs.is_empty();
        let source = self.source().filter(|_| is_closed)?;
        if self.plugin.kind != Some(PluginKind::Command) {
            return None;
        }
        let file = source.wanted_neighbour(limits)?;
        Some(format!(
            "it names {file:?}, which lies beside it: let it read its own directory with --own-dir"
        ))
    }
}
