//! One header of a tar, read so that there is only one way to read it.
//!
//! Source: POSIX.1-2024, pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".

use std::ops::Range;

use tar::{EntryType, Header};

use super::ArchiveError;
use dyno_model::quoted::quoted;

const NAME: Range<usize> = 0..100;
const SIZE: Range<usize> = 124..136;
const LINK_NAME: Range<usize> = 157..257;
const MAGIC: Range<usize> = 257..265;
/// POSIX has the beginning of a long name there; GNU has more times, and the map of a sparse file.
const REST: Range<usize> = 345..500;

/// What a header says.
pub(super) struct Fields {
    pub(super) kind: Kind,
    /// As it is: anything.
    pub(super) name: String,
    /// The size of what follows.
    pub(super) bytes: u64,
}

/// The kinds of entries that a package file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Directory,
    /// What is said of the entry that follows.
    Pax,
}

/// Whether a file begins with a header of POSIX's or GNU's form.
pub(super) fn is_ustar(start: &[u8]) -> bool {
    start
        .get(MAGIC)
        .is_some_and(|magic| magic == b"ustar\x0000" || magic == b"ustar  \0")
}

/// Checks what the crate leaves open; it has checked the sum.
pub(super) fn check(header: &Header) -> Result<Fields, ArchiveError> {
    let raw = header.as_bytes();
    let name_bytes = raw[NAME]
        .split(|byte| *byte == 0)
        .next()
        .unwrap_or_default();
    let shown = || quoted(&String::from_utf8_lossy(name_bytes));
    if !is_ustar(raw) {
        return Err(ArchiveError::Form(shown()));
    }
    let kind = kind(header.entry_type()).map_err(|kind| ArchiveError::Kind {
        name: shown(),
        kind,
    })?;
    let is_empty = |field: &[u8]| field.iter().all(|byte| *byte == 0);
    let field = if !is_empty(&raw[NAME][name_bytes.len()..]) {
        Some("bytes behind its name")
    } else if !is_empty(&raw[LINK_NAME]) {
        Some("the name of a link")
    } else if !is_empty(&raw[REST]) {
        Some("a longer name or the map of a sparse file")
    } else {
        None
    };
    if let Some(field) = field {
        let name = shown();
        return Err(ArchiveError::Field { name, field });
    }
    let bytes = size(&raw[SIZE])
        .filter(|bytes| *bytes == 0 || kind != Kind::Directory)
        .ok_or_else(|| ArchiveError::Size(shown()))?;
    let name = String::from_utf8_lossy(name_bytes).into_owned();
    Ok(Fields { kind, name, bytes })
}

/// The one form of a size that every reader reads alike: readers differ in spaces, signs and GNU's
/// binary numbers.
fn size(field: &[u8]) -> Option<u64> {
    let (digits, end) = field.split_at_checked(11)?;
    if !digits.iter().all(|byte| (b'0'..=b'7').contains(byte)) || !matches!(end, [0 | b' ']) {
        return None;
    }
    let digit = |sum, byte: &u8| sum * 8 + u64::from(byte - b'0');
    Some(digits.iter().fold(0, digit))
}

fn kind(entry_type: EntryType) -> Result<Kind, &'static str> {
    match entry_type {
        EntryType::Regular => Ok(Kind::File),
        EntryType::Directory => Ok(Kind::Directory),
        EntryType::XHeader => Ok(Kind::Pax),
        EntryType::Symlink => Err("a symbolic link"),
        EntryType::Link => Err("a hard link"),
        EntryType::Char | EntryType::Block => Err("a device"),
        EntryType::Fifo => Err("a FIFO"),
        EntryType::GNUSparse => Err("a sparse file"),
        EntryType::GNULongName | EntryType::GNULongLink => Err("a long name for the next entry"),
        EntryType::XGlobalHeader => Err("a PAX header for all entries"),
        _ => Err("of an unknown type"),
    }
}
