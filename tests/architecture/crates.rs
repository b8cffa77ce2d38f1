//! The crates of the house and their arrows, as `cargo metadata` has them, held against what is
//! agreed: the table of host/ARCHITECTURE.md.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::support::repository;

/// What begins a crate of the engine or of its tools.
const ENGINE: [&str; 8] = [
    "wasmtime",
    "cranelift",
    "wasmparser",
    "wasm-encoder",
    "wasm-metadata",
    "wit-",
    "wat",
    "wasi-",
];

/// Who runs guests. All others are a supervisor's, and must be so without an engine.
const WITH_ENGINE: [&str; 3] = ["sandbox", "worker", "cli"];

/// One crate below `host`, by the name of its directory.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct House {
    /// Crates of ours that it uses.
    pub(super) uses: BTreeSet<String>,
    /// Those of them that a feature of it brings.
    pub(super) by_feature: BTreeSet<String>,
    /// Crates of ours that its tests use, too.
    pub(super) tests_use: BTreeSet<String>,
    /// Foreign crates that it names.
    pub(super) foreign: BTreeSet<String>,
    /// Of the engine's crates, what it is built with, by whatever way.
    pub(super) engine: BTreeSet<String>,
}

pub(super) type Houses = BTreeMap<String, House>;

/// A row of the table: what is agreed for one crate.
#[derive(Clone, Default)]
struct Row {
    uses: BTreeSet<String>,
    tests_use: BTreeSet<String>,
    /// Foreign crates that no other one names; `x*` is all that begin with `x`.
    alone: BTreeSet<String>,
}

/// The crates below `host`, as cargo sees them on this system.
pub(super) fn houses() -> &'static Houses {
    static HOUSES: OnceLock<Houses> = OnceLock::new();
    HOUSES.get_or_init(|| read(&metadata(&[])))
}

/// Of this system alone: the crates of others need not be downloaded here.
fn metadata(features: &[&str]) -> Value {
    let version = cargo(&["-vV"]);
    let system = version.lines().find_map(|line| line.strip_prefix("host: "));
    let platform = ["--locked", "--filter-platform", system.unwrap()];
    let metadata = cargo(
        &[
            &["metadata", "--format-version", "1"],
            &platform[..],
            features,
        ]
        .concat(),
    );
    serde_json::from_str(&metadata).unwrap()
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(repository())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {arguments:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// What of the metadata is asked for here.
fn read(metadata: &Value) -> Houses {
    let packages = metadata["packages"].as_array().unwrap();
    // The directory below `host` of each package of ours.
    let ours: BTreeMap<&str, &str> = packages
        .iter()
        .filter_map(|package| {
            let manifest = package["manifest_path"].as_str().unwrap();
            let dir = manifest.strip_suffix("/Cargo.toml")?;
            let (host, room) = dir.rsplit_once('/')?;
            let is_ours = package["source"].is_null() && host.ends_with("/host");
            is_ours.then_some((package["name"].as_str().unwrap(), room))
        })
        .collect();
    let mut houses = Houses::new();
    for package in packages {
        let Some(room) = ours.get(package["name"].as_str().unwrap()) else {
            continue;
        };
        let mut house = House::default();
        for dependency in package["dependencies"].as_array().unwrap() {
            let name = dependency["name"].as_str().unwrap();
            let is_dev = dependency["kind"].as_str() == Some("dev");
            match (ours.get(name), is_dev) {
                (Some(other), true) => {
                    house.tests_use.insert((*other).into());
                }
                (Some(other), false) => {
                    house.uses.insert((*other).into());
                    if dependency["optional"] == true {
                        house.by_feature.insert((*other).into());
                    }
                }
                (None, true) => {}
                (None, false) => {
                    house.foreign.insert(name.into());
                }
            }
        }
        house.engine = engine(metadata, package["id"].as_str().unwrap());
        houses.insert((*room).into(), house);
    }
    houses
}

/// The engine's crates that a package is built with, but for its tests.
fn engine(metadata: &Value, package: &str) -> BTreeSet<String> {
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let nodes: BTreeMap<&str, &Value> = nodes
        .iter()
        .map(|node| (node["id"].as_str().unwrap(), &node["deps"]))
        .collect();
    let names = metadata["packages"].as_array().unwrap();
    let names: BTreeMap<&str, &str> = names
        .iter()
        .map(|package| {
            (
                package["id"].as_str().unwrap(),
                package["name"].as_str().unwrap(),
            )
        })
        .collect();
    let mut seen = BTreeSet::from([package]);
    let mut open = vec![package];
    while let Some(id) = open.pop() {
        for dependency in nodes[id].as_array().unwrap() {
            let is_built = |kind: &Value| kind["kind"].as_str() != Some("dev");
            if dependency["dep_kinds"]
                .as_array()
                .unwrap()
                .iter()
                .any(is_built)
            {
                let next = dependency["pkg"].as_str().unwrap();
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
    }
    let of_engine = |name: &&str| ENGINE.iter().any(|start| name.starts_with(start));
    seen.into_iter()
        .map(|id| names[id])
        .filter(of_engine)
        .map(str::to_owned)
        .collect()
}

/// The table of host/ARCHITECTURE.md.
fn table() -> BTreeMap<String, Row> {
    let text = std::fs::read_to_string(repository().join("host/ARCHITECTURE.md")).unwrap();
    rows(&text)
}

fn rows(text: &str) -> BTreeMap<String, Row> {
    let head = "| crate | what it is | uses of ours | its tests, too | it alone has |\n";
    let (_, table) = text.split_once(head).expect("no table of crates was found");
    let words = |cell: &str| {
        cell.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect()
    };
    table
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
            let [name, _, uses, tests_use, alone] = cells[..] else {
                panic!("not five cells: {line}")
            };
            let row = Row {
                uses: words(uses),
                tests_use: words(tests_use),
                alone: words(alone),
            };
            (name.trim().trim_matches('`').to_owned(), row)
        })
        .collect()
}

/// What is not as agreed, a sentence each.
fn breaches(houses: &Houses, table: &BTreeMap<String, Row>) -> Vec<String> {
    let mut found = Vec::new();
    for name in table.keys().filter(|name| !houses.contains_key(*name)) {
        found.push(format!("{name} is in the table and no crate below host/"));
    }
    for (name, house) in houses {
        let Some(row) = table.get(name) else {
            found.push(format!("host/{name} is not in the table"));
            continue;
        };
        let mut compare = |what: &str, real: &BTreeSet<String>, agreed: &BTreeSet<String>| {
            let forbidden = real
                .difference(agreed)
                .map(|other| format!("{name} {what} {other}, which the table does not allow"));
            let unused = agreed
                .difference(real)
                .map(|other| format!("by the table {name} {what} {other}, and it does not"));
            found.extend(forbidden.chain(unused));
        };
        compare("uses", &house.uses, &row.uses);
        compare("uses in its tests", &house.tests_use, &row.tests_use);
        for (other, alone) in table.iter().filter(|(other, _)| *other != name) {
            for wanted in &alone.alone {
                let is_it = |crate_: &&String| match wanted.strip_suffix('*') {
                    Some(start) => crate_.starts_with(start),
                    None => *crate_ == wanted,
                };
                found.extend(
                    house.foreign.iter().filter(is_it).map(|crate_| {
                        format!("{name} names {crate_}, which {other} alone may have")
                    }),
                );
            }
        }
        if !WITH_ENGINE.contains(&&**name) && !house.engine.is_empty() {
            found.push(format!(
                "{name} is built with the engine: {:?}",
                house.engine
            ));
        }
    }
    found.extend(circle(houses));
    found
}

/// A circle of crates, those of tests among the arrows: cargo allows it, and then compiles a crate
/// twice, whose types are not each other's.
fn circle(houses: &Houses) -> Option<String> {
    let mut left: BTreeMap<&String, BTreeSet<&String>> = houses
        .iter()
        .map(|(name, house)| (name, house.uses.union(&house.tests_use).collect()))
        .collect();
    while let Some(name) = left
        .iter()
        .find(|(_, uses)| !uses.iter().any(|other| left.contains_key(other)))
        .map(|(name, _)| *name)
    {
        left.remove(name);
    }
    (!left.is_empty()).then(|| format!("these are in a circle, or above one: {:?}", left.keys()))
}

/// If this fails, a crate knows what it should not, or host/ARCHITECTURE.md says what is not so.
#[test]
fn every_crate_uses_what_was_agreed() {
    let found = breaches(houses(), &table());
    assert!(found.is_empty(), "{}", found.join("\n"));
    // Else nothing of the engine would have been seen anywhere.
    for name in WITH_ENGINE {
        let engine = &houses()[name].engine;
        assert!(engine.contains("wasmtime"), "{name}: {engine:?}");
    }
}

/// If this fails, `dyno` without the feature `engine` is built with one, whatever else it has.
#[test]
fn a_dyno_without_an_engine_has_none() {
    let all = metadata(&[]);
    let packages = all["packages"].as_array().unwrap();
    let cli = packages.iter().find(|it| it["name"] == "dyno-host");
    let features: Vec<String> = cli.unwrap()["features"]
        .as_object()
        .unwrap()
        .keys()
        .filter(|feature| !["default", "engine"].contains(&feature.as_str()))
        .map(|feature| format!("dyno-host/{feature}"))
        .collect();
    assert!(features.len() > 3, "{features:?}");
    let lean = metadata(&["--no-default-features", "--features", &features.join(",")]);
    assert_eq!(read(&lean)["cli"].engine, BTreeSet::new());
}

/// If this fails, an arrow or a crate that was not agreed is not seen, and the test above says
/// nothing.
#[test]
fn every_breach_of_the_table_is_seen() {
    let set =
        |names: &[&str]| -> BTreeSet<String> { names.iter().map(|name| (*name).into()).collect() };
    let text = "| crate | what it is | uses of ours | its tests, too | it alone has |\n|---|---|---|---|---|\n\
        | `top` | it | `low` | `fixture` | `clap*` |\n| `low` | it | | | `rusqlite` |\n| `fixture` | it | | | |\n\n| other |";
    let table = rows(text);
    let house = |uses: &[&str], tests_use: &[&str], foreign: &[&str]| House {
        uses: set(uses),
        tests_use: set(tests_use),
        foreign: set(foreign),
        ..House::default()
    };
    let sound = Houses::from([
        (
            "top".into(),
            house(&["low"], &["fixture"], &["clap", "clap_mangen"]),
        ),
        ("low".into(), house(&[], &[], &["rusqlite", "claw"])),
        ("fixture".into(), house(&[], &[], &[])),
    ]);
    assert_eq!(breaches(&sound, &table), Vec::<String>::new());
    type Set = fn(&mut House) -> &mut BTreeSet<String>;
    let uses: Set = |house| &mut house.uses;
    let tests_use: Set = |house| &mut house.tests_use;
    let foreign: Set = |house| &mut house.foreign;
    let engine: Set = |house| &mut house.engine;
    for (name, set, more, expected) in [
        ("new", uses, "low", "host/new is not in the table"),
        (
            "top",
            uses,
            "fixture",
            "top uses fixture, which the table does not allow",
        ),
        ("low", tests_use, "fixture", "low uses in its tests fixture"),
        ("low", tests_use, "top", "in a circle"),
        (
            "fixture",
            foreign,
            "clap_derive",
            "clap_derive, which top alone may have",
        ),
        (
            "top",
            foreign,
            "rusqlite",
            "rusqlite, which low alone may have",
        ),
        ("low", engine, "wasmparser", "low is built with the engine"),
    ] {
        let mut changed = sound.clone();
        set(changed.entry(name.into()).or_default()).insert(more.into());
        let found = breaches(&changed, &table);
        assert!(
            found.iter().any(|breach| breach.contains(expected)),
            "{expected}: {found:?}"
        );
    }
    let mut changed = sound.clone();
    changed.remove("fixture");
    changed.get_mut("top").unwrap().uses.clear();
    let found = breaches(&changed, &table).join("\n");
    assert!(
        found.contains("fixture is in the table and no crate"),
        "{found}"
    );
    assert!(found.contains("by the table top uses low"), "{found}");
}
