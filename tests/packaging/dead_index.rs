//! An index that cannot be had: it is in the way of nothing but what may be its own.

use super::actors::{Author, Served, home, installed, pin, runs_version, trust, user};
use crate::support::Bench;

/// An author with an index, and a user who trusts that author for `acme`.
fn listed(release: &str) -> (Author, std::path::PathBuf) {
    let author = Author::new();
    let index = author.index(&[&author.package(release, "")]);
    (author, index)
}

/// A user who trusts the author of the alive index, and has a dead one beside it.
fn with_dead(is_first: bool) -> (Author, Author, Bench, String) {
    let (dead, dead_index) = listed("other@1.0.0");
    let (alive, alive_index) = listed("fib@1.0.0");
    let user = user(&alive);
    let served = Served::new(&dead, &dead_index);
    let url = served.url.clone();
    drop(served);
    let first = |bench: &Bench| pin(bench, &url, &dead_index).exits(0);
    if is_first {
        first(&user);
    }
    pin(&user, alive_index.to_str().unwrap(), &alive_index).exits(0);
    if !is_first {
        first(&user);
    }
    (dead, alive, user, url)
}

/// If this fails, one index that is down keeps its users from all others.
#[test]
fn a_dead_index_stops_no_other_that_comes_before_it() {
    let (_dead, alive, user, url) = with_dead(false);
    let said = user.dyno(["search", "fib"]).exits(0).says("acme/fib");
    let warning = format!("warning: the index {url} is passed over: ");
    assert!(said.stderr.contains(&warning), "{said}");
    user.dyno(["install", "acme/fib"]).exits(0);
    runs_version(&user, "1.0.0");
    alive.index(&[&alive.package("fib@1.1.0", "")]);
    user.dyno(["update"]).exits(0).says("1.1.0");
    runs_version(&user, "1.1.0");
    // What no other has may be there, and that is why it is not found.
    user.dyno(["install", "acme/other"])
        .exits(1)
        .complains(&url);
}

/// If this fails, whoever can keep an index from answering decides that a later one answers for it:
/// a package of the same name, and a higher version, is all that it takes.
#[test]
fn a_later_index_does_not_answer_for_one_that_is_dead() {
    let (_dead, _alive, user, url) = with_dead(true);
    let said = user.dyno(["install", "acme/fib"]).exits(1);
    let said = said.complains(&format!("but the index {url} comes before that"));
    assert!(
        said.stderr.contains(&format!("`dyno index unpin {url}`")),
        "{said}"
    );
    assert!(installed(&user).is_empty());
    user.dyno(["pull", "acme/fib"]).exits(1).complains(&url);
    // To look is no harm.
    let said = user.dyno(["search", "fib"]).exits(0).says("acme/fib");
    assert!(said.stderr.contains(&url), "{said}");
    // What is said in the sentence helps.
    user.dyno(["index", "unpin", &url]).exits(0);
    user.dyno(["index", "unpin", &url]).exits(4);
    user.dyno(["install", "acme/fib"]).exits(0);
    runs_version(&user, "1.0.0");
}

/// If this fails, an index that is down is in the way of packages that cannot be its own; or its
/// last copy is no protection for those that are.
#[test]
fn the_last_copy_of_a_dead_index_says_what_may_be_its_own() {
    let (first, first_index) = listed("fib@1.0.0");
    let (second, second_index) = listed("fib@9.9.9");
    let later = second.package("new@1.0.0", "");
    second.index(&[&later]);
    let user = user(&first);
    let key = second.public();
    let args = ["--namespace", "acme", "--publisher", "acme", "--share"];
    let add = ["trust", "add", key.to_str().unwrap()];
    user.dyno([&add[..], &args].concat()).exits(0);
    // A namespace that the first index has nothing of.
    let labs = Author::new();
    let source = labs.source("tool@1.0.0", "");
    let manifest = source.join("plugin.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("acme/tool", "labs/tool")).unwrap();
    let package = labs.signed(&source);
    for bench in [&labs.bench, &second.bench, &user] {
        let key = labs.public();
        let args = ["trust", "add", key.to_str().unwrap(), "--namespace", "labs"];
        bench.dyno(args).exits(0);
    }
    second.index(&[&package]);

    let served = Served::new(&first, &first_index);
    let url = served.url.clone();
    pin(&user, &url, &first_index).exits(0);
    pin(&user, second_index.to_str().unwrap(), &second_index).exits(0);
    user.dyno(["install", "acme/fib"]).exits(0);
    runs_version(&user, "1.0.0");
    drop(served);
    for id in ["acme/fib", "acme/new"] {
        user.dyno(["install", id])
            .exits(1)
            .complains(&format!("but the index {url} comes before that"));
    }
    let said = user.dyno(["install", "labs/tool"]).exits(0);
    assert!(
        said.stderr
            .contains(&format!("the index {url} is passed over")),
        "{said}"
    );
    runs_version(&user, "1.0.0");
    // What can be updated is, and the rest is told of.
    let said = user.dyno(["update"]).exits(1);
    assert!(
        said.stderr.contains("acme/fib@1.0.0 stays as it is"),
        "{said}"
    );
    assert_eq!(installed(&user), ["acme/fib@1.0.0", "labs/tool@1.0.0"]);
    // To the byte what the project had, it may come from anywhere.
    let lock = std::fs::read(user.path("dyno.lock")).unwrap();
    assert!(String::from_utf8(lock).unwrap().contains("labs/tool"));
    // Without the copy nothing rules out that it is its own.
    std::fs::remove_dir_all(home(&user).join("indexes")).unwrap();
    user.dyno(["install", "labs/tool"])
        .exits(1)
        .complains(&format!("but the index {url} comes before that"));
}

/// If this fails, an index that sends rubbish is worse than one that sends nothing.
#[test]
fn an_index_that_is_no_good_is_passed_over_like_one_that_is_dead() {
    let (_author, index) = listed("fib@1.0.0");
    let alive = Author::new();
    let alive_index = alive.index(&[&alive.package("fib@2.0.0", "")]);
    let user = user(&alive);
    pin(&user, alive_index.to_str().unwrap(), &alive_index).exits(0);
    pin(&user, index.to_str().unwrap(), &index).exits(0);
    std::fs::write(index.join("metadata/timestamp.json"), "{}").unwrap();
    user.dyno(["install", "acme/fib"]).exits(0).says("2.0.0");
    let said = user.dyno(["search"]).exits(0).says("acme/fib");
    assert!(said.stderr.contains("is passed over"), "{said}");
    let other = Bench::new();
    trust(&other, &alive);
    pin(&other, index.to_str().unwrap(), &index).exits(0);
    pin(&other, alive_index.to_str().unwrap(), &alive_index).exits(0);
    other
        .dyno(["install", "acme/fib"])
        .exits(3)
        .complains("comes before that");
}
