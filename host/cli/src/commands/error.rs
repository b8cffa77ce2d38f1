//! What ends a command before its time: an error that says whose fault it is, or a signal. What
//! does not say that does not become one of these, so that no error has an exit code by accident.

use std::error::Error as StdError;
use std::io;

use dyno_model::{Classify, Fault};

/// What a command or a part of it comes to.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a command ended before its time.
#[derive(Debug)]
pub(crate) enum Error {
    /// Something went wrong.
    Failed { fault: Fault, cause: anyhow::Error },
    /// The user wants to stop, by this signal.
    Interrupted(i32),
}

impl<E: Classify + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Self::Failed {
            fault: error.fault(),
            cause: error.into(),
        }
    }
}

impl Error {
    /// The same, with what was being done said before it.
    pub(crate) fn context(self, what: impl Into<String>) -> Self {
        match self {
            Self::Failed { fault, cause } => Self::Failed {
                fault,
                cause: cause.context(what.into()),
            },
            Self::Interrupted(signal) => Self::Interrupted(signal),
        }
    }

    /// All of it as one sentence.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Failed { cause, .. } => format!("{cause:#}"),
            Self::Interrupted(_) => "interrupted".into(),
        }
    }

    /// The error itself, if it is one of these.
    pub(crate) fn downcast_ref<E: StdError + Send + Sync + 'static>(&self) -> Option<&E> {
        match self {
            Self::Failed { cause, .. } => cause.downcast_ref(),
            Self::Interrupted(_) => None,
        }
    }

    /// Whether the reader of our output went away, which is its good right.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        let Self::Failed { cause, .. } = self else {
            return false;
        };
        cause.chain().any(|cause| {
            cause
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
        })
    }
}

/// Says before an error what was being done.
pub(crate) trait Context<T> {
    fn context(self, what: impl Into<String>) -> Result<T>;
    fn with_context(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: Into<Error>> Context<T> for Result<T, E> {
    fn context(self, what: impl Into<String>) -> Result<T> {
        self.map_err(|error| error.into().context(what))
    }

    fn with_context(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| error.into().context(what()))
    }
}

/// What the user typed makes no sense; the message says what would.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct UsageError(pub(crate) String);

impl Classify for UsageError {
    fn fault(&self) -> Fault {
        Fault::Usage
    }
}

/// There is nothing of the name that the user typed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct AbsentError(pub(crate) String);

impl Classify for AbsentError {
    fn fault(&self) -> Fault {
        Fault::NotFound
    }
}

/// A measurement ended well, and there is no result of it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NoResult(pub(crate) &'static str);

impl Classify for NoResult {
    fn fault(&self) -> Fault {
        Fault::Host
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_being_done_stands_before_and_changes_neither_fault_nor_cause() {
        let pipe = || io::Error::from(io::ErrorKind::BrokenPipe);
        let error = Error::from(AbsentError("no such key".into())).context("signing");
        assert_eq!(error.sentence(), "signing: no such key");
        let fault = |error: &Error| match error {
            Error::Failed { fault, .. } => Some(*fault),
            Error::Interrupted(_) => None,
        };
        assert_eq!(fault(&error), Some(Fault::NotFound));
        assert!(!error.is_closed_pipe());
        assert!(Error::from(pipe()).context("showing").is_closed_pipe());
        assert!(matches!(
            Error::Interrupted(2).context("showing"),
            Error::Interrupted(2)
        ));
    }
}
