//! Trust that is taken away, and thresholds: what a user says at once is never half true.

use std::fs;

use super::forge::Forge;
use super::scene::Scene;

fn policy(scene: &Scene) -> String {
    let home = scene.bench.work().join("../home/.local/share/dyno");
    fs::read_to_string(home.join("trust/policy.toml")).unwrap_or_default()
}

/// If this fails, a user cannot take back whom to trust, or what was revoked is trusted again by
/// that.
#[test]
fn a_publisher_and_its_keys_can_be_removed_and_what_was_revoked_stays_so() {
    let scene = Scene::new();
    let package = Forge::suite().signed_by(&scene.acme);
    scene.accepts(&package);
    let second = scene.key("second");
    scene.trusts(&second, "acme", &["--share"]);
    scene
        .dyno(&["trust", "remove", &second.fingerprint])
        .exits(0)
        .says(&second.fingerprint);
    scene.refuses(
        &Forge::suite().signed_by(&second),
        "no valid signature is by a key",
    );
    scene.accepts(&package);
    // By its file, too.
    scene.trusts(&second, "acme", &["--share"]);
    let file = second.public.to_str().unwrap();
    scene.dyno(&["trust", "remove", file]).exits(0);
    scene
        .dyno(&["trust", "revoke", &second.fingerprint])
        .exits(0)
        .says("nothing with the digest");

    scene.trusts(&scene.key("third"), "acme", &["--share"]);
    scene
        .dyno(&[
            "trust",
            "revoke",
            &scene.acme.fingerprint,
            "--reason",
            "stolen",
        ])
        .exits(0);
    scene
        .dyno(&["trust", "remove", "acme"])
        .exits(0)
        .says("acme was removed");
    scene.refuses(&package, "");
    let key = scene.acme.public.to_str().unwrap();
    scene.fails(
        &["trust", "add", key, "--namespace", "acme"],
        "was revoked, and is not trusted again",
    );
    for nothing in [
        &["acme-labs"][..],
        &["acme/json@1.2.0"],
        &["--identity", "a@b", "--issuer", "https://x"],
    ] {
        let args = [&["trust", "remove"], nothing].concat();
        scene
            .dyno(&args)
            .exits(4)
            .complains("`dyno trust list` shows what there is");
    }
    let pin = format!("sha256:{}", "0".repeat(64));
    scene
        .dyno(&["trust", "pin", "acme/json@1.2.0", &pin])
        .exits(0);
    scene.dyno(&["trust", "remove", "acme/json@1.2.0"]).exits(0);
    let listed = scene.dyno(&["trust", "list"]).exits(0);
    assert!(!listed.stdout.contains(&pin), "{listed}");
}

/// If this fails, there is a moment in which one of two keys is enough, or in which no package can
/// be accepted because fewer keys are known than have to sign.
#[test]
fn a_threshold_and_its_keys_are_set_at_once_or_not_at_all() {
    let scene = Scene::of_strangers();
    let (one, two) = (scene.key("one"), scene.key("two"));
    let [one_path, two_path] = [&one, &two].map(|key| key.public.to_str().unwrap());
    let add = ["trust", "add", "--namespace", "acme", "--threshold", "2"];
    let said = scene.dyno(&[&add[..], &[one_path]].concat());
    said.exits(2)
        .complains("acme would have 1 of the 2 keys that have to sign");
    assert_eq!(policy(&scene), "", "half of it was kept");
    scene
        .dyno(&[&add[..], &[one_path, two_path]].concat())
        .exits(0);
    let once = Forge::suite().signed_by(&one);
    scene.refuses(&once, "1 of the 2 keys that acme needs have signed");
    scene.accepts(&once.clone().signed_by(&two));

    let before = policy(&scene);
    let three = scene.key("three");
    let three = three.public.to_str().unwrap();
    for args in [
        &["add", three, "--namespace", "acme", "--replace"][..],
        &[
            "add",
            three,
            "--namespace",
            "acme",
            "--share",
            "--threshold",
            "4",
        ],
        &["remove", &one.fingerprint],
    ] {
        let said = scene.dyno(&[&["trust"], args].concat()).exits(2);
        said.complains("keys that have to sign");
        assert_eq!(policy(&scene), before);
    }
    scene
        .dyno(&["trust", "remove", &two.fingerprint, "--threshold", "1"])
        .exits(0);
    scene.accepts(&once);
}

/// If this fails, a key that counts for nothing is added without a word, or a time is given to an
/// identity and forgotten.
#[test]
fn an_expired_key_is_added_with_a_warning() {
    let scene = Scene::of_strangers();
    let key = scene.acme.public.to_str().unwrap();
    let add = ["trust", "add", key, "--namespace", "acme"];
    let past = ["--until", "2020-01-01T00:00:00Z"];
    let said = scene.dyno(&[&add[..], &past].concat()).exits(0);
    let warning = format!(
        "warning: the key {} has expired: it was valid until 2020-01-01T00:00:00Z",
        scene.acme.fingerprint
    );
    assert!(said.stderr.contains(&warning), "{said}");
    // It stays so when it is added again without a word of time.
    let said = scene.dyno(&add).exits(0);
    assert!(said.stderr.contains(&warning), "{said}");
    let future = ["--until", "2999-01-01T00:00:00Z"];
    let said = scene.dyno(&[&add[..], &future].concat()).exits(0);
    assert_eq!(said.stderr, "");
    let root = scene.bench.write("root.json", "{}");
    let identity = [
        "trust",
        "add",
        "--namespace",
        "x",
        "--identity",
        "a@b",
        "--issuer",
    ];
    let rest = ["https://x", "--trusted-root", root.to_str().unwrap()];
    scene.dyno(&[&identity[..], &rest, &past].concat()).exits(2);
}
