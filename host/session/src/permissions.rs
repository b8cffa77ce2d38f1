//! What is granted to a plugin of a session, and what it would have needed.

use super::subject::Subject;
use dyno_model::{Access, DirGrant, Grants, Limits, PluginKind};

impl Subject {
    /// What is granted to it: what the user grants to all, and what is its own.
    pub(super) fn grants(&self, all: &Grants) -> Grants {
        let mut grants = all.clone();
        let Some(source) = self.source() else {
            return grants;
        };
        if let Some(manifest) = &source.manifest
            && grants.args.is_empty()
        {
            grants.args.clone_from(&manifest.program.args);
        }
        if grants.own_dir {
            // A worker has no working directory of its own.
            let own = source.own_dir();
            let host = own.canonicalize().unwrap_or_else(|_| own.into());
            let grant = DirGrant::new(host, ".".into(), Access::Read);
            grants.dirs.push(grant);
        }
        self.add_own(&mut grants);
        grants
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
