//! OCI manifests that are of another form, or say something else than the component.

use serde_json::{Value, json};

use super::OWN;
use crate::attacks::forge::{Forge, MANIFEST, described, hex, section_of};
use crate::attacks::scene::Scene;

/// If this fails, two parsers see two packages in the same bytes.
#[test]
fn json_that_says_a_thing_twice_is_refused_wherever_it_is() {
    let scene = Scene::new();
    let good = Forge::suite();
    let own = String::from_utf8(section_of(&good.component, OWN)).unwrap();
    let twice = own.replacen('{', "{\"kind\":\"command\",", 1);
    scene.refuses(
        &good.clone().saying_text(&twice).signed_by(&scene.acme),
        "its `dyno:manifest` section is not a manifest: the key `kind` stands twice",
    );
    let manifest = String::from_utf8(good.manifest.clone()).unwrap();
    // The last are the manifest's own; those before are of its layer.
    let (before, after) = manifest.rsplit_once("\"annotations\":{").unwrap();
    let twice = format!("{before}\"annotations\":{{\"dev.dyno.id\":\"acme/yaml\",{after}");
    scene.refuses(
        &good
            .clone()
            .with_manifest_bytes(twice)
            .signed_by(&scene.acme),
        "the key `dev.dyno.id` stands twice",
    );
    let config = String::from_utf8(good.config.clone()).unwrap();
    let twice = config.replacen('{', "{\"os\":\"linux\",", 1);
    scene.refuses(
        &good.clone().with_config_bytes(twice).signed_by(&scene.acme),
        "the key `os` stands twice",
    );
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    scene.refuses(
        &good.clone().with_config_bytes(deep).signed_by(&scene.acme),
        "recursion limit",
    );
    scene.accepts(
        &good
            .saying_text(&format!(" {own}\n"))
            .signed_by(&scene.acme),
    );
}

/// If this fails, a manifest as other tools may write it is refused: its media type is in its
/// descriptor.
#[test]
fn a_manifest_need_not_say_its_own_media_type() {
    let scene = Scene::new();
    let bare = Forge::suite().with_manifest(|it| {
        it.as_object_mut().unwrap().remove("mediaType");
    });
    scene.installs(&bare.clone().signed_by(&scene.acme));
    // Nor does that let it be two things at once.
    let both = bare.with_manifest(|it| it["manifests"] = json!([]));
    scene.refuses(
        &both.signed_by(&scene.acme),
        "it has both `layers` and `manifests`",
    );
}

/// If this fails, what other clients refuse or read differently is a package here.
#[test]
fn a_manifest_of_another_form_is_no_package() {
    let scene = Scene::new();
    let good = Forge::suite();
    let layer = described("application/wasm", &good.component);
    let program = Forge::program();
    let other = described("application/wasm", &program.component);
    let two = format!(
        "it should have one layer of the type application/wasm, and has 2: application/wasm of {0} bytes, application/wasm of {0} bytes",
        good.component.len()
    );
    type Change<'a> = &'a dyn Fn(&mut Value);
    let changes: [(Change<'_>, &str); 11] = [
        (
            &|it| it["manifests"] = json!([]),
            "it has both `layers` and `manifests`",
        ),
        (&|it| it["layers"] = json!([layer, layer]), &two),
        (
            &|it| it["layers"] = json!([]),
            "it should have one layer of the type application/wasm, and has none",
        ),
        (
            &|it| it["layers"][0]["mediaType"] = "application/vnd.oci.image.layer.v1.tar".into(),
            "its layer is application/vnd.oci.image.layer.v1.tar, where application/wasm is expected",
        ),
        (
            &|it| it["config"]["mediaType"] = "application/vnd.oci.image.config.v1+json".into(),
            "its config is application/vnd.oci.image.config.v1+json, where application/vnd.wasm.config.v0+json is expected",
        ),
        (&|it| it["schemaVersion"] = 1.into(), "schemaVersion 2"),
        (
            &|it| it["mediaType"] = "application/json".into(),
            "`application/json`",
        ),
        (
            &|it| it["layers"][0]["digest"] = "sha256:../../../etc/passwd".into(),
            "digest",
        ),
        (
            &|it| it["layers"][0]["digest"] = format!("sha512:{}", "0".repeat(128)).into(),
            "digest",
        ),
        (&|it| it["layers"][0]["size"] = json!(-1), "-1"),
        (
            &|it| it["layers"][0] = other.clone(),
            "its config does not describe its component",
        ),
    ];
    for (change, why) in changes {
        let changed = good.clone().with_manifest(change).signed_by(&scene.acme);
        scene.refuses(&changed, why);
    }
    let missing = good
        .clone()
        .with_config(|it| it["layerDigests"] = json!([other["digest"]]));
    let missing = missing.with_manifest(|it| it["layers"][0] = other.clone());
    scene.refuses(
        &missing.signed_by(&scene.acme),
        "so it is not a complete OCI image layout",
    );
    let of_other = Forge {
        config: program.config,
        ..good.clone()
    };
    let config = described("application/vnd.wasm.config.v0+json", &of_other.config);
    let of_other = of_other
        .with_manifest(|it| it["config"] = config)
        .signed_by(&scene.acme);
    scene.refuses(
        &of_other,
        &format!(
            "its config does not describe its component: it is of another layer than sha256:{}",
            hex(&good.component)
        ),
    );
    let subject = described(MANIFEST, b"another");
    let referrer = good
        .clone()
        .with_manifest(|it| it["subject"] = subject)
        .signed_by(&scene.acme);
    scene.refuses(&referrer, "should hold one package, and holds none");
    scene.accepts(&good.signed_by(&scene.acme));
}

/// If this fails, what people and indexes search by says something else than what they get.
#[test]
fn annotations_agree_with_the_component() {
    let scene = Scene::new();
    let good = Forge::suite();
    for (key, value, why) in [
        (
            "org.opencontainers.image.version",
            "1.3.0",
            "says `1.3.0`, and its component says `1.2.0`",
        ),
        (
            "dev.dyno.id",
            "acme/yaml",
            "says `acme/yaml`, and its component says `acme/json`",
        ),
        (
            "dev.dyno.kind",
            "command",
            "says `command`, and its component says `wasm`",
        ),
        (
            "dev.dyno.capabilities",
            "wasi:cli",
            "says `wasi:cli`, and its component says ``",
        ),
        (
            "org.opencontainers.image.title",
            "yaml",
            "says `yaml`, and its component says `json`",
        ),
        (
            "org.opencontainers.image.licenses",
            "MIT",
            "says `MIT`, and its component says nothing",
        ),
        (
            "org.opencontainers.image.authors",
            "acme",
            "says `acme`, and its component says nothing",
        ),
        (
            "dev.dyno.anything",
            "x",
            "says `x`, and its component says nothing",
        ),
    ] {
        let changed = good.clone().annotated(key, value).signed_by(&scene.acme);
        scene.refuses(
            &changed,
            &format!("its annotation {key} {why}: they must agree"),
        );
    }
    for key in [
        "org.opencontainers.image.title",
        "dev.dyno.kind",
        "dev.dyno.capabilities",
    ] {
        let without = good.clone().with_manifest(|it| {
            it["annotations"].as_object_mut().unwrap().remove(key);
        });
        scene.refuses(
            &without.signed_by(&scene.acme),
            &format!("its annotation {key} says nothing"),
        );
    }
    for key in ["org.opencontainers.image.version", "dev.dyno.id"] {
        let without = good.clone().signed_by(&scene.acme).with_manifest(|it| {
            it["annotations"].as_object_mut().unwrap().remove(key);
        });
        scene.refuses(
            &without.signed_as(&scene.acme, "acme/json@1.2.0"),
            "has no annotations `dev.dyno.id`",
        );
    }
    scene.accepts(
        &good
            .annotated("com.example.anything", "x")
            .signed_by(&scene.acme),
    );
}

/// If this fails, a manifest of a later form is read as if it were of this one, or values that make
/// no sense get through.
#[test]
fn a_manifest_that_this_host_cannot_understand_is_refused() {
    let scene = Scene::new();
    let refuses = |change: &dyn Fn(&mut Value), why: &str| {
        scene.refuses(&Forge::suite().saying(change).signed_by(&scene.acme), why);
    };
    refuses(
        &|own| own["schema"] = 2.into(),
        "its manifest is of form 2, this host reads form 1: use a newer dyno",
    );
    refuses(&|own| own["sudo"] = true.into(), "unknown field `sudo`");
    refuses(
        &|own| own["datasets"] = json!({"../../x": described(MANIFEST, b"")}),
        "is not the name of a dataset",
    );
    refuses(
        &|own| own["parameters"] = json!({"LD=X": {"default": ""}}),
        "is not the name of a parameter",
    );
    refuses(
        &|own| own["program"] = json!({"stdin": "x"}),
        "there is no dataset `x`",
    );
    refuses(
        &|own| own["dependencies"] = json!({"x": "*"}),
        "`x` is not a package id",
    );
    refuses(
        &|own| own["datasets"] = json!({"x": described(MANIFEST, b"missing")}),
        "so it is not a complete OCI image layout",
    );
    scene.accepts(
        &Forge::suite()
            .saying(|own| own["toolchain"] = "x".into())
            .signed_by(&scene.acme),
    );
}
