//! The files of the trust store: read with a bound, and only if no other user could have written
//! them; written whole or not at all, for the user alone.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use nix::fcntl::OFlag;

use super::TrustError;
use dyno_model::quoted::quoted_path;

/// Held by the one who changes the store.
const LOCK: &str = ".lock";

/// Reads a file, if there is one.
pub(super) fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, TrustError> {
    let io_error = io_error(path);
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_NONBLOCK | OFlag::O_CLOEXEC).bits())
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error(error)),
    };
    let metadata = file.metadata().map_err(&io_error)?;
    if !metadata.is_file() {
        let kind = io::ErrorKind::InvalidInput;
        return Err(io_error(io::Error::new(kind, "not a regular file")));
    }
    expect_private(path, &metadata)?;
    if let Some(dir) = path.parent() {
        expect_private(dir, &fs::metadata(dir).map_err(&io_error)?)?;
    }
    let mut bytes = Vec::new();
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(&io_error)?;
    if bytes.len() as u64 > limit {
        let path = quoted_path(path);
        return Err(TrustError::TooLarge { path, limit });
    }
    Ok(Some(bytes))
}

/// Writes a file, for the user alone.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), TrustError> {
    let dir = path.parent().unwrap_or(Path::new("."));
    make_dir(dir)?;
    // Has mode 0600.
    tempfile::Builder::new()
        .prefix(".new-")
        .tempfile_in(dir)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            file.persist(path)?;
            File::open(dir)?.sync_all()
        })
        .map_err(io_error(path))
}

/// Waits until no other process changes the store. Unlocked when it is closed.
pub(super) fn lock(dir: &Path) -> Result<File, TrustError> {
    make_dir(dir)?;
    let path = dir.join(LOCK);
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .and_then(|lock| lock.lock().map(|()| lock))
        .map_err(io_error(&path))
}

fn make_dir(dir: &Path) -> Result<(), TrustError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(io_error(dir))?;
    expect_private(dir, &fs::metadata(dir).map_err(io_error(dir))?)
}

/// A user who can write it decides who is trusted, so only this user and root may.
fn expect_private(path: &Path, metadata: &Metadata) -> Result<(), TrustError> {
    let owner = metadata.uid();
    let is_ours = owner == 0 || owner == nix::unistd::geteuid().as_raw();
    if is_ours && metadata.mode() & 0o022 == 0 {
        return Ok(());
    }
    Err(TrustError::Exposed {
        path: quoted_path(path),
        mode: metadata.mode() & 0o777,
        owner,
    })
}

fn io_error(path: &Path) -> impl Fn(io::Error) -> TrustError {
    move |source| TrustError::Io {
        path: quoted_path(path),
        source,
    }
}
