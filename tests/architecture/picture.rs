//! The picture of the crates in host/ARCHITECTURE.md, drawn from `cargo metadata`. To draw it anew:
//! `DYNO_UPDATE_PICTURE=1 cargo test -p dyno-host --test e2e architecture::picture`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use super::crates::{House, Houses, houses};
use crate::support::repository;

const BEGIN: &str = "<!-- drawn by tests/architecture/picture.rs -->\n";
const END: &str = "<!-- end of the picture -->\n";

/// As Mermaid, which GitHub draws. Arrows that others lead along, too, are left out, and so is what
/// only tests use. A double edge is a crate with the engine in it, a broken arrow one that a
/// feature can leave out.
fn draw(houses: &Houses) -> String {
    let mut picture = String::from("```mermaid\ngraph TD\n");
    for (name, house) in houses
        .iter()
        .filter(|(name, _)| !is_for_tests(houses, name))
    {
        let (left, right) = if house.engine.is_empty() {
            ("[", "]")
        } else {
            ("[[", "]]")
        };
        writeln!(picture, "    {name}{left}{name}{right}").unwrap();
        for other in direct(houses, house) {
            let arrow = if house.by_feature.contains(other) {
                "-.->"
            } else {
                "-->"
            };
            writeln!(picture, "    {name} {arrow} {other}").unwrap();
        }
    }
    picture + "```\n"
}

fn is_for_tests(houses: &Houses, name: &String) -> bool {
    let mut all = houses.values();
    all.any(|house| house.tests_use.contains(name))
        && !houses.values().any(|house| house.uses.contains(name))
}

/// What a crate uses and none of what it uses leads to.
fn direct<'a>(houses: &'a Houses, house: &'a House) -> impl Iterator<Item = &'a String> {
    let further: BTreeSet<&String> = house
        .uses
        .iter()
        .flat_map(|other| below(houses, other))
        .collect();
    house
        .uses
        .iter()
        .filter(move |other| !further.contains(other))
}

fn below<'a>(houses: &'a Houses, name: &str) -> BTreeSet<&'a String> {
    let uses = houses.get(name).into_iter().flat_map(|house| &house.uses);
    uses.flat_map(|other| {
        let mut all = below(houses, other);
        all.insert(other);
        all
    })
    .collect()
}

/// If this fails, the picture shows a house that is not there.
#[test]
fn the_picture_is_up_to_date() {
    let path = repository().join("host/ARCHITECTURE.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("no place for the picture");
    let (shown, after) = rest.split_once(END).expect("no end of the picture");
    let drawn = draw(houses());
    if std::env::var_os("DYNO_UPDATE_PICTURE").is_some() {
        fs::write(&path, [before, BEGIN, &drawn, END, after].concat()).unwrap();
        return;
    }
    assert_eq!(
        shown, drawn,
        "the crates changed: DYNO_UPDATE_PICTURE=1 cargo test -p dyno-host --test e2e architecture::picture"
    );
}

/// If this fails, the picture has an arrow too many or too few.
#[test]
fn the_picture_leaves_out_what_follows() {
    let house = |uses: &[&str], by_feature: &[&str], tests_use: &[&str], engine: &[&str]| {
        let [uses, by_feature, tests_use, engine] = [uses, by_feature, tests_use, engine]
            .map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        House {
            uses,
            by_feature,
            tests_use,
            engine,
            ..House::default()
        }
    };
    let houses = Houses::from([
        (
            "a".into(),
            house(&["b", "c", "d"], &["c"], &[], &["wasmtime"]),
        ),
        ("b".into(), house(&["d"], &[], &["only-tests"], &[])),
        ("c".into(), house(&["d"], &[], &[], &[])),
        ("d".into(), house(&[], &[], &[], &[])),
        ("only-tests".into(), house(&["d"], &[], &[], &[])),
    ]);
    let wanted = "```mermaid\ngraph TD\n    a[[a]]\n    a --> b\n    a -.-> c\n    b[b]\n    b --> d\n    c[c]\n    \
        c --> d\n    d[d]\n```\n";
    assert_eq!(draw(&houses), wanted);
}
