//! Stores, homes and policies that are damaged, denied or absent.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::packaging::actors::{
    Author, home, installed, locked, runs_version, stored, user, user_of,
};
use crate::support::{Bench, Said, finish};

/// If this fails, a store that cannot be written ends in something else than a sentence, or cannot
/// be read either.
#[test]
fn a_store_that_cannot_be_written_still_runs_what_is_in_it() {
    let author = Author::new();
    let old = author.package("fib@1.0.0", "");
    let new = author.package("fib@1.1.0", "");
    let user = user(&author);
    user.dyno(["install".as_ref(), old.as_os_str()]).exits(0);
    let new = user.write("new.oci.tar", fs::read(new).unwrap());
    let store = home(&user).join("store");
    let permit = |mode: u32| {
        for dir in ["", "blobs", "blobs/sha256"] {
            fs::set_permissions(store.join(dir), fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    permit(0o555);
    let before = (stored(&user), locked(&user));
    let say = |args: &[&str]| {
        let mut command = user.command();
        user.without_rights(&mut command);
        command.args(args);
        finish(command)
    };
    say(&["install", new.to_str().unwrap()])
        .exits(1)
        .complains("store")
        .complains("Permission denied");
    say(&["uninstall", "acme/fib"])
        .exits(1)
        .complains("Permission denied");
    assert_eq!((stored(&user), locked(&user)), before);
    say(&["installed"]).exits(0).says("acme/fib");
    say(&["run", "--quick", "--time", "20ms", "acme/fib"])
        .exits(0)
        .says("v1.0.0");
    say(&["verify", "acme/fib"]).exits(0);
    permit(0o755);
    say(&["install", new.to_str().unwrap()]).exits(0);
    say(&["run", "--quick", "--time", "20ms", "acme/fib"])
        .exits(0)
        .says("v1.1.0");
}

/// Damages a stored blob: the component, or the manifest.
fn damage(bench: &Bench, what: &str, how: &dyn Fn(&Path)) {
    let listed = bench.dyno(["installed", "--json"]).exits(0).json();
    let digest = listed[0][what]
        .as_str()
        .unwrap()
        .trim_start_matches("sha256:")
        .to_owned();
    how(&home(bench).join("store/blobs/sha256").join(digest));
}

/// If this fails, something is run that is not what was installed, or a damaged store cannot be
/// mended by installing again.
#[test]
fn a_damaged_blob_is_refused_by_a_sentence_and_mended_by_installing_again() {
    let author = Author::new();
    let package = author.package("fib@1.0.0", "");
    let index = author.index(&[&package]);
    let flip = |path: &Path| {
        let mut bytes = fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    let cut = |path: &Path| fs::write(path, b"").unwrap();
    let remove = |path: &Path| fs::remove_file(path).unwrap();
    let damages: [&dyn Fn(&Path); 3] = [&flip, &cut, &remove];
    let user = user_of(&author, &index);
    for way in ["acme/fib", package.to_str().unwrap()] {
        for what in ["wasm", "manifest"] {
            for how in damages {
                user.dyno(["install", way]).exits(0);
                runs_version(&user, "1.0.0");
                damage(&user, what, how);
                let said = user.run(["acme/fib"]).exits(3).says("refused");
                assert!(!said.stdout.contains("v1.0.0"), "it ran: {said}");
                user.dyno(["verify", "acme/fib"])
                    .exits(3)
                    .complains("acme/fib");
                user.dyno(["installed"]).exits(0).says("acme/fib");
            }
        }
    }
    user.dyno(["install", "acme/fib"]).exits(0);
    runs_version(&user, "1.0.0");
    // What cannot be mended can be removed.
    damage(&user, "manifest", &flip);
    user.dyno(["uninstall", "acme/fib"]).exits(0);
    assert!(installed(&user).is_empty());
}

/// If this fails, one damaged package keeps its user from all others.
#[test]
fn a_damaged_package_does_not_keep_others_from_being_installed_or_removed() {
    let author = Author::new();
    let fib = author.package("fib@1.0.0", "");
    let other = author.package("other@1.0.0", "");
    let user = user(&author);
    user.dyno(["install".as_ref(), fib.as_os_str()]).exits(0);
    damage(&user, "manifest", &|path| fs::write(path, b"").unwrap());
    user.dyno(["install".as_ref(), other.as_os_str()]).exits(0);
    user.run(["acme/other"]).exits(0);
    user.dyno(["uninstall", "acme/other"]).exits(0);
}

/// If this fails, a damaged file of ours is a panic, or somebody is trusted who should not be.
#[test]
fn a_damaged_store_or_policy_is_one_sentence_that_names_the_file() {
    let author = Author::new();
    let package = author.package("fib@1.0.0", "");
    let user = user(&author);
    user.dyno(["install".as_ref(), package.as_os_str()])
        .exits(0);
    let complain = |file: &str, content: &str, names: &str| {
        let path = home(&user).join(file);
        let good = fs::read(&path).unwrap();
        fs::write(&path, content).unwrap();
        let one = |said: Said| {
            let lines = said.stderr.trim_end().lines().count();
            assert_eq!(lines, 1, "one sentence: {said}");
            said.complains(names);
        };
        if file.starts_with("store") {
            one(user.dyno(["installed"]).exits(1));
            one(user.dyno(["uninstall", "acme/fib"]).exits(1));
            one(user
                .dyno(["install".as_ref(), package.as_os_str()])
                .exits(1));
        } else {
            // The policy is configuration.
            one(user.dyno(["trust", "list"]).exits(2));
            one(user
                .dyno(["install".as_ref(), package.as_os_str()])
                .exits(2));
            one(user.dyno(["verify".as_ref(), package.as_os_str()]).exits(2));
        }
        let code = if file.starts_with("store") { 1 } else { 3 };
        user.run(["acme/fib"]).exits(code).says(names);
        assert_eq!(fs::read(&path).unwrap(), content.as_bytes());
        fs::write(&path, good).unwrap();
        runs_version(&user, "1.0.0");
    };
    for content in ["", "hello", "[]", "{\"schemaVersion\":2,\"manifests\":7}"] {
        complain("store/index.json", content, "store");
    }
    complain("store/oci-layout", "hello", "store");
    for content in ["hello", "[[publisher]]\nname = \"acme\"\n", "\u{0}"] {
        complain("trust/policy.toml", content, "policy.toml");
    }
}

/// If this fails, whoever shares the machine decides whom its user trusts.
#[test]
fn a_policy_that_others_may_write_is_refused() {
    let author = Author::new();
    let package = author.package("fib@1.0.0", "");
    let user = user(&author);
    user.dyno(["install".as_ref(), package.as_os_str()])
        .exits(0);
    let trust = home(&user).join("trust");
    for (path, open, closed) in [
        (trust.join("policy.toml"), 0o666, 0o600),
        (trust.clone(), 0o777, 0o700),
        (trust.join("keys"), 0o777, 0o700),
    ] {
        fs::set_permissions(&path, fs::Permissions::from_mode(open)).unwrap();
        let said = user.dyno(["verify".as_ref(), package.as_os_str()]).exits(1);
        said.complains("should be writable by you alone");
        user.run(["acme/fib"])
            .exits(1)
            .says("should be writable by you alone");
        fs::set_permissions(&path, fs::Permissions::from_mode(closed)).unwrap();
        runs_version(&user, "1.0.0");
    }
}

/// If this fails, a service without a home gets an error that says nothing, or writes where it
/// should not.
#[test]
fn without_a_home_packages_need_dyno_home_and_plugins_need_none() {
    let author = Author::new();
    let package = author.package("fib@1.0.0", "");
    let user = Bench::new();
    let plain = user.write("plain.wat", crate::support::plugin(&["plain"]));
    let homeless = |args: &[&str]| {
        let mut command = user.command();
        command.env_remove("HOME").args(args);
        finish(command)
    };
    let path = package.to_str().unwrap();
    for args in [
        &["installed"][..],
        &["install", path],
        &["verify", path],
        &["key", "generate", "--no-passphrase"],
        &["trust", "list"],
        &["search"],
    ] {
        homeless(args)
            .exits(2)
            .complains("DYNO_HOME can name a directory");
    }
    homeless(&["run", "--quick", "--time", "20ms", plain.to_str().unwrap()]).exits(0);
    homeless(&["run", "--quick", path]).exits(3).says("no HOME");
    let mut command = user.command();
    command
        .env_remove("HOME")
        .env("DYNO_HOME", user.path("elsewhere"))
        .args(["key", "generate", "--no-passphrase"]);
    finish(command).exits(0);
    assert!(user.path("elsewhere/keys/signing.key").exists());
    // A relative one would be another in every directory.
    let mut command = user.command();
    command
        .env_remove("HOME")
        .env("DYNO_HOME", "relative")
        .arg("installed");
    finish(command).exits(2);
    assert!(!user.path("relative").exists());
}
