//! Opens files and reads them. What is opened is judged by its descriptor, and not by its path
//! before.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};

use super::directory;
use dyno_model::{LimitUnit, quantity};

/// Opens a regular file that the user named. Never waits, not even for a FIFO's writer.
///
/// # Errors
/// If it is not one, or may not be read.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).custom_flags(libc::O_NONBLOCK);
    regular(options.open(path)?)
}

/// Opens a regular file below a directory, which it cannot lead out of. Never waits.
///
/// # Errors
/// If it leads out, is not one, or may not be read.
pub fn open_below(dir: &Path, path: &Path) -> io::Result<File> {
    let dir = Dir::open_ambient_dir(directory(dir), ambient_authority())?;
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(libc::O_NONBLOCK);
    regular(dir.open_with(path, &options)?.into_std())
}

/// Opens a regular file that is no link, of a directory that is none. Never waits.
///
/// # Errors
/// If one of them is a link, or it is no regular file or may not be read.
pub fn open_unlinked(dir: &Path, name: &str) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    let dir = options
        .custom_flags(libc::O_DIRECTORY | libc::O_NOFOLLOW)
        .open(dir)?;
    let mut options = OpenOptions::new();
    options
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOFOLLOW);
    regular(
        Dir::from_std_file(dir)
            .open_with(name, &options)?
            .into_std(),
    )
}

/// Opens a directory, as a file that can be locked.
///
/// # Errors
/// If it is not one, or may not be read.
pub fn open_dir(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    options
        .custom_flags(libc::O_DIRECTORY)
        .open(directory(path))
}

/// A file that was opened without waiting, if it is a regular one.
pub(super) fn regular(file: File) -> io::Result<File> {
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not a regular file",
        )),
    }
}

/// Reads a file, unless it has more bytes than `limit`.
///
/// # Errors
/// If it has ([`io::ErrorKind::FileTooLarge`]), or cannot be read.
pub fn bytes(file: File, limit: u64) -> io::Result<Vec<u8>> {
    expect_at_most(&file, limit)?;
    let mut bytes = Vec::new();
    // It may grow meanwhile, and a file that the system makes up has no size.
    file.take(limit + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > limit {
        true => Err(too_large(limit)),
        false => Ok(bytes),
    }
}

/// Refuses a file with more bytes than `limit` before any of it is read.
///
/// # Errors
/// If it has ([`io::ErrorKind::FileTooLarge`]).
pub fn expect_at_most(file: &File, limit: u64) -> io::Result<()> {
    match file.metadata()?.len() > limit {
        true => Err(too_large(limit)),
        false => Ok(()),
    }
}

fn too_large(limit: u64) -> io::Error {
    let limit = quantity::show(limit, LimitUnit::Bytes);
    io::Error::new(
        io::ErrorKind::FileTooLarge,
        format!("it is larger than {limit}"),
    )
}

/// Reads a text, as [`bytes()`].
///
/// # Errors
/// As [`bytes()`], and if it is not UTF-8.
pub fn text(file: File, limit: u64) -> io::Result<String> {
    String::from_utf8(bytes(file, limit)?)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn what_is_no_regular_file_is_refused_at_once_by_every_way() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        nix::unistd::mkfifo(&at("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        std::fs::create_dir(at("dir")).unwrap();
        symlink("/dev/zero", at("zero")).unwrap();
        symlink("fifo", at("link")).unwrap();
        for name in ["fifo", "dir", "zero", "link"] {
            assert!(open_regular(&at(name)).is_err(), "{name}");
            assert!(open_below(dir.path(), Path::new(name)).is_err(), "{name}");
            assert!(open_unlinked(dir.path(), name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_link_is_followed_below_a_directory_and_not_at_all_where_none_may_be() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("in")).unwrap();
        std::fs::write(dir.path().join("in/file"), "x").unwrap();
        symlink("file", dir.path().join("in/link")).unwrap();
        symlink("in", dir.path().join("other")).unwrap();
        assert!(open_below(dir.path(), Path::new("other/link")).is_ok());
        assert!(open_unlinked(&dir.path().join("in"), "file").is_ok());
        assert!(open_unlinked(&dir.path().join("in"), "link").is_err());
        assert!(open_unlinked(&dir.path().join("other"), "file").is_err());
    }

    #[test]
    fn nothing_is_read_of_what_is_too_large() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(4).unwrap();
        assert_eq!(bytes(file.reopen().unwrap(), 4).unwrap(), [0; 4]);
        let error = bytes(file.reopen().unwrap(), 3).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        // Its size is said to be 0.
        let made_up = || open_regular(Path::new("/proc/self/status")).unwrap();
        assert!(bytes(made_up(), 10).is_err() && bytes(made_up(), 1 << 20).is_ok());
    }
}
