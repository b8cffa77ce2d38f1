//! A body as it comes in: piece by piece, counted, and not for ever.

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use tokio::time::{Instant, timeout_at};

use super::{HttpError, Response, Timeouts, shown_url};

/// An answer of which the body is still to come.
pub(super) struct Body {
    response: reqwest::Response,
    timeouts: Timeouts,
    began: Instant,
    received: u64,
}

impl Body {
    pub(super) fn new(response: reqwest::Response, timeouts: Timeouts) -> Self {
        Self {
            response,
            timeouts,
            began: Instant::now(),
            received: 0,
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// How many bytes it says will come; 0 for the answer to HEAD.
    pub(super) fn announced(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// How many bytes came so far.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// The next piece: none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, HttpError> {
        let silent_at = Instant::now() + self.timeouts.read_timeout;
        let slow_at = self.began + self.timeouts.deadline(self.received);
        let piece = match timeout_at(silent_at.min(slow_at), self.response.chunk()).await {
            Ok(piece) => piece,
            Err(_) if slow_at < silent_at && self.received > 0 => {
                return Err(HttpError::Slow {
                    url: shown_url(self.response.url()),
                    bytes_per_s_min: self.timeouts.bytes_per_s_min,
                });
            }
            Err(_) => {
                return Err(HttpError::Silent {
                    url: shown_url(self.response.url()),
                    waited: self.timeouts.read_timeout,
                });
            }
        };
        let piece = match piece {
            Ok(piece) => piece,
            // Fewer bytes than announced, and the connection is gone.
            Err(error) => return Err(HttpError::of(&error, self.response.url(), &self.timeouts)),
        };
        self.received += piece.as_ref().map_or(0, |piece| piece.len() as u64);
        Ok(piece)
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The answer, with as much of the body as was wanted.
    pub(super) fn finish(self, body: Vec<u8>) -> Response {
        Response {
            status: self.response.status(),
            headers: self.response.headers().clone(),
            body,
            url: self.response.url().clone(),
        }
    }

    pub(super) fn too_large(&self, limit: u64, actual: u64) -> HttpError {
        HttpError::TooLarge {
            url: shown_url(self.response.url()),
            limit,
            actual,
        }
    }

    pub(super) fn short(&self, expected: u64, actual: u64) -> HttpError {
        HttpError::Short {
            url: shown_url(self.response.url()),
            expected,
            actual,
        }
    }
}
