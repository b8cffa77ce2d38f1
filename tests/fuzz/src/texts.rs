//! Texts: what a worker says, what a plugin and a suite say of themselves, and signatures.

use std::path::Path;
use std::sync::OnceLock;

use dyno_job::{Ended, Event, Report};
use dyno_model::LimitKind;
use dyno_package::key::PublicKey;
use dyno_package::{keyless, signature};
use dyno_plugin::{Digest, Manifest};
use dyno_suite::Suite;

use super::{repository_file, repository_files};
use crate::index::key;

/// Lines from a worker that has been taken over.
pub(crate) fn events(data: &[u8]) -> bool {
    let mut events = Vec::new();
    for line in data.split(|byte| *byte == b'\n') {
        match serde_json::from_slice::<Event>(line) {
            Ok(event) => events.push(event),
            Err(_) => break,
        }
    }
    let is_some = !events.is_empty();
    for event in &events {
        let text = serde_json::to_string(event).expect("an event can be written");
        let again: Event =
            serde_json::from_str(&text).expect("an event that was written can be read");
        assert_eq!(&again, event);
    }
    let report = Report {
        events,
        ended: Ended::Finished,
    };
    let _ = report.outcome((LimitKind::Wall, 1));
    let _ = (report.samples(), report.layers());
    is_some
}

pub(crate) fn event_seeds() -> Vec<Vec<u8>> {
    let lines = [
        r#"{"event":"confined","layers":["rlimits","landlock","seccomp"]}"#,
        r#"{"event":"cases","kind":"suite","cases":[{"name":"a/b","checksum":7,"bytes":null,"elements":3}]}"#,
        r#"{"event":"functions","names":["f","g"]}"#,
        r#"{"event":"calibrated","iterations":8,"iteration_ns":12.5}"#,
        r#"{"event":"samples","samples":[{"iterations":8,"wall_ns":100,"cpu_ns":99,"kind":0}]}"#,
        r#"{"event":"profile-done","iterations":1,"fuel":2}"#,
        r#"{"event":"done","outcome":{"outcome":"ok"}}"#,
        r#"{"event":"done","outcome":{"outcome":"crash","message":"x"}}"#,
    ];
    let mut seeds: Vec<Vec<u8>> = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
    seeds.push(lines.join("\n").into_bytes());
    seeds
}

/// A `plugin.toml`.
pub(crate) fn manifest(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    match Manifest::parse(text, "plugin.toml") {
        Ok(_) => true,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}

pub(crate) fn manifest_seeds() -> Vec<Vec<u8>> {
    let mut seeds = repository_files("sample-plugins", Some("plugin.toml"));
    seeds.extend(repository_files("tests/fixtures", Some("plugin.toml")));
    seeds
}

/// A `dyno.toml`.
pub(crate) fn suite(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    match Suite::parse(text, Path::new("dyno.toml")) {
        Ok(_) => true,
        Err(error) => {
            // Errors are drawn with the line that they are about.
            assert!(!error.to_string().is_empty());
            false
        }
    }
}

pub(crate) fn suite_seeds() -> Vec<Vec<u8>> {
    let mut seeds = repository_files(".", Some("dyno.toml"));
    seeds.push(b"[gate.'a/*']\nfuel-max = '1k'\n[renames]\n'a/b' = 'c'\n".to_vec());
    seeds
}

/// A signature, by key and without one.
pub(crate) fn bundle(data: &[u8]) -> bool {
    static ROOT: OnceLock<(PublicKey, Vec<u8>)> = OnceLock::new();
    let (public, root) = ROOT.get_or_init(|| {
        let root = repository_file("tests/fixtures/sigstore/trusted_root.mock.json");
        (key().public().clone(), root)
    });
    let manifest = Digest::of(b"manifest");
    let identity = keyless::Identity {
        issuer: "https://issuer.example".into(),
        subject: "somebody@example.org".into(),
    };
    let Ok(parsed) = signature::Bundle::parse(data) else {
        return false;
    };
    // Our key has signed one thing, in the first seed: nothing else may pass for it.
    if parsed.verify_key(public, &Digest::of(b"another")).is_ok() {
        panic!("a signature of our key about what it never signed");
    }
    let _ = parsed.verify_key(public, &manifest);
    let keyless = keyless::verify(data, &manifest, root, &identity);
    assert!(keyless.is_err(), "a certificate that nobody issued");
    true
}

pub(crate) fn bundle_seeds() -> Vec<Vec<u8>> {
    let release = "acme/fib@1.0.0".parse().expect("a release");
    let signed = signature::sign(key(), &Digest::of(b"manifest"), &release);
    let mut seeds = vec![signed];
    seeds.extend(repository_files("tests/fixtures/sigstore", None));
    seeds
}
