//! What is known of a limit that a guest ran into.

use dyno_model::LimitKind;

/// A limit that a guest ran into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LimitHit {
    pub(super) limit: LimitKind,
    /// What was asked for or reached, where it is known.
    pub(super) actual: Option<u64>,
}
