//! Streams into files that read and write at once. WASI's own hand what does not block to a pool of
//! threads, so that how often a guest asks, and what it is told to wait for, depends on the
//! machine.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;
use wasmtime_wasi::p2::bindings::sync::filesystem::types::HostDescriptor as _;
use wasmtime_wasi::p2::{
    DynInputStream, DynOutputStream, FsResult, InputStream, OutputStream, Pollable, StreamError,
    StreamResult,
};

use super::{File as Handle, same};
use crate::scratch::Scratch;
use crate::state::State;

/// The most that one call reads or writes, as in WASI's own streams.
const CHUNK_BYTES: usize = 64 * 1024;

/// A stream out of a file, if WASI allows one.
pub(super) fn reader<B: Send>(
    state: &mut State<B>,
    file: &Handle,
    position: u64,
) -> FsResult<Resource<DynInputStream>> {
    let stream = state.filesystem().read_via_stream(same(file), position)?;
    let file = Some(open(state, file)?);
    *state.table().get_mut(&stream)? = Box::new(Reader { file, position });
    Ok(stream)
}

/// A stream into a file from a position on, or to its end, if WASI allows one.
pub(super) fn writer<B: Send>(
    state: &mut State<B>,
    file: &Handle,
    position: Option<u64>,
) -> FsResult<Resource<DynOutputStream>> {
    let stream = match position {
        Some(position) => state.filesystem().write_via_stream(same(file), position)?,
        None => state.filesystem().append_via_stream(same(file))?,
    };
    let writer = Writer {
        file: Some(open(state, file)?),
        position,
        scratch: state.scratch.clone(),
    };
    *state.table().get_mut(&stream)? = Box::new(writer);
    Ok(stream)
}

fn open<B>(state: &mut State<B>, file: &Handle) -> FsResult<Arc<File>> {
    match state.table().get(file)? {
        Descriptor::File(file) => Ok(Arc::clone(&file.file)),
        Descriptor::Dir(_) => Err(ErrorCode::IsDirectory.into()),
    }
}

/// Without a file it is closed: at its end, or after an error.
struct Reader {
    file: Option<Arc<File>>,
    position: u64,
}

impl Reader {
    fn fill(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(file) = &self.file else { return Ok(0) };
        loop {
            match file.read_at(buffer, self.position) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }
}

impl InputStream for Reader {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        if size == 0 && self.file.is_some() {
            return Ok(Bytes::new());
        }
        let mut buffer = BytesMut::zeroed(size.min(CHUNK_BYTES));
        match self.fill(&mut buffer) {
            Ok(0) => {
                self.file = None;
                Err(StreamError::Closed)
            }
            Ok(read) => {
                self.position += read as u64;
                buffer.truncate(read);
                Ok(buffer.freeze())
            }
            Err(error) => {
                self.file = None;
                Err(StreamError::LastOperationFailed(error.into()))
            }
        }
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Reader {
    async fn ready(&mut self) {}
}

/// Without a file it is closed, after an error.
struct Writer {
    file: Option<Arc<File>>,
    /// None to append.
    position: Option<u64>,
    scratch: Scratch,
}

impl Writer {
    fn write_all(&mut self, file: &File, bytes: &[u8]) -> io::Result<()> {
        let at = match self.position {
            Some(position) => position,
            None => file.metadata()?.len(),
        };
        file.write_all_at(bytes, at)?;
        if let Some(position) = &mut self.position {
            *position += bytes.len() as u64;
        }
        Ok(())
    }
}

impl OutputStream for Writer {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let file = self.file.take().ok_or(StreamError::Closed)?;
        self.scratch
            .charge(bytes.len() as u64, 0)
            .map_err(StreamError::Trap)?;
        self.write_all(&file, &bytes)
            .map_err(|error| StreamError::LastOperationFailed(error.into()))?;
        self.file = Some(file);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.check_write().map(drop)
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        match self.file {
            Some(_) => Ok(CHUNK_BYTES),
            None => Err(StreamError::Closed),
        }
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Writer {
    async fn ready(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(file: File) -> Reader {
        Reader {
            file: Some(Arc::new(file)),
            position: 1,
        }
    }

    #[test]
    fn what_is_there_is_read_at_the_first_call_and_the_end_is_final() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, "abcde").unwrap();
        let mut stream = reader(File::open(&path).unwrap());
        assert_eq!(stream.read(3).unwrap(), "bcd");
        assert_eq!(stream.read(3).unwrap(), "e");
        assert!(matches!(stream.read(3), Err(StreamError::Closed)));
        std::fs::write(&path, "abcdefgh").unwrap();
        assert!(matches!(stream.read(0), Err(StreamError::Closed)));
    }

    #[test]
    fn a_read_or_write_that_fails_says_so_and_closes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let mut unreadable = reader(File::create(&path).unwrap());
        let failed = unreadable.read(3);
        assert!(matches!(failed, Err(StreamError::LastOperationFailed(_))));
        assert!(matches!(unreadable.read(3), Err(StreamError::Closed)));
        let mut unwritable = Writer {
            file: Some(Arc::new(File::open(&path).unwrap())),
            position: None,
            scratch: Scratch::new(
                &dyno_model::Reach::default(),
                &dyno_model::Limits::default(),
            ),
        };
        let failed = unwritable.write(Bytes::from_static(b"x"));
        assert!(matches!(failed, Err(StreamError::LastOperationFailed(_))));
        assert!(matches!(unwritable.check_write(), Err(StreamError::Closed)));
    }
}
