//! `dyno search`, and what becomes of a name that no index has.

use super::actors::{Author, directory, user_of};
use super::guests::QUIET;
use crate::support::{Said, plugin};

fn ids(said: &Said) -> Vec<String> {
    let found = said.json();
    let found = found.as_array().unwrap().iter();
    found
        .map(|it| it["release"].as_str().unwrap().to_owned())
        .collect()
}

/// If this fails, a package that is there is not found, or others are found in its place.
#[test]
fn search_finds_by_word_kind_licence_capability_and_publisher() {
    let author = Author::new();
    let mit = author.package("json@1.0.0", "license = \"MIT\"");
    let newer = author.package("json@1.2.0", "license = \"MIT OR Apache-2.0\"");
    let fast = author.package(
        "json-fast@2.0.0",
        "license = \"Apache-2.0\"\ncapabilities = [\"wasi:random\"]",
    );
    let tool = author.signed(&directory(
        &author.bench,
        "tool",
        "tool",
        "1.0.0",
        QUIET,
        "license = \"BSD-3-Clause\"",
    ));
    let index = author.index(&[&mit, &newer, &fast, &tool]);
    let user = user_of(&author, &index);
    let found = |args: &[&str]| ids(&user.dyno([&["search", "--json"], args].concat()).exits(0));

    assert_eq!(
        found(&[]).len(),
        3,
        "each package once, in its newest release"
    );
    // The name itself before what begins with it.
    assert_eq!(
        found(&["json"]),
        ["acme/json@1.2.0", "acme/json-fast@2.0.0"]
    );
    assert_eq!(found(&["fast", "json"]), ["acme/json-fast@2.0.0"]);
    assert_eq!(found(&["test", "plugin", "TOOL"]), ["acme/tool@1.0.0"]);
    assert_eq!(found(&["--kind", "command"]), ["acme/tool@1.0.0"]);
    assert_eq!(found(&["--licence", "mit"]), ["acme/json@1.2.0"]);
    assert_eq!(found(&["--license", "Apache-2.0"]).len(), 2);
    assert_eq!(
        found(&["--capability", "wasi:random"]),
        ["acme/json-fast@2.0.0"]
    );
    assert_eq!(
        found(&["--publisher", "acme", "--kind", "wasm", "fast"]),
        ["acme/json-fast@2.0.0"]
    );
    assert_eq!(found(&["--limit", "1", "json"]), ["acme/json@1.2.0"]);

    let said = user
        .dyno(["search", "json"])
        .exits(0)
        .says("acme/json-fast")
        .says("Test plugin json");
    assert!(!said.stdout.contains("acme/tool"), "{said}");
    let said = user.dyno(["search", "--limit", "1"]).exits(0);
    assert!(
        said.stderr
            .contains("2 more: narrow the search, or raise --limit"),
        "{said}"
    );
    for args in [
        &["search", "nothing"][..],
        &["search", "json", "--kind", "remote"],
        &["search", "--publisher", "other"],
    ] {
        let said = user.dyno(args).exits(4);
        assert!(
            !said.stdout.contains("acme") && !said.stderr.is_empty(),
            "silence is no answer: {said}"
        );
    }
    assert!(
        user.dyno(["search", "--json", "nothing"])
            .exits(4)
            .json()
            .as_array()
            .unwrap()
            .is_empty()
    );
}

/// If this fails, somebody who mistypes a name is left alone with it.
#[test]
fn a_name_or_version_that_is_not_there_is_answered_with_those_that_are() {
    let author = Author::new();
    let one = author.package("json@1.0.0", "");
    let two = author.package("json@1.2.0", "");
    let preview = author.package("json@2.0.0-rc.1", "");
    let index = author.index(&[&one, &two, &preview]);
    let user = user_of(&author, &index);
    for name in ["acme/jsno", "amce/json", "other/json"] {
        user.dyno(["install", name])
            .exits(4)
            .complains("did you mean acme/json?");
    }
    user.dyno(["install", "acme/json@^3"])
        .exits(4)
        .complains("the newest are 2.0.0-rc.1, 1.2.0, 1.0.0");
    let said = user.dyno(["install", "acme/quite-another"]).exits(4);
    assert!(!said.stderr.contains("did you mean"), "{said}");
    // A preview is not what somebody gets who asks for any version.
    user.dyno(["install", "acme/json"])
        .exits(0)
        .says("acme/json@1.2.0");
    user.dyno(["install", "acme/json@2.0.0-rc.1"])
        .exits(0)
        .says("acme/json@2.0.0-rc.1");
    user.run(["acme/json"]).exits(0).says("v2.0.0-rc.1");
    user.dyno(["verify", "acme/json"]).exits(0);
    user.dyno(["uninstall", "acme/json"]).exits(0);
}

/// If this fails, a package whose author left out what need not be said cannot be published.
#[test]
fn a_package_that_says_no_more_of_itself_than_it_must_is_listed_and_found() {
    let author = Author::new();
    let toml = "[plugin]\nname = \"bare\"\n[build]\ncomponent = \"plugin.wat\"\n\
                [package]\nid = \"acme/bare\"\nversion = \"1.0.0\"\n";
    author.bench.write("bare/plugin.toml", toml);
    author.bench.write("bare/plugin.wat", plugin(&["v1.0.0"]));
    let bare = author.signed(&author.bench.path("bare"));
    let index = author.index(&[&bare]);
    let user = user_of(&author, &index);
    user.dyno(["search", "bare"]).exits(0).says("acme/bare");
    user.dyno(["install", "acme/bare"]).exits(0);
    user.run(["acme/bare"]).exits(0);
}
