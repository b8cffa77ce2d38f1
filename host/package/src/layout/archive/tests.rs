//! Tars that no package needs, built byte by byte: the crate refuses to write most of them.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use super::super::fixture::package_file;
use super::super::{Layout, MARKER_JSON};
use super::*;
use dyno_model::chain;

/// One entry of a tar that is made by hand.
#[derive(Clone)]
struct Entry {
    name: Vec<u8>,
    kind: u8,
    size: Vec<u8>,
    link: &'static str,
    magic: &'static [u8; 8],
    /// Bytes put at offsets of the header before it is summed.
    patches: Vec<(usize, &'static [u8])>,
    content: Vec<u8>,
}

fn entry(name: &str, kind: u8, content: &[u8]) -> Entry {
    Entry {
        name: name.into(),
        kind,
        size: format!("{:011o}\0", content.len()).into(),
        link: "",
        magic: b"ustar\x0000",
        patches: Vec::new(),
        content: content.into(),
    }
}

fn marker() -> Entry {
    entry(MARKER, b'0', MARKER_JSON)
}

fn index() -> Entry {
    entry(INDEX_JSON, b'0', b"{\"schemaVersion\":2,\"manifests\":[]}")
}

impl Entry {
    fn bytes(&self) -> Vec<u8> {
        let mut header = [0; 512];
        let mut put = |at: usize, field: &[u8]| header[at..at + field.len()].copy_from_slice(field);
        put(0, &self.name);
        put(100, b"0000644\0");
        put(108, b"0000000\0");
        put(116, b"0000000\0");
        put(124, &self.size);
        put(136, b"00000000000\0");
        put(148, b"        ");
        put(156, &[self.kind]);
        put(157, self.link.as_bytes());
        put(257, self.magic);
        for (at, field) in &self.patches {
            put(*at, field);
        }
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let mut bytes = [&header, &self.content[..]].concat();
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        bytes
    }
}

fn tar_of(entries: &[Entry]) -> Vec<u8> {
    let mut bytes: Vec<u8> = entries.iter().flat_map(Entry::bytes).collect();
    bytes.extend([0; 1024]);
    bytes
}

fn open(bytes: &[u8]) -> Result<Layout, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.tar");
    fs::write(&path, bytes).unwrap();
    Layout::open(&path).map_err(|error| chain(&error))
}

#[track_caller]
fn refused(bytes: &[u8], wanted: &str) {
    let error = open(bytes).unwrap_err();
    assert!(error.contains(wanted), "{error}");
    assert!(!error.contains(char::is_control), "{error:?}");
}

/// A good tar and one bad entry behind.
#[track_caller]
fn entry_refused(bad: Entry, wanted: &str) {
    refused(&tar_of(&[marker(), index(), bad]), wanted);
}

fn blob(hex: &str) -> String {
    format!("{SHA256}/{}", hex.repeat(64))
}

#[test]
fn what_other_tools_write_is_read() {
    let dirs = ["./", "./blobs/", "blobs/sha256", "./index.json"];
    let mut entries = vec![
        entry("PaxHeaders/x", b'x', b"30 mtime=1795273580.732405536\n"),
        marker(),
    ];
    entries.extend(dirs[..3].iter().map(|name| entry(name, b'5', b"")));
    entries.push(Entry {
        magic: b"ustar  \0",
        ..index()
    });
    entries.push(Entry {
        kind: 0,
        ..entry(&blob("a"), b'0', b"x")
    });
    let mut bytes = tar_of(&entries);
    // Filled up to a record.
    bytes.resize(bytes.len().next_multiple_of(10240), 0);
    assert!(open(&bytes).unwrap().index().unwrap().manifests.is_empty());
}

#[test]
fn names_that_no_layout_has_are_refused() {
    let other = [
        "..",
        "../x",
        "blobs/../../x",
        "blobs/sha256/..",
        "/etc/passwd",
        "/index.json",
        ".//index.json",
        "././index.json",
        "index.json/",
        "Index.json",
        "blobs/sha512/x",
        "blobs/sha256/x",
        "",
        "manifest.json",
        "blobs//sha256/x",
        ".",
        "\u{1b}[2J",
        "._index.json",
        "blobs\\sha256",
    ];
    for name in other
        .into_iter()
        .chain([&*blob("A"), &*blob("g"), &*format!("{}/", blob("a"))])
    {
        entry_refused(entry(name, b'0', b""), "does not belong there");
    }
    entry_refused(entry(&blob("a"), b'5', b""), "does not belong there");
    entry_refused(entry("blobs/sha256//", b'5', b""), "does not belong there");
    let bad = Entry {
        name: b"index\xff.json".into(),
        ..index()
    };
    entry_refused(bad, "does not belong there");
}

#[test]
fn what_is_neither_file_nor_directory_is_refused() {
    for (kind, wanted) in [
        (b'1', "is a hard link"),
        (b'2', "is a symbolic link"),
        (b'3', "is a device"),
        (b'4', "is a device"),
        (b'6', "is a FIFO"),
        (b'7', "is of an unknown type"),
        (b'S', "is a sparse file"),
        (b'L', "is a long name for the next entry"),
        (b'K', "is a long name for the next entry"),
        (b'g', "is a PAX header for all entries"),
        (b'D', "is of an unknown type"),
        (b'V', "is of an unknown type"),
        (b'\x1b', "is of an unknown type"),
    ] {
        let bad = Entry {
            link: "../../etc/passwd",
            ..entry(&blob("a"), kind, b"")
        };
        entry_refused(bad, wanted);
    }
}

#[test]
fn fields_that_some_readers_read_and_others_do_not_are_refused() {
    let good = entry(&blob("a"), b'0', b"x");
    let with = |at, field| Entry {
        patches: vec![(at, field)],
        ..good.clone()
    };
    entry_refused(
        Entry {
            link: "x",
            ..good.clone()
        },
        "has the name of a link",
    );
    entry_refused(with(90, b"../x"), "has bytes behind its name");
    entry_refused(
        with(345, b"../.."),
        "has a longer name or the map of a sparse file",
    );
    // GNU's sparse map in the header of a plain file.
    let sparse = Entry {
        magic: b"ustar  \0",
        ..with(386, b"00000000000\x0000000000001\0")
    };
    entry_refused(sparse, "has a longer name or the map of a sparse file");
    entry_refused(
        Entry {
            magic: &[0; 8],
            ..good.clone()
        },
        "has no ustar header",
    );
    entry_refused(
        Entry {
            magic: b"ustar\0\0\0",
            ..good
        },
        "has no ustar header",
    );
}

#[test]
fn pax_records_may_tell_times_and_owners_and_nothing_else() {
    let record = |text: &str| format!("{} {text}\n", text.len() + 4);
    for (records, wanted) in [
        (record("path=index.json"), "the record `path`"),
        (record("size=1000"), "the record `size`"),
        (record("linkpath=../../x"), "the record `linkpath`"),
        (
            record("GNU.sparse.major=1"),
            "the record `GNU.sparse.major`",
        ),
        (
            record("SCHILY.xattr.user.x=1"),
            "the record `SCHILY.xattr.user.x`",
        ),
        (record("\u{1b}[2J=1234"), "the record `\\u{1b}[2J`"),
        (
            record("mtime=1") + &record("path=12345"),
            "the record `path`",
        ),
        (record("mtime=12345\n12 size=100"), "malformed"),
        (
            record("mtime=12345") + "\n" + &record("size=1000"),
            "an empty line",
        ),
        ("\n".to_owned() + &record("size=1000"), "an empty line"),
        ("99 mtime=1\n".into(), "malformed"),
        ("mtime".into(), "malformed"),
    ] {
        let pax = entry("x", b'x', records.as_bytes());
        refused(&tar_of(&[marker(), pax, index()]), wanted);
    }
    let long = entry("x", b'x', &[b'1'; 5000]);
    refused(&tar_of(&[marker(), long, index()]), "has 5000 bytes");
}

#[test]
fn two_entries_of_one_name_are_refused() {
    refused(
        &tar_of(&[marker(), index(), index()]),
        "`index.json` is there twice",
    );
    let other = entry("./index.json", b'0', b"{}");
    refused(
        &tar_of(&[marker(), index(), other]),
        "`index.json` is there twice",
    );
    let blobs = entry("blobs", b'5', b"");
    let bytes = tar_of(&[
        marker(),
        index(),
        blobs.clone(),
        Entry {
            name: b"blobs/".into(),
            ..blobs
        },
    ]);
    refused(&bytes, "`blobs` is there twice");
}

#[test]
fn a_size_that_lies_is_refused() {
    let with = |size: &[u8]| Entry {
        size: size.into(),
        content: vec![0; 512],
        ..entry(&blob("a"), b'0', b"")
    };
    entry_refused(
        with(b"00000004000\0"),
        "should have 2048 bytes, and the file has 1536 left",
    );
    entry_refused(with(b"77777777777\0"), "left");
    // It swallows the end.
    entry_refused(with(b"00000003000\0"), "it has no end");
    // GNU's binary numbers: a good one, one of which the crate drops the upper bytes, one that
    // overflows.
    let binary = |upper, lower: u64| [&[0x80, 0, 0, upper][..], &lower.to_be_bytes()].concat();
    entry_refused(with(&binary(0, 512)), "eleven octal digits");
    entry_refused(with(&binary(1, 512)), "eleven octal digits");
    entry_refused(with(&binary(0, u64::MAX)), "is damaged");
    for size in [
        "          1\0",
        "1\0\0\0\0\0\0\0\0\0\0\0",
        "0000000001\0\0",
        "000000000017",
    ] {
        entry_refused(with(size.as_bytes()), "eleven octal digits");
    }
    entry_refused(with(b"\x1b[2J\0\0\0\0\0\0\0\0"), "is damaged");
    let full = entry("blobs/", b'5', b"x");
    entry_refused(full, "zero for a directory");
}

#[test]
fn a_damaged_header_is_refused() {
    let mut bytes = tar_of(&[marker(), index()]);
    bytes[1024] ^= 1;
    refused(&bytes, "the header after byte 1024 is damaged");
}

#[test]
fn a_tar_without_its_end_or_with_more_behind_is_refused() {
    let good = tar_of(&[marker(), index()]);
    assert!(open(&good).is_ok());
    let end = good.len() - 1024;
    for cut in [end, end + 512, end - 100, 700, 100] {
        assert!(open(&good[..cut]).is_err(), "{cut}");
    }
    refused(&good[..end], "it has no end");
    refused(&good[..end + 512], "it has no end");
    refused(&[&good[..], b"more"].concat(), "that are not its end");
    // Another archive behind: some readers go on.
    refused(
        &[good.clone(), good.clone()].concat(),
        "that are not its end",
    );
    refused(&[good, vec![0; 2 << 20]].concat(), "that are not its end");
}

#[test]
fn what_is_not_a_plain_tar_is_named() {
    for (bytes, wanted) in [
        (&b""[..], "it is empty"),
        (
            b"\x1f\x8b\x08\0",
            "it is compressed (gzip); packages are plain tar",
        ),
        (b"\x28\xb5\x2f\xfd", "it is compressed (zstd)"),
        (b"\xfd7zXZ\0", "it is compressed (xz)"),
        (b"BZh9", "it is compressed (bzip2)"),
        (b"PK\x03\x04", "it is a zip file"),
        (b"\0asm\x0d\0\x01\0", "it is a WebAssembly file"),
        (b"\n<!DOCTYPE html>", "it is HTML or XML"),
        (b"{}", "it is JSON"),
        (b"hello", "it is something else"),
        (&[0; 10240], "it is something else"),
    ] {
        refused(bytes, wanted);
    }
}

#[test]
fn a_million_entries_cost_no_more_than_those_that_are_allowed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("many.tar");
    let mut out = BufWriter::new(File::create(&path).unwrap());
    out.write_all(&marker().bytes()).unwrap();
    // Each with a name of its own, and each with a record of times: those count, too.
    let pax = entry("x", b'x', b"11 mtime=1\n").bytes();
    for number in 0..500_000 {
        out.write_all(&pax).unwrap();
        if number < 1000 {
            let name = format!("{SHA256}/{number:064x}");
            out.write_all(&entry(&name, b'0', b"").bytes()).unwrap();
        } else {
            out.write_all(&pax).unwrap();
        }
    }
    drop(out);
    let file = File::open(&path).unwrap();
    let error = Archive::scan(file.try_clone().unwrap())
        .unwrap_err()
        .to_string();
    assert_eq!(error, "it has more than 256 entries");
    // How far it has read shows what it cost.
    let read = std::io::Seek::stream_position(&mut &file).unwrap();
    assert!(read < 400 << 10, "{read}");
}

#[test]
fn a_sparse_file_of_terabytes_is_refused_by_its_length_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sparse.tar");
    fs::write(&path, tar_of(&[marker(), index()])).unwrap();
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    let error = chain(&Layout::open(&path).unwrap_err());
    assert!(error.contains("that are not its end"), "{error}");
}

#[test]
fn our_own_tar_has_headers_that_say_nothing_of_who_wrote_it() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = fs::read(package_file(dir.path(), 1)).unwrap();
    let mut archive = tar::Archive::new(&bytes[..]);
    let mut names = Vec::new();
    for entry in archive.entries().unwrap() {
        let entry = entry.unwrap();
        let header = entry.header();
        names.push(header.path().unwrap().display().to_string());
        assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
        assert_eq!(header.username().unwrap().unwrap_or_default(), "");
        assert_eq!(header.mtime().unwrap(), super::super::fixture::MTIME);
        let mode = if header.entry_type().is_dir() {
            0o755
        } else {
            0o644
        };
        assert_eq!(header.mode().unwrap(), mode);
    }
    assert!(names.is_sorted(), "{names:?}");
    assert!(Path::new(&names[0]).starts_with(BLOBS));
}
