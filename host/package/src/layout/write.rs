//! Writes a package file.
//!
//! Equal contents make equal bytes: the entries are sorted, and say nothing of who wrote them,
//! where and when, but for one time that the caller gives.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tar::{EntryType, Header};

use super::blob::{Hashed, PIECE_BYTES};
use super::contents::{Indexes, Part};
use super::{BLOBS, Contents, INDEX_JSON, LayoutError, MARKER, MARKER_JSON, SHA256, blob_name};
use crate::oci::{self, Index};
use dyno_model::quoted::quoted_path;
use dyno_plugin::Digest;

/// Writes a package file, whole or not at all: until it is on disk an older one stays.
///
/// `mtime` is the time that all entries get, seconds since 1970: the value of `SOURCE_DATE_EPOCH`
/// or of what else makes a build repeatable.
///
/// # Errors
/// If it cannot be written, there is no package in it, or a blob is no longer what it was when it
/// was added.
pub fn write_tar(path: &Path, contents: &Contents, mtime: u64) -> Result<(), LayoutError> {
    let write_error = |source| LayoutError::Write {
        path: quoted_path(path),
        source,
    };
    // Renaming would put a file in the place of a device or a directory.
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(write_error(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "there is something that is not a regular file",
        )));
    }
    let dir = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let temporary = tempfile::Builder::new()
        .prefix(".dyno-package-")
        // As any other file that a program makes: the umask takes away from it.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(dir)
        .map_err(write_error)?;
    write_entries(temporary.as_file(), contents, mtime, write_error)?;
    temporary
        .as_file()
        .sync_all()
        .and_then(|()| temporary.persist(path).map_err(|error| error.error))
        .and_then(|_| File::open(dir)?.sync_all())
        .map_err(write_error)
}

fn write_entries(
    out: impl Write,
    contents: &Contents,
    mtime: u64,
    write_error: impl Copy + Fn(io::Error) -> LayoutError,
) -> Result<(), LayoutError> {
    let Indexes { entries, listed } = contents.indexes()?;
    let top = oci::to_json(&Index::new(entries));
    let mut parts: BTreeMap<&Digest, &Part> = contents.parts.iter().collect();
    parts.extend(listed.as_ref().map(|(digest, part)| (digest, part)));
    let mut tar = Tar {
        builder: tar::Builder::new(BufWriter::with_capacity(PIECE_BYTES, out)),
        mtime,
    };
    tar.directory(BLOBS)
        .and_then(|()| tar.directory(SHA256))
        .map_err(write_error)?;
    for (digest, part) in parts {
        let (bytes, from) = part.open().map_err(write_error)?;
        let name = blob_name(digest);
        let found = tar.file(&name, bytes, from).map_err(write_error)?;
        if found != *digest {
            let expected = *digest;
            return Err(LayoutError::Hash { expected, found });
        }
    }
    tar.file(INDEX_JSON, top.len() as u64, top.as_slice())
        .and_then(|_| tar.file(MARKER, MARKER_JSON.len() as u64, MARKER_JSON))
        .and_then(|_| tar.builder.into_inner()?.flush())
        .map_err(write_error)
}

/// A tar on its way.
struct Tar<W: Write> {
    builder: tar::Builder<W>,
    mtime: u64,
}

impl<W: Write> Tar<W> {
    fn directory(&mut self, name: &str) -> io::Result<()> {
        let header = self.header(EntryType::Directory, &format!("{name}/"), 0)?;
        self.builder.append(&header, io::empty())
    }

    /// Gives the digest of what it wrote. That covers the size: fewer bytes have another digest.
    fn file(&mut self, name: &str, bytes: u64, from: impl Read) -> io::Result<Digest> {
        let header = self.header(EntryType::Regular, name, bytes)?;
        let mut from = Hashed::new(from.take(bytes));
        self.builder.append(&header, &mut from)?;
        Ok(from.finish())
    }

    /// Owned by no user in particular, and readable by all.
    fn header(&self, kind: EntryType, name: &str, bytes: u64) -> io::Result<Header> {
        let mut header = Header::new_ustar();
        header.set_entry_type(kind);
        header.set_path(name)?;
        header.set_mode(if kind.is_dir() { 0o755 } else { 0o644 });
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(bytes);
        header.set_mtime(self.mtime);
        header.set_device_major(0)?;
        header.set_device_minor(0)?;
        header.set_cksum();
        Ok(header)
    }
}
