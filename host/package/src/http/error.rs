//! What can go wrong between us and a server, in one sentence each. What the server said stands in
//! it only escaped and cut.

use dyno_model::{Classify, Fault, causes};
use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::StatusCode;
use url::Url;

use super::Timeouts;
use dyno_model::quoted::quoted;
use dyno_plugin::Digest;

/// Registries lead to their store of blobs in one step, some in two or three.
pub(super) const REDIRECTS_MAX: usize = 5;

/// Why a redirect is not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RedirectRefused {
    /// There is no end to it.
    #[error("it redirects more than {REDIRECTS_MAX} times")]
    TooMany,
    /// What follows could be read and changed on the way.
    #[error("it redirects from https to {0}, which is not https")]
    Downgrade(String),
    /// It leads where no redirect may.
    #[error("it redirects to {0}, which is neither https nor plain http to this machine")]
    NotHttps(String),
}

/// Why nothing came of a request.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// There is no client.
    #[error("no HTTP client can be set up (are the system's certificates installed?): {0}")]
    Setup(String),
    /// Neither https, nor plain http to this machine or to a host that was named for it.
    #[error(
        "{0} is not https: plain http is for this machine alone (localhost, 127.0.0.0/8, [::1]), and for hosts that are named with --plain-http=HOST:PORT"
    )]
    NotHttps(String),
    /// A secret would go over the network for all to read.
    #[error("no credentials are sent to {0}, which is plain http to another machine")]
    Exposed(String),
    /// No connection.
    #[error("{url} cannot be reached: {cause}")]
    Unreachable {
        /// What was asked for.
        url: String,
        /// Why.
        cause: String,
    },
    /// A connection, but not to who it should be.
    #[error("{url} has no TLS connection that can be trusted: {cause}")]
    Tls {
        /// What was asked for.
        url: String,
        /// Why.
        cause: String,
    },
    /// No answer, or no more of it.
    #[error("{url} sent nothing for {} s", waited.as_secs_f64())]
    Silent {
        /// What was asked for.
        url: String,
        /// How long.
        waited: Duration,
    },
    /// An answer that would never end.
    #[error("{url} sends fewer than {bytes_per_s_min} bytes a second")]
    Slow {
        /// What was asked for.
        url: String,
        /// What is asked for at least, bytes per second.
        bytes_per_s_min: u64,
    },
    /// Led elsewhere, where we do not go.
    #[error("{url} leads elsewhere")]
    Redirect {
        /// What was asked for.
        url: String,
        /// Where, and why not.
        source: RedirectRefused,
    },
    /// The answer is not HTTP, or ended in the middle.
    #[error("the connection to {url} broke: {cause}")]
    Broken {
        /// What was asked for.
        url: String,
        /// How.
        cause: String,
    },
    /// A refusal.
    #[error("{url} answers {status}")]
    Status {
        /// What was asked for.
        url: String,
        /// Its status.
        status: StatusCode,
    },
    /// More than was expected, or will be taken.
    #[error("{url} has {actual} bytes or more, and at most {limit} are taken")]
    TooLarge {
        /// What was asked for.
        url: String,
        /// The most that is taken, bytes.
        limit: u64,
        /// What was announced, or came before it was cut off, bytes.
        actual: u64,
    },
    /// Fewer bytes than it should have.
    #[error("{url} should have {expected} bytes, and has {actual}")]
    Short {
        /// What was asked for.
        url: String,
        /// What it should have, bytes.
        expected: u64,
        /// What was announced, or came, bytes.
        actual: u64,
    },
    /// Other bytes.
    #[error("{url} should hash to {expected}, and hashes to {found}")]
    Digest {
        /// What was asked for.
        url: String,
        /// What it should hash to.
        expected: Box<Digest>,
        /// What it hashes to.
        found: Box<Digest>,
    },
    /// Received, but it cannot be kept.
    #[error("what was received cannot be written")]
    Write(#[source] io::Error),
}

impl Classify for HttpError {
    /// Who sends something else than it should is refused; who cannot be reached is not.
    fn fault(&self) -> Fault {
        match self {
            Self::TooLarge { .. } | Self::Short { .. } | Self::Digest { .. } => Fault::Refused,
            Self::Redirect { .. } => Fault::Refused,
            Self::NotHttps(_) | Self::Exposed(_) => Fault::Usage,
            _ => Fault::Host,
        }
    }
}

impl HttpError {
    pub(super) fn setup(error: reqwest::Error) -> Self {
        Self::Setup(cause(&error))
    }

    /// What an error of the client means.
    pub(super) fn of(error: &reqwest::Error, url: &Url, timeouts: &Timeouts) -> Self {
        let shown_url = shown_url(url);
        if let Some(refused) = causes(error).find_map(<dyn Error>::downcast_ref::<RedirectRefused>)
        {
            return Self::Redirect {
                url: shown_url,
                source: refused.clone(),
            };
        }
        if !error.is_connect() {
            return Self::Broken {
                url: shown_url,
                cause: cause(error),
            };
        }
        if error.is_timeout() {
            return Self::Unreachable {
                url: shown_url,
                cause: format!("no connection within {} s", timeouts.connect.as_secs_f64()),
            };
        }
        let (address, url, cause) = (url, shown_url, cause(error));
        if causes(error).any(|cause| cause.downcast_ref().is_some_and(is_tls)) {
            let hint = match address.host() {
                Some(host) if super::is_loopback(&host) => {
                    " (--plain-http talks http to a server on this machine)"
                }
                _ => "",
            };
            let cause = format!("{cause}{hint}");
            Self::Tls { url, cause }
        } else {
            Self::Unreachable { url, cause }
        }
    }
}

/// By these kinds, possibly wrapped, the TLS library's errors come out of an `io` interface; a
/// connection that is not made has others.
fn is_tls(error: &io::Error) -> bool {
    let inner = || error.get_ref()?.downcast_ref::<io::Error>();
    matches!(
        error.kind(),
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
    ) || inner().is_some_and(is_tls)
}

/// The innermost cause says it best; the outer ones repeat the URL, query and all.
fn cause(error: &reqwest::Error) -> String {
    causes(error)
        .last()
        .map_or_else(String::new, |cause| quoted(&cause.to_string()))
}

/// A URL as it may stand in a message: without name, password and query, which may be secrets.
#[must_use]
pub(crate) fn shown_url(url: &Url) -> String {
    let mut plain = url.clone();
    // These fail only for URLs that cannot have them.
    let _ = plain.set_username("");
    let _ = plain.set_password(None);
    plain.set_query(None);
    plain.set_fragment(None);
    quoted(plain.as_str())
}
