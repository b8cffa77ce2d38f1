//! What a baseline keeps besides numbers: the plugins themselves, as plugin directories in a
//! content store beside the report, so that they can be run again on the machine of today.
//!
//! An entry is named by what it holds, so equal ones are kept once. Each report has a store of its
//! own, since none knows what another one beside it needs:
//!
//! ```text
//! .dyno/report.sqlite
//! .dyno/report.sqlite.components/<sha256>/{plugin.toml, component.wasm, stdin, stdout}
//! ```
//!
//! The store may come with a stranger's checkout. So what is kept is data: files that are no links,
//! each with a bound, that together hash to the name which the report has for them, and a manifest
//! without commands.

mod entry;
mod store;

use std::io;

pub use entry::source;
pub use store::Components;

use dyno_model::quoted::quoted;
use dyno_model::{Classify, Fault, Mark, Plugin, Run};

/// Why the plugins of a run cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// It is no longer what was measured.
    #[error(
        "the plugin {0} is not what was measured any more: run it again first, or save the numbers alone with --numbers-only"
    )]
    Changed(String),
    /// It cannot be found or read any more.
    #[error(
        "the plugin {name} is no longer there ({reason}): run it again first, or save the numbers alone with --numbers-only"
    )]
    Gone {
        /// Which.
        name: String,
        /// Why.
        reason: String,
    },
    /// What it reads does not lie in its component.
    #[error(
        "the plugins of this run read their own directories, which a baseline does not keep: save the numbers alone with --numbers-only"
    )]
    OwnDir,
    /// There is nothing to compare with.
    #[error(
        "the compiler removed the work of {0}, so later runs cannot be compared with it: pass inputs and results through black_box, or run the other cases alone"
    )]
    Folded(String),
    /// What was counted and what was timed do not belong together.
    #[error(
        "{0} does other work when it is timed than when it is counted, so later runs cannot be compared with it: run the other cases alone"
    )]
    Implausible(String),
    /// What was kept is gone.
    #[error(
        "the copy of the plugin {name} that this baseline kept is no longer there ({path}: {reason}): save the baseline again"
    )]
    Lost {
        /// Which.
        name: String,
        /// Where it was kept.
        path: String,
        /// Why.
        reason: io::Error,
    },
    /// It is not what was kept.
    #[error(
        "the plugin {0} of this baseline was changed where it is kept: save the baseline again"
    )]
    Tampered(String),
    /// It was not kept by us.
    #[error(
        "what this baseline has for the plugin {name} is not what dyno keeps ({what}): save the baseline again"
    )]
    Forged {
        /// Which.
        name: String,
        /// By what it is known.
        what: String,
    },
    /// The store cannot be written.
    #[error("{path} cannot be written")]
    Write {
        /// Where.
        path: String,
        /// Why.
        source: io::Error,
    },
}

impl Classify for KeepError {
    fn fault(&self) -> Fault {
        match self {
            Self::Changed(_) | Self::OwnDir | Self::Folded(_) | Self::Implausible(_) => {
                Fault::Usage
            }
            Self::Gone { .. } => Fault::NotFound,
            Self::Tampered(_) | Self::Forged { .. } => Fault::Refused,
            Self::Lost { .. } | Self::Write { .. } => Fault::Host,
        }
    }
}

/// Whether later runs can be compared with all that a run measured.
///
/// # Errors
/// [`KeepError::Folded`] or [`KeepError::Implausible`] names the first case that is none.
pub fn check(run: &Run) -> Result<(), KeepError> {
    let marked = |wanted: Mark| {
        let cases = move |plugin: &Plugin| {
            let cases = plugin.cases.iter();
            let marked = cases.filter(move |case| case.without_work() == Some(wanted));
            let names = marked
                .map(|case| format!("`{}` in {}", quoted(&case.spec.name), quoted(&plugin.name)));
            names.collect::<Vec<_>>()
        };
        run.plugins.iter().flat_map(cases).collect::<Vec<_>>()
    };
    let all = |cases: &[String]| match cases {
        [] => None,
        [one] => Some(one.clone()),
        [first, more @ ..] => {
            let more = more.len();
            let cases = if more == 1 { "case" } else { "cases" };
            Some(format!("{first} and {more} other {cases}"))
        }
    };
    if let Some(folded) = all(&marked(Mark::Folded)) {
        return Err(KeepError::Folded(folded));
    }
    match all(&marked(Mark::Implausible)) {
        Some(implausible) => Err(KeepError::Implausible(implausible)),
        None => Ok(()),
    }
}
