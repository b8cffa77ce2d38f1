//! Package files that are odd tars, or none: read by two programs they could be two packages, so
//! they are refused whatever this host would make of them.

use std::fs;
use std::io::{BufWriter, Write as _};
use std::process::Command;

use serde_json::json;
use tar::EntryType;

use super::super::support::finish;
use super::forge::{Forge, ended, entry, header, parse, tar_of};
use super::scene::Scene;

/// A scene, and the entries of a package that is good.
fn good() -> (Scene, Vec<u8>) {
    let scene = Scene::new();
    let tar = Forge::suite().signed_by(&scene.acme).tar();
    scene.accepts_file(&scene.put_bytes(&tar));
    let entries = tar[..tar.len() - 1024].to_vec();
    (scene, entries)
}

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

/// If this fails, a file that was cut off, or has something behind its end, is one package here and
/// another elsewhere.
#[test]
fn a_tar_ends_where_it_says() {
    let (scene, entries) = good();
    scene.refuses_bytes(&entries, "it has no end");
    scene.refuses_bytes([&entries[..], &[0; 512]].concat(), "it has no end");
    scene.refuses_bytes(&entries[..entries.len() - 512], "");
    scene.refuses_bytes(&entries[..700], "");
    let hidden = ended(
        [
            &ended(entries.clone())[..],
            &entry("evil", EntryType::Regular, b""),
        ]
        .concat(),
    );
    scene.refuses_bytes(hidden, "bytes follow that are not its end");
    scene.refuses_bytes(
        [&ended(entries.clone())[..], &vec![0; 2 << 20]].concat(),
        "bytes follow that are not its end",
    );
    let mut broken = ended(entries.clone());
    broken[150] ^= 1;
    scene.refuses_bytes(broken, "the header after byte 0 is damaged");
    scene.accepts_file(&scene.put_bytes([&ended(entries)[..], &[0; 8192]].concat()));
}

/// If this fails, a user who has the wrong file is not told what it is.
#[test]
fn what_is_no_tar_is_called_what_it_is() {
    let (scene, entries) = good();
    for (bytes, why) in [
        (&b""[..], "it is empty, and should be a plain tar"),
        (
            b"\x1f\x8b\x08\0\0\0\0\0\0\x03",
            "it is compressed (gzip); packages are plain tar",
        ),
        (
            b"\x28\xb5\x2f\xfd\0\0\0\0",
            "it is compressed (zstd); packages are plain tar",
        ),
        (
            b"\xfd7zXZ\0\0\0",
            "it is compressed (xz); packages are plain tar",
        ),
        (
            b"BZh91AY&SY",
            "it is compressed (bzip2); packages are plain tar",
        ),
        (
            b"PK\x03\x04\0\0\0\0",
            "it is a zip file, and should be a plain tar",
        ),
        (
            b"\0asm\x0d\0\x01\0",
            "it is a WebAssembly file, and should be a plain tar",
        ),
        (
            b"\n<!doctype html><title>404</title>",
            "it is HTML or XML, and should be a plain tar",
        ),
        (b"{\"errors\":[]}", "it is JSON, and should be a plain tar"),
        (
            &[0; 10240],
            "it is something else, and should be a plain tar",
        ),
        (
            &[0x80; 700],
            "it is something else, and should be a plain tar",
        ),
        (b"short", "it is something else, and should be a plain tar"),
    ] {
        scene.refuses_bytes(bytes, why);
    }
    scene.refuses_bytes(
        ended(entry(
            "oci-layout",
            EntryType::Regular,
            br#"{"imageLayoutVersion":"2.0.0"}"#,
        )),
        "`2.0.0`",
    );
    scene.refuses_bytes(
        ended(entry("index.json", EntryType::Regular, b"{}")),
        "has no oci-layout",
    );
    let missing = scene.dyno(&["verify", "missing.oci.tar"]).exits(4);
    missing.complains("there is no package file missing.oci.tar");
    scene.accepts_file(&scene.put_bytes(ended(entries)));
}

/// If this fails, a user is told that nothing is there where something is, or the host waits for
/// ever for somebody to write.
#[test]
fn what_is_no_file_is_called_what_it_is() {
    let (scene, _) = good();
    fs::create_dir(scene.bench.path("dir.oci.tar")).unwrap();
    let fifo = scene.bench.path("fifo.oci.tar");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    for odd in ["dir.oci.tar", "fifo.oci.tar"] {
        for verb in ["verify", "install", "inspect"] {
            let said = scene.dyno(&[verb, odd]).exits(2).complains(odd);
            assert!(!said.stderr.contains("there is no"), "it is there: {said}");
        }
    }
}

/// If this fails, a verb that signs, lists or shows packages takes what the others refuse, or ends
/// as if the host and not the package were at fault.
#[test]
fn the_other_verbs_refuse_a_damaged_package_too() {
    let (scene, entries) = good();
    let package = Forge::suite().signed_by(&scene.acme);
    let mut files = package.files();
    let component = files
        .iter_mut()
        .find(|(_, bytes)| *bytes == package.component)
        .unwrap();
    component.1[100] ^= 1;
    let key = scene.acme.public.with_extension("key");
    let key = key.to_str().unwrap();
    for (tar, why) in [
        (tar_of(&files), "it was changed or damaged"),
        (b"\x1f\x8b\x08".to_vec(), "it is compressed (gzip)"),
    ] {
        let file = scene.put_bytes(&tar);
        let path = file.to_str().unwrap();
        for verb in [&["check", path][..], &["list", path]] {
            scene.dyno(verb).exits(3).says(why);
        }
        scene
            .dyno(&["index", "build", "index", path, "--key", key])
            .exits(3)
            .complains(why);
        assert!(
            !scene.bench.path("index").exists(),
            "an index of nothing was made"
        );
        scene
            .dyno(&["sign", path, "--key", key])
            .exits(3)
            .complains(why);
        assert!(fs::read(&file).unwrap() == tar, "it was written over");
    }
    // Found out before anybody is called.
    let file = scene.put_bytes(b"nonsense");
    let push = [
        "push",
        file.to_str().unwrap(),
        "localhost:1/x",
        "--plain-http",
    ];
    scene
        .dyno(&push)
        .exits(3)
        .complains("should be a plain tar");
    scene.accepts_file(&scene.put_bytes(ended(entries)));
}

/// If this fails, a sentence says twice which file is meant, and what is wrong with it drowns.
#[test]
fn a_refusal_names_the_file_once() {
    let (scene, _) = good();
    let package = Forge::suite().signed_by(&scene.acme);
    let component = format!("blobs/sha256/{}", super::forge::hex(&package.component));
    let mut files = package.files();
    files.retain(|(name, _)| *name != component);
    let index = files
        .iter()
        .position(|(name, _)| name == "index.json")
        .unwrap();
    let missing = tar_of(&files);
    files[index].1 = b"{}".to_vec();
    let no_index = tar_of(&files);
    for tar in [
        missing,
        no_index,
        b"nonsense".to_vec(),
        Forge::suite().tar(),
    ] {
        let file = scene.put_bytes(tar);
        let path = file.to_str().unwrap();
        let said = scene.dyno(&["verify", path]).exits(3);
        assert_eq!(said.stderr.matches(path).count(), 1, "{said}");
    }
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

/// If this fails, the file that has no hash, the index, leads the host to another package, to two,
/// or to none.
#[test]
fn an_index_leads_to_one_package() {
    let (scene, _) = good();
    let package = Forge::suite().signed_by(&scene.acme);
    let other = Forge::suite().of_version("1.3.0").signed_by(&scene.acme);
    let with = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut files = package.files();
        files.extend(other.files());
        let (_, bytes) = files
            .iter_mut()
            .find(|(name, _)| name == "index.json")
            .unwrap();
        let mut index = parse(bytes);
        change(&mut index);
        *bytes = index.to_string().into_bytes();
        files.sort_by(|a, b| a.0.cmp(&b.0));
        files.dedup_by(|a, b| a.0 == b.0);
        tar_of(&files)
    };
    scene.accepts_file(&scene.put_bytes(with(&|_| {})));
    let second = parse(
        &other
            .files()
            .into_iter()
            .find(|(name, _)| name == "index.json")
            .unwrap()
            .1,
    );
    type Change<'a> = &'a dyn Fn(&mut serde_json::Value);
    let changes: [(Change<'_>, &str); 8] = [
        (
            &|it| {
                it["manifests"]
                    .as_array_mut()
                    .unwrap()
                    .push(second["manifests"][0].clone())
            },
            "should hold one package, and holds more",
        ),
        (
            &|it| it["manifests"] = json!([]),
            "should hold one package, and holds none",
        ),
        (
            &|it| it["manifests"][0]["size"] = json!(7),
            "should have 7 bytes, and has ",
        ),
        (
            &|it| it["manifests"][0]["size"] = json!(4_u64 << 30),
            "has 4294967296 bytes, and the limit is 1048576",
        ),
        (
            &|it| it["manifests"][0]["digest"] = format!("sha256:{}", "0".repeat(64)).into(),
            "so it is not a complete OCI image layout",
        ),
        (
            &|it| it["manifests"][0]["mediaType"] = "text/plain".into(),
            "is described as `text/plain`",
        ),
        (&|it| it["schemaVersion"] = json!(1), "schemaVersion 2"),
        (&|it| it["manifests"] = json!("\u{1b}[2J"), "index.json of "),
    ];
    for (change, why) in changes {
        scene.refuses_bytes(with(change), why);
    }
    // The signatures alone gone from the index, it is not signed.
    let unsigned = with(&|it| {
        it["manifests"].as_array_mut().unwrap().remove(1);
    });
    scene.refuses_bytes(unsigned, "is not signed");
}

/// If this fails, a user whose disk is full, or who may not write, is told that the package is bad.
#[test]
fn what_cannot_be_unpacked_is_the_hosts_fault_and_not_the_packages() {
    let (scene, entries) = good();
    let file = scene.put_bytes(ended(entries));
    for verb in ["verify", "install"] {
        // Fewer bytes than the component has, in blocks of any size that shells count in.
        let mut command = Command::new("sh");
        let limited = "ulimit -f 1; exec \"$@\"";
        command.args(["-c", limited, "sh", env!("CARGO_BIN_EXE_dyno"), verb]);
        scene.bench.place(command.arg(&file));
        finish(command).exits(1).complains("cannot be written");
    }
    scene.dyno(&["installed"]).exits(4);
    assert!(!scene.bench.path("dyno.lock").exists());
    scene.accepts_file(&file);
}
