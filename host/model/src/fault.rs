//! Whose fault an error is, for exit codes.

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The package's, or that of who sends it: it is refused.
    Package,
    /// Nobody's: there is no such package.
    Absent,
    /// The user's, who asked for what cannot be.
    Usage,
    /// This machine's, or the network's.
    Host,
}
