//! Why a session could not begin.

use dyno_analysis::compare::Ambiguous;
use dyno_analysis::filter::FilterError;
use dyno_job::StartError;
use dyno_model::{Classify, Fault, GrantError};

/// Why a session could not begin. What goes wrong later is an outcome in the run.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// No worker can be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// There is nowhere to put code.
    #[error("no temporary directory can be made for compiled code")]
    Temporary(#[source] std::io::Error),
    /// It is not known which plugin is to be compared with which.
    #[error(transparent)]
    Ambiguous(#[from] Ambiguous),
    /// A name was given to what is not one plugin.
    #[error(
        "--name is for one plugin, and {0} were found: name its file, or give each a `name` in its plugin.toml"
    )]
    Name(usize),
    /// A pattern of cases is malformed.
    #[error("a pattern of --case or --exclude is neither the name of a case nor well formed")]
    Filter(#[from] FilterError),
    /// A run that is to be resumed was measured under other conditions.
    #[error(
        "run {run} cannot be resumed: its {name} was {}, and is {} now; give what it was given, or measure everything anew without --resume",
        .values[0], .values[1]
    )]
    Resume {
        /// The run that was named.
        run: String,
        /// What differs.
        name: String,
        /// What it was, and what it is.
        values: [String; 2],
    },
    /// A run that is to be resumed had variables.
    #[error(
        "run {0} cannot be resumed: the values of its variables are not recorded, so nothing shows that they are the same; measure everything anew without --resume"
    )]
    ResumeVariables(String),
    /// Something cannot be granted here.
    #[error(transparent)]
    Grant(#[from] GrantError),
}

impl Classify for SessionError {
    fn fault(&self) -> Fault {
        match self {
            Self::Start(error) => error.fault(),
            Self::Temporary(_) => Fault::Host,
            Self::Ambiguous(error) => error.fault(),
            Self::Grant(error) => error.fault(),
            Self::Name(_) | Self::Filter(_) | Self::Resume { .. } | Self::ResumeVariables(_) => {
                Fault::Usage
            }
        }
    }
}
