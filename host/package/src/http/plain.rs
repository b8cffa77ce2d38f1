//! Which hosts may be spoken to without TLS: this machine, and those that the user named for plain
//! http.

use std::collections::BTreeSet;
use std::str::FromStr;

use url::{Host, Url};

use dyno_model::quoted::quoted;

/// A host and a port; that of http, if none was named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlainHost {
    host: String,
    port: u16,
}

/// The text names no host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` should be a host with or without a port, such as 192.0.2.7:5000")]
pub struct PlainHostError(String);

impl PlainHost {
    /// The host and port of a URL, if it is one of http.
    fn of(url: &Url) -> Option<Self> {
        let host = url.host_str().filter(|_| url.scheme() == "http")?;
        Some(Self {
            host: host.into(),
            port: url.port_or_known_default()?,
        })
    }
}

impl FromStr for PlainHost {
    type Err = PlainHostError;

    fn from_str(text: &str) -> Result<Self, PlainHostError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
        Some(text)
            .filter(|text| text.bytes().all(is_plain))
            .and_then(|text| Url::parse(&format!("http://{text}/")).ok())
            .and_then(|url| Self::of(&url))
            .ok_or_else(|| PlainHostError(quoted(text)))
    }
}

/// All of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlainHosts(pub BTreeSet<PlainHost>);

impl PlainHosts {
    /// Whether plain http goes to where a URL leads.
    #[must_use]
    pub fn allow(&self, url: &Url) -> bool {
        PlainHost::of(url).is_some_and(|host| self.0.contains(&host))
    }
}

/// Whether a host is this machine: 127.0.0.0/8, `::1`, or the very name `localhost`. No other name
/// is looked up, since the answer may be another one the next time.
#[must_use]
pub(crate) fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_allowed_at_its_port_alone_and_what_is_no_host_is_refused() {
        let hosts = ["192.0.2.7:5000", "Registry.lan", "[2001:db8::1]:1"];
        let hosts = PlainHosts(hosts.map(|it| it.parse().unwrap()).into());
        let allowed = |text: &str| hosts.allow(&text.parse().unwrap());
        for good in [
            "http://192.0.2.7:5000/v2/",
            "http://registry.lan/a",
            "http://registry.lan:80/a",
            "http://[2001:db8::1]:1/",
        ] {
            assert!(allowed(good), "{good}");
        }
        for bad in [
            "http://192.0.2.7/",
            "http://192.0.2.7:5001/",
            "http://registry.lan:5000/",
            "http://a.registry.lan/",
            "http://registry.lan.evil.org/",
            "ftp://registry.lan:80/",
        ] {
            assert!(!allowed(bad), "{bad}");
        }
        for bad in [
            "", "a/b", "u@h", "h?x", "h#x", "h:x", "http://h", "a b", "h:99999",
        ] {
            assert!(bad.parse::<PlainHost>().is_err(), "{bad}");
        }
    }
}
