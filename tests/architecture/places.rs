//! The places that host/ARCHITECTURE.md names are there.

use std::fs;

use crate::support::repository;

/// The words of a text that name a file or a directory, without those of code blocks.
fn places(text: &str) -> Vec<&str> {
    let outside = text.split("```").step_by(2);
    outside
        .flat_map(|text| text.split('`').skip(1).step_by(2))
        .filter(|word| {
            let is_name = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
            let is_place = [".rs", ".md", "/"].iter().any(|end| word.ends_with(end));
            word.contains('/') && is_place && word.chars().all(is_name)
        })
        .collect()
}

/// Whether it is there: from the root, or below the `src` of a crate.
fn is_there(place: &str) -> bool {
    let (room, rest) = place.split_once('/').unwrap();
    let of_crate = repository().join("host").join(room).join("src").join(rest);
    repository().join(place).exists() || of_crate.exists()
}

/// If this fails, a newcomer is sent to where nothing is.
#[test]
fn every_place_is_there() {
    let text = fs::read_to_string(repository().join("host/ARCHITECTURE.md")).unwrap();
    let places = places(&text);
    assert!(places.len() > 60, "only {} places were found", places.len());
    let gone: Vec<&&str> = places.iter().filter(|place| !is_there(place)).collect();
    assert!(gone.is_empty(), "{gone:?}");
}

/// If this fails, a place that is gone is not seen.
#[test]
fn what_is_a_place_is_known() {
    let text = "See `session/plan.rs`, `plugin/build/` and\n```text\n`not/this.rs`\n```\n`docs/ci.md`, `a/b` or `<x>/y.rs`.";
    assert_eq!(
        places(text),
        ["session/plan.rs", "plugin/build/", "docs/ci.md"]
    );
    assert!(is_there("session/plan.rs") && is_there("docs/ci.md"));
    assert!(!is_there("session/nothing.rs") && !is_there("checkout/read.rs"));
}
