//! Which packages will do without a signature. Stripping one is all that an attacker without a key
//! can do to it, so where a namespace has a publisher, or what is replaced was signed, a general
//! word is not enough: the package has to be named.

use std::collections::BTreeSet;

use dyno_plugin::id::PackageId;

/// The packages that are accepted unsigned, for one command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowUnsigned {
    /// Any of a namespace that has no publisher, unless it takes the place of one that was signed.
    pub any: bool,
    /// These, whatever else is known of them.
    pub named: BTreeSet<PackageId>,
}

impl AllowUnsigned {
    /// Whether an unsigned package is accepted. `is_expected` says whether it should be signed: its
    /// namespace has a publisher, or what it replaces was signed.
    #[must_use]
    pub fn allows(&self, id: &PackageId, is_expected: bool) -> bool {
        self.named.contains(id) || self.any && !is_expected
    }

    /// Whether any package might be accepted unsigned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.any && self.named.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_general_word_does_not_cover_what_should_be_signed_and_a_name_covers_nothing_else() {
        let id = |text: &str| text.parse::<PackageId>().unwrap();
        let none = AllowUnsigned::default();
        assert!(none.is_empty() && !none.allows(&id("acme/x"), false));
        let any = AllowUnsigned {
            any: true,
            ..AllowUnsigned::default()
        };
        assert!(any.allows(&id("acme/x"), false) && !any.allows(&id("acme/x"), true));
        let named = AllowUnsigned {
            named: [id("acme/x")].into(),
            ..AllowUnsigned::default()
        };
        assert!(!named.is_empty() && named.allows(&id("acme/x"), true));
        for other in ["acme/y", "other/x"] {
            assert!(!named.allows(&id(other), false), "{other}");
        }
    }
}
