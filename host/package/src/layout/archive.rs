//! A package file: a tar that holds an image layout and nothing else.
//!
//! Its headers are read once, and remembered is where each file lies. Programs that read tars
//! differ in what they make of odd headers, so that one file could show different packages to
//! different readers; what is odd is refused, whatever this reader would make of it. Allowed is
//! what skopeo, GNU tar, Go and Python write for plain files and directories.

mod header;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _};

use tar::PaxExtensions;

use super::archive_error::{ArchiveError, ENTRIES_MAX, PAX_KEYS};
use super::blob::Blob;
use super::{BLOBS, INDEX_JSON, MARKER, SHA256};
use dyno_model::quoted::quoted;
use dyno_plugin::Digest;

use header::{Fields, Kind};

/// What a tar is made of, bytes.
const BLOCK_BYTES: u64 = 512;
/// Records of times have 90 bytes, with names of users and groups some more.
const PAX_BYTES_MAX: u64 = 4 << 10;
/// The end of a tar is filled with zeros up to a multiple of 10 KiB (GNU tar's blocking factor is
/// 20 unless told otherwise).
const END_BYTES_MAX: u64 = 1 << 20;

/// A tar that was found to be good, and where its files are.
#[derive(Debug)]
pub(super) struct Archive {
    file: File,
    /// By name: where a file lies; none for a directory.
    entries: HashMap<String, Option<Extent>>,
}

/// Bytes of a tar: the first, and how many.
#[derive(Debug, Clone, Copy)]
struct Extent {
    at: u64,
    bytes: u64,
}

impl Archive {
    /// Reads the headers.
    ///
    /// # Errors
    /// If it is no tar, or one that holds anything else than a layout.
    pub(super) fn scan(file: File) -> Result<Self, ArchiveError> {
        let file_bytes = file.metadata()?.len();
        expect_tar(&file)?;
        let mut entries = HashMap::new();
        let mut next_at = 0;
        let mut archive = tar::Archive::new(&file);
        for (count, entry) in archive.entries_with_seek()?.raw(true).enumerate() {
            if count == ENTRIES_MAX {
                return Err(ArchiveError::TooMany);
            }
            let entry = entry.map_err(|error| ArchiveError::Header {
                at: next_at,
                message: quoted(&error.to_string()),
            })?;
            let Fields { kind, name, bytes } = header::check(entry.header())?;
            let at = entry.raw_file_position();
            next_at = end_of(Extent { at, bytes }, file_bytes).ok_or_else(|| {
                let left = file_bytes.saturating_sub(at);
                let name = quoted(&name);
                ArchiveError::PastEnd { name, bytes, left }
            })?;
            if kind == Kind::Pax {
                expect_harmless(entry, bytes)?;
                continue;
            }
            let name = plain(&name, kind).ok_or_else(|| ArchiveError::Name(quoted(&name)))?;
            let extent = (kind == Kind::File).then_some(Extent { at, bytes });
            if entries.insert(name.to_owned(), extent).is_some() {
                return Err(ArchiveError::Twice(name.into()));
            }
        }
        expect_end(&file, next_at, file_bytes)?;
        Ok(Self { file, entries })
    }

    /// The bytes of a file in it.
    ///
    /// # Errors
    /// If there is none of that name.
    pub(super) fn open(&self, name: &str) -> io::Result<Blob> {
        let found = self.entries.get(name).copied().flatten();
        let Extent { at, bytes } = found.ok_or(io::ErrorKind::NotFound)?;
        Ok(Blob::new(self.file.try_clone()?, at, bytes))
    }
}

/// Where the block after some bytes is, if the file has that many.
fn end_of(extent: Extent, file_bytes: u64) -> Option<u64> {
    extent
        .at
        .checked_add(extent.bytes)?
        .checked_next_multiple_of(BLOCK_BYTES)
        .filter(|end| *end <= file_bytes)
}

/// The name of an entry, if a layout has one like it. A leading `./` is what `tar -C DIR -cf FILE
/// .` writes, and the directory `./` itself.
fn plain(name: &str, kind: Kind) -> Option<&str> {
    let name = name.strip_prefix("./").unwrap_or(name);
    if kind == Kind::Directory {
        let name = name.strip_suffix('/').unwrap_or(name);
        return ["", BLOBS, SHA256].contains(&name).then_some(name);
    }
    let is_blob = |name: &str| {
        name.strip_prefix(SHA256)
            .and_then(|name| name.strip_prefix('/'))
            .is_some_and(|hex| format!("sha256:{hex}").parse::<Digest>().is_ok())
    };
    ([MARKER, INDEX_JSON].contains(&name) || is_blob(name)).then_some(name)
}

/// Says what a file is that is not a tar.
fn expect_tar(file: &File) -> Result<(), ArchiveError> {
    let mut start = Vec::new();
    Blob::new(file.try_clone()?, 0, BLOCK_BYTES).read_to_end(&mut start)?;
    let compressed: [(&[u8], _); 4] = [
        (b"\x1f\x8b", "gzip"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"\xfd7zXZ\0", "xz"),
        (b"BZh", "bzip2"),
    ];
    if let Some((_, format)) = compressed
        .iter()
        .find(|(magic, _)| start.starts_with(magic))
    {
        return Err(ArchiveError::Compressed(format));
    }
    let others: [(&[u8], _); 4] = [
        (b"PK\x03\x04", "a zip file"),
        (b"\0asm", "a WebAssembly file"),
        (b"<", "HTML or XML"),
        (b"{", "JSON"),
    ];
    let text = start.trim_ascii_start();
    let known = others
        .iter()
        .find(|(magic, _)| start.starts_with(magic) || text.starts_with(magic));
    match known {
        _ if start.is_empty() => Err(ArchiveError::NotTar("empty")),
        Some((_, what)) => Err(ArchiveError::NotTar(what)),
        None if header::is_ustar(&start) => Ok(()),
        None => Err(ArchiveError::NotTar("something else")),
    }
}

/// Reads the records of a PAX header. None of them may change what an entry is.
fn expect_harmless(mut entry: impl io::Read, bytes: u64) -> Result<(), ArchiveError> {
    if bytes > PAX_BYTES_MAX {
        return Err(ArchiveError::Pax(format!("{bytes} bytes")));
    }
    let mut records = Vec::new();
    entry.read_to_end(&mut records)?;
    // Behind an empty line some readers go on, and others do not.
    if records.starts_with(b"\n") || records.windows(2).any(|pair| pair == b"\n\n") {
        return Err(ArchiveError::Pax("an empty line".into()));
    }
    for record in PaxExtensions::new(&records) {
        let record = record.map_err(|error| ArchiveError::Pax(quoted(&error.to_string())))?;
        let key = record.key_bytes();
        if !PAX_KEYS.contains(&key) {
            let key = quoted(&String::from_utf8_lossy(key));
            return Err(ArchiveError::Pax(format!("the record `{key}`")));
        }
    }
    Ok(())
}

/// A tar ends with two blocks of zeros (POSIX.1-2024, pax, ustar interchange format), and perhaps
/// some more. One without them was cut off.
fn expect_end(file: &File, at: u64, file_bytes: u64) -> Result<(), ArchiveError> {
    let bytes = file_bytes.saturating_sub(at);
    if bytes < 2 * BLOCK_BYTES {
        return Err(ArchiveError::NoEnd);
    }
    if bytes > END_BYTES_MAX {
        return Err(ArchiveError::Trailing { at, bytes });
    }
    let mut end = Vec::new();
    Blob::new(file.try_clone()?, at, bytes).read_to_end(&mut end)?;
    if end.iter().any(|byte| *byte != 0) {
        return Err(ArchiveError::Trailing { at, bytes });
    }
    Ok(())
}
