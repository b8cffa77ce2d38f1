//! What a user asks for who trusts a publisher.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

/// Who is to be trusted for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The user's name for the publisher.
    pub publisher: String,
    /// Whose packages it may sign, besides those it may sign already; at least one. All its keys
    /// are good for all its namespaces.
    pub namespaces: BTreeSet<String>,
    /// What if another publisher has one of them, or the publisher has another key.
    pub conflict: Conflict,
    /// How many of the publisher's keys and identities have to sign; none leaves that as it is.
    pub threshold: Option<NonZeroU32>,
}

/// What happens to those who are trusted already. Only the user can know which is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// They stay, and nothing is changed: the error says who they are.
    Refuse,
    /// They lose the namespaces, and the publisher's former keys no longer count.
    Replace,
    /// They keep what they have.
    Share,
}
