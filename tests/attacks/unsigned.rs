//! What an attacker without a key can do to a signed package is to take its signature away. Each
//! test tries to have that accepted where somebody should have signed.

use std::ffi::OsStr;
use std::fs;

use serde_json::json;

use super::super::support::finish;
use super::forge::{Forge, MANIFEST, described, hex, parse, tar_of};
use super::scene::Scene;

const ANY: &str = "--allow-unsigned";
const NAMED: &str = "--allow-unsigned=acme/json";

/// If this fails, one general word undoes the owner of a namespace: whoever strips the signature of
/// a package, or changes it and leaves it unsigned, is believed.
#[test]
fn a_stripped_signature_is_refused_where_the_namespace_has_a_publisher() {
    let scene = Scene::new();
    let stripped = Forge::suite();
    let why = "acme/json@1.2.0 is not signed, and the namespace `acme` belongs to acme: its signature \
               may have been removed";
    scene.refuses_file(scene.put(&stripped), &[ANY], why);
    scene.refuses_file(scene.put(&stripped), &[ANY], NAMED);
    // Another's name does not help, and neither does one that is no id.
    let file = scene.put(&stripped);
    scene.refuses_file(&file, &["--allow-unsigned=acme/xml"], why);
    for bad in ["--allow-unsigned=acme", "--allow-unsigned=acme/*"] {
        let args = [OsStr::new("verify"), bad.as_ref(), file.as_os_str()];
        scene.dyno(&args).exits(2);
    }
    // Its keys are revoked, and the namespace is its own all the same.
    scene
        .dyno(&["trust", "revoke", &scene.acme.fingerprint])
        .exits(0);
    scene.refuses_file(&file, &[ANY], why);
    let mut verify = scene.bench.command();
    verify.args(["verify", NAMED]).arg(&file);
    let said = finish(verify).exits(0).says("nobody answers for it");
    assert!(said.stderr.contains("warning: --allow-unsigned"), "{said}");
    scene
        .bench
        .run([OsStr::new(NAMED), file.as_os_str()])
        .exits(0);
    // Of a namespace that is nobody's, the general word is enough.
    let free = Forge::suite().of_id("nobody/json");
    let file = scene.put(&free);
    let args = [OsStr::new("verify"), ANY.as_ref(), file.as_os_str()];
    scene.dyno(&args).exits(0);
}

/// If this fails, a signed 2.0.0 is replaced by an unsigned 1.0.0 of whoever made it, as it was.
#[test]
fn what_is_installed_signed_is_not_replaced_by_something_unsigned() {
    let scene = Scene::new();
    let signed = Forge::suite().of_version("2.0.0").signed_by(&scene.acme);
    scene.installs(&signed);
    scene.still_runs("acme/json", "2.0.0");
    // Nobody owns the namespace any more, so that only what is installed speaks against it.
    scene.dyno(&["trust", "remove", "acme"]).exits(0);
    let lock = fs::read(scene.bench.path("dyno.lock")).unwrap();
    for unsigned in [
        Forge::suite(),
        Forge::suite().of_version("2.0.0"),
        Forge::suite().of_version("3.0.0"),
    ] {
        let file = scene.put(&unsigned);
        let mut install = scene.bench.command();
        install.args(["install", "--yes", "--allow-downgrade", ANY]);
        let said = finish({
            install.arg(&file);
            install
        });
        said.exits(3)
            .complains("is not signed, and acme/json@2.0.0 that is installed was")
            .complains(NAMED);
        let installed = scene.dyno(&["installed", "--json"]).stdout;
        assert!(installed.contains("acme/json@2.0.0"), "{installed}");
        assert_eq!(fs::read(scene.bench.path("dyno.lock")).unwrap(), lock);
    }
    // What a project has locked speaks against it, too, where nothing is installed.
    scene.dyno(&["uninstall", "acme/json"]).exits(0);
    fs::write(scene.bench.path("dyno.lock"), &lock).unwrap();
    let file = scene.put(&Forge::suite());
    let install = |flag: &str| {
        let args = ["install", "--yes", flag, file.to_str().unwrap()];
        scene.dyno(&args)
    };
    install(ANY)
        .exits(3)
        .complains("is not signed, and acme/json@2.0.0 in dyno.lock was");
    assert_eq!(fs::read(scene.bench.path("dyno.lock")).unwrap(), lock);
    install(NAMED).exits(0);
    let installed = scene.dyno(&["installed", "--json"]).stdout;
    assert!(installed.contains("acme/json@1.2.0"), "{installed}");
}

/// A package with its signature, and these besides in the list of what refers to it.
fn among(package: &Forge, others: &[(serde_json::Value, Vec<u8>)]) -> Vec<u8> {
    let mut files: std::collections::BTreeMap<_, _> = package.files().into_iter().collect();
    let name = |bytes: &[u8]| format!("blobs/sha256/{}", hex(bytes));
    let mut index = parse(&files["index.json"]);
    let listed = index["manifests"][1]["digest"].as_str().unwrap();
    let listed = files
        .remove(&listed.replace("sha256:", "blobs/sha256/"))
        .unwrap();
    let mut listed = parse(&listed);
    for (descriptor, bytes) in others {
        listed["manifests"]
            .as_array_mut()
            .unwrap()
            .insert(0, descriptor.clone());
        files.insert(name(bytes), bytes.clone());
    }
    let listed = listed.to_string().into_bytes();
    let mut entry = described("application/vnd.oci.image.index.v1+json", &listed);
    entry["annotations"] = index["manifests"][1]["annotations"].clone();
    index["manifests"][1] = entry;
    files.insert(name(&listed), listed);
    files.insert("index.json".into(), index.to_string().into_bytes());
    tar_of(&files.into_iter().collect::<Vec<_>>())
}

/// If this fails, whoever attaches a bill of materials, or anything else, to a package in a
/// registry keeps all others from using it.
#[test]
fn what_refers_to_a_package_and_is_no_signature_is_in_nobodys_way() {
    let scene = Scene::new();
    let package = Forge::suite().signed_by(&scene.acme);
    let subject = described(MANIFEST, &package.manifest);
    let of_type = |artifact: &str, bytes: &str| {
        let mut descriptor = described(MANIFEST, bytes.as_bytes());
        if !artifact.is_empty() {
            descriptor["artifactType"] = artifact.into();
        }
        (descriptor, bytes.as_bytes().to_vec())
    };
    let index = json!({"schemaVersion": 2, "manifests": [], "subject": subject}).to_string();
    let artifact = json!({"mediaType": "application/vnd.oci.artifact.manifest.v1+json",
        "blobs": [], "subject": subject});
    let sha512 =
        json!({"mediaType": MANIFEST, "size": 2, "digest": format!("sha512:{}", "0".repeat(128))});
    let sbom = "application/spdx+json";
    let many = (0..40).map(|it| of_type(sbom, &format!("{{\"number\":{it}}}")));
    for others in [
        vec![of_type(sbom, "{}")],
        vec![of_type("", &artifact.to_string())],
        vec![of_type("", "not JSON at all")],
        vec![(
            described("application/vnd.oci.image.index.v1+json", index.as_bytes()),
            index.into_bytes(),
        )],
        vec![(sha512, b"{}".to_vec())],
        many.collect(),
    ] {
        let file = scene.put_bytes(among(&package, &others));
        scene.accepts_file(&file);
    }
    // What says that it is a signature is held to that.
    let bundle = super::forge::BUNDLE;
    let file = scene.put_bytes(among(&package, &[of_type(bundle, "not JSON at all")]));
    scene.refuses_file(file, &[], "it is not an OCI manifest");
    // And one that is hidden behind another type is none.
    let mut alone = Forge::suite().signed_by(&scene.acme);
    let (hidden, _) = alone.bundles.pop().unwrap();
    alone.bundles = vec![(hidden, json!({}))];
    let tar = among(&alone, &[]);
    scene.accepts_file(&scene.put_bytes(tar));
}
