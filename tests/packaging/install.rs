//! `dyno install`, `installed` and `uninstall`.

use std::fs;

use super::actors::{
    Author, Served, home, installed, locked, pin, runs_version, stored, user, user_of,
};
use crate::support::Bench;

/// If this fails, what a user was given as a file cannot be used, or cannot be got rid of.
#[test]
fn a_package_file_is_installed_run_and_removed_without_a_trace() {
    let author = Author::new();
    let package = author.package("fib@1.0.0", "");
    let user = user(&author);
    user.dyno(["installed"]).exits(4);
    user.dyno(["uninstall", "acme/fib"]).exits(4);
    user.dyno(["install".as_ref(), package.as_os_str()])
        .exits(0)
        .says("+ acme/fib@1.0.0");
    user.dyno(["installed"])
        .exits(0)
        .says("acme/fib")
        .says("1.0.0");
    runs_version(&user, "1.0.0");
    // The file is not needed any more.
    fs::remove_file(&package).unwrap();
    runs_version(&user, "1.0.0");
    user.dyno(["verify", "acme/fib@^1"])
        .exits(0)
        .says("is what acme signed");
    user.dyno(["uninstall", "acme/fib"])
        .exits(0)
        .says("removed acme/fib@1.0.0");
    assert!(installed(&user).is_empty());
    assert!(!locked(&user).contains("acme/fib"));
    let blobs: Vec<_> = stored(&user)
        .into_iter()
        .filter(|name| name.len() == 64)
        .collect();
    assert!(blobs.is_empty(), "{blobs:?}");
    user.run(["acme/fib"]).exits(3);
}

/// If this fails, a package is not found in an index that lies in a directory or on a web server,
/// or is installed from one that nobody said to trust.
#[test]
fn a_package_is_found_and_installed_from_an_index_in_a_directory_and_on_a_server() {
    let author = Author::new();
    let package = author.package("fib@1.0.0", "");
    let index = author.index(&[&package]);
    fs::remove_file(&package).unwrap();
    let served = Served::new(&author, &index);
    let urls = [index.to_str().unwrap(), served.url.as_str()];
    for url in urls {
        let user = user(&author);
        user.dyno(["install", "acme/fib"])
            .exits(4)
            .complains("no index is known");
        user.dyno(["search"])
            .exits(4)
            .complains("you trust no index");
        pin(&user, url, &index).exits(0).says("is trusted");
        user.dyno(["trust", "list"])
            .exits(0)
            .says(url.trim_end_matches('/'));
        user.dyno(["search", "fib"]).exits(0).says("acme/fib");
        user.dyno(["install", "acme/fib@^1"])
            .exits(0)
            .says("+ acme/fib@1.0.0");
        runs_version(&user, "1.0.0");
        user.dyno(["pull", "acme/fib", "--output", "copy.oci.tar"])
            .exits(0);
        user.dyno(["verify", "copy.oci.tar"]).exits(0);
    }
    // The root of another index is not this one's: nothing of it is believed.
    let other = Author::new();
    let theirs = other.index(&[&other.package("fib@9.0.0", "")]);
    for url in urls {
        let user = user(&author);
        pin(&user, url, &theirs).exits(0);
        user.dyno(["install", "acme/fib"]).exits(3);
        assert!(installed(&user).is_empty());
    }
    // An index answers for where a package is, not for who made it.
    let stranger = Bench::new();
    pin(&stranger, urls[0], &index).exits(0);
    stranger
        .dyno(["install", "acme/fib"])
        .exits(3)
        .complains("nobody is trusted for the namespace `acme`");
    assert!(installed(&stranger).is_empty());
}

/// If this fails, a second index under the same name, or a changed root, is taken in silence.
#[test]
fn another_root_for_an_index_that_is_pinned_is_refused_until_it_is_replaced() {
    let author = Author::new();
    let index = author.index(&[&author.package("fib@1.0.0", "")]);
    let other = Author::new();
    let theirs = other.index(&[&other.package("fib@9.0.0", "")]);
    let user = user_of(&author, &index);
    let place = index.to_str().unwrap();
    pin(&user, place, &theirs).exits(2).complains("--replace");
    user.dyno(["install", "acme/fib"]).exits(0);
    let root = theirs.join("metadata/1.root.json");
    let args = ["trust", "pin", place, root.to_str().unwrap(), "--replace"];
    user.dyno(args).exits(0);
    user.dyno(["search", "fib"]).exits(3);
}

/// If this fails, somebody who names an old package goes back to its holes without being told.
#[test]
fn an_older_version_needs_a_flag_and_the_same_one_changes_nothing() {
    let author = Author::new();
    let old = author.package("fib@1.0.0", "");
    let new = author.package("fib@1.1.0", "");
    let index = author.index(&[&old, &new]);
    let user = user_of(&author, &index);
    let (old, new) = (old.to_str().unwrap(), new.to_str().unwrap());
    user.dyno(["install", new]).exits(0).says("acme/fib@1.1.0");
    let (before, lock) = (stored(&user), locked(&user));

    let said = user.dyno(["install", new]).exits(0);
    assert!(!said.stdout.contains('+'), "nothing was installed: {said}");
    for args in [
        ["install", old],
        ["install", "acme/fib@1.0.0"],
        ["install", "acme/fib@<1.1"],
    ] {
        let said = user.dyno(args).exits(3);
        said.complains("acme/fib@1.0.0 is older than acme/fib@1.1.0")
            .complains("--allow-downgrade");
    }
    assert_eq!((stored(&user), locked(&user)), (before, lock));
    runs_version(&user, "1.1.0");

    user.dyno(["install", old, "--allow-downgrade"])
        .exits(0)
        .says("acme/fib");
    runs_version(&user, "1.0.0");
    assert!(locked(&user).contains("acme/fib@1.0.0") && !locked(&user).contains("1.1.0"));
    user.dyno(["install", new]).exits(0);
    assert_eq!(installed(&user), ["acme/fib@1.1.0"]);
}

/// If this fails, somebody who tried a preview does not get the better of it, or not back without
/// being told.
#[test]
fn a_preview_is_installed_like_any_other_version() {
    let author = Author::new();
    let old = author.package("fib@1.0.0", "");
    let preview = author.package("fib@2.0.0-rc.1", "capabilities = [\"wasi:random\"]");
    let new = author.package("fib@2.0.0", "capabilities = [\"wasi:random\"]");
    let index = author.index(&[&old, &preview]);
    let user = user_of(&author, &index);
    user.dyno(["install", "-y", "acme/fib@2.0.0-rc.1"]).exits(0);
    runs_version(&user, "2.0.0-rc.1");
    user.dyno(["verify", "acme/fib"]).exits(0);
    user.dyno(["inspect", "acme/fib"]).exits(0);
    user.dyno(["install", "acme/fib"])
        .exits(3)
        .complains("is older than acme/fib@2.0.0-rc.1");
    runs_version(&user, "2.0.0-rc.1");
    // It was agreed to what it asks for.
    user.dyno(["install".as_ref(), new.as_os_str()])
        .exits(0)
        .says("was 2.0.0-rc.1");
    runs_version(&user, "2.0.0");
}

/// If this fails, a package gets what nobody agreed to, or one that asks for nothing needs a yes.
#[test]
fn what_a_package_asks_for_has_to_be_agreed_to() {
    let author = Author::new();
    let modest = author.package("modest@1.0.0", "");
    let greedy = author.package("greedy@1.0.0", "capabilities = [\"wasi:filesystem\"]");
    let user = user(&author);
    user.dyno(["install".as_ref(), modest.as_os_str()]).exits(0);
    let lock = locked(&user);
    let said = user.dyno(["install".as_ref(), greedy.as_os_str()]).exits(3);
    let said = said
        .complains("acme/greedy@1.0.0 was not installed")
        .complains("--yes");
    assert!(
        said.stderr.contains("wasi:filesystem"),
        "what it asks for is not said: {said}"
    );
    assert_eq!(installed(&user), ["acme/modest@1.0.0"]);
    assert_eq!(locked(&user), lock);
    user.dyno(["install".as_ref(), "--yes".as_ref(), greedy.as_os_str()])
        .exits(0);
    assert_eq!(installed(&user), ["acme/greedy@1.0.0", "acme/modest@1.0.0"]);
}

/// If this fails, `--yes` trusts keys, or a package that nobody signed is taken or remembered.
#[test]
fn yes_trusts_nobody_and_what_is_unsigned_is_taken_only_when_that_is_said() {
    let author = Author::new();
    let package = author.package("fib@1.0.0", "");
    let stranger = Bench::new();
    let path = package.to_str().unwrap();
    stranger
        .dyno(["install", "--yes", path])
        .exits(3)
        .complains("if that is its publisher's key, trust it");
    assert!(installed(&stranger).is_empty());
    // Where somebody is known, a foreign signature is no less than wrong.
    let other = user(&Author::new());
    let args = ["install", "--yes", "--allow-unsigned", path];
    other.dyno(args).exits(3).complains("which belongs to acme");
    assert!(installed(&other).is_empty());

    author.source("bare@1.0.0", "");
    author.bench.dyno(["pack", "bare@1.0.0"]).exits(0);
    let bare = author.bench.path("acme-bare-1.0.0.oci.tar");
    let bare = bare.to_str().unwrap();
    stranger
        .dyno(["install", bare])
        .exits(3)
        .complains("is not signed, so nobody answers for it");
    let said = stranger
        .dyno(["install", bare, "--allow-unsigned"])
        .exits(0);
    assert!(
        said.stderr.contains("warning:") && said.stderr.contains("--allow-unsigned"),
        "{said}"
    );
    stranger.run(["acme/bare"]).exits(3).says("is not signed");
    stranger.run(["acme/bare", "--allow-unsigned"]).exits(0);
    assert!(!home(&stranger).join("trust/policy.toml").exists());
}

/// If this fails, of several packages that were named some are installed though one is refused.
#[test]
fn several_are_installed_together_or_not_at_all() {
    let author = Author::new();
    let (a, b) = (author.package("a@1.0.0", ""), author.package("b@1.0.0", ""));
    let stranger = Author::new().package("c@1.0.0", "");
    let user = user(&author);
    let [a, b, c] = [&a, &b, &stranger].map(|path| path.to_str().unwrap().to_owned());
    // The stranger's bench is gone, and its package with it.
    user.dyno(["install", &a, &c, &b])
        .exits(4)
        .complains("there is no package file");
    let stranger = Author::new();
    let c = stranger.package("c@1.0.0", "");
    let c = c.to_str().unwrap();
    user.dyno(["install", &a, c, &b])
        .exits(3)
        .complains("acme/c@1.0.0");
    assert!(installed(&user).is_empty() && locked(&user).is_empty());
    user.dyno(["install", &a, &b]).exits(0);
    assert_eq!(installed(&user), ["acme/a@1.0.0", "acme/b@1.0.0"]);
    user.dyno(["uninstall", "acme/a", "acme/zzz"]).exits(4);
    assert_eq!(installed(&user), ["acme/b@1.0.0"]);
}
