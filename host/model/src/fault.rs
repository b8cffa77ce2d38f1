//! Whose fault an error is, and how an error is said together with what caused it.

use std::error::Error;
use std::io;

/// Whose fault an error is, which is what the exit code of a command says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// That of this machine, its disk, or the network.
    Host,
    /// The user's: a command line, a variable or a file of settings that makes no sense, or not
    /// without another word.
    Usage,
    /// That of a plugin, a package, or who sends it: it is refused.
    Refused,
    /// None of these: there is nothing of this name.
    NotFound,
}

impl Fault {
    /// That of a file that the user named and that cannot be read.
    #[must_use]
    pub fn of_named_file(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::NotFound,
            // It was read, and is something else than it should be.
            io::ErrorKind::InvalidInput
            | io::ErrorKind::InvalidData
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::FileTooLarge => Self::Usage,
            _ => Self::Host,
        }
    }

    /// That of a file of a plugin that cannot be read: the plugin is refused for it, unless the
    /// machine has no room left, for whatever is made of the file.
    #[must_use]
    pub fn of_plugin_file(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::ReadOnlyFilesystem
            | io::ErrorKind::OutOfMemory => Self::Host,
            _ => match Self::of_named_file(error) {
                Self::NotFound => Self::NotFound,
                _ => Self::Refused,
            },
        }
    }
}

/// An error that can end a command, and so says whose fault it is.
pub trait Classify: Error {
    /// Whose fault it is.
    fn fault(&self) -> Fault;
}

impl Classify for io::Error {
    fn fault(&self) -> Fault {
        Fault::Host
    }
}

/// An error and what caused it, outermost first.
pub fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| {
        (*error).source()
    })
}

/// The same as one sentence. No error of ours repeats the text of its source, so this is the one
/// way to say all of it.
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let parts: Vec<_> = causes(error).map(ToString::to_string).collect();
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the outer")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("the inner")]
    struct Inner(#[from] io::Error);

    #[test]
    fn a_chain_says_each_cause_once_and_in_order() {
        let cause = io::Error::other("the disk");
        let error = Outer(cause.into());
        assert_eq!(chain(&error), "the outer: the inner: the disk");
        // Causes of equal texts are still two.
        let twice = Outer(io::Error::other("the outer").into());
        assert_eq!(chain(&twice), "the outer: the inner: the outer");
    }

    #[test]
    fn a_named_file_is_absent_or_wrong_or_cannot_be_read() {
        for (kind, fault) in [
            (io::ErrorKind::NotFound, Fault::NotFound),
            (io::ErrorKind::NotADirectory, Fault::NotFound),
            (io::ErrorKind::InvalidData, Fault::Usage),
            (io::ErrorKind::PermissionDenied, Fault::Host),
        ] {
            assert_eq!(Fault::of_named_file(&kind.into()), fault, "{kind}");
        }
    }

    #[test]
    fn a_plugin_is_refused_for_its_file_and_not_for_a_full_disk() {
        for (kind, fault) in [
            (io::ErrorKind::NotFound, Fault::NotFound),
            (io::ErrorKind::PermissionDenied, Fault::Refused),
            (io::ErrorKind::InvalidData, Fault::Refused),
            (io::ErrorKind::StorageFull, Fault::Host),
        ] {
            assert_eq!(Fault::of_plugin_file(&kind.into()), fault, "{kind}");
        }
    }
}
