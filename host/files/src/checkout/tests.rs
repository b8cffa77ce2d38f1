use super::*;
use std::os::unix::fs::symlink;

/// `outer/in`, a checkout with a directory `p`, and `outer/secret` beside it.
fn checkout() -> (tempfile::TempDir, PathBuf) {
    let outer = tempfile::tempdir().unwrap();
    let inside = outer.path().canonicalize().unwrap().join("in");
    fs::create_dir_all(inside.join(".git")).unwrap();
    fs::create_dir_all(inside.join("p")).unwrap();
    fs::write(inside.join("p/plugin.toml"), "here").unwrap();
    fs::write(outer.path().join("secret"), "secret").unwrap();
    (outer, inside)
}

#[test]
fn a_checkout_begins_where_its_repository_does_or_with_the_directory() {
    let (outer, inside) = checkout();
    let around = |dir: &Path| Checkout::around(dir).unwrap().root().to_owned();
    assert_eq!(around(&inside.join("p")), inside);
    assert_eq!(around(&inside), inside);
    let alone = outer.path().canonicalize().unwrap();
    assert_eq!(around(&alone), alone);
    // A link is no mark: its author did not run anything here.
    symlink("p", inside.join("p/.dyno")).unwrap();
    assert_eq!(around(&inside.join("p")), inside);
    fs::remove_file(inside.join("p/.dyno")).unwrap();
    fs::create_dir(inside.join("p/.dyno")).unwrap();
    assert_eq!(around(&inside.join("p")), inside.join("p"));
}

#[test]
fn nothing_leads_out_by_dots_by_links_or_by_what_is_not_there_yet() {
    let (outer, inside) = checkout();
    let checkout = Checkout::around(&inside).unwrap();
    symlink("../secret", inside.join("link")).unwrap();
    symlink("..", inside.join("up")).unwrap();
    symlink("../gone", inside.join("dangling")).unwrap();
    symlink("p/plugin.toml", inside.join("kept")).unwrap();
    for outside in [
        "../secret",
        "p/../../secret",
        "link",
        "up/secret",
        "up/new/dir",
        "dangling",
        "dangling/new",
        "new/../../secret",
        "/etc/passwd",
        "..",
    ] {
        assert!(
            checkout.resolve(&inside.join(outside)).is_err(),
            "{outside}"
        );
        assert!(checkout.open(&inside.join(outside)).is_err(), "{outside}");
        assert!(checkout.folder(&inside.join(outside)).is_err(), "{outside}");
    }
    assert!(!outer.path().join("new").exists() && !outer.path().join("gone").exists());
    let read = |path: &str| text(checkout.open(&inside.join(path)).unwrap(), 9).unwrap();
    assert_eq!(
        [read("p/plugin.toml"), read("kept"), read("p/../kept")],
        ["here"; 3]
    );
    assert_eq!(
        checkout.resolve(&inside.join("a/b")).unwrap(),
        inside.join("a/b")
    );
    assert_eq!(checkout.resolve(&inside).unwrap(), inside);
}

#[test]
fn a_file_of_a_directory_may_be_a_link_within_the_checkout() {
    let (_outer, inside) = checkout();
    fs::create_dir(inside.join("q")).unwrap();
    symlink("../p/plugin.toml", inside.join("q/plugin.toml")).unwrap();
    assert_eq!(
        text(open_in(&inside.join("q"), "plugin.toml").unwrap(), 9).unwrap(),
        "here"
    );
    symlink("../../secret", inside.join("q/other")).unwrap();
    let error = open_in(&inside.join("q"), "other").unwrap_err().to_string();
    assert!(error.contains("leads out of"), "{error}");
    let absent = open_in(&inside.join("q"), "none").unwrap_err();
    assert_eq!(absent.kind(), io::ErrorKind::NotFound);
}
