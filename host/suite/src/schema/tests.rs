use super::*;
use crate::Suite;
use serde_json::json;
use std::path::Path;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema/suite.schema.json");

#[test]
fn the_committed_schema_is_that_of_the_file() {
    if std::env::var_os("DYNO_UPDATE_SCHEMA").is_some() {
        std::fs::write(PATH, format!("{:#}\n", schema())).unwrap();
    } else {
        let committed: Value = serde_json::from_str(SCHEMA).unwrap();
        assert!(
            committed == schema(),
            "the file's shape changed: DYNO_UPDATE_SCHEMA=1 cargo test -p dyno-suite schema"
        );
    }
}

fn valid(text: &str) -> bool {
    let value: Value = toml::from_str(text).unwrap();
    jsonschema::draft202012::new(&schema())
        .unwrap()
        .is_valid(&value)
}

fn parses(text: &str) -> bool {
    Suite::parse(text, Path::new("dyno.toml")).is_ok()
}

#[test]
fn schema_and_parser_agree_on_what_is_good_and_what_is_not() {
    const PLUGIN: &str = "[[plugins]]\npath = 'a'\n";
    let good = [
        include_str!("../../../../docs/dyno.toml").to_owned(),
        format!("{PLUGIN}[phases.baseline]\n"),
        format!("{PLUGIN}[phases.baseline]\nblocks = 1000\nthreshold = '5 %'\nagainst = 'main'\n"),
        format!(
            "{PLUGIN}[phases.baseline]\nagainst = 'main'\n[gate.x]\nfuel-max = 1e6\n[gate.'y/*']\nmemory-max = '1MiB'\n"
        ),
        format!("seed = 1\n{PLUGIN}[limits]\nfuel = 2e11\nmemory = '1GiB'\n[phases.cross]\n"),
        format!("{PLUGIN}[phases.load]\nrate = 10\nduration = '3s'\ncriteria = ['p99_ms<=5']\n"),
    ];
    for text in &good {
        assert!(valid(text), "by the schema: {text}");
        assert!(parses(text), "by the parser: {text}");
    }
    let bad = [
        String::new(),
        PLUGIN.into(),
        "[phases.baseline]\n".into(),
        format!("{PLUGIN}[phases]\n"),
        format!("{PLUGIN}[phases.warmup]\n"),
        format!("colour = 1\n{PLUGIN}[phases.baseline]\n"),
        format!("{PLUGIN}package = 'b'\n[phases.baseline]\n"),
        "[[plugins]]\nname = 'x'\n[phases.baseline]\n".into(),
        format!("{PLUGIN}[limits]\nmemry = '1GiB'\n[phases.baseline]\n"),
        format!("{PLUGIN}[limits]\nmemory = 64\n[phases.baseline]\n"),
        format!("{PLUGIN}[phases.baseline]\nblocks = 0\n"),
        format!("{PLUGIN}[phases.baseline]\nblocks = 1001\n"),
        format!("{PLUGIN}[phases.baseline]\nsamples = 0\n"),
        format!("{PLUGIN}[phases.baseline]\ndepth = 'deep'\n"),
        format!("{PLUGIN}[phases.baseline]\nmetrics = ['wall']\n"),
        format!("{PLUGIN}[phases.baseline]\ncriteria = ['wall_ms = fast']\n"),
        format!("{PLUGIN}[phases.baseline]\ncriteria = 'wall-time < 5ms'\n"),
        format!("{PLUGIN}[phases.load]\nrate = 10\n"),
        format!("{PLUGIN}[phases.load]\nrate = 0\nduration = '3s'\n"),
        format!("{PLUGIN}[grants]\ndirs = '.'\n[phases.baseline]\n"),
        format!("{PLUGIN}[phases.baseline]\nagainst = 'main'\nthreshold = 10\n"),
        format!("{PLUGIN}[phases.baseline]\nagainst = 'main'\nthreshold = '10'\n"),
        format!("{PLUGIN}[phases.baseline]\n[gate.x]\n"),
    ];
    for text in &bad {
        assert!(!valid(text), "by the schema: {text}");
        assert!(!parses(text), "by the parser: {text}");
    }
}

/// The keys of every table, by the schema.
fn tables() -> Vec<(&'static str, Vec<String>)> {
    let schema = schema();
    let keys = |at: &str| {
        let properties = schema.pointer(at).unwrap().as_object().unwrap();
        properties.keys().cloned().collect()
    };
    [
        ("", "/properties"),
        ("[[plugins]]", "/$defs/PluginTable/properties"),
        ("[limits]", "/$defs/Limits/properties"),
        ("[grants]", "/$defs/GrantsTable/properties"),
        ("[phases]", "/$defs/PhasesTable/properties"),
        ("[phases.baseline]", "/$defs/PhaseTable/properties"),
        ("[phases.cross]", "/$defs/PhaseTable/properties"),
        ("[phases.load]", "/$defs/LoadTable/properties"),
        ("[gate.x]", "/$defs/GateTable/properties"),
    ]
    .map(|(table, at)| (table, keys(at)))
    .to_vec()
}

#[test]
fn every_table_has_the_keys_of_the_schema_and_no_others() {
    let message = |text: &str| Suite::parse(text, Path::new("f")).unwrap_err().to_string();
    for (table, mut keys) in tables() {
        for key in &keys {
            let message = message(&format!("{table}\n{key} = 2.5\n"));
            assert!(!message.contains("unknown"), "{table} {key}: {message}");
        }
        // The parser lists every key that it knows when none is near.
        let shown = message(&format!("{table}\nzzzzzzzzz = 1\n"));
        let listed = shown.lines().find_map(|line| line.split_once("there are "));
        let mut listed: Vec<_> = listed.unwrap().1.split(", ").map(str::to_owned).collect();
        keys.sort();
        listed.sort();
        assert_eq!(keys, listed, "{table}");
    }
}

#[test]
fn every_table_is_closed_and_every_key_is_described() {
    fn walk(at: &Value, path: &str, seen: &mut u32) {
        if let Some(properties) = at.get("properties").and_then(Value::as_object) {
            assert_eq!(at["additionalProperties"], json!(false), "{path}");
            for (key, value) in properties {
                assert!(value.get("description").is_some(), "{path}/{key}");
                *seen += 1;
            }
        }
        match at {
            Value::Object(fields) => fields
                .iter()
                .for_each(|(key, value)| walk(value, &format!("{path}/{key}"), seen)),
            Value::Array(list) => list.iter().for_each(|value| walk(value, path, seen)),
            _ => {}
        }
    }
    let mut seen = 0;
    walk(&schema(), "", &mut seen);
    assert!(seen > 45, "only {seen} keys were looked at");
}
