use super::super::tests::listed;
use super::*;

fn index() -> Index {
    let names = [
        "acme/fib@1.2.0",
        "acme/fib@1.10.0",
        "acme/fib@2.0.0-rc.1",
        "acme/fob",
        "zeta/fib",
        "a/b",
    ];
    Index::of(names.map(listed).into())
}

#[test]
fn the_highest_version_that_will_do_is_chosen_and_a_preview_only_if_asked_for() {
    let mut index = index();
    let chosen = |index: &Index, wanted: &str| {
        let resolved = index.resolve(&wanted.parse().unwrap());
        resolved
            .map(|listed| listed.release.version.to_string())
            .map_err(|error| error.to_string())
    };
    assert_eq!(chosen(&index, "acme/fib").unwrap(), "1.10.0");
    assert_eq!(chosen(&index, "acme/fib@1.2.0").unwrap(), "1.2.0");
    assert_eq!(
        chosen(&index, "acme/fib@>=2.0.0-rc.0").unwrap(),
        "2.0.0-rc.1"
    );
    let error = chosen(&index, "acme/fib@^3").unwrap_err();
    assert!(
        error.contains("acme/fib@^3: the newest are 2.0.0-rc.1, 1.10.0, 1.2.0"),
        "{error}"
    );
    index
        .listed
        .iter_mut()
        .for_each(|listed| listed.entry.yanked = listed.release.to_string().contains("1.10"));
    assert_eq!(chosen(&index, "acme/fib").unwrap(), "1.2.0");
    let error = chosen(&index, "acme/fib@1.10.0").unwrap_err();
    assert!(error.contains("1.10.0 (yanked)"), "{error}");
}

#[test]
fn an_unknown_name_is_answered_with_what_may_have_been_meant() {
    let index = index();
    let similar = |id: &str| {
        let similar = index.similar(&id.parse().unwrap());
        similar.iter().map(|id| id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(similar("amce/fib"), ["acme/fib", "acme/fob", "zeta/fib"]);
    assert_eq!(similar("acme/fibb"), ["acme/fib", "acme/fob"]);
    assert!(similar("c/d").is_empty());
    let error = index
        .resolve(&"acme/fibb".parse().unwrap())
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "the index has no package acme/fibb; did you mean acme/fib or acme/fob?"
    );
}
