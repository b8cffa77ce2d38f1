//! The guest's stdout and stderr: captured together, up to a limit, and never passed on.

use std::collections::VecDeque;
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
    /// The end of stderr alone: what a failed program says last must not drown in what it printed
    /// before.
    stderr: VecDeque<u8>,
    /// Whether something was written to stderr before that.
    is_cut: bool,
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
            stderr: VecDeque::new(),
            is_cut: false,
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

    /// The end of stderr, in whole lines where it has any, as text; a hostile guest's.
    pub(super) fn error_text(&self) -> Option<String> {
        let mut captured = self.captured();
        let is_cut = captured.is_cut;
        let bytes: &[u8] = captured.stderr.make_contiguous();
        let line = bytes
            .iter()
            .position(|byte| *byte == b'\n')
            .filter(|_| is_cut);
        let lines = line.map_or(bytes, |end| &bytes[end + 1..]);
        text(if lines.is_empty() { bytes } else { lines })
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
            captured.keep_error(bytes);
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

impl Captured {
    fn keep_error(&mut self, bytes: &[u8]) {
        let last = &bytes[bytes.len().saturating_sub(KEPT_BYTES)..];
        let beyond = (self.stderr.len() + last.len()).saturating_sub(KEPT_BYTES);
        self.is_cut |= beyond > 0 || last.len() < bytes.len();
        self.stderr.drain(..beyond);
        self.stderr.extend(last);
    }
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

    /// If this fails, a long log hides why a program failed.
    #[test]
    fn of_stderr_the_last_lines_are_kept() {
        let output = Output::new(1 << 20);
        let last = || output.error_text().unwrap();
        output.stderr().push(b"begin\n");
        assert_eq!(last(), "begin\n");
        for number in 0..1000 {
            output.stderr().push(format!("line {number}\n").as_bytes());
        }
        let text = last();
        assert!(text.starts_with("line ") && text.ends_with("line 998\nline 999\n"));
        assert!(
            (KEPT_BYTES - 9..=KEPT_BYTES).contains(&text.len()),
            "{}",
            text.len()
        );
        output.stderr().push(&[b'x'; 3 * KEPT_BYTES]);
        assert_eq!(last(), "x".repeat(KEPT_BYTES));
        output.stderr().push(b"\n");
        assert_eq!(last(), "x".repeat(KEPT_BYTES - 1) + "\n");
    }

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
