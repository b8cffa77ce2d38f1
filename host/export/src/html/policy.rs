//! The content security policy: this page may use its one style and its one script, and load
//! nothing.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

/// The policy of a page whose only inline style and script are these, to the byte (CSP Level 3,
/// section 2.3.1, `hash-source`). A style attribute or an event handler that slipped into the page
/// would not be allowed either.
pub(super) fn policy(style: &str, script: &str) -> String {
    format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        source(style),
        source(script)
    )
}

fn source(text: &str) -> String {
    format!(
        "'sha256-{}'",
        STANDARD.encode(Sha256::digest(text.as_bytes()))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of CSP Level 3, section 8.4: `alert('Hello, world.');`.
    #[test]
    fn the_hash_is_that_of_the_specification() {
        assert_eq!(
            source("alert('Hello, world.');"),
            "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
        );
    }
}
