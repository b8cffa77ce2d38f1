//! The guest's stdout and stderr: captured together, up to a limit, and never passed on.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use super::limit_hit::LimitHit;
use dyno_model::LimitKind;

/// What a guest may hand over at once; the limit is checked on every piece.
const PERMIT_BYTES: usize = 64 * 1024;

/// What is kept of it: enough to see what a program was up to, and no more than the supervisor can
/// hold for a thousand cases.
const KEPT_BYTES: usize = 4 * 1024;

/// A limited buffer behind both streams.
#[derive(Debug, Clone)]
pub(super) struct Output(Arc<Mutex<Captured>>);

#[derive(Debug)]
struct Captured {
    /// The beginning of both streams, as it came.
    kept: Vec<u8>,
    /// The beginning of stderr alone: what a failed program says last must not drown in what it
    /// printed before.
    stderr: Vec<u8>,
    /// All of stdout: the result of a program.
    stdout: Vec<u8>,
    written: u64,
    limit: u64,
}

/// One of the two streams.
#[derive(Debug, Clone)]
pub(super) struct Stream {
    output: Output,
    is_stdout: bool,
}

impl Output {
    pub(super) fn new(limit: u64) -> Self {
        Self(Arc::new(Mutex::new(Captured {
            kept: Vec::new(),
            stderr: Vec::new(),
            stdout: Vec::new(),
            written: 0,
            limit,
        })))
    }

    pub(super) fn stdout(&self) -> Stream {
        self.stream(true)
    }

    pub(super) fn stderr(&self) -> Stream {
        self.stream(false)
    }

    fn stream(&self, is_stdout: bool) -> Stream {
        let output = self.clone();
        Stream { output, is_stdout }
    }

    fn captured(&self) -> MutexGuard<'_, Captured> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The beginning of what was written, as text; a hostile guest's.
    pub(super) fn text(&self) -> Option<String> {
        text(&self.captured().kept)
    }

    /// The beginning of stderr, as text; a hostile guest's.
    pub(super) fn error_text(&self) -> Option<String> {
        text(&self.captured().stderr)
    }

    /// Everything that was written to stdout, which is no longer here then.
    pub(super) fn take_stdout(&self) -> Vec<u8> {
        std::mem::take(&mut self.captured().stdout)
    }

    pub(super) fn hit(&self) -> Option<LimitHit> {
        let captured = self.captured();
        (captured.written > captured.limit).then_some(LimitHit {
            limit: LimitKind::Output,
            actual: Some(captured.written),
        })
    }

    /// Counts all of it and keeps what may be asked for; whether it is still within the limit.
    fn push(&self, is_stdout: bool, bytes: &[u8]) -> bool {
        let mut captured = self.captured();
        captured.written += bytes.len() as u64;
        keep(&mut captured.kept, bytes);
        let fits = captured.written <= captured.limit;
        if !is_stdout {
            keep(&mut captured.stderr, bytes);
        } else if fits {
            captured.stdout.extend_from_slice(bytes);
        }
        fits
    }
}

fn keep(kept: &mut Vec<u8>, bytes: &[u8]) {
    let room = KEPT_BYTES - kept.len();
    kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

fn text(kept: &[u8]) -> Option<String> {
    (!kept.is_empty()).then(|| String::from_utf8_lossy(kept).into_owned())
}

impl Stream {
    fn push(&self, bytes: &[u8]) -> bool {
        self.output.push(self.is_stdout, bytes)
    }
}

impl IsTerminal for Stream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Stream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for Stream {
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
impl Pollable for Stream {
    async fn ready(&mut self) {}
}

impl AsyncWrite for Stream {
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
    fn the_limit_is_over_all_that_is_written_and_the_beginning_is_kept() {
        let output = Output::new(5);
        assert!(output.stdout().write(Bytes::from_static(b"abc")).is_ok());
        assert_eq!(output.hit(), None);
        assert!(output.stderr().write(Bytes::from_static(b"defg")).is_err());
        assert_eq!(output.text().as_deref(), Some("abcdefg"));
        assert_eq!(output.error_text().as_deref(), Some("defg"));
        assert_eq!(output.take_stdout(), b"abc");
        assert_eq!(
            output.hit(),
            Some(LimitHit {
                limit: LimitKind::Output,
                actual: Some(7)
            })
        );
    }
}
