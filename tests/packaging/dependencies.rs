//! Packages that need others.

use super::actors::{Author, installed, locked, stored, user_of};

/// If this fails, a package is installed without what it needs, or an update breaks what others
/// need.
#[test]
fn what_a_package_needs_is_installed_and_updated_with_it() {
    let author = Author::new();
    let base = author.package("base@1.0.0", "");
    let fib = author.package("fib@1.0.0", "dependencies.\"acme/base\" = \"^1.0\"");
    let index = author.index(&[&base, &fib]);
    let user = user_of(&author, &index);
    user.dyno(["install", "acme/fib"])
        .exits(0)
        .says("acme/fib@1.0.0")
        .says("acme/base@1.0.0");
    assert_eq!(installed(&user), ["acme/base@1.0.0", "acme/fib@1.0.0"]);
    let lock = locked(&user);
    assert!(
        lock.contains("acme/base@1.0.0") && lock.contains("acme/fib@1.0.0"),
        "{lock}"
    );

    // The new one needs a newer base; both come, or none.
    let base = author.package("base@1.1.0", "");
    let fib = author.package("fib@1.1.0", "dependencies.\"acme/base\" = \"^1.1\"");
    author.index(&[&base, &fib]);
    user.dyno(["update", "acme/fib"])
        .exits(0)
        .says("acme/fib")
        .says("acme/base");
    assert_eq!(installed(&user), ["acme/base@1.1.0", "acme/fib@1.1.0"]);
    user.run(["acme/fib", "acme/base"]).exits(0).says("v1.1.0");
}

/// If this fails, an update of everything leaves behind what came only with another package, though
/// a newer release of it is there and will do.
#[test]
fn an_update_of_everything_takes_along_what_came_as_a_dependency() {
    let author = Author::new();
    let base = author.package("base@1.0.0", "");
    let fib = author.package("fib@1.0.0", "dependencies.\"acme/base\" = \"^1.0\"");
    let index = author.index(&[&base, &fib]);
    let user = user_of(&author, &index);
    user.dyno(["install", "acme/fib"]).exits(0);
    author.index(&[&author.package("base@1.1.0", "")]);
    user.dyno(["update"]).exits(0).says("acme/base");
    assert_eq!(installed(&user), ["acme/base@1.1.0", "acme/fib@1.0.0"]);
    // A release that the other package does not allow is none for it.
    author.index(&[&author.package("base@2.0.0", "")]);
    user.dyno(["update"])
        .exits(0)
        .says("everything is up to date");
    assert_eq!(installed(&user), ["acme/base@1.1.0", "acme/fib@1.0.0"]);
}

/// If this fails, something is installed that cannot work, or half of it.
#[test]
fn what_cannot_be_had_or_contradicts_another_leaves_everything_as_it_was() {
    let author = Author::new();
    let lonely = author.package("lonely@1.0.0", "dependencies.\"acme/nothing\" = \"*\"");
    let base = author.package("base@1.0.0", "");
    let newer = author.package("base@2.0.0", "");
    let old = author.package("old@1.0.0", "dependencies.\"acme/base\" = \"^1\"");
    let new = author.package("new@1.0.0", "dependencies.\"acme/base\" = \"^2\"");
    let strict = author.package("strict@1.0.0", "dependencies.\"acme/base\" = \"^3\"");
    let index = author.index(&[&lonely, &base, &newer, &old, &new, &strict]);
    let user = user_of(&author, &index);

    user.dyno(["install", "acme/lonely"])
        .exits(4)
        .complains("acme/nothing");
    user.dyno(["install", "acme/strict"])
        .exits(4)
        .complains("no release acme/base@^3");
    let said = user.dyno(["install", "acme/old", "acme/new"]).exits(3);
    said.complains("acme/base@^2 is needed by acme/new@1.0.0, which would get acme/base@1.0.0");
    assert!(installed(&user).is_empty() && locked(&user).is_empty());
    let before = stored(&user);

    // One of them goes, and then the other would take away what it needs.
    user.dyno(["install", "acme/old"]).exits(0);
    assert_eq!(installed(&user), ["acme/base@1.0.0", "acme/old@1.0.0"]);
    let (kept, lock) = (stored(&user), locked(&user));
    assert_ne!(before, kept);
    user.dyno(["install", "acme/new"])
        .exits(3)
        .complains("acme/base");
    user.dyno(["install", "acme/base@2.0.0"])
        .exits(3)
        .complains("acme/old");
    assert_eq!(installed(&user), ["acme/base@1.0.0", "acme/old@1.0.0"]);
    assert_eq!((stored(&user), locked(&user)), (kept, lock));
    user.run(["acme/old"]).exits(0);
}

/// If this fails, two packages that need each other cannot be installed, or never end to be.
#[test]
fn packages_that_need_each_other_are_installed_together() {
    let author = Author::new();
    let a = author.package("a@1.0.0", "dependencies.\"acme/b\" = \"^1\"");
    let b = author.package("b@1.0.0", "dependencies.\"acme/a\" = \"^1\"");
    let own = author.package("own@1.0.0", "dependencies.\"acme/own\" = \"^1\"");
    let index = author.index(&[&a, &b, &own]);
    let user = user_of(&author, &index);
    user.dyno(["install", "acme/a"]).exits(0);
    assert_eq!(installed(&user), ["acme/a@1.0.0", "acme/b@1.0.0"]);
    user.dyno(["install", "acme/own"]).exits(0);
    user.dyno(["install", "acme/b", "acme/a"]).exits(0);
    assert_eq!(
        installed(&user),
        ["acme/a@1.0.0", "acme/b@1.0.0", "acme/own@1.0.0"]
    );
}

/// If this fails, removing a package silently breaks another one that needs it.
#[test]
fn what_another_needs_is_not_removed_without_it() {
    let author = Author::new();
    let base = author.package("base@1.0.0", "");
    let fib = author.package("fib@1.0.0", "dependencies.\"acme/base\" = \"^1\"");
    let index = author.index(&[&base, &fib]);
    let user = user_of(&author, &index);
    user.dyno(["install", "acme/fib"]).exits(0);
    user.dyno(["uninstall", "acme/base"])
        .exits(3)
        .complains("acme/fib");
    assert_eq!(installed(&user), ["acme/base@1.0.0", "acme/fib@1.0.0"]);
    user.dyno(["uninstall", "acme/base", "acme/fib"]).exits(0);
    assert!(installed(&user).is_empty());
}

/// If this fails, what came along with a package stays for ever when that goes.
#[test]
fn what_came_only_with_a_package_goes_with_it() {
    let author = Author::new();
    let base = author.package("base@1.0.0", "");
    let other = author.package("other@1.0.0", "");
    let more = "dependencies.\"acme/base\" = \"^1\"\ndependencies.\"acme/other\" = \"^1\"";
    let fib = author.package("fib@1.0.0", more);
    let index = author.index(&[&base, &fib, &other]);
    let user = user_of(&author, &index);
    user.dyno(["install", "acme/other", "acme/fib"]).exits(0);
    user.dyno(["uninstall", "acme/fib"]).exits(0);
    // What somebody asked for stays.
    assert_eq!(installed(&user), ["acme/other@1.0.0"]);
    assert!(!locked(&user).contains("acme/base"), "{}", locked(&user));
}
