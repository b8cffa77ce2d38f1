//! Where we go, and where we let ourselves be led.

use reqwest::redirect::Policy;
use url::Url;

use super::error::REDIRECTS_MAX;
use super::{HttpError, PlainHosts, RedirectRefused, is_loopback, shown_url};

/// Whether a request stays on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// It does, or should.
    Loopback,
    /// It does not: https.
    Remote,
    /// It does not, and anybody on the way can read it: http to a host that was named for that.
    Plain,
}

/// Where a URL leads, if we go there at all: https, plain http to this machine, or to a host that
/// was named for it.
pub(super) fn check(url: &Url, plain_hosts: &PlainHosts) -> Result<Reach, HttpError> {
    let refused = || HttpError::NotHttps(shown_url(url));
    let host = url.host().ok_or_else(refused)?;
    match (url.scheme(), is_loopback(&host)) {
        ("https" | "http", true) => Ok(Reach::Loopback),
        ("https", false) => Ok(Reach::Remote),
        ("http", false) if plain_hosts.allow(url) => Ok(Reach::Plain),
        _ => Err(refused()),
    }
}

/// Whether to go on to `next` after `previous`, the first of which is what was asked for.
fn may_follow(
    previous: &[Url],
    next: &Url,
    plain_hosts: &PlainHosts,
) -> Result<(), RedirectRefused> {
    if previous.len() > REDIRECTS_MAX {
        return Err(RedirectRefused::TooMany);
    }
    if next.scheme() != "https" && previous.iter().any(|url| url.scheme() == "https") {
        return Err(RedirectRefused::Downgrade(shown_url(next)));
    }
    match check(next, plain_hosts) {
        Ok(_) => Ok(()),
        Err(_) => Err(RedirectRefused::NotHttps(shown_url(next))),
    }
}

/// The rule for a client. That an Authorization header does not go to another host, the client
/// itself sees to.
pub(super) fn redirects(plain_hosts: PlainHosts) -> Policy {
    Policy::custom(move |attempt| {
        match may_follow(attempt.previous(), attempt.url(), &plain_hosts) {
            Ok(()) => attempt.follow(),
            Err(refused) => attempt.error(refused),
        }
    })
}

#[cfg(test)]
mod tests;
