//! Keys that are not known, or known for something else, and how trust in them is changed.

use std::ffi::OsStr;
use std::fs;
use std::process::Stdio;

use super::digest;
use crate::attacks::forge::{Forge, Key, RELEASE};
use crate::attacks::scene::Scene;
use crate::support::finish;

/// If this fails, somebody else can publish under a name that a user trusts, or nearly that name,
/// and be taken for its publisher.
#[test]
fn a_strangers_key_signs_neither_a_known_name_nor_one_that_looks_like_it() {
    let scene = Scene::new();
    let mallory = scene.key("mallory");
    scene.installs(&Forge::suite().signed_by(&scene.acme));

    let forged = Forge::suite().of_version("1.3.0").signed_by(&mallory);
    let why = format!(
        "acme/json@1.3.0 is signed by the key {}, but not as it must be: no valid signature is by a key that is trusted for the namespace `acme`, which belongs to acme",
        mallory.fingerprint
    );
    scene.refuses(&forged, &why);
    // A key in the place of another is a hard failure.
    scene.refuses_file(scene.put(&forged), &["--allow-unsigned"], &why);
    let mut without_key = forged.clone();
    without_key.bundles[0].1 = serde_json::json!({});
    scene.refuses_file(
        scene.put(&without_key),
        &["--allow-unsigned"],
        "is trusted for the namespace `acme`",
    );

    let near = Forge::suite().of_id("acmee/json").signed_by(&mallory);
    let why = format!(
        "acmee/json@1.2.0 is signed by the key {}, and nobody is trusted for the namespace `acmee`",
        mallory.fingerprint
    );
    scene.refuses(&near, &why);
    for odd in [
        "ACME/json",
        "acme/js\u{43e}n",
        "acme//json",
        "acme/../json",
        "acme\u{1b}[2J/json",
    ] {
        let odd = Forge::suite()
            .annotated("dev.dyno.id", odd)
            .signed_by(&mallory);
        scene.refuses(&odd, "dev.dyno.id");
    }
    scene.still_runs("acme/json", "1.2.0");
    scene.trusts(&mallory, "acmee", &[]);
    scene.accepts(&near);
    scene.refuses(
        &forged,
        "is trusted for acmee (acmee), and not for the namespace `acme`",
    );
}

/// If this fails, a key that a user trusts for one namespace gets another without being asked for,
/// or the refusal does not say whose key it is and what to do.
#[test]
fn a_known_key_in_an_unknown_namespace_is_named_with_what_to_do() {
    let scene = Scene::new();
    let new = Forge::suite()
        .of_id("acme-labs/json")
        .signed_by(&scene.acme);
    let why = "nobody is trusted for the namespace `acme-labs`";
    scene.refuses(&new, why);
    scene.refuses_file(scene.put(&new), &["--offline"], why);
    scene.refuses(&new, &scene.acme.fingerprint);
    scene.refuses(&new, "dyno trust add");
}

/// If this fails, another key takes the place of a publisher's without the user saying that it
/// should.
#[test]
fn another_key_for_a_known_publisher_needs_a_word() {
    let scene = Scene::new();
    let mallory = scene.key("mallory");
    let forged = Forge::suite().signed_by(&mallory);
    let key = mallory.public.to_str().unwrap();
    let add = ["trust", "add", key, "--namespace", "acme"];
    scene.fails(
        &add,
        "acme is known by another key already: a new one may be a forgery",
    );
    let as_other = [&add[..], &["--publisher", "mallory"]].concat();
    scene.fails(&as_other, "the namespace `acme` belongs to acme already");
    scene.refuses(&forged, "is trusted for the namespace `acme`");
    scene.accepts(&Forge::suite().signed_by(&scene.acme));
    scene.trusts(&mallory, "acme", &["--replace"]);
    scene.accepts(&forged);
    let why = "is trusted for the namespace `acme`";
    scene.refuses(&Forge::suite().signed_by(&scene.acme), why);
}

/// If this fails, a script answers the question that only a person should, and trusts whoever
/// signed.
#[test]
fn nobody_is_trusted_on_first_use_without_a_terminal() {
    let scene = Scene::of_strangers();
    let package = Forge::suite().signed_by(&scene.acme);
    let file = scene.put(&package);
    let answers = scene.bench.write("answers", "y\n".repeat(100));
    let why = format!(
        "is signed by the key {}, and nobody is trusted",
        scene.acme.fingerprint
    );
    for verb in [&["verify"][..], &["install"], &["install", "--yes"]] {
        let mut command = scene.bench.command();
        command
            .args(verb)
            .arg(&file)
            .stdin(Stdio::from(fs::File::open(&answers).unwrap()));
        let said = finish(command).exits(3).complains(&why);
        assert!(said.stderr.contains("dyno trust add"), "{said}");
        assert!(!said.stderr.contains("[y/N]"), "{said}");
    }
    scene.refuses(&package, &why);
    assert!(!scene.dyno(&["trust", "list"]).stdout.contains("acme"));
    scene.trusts(&scene.acme, "acme", &[]);
    scene.installs(&package);
}

/// If this fails, a publisher with two namespaces cannot be trusted for both, or nothing says how.
#[test]
fn a_publishers_second_namespace_is_added_to_the_first() {
    let scene = Scene::new();
    let key = scene.acme.public.to_str().unwrap();
    scene.fails(
        &["trust", "add", key, "--namespace", "acme-labs"],
        "belongs to acme already",
    );
    let labs = Forge::suite()
        .of_id("acme-labs/json")
        .signed_by(&scene.acme);
    scene.refuses(&labs, "nobody is trusted for the namespace `acme-labs`");
    scene.trusts(&scene.acme, "acme-labs", &["--publisher", "acme"]);
    scene.accepts(&labs);
    scene.accepts(&Forge::suite().signed_by(&scene.acme));
}

/// If this fails, a script takes a refusal for a broken host, or a user who is right to change what
/// is trusted is not told how.
#[test]
fn a_change_that_a_forger_would_want_is_refused_with_what_allows_it() {
    let scene = Scene::new();
    let mallory = scene.key("mallory");
    let (acme, mallory) = (
        scene.acme.public.to_str().unwrap(),
        mallory.public.to_str().unwrap(),
    );
    let (one, other) = (digest(b"one"), digest(b"other"));
    scene.dyno(&["trust", "pin", RELEASE, &one]).exits(0);
    for (args, allows) in [
        (
            &["add", mallory, "--namespace", "acme"][..],
            &["--replace", "--share"][..],
        ),
        (
            &["add", mallory, "--namespace", "acme", "--publisher", "x"],
            &["--replace", "--share"],
        ),
        (
            &["add", acme, "--namespace", "acme-labs"],
            &["--publisher acme"],
        ),
        (&["pin", RELEASE, &other], &["--replace"]),
    ] {
        let said = scene.dyno(&[&["trust"], args].concat()).exits(2);
        for flag in allows {
            assert!(said.stderr.contains(flag), "{flag} is missing: {said}");
        }
    }
    scene
        .dyno(&["trust", "revoke", &scene.acme.fingerprint])
        .exits(0);
    let said = scene
        .dyno(&["trust", "add", acme, "--namespace", "acme"])
        .exits(2);
    said.complains("was revoked, and is not trusted again");
}

/// If this fails, a user cannot compare the key that a refusal names with the one that the
/// publisher names elsewhere, or that `dyno trust list` shows.
#[test]
fn a_key_has_one_name_even_if_the_signature_did_not_bring_it() {
    let scene = Scene::new();
    let mallory = scene.key("mallory");
    let mut forged = Forge::suite().signed_by(&mallory);
    forged.bundles[0].1 = serde_json::json!({});
    scene.refuses(&forged, &mallory.fingerprint);
}

/// If this fails, two verbs name one key differently, and nobody can compare them.
#[test]
fn a_key_has_the_same_name_in_every_verb() {
    let scene = Scene::new();
    let Key { fingerprint, .. } = &scene.acme;
    let key = scene.acme.public.to_str().unwrap();
    scene.dyno(&["key", "show", key]).exits(0).says(fingerprint);
    scene.dyno(&["trust", "list"]).exits(0).says(fingerprint);
    let file = scene.put(&Forge::suite().signed_by(&scene.acme));
    for verb in ["verify", "inspect"] {
        scene
            .dyno(&[OsStr::new(verb), file.as_os_str()])
            .exits(0)
            .says(fingerprint);
    }
}
