//! Indexes that lie about how new they are or about what is in them; and python-tuf, which makes an
//! index for us and reads one of ours. What needs it is ignored unless asked for.

use std::fs;
use std::path::{Path, PathBuf};

use super::peers_support::{
    Author, Package, foreign, nothing_is_installed, peer, pin, runs_version, text, trust,
};
use super::support::{Bench, Said, finish, repository};

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// Puts another state of an index in its place.
fn replace(index: &Path, state: &Path) {
    fs::remove_dir_all(index).unwrap();
    copy(state, index);
}

/// An author with an index in two states: `one` lists 0.1.0, `two` lists 0.2.0, too.
struct Kept {
    author: Author,
    index: PathBuf,
    one: PathBuf,
    two: PathBuf,
}

impl Kept {
    fn new() -> Self {
        let author = Author::new();
        trust(&author.bench, &author);
        let path = |name| author.bench.path(name);
        let (index, one, two) = (path("index"), path("one"), path("two"));
        for (version, state) in [("0.1.0", &one), ("0.2.0", &two)] {
            let package = author.package(version);
            author
                .bench
                .dyno(["index", "build", text(&index), text(&package)])
                .exits(0)
                .says(&format!("listed acme/fib@{version}"));
            copy(&index, state);
        }
        Self {
            author,
            index,
            one,
            two,
        }
    }

    /// Somebody who trusts the author and the index, and installed what it lists in this state.
    fn user(&self, state: &Path, version: &str) -> Bench {
        replace(&self.index, state);
        let user = self.author.user();
        pin(&user, &self.index);
        user.dyno(["install", "acme/fib"]).exits(0);
        runs_version(&user, version);
        user
    }
}

/// Every verb that asks the index is refused with this sentence, and nothing is changed.
#[track_caller]
fn refused(user: &Bench, version: &str, sentence: &str) {
    let lock = fs::read(user.path("dyno.lock")).unwrap();
    for words in [
        &["search", "fib"][..],
        &["update"],
        &["update", "--dry-run"],
        &["install", "acme/fib"],
        &["install", "acme/fib@=0.1.0", "--allow-downgrade"],
        &["pull", "acme/fib", "--output", "pulled.oci.tar"],
    ] {
        let said = user.dyno(words).exits(3).complains(sentence);
        assert!(
            !said.stderr.contains("index:///"),
            "a name that only we know: {said}"
        );
        assert_eq!(said.stdout, "", "{said}");
    }
    assert!(!user.path("pulled.oci.tar").exists());
    assert!(fs::read(user.path("dyno.lock")).unwrap() == lock);
    runs_version(user, version);
}

/// If this fails, who serves the index can hide a release that repairs something, by showing
/// everybody an older index.
#[test]
fn an_index_that_is_rolled_back_is_refused() {
    let kept = Kept::new();
    let user = kept.user(&kept.two, "0.2.0");
    replace(&kept.index, &kept.one);
    refused(&user, "0.2.0", "the index was rolled back");
    // The newest timestamp with what an older one pins is no way around it.
    for name in ["1.snapshot.json", "1.acme.json"] {
        replace(&kept.index, &kept.two);
        let metadata = kept.index.join("metadata");
        let newer = name.replace('1', "2");
        fs::copy(metadata.join(name), metadata.join(&newer)).unwrap();
        let new = kept.author.user();
        pin(&new, &kept.index);
        new.dyno(["install", "acme/fib"])
            .exits(3)
            .complains("the files of the index do not belong together");
        nothing_is_installed(&new);
    }
    replace(&kept.index, &kept.two);
    user.dyno(["search", "fib"]).exits(0).says("0.2.0");
    // Who has seen no more than the first state takes it, and then the second.
    let user = kept.user(&kept.one, "0.1.0");
    replace(&kept.index, &kept.two);
    user.dyno(["update"]).exits(0).says("0.2.0");
    runs_version(&user, "0.2.0");
}

/// If this fails, parts of two states of an index can be put together to one that never was.
#[test]
fn an_index_that_is_mixed_of_two_states_is_refused() {
    let kept = Kept::new();
    let other = Kept::new();
    let together = "the files of the index do not belong together";
    for (name, sentence) in [
        ("2.snapshot.json", together),
        ("2.acme.json", together),
        ("1.targets.json", together),
        (
            "timestamp.json",
            "is not signed as the trusted root demands",
        ),
    ] {
        let user = kept.user(&kept.one, "0.1.0");
        replace(&kept.index, &kept.two);
        let name = Path::new("metadata").join(name);
        fs::copy(other.two.join(&name), kept.index.join(&name)).unwrap();
        refused(&user, "0.1.0", sentence);
    }
    let user = kept.user(&kept.one, "0.1.0");
    replace(&kept.index, &kept.two);
    // Not even one byte longer than it was when it was signed.
    let list = kept.index.join("metadata/2.acme.json");
    let longer = fs::read_to_string(&list).unwrap() + " ";
    fs::write(&list, longer).unwrap();
    refused(&user, "0.1.0", together);
    replace(&kept.index, &kept.two);
    user.dyno(["update"]).exits(0).says("0.2.0");
}

/// If this fails, who serves an index decides which packages it lists.
#[test]
fn an_index_of_another_keeper_is_not_the_one_that_was_pinned() {
    let (kept, thief) = (Kept::new(), Kept::new());
    let user = kept.user(&kept.two, "0.2.0");
    replace(&kept.index, &thief.two);
    refused(&user, "0.2.0", "the index");
    let new = kept.author.user();
    let root = kept.two.join("metadata/1.root.json");
    new.dyno(["trust", "pin", text(&kept.index), text(&root)])
        .exits(0);
    new.dyno(["install", "acme/fib"])
        .exits(3)
        .complains("is not signed as the trusted root demands");
    nothing_is_installed(&new);
    // Nor can another keeper sign it.
    replace(&kept.index, &kept.two);
    let index = text(&kept.index);
    thief.author.bench.dyno(["index", "sign", index]).exits(2);
    user.dyno(["search", "fib"]).exits(0);
    kept.author.bench.dyno(["index", "sign", index]).exits(0);
    user.dyno(["search", "fib"]).exits(0);
}

/// If this fails, an index vouches for a package file that is not the one that was listed.
#[test]
fn a_package_in_an_index_is_the_one_that_is_listed() {
    let kept = Kept::new();
    let user = kept.user(&kept.one, "0.1.0");
    replace(&kept.index, &kept.two);
    // Signed by the same author, and another release.
    let packages = kept.index.join("packages");
    let good = packages.join("acme-fib-0.2.0.oci.tar");
    fs::copy(packages.join("acme-fib-0.1.0.oci.tar"), &good).unwrap();
    for words in [&["update"][..], &["install", "acme/fib"]] {
        user.dyno(words).exits(3);
    }
    runs_version(&user, "0.1.0");
    // As tampered with by somebody else.
    let stranger = Author::new();
    fs::copy(stranger.package("0.2.0"), &good).unwrap();
    user.dyno(["update"]).exits(3);
    runs_version(&user, "0.1.0");
    replace(&kept.index, &kept.two);
    user.dyno(["update"]).exits(0);
    runs_version(&user, "0.2.0");
}

/// `index.py`, with python-tuf.
fn index_py(bench: &Bench, words: &[&str]) -> Said {
    let mut python = foreign(bench, peer("bin/python"));
    python.arg(repository().join("tests/peers/index.py"));
    python.args(words);
    finish(python)
}

/// An index by python-tuf that lists acme/fib@0.1.0, and has its file.
fn by_python(author: &Author, name: &str, variant: Option<&str>) -> PathBuf {
    let bench = &author.bench;
    let file = author.package("0.1.0");
    let manifest = bench.write("manifest.json", Package::read(&file).manifest());
    let location = "packages/acme-fib-0.1.0.oci.tar";
    let mut words = vec!["make", name, "--release", "acme/fib@0.1.0", "--manifest"];
    words.extend([text(&manifest), "--location", location]);
    words.extend(
        variant
            .into_iter()
            .flat_map(|variant| ["--variant", variant]),
    );
    index_py(bench, &words).exits(0);
    let index = bench.path(name);
    fs::create_dir(index.join("packages")).unwrap();
    fs::copy(&file, index.join(location)).unwrap();
    index
}

/// If this fails, our index is no TUF repository as others understand it: theirs are refused, or
/// their attacks are not.
#[test]
#[ignore = "needs tests/peers/install"]
fn an_index_by_python_tuf_is_accepted_and_a_spoiled_one_is_refused() {
    let author = Author::new();
    let index = by_python(&author, "good", None);
    let user = author.user();
    pin(&user, &index);
    user.dyno(["search", "naïvely"])
        .exits(0)
        .says("acme/fib")
        .says("zeta/other");
    user.dyno(["install", "acme/fib"])
        .exits(0)
        .says("+ acme/fib@0.1.0");
    runs_version(&user, "0.1.0");
    index_py(&author.bench, &["make", "good", "--variant", "rollback"]).exits(0);
    refused(&user, "0.1.0", "the index was rolled back");

    for (variant, sentence) in [
        (
            "expired",
            "the index has expired: its timestamp.json was good until",
        ),
        ("tampered", "the files of the index do not belong together"),
        ("mix", "the files of the index do not belong together"),
        ("foreign-key", "is not signed as the trusted root demands"),
        (
            "foreign-release",
            "a namespace of the index lists what only another may",
        ),
    ] {
        let index = by_python(&author, variant, Some(variant));
        let (metadata, spoiled) = (index.join("metadata"), index.join("spoiled"));
        copy(&metadata, &spoiled);
        // Its first state was good.
        copy(&index.join("first-state"), &metadata);
        let user = author.user();
        pin(&user, &index);
        user.dyno(["install", "acme/fib"]).exits(0);
        copy(&spoiled, &metadata);
        refused(&user, "0.1.0", sentence);
    }
}

/// If this fails, whoever holds one namespace of an index decides what another lists.
#[test]
#[ignore = "needs tests/peers/install"]
fn what_another_namespace_lists_too_stays_as_its_own_lists_it() {
    let author = Author::new();
    let index = by_python(&author, "foreign", Some("foreign-name"));
    let user = author.user();
    pin(&user, &index);
    let found = user.dyno(["search", "--json"]).exits(0).json();
    let releases: Vec<_> = (found.as_array().unwrap().iter())
        .map(|listed| listed["release"].as_str().unwrap())
        .collect();
    assert_eq!(releases, ["acme/fib@0.1.0", "zeta/other@1.0.0"]);
    user.dyno(["install", "acme/fib"]).exits(0);
    runs_version(&user, "0.1.0");
}

/// If this fails, an index of ours is one that only we can read.
#[test]
#[ignore = "needs tests/peers/install"]
fn python_tuf_reads_our_index_whenever_it_is_signed_anew() {
    let kept = Kept::new();
    let bench = &kept.author.bench;
    let index = text(&kept.index);
    let manifest = |version: &str| {
        let file = kept
            .index
            .join(format!("packages/acme-fib-{version}.oci.tar"));
        bench.write(version, Package::read(&file).manifest())
    };
    let root = bench.path("root.json");
    fs::copy(kept.index.join("metadata/1.root.json"), &root).unwrap();
    let read = |target: &str, manifest: &Path| {
        let words = ["read", index, text(&root), target, "--manifest"];
        index_py(bench, &[&words[..], &[text(manifest)]].concat())
    };
    for _ in 0..2 {
        read("acme/fib@0.1.0", &manifest("0.1.0")).exits(0);
        read("acme/fib@0.2.0", &manifest("0.2.0"))
            .exits(0)
            .says("packages/acme-fib-0.2.0.oci.tar");
        read("acme/fib@0.2.0", &manifest("0.1.0")).exits(1);
        read("acme/fib@0.3.0", &manifest("0.1.0")).exits(1);
        bench.dyno(["index", "sign", index]).exits(0);
    }
    let list = kept.index.join("metadata/2.acme.json");
    let tampered = fs::read_to_string(&list)
        .unwrap()
        .replace("Fibonacci", "FIBONACCI");
    fs::write(&list, tampered).unwrap();
    let refused = read("acme/fib@0.2.0", &manifest("0.2.0")).exits(1);
    assert!(refused.stderr.contains("refused:"), "{refused}");
}
