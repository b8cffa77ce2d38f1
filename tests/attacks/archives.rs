//! Package files that are odd tars, or none: read by two programs they could be two packages, so
//! they are refused whatever this host would make of them.

mod entries;

use std::fs;
use std::process::Command;

use serde_json::json;
use tar::EntryType;

use super::super::support::finish;
use super::forge::{Forge, ended, entry, parse, tar_of};
use super::scene::Scene;

/// A scene, and the entries of a package that is good.
fn good() -> (Scene, Vec<u8>) {
    let scene = Scene::new();
    let tar = Forge::suite().signed_by(&scene.acme).tar();
    scene.accepts_file(&scene.put_bytes(&tar));
    let entries = tar[..tar.len() - 1024].to_vec();
    (scene, entries)
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
