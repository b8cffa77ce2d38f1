//! What a plugin of a session may reach, and what it would have needed.

use super::Host;
use super::request::Request;
use super::subject::Subject;
use dyno_model::{Access, Grants, Limits, PluginKind, Reach, ReachDir};

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

    /// What a program that failed would probably have needed: a file beside it, which it was not
    /// allowed to read.
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
