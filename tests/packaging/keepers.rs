//! Those who keep an index: releases are taken back, and several have to sign.

use std::path::Path;

use super::actors::{Author, NAMESPACE, locked, pin, runs_version, trust, user, user_of};
use crate::support::{Bench, Said, finish};

/// If this fails, a release that its publisher took back is still chosen, or a project that has it
/// in its lock cannot be built any more.
#[test]
fn a_yanked_release_is_chosen_by_nobody_and_had_by_those_who_locked_it() {
    let author = Author::new();
    let [old, new] = ["fib@1.0.0", "fib@1.1.0"].map(|it| author.package(it, ""));
    let index = author.index(&[&old, &new]);
    let before = user_of(&author, &index);
    before.dyno(["install", "acme/fib"]).exits(0).says("1.1.0");

    let at = index.to_str().unwrap();
    let yank = |args: &[&str]| author.bench.dyno([&["index", "yank", at], args].concat());
    yank(&["acme/fib@1.1.0"])
        .exits(0)
        .says("yanked acme/fib@1.1.0");
    yank(&["acme/fib@9.0.0"])
        .exits(4)
        .complains("the index has no release acme/fib@9.0.0");
    yank(&["other/fib@1.0.0"]).exits(4).complains("other");
    let after = user_of(&author, &index);
    after.dyno(["search", "fib"]).exits(0).says("1.0.0");
    after
        .dyno(["install", "acme/fib@1.1.0"])
        .exits(4)
        .complains("1.1.0 (yanked)");
    after.dyno(["install", "acme/fib"]).exits(0).says("1.0.0");
    runs_version(&after, "1.0.0");
    // Who has it is told, and keeps it.
    let said = before.dyno(["update"]).exits(0);
    let told = "acme/fib@1.1.0 is installed, and was yanked from the index";
    assert!(said.stderr.contains(told), "{said}");
    runs_version(&before, "1.1.0");
    // The project, on another machine.
    let other = user_of(&author, &index);
    other.write("dyno.lock", locked(&before));
    let said = other.dyno(["install", "--locked"]).exits(0);
    let told = "acme/fib@1.1.0 was yanked from the index";
    assert!(said.stderr.contains(told), "{said}");
    runs_version(&other, "1.1.0");
    other.run(["acme/fib", "--locked"]).exits(0);

    yank(&["--undo", "acme/fib@1.1.0"])
        .exits(0)
        .says("offered again acme/fib@1.1.0");
    after.dyno(["update"]).exits(0).says("1.1.0");
}

/// An index that two people keep, and their keys.
struct Kept {
    author: Author,
    /// Of whom no more is known than the keys.
    keys: [String; 3],
}

impl Kept {
    fn new() -> Self {
        let author = Author::new();
        trust(&author.bench, &author);
        let keys = ["one", "two", "three"].map(|name| {
            let path = author.bench.path(format!("{name}.key"));
            let path = path.to_str().unwrap().to_owned();
            let args = ["key", "generate", "--no-passphrase", "--output", &path];
            author.bench.dyno(args).exits(0);
            path
        });
        Self { author, keys }
    }

    /// A verb on the index, with these of the keys.
    fn with(&self, keys: &[usize], verb: &str, args: &[&str]) -> Said {
        let mut command = self.author.bench.command();
        command.args(["index", verb, "site"]).args(args);
        for key in keys {
            command.args(["--key", &self.keys[*key]]);
        }
        finish(command)
    }

    fn public(&self, key: usize) -> String {
        self.keys[key].replace(".key", ".pub")
    }

    fn user(&self) -> Bench {
        let bench = user(&self.author);
        let site = self.author.bench.path("site");
        pin(&bench, site.to_str().unwrap(), &site).exits(0);
        bench
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// If this fails, one keeper can do alone what two have to agree on, or those who trusted the index
/// before have to begin anew.
#[test]
fn two_keepers_have_to_sign_where_two_are_needed() {
    let kept = Kept::new();
    let [first, second, third] =
        ["fib@1.0.0", "fib@1.1.0", "fib@1.2.0"].map(|it| kept.author.package(it, ""));
    kept.with(&[0, 1], "build", &[text(&first)]).exits(0);
    let said = kept.with(&[], "keepers", &[]).exits(0);
    let said = said.says("root: 1 of 2\n").says("acme: 1 of 2\n");
    assert_eq!(said.stdout.matches("sha256:").count(), 10, "{said}");
    let user = kept.user();
    user.dyno(["install", "acme/fib"]).exits(0).says("1.0.0");

    // Either will do so far. More than there are is nothing that can be.
    kept.with(&[1], "build", &[text(&second)]).exits(0);
    user.dyno(["update"]).exits(0).says("1.1.0");
    let too_many = kept.with(&[0, 1], "keepers", &["root", "--threshold", "3"]);
    too_many.exits(2).complains("3 of 2 keys cannot sign");
    for role in ["root", NAMESPACE] {
        kept.with(&[0, 1], "keepers", &[role, "--threshold", "2"])
            .exits(0);
    }
    let lone = |verb: &str, args: &[&str]| {
        let said = kept.with(&[0], verb, args).exits(2);
        said.complains("must be signed by 2 of its keys, and 1 of them were given");
    };
    lone("build", &[text(&third)]);
    lone("yank", &["acme/fib@1.0.0"]);
    lone("sign", &["--renew", NAMESPACE]);
    lone("keepers", &["root", "--threshold", "1"]);
    lone("keepers", &["timestamp", "--add", &kept.public(2)]);
    user.dyno(["update"]).exits(0).says("up to date");
    // The job that keeps it fresh needs no second.
    kept.with(&[0], "sign", &[]).exits(0);
    kept.with(&[0, 1], "build", &[text(&third)]).exits(0);
    user.dyno(["update"]).exits(0).says("1.2.0");

    // One goes, another comes, in one step.
    let gone = kept.author.bench.dyno(["key", "show", &kept.public(0)]);
    let gone = gone.stdout.lines().next().unwrap().to_owned();
    let change = [NAMESPACE, "--remove", &gone, "--add", &kept.public(2)];
    kept.with(&[0, 1, 2], "keepers", &change).exits(0);
    let again = kept.with(&[0, 1, 2], "keepers", &change);
    again.exits(2).complains("does not sign for acme");
    let yank = ["acme/fib@1.2.0"];
    kept.with(&[0, 1], "yank", &yank).exits(2);
    kept.with(&[0, 1, 2], "yank", &yank).exits(0);
    kept.with(&[], "keepers", &["nothing"]).exits(4);
    let new = kept.user();
    new.dyno(["install", "acme/fib"]).exits(0).says("1.1.0");
    user.dyno(["search", "fib"]).exits(0).says("1.1.0");
}
