//! What `dyno compare` can be given, and what is held against what: paths, directories, packages,
//! baselines, runs, and more than two.

use std::fs;

use super::support::{Bench, line_of, plugin};
use super::versions::{change, rounds};

/// If this fails, plugins of two directories are held against each other by chance.
#[test]
fn plugins_of_two_directories_are_paired_by_name() {
    let bench = Bench::new();
    for (file, work) in [
        ("old/a", 1000),
        ("old/b", 2000),
        ("old/z", 1),
        ("new/b", 2100),
        ("new/a", 1050),
    ] {
        bench.write(format!("{file}.wat"), rounds(&["add"], work));
    }
    bench.write("new/n.wat", plugin(&["add"]));
    let said = bench.compare(["old", "new"]).exits(0);
    let verdicts = bench.verdicts();
    let found: Vec<_> = verdicts
        .iter()
        .map(|case| {
            let fuel = case["changes"].as_array().unwrap();
            let fuel = fuel.iter().find(|change| change["metric"] == "fuel");
            let more = fuel
                .map(|fuel| fuel["candidate"].as_f64().unwrap() - fuel["base"].as_f64().unwrap());
            (case["plugin"].as_str().unwrap(), more)
        })
        .collect();
    assert_eq!(
        found,
        [
            ("a", Some(250.0)),
            ("b", Some(500.0)),
            ("n", None),
            ("z", None)
        ],
        "{said}"
    );
    for line in ["a add", "b add", "n add", "z add"] {
        assert!(line_of(&said.stdout, line).is_some(), "{line}: {said}");
    }
}

/// If this fails, a word on the command line means something else than the help says.
#[test]
fn an_operand_is_a_path_a_baseline_or_a_run() {
    let bench = Bench::new();
    bench.write("old.wat", rounds(&["add"], 1000));
    bench.write("new.wat", rounds(&["add"], 2000));
    bench.run(["old.wat"]).exits(0);
    let first = bench.runs().remove(0);
    bench.dyno(["baseline", "save", "main"]).exits(0);
    bench.run(["new.wat"]).exits(0);
    let second = bench.runs().remove(0);
    let fuel = |args: [&str; 2], paired: bool| {
        let said = bench.compare(args).exits(0);
        let how = if paired {
            "side by side"
        } else {
            "as stored, each from its own time"
        };
        assert!(said.stdout.lines().next().unwrap().ends_with(how), "{said}");
        let fuel = change(&bench.verdict(), "fuel").clone();
        fuel["candidate"].as_f64().unwrap() - fuel["base"].as_f64().unwrap()
    };
    // The random end of an id, so that its beginning names one run.
    let beginning = |id: &str| id[..id.len() - 1].to_owned();
    for base in ["main", "baseline:main", "./old.wat"] {
        assert_eq!(fuel([base, "new.wat"], true), 5000.0, "{base}");
    }
    for base in [
        &first,
        &beginning(&first),
        &format!("run:{first}"),
        &format!("run:{}", beginning(&first)),
    ] {
        assert_eq!(fuel([base, "new.wat"], false), 5000.0, "{base}");
        assert_eq!(fuel([base, &second], false), 5000.0, "{base}");
    }
    assert_eq!(
        bench.sides(),
        [first.clone(), second.clone()],
        "stored runs were run again"
    );
    bench.run(["old.wat"]).exits(0);
    assert_eq!(fuel([&second, "latest"], false), -5000.0);
    bench
        .compare(["run:2", "new.wat"])
        .exits(2)
        .complains("several runs");
    // A path of a baseline's name is neither one nor the other.
    bench.write("main", plugin(&["add"]));
    bench
        .compare(["main", "new.wat"])
        .exits(2)
        .complains("main is a baseline and a path");
    fs::rename(bench.path("main"), bench.path("main.wat")).unwrap();
    let hostile = bench.compare(["\u{1b}[2J\u{202e}x", "new.wat"]).exits(4);
    assert!(
        !hostile.stderr.contains(['\u{1b}', '\u{202e}']),
        "{hostile}"
    );
}

/// If this fails, packages cannot be compared, or pass without a signature.
#[test]
fn a_package_is_an_operand() {
    let bench = Bench::new();
    for (version, work) in [("1.0.0", 1000), ("1.1.0", 2000)] {
        let dir = format!("it-{version}");
        bench.write(format!("{dir}/it.wat"), rounds(&["add"], work));
        let manifest = format!(
            "[plugin]\nname = \"it\"\n[build]\ncomponent = \"it.wat\"\n[package]\nid = \"acme/it\"\nversion = \"{version}\"\n"
        );
        bench.write(format!("{dir}/plugin.toml"), manifest);
        bench.dyno(["pack", &dir]).exits(0);
    }
    let [one, other] = ["1.0.0", "1.1.0"].map(|version| format!("acme-it-{version}.oci.tar"));
    bench.compare([&one, &other]).exits(3).says("is not signed");
    bench.compare(["--allow-unsigned", &one, &other]).exits(0);
    let fuel = |bench: &Bench| {
        let fuel = change(&bench.verdict(), "fuel").clone();
        fuel["candidate"].as_f64().unwrap() - fuel["base"].as_f64().unwrap()
    };
    assert_eq!(fuel(&bench), 5000.0);
    bench.dyno(["install", &one, "--allow-unsigned"]).exits(0);
    bench
        .compare(["--allow-unsigned", "acme/it", "it-1.1.0"])
        .exits(0);
    assert_eq!(fuel(&bench), 5000.0);
}

/// If this fails, three versions cannot be looked at together, or one of them is mistaken for
/// another.
#[test]
fn more_than_two_stand_in_one_table() {
    let bench = Bench::new();
    for (version, work) in [("v1", 1000), ("v2", 20_000), ("v3", 400_000)] {
        bench.write(format!("{version}.wat"), rounds(&["add"], work));
    }
    let said = bench
        .compare(["v3.wat", "v1.wat", "v2.wat"])
        .exits(0)
        .says("add in 3 plugins");
    let at = |name: &str| {
        said.stdout
            .lines()
            .position(|line| line.starts_with(&format!("  {name} ")))
    };
    assert!(
        at("v1") < at("v2") && at("v2") < at("v3") && at("v1").is_some(),
        "{said}"
    );
    assert_eq!(bench.runs().len(), 1);
    assert_eq!(bench.number("SELECT count(*) FROM comparison"), 0);
    let run = bench.runs().remove(0);
    bench
        .compare(["v1.wat", "v2.wat", &run])
        .exits(2)
        .complains("holds numbers alone");
}

/// If this fails, versions of one plugin, which have one name, cannot be told apart in the table of
/// all.
#[test]
fn versions_of_one_name_can_be_told_apart() {
    let bench = Bench::new();
    for (version, work) in [("v1", 1000), ("v2", 20_000), ("v3", 400_000)] {
        bench.write(format!("{version}/it.wat"), rounds(&["add"], work));
    }
    let said = bench.compare(["v1", "v2", "v3"]).exits(0);
    for version in ["v1", "v2", "v3"] {
        assert!(
            said.stdout.contains(version),
            "{version} is not named: {said}"
        );
    }
}
