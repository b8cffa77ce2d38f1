//! The one way in which the host reads from the network, for registries and for the index: every
//! body has a limit, every wait an end, and plain http goes no further than this machine, or to a
//! host that the user named for it, and then without credentials.
//!
//! ```text
//! check(url) ─► client (direct to loopback, through the environment's proxies elsewhere)
//!                 ─► redirects, each checked ─► status, headers ─► body piece by piece, counted
//!        ▲                                      └─► 429, 503: wait, at most three tries
//!        └──────────────────────────────────────────────┘
//! ```

mod authorization;
mod body;
mod error;
mod plain;
mod policy;
mod retry;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use reqwest::{Method, StatusCode};
use sha2::{Digest as _, Sha256};
use url::Url;

use body::Body;
use dyno_plugin::Digest;

pub use authorization::Authorization;
pub(crate) use error::shown_url;
pub use error::{HttpError, RedirectRefused};
pub(crate) use plain::is_loopback;
pub use plain::{PlainHost, PlainHostError, PlainHosts};

/// What a server says of its refusal is read up to here, bytes: a registry's error takes a few
/// hundred.
const REFUSAL_BYTES_MAX: u64 = 8 << 10;

/// How long we wait for a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection, TLS included.
    pub connect: Duration,
    /// For the answer, and for each next piece of it.
    pub read_timeout: Duration,
    /// On top of one `read_timeout`, a body may take as long as it takes at this rate, bytes per second:
    /// who sends a byte now and then would otherwise hold us for hours.
    pub bytes_per_s_min: u64,
    /// The longest that we wait because a busy server asks for it, each time.
    pub retry_max: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            read_timeout: Duration::from_secs(15),
            // Slower than a telephone modem (56 kbit/s).
            bytes_per_s_min: 4 << 10,
            // With three tries a minute, which is what rate limits are counted by.
            retry_max: Duration::from_secs(30),
        }
    }
}

impl Timeouts {
    /// How long `bytes` may take in all.
    fn deadline(&self, bytes: u64) -> Duration {
        self.read_timeout
            + Duration::from_millis(bytes.saturating_mul(1000) / self.bytes_per_s_min.max(1))
    }
}

/// A client; clones share their connections.
#[derive(Debug, Clone)]
pub struct Http {
    remote: reqwest::Client,
    /// Ignores proxies: what is for this machine, passwords over plain http among it, must not
    /// leave it.
    loopback: reqwest::Client,
    /// For the hosts that may be spoken to without TLS, if there are any.
    plain: Option<reqwest::Client>,
    plain_hosts: PlainHosts,
    timeouts: Timeouts,
}

/// What is asked of a server.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// Of what.
    pub url: &'a Url,
    /// The media types that will do; empty for any.
    pub accept: &'a [&'a str],
    /// Sent to this URL's host alone, not to where it redirects.
    pub authorization: Option<&'a Authorization>,
    /// What is sent along, and its media type.
    pub content: Option<(&'a str, Content)>,
}

/// What is sent to a server, possibly more than once.
#[derive(Debug, Clone)]
pub enum Content {
    /// Some bytes.
    Bytes(Bytes),
    /// A part of a file: from where, and how many bytes. The file's own position does not matter,
    /// so several may be parts of one.
    File(Arc<File>, u64, u64),
}

impl Content {
    /// How many bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_, _, bytes) => *bytes,
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a server answered.
#[derive(Debug)]
pub struct Response {
    /// Whatever it is: what a 404 means, the caller knows.
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    /// The body: whole if the status is one of success, else the beginning of it.
    pub body: Vec<u8>,
    /// Where it came from in the end.
    pub url: Url,
}

impl Response {
    /// A header, if it is there and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The response, if its status is one of success.
    ///
    /// # Errors
    /// If it is another.
    pub fn success(self) -> Result<Self, HttpError> {
        if self.status.is_success() {
            return Ok(self);
        }
        Err(HttpError::Status {
            url: shown_url(&self.url),
            status: self.status,
        })
    }
}

impl Http {
    /// A client with the usual timeouts, certificates of the system, and proxies of the
    /// environment.
    ///
    /// # Errors
    /// If the system has no certificates.
    pub fn new() -> Result<Self, HttpError> {
        Self::with(Timeouts::default(), PlainHosts::default())
    }

    /// A client with timeouts of one's own, and hosts that are spoken to without TLS.
    ///
    /// # Errors
    /// If the system has no certificates.
    pub fn with(timeouts: Timeouts, plain_hosts: PlainHosts) -> Result<Self, HttpError> {
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("dyno/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(timeouts.connect)
                .redirect(policy::redirects(plain_hosts.clone()))
                // It would tell the next host what was asked of the first.
                .referer(false)
        };
        let plain = || builder().build().map_err(HttpError::setup);
        Ok(Self {
            plain: match plain_hosts.0.is_empty() {
                true => None,
                false => Some(plain()?),
            },
            remote: builder()
                .https_only(true)
                .build()
                .map_err(HttpError::setup)?,
            loopback: builder().no_proxy().build().map_err(HttpError::setup)?,
            plain_hosts,
            timeouts,
        })
    }

    /// Whether we would go to a URL at all: it is https, or plain http to this machine or to a host
    /// that was named for it.
    ///
    /// # Errors
    /// If it is neither.
    pub fn check(&self, url: &Url) -> Result<(), HttpError> {
        policy::check(url, &self.plain_hosts).map(drop)
    }

    /// Reads what is at a URL, at most `limit` bytes of it.
    ///
    /// # Errors
    /// If the URL is plain http to another machine, the server cannot be reached, is silent or
    /// slow, redirects where it must not, or has more than `limit` bytes. A status is not an error.
    pub async fn get(
        &self,
        url: &Url,
        limit: u64,
        accept: &[&str],
        authorization: Option<&Authorization>,
    ) -> Result<Response, HttpError> {
        let request = Request {
            method: Method::GET,
            url,
            accept,
            authorization,
            content: None,
        };
        self.send(request, limit).await
    }

    /// Sends any request, and reads at most `limit` bytes of the answer.
    ///
    /// # Errors
    /// As [`Http::get`].
    pub async fn send(&self, request: Request<'_>, limit: u64) -> Result<Response, HttpError> {
        let mut body = self.begin(request).await?;
        if !body.status().is_success() {
            return refusal(body).await;
        }
        if let Some(announced) = body.announced().filter(|announced| *announced > limit) {
            return Err(body.too_large(limit, announced));
        }
        let mut bytes = Vec::new();
        while let Some(piece) = body.next().await? {
            if body.received() > limit {
                return Err(body.too_large(limit, body.received()));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(body.finish(bytes))
    }

    /// Writes exactly `size` bytes that hash to `digest`. They are written as they come: if this
    /// fails, `to` holds rubbish. If the status is not one of success, nothing is written, and the
    /// answer is what is returned.
    ///
    /// # Errors
    /// As [`Http::get`]; if the bytes are fewer, more or others, or cannot be written.
    pub async fn download(
        &self,
        url: &Url,
        authorization: Option<&Authorization>,
        size: u64,
        digest: &Digest,
        to: &mut impl io::Write,
    ) -> Result<Option<Response>, HttpError> {
        let request = Request {
            method: Method::GET,
            url,
            accept: &[],
            authorization,
            content: None,
        };
        let mut body = self.begin(request).await?;
        if !body.status().is_success() {
            return refusal(body).await.map(Some);
        }
        match body.announced() {
            Some(announced) if announced > size => return Err(body.too_large(size, announced)),
            Some(announced) if announced < size => return Err(body.short(size, announced)),
            _ => {}
        }
        let mut hasher = Sha256::new();
        while let Some(piece) = body.next().await? {
            if body.received() > size {
                return Err(body.too_large(size, body.received()));
            }
            hasher.update(&piece);
            to.write_all(&piece).map_err(HttpError::Write)?;
        }
        if body.received() < size {
            return Err(body.short(size, body.received()));
        }
        let found = Digest::finish(hasher);
        if found == *digest {
            return Ok(None);
        }
        Err(HttpError::Digest {
            url: shown_url(url),
            expected: Box::new(*digest),
            found: Box::new(found),
        })
    }

    /// Sends a request and waits for the beginning of the answer: of one that does not say to come
    /// back later, if the server lets us have one.
    async fn begin(&self, request: Request<'_>) -> Result<Body, HttpError> {
        let (mut tried, most) = (0, self.timeouts.retry_max);
        loop {
            tried += 1;
            let body = self.attempt(request.clone()).await?;
            let (status, headers) = (body.status(), body.headers());
            let Some(wait) = retry::wait(&request.method, status, headers, tried, most) else {
                return Ok(body);
            };
            drop(body);
            tokio::time::sleep(wait).await;
        }
    }

    async fn attempt(&self, request: Request<'_>) -> Result<Body, HttpError> {
        let url = request.url;
        let client = match policy::check(url, &self.plain_hosts)? {
            policy::Reach::Loopback => &self.loopback,
            policy::Reach::Remote => &self.remote,
            policy::Reach::Plain if request.authorization.is_some() => {
                return Err(HttpError::Exposed(shown_url(url)));
            }
            // It is there, since a host was named.
            policy::Reach::Plain => self.plain.as_ref().unwrap_or(&self.remote),
        };
        let mut builder = client.request(request.method, url.clone());
        if !request.accept.is_empty() {
            builder = builder.header(ACCEPT, request.accept.join(", "));
        }
        if let Some(authorization) = request.authorization {
            builder = builder.header(AUTHORIZATION, authorization.header());
        }
        let mut uploaded = 0;
        if let Some((media_type, content)) = request.content {
            uploaded = content.len();
            builder = builder
                .header(CONTENT_TYPE, media_type)
                .header(CONTENT_LENGTH, uploaded)
                .body(match content {
                    Content::Bytes(bytes) => bytes.into(),
                    Content::File(file, at, bytes) => pieces(file, at, bytes),
                });
        }
        let deadline = self.timeouts.deadline(uploaded);
        match tokio::time::timeout(deadline, builder.send()).await {
            Ok(Ok(response)) => Ok(Body::new(response, self.timeouts)),
            Ok(Err(error)) => Err(HttpError::of(&error, url, &self.timeouts)),
            Err(_) => Err(HttpError::Silent {
                url: shown_url(url),
                waited: deadline,
            }),
        }
    }
}

/// A refusal, with the beginning of what is said of it.
async fn refusal(mut body: Body) -> Result<Response, HttpError> {
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await? {
        bytes.extend_from_slice(&piece);
        if body.received() > REFUSAL_BYTES_MAX {
            break;
        }
    }
    Ok(body.finish(bytes))
}

/// How much of a file is sent at a time, bytes.
const PIECE_BYTES: u64 = 64 << 10;

/// A part of a file as a body, read as it is sent, and no further.
fn pieces(file: Arc<File>, at: u64, bytes: u64) -> reqwest::Body {
    let rest = (file, at, at.saturating_add(bytes));
    reqwest::Body::wrap_stream(futures_util::stream::try_unfold(
        rest,
        |(file, at, end)| async move {
            let mut piece = vec![0; end.saturating_sub(at).min(PIECE_BYTES) as usize];
            if piece.is_empty() {
                return Ok(None);
            }
            file.read_exact_at(&mut piece, at)?;
            let next = at + piece.len() as u64;
            Ok::<_, io::Error>(Some((Bytes::from(piece), (file, next, end))))
        },
    ))
}
