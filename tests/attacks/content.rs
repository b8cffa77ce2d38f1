//! Packages whose parts do not fit together, or are not what a package is made of; each signed by a
//! key that is trusted, because a publisher can be careless, or robbed.

mod manifest;

use std::ffi::OsStr;

use serde_json::{Value, json};

use super::super::support::plugin;
use super::forge::{Forge, section, section_of, without_section};
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
        (core, "it is not a benchmark plugin"),
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
