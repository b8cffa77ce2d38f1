//! `dyno.lock`, `--locked` and `--offline`: the same everywhere, and without asking anybody.

use std::fs;
use std::net::TcpListener;

use p256::ecdsa::signature::Signer as _;
use p256::pkcs8::DecodePrivateKey as _;
use serde_json::Value;

use super::actors::{
    Author, Served, home, installed, locked, pin, runs_version, stored, user, user_of,
};
use crate::support::Bench;

/// If this fails, a project's lock does not say what it has, or loses what others put there.
#[test]
fn the_lock_follows_what_is_installed() {
    let author = Author::new();
    let old = author.package("fib@1.0.0", "");
    let other = author.package("other@1.0.0", "");
    let index = author.index(&[&old, &other]);
    let user = user_of(&author, &index);
    user.dyno(["install", "acme/fib"]).exits(0);
    let seen = user.dyno(["inspect", "--json", "acme/fib"]).exits(0).json();
    let key = author.bench.dyno(["key", "show"]).exits(0).stdout;
    let lock: Value = toml::from_str(&locked(&user)).unwrap();
    let package = &lock["package"][0];
    assert_eq!(package["release"], "acme/fib@1.0.0");
    assert_eq!(package["manifest"], seen["manifest"]);
    assert_eq!(package["wasm"], seen["wasm"]);
    assert_eq!(package["signers"][0], key.lines().next().unwrap());

    user.dyno(["install", "acme/other"]).exits(0);
    author.index(&[&author.package("fib@1.1.0", "")]);
    user.dyno(["update"]).exits(0);
    let lock = locked(&user);
    assert!(
        lock.contains("acme/fib@1.1.0") && lock.contains("acme/other@1.0.0"),
        "{lock}"
    );
    assert!(!lock.contains("acme/fib@1.0.0"), "{lock}");
    user.dyno(["uninstall", "acme/fib"]).exits(0);
    let lock = locked(&user);
    assert!(
        !lock.contains("acme/fib") && lock.contains("acme/other@1.0.0"),
        "{lock}"
    );

    // Beside the project, from wherever in it; another project has another.
    fs::create_dir_all(user.path("project/.git")).unwrap();
    fs::create_dir_all(user.path("project/deep/er")).unwrap();
    let mut command = user.command();
    command
        .current_dir(user.path("project/deep/er"))
        .args(["install", "acme/fib"]);
    crate::support::finish(command).exits(0);
    let there = fs::read_to_string(user.path("project/dyno.lock")).unwrap();
    assert!(
        there.contains("acme/fib@1.1.0") && !there.contains("acme/other"),
        "{there}"
    );
    assert_eq!(locked(&user), lock);
    // What changed nothing leaves the file to the byte.
    user.dyno(["install", "acme/other"]).exits(0);
    assert_eq!(locked(&user), lock);
}

/// If this fails, a build machine measures something else than its developers did.
#[test]
fn locked_takes_the_same_on_another_machine_and_nothing_else() {
    let author = Author::new();
    let first = author.package("fib@1.0.0", "");
    let index = author.index(&[&first]);
    let one = user_of(&author, &index);
    one.dyno(["install", "acme/fib"]).exits(0);
    let lock = locked(&one);

    // In the meantime there is a newer one, which is not what is locked.
    author.index(&[&author.package("fib@1.1.0", "")]);
    let two = user_of(&author, &index);
    two.write("dyno.lock", &lock);
    two.dyno(["install", "--locked", "acme/fib"])
        .exits(0)
        .says("acme/fib@1.0.0");
    assert_eq!(locked(&two), lock);
    two.run(["--locked", "acme/fib"]).exits(0);
    two.dyno(["verify", "--locked", "acme/fib"]).exits(0);
    two.dyno(["verify", "--locked", first.to_str().unwrap()])
        .exits(0);

    let newer = author.bench.path("acme-fib-1.1.0.oci.tar");
    let newer = newer.to_str().unwrap();
    let said = two.dyno(["install", "--locked", newer]).exits(3);
    said.complains("dyno.lock does not lock acme/fib@1.1.0");
    two.dyno(["install", "--locked", "acme/fib@1.1.0"])
        .exits(3)
        .complains("does not lock acme/fib@1.1.0");
    two.dyno(["update", "--locked"])
        .exits(0)
        .says("everything is up to date");
    assert_eq!(
        (installed(&two), locked(&two)),
        (vec!["acme/fib@1.0.0".to_owned()], lock.clone())
    );

    // Another build of the same version, by the same author.
    let source = author.source("fib@1.0.0", "authors = \"somebody\"");
    let rebuilt = author.signed(&source);
    let rebuilt = rebuilt.to_str().unwrap();
    let three = user(&author);
    three.write("dyno.lock", &lock);
    let complaint = "dyno.lock locks acme/fib@1.0.0 to the manifest sha256:";
    three.dyno(["verify", rebuilt]).exits(0);
    three
        .dyno(["verify", "--locked", rebuilt])
        .exits(3)
        .complains(complaint);
    three
        .dyno(["install", "--locked", rebuilt])
        .exits(3)
        .complains(complaint);
    assert!(installed(&three).is_empty());
    three.run(["--locked", rebuilt]).exits(3).says(complaint);
    three.dyno(["install", rebuilt]).exits(0);
    three.write("dyno.lock", &lock);
    three.run(["acme/fib"]).exits(0);
    three.run(["--locked", "acme/fib"]).exits(3).says(complaint);

    // Without a lock nothing is locked, and one that is no lock is not skipped.
    let four = user_of(&author, &index);
    four.dyno(["install", "--locked", "acme/fib"])
        .exits(3)
        .complains("does not lock acme/fib@");
    assert!(locked(&four).is_empty() && installed(&four).is_empty());
    for bad in [
        "version = 2\n",
        "hello",
        "version = 1\n[[package]]\nrelease = \"acme/fib\"\n",
    ] {
        four.write("dyno.lock", bad);
        four.dyno(["install", "acme/fib"])
            .exits(2)
            .complains("dyno.lock is not a lock file");
        assert_eq!(locked(&four), bad);
        assert!(
            installed(&four).is_empty(),
            "it is installed, and not locked: {bad}"
        );
    }
}

/// If this fails, a fresh clone needs a list of packages beside its lock, or gets others than it
/// says.
#[test]
fn a_lock_alone_says_what_to_install() {
    let author = Author::new();
    let base = author.package("base@1.0.0", "");
    let fib = author.package("fib@1.0.0", "dependencies.\"acme/base\" = \"^1\"");
    let index = author.index(&[&base, &fib]);
    let one = user_of(&author, &index);
    one.dyno(["install", "acme/fib"]).exits(0);
    let lock = locked(&one);
    author.index(&[
        &author.package("fib@1.1.0", ""),
        &author.package("base@1.1.0", ""),
    ]);
    let two = user_of(&author, &index);
    two.dyno(["install"]).exits(2);
    two.write("dyno.lock", &lock);
    two.dyno(["install", "--locked"]).exits(0);
    assert_eq!(installed(&two), ["acme/base@1.0.0", "acme/fib@1.0.0"]);
    assert_eq!(locked(&two), lock);
    two.run(["--locked", "acme/fib", "acme/base"]).exits(0);
    // What is locked and nowhere to be had is named, and nothing is installed by halves.
    let three = user_of(&author, &index);
    three.write(
        "dyno.lock",
        lock.replace("acme/fib@1.0.0", "acme/fib@1.0.7"),
    );
    three
        .dyno(["install", "--locked"])
        .exits(4)
        .complains("acme/fib@=1.0.7");
    assert!(installed(&three).is_empty());
}

/// If this fails, something is fetched though that was forbidden, or what is there cannot be used
/// without a network.
#[test]
fn offline_runs_what_is_installed_and_fetches_nothing() {
    let author = Author::new();
    let package = author.package("fib@1.0.0", "");
    let other = author.package("other@1.0.0", "");
    let index = author.index(&[&package, &other]);
    let served = Served::new(&author, &index);
    let user = user(&author);
    pin(&user, &served.url, &index).exits(0);
    user.dyno(["search", "--offline"])
        .exits(3)
        .complains(&served.url);
    user.dyno(["install", "acme/fib"]).exits(0);
    drop(served);

    user.run(["--offline", "acme/fib"]).exits(0);
    user.dyno(["search", "--offline", "other"])
        .exits(0)
        .says("acme/other@".trim_end_matches('@'));
    user.dyno(["install", "--offline", "acme/other"])
        .exits(1)
        .complains("acme/other@1.0.0 is not here, and --offline forbids to fetch it");
    user.dyno(["update", "--offline"])
        .exits(0)
        .says("everything is up to date");
    user.dyno(["install", "--offline", package.to_str().unwrap()])
        .exits(0);
    // With a network that does not answer, that is said, and nothing is lost.
    let said = user.dyno(["install", "acme/other"]);
    assert!(matches!(said.status.code(), Some(1 | 3)), "{said}");
    said.complains("cannot be reached");
    assert_eq!(installed(&user), ["acme/fib@1.0.0"]);

    // A reference is refused by name, and nobody is called.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let reference = format!("{}/acme/fib:1.0.0", listener.local_addr().unwrap());
    let complaint = format!("{reference} is not here, and --offline forbids to fetch it");
    for verb in ["install", "verify", "inspect", "pull"] {
        let args = [verb, "--offline", "--plain-http", &reference];
        user.dyno(args).exits(1).complains(&complaint);
    }
    user.run(["--offline", "--plain-http", &reference])
        .exits(1)
        .says(&complaint);
    let args = [
        "push",
        "--offline",
        "--plain-http",
        package.to_str().unwrap(),
        &reference,
    ];
    author.bench.dyno(args).exits(1).complains(&complaint);
    assert!(listener.accept().is_err(), "somebody was called");
}

/// If this fails, a keeper who is gone, or one who shows an old index, is believed for ever.
#[test]
fn an_index_that_has_expired_is_refused_until_it_is_signed_anew() {
    let author = Author::new();
    let index = author.index(&[&author.package("fib@1.0.0", "")]);
    let timestamp = index.join("metadata/timestamp.json");
    let fresh = fs::read(&timestamp).unwrap();
    let user = user_of(&author, &index);
    expire(&author.bench, &timestamp);
    for args in [&["search"][..], &["install", "acme/fib"]] {
        let said = user.dyno(args).exits(3);
        said.complains("the index has expired: its timestamp.json was good until 2001-");
    }
    assert!(installed(&user).is_empty() && stored(&user).is_empty());

    author
        .bench
        .dyno(["index", "sign", "index"])
        .exits(0)
        .says("signed index");
    user.dyno(["install", "acme/fib"]).exits(0);
    runs_version(&user, "1.0.0");
    // The twin: the same file as it was made is good for who has not seen a newer one.
    fs::write(&timestamp, fresh).unwrap();
    user_of(&author, &index).dyno(["search", "fib"]).exits(0);
    user.dyno(["search", "fib"])
        .exits(3)
        .complains("the index was rolled back");
}

/// Makes the keeper's timestamp one of long ago, signed with the keeper's key: canonical JSON of
/// what has only ASCII in it is compact JSON with sorted keys.
fn expire(keeper: &Bench, timestamp: &std::path::Path) {
    let key = fs::read_to_string(home(keeper).join("keys/signing.key")).unwrap();
    let key = p256::ecdsa::SigningKey::from_pkcs8_pem(&key).unwrap();
    let mut signed: Value = serde_json::from_slice(&fs::read(timestamp).unwrap()).unwrap();
    signed["signed"]["expires"] = "2001-01-01T00:00:00Z".into();
    let content = serde_json::to_string(&signed["signed"]).unwrap();
    let signature: p256::ecdsa::DerSignature = key.sign(content.as_bytes());
    let hex: String = signature
        .as_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    signed["signatures"][0]["sig"] = hex.into();
    fs::write(timestamp, serde_json::to_vec(&signed).unwrap()).unwrap();
}
