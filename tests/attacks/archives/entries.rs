//! Entries of a tar that no package has.

use std::fs;
use std::io::{BufWriter, Write as _};
use std::process::Command;

use tar::EntryType;

use super::good;
use crate::attacks::forge::{Forge, ended, entry, header, tar_of};
use crate::support::finish;

/// If this fails, a package file can name a place outside of itself, or show other programs other
/// files than it shows this one.
#[test]
fn an_entry_with_a_name_that_no_package_has_is_refused() {
    let (scene, entries) = good();
    let long = format!("blobs/sha256/{}", "a".repeat(65));
    for name in [
        "../evil",
        "blobs/../../evil",
        "/etc/evil",
        "./../evil",
        "blobs/sha256/..",
        "evil",
        "blobs/evil",
        "blobs/sha512/aa",
        "index.json/",
        "./",
        "BLOBS/sha256",
        "oci-layout\u{1b}[2J",
        "C:\\evil",
        "",
        ".",
        &long,
    ] {
        let odd = entry(name, EntryType::Regular, b"evil");
        for tar in [[&entries[..], &odd].concat(), [&odd[..], &entries].concat()] {
            scene.refuses_bytes(ended(tar), "does not belong there");
        }
    }
    let odd = entry("../evil/", EntryType::Directory, b"");
    scene.refuses_bytes(
        ended([&entries[..], &odd].concat()),
        "does not belong there",
    );
    assert!(!scene.bench.path("../evil").exists());
    let harmless = entry("./blobs/sha256/", EntryType::Directory, b"");
    scene.accepts_file(&scene.put_bytes(ended([&harmless[..], &entries].concat())));
}

/// If this fails, a link in a package file leads out of it, or a device or FIFO in it is opened.
#[test]
fn an_entry_that_is_neither_file_nor_directory_is_refused() {
    let (scene, entries) = good();
    let name = format!("blobs/sha256/{}", "0".repeat(64));
    for (kind, why) in [
        (EntryType::Symlink, "is a symbolic link"),
        (EntryType::Link, "is a hard link"),
        (EntryType::Char, "is a device"),
        (EntryType::Block, "is a device"),
        (EntryType::Fifo, "is a FIFO"),
        (EntryType::GNUSparse, "is a sparse file"),
        (EntryType::GNULongName, "is a long name for the next entry"),
        (EntryType::GNULongLink, "is a long name for the next entry"),
        (EntryType::XGlobalHeader, "is a PAX header for all entries"),
        (EntryType::Continuous, "is of an unknown type"),
        (EntryType::new(b'Q'), "is of an unknown type"),
    ] {
        let mut header = header(&name, kind, 0);
        if matches!(kind, EntryType::Symlink | EntryType::Link) {
            header.set_link_name("/etc/passwd").unwrap();
            header.set_cksum();
        }
        for tar in [
            [header.as_bytes(), &entries[..]].concat(),
            [&entries[..], header.as_bytes()].concat(),
        ] {
            scene.refuses_bytes(ended(tar), why);
        }
    }
    // The index itself as a link to another file.
    let without: Vec<_> = Forge::suite()
        .files()
        .into_iter()
        .filter(|(name, _)| name != "index.json")
        .collect();
    let mut link = header("index.json", EntryType::Symlink, 0);
    link.set_link_name("/etc/passwd").unwrap();
    link.set_cksum();
    let tar = tar_of(&without);
    scene.refuses_bytes(
        ended([link.as_bytes(), &tar[..tar.len() - 1024]].concat()),
        "is a symbolic link",
    );
    let mut target = header("oci-layout", EntryType::Regular, 0);
    target.set_link_name("/etc/passwd").unwrap();
    target.set_cksum();
    scene.refuses_bytes(
        ended([target.as_bytes(), &entries[..]].concat()),
        "has the name of a link",
    );
}

/// If this fails, an extended header gives an entry another name or size than this host sees.
#[test]
fn an_extended_header_says_nothing_that_matters() {
    let (scene, entries) = good();
    let record = |text: &str| {
        let mut length = text.len() + 2;
        while format!("{length} {text}\n").len() != length {
            length += 1;
        }
        format!("{length} {text}\n")
    };
    let with = |records: &[u8]| {
        let pax = entry("pax", EntryType::XHeader, records);
        ended([&pax[..], &entries].concat())
    };
    for key in [
        "path=../evil",
        "size=1",
        "linkpath=/etc/passwd",
        "GNU.sparse.map=0,1",
        "hdrcharset=BINARY",
        "SCHILY.xattr.user.x=1",
    ] {
        let why = format!(
            "a PAX header has the record `{}`",
            key.split_once('=').unwrap().0
        );
        scene.refuses_bytes(with(record(key).as_bytes()), &why);
    }
    scene.refuses_bytes(with(b"nonsense\n"), "a PAX header has ");
    scene.refuses_bytes(
        with(record("mtime=1").repeat(1000).as_bytes()),
        "a PAX header has ",
    );
    scene.accepts_file(&scene.put_bytes(with(record("mtime=1.5").as_bytes())));
}

/// If this fails, the first reader takes the one, the second the other of two files of one name.
#[test]
fn an_entry_that_is_there_twice_is_refused() {
    let (scene, entries) = good();
    let package = Forge::suite().signed_by(&scene.acme);
    for (name, bytes) in package.files() {
        let again = entry(&name, EntryType::Regular, &bytes);
        let why = format!("the entry `{name}` is there twice");
        scene.refuses_bytes(ended([&entries[..], &again].concat()), &why);
        let dotted = entry(&format!("./{name}"), EntryType::Regular, b"{}");
        scene.refuses_bytes(ended([&dotted[..], &entries].concat()), &why);
    }
}

/// If this fails, a size that lies makes readers differ in where the next entry begins, or one
/// reads past the end.
#[test]
fn a_size_that_lies_is_refused() {
    let (scene, entries) = good();
    let name = format!("blobs/sha256/{}", "0".repeat(64));
    let mut past = header(&name, EntryType::Regular, 1 << 32);
    scene.refuses_bytes(
        ended([&entries[..], past.as_bytes()].concat()),
        "should have 4294967296 bytes, and the file has 1024 left",
    );
    for field in [
        *b"-0000000001\0",
        *b"77777777777\x01",
        *b"0x000000100\0",
        *b"        100\0",
        *b"\x80\0\0\0\0\0\0\0\0\0\x01\0",
        *b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    ] {
        past.as_old_mut().size = field;
        past.set_cksum();
        let said = ended([&entries[..], past.as_bytes(), &[0; 512]].concat());
        scene.refuses_bytes(said, "");
    }
    let tree = header("blobs/", EntryType::Directory, 512);
    scene.refuses_bytes(
        ended([tree.as_bytes(), &[0; 512], &entries[..]].concat()),
        "zero for a directory",
    );
    // A blob that is shorter and longer in the tar than its name says.
    for change in [-1_isize, 1] {
        let mut files = Forge::suite().signed_by(&scene.acme).files();
        let (_, bytes) = files
            .iter_mut()
            .max_by_key(|(_, bytes)| bytes.len())
            .unwrap();
        let bytes_now = bytes.len().checked_add_signed(change).unwrap();
        let described = bytes.len();
        bytes.resize(bytes_now, 0);
        scene.refuses_bytes(
            tar_of(&files),
            &format!("should have {described} bytes, and has {bytes_now}"),
        );
    }
    scene.accepts_file(&scene.put_bytes(ended(entries)));
}

/// If this fails, a file with a million entries keeps the host busy or fills its memory.
#[test]
fn a_million_entries_are_refused_at_the_first_too_many() {
    let (scene, entries) = good();
    let path = scene.bench.path("million.oci.tar");
    let mut file = BufWriter::with_capacity(1 << 20, fs::File::create(&path).unwrap());
    file.write_all(&entries).unwrap();
    // Digits and what they lack to nine have one sum, so that one header's sum is good for all.
    let name = |number: u128| {
        format!(
            "blobs/sha256/{number:032}{:032}",
            10_u128.pow(32) - 1 - number
        )
    };
    let mut header = header(&name(0), EntryType::Regular, 0);
    for number in 0..1_000_000 {
        header.as_old_mut().name[..77].copy_from_slice(name(number).as_bytes());
        file.write_all(header.as_bytes()).unwrap();
    }
    file.write_all(&[0; 1024]).unwrap();
    drop(file);
    scene.refuses_file(&path, &[], "it has more than 256 entries");
    // Neither in a hundred megabytes of memory, which is enough for a package that is good.
    let small = |path: &std::path::Path| {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "ulimit -d 102400; exec \"$@\"",
            "sh",
            env!("CARGO_BIN_EXE_dyno"),
            "verify",
        ]);
        scene.bench.place(command.arg(path));
        finish(command)
    };
    small(&path)
        .exits(3)
        .complains("it has more than 256 entries");
    fs::remove_file(&path).unwrap();
    small(&scene.put_bytes(ended(entries))).exits(0);
}
