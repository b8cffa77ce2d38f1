//! Packages whose parts do not fit together, or are not what a package is made of; each signed by a
//! key that is trusted, because a publisher can be careless, or robbed.

use std::ffi::OsStr;

use serde_json::{Value, json};

use super::super::support::plugin;
use super::forge::{Forge, MANIFEST, described, hex, section, section_of, without_section};
use super::scene::Scene;

const OWN: &str = "dyno:manifest";

/// If this fails, a component says two things of itself, and who reads the other one is deceived;
/// or what says nothing is taken for a package.
#[test]
fn a_component_has_exactly_one_manifest_of_its_own() {
    let scene = Scene::new();
    scene.installs(&Forge::suite().signed_by(&scene.acme));
    let good = Forge::suite().component;
    let own = section_of(&good, OWN);
    let with = |component: Vec<u8>| {
        Forge::suite()
            .with_component(component)
            .signed_by(&scene.acme)
    };
    let twice = [&good[..], &section(OWN, &own)].concat();
    scene.refuses(
        &with(twice),
        "carries two `dyno:manifest` sections, where one is allowed",
    );
    let none = without_section(&good, OWN);
    scene.refuses(&with(none.clone()), "carries no `dyno:manifest` section");
    let version = [&good[..], &section("version", b"1.2.0")].concat();
    scene.refuses(&with(version), "carries two `version` sections");
    scene.refuses(
        &with([&none[..], &section(OWN, b"\xff\xfe")].concat()),
        "not UTF-8",
    );
    let long = section(OWN, &vec![b' '; (256 << 10) + 1]);
    scene.refuses(&with([&none[..], &long].concat()), "longer than 256 KiB");
    // Inside of a nested component it is somebody else's.
    let nested = [b"\0asm\x0d\0\x01\0".to_vec(), section(OWN, &own)].concat();
    let inner = [
        &[
            4,
            u8::try_from(nested.len() & 0x7f).unwrap() | 0x80,
            u8::try_from(nested.len() >> 7).unwrap(),
        ],
        &nested[..],
    ]
    .concat();
    scene.refuses(
        &with([&none[..], &inner].concat()),
        "carries no `dyno:manifest` section",
    );
    scene.accepts(&with([&good[..], &section("note", b"harmless")].concat()));
    scene.still_runs("acme/json", "1.2.0");
}

/// If this fails, a package does more than the user agreed to.
#[test]
fn a_component_imports_no_more_than_its_manifest_requests() {
    let scene = Scene::new();
    scene.accepts(&Forge::program().signed_by(&scene.acme));
    let modest = Forge::program()
        .saying(|own| {
            own.as_object_mut().unwrap().remove("capabilities");
        })
        .annotated("dev.dyno.capabilities", "")
        .signed_by(&scene.acme);
    let why = "it imports `wasi:cli/exit@0.2.0` and requests no `wasi:cli`";
    scene.refuses(&modest, why);
    let other = Forge::program()
        .saying(|own| own["capabilities"] = json!(["wasi:clocks"]))
        .annotated("dev.dyno.capabilities", "wasi:clocks")
        .signed_by(&scene.acme);
    scene.refuses(&other, why);
    let everything = Forge::program()
        .saying(|own| own["capabilities"] = json!(["*"]))
        .annotated("dev.dyno.capabilities", "*");
    scene.refuses(
        &everything.signed_by(&scene.acme),
        "`*` is not a capability",
    );
    // Agreed to by nobody, it is not installed.
    let file = scene.put(&Forge::program().signed_by(&scene.acme));
    let said = scene
        .dyno(&[OsStr::new("install"), file.as_os_str()])
        .exits(3);
    said.complains("nobody agreed to wasi:cli, which it asks for");
    scene.dyno(&["installed"]).exits(4);
    assert!(!scene.bench.path("dyno.lock").exists());
}

/// If this fails, machine code, or what only looks like a component, gets past the checks.
#[test]
fn a_layer_that_is_no_component_is_refused() {
    let scene = Scene::new();
    let good = Forge::suite();
    let own = section_of(&good.component, OWN);
    let text = plugin(&["add"]);
    let own_text: String = own.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let custom = format!("(@custom \"dyno:manifest\" \"{own_text}\")");
    let text_with_manifest = text.replacen("(component", &format!("(component {custom}"), 1);
    let core = [
        b"\0asm\x01\0\0\0".to_vec(),
        section("version", b"1.2.0"),
        section(OWN, &own),
    ]
    .concat();
    let elf = [b"\x7fELF\x02\x01\x01".to_vec(), vec![0; 57], own.clone()].concat();
    for (bytes, why) in [
        (core, "it is a core module where a component is expected"),
        (text.into_bytes(), "it is not WebAssembly"),
        (text_with_manifest.into_bytes(), "it is not WebAssembly"),
        (
            elf,
            "only WebAssembly is accepted, never what was compiled from it",
        ),
        (
            good.component[..good.component.len() / 2].to_vec(),
            "unexpected",
        ),
        (good.component[..4].to_vec(), "unexpected"),
        (Vec::new(), "empty"),
        (
            b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec(),
            "it is not WebAssembly",
        ),
    ] {
        let package = good.clone().with_component(bytes).signed_by(&scene.acme);
        scene.refuses(&package, why);
    }
    scene.accepts(&good.signed_by(&scene.acme));
}

/// If this fails, code that dyno compiled is taken for a component: whoever makes it up runs
/// whatever they like, without a sandbox.
#[test]
fn compiled_code_is_never_accepted() {
    let scene = Scene::new();
    let good = Forge::suite().signed_by(&scene.acme);
    scene.accepts(&good);
    let compiled = scene.bench.cached();
    assert!(!compiled.is_empty(), "something was compiled");
    for path in compiled {
        let code = std::fs::read(&path).unwrap();
        let package = Forge::suite().with_component(code).signed_by(&scene.acme);
        scene.refuses(&package, "never what was compiled from it");
    }
    scene.accepts(&good);
}

/// If this fails, a package for another host is run by this one as something else, or what it says
/// for that other host is lost.
#[test]
fn an_unknown_kind_is_refused_by_name_and_what_it_says_is_kept() {
    let scene = Scene::new();
    scene.installs(&Forge::suite().signed_by(&scene.acme));
    let extensions = json!({"remote": {"url": "https://example.org", "list": [1, 2.5, null, "ü"]}});
    let package = Forge::suite()
        .of_version("1.3.0")
        .saying(|own| {
            own["kind"] = "remote".into();
            own["extensions"] = extensions.clone();
        })
        .annotated("dev.dyno.kind", "remote")
        .signed_by(&scene.acme);
    let file = scene.put(&package);
    let path = file.to_str().unwrap();
    let why = "it is of the kind `remote`, which this host does not run: it runs command and wasm";
    scene
        .dyno(&["install", "--yes", path])
        .exits(3)
        .complains(why);
    scene.bench.run([path]).exits(3).says(why);
    // Nothing is wrong with it.
    scene.dyno(&["verify", path]).exits(0);
    let inspected = scene.dyno(&["inspect", "--json", path]).exits(0).json();
    assert_eq!(inspected["requests"]["kind"], "remote");
    assert_eq!(inspected["requests"]["extensions"], extensions);
    assert_eq!(inspected["refused"], Value::Null);
    scene.still_runs("acme/json", "1.2.0");
    let odd = Forge::suite()
        .saying(|own| own["kind"] = "../x".into())
        .annotated("dev.dyno.kind", "../x");
    scene.refuses(
        &odd.signed_by(&scene.acme),
        "`../x` is not the name of a kind",
    );
}

/// If this fails, a package that can never run is installed and found out only when it is run, or a
/// command is measured as if it were a suite.
#[test]
fn a_component_of_another_kind_than_its_package_says_is_refused() {
    let scene = Scene::new();
    let of_kind = |package: Forge, kind: &str| {
        let package = package.saying(|own| own["kind"] = kind.into());
        package
            .annotated("dev.dyno.kind", kind)
            .signed_by(&scene.acme)
    };
    scene.accepts(&of_kind(Forge::suite(), "wasm"));
    scene.accepts(&of_kind(Forge::program(), "command"));
    scene.refuses(
        &of_kind(Forge::suite(), "command"),
        "says that it is of the kind `command`, and its component is of the kind `wasm`",
    );
    scene.refuses(
        &of_kind(Forge::program(), "wasm"),
        "says that it is of the kind `wasm`, and its component is of the kind `command`",
    );
}

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

/// If this fails, a component larger than the user allows is unpacked, or one that announces a size
/// and has another fills the disk.
#[test]
fn parts_have_the_size_that_was_signed_and_no_more_than_is_allowed() {
    let scene = Scene::new();
    let good = Forge::suite();
    let bytes = good.component.len();
    for (size, why) in [
        (4_u64 << 30, "its component has 4294967296 bytes, and the limit is 33554432: raise it with --component".to_owned()),
        (bytes as u64 + 1, format!("should have {} bytes, and has {bytes}", bytes + 1)),
        (bytes as u64 - 1, format!("should have {} bytes, and has {bytes}", bytes - 1)),
    ] {
        let lying = good.clone().with_manifest(|it| it["layers"][0]["size"] = size.into());
        scene.refuses(&lying.signed_by(&scene.acme), &why);
    }
    let long = String::from_utf8(good.config.clone()).unwrap() + &" ".repeat(1 << 20);
    let config = good.clone().with_config_bytes(long).signed_by(&scene.acme);
    scene.refuses(&config, "and the limit is 1048576");
    let manifest = good.manifest.clone();
    let long = String::from_utf8(manifest).unwrap() + &" ".repeat(1 << 20);
    scene.refuses(
        &good
            .clone()
            .with_manifest_bytes(long)
            .signed_by(&scene.acme),
        "and the limit is 1048576",
    );
    let signed = good.signed_by(&scene.acme);
    scene.refuses_file(
        scene.put(&signed),
        &["--component", "100B"],
        "and the limit is 100",
    );
    scene.accepts(&signed);
}
