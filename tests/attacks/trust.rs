//! Whose signatures count, until when and how many; what is never taken; and what a user cannot be
//! tricked into.

mod keys;

use std::ffi::OsStr;
use std::fs;

use super::super::support::finish;
use super::forge::{Forge, PAYLOAD, RELEASE, hex, statement};
use super::scene::Scene;

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(bytes))
}

/// If this fails, a key that was stolen goes on signing after its publisher said so, or what it
/// signed before goes on running.
#[test]
fn a_revoked_key_signs_nothing_and_what_it_signed_runs_no_more() {
    let scene = Scene::new();
    let package = Forge::suite().signed_by(&scene.acme);
    scene.installs(&package);
    scene.still_runs("acme/json", "1.2.0");
    let fingerprint = scene.acme.fingerprint.as_str();
    scene
        .dyno(&[
            "trust",
            "revoke",
            fingerprint,
            "--reason",
            "stolen on a train",
        ])
        .exits(0);
    let why = format!("the key {fingerprint} was revoked at ");
    scene.refuses(&package, &why);
    scene.refuses(&package, "stolen on a train");
    scene.refuses_installed("acme/json", &why);
    scene.refuses_file(scene.put(&package), &["--allow-unsigned"], &why);
    // It stays so.
    let key = scene.acme.public.to_str().unwrap();
    let again = ["trust", "add", key, "--namespace", "acme", "--replace"];
    scene.fails(&again, "was revoked, and is not trusted again");
    scene.refuses(&package, &why);
    // Another one takes its place.
    let next = scene.key("next");
    scene.trusts(&next, "acme", &[]);
    scene.installs(&Forge::suite().signed_by(&next));
    scene.still_runs("acme/json", "1.2.0");
}

/// If this fails, a key counts before or after the time that its publisher gave it.
#[test]
fn a_key_counts_only_in_its_time() {
    for (flags, why) in [
        (
            &["--until", "2020-01-01T00:00:00Z"][..],
            Some("was valid until 2020-01-01T00:00:00Z"),
        ),
        (
            &["--from", "2999-01-01T00:00:00Z"],
            Some("is valid from 2999-01-01T00:00:00Z"),
        ),
        (
            &[
                "--from",
                "2020-01-01T00:00:00Z",
                "--until",
                "2999-01-01T00:00:00Z",
            ],
            None,
        ),
    ] {
        let scene = Scene::of_strangers();
        scene.trusts(&scene.acme, "acme", flags);
        let package = Forge::suite().signed_by(&scene.acme);
        match why {
            Some(why) => {
                let why = format!("the key {} {why}", scene.acme.fingerprint);
                scene.refuses(&package, &why);
                scene.refuses_file(scene.put(&package), &["--allow-unsigned"], &why);
            }
            None => scene.installs(&package),
        }
    }
}

/// If this fails, one of two people who have to agree can release alone.
#[test]
fn two_keys_have_to_sign_where_two_are_needed() {
    let scene = Scene::new();
    let second = scene.key("second");
    scene.trusts(&second, "acme", &["--share", "--threshold", "2"]);
    let why = "1 of the 2 keys that acme needs have signed";
    let once = Forge::suite().signed_by(&scene.acme);
    scene.refuses(&once, why);
    // The same key twice, in two ways, is one key.
    let text = statement(&once.manifest, RELEASE).to_string();
    let mut again = scene.acme.bundle(PAYLOAD, text.as_bytes());
    again["verificationMaterial"]["publicKey"]["hint"] = "".into();
    scene.refuses(
        &once.clone().with_bundle(again.to_string(), &scene.acme),
        why,
    );
    let stranger = scene.key("stranger");
    scene.refuses(&once.clone().signed_by(&stranger), why);
    let other = scene.key("other");
    scene.trusts(&other, "other", &[]);
    scene.refuses(&once.clone().signed_by(&other), why);

    let both = once.signed_by(&second);
    scene.installs(&both);
    let file = scene.put(&both);
    let said = scene
        .dyno(&[OsStr::new("verify"), file.as_os_str()])
        .exits(0);
    for key in [&scene.acme, &second] {
        assert!(said.stdout.contains(&key.fingerprint), "{said}");
    }
    scene
        .dyno(&["trust", "revoke", &second.fingerprint])
        .exits(0);
    scene.refuses(&both, why);
}

/// If this fails, a release that is known to be bad can be installed, or goes on running.
#[test]
fn what_was_killed_is_never_taken_whoever_signed_it() {
    let scene = Scene::new();
    let package = Forge::suite().signed_by(&scene.acme);
    // The same component under another manifest.
    let again = Forge::suite()
        .annotated("org.example.note", "again")
        .signed_by(&scene.acme);
    let newer = Forge::suite().of_version("1.3.0").signed_by(&scene.acme);
    scene.installs(&package);

    let manifest = digest(&package.manifest);
    scene
        .dyno(&["trust", "revoke", &manifest, "--reason", "it lies"])
        .exits(0);
    let why = format!("{manifest} is on the kill list: it lies");
    scene.refuses(&package, &why);
    scene.refuses_installed("acme/json", &why);
    scene.refuses_file(scene.put(&package), &["--allow-unsigned"], &why);
    scene.accepts(&again);

    let component = digest(&package.component);
    scene.dyno(&["trust", "revoke", &component]).exits(0);
    scene.refuses(&again, &format!("{component} is on the kill list"));
    scene.installs(&newer);
    scene.still_runs("acme/json", "1.3.0");
}

/// If this fails, a publisher, or whoever has the key, can replace a release that a user pinned.
#[test]
fn a_pinned_release_is_taken_with_that_digest_only() {
    let scene = Scene::new();
    let package = Forge::suite().signed_by(&scene.acme);
    let other = Forge::suite()
        .annotated("org.example.note", "other")
        .signed_by(&scene.acme);
    let (pinned, found) = (digest(&package.manifest), digest(&other.manifest));
    scene.dyno(&["trust", "pin", RELEASE, &pinned]).exits(0);
    scene.installs(&package);
    scene.refuses(
        &other,
        &format!("{RELEASE} is pinned to {pinned}, and this is {found}"),
    );
    scene.still_runs("acme/json", "1.2.0");
    let why = format!("{RELEASE} is pinned to {pinned}, and not to {found}");
    scene.fails(&["trust", "pin", RELEASE, &found], &why);
    scene.refuses(&other, "is pinned to");
    scene
        .dyno(&["trust", "pin", RELEASE, &found, "--replace"])
        .exits(0);
    scene.accepts(&other);
    scene.refuses(&package, "is pinned to");
}

/// If this fails, whoever has an old release with a hole in it can put it in the place of the new
/// one.
#[test]
fn an_older_release_replaces_a_newer_one_only_if_the_user_says_so() {
    let scene = Scene::new();
    let older = Forge::suite().signed_by(&scene.acme);
    let newer = Forge::suite().of_version("1.3.0").signed_by(&scene.acme);
    scene.installs(&newer);
    let lock = fs::read(scene.bench.path("dyno.lock")).unwrap();
    let file = scene.put(&older);
    let install = |flags: &[&str]| {
        let args = [&["install", "--yes"], flags, &[file.to_str().unwrap()]].concat();
        scene.dyno(&args)
    };
    let said = install(&[]).exits(3);
    said.complains(
        "acme/json@1.2.0 is older than acme/json@1.3.0, which is installed: go back with --allow-downgrade",
    );
    assert_eq!(fs::read(scene.bench.path("dyno.lock")).unwrap(), lock);
    scene.still_runs("acme/json", "1.3.0");
    install(&["--allow-downgrade"]).exits(0);
    scene.still_runs("acme/json", "1.2.0");
    assert_ne!(fs::read(scene.bench.path("dyno.lock")).unwrap(), lock);
}

/// If this fails, a package that nobody answers for is taken without a word, or one word makes it
/// good for ever.
#[test]
fn what_nobody_signed_is_taken_loudly_once_and_never_remembered() {
    let scene = Scene::new();
    let package = Forge::suite();
    let why = "acme/json@1.2.0 is not signed, and the namespace `acme` belongs to acme";
    scene.refuses(&package, why);
    let file = scene.put(&package);
    let loud = |args: &[&str]| {
        let mut command = scene.bench.command();
        command.args(args).arg("--allow-unsigned=acme/json");
        let said = finish(command).exits(0);
        let warning = "warning: --allow-unsigned: nobody answers for what is not signed";
        assert!(said.stderr.contains(warning), "{said}");
        said
    };
    let path = file.to_str().unwrap();
    let quick = ["run", "--quick", "--time", "20ms", "--sample-time", "1ms"];
    loud(&["verify", path]).says("nobody answers for it");
    loud(&[&quick[..], &[path]].concat());
    loud(&["install", path]);
    scene.dyno(&["installed"]).exits(0).says("acme/json");
    scene.refuses(&package, why);
    scene.refuses_installed("acme/json", why);
    loud(&[&quick[..], &["acme/json"]].concat());
    // Still not.
    scene.refuses_installed("acme/json", why);
    let lock = fs::read_to_string(scene.bench.path("dyno.lock")).unwrap();
    assert!(lock.contains("signers = []"), "{lock}");
    scene.installs(&package.signed_by(&scene.acme));
    scene.still_runs("acme/json", "1.2.0");
}

/// If this fails, `--allow-unsigned` is taken for "whatever is wrong with it".
#[test]
fn unsigned_is_the_only_fault_that_the_flag_forgives() {
    let scene = Scene::new();
    let stranger = scene.key("stranger");
    let flag = &["--allow-unsigned", "--allow-unsigned=acme/json"][..];
    let refuses = |package: &Forge, why: &str| {
        scene.refuses_file(scene.put(package), flag, why);
    };
    let package = Forge::suite();
    let text = statement(&package.manifest, RELEASE).to_string();
    let mut bundle = scene.acme.bundle(PAYLOAD, text.as_bytes());
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = "AAAA".into();
    refuses(
        &package.clone().with_bundle(bundle.to_string(), &scene.acme),
        "is not one by the key",
    );
    let elsewhere = Forge::suite().of_id("nobody/json");
    let mut bundle = stranger.bundle(
        PAYLOAD,
        statement(&elsewhere.manifest, "nobody/json@1.2.0")
            .to_string()
            .as_bytes(),
    );
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = "AAAA".into();
    refuses(
        &elsewhere.clone().with_bundle(bundle.to_string(), &stranger),
        "is not one by the key",
    );
    refuses(
        &package.clone().signed_as(&scene.acme, "acme/json@1.1.0"),
        "the signature is for acme/json@1.1.0",
    );
    refuses(
        &package
            .clone()
            .annotated("org.opencontainers.image.title", "x"),
        "must agree",
    );
    refuses(&package.clone().with_component(b"\x7fELF".to_vec()), "");
    let file = scene.put(&package);
    scene
        .dyno(&[
            OsStr::new("verify"),
            "--allow-unsigned=acme/json".as_ref(),
            file.as_os_str(),
        ])
        .exits(0);
}

/// If this fails, a user who mistypes what to trust is told that the host is broken, or something
/// that makes no sense is kept.
#[test]
fn what_cannot_be_trusted_is_a_mistake_on_the_command_line() {
    let scene = Scene::new();
    let key = scene.acme.public.to_str().unwrap();
    let before = fs::read(
        scene
            .bench
            .work()
            .join("../home/.local/share/dyno/trust/policy.toml"),
    )
    .unwrap();
    let digest = digest(b"x");
    for (args, why) in [
        (
            &["add", key, "--namespace", "A b"][..],
            "the name `A b` should be",
        ),
        (
            &["add", key, "--namespace", "acme", "--publisher", "../x"],
            "the name `../x` should be",
        ),
        (
            &["revoke", &digest, "--reason", "a\nb"],
            "the reason `a\\nb` should be",
        ),
        (&["revoke", "sha256:00"], "a digest is `sha256:` and 64"),
        (&["pin", "acme/json@1", &digest], "acme/json@1"),
        (
            &["pin", RELEASE, "sha256:00"],
            "a digest is `sha256:` and 64",
        ),
    ] {
        scene
            .dyno(&[&["trust"], args].concat())
            .exits(2)
            .complains(why);
    }
    let after = fs::read(
        scene
            .bench
            .work()
            .join("../home/.local/share/dyno/trust/policy.toml"),
    )
    .unwrap();
    assert_eq!(before, after);
}

/// If this fails, `inspect` calls trusted what nobody answers for.
#[test]
fn what_nobody_signed_is_not_called_trusted() {
    let scene = Scene::new();
    let file = scene.put(&Forge::suite());
    let inspect = |flags: &[&str]| {
        let args = [&["inspect", file.to_str().unwrap()], flags].concat();
        scene.dyno(&args).exits(0)
    };
    assert!(!inspect(&[]).stdout.contains("✓"));
    let allowed = inspect(&["--allow-unsigned=acme/json"]);
    assert!(
        !allowed.stdout.contains("✓ trusted"),
        "by nobody: {allowed}"
    );
    scene.put(&Forge::suite().signed_by(&scene.acme));
    inspect(&[]).says("✓ trusted");
}
