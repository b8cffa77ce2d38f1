//! What a registry asks for before it lets us in (RFC 9110 section 11.6.1): a password, or a token
//! from a place that it names.

use reqwest::header::WWW_AUTHENTICATE;
use url::Url;

use crate::http::{Response, is_loopback};
use dyno_model::quoted::quoted;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// Name and password, to the registry itself.
    Basic,
    /// A token, to be had at `realm` with name and password (Docker's token authentication).
    Bearer {
        /// Where.
        realm: Url,
        /// What the registry is called there.
        service: Option<String>,
    },
}

impl Challenge {
    /// What a registry at `base` asks for with this response.
    ///
    /// # Errors
    /// If it is nothing that we know or do: in one phrase.
    pub(super) fn of(response: &Response, base: &Url) -> Result<Self, String> {
        let mut is_basic = false;
        for header in response.headers.get_all(WWW_AUTHENTICATE) {
            let text = header.to_str().map_err(|_| "the challenge is not text")?;
            let challenges = http_auth::parse_challenges(text)
                .map_err(|_| format!("`{}` is not a challenge", quoted(text)))?;
            for challenge in challenges {
                if challenge.scheme.eq_ignore_ascii_case("bearer") {
                    return bearer(&challenge, base);
                }
                is_basic |= challenge.scheme.eq_ignore_ascii_case("basic");
            }
        }
        if is_basic {
            return Ok(Self::Basic);
        }
        Err("it names neither Basic nor Bearer".into())
    }
}

fn bearer(challenge: &http_auth::ChallengeRef<'_>, base: &Url) -> Result<Challenge, String> {
    let parameter = |name: &str| {
        let mut all = challenge.params.iter();
        all.find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.to_unescaped())
    };
    let realm = parameter("realm").ok_or("it does not say where tokens are to be had")?;
    let realm = trusted(&realm, base)?;
    let service = parameter("service");
    Ok(Challenge::Bearer { realm, service })
}

/// The password goes there. Whom the registry names may have it, for the registry could ask for it
/// itself; but no host on the way, so https; or plain http to the very host of the registry, which
/// is then this machine.
fn trusted(realm: &str, base: &Url) -> Result<Url, String> {
    let refused = || {
        format!(
            "tokens are to be had at `{}`, which is neither https nor the same host on this machine",
            quoted(realm)
        )
    };
    let url = Url::parse(realm).map_err(|_| refused())?;
    let host = url.host().ok_or_else(refused)?;
    let is_same =
        || base.scheme() == "http" && base.host() == Some(host.clone()) && is_loopback(&host);
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_same() => Ok(url),
        _ => Err(refused()),
    }
}

#[cfg(test)]
mod tests;
