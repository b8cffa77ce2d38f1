//! `dyno update`.

use super::actors::{Author, installed, locked, runs_version, stored, user, user_of};

/// If this fails, users stay on old versions, or do not see what would be done.
#[test]
fn an_update_replaces_what_an_index_has_newer_within_the_range_that_was_asked_for() {
    let author = Author::new();
    let old = author.package("fib@1.0.0", "");
    let held = author.package("held@1.0.0", "");
    let index = author.index(&[&old, &held]);
    let user = user_of(&author, &index);
    user.dyno(["install", "acme/fib", "acme/held@^1"]).exits(0);
    user.dyno(["update"])
        .exits(0)
        .says("everything is up to date");

    let new = author.package("fib@2.0.0", "");
    let held = author.package("held@1.0.1", "");
    let beyond = author.package("held@2.0.0", "");
    author.index(&[&new, &held, &beyond]);
    let (before, lock) = (stored(&user), locked(&user));
    let said = user.dyno(["update", "--dry-run"]).exits(0);
    let said = said
        .says("acme/fib")
        .says("2.0.0")
        .says("acme/held")
        .says("1.0.1");
    assert!(!said.stdout.contains("acme/held@2.0.0"), "{said}");
    assert_eq!((stored(&user), locked(&user)), (before, lock));
    runs_version(&user, "1.0.0");

    user.dyno(["update", "acme/held"]).exits(0).says("1.0.1");
    assert_eq!(installed(&user), ["acme/fib@1.0.0", "acme/held@1.0.1"]);
    user.dyno(["update"]).exits(0).says("2.0.0");
    assert_eq!(installed(&user), ["acme/fib@2.0.0", "acme/held@1.0.1"]);
    runs_version(&user, "2.0.0");
    assert!(locked(&user).contains("acme/fib@2.0.0") && !locked(&user).contains("acme/fib@1.0.0"));
    // What belonged to the old ones is gone.
    let other = user_of(&author, &index);
    other
        .dyno(["install", "acme/fib", "acme/held@1.0.1"])
        .exits(0);
    assert_eq!(stored(&user), stored(&other));
    user.dyno(["update", "acme/nothing"])
        .exits(4)
        .complains("acme/nothing");
}

/// If this fails, a package that was harmless when it was installed gets more by an update,
/// unasked.
#[test]
fn an_update_that_asks_for_more_is_asked_about_again() {
    let author = Author::new();
    let old = author.package("fib@1.0.0", "capabilities = [\"wasi:random\"]");
    let index = author.index(&[&old]);
    let user = user_of(&author, &index);
    user.dyno(["install", "-y", "acme/fib"]).exits(0);
    // No more than before: not asked.
    author.index(&[&author.package("fib@1.1.0", "capabilities = [\"wasi:random\"]")]);
    user.dyno(["update"]).exits(0).says("1.1.0");
    runs_version(&user, "1.1.0");

    let wider = "capabilities = [\"wasi:random\", \"wasi:filesystem\"]";
    author.index(&[&author.package("fib@1.2.0", wider)]);
    let (before, lock) = (stored(&user), locked(&user));
    let said = user.dyno(["update"]).exits(3);
    let said = said
        .complains("acme/fib@1.2.0 was not installed")
        .complains("--yes");
    assert!(
        said.stderr.contains("wasi:filesystem") && !said.stderr.contains("wasi:random"),
        "{said}"
    );
    assert_eq!((stored(&user), locked(&user)), (before, lock));
    runs_version(&user, "1.1.0");
    user.dyno(["update", "--dry-run"])
        .exits(0)
        .says("wasi:filesystem");
    user.dyno(["update", "--yes"]).exits(0).says("1.2.0");
    runs_version(&user, "1.2.0");
}

/// If this fails, `update` says that all is well where it did not look, or takes away what a user
/// installed by hand.
#[test]
fn what_was_installed_from_a_file_stays_as_it_is_and_that_is_said() {
    let author = Author::new();
    let old = author.package("fib@1.0.0", "");
    let index = author.index(&[&author.package("fib@1.1.0", "")]);
    let user = user(&author);
    user.dyno(["install".as_ref(), old.as_os_str()]).exits(0);
    let said = user.dyno(["update"]).exits(0);
    assert!(
        said.to_string().contains("acme/fib"),
        "it was not looked for, and nobody is told: {said}"
    );
    super::actors::pin(&user, index.to_str().unwrap(), &index).exits(0);
    user.dyno(["update"]).exits(0);
    runs_version(&user, "1.0.0");
    // An index answers from now on.
    user.dyno(["install", "acme/fib"]).exits(0).says("1.1.0");
    author.index(&[&author.package("fib@1.2.0", "")]);
    user.dyno(["update"]).exits(0).says("1.2.0");
    runs_version(&user, "1.2.0");
}
