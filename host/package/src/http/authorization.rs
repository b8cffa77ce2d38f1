//! What a request carries to be let in. It is never shown.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;

/// The value of an Authorization header. It goes to one host; redirects to another lose it.
#[derive(Debug, Clone)]
pub struct Authorization(HeaderValue);

impl Authorization {
    /// A name and a password (RFC 7617). None if the name holds a colon, which would end it.
    #[must_use]
    pub fn basic(user: &str, password: &str) -> Option<Self> {
        if user.contains(':') {
            return None;
        }
        Self::new(&format!(
            "Basic {}",
            STANDARD.encode(format!("{user}:{password}"))
        ))
    }

    /// A token (RFC 6750). None if it has characters that no header may have.
    #[must_use]
    pub(crate) fn bearer(token: &str) -> Option<Self> {
        Self::new(&format!("Bearer {token}"))
    }

    fn new(text: &str) -> Option<Self> {
        let mut value = HeaderValue::from_str(text).ok()?;
        // Its Debug no longer shows it.
        value.set_sensitive(true);
        Some(Self(value))
    }

    pub(super) fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_header_may_hold_makes_no_authorization_and_none_is_shown() {
        assert!(Authorization::bearer("a\r\nHost: b").is_none());
        assert!(Authorization::basic("a:b", "c").is_none());
        let basic = Authorization::basic("Aladdin", "open sesame").unwrap();
        // The example of RFC 7617.
        assert_eq!(
            basic.header().to_str().unwrap(),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
        assert_eq!(format!("{basic:?}"), "Authorization(Sensitive)");
    }
}
