//! The guest's stdout and stderr: captured together, up to a cap, and never passed on.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use super::state::LimitHit;
use crate::report::model::LimitKind;

/// What a guest may hand over at once; the cap is checked on every piece.
const PERMIT_BYTES: usize = 64 * 1024;

/// What is kept of it: enough to see what a program was up to, and no more than the supervisor can
/// hold for a thousand cases.
const KEPT_BYTES: usize = 4 * 1024;

/// A capped buffer behind both streams.
#[derive(Debug, Clone)]
pub(super) struct Output(Arc<Mutex<Captured>>);

#[derive(Debug)]
struct Captured {
    kept: Vec<u8>,
    written: u64,
    cap: u64,
}

impl Output {
    pub(super) fn new(cap: u64) -> Self {
        Self(Arc::new(Mutex::new(Captured {
            kept: Vec::new(),
            written: 0,
            cap,
        })))
    }

    fn captured(&self) -> MutexGuard<'_, Captured> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The beginning of what was written, as text; a hostile guest's.
    pub(super) fn text(&self) -> Option<String> {
        let captured = self.captured();
        (!captured.kept.is_empty()).then(|| String::from_utf8_lossy(&captured.kept).into_owned())
    }

    pub(super) fn hit(&self) -> Option<LimitHit> {
        let captured = self.captured();
        (captured.written > captured.cap).then_some(LimitHit {
            limit: LimitKind::Output,
            actual: Some(captured.written),
        })
    }

    /// Counts all of it and keeps the beginning; whether it is still within the cap.
    fn push(&self, bytes: &[u8]) -> bool {
        let mut captured = self.captured();
        captured.written += bytes.len() as u64;
        let room = KEPT_BYTES - captured.kept.len();
        captured
            .kept
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
        captured.written <= captured.cap
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if self.push(&bytes) {
            Ok(())
        } else {
            Err(StreamError::trap("output limit exceeded"))
        }
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PERMIT_BYTES)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl AsyncWrite for Output {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(if self.push(bytes) {
            Ok(bytes.len())
        } else {
            Err(io::Error::new(
                io::ErrorKind::QuotaExceeded,
                "output limit exceeded",
            ))
        })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cap_is_over_all_that_is_written_and_the_beginning_is_kept() {
        let mut output = Output::new(5);
        assert!(output.write(Bytes::from_static(b"abc")).is_ok());
        assert_eq!(output.hit(), None);
        assert!(output.write(Bytes::from_static(b"defg")).is_err());
        assert_eq!(output.text().as_deref(), Some("abcdefg"));
        assert_eq!(
            output.hit(),
            Some(LimitHit {
                limit: LimitKind::Output,
                actual: Some(7)
            })
        );
    }
}
