//! Signatures that are missing, of something else, by somebody else, or no signatures of a release.

use serde_json::{Value, json};

use super::forge::{Forge, Key, PAYLOAD, RELEASE, described, ended, entry, hex, parse, statement};
use super::scene::Scene;

/// If this fails, the attacks below may be refused for what the forge does, and not for what they
/// try; or a package that `dyno sign` signed is not accepted.
#[test]
fn what_is_signed_as_it_should_be_is_accepted_whoever_put_it_together() {
    let scene = Scene::new();
    scene.installs(&Forge::suite().signed_by(&scene.acme));
    scene.still_runs("acme/json", "1.2.0");
    let file = scene.put(&Forge::suite());
    let key = scene.acme.public.with_extension("key");
    let (file, key) = (file.to_str().unwrap(), key.to_str().unwrap());
    scene.dyno(&["sign", file, "--key", key]).exits(0);
    scene.accepts(&Forge::open(file.as_ref()));
    let changed = Forge::suite()
        .annotated("org.example.note", "more")
        .signed_by(&scene.acme);
    scene.accepts(&changed);
    scene.accepts(&Forge::program().signed_by(&scene.acme));
}

/// A package with a byte of a blob changed, which keeps its name.
fn flipped(package: &Forge, blob: &[u8]) -> Vec<u8> {
    let name = format!("blobs/sha256/{}", hex(blob));
    let mut files = package.files();
    let (_, bytes) = files.iter_mut().find(|(it, _)| *it == name).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    super::forge::tar_of(&files)
}

/// If this fails, damage or a change on the way that leaves the names of blobs alone is not
/// noticed.
#[test]
fn a_flipped_byte_is_found_in_every_blob() {
    let scene = Scene::new();
    let good = Forge::suite().signed_by(&scene.acme);
    scene.installs(&good);
    let files = good.files();
    let blobs: Vec<_> = (files.iter())
        .filter(|(name, bytes)| name.starts_with("blobs/") && bytes != b"{}")
        .collect();
    assert_eq!(
        blobs.len(),
        6,
        "component, config, manifest, bundle, its manifest, referrers"
    );
    for (name, blob) in blobs {
        let digest = name.rsplit('/').next().unwrap();
        let why = format!("the bytes of the blob sha256:{digest} hash to");
        scene.refuses_bytes(flipped(&good, blob), &why);
    }
    scene.still_runs("acme/json", "1.2.0");
}

/// If this fails, some byte of a package file can be changed so that something else than what was
/// signed is accepted, or the host falls over it.
#[test]
fn no_flipped_byte_of_the_file_makes_another_package() {
    let scene = Scene::new();
    let good = Forge::suite().signed_by(&scene.acme).tar();
    let file = scene.put_bytes(&good);
    let file = file.to_str().unwrap();
    let told = scene.dyno(&["verify", file]).exits(0).stdout;
    // A prime, so that every field of the headers has its turn.
    for at in (0..good.len()).step_by(89) {
        let mut changed = good.clone();
        changed[at] ^= 0x41;
        scene.put_bytes(&changed);
        let said = scene.dyno(&["verify", file]);
        assert!(!said.stderr.contains("panicked"), "byte {at}: {said}");
        match said.status.code() {
            Some(0) => assert_eq!(said.stdout, told, "byte {at}"),
            Some(3) => assert_eq!(said.stderr.lines().count(), 1, "byte {at}: {said}"),
            _ => panic!("byte {at}: {said}"),
        }
    }
}

/// If this fails, whoever can write a registry changes a package, makes all hashes right again, and
/// leaves the old signature on it.
#[test]
fn a_change_under_an_old_signature_is_found_though_all_hashes_are_right() {
    let scene = Scene::new();
    let good = Forge::suite().signed_by(&scene.acme);
    scene.installs(&good);
    let mut component = good.component.clone();
    component.extend(super::forge::section("note", b"changed"));
    for changed in [
        Forge::suite().with_component(component),
        Forge::suite().with_config(|config| config["os"] = "wasip1".into()),
        Forge::suite().annotated("org.example.note", "changed"),
    ] {
        let manifest = hex(&changed.manifest);
        let why =
            format!("the statement should be about the manifest sha256:{manifest}, and is about");
        let mut stolen = changed.clone();
        stolen.bundles.clone_from(&good.bundles);
        scene.refuses(&stolen, &why);
        // What was wrong with it was the signature.
        scene.accepts(&changed.signed_by(&scene.acme));
    }
    scene.still_runs("acme/json", "1.2.0");
}

/// If this fails, a signature is not looked at: with other bytes signed it still counts.
#[test]
fn a_signature_with_another_byte_is_none() {
    let scene = Scene::new();
    let good = Forge::suite().signed_by(&scene.acme);
    let original: Value = parse(&good.bundles[0].0);
    let payload = statement(&good.manifest, "acme/json@1.2.1").to_string();
    let other = scene.acme.bundle(PAYLOAD, payload.as_bytes());
    let why = format!(
        "the signature is not one by the key {} over this envelope",
        scene.acme.fingerprint
    );
    for part in ["/dsseEnvelope/payload", "/dsseEnvelope/signatures/0/sig"] {
        let mut bundle = original.clone();
        *bundle.pointer_mut(part).unwrap() = other.pointer(part).unwrap().clone();
        let changed = Forge::suite().with_bundle(bundle.to_string(), &scene.acme);
        scene.refuses(&changed, &why);
        // No signature at all would do with this flag; a bad one is never good.
        scene.refuses_file(scene.put(&changed), &["--allow-unsigned"], &why);
    }
    let mut renamed = original.clone();
    renamed["dsseEnvelope"]["payloadType"] = "text/plain".into();
    scene.refuses(
        &Forge::suite().with_bundle(renamed.to_string(), &scene.acme),
        &why,
    );
    scene.accepts(&Forge::suite().with_bundle(original.to_string(), &scene.acme));
}

/// If this fails, one package's signature is good for another.
#[test]
fn another_packages_signature_is_not_this_ones() {
    let scene = Scene::new();
    let other = Forge::suite().of_id("acme/yaml").signed_by(&scene.acme);
    scene.accepts(&other);
    let mut package = Forge::suite();
    package.bundles.clone_from(&other.bundles);
    let found = hex(&other.manifest);
    scene.refuses(&package, &format!("and is about sha256:{found}"));
    let older = Forge::suite().signed_by(&scene.acme);
    let mut newer = Forge::suite().of_version("1.3.0");
    newer.bundles.clone_from(&older.bundles);
    scene.refuses(
        &newer,
        &format!("and is about sha256:{}", hex(&older.manifest)),
    );
}

/// If this fails, taking the signature away is all that a forger needs.
#[test]
fn a_package_without_its_signature_is_refused_and_the_old_one_stays() {
    let scene = Scene::new();
    scene.installs(&Forge::suite().signed_by(&scene.acme));
    let newer = Forge::suite().of_version("1.3.0");
    scene.refuses(&newer, "acme/json@1.3.0 is not signed");
    scene.still_runs("acme/json", "1.2.0");
    // An attestation that nobody can read is no signature, and hides none.
    let other = newer.clone().with_bundle("{}", &scene.acme);
    scene.refuses(&other, "the signature is not a Sigstore bundle");
    scene.installs(&newer.signed_by(&scene.acme));
    scene.still_runs("acme/json", "1.3.0");
}

/// If this fails, whoever may sign something else for a user may sign everything.
#[test]
fn a_key_is_good_for_its_own_namespaces_only() {
    let scene = Scene::new();
    let other = scene.key("other");
    scene.trusts(&other, "other", &[]);
    let why = format!(
        "the key {} is trusted for other (other), and not for the namespace `acme`",
        other.fingerprint
    );
    let forged = Forge::suite().signed_by(&other);
    scene.refuses(&forged, &why);
    scene.refuses_file(scene.put(&forged), &["--allow-unsigned"], &why);
    scene.accepts(&Forge::suite().of_id("other/json").signed_by(&other));
    scene.accepts(&Forge::suite().signed_by(&scene.acme));
    scene.accepts(&forged.signed_by(&scene.acme));
}

/// If this fails, something that a publisher says of a package, such as which holes it has, counts
/// as its word that the package is good.
#[test]
fn an_attestation_by_the_same_key_is_not_a_signature() {
    let scene = Scene::new();
    let package = Forge::suite();
    let said = |change: &dyn Fn(&mut Value)| {
        let mut statement = statement(&package.manifest, RELEASE);
        change(&mut statement);
        package.clone().stating(&scene.acme, &statement.to_string())
    };
    scene.accepts(&said(&|_| {}));
    let twice = |statement: &mut Value| {
        let subject = statement["subject"][0].clone();
        statement["subject"] = json!([subject, subject]);
    };
    type Change<'a> = &'a dyn Fn(&mut Value);
    let changes: [(Change<'_>, &str); 9] = [
        (
            &|it| it["predicateType"] = "https://cosign.sigstore.dev/attestation/vuln/v1".into(),
            "should be a signature (`https://sigstore.dev/cosign/sign/v1`), and is a `https://cosign.sigstore.dev/attestation/vuln/v1`",
        ),
        (
            &|it| it["predicateType"] = "https://slsa.dev/provenance/v1".into(),
            "and is a `https://slsa.dev/provenance/v1`",
        ),
        (
            &|it| it["_type"] = "https://in-toto.io/Statement/v0.1".into(),
            "should be a `https://in-toto.io/Statement/v1`, and is a `https://in-toto.io/Statement/v0.1`",
        ),
        (&twice, "about exactly one subject, and is about 2"),
        (
            &|it| it["subject"] = json!([]),
            "about exactly one subject, and is about 0",
        ),
        (
            &|it| it["subject"][0]["digest"] = json!({"sha512": "00"}),
            "by `sha256`",
        ),
        (
            &|it| it["subject"][0]["name"] = "".into(),
            "should name the release",
        ),
        (
            &|it| it["subject"][0]["name"] = "acme/json".into(),
            "should name a release",
        ),
        (
            &|it| it["subject"] = "all".into(),
            "is not an in-toto statement",
        ),
    ];
    for (change, why) in changes {
        let attested = said(change);
        scene.refuses(&attested, why);
        scene.refuses_file(scene.put(&attested), &["--allow-unsigned"], why);
        // Beside a signature it is nobody's business.
        scene.accepts(&attested.signed_by(&scene.acme));
    }
    let text = statement(&package.manifest, RELEASE).to_string();
    for (kind, why) in [
        ("application/vnd.in-toto+json", None),
        (
            "application/json",
            Some("should be a `application/vnd.in-toto+json`, and is a `application/json`"),
        ),
        ("", Some("and is a ``")),
    ] {
        let bundle = scene.acme.bundle(kind, text.as_bytes()).to_string();
        let package = package.clone().with_bundle(bundle, &scene.acme);
        match why {
            None => scene.accepts(&package),
            Some(why) => scene.refuses(&package, why),
        }
    }
}

/// If this fails, an old release, or another package of the same publisher, can be passed off as
/// the one that was asked for.
#[test]
fn a_signature_names_the_release_and_is_good_for_no_other() {
    let scene = Scene::new();
    scene.installs(&Forge::suite().signed_by(&scene.acme));
    let newer = Forge::suite().of_version("1.3.0");
    for signed in [RELEASE, "acme/yaml@1.3.0", "other/json@1.3.0"] {
        scene.refuses(
            &newer.clone().signed_as(&scene.acme, signed),
            &format!(
                "the signature is for {signed}, and the package says that it is acme/json@1.3.0"
            ),
        );
    }
    scene.still_runs("acme/json", "1.2.0");
    scene.installs(&newer.signed_as(&scene.acme, "acme/json@1.3.0"));
    scene.still_runs("acme/json", "1.3.0");
}

/// If this fails, two parsers see two bundles, or two statements, in the same bytes.
#[test]
fn what_could_be_read_in_two_ways_is_no_signature() {
    let scene = Scene::new();
    let package = Forge::suite();
    let text = statement(&package.manifest, RELEASE).to_string();
    scene.accepts(&package.clone().stating(&scene.acme, &text));
    for (from, to, key) in [
        ("\"subject\":", "\"subject\":[],\"subject\":", "subject"),
        (
            "\"predicateType\":",
            "\"predicateType\":\"x\",\"predicateType\":",
            "predicateType",
        ),
        (
            "\"sha256\":",
            "\"sha256\":\"00\",\"\\u0073ha256\":",
            "sha256",
        ),
    ] {
        let twice = text.replacen(from, to, 1);
        assert_ne!(twice, text);
        let why =
            format!("the signed payload is not an in-toto statement: the key `{key}` stands twice");
        scene.refuses(&package.clone().stating(&scene.acme, &twice), &why);
    }
    let bundle = scene.acme.bundle(PAYLOAD, text.as_bytes()).to_string();
    for (from, to, why) in [
        (
            "\"dsseEnvelope\":",
            "\"dsseEnvelope\":{},\"dsseEnvelope\":",
            "`dsseEnvelope` stands twice",
        ),
        (
            "\"payload\":",
            "\"payload\":\"\",\"payload\":",
            "`payload` stands twice",
        ),
        (
            "\"dsseEnvelope\":",
            "\"dsse_envelope\":{},\"dsseEnvelope\":",
            "unknown field `dsse_envelope`",
        ),
        (
            "bundle.v0.3+json",
            "bundle.v0.2+json",
            "and is a `application/vnd.dev.sigstore.bundle.v0.2+json`",
        ),
        (
            "{\"sig\"",
            "{\"sig\":\"\"},{\"sig\"",
            "exactly one signature, and has 2",
        ),
        (
            "\"publicKey\":",
            "\"certificate\":{},\"publicKey\":",
            "by either a public key or a certificate",
        ),
        (
            "\"dsseEnvelope\":",
            "\"messageSignature\":{},\"dsseEnvelope\":",
            "a bare message signature",
        ),
    ] {
        let changed = bundle.replacen(from, to, 1);
        assert_ne!(changed, bundle);
        scene.refuses(&package.clone().with_bundle(changed, &scene.acme), why);
    }
    let deep = [vec![b'['; 60_000], vec![b']'; 60_000]].concat();
    scene.refuses(
        &package.clone().with_bundle(deep, &scene.acme),
        "not a Sigstore bundle",
    );
    let long = bundle + &" ".repeat(256 << 10);
    scene.refuses(&package.with_bundle(long, &scene.acme), "262144");
}

/// If this fails, whoever names somebody's key as the one that signed is taken for that somebody.
#[test]
fn whose_key_a_signature_names_proves_nothing() {
    let scene = Scene::new();
    let stranger = scene.key("stranger");
    let package = Forge::suite();
    let text = statement(&package.manifest, RELEASE).to_string();
    let as_somebody = |signer: &Key, hint: &str| {
        let mut bundle = signer.bundle(PAYLOAD, text.as_bytes());
        bundle["verificationMaterial"]["publicKey"]["hint"] = hint.into();
        package.clone().with_bundle(bundle.to_string(), signer)
    };
    let forged = as_somebody(&stranger, &scene.acme.hint());
    let why = format!(
        "the signature is not one by the key {} over",
        scene.acme.fingerprint
    );
    scene.refuses(&forged, &why);
    scene.refuses_file(scene.put(&forged), &["--allow-unsigned"], &why);
    for hint in ["", "nonsense", &stranger.hint()] {
        scene.refuses(
            &as_somebody(&stranger, hint),
            "no valid signature is by a key that is trusted for the namespace `acme`",
        );
        scene.accepts(&as_somebody(&scene.acme, hint));
    }
    let mut terminal = as_somebody(&stranger, "\u{1b}[2Jhint");
    terminal.bundles[0].1 = json!({});
    scene.refuses(&terminal, "`acme`");
}

/// If this fails, whoever can write a registry keeps every verifier busy, or keeps users from a
/// good package by adding something to it.
#[test]
fn what_a_stranger_adds_counts_for_nothing_up_to_sixteen() {
    let scene = Scene::new();
    let strangers: Vec<_> = (0..16)
        .map(|n| scene.key(&format!("stranger-{n}")))
        .collect();
    let mut package = Forge::suite().signed_by(&scene.acme);
    for stranger in &strangers[..15] {
        package = package.signed_by(stranger);
    }
    scene.accepts(&package);
    let package = package.signed_by(&strangers[15]);
    scene.refuses(&package, "17 manifests refer to");
}

/// If this fails, the manifest that carries a signature can say that it is about this package when
/// it is about another, or hide behind another kind of referrer.
#[test]
fn a_signature_that_refers_to_another_manifest_is_not_found() {
    let scene = Scene::new();
    let good = Forge::suite().signed_by(&scene.acme);
    let other = Forge::suite().of_version("1.3.0").signed_by(&scene.acme);
    // The whole chain of the one, and the index of the other.
    let mut files = good.files();
    let carrier = files_with(&other, "\"subject\":");
    let listed = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [described(super::forge::MANIFEST, &carrier)],
    })
    .to_string()
    .into_bytes();
    let mut index = parse(
        &files
            .iter()
            .find(|(name, _)| name == "index.json")
            .unwrap()
            .1,
    );
    let tag = index["manifests"][1]["annotations"].clone();
    index["manifests"][1] = described("application/vnd.oci.image.index.v1+json", &listed);
    index["manifests"][1]["annotations"] = tag;
    files.retain(|(name, _)| name != "index.json");
    files.push(("index.json".into(), index.to_string().into_bytes()));
    for blob in [carrier, listed] {
        files.push((format!("blobs/sha256/{}", hex(&blob)), blob));
    }
    let tar: Vec<u8> = (files.iter())
        .flat_map(|(name, bytes)| entry(name, tar::EntryType::Regular, bytes))
        .collect();
    scene.refuses_bytes(ended(tar), "acme/json@1.2.0 is not signed");
    scene.accepts(&good);
}

/// The blob of a package that has a text in it, and is not the index.
fn files_with(package: &Forge, text: &str) -> Vec<u8> {
    let found = package.files().into_iter().find(|(name, bytes)| {
        name.starts_with("blobs/") && String::from_utf8_lossy(bytes).contains(text)
    });
    found.unwrap().1
}
