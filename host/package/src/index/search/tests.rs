use super::super::tests::listed;
use super::*;

fn index(releases: &[(&str, &str)]) -> Index {
    let listed = |&(release, description): &(&str, &str)| {
        let mut listed = listed(release);
        listed.entry.description = description.into();
        listed
    };
    Index::of(releases.iter().map(listed).collect())
}

fn names(index: &Index, query: &str) -> Vec<String> {
    let hits = index.search(query, &Filter::default());
    hits.iter()
        .map(|hit| hit.listed.release.to_string())
        .collect()
}

#[test]
fn the_exact_name_comes_first_then_its_beginning_then_its_part_then_words() {
    let index = index(&[
        ("acme/a-sort", "Sorts numbers."),
        ("acme/words", "Counts words; SORT of."),
        ("zeta/sort", "Sorts."),
        ("acme/sorting", "Sorts text."),
        ("acme/other", "Nothing."),
    ]);
    assert_eq!(
        names(&index, " Sort "),
        [
            "zeta/sort@1.0.0",
            "acme/sorting@1.0.0",
            "acme/a-sort@1.0.0",
            "acme/words@1.0.0"
        ]
    );
    assert_eq!(names(&index, "numbers sorts"), ["acme/a-sort@1.0.0"]);
    assert_eq!(names(&index, "zeta/sort"), ["zeta/sort@1.0.0"]);
    assert_eq!(names(&index, "").len(), 5);
    assert!(names(&index, "quantum").is_empty());
}

#[test]
fn a_package_is_found_once_with_its_newest_finished_release_that_is_not_yanked() {
    let mut index = index(&[
        ("acme/x@1.9.0", ""),
        ("acme/x@1.10.0", ""),
        ("acme/x@2.0.0-rc.1", ""),
        ("acme/y@1.0.0-rc.1", ""),
        ("acme/z@1.0.0", ""),
    ]);
    assert_eq!(names(&index, "x"), ["acme/x@1.10.0"]);
    assert_eq!(names(&index, "y"), ["acme/y@1.0.0-rc.1"]);
    for listed in &mut index.listed {
        let release = listed.release.to_string();
        listed.entry.yanked = release.contains("1.10.0") || release.contains("z@");
    }
    assert_eq!(names(&index, "x"), ["acme/x@1.9.0"]);
    assert!(names(&index, "z").is_empty());
}

#[test]
fn every_filter_takes_away_what_does_not_have_it() {
    let index = index(&[("acme/x", "text")]);
    let count = |filter: Filter| index.search("x", &filter).len();
    let some = |text: &str| Some(text.to_string());
    assert_eq!(count(Filter::default()), 1);
    for (good, bad) in [("mit", "GPL-3.0"), ("Apache-2.0", "or")] {
        assert_eq!(
            count(Filter {
                licence: some(good),
                ..Filter::default()
            }),
            1
        );
        assert_eq!(
            count(Filter {
                licence: some(bad),
                ..Filter::default()
            }),
            0
        );
    }
    assert_eq!(
        count(Filter {
            kind: some("WASM"),
            ..Filter::default()
        }),
        1
    );
    assert_eq!(
        count(Filter {
            kind: some("was"),
            ..Filter::default()
        }),
        0
    );
    assert_eq!(
        count(Filter {
            capability: some("env"),
            ..Filter::default()
        }),
        1
    );
    assert_eq!(
        count(Filter {
            capability: some("net"),
            ..Filter::default()
        }),
        0
    );
    assert_eq!(
        count(Filter {
            publisher: some("Acme"),
            ..Filter::default()
        }),
        1
    );
    assert_eq!(
        count(Filter {
            publisher: some("Zeta"),
            ..Filter::default()
        }),
        0
    );
}
