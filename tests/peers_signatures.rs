//! Our signatures before the verifiers of others, and the signatures of others before ours. Ignored
//! unless asked for, because they need what `tests/peers/install` names.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::peers_support::{
    Author, Package, foreign, javascript, nothing_is_installed, on, runs_version, sha256, text,
};
use super::support::{Bench, Said, finish};

/// What a DSSE signature is over (DSSE 1.0, pre-authentication encoding).
fn signed_bytes(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} ", payload_type.len()).into_bytes();
    bytes.extend(format!("{} ", payload.len()).into_bytes());
    bytes.extend(payload);
    bytes
}

fn base64(text: &Value) -> Vec<u8> {
    STANDARD.decode(text.as_str().unwrap()).unwrap()
}

fn openssl<'a>(bench: &Bench, args: impl IntoIterator<Item = &'a str>) -> Said {
    let mut openssl = foreign(bench, "openssl");
    openssl.args(args);
    finish(openssl)
}

/// The envelope of a package's only signature, with the bytes that it is over.
fn envelope(package: &Package) -> (Value, Vec<u8>) {
    let envelope = package.bundle()["dsseEnvelope"].clone();
    let payload = base64(&envelope["payload"]);
    let bytes = signed_bytes(envelope["payloadType"].as_str().unwrap(), &payload);
    (envelope, bytes)
}

/// If this fails, what `dyno sign` makes is no DSSE signature, and nobody but us could verify it.
#[test]
#[ignore = "needs openssl"]
fn openssl_accepts_our_signature_and_refuses_it_over_other_bytes() {
    let author = Author::new();
    let package = Package::read(&author.package("0.1.0"));
    let (envelope, bytes) = envelope(&package);
    let payload: Value = serde_json::from_slice(&base64(&envelope["payload"])).unwrap();
    let subject = &payload["subject"];
    assert_eq!(subject[0]["name"], "acme/fib@0.1.0", "{payload:#}");
    let digest = subject[0]["digest"]["sha256"].as_str().unwrap();
    assert_eq!(format!("sha256:{digest}"), sha256(package.manifest()));

    let bench = &author.bench;
    let signature = base64(&envelope["signatures"][0]["sig"]);
    let signature = bench.write("signature", signature);
    let key = author.public_key();
    let verify = |bytes: &[u8]| {
        let signed = bench.write("signed", bytes);
        let how = ["dgst", "-sha256", "-verify", text(&key), "-signature"];
        let what = [text(&signature), text(&signed)];
        openssl(bench, how.into_iter().chain(what))
    };
    verify(&bytes).exits(0).says("Verified OK");
    for at in [0, bytes.len() / 2, bytes.len() - 1] {
        let mut tampered = bytes.clone();
        tampered[at] ^= 1;
        verify(&tampered).exits(1).says("Verification failure");
    }
}

/// If this fails, our bundle is not the Sigstore bundle that it says it is.
#[test]
#[ignore = "needs tests/peers/install and Node.js"]
fn sigstores_own_client_accepts_our_bundle_and_refuses_a_tampered_one() {
    let author = Author::new();
    let bench = &author.bench;
    let package = Package::read(&author.package("0.1.0"));
    let manifest = bench.write("manifest", package.manifest());
    let verify = |bundle: &Value, key: &PathBuf, release: &str| {
        let bundle = bench.write("bundle", bundle.to_string());
        let mut verify = javascript(bench, "sigstore.mjs");
        verify.arg("verify").arg(bundle).arg(key);
        verify.arg(&manifest).arg(release);
        finish(verify)
    };
    let (bundle, key) = (package.bundle(), author.public_key());
    verify(&bundle, &key, "acme/fib@0.1.0").exits(0);
    verify(&bundle, &Author::new().public_key(), "acme/fib@0.1.0").exits(1);
    verify(&bundle, &key, "acme/fib@0.2.0").exits(1);

    let mut other_payload = bundle.clone();
    let payload = base64(&bundle["dsseEnvelope"]["payload"]);
    let payload = String::from_utf8(payload)
        .unwrap()
        .replace("0.1.0", "0.2.0");
    other_payload["dsseEnvelope"]["payload"] = json!(STANDARD.encode(payload));
    verify(&other_payload, &key, "acme/fib@0.2.0").exits(1);
    let mut other_signature = bundle.clone();
    let mut signature = base64(&bundle["dsseEnvelope"]["signatures"][0]["sig"]);
    *signature.last_mut().unwrap() ^= 1;
    other_signature["dsseEnvelope"]["signatures"][0]["sig"] = json!(STANDARD.encode(signature));
    verify(&other_signature, &key, "acme/fib@0.1.0").exits(1);
}

/// A P-256 key by openssl: the secret and the public one.
fn openssl_key(bench: &Bench) -> (PathBuf, PathBuf) {
    let (secret, public) = (bench.path("openssl.key"), bench.path("openssl.pub"));
    let curve = "ec_paramgen_curve:P-256";
    let how = ["genpkey", "-algorithm", "EC", "-pkeyopt", curve, "-out"];
    openssl(bench, how.into_iter().chain([text(&secret)])).exits(0);
    let how = ["pkey", "-in", text(&secret), "-pubout", "-out"];
    openssl(bench, how.into_iter().chain([text(&public)])).exits(0);
    (secret, public)
}

/// Puts a bundle into acme/fib@0.1.0, and asks somebody who trusts `key` for `acme`.
#[track_caller]
fn accepted(author: &Author, package: &Package, bundle: &[u8], key: &str) {
    let file = author.bench.path("foreign.oci.tar");
    package.signed_with(bundle).write(&file);
    let stranger = author.user();
    on(&stranger, "install", &file).exits(3);
    nothing_is_installed(&stranger);
    let user = Bench::new();
    user.dyno(["trust", "add", "--namespace", "acme", key])
        .exits(0);
    on(&user, "verify", &file)
        .exits(0)
        .says("acme/fib@0.1.0 is what acme signed");
    on(&user, "install", &file).exits(0);
    runs_version(&user, "0.1.0");
}

/// If this fails, an author who signs with other tools, or with a key in them, is nobody to us.
#[test]
#[ignore = "needs openssl"]
fn a_bundle_by_openssl_is_accepted_and_over_another_manifest_is_not() {
    let author = Author::new();
    let bench = &author.bench;
    let package = Package::read(&author.unsigned("0.1.0"));
    let (secret, public) = openssl_key(bench);
    let shown = bench.dyno(["key", "show", text(&public)]).exits(0).stdout;
    let to_der = ["pkey", "-pubin", "-in", text(&public), "-outform", "DER"];
    let der = bench.path("openssl.der");
    openssl(bench, to_der.into_iter().chain(["-out", text(&der)])).exits(0);
    let fingerprint = sha256(&fs::read(&der).unwrap());
    assert!(shown.contains(&fingerprint), "{fingerprint}: {shown}");

    let by_openssl = |digest: &str| {
        let subject = json!([{"name": "acme/fib@0.1.0", "digest": {"sha256": digest}}]);
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1", "subject": subject,
            "predicateType": "https://sigstore.dev/cosign/sign/v1", "predicate": {},
        });
        let (payload, kind) = (statement.to_string(), "application/vnd.in-toto+json");
        let signed = bench.write("signed", signed_bytes(kind, payload.as_bytes()));
        let signature = bench.path("signature");
        let how = ["dgst", "-sha256", "-sign", text(&secret), "-out"];
        let what = [text(&signature), text(&signed)];
        openssl(bench, how.into_iter().chain(what)).exits(0);
        let hint: Vec<u8> = (fingerprint.as_bytes()["sha256:".len()..].chunks(2))
            .map(|hex| u8::from_str_radix(str::from_utf8(hex).unwrap(), 16).unwrap())
            .collect();
        let signature = STANDARD.encode(fs::read(signature).unwrap());
        json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {"publicKey": {"hint": STANDARD.encode(hint)}},
            "dsseEnvelope": {
                "payload": STANDARD.encode(payload), "payloadType": kind,
                "signatures": [{"sig": signature}],
            },
        })
        .to_string()
    };
    let digest = package.digest();
    let bundle = by_openssl(&digest["sha256:".len()..]);
    accepted(&author, &package, bundle.as_bytes(), text(&public));

    let other = by_openssl(&sha256(b"another manifest")["sha256:".len()..]);
    let file = bench.path("other.oci.tar");
    package.signed_with(other.as_bytes()).write(&file);
    let user = Bench::new();
    user.dyno(["trust", "add", "--namespace", "acme", text(&public)])
        .exits(0);
    on(&user, "install", &file)
        .exits(3)
        .complains("acme/fib@0.1.0: its signature is refused");
    nothing_is_installed(&user);
}

/// If this fails, what Sigstore's own client makes with an author's key is nothing to us.
#[test]
#[ignore = "needs tests/peers/install, Node.js and openssl"]
fn a_bundle_by_sigstores_own_client_is_accepted() {
    let author = Author::new();
    let bench = &author.bench;
    let package = Package::read(&author.unsigned("0.1.0"));
    let (secret, public) = openssl_key(bench);
    let manifest = bench.write("manifest", package.manifest());
    let bundle = bench.path("bundle");
    let sign = |release: &str| {
        let mut sign = javascript(bench, "sigstore.mjs");
        sign.arg("sign").arg(&secret).arg(&manifest);
        sign.arg(release).arg(&bundle);
        finish(sign).exits(0);
        fs::read(&bundle).unwrap()
    };
    accepted(&author, &package, &sign("acme/fib@0.1.0"), text(&public));

    let file = bench.path("replayed.oci.tar");
    package.signed_with(&sign("acme/fib@0.2.0")).write(&file);
    let user = Bench::new();
    user.dyno(["trust", "add", "--namespace", "acme", text(&public)])
        .exits(0);
    on(&user, "install", &file)
        .exits(3)
        .complains("the signature is for acme/fib@0.2.0")
        .complains("the package says that it is acme/fib@0.1.0");
    nothing_is_installed(&user);
}

/// If this fails, an author with a key by openssl cannot sign with it here, or signs with another.
#[test]
#[ignore = "needs openssl"]
fn a_key_by_openssl_is_imported_and_our_key_is_read_by_openssl() {
    let place = Bench::new();
    let (secret, public) = openssl_key(&place);
    let author = Author::with_key(&secret);
    let file = author.package("0.1.0");
    let user = Bench::new();
    user.dyno(["trust", "add", "--namespace", "acme", text(&public)])
        .exits(0);
    on(&user, "verify", &file).exits(0);

    // And the other way round, with a passphrase.
    let mut generate = place.command();
    generate.args(["key", "generate", "--output", "ours.key"]);
    generate.env("DYNO_KEY_PASSPHRASE", "correct horse");
    finish(generate).exits(0);
    let read = |passphrase: &str| {
        let how = ["pkey", "-in", "ours.key", "-passin", passphrase, "-pubout"];
        openssl(&place, how)
    };
    let ours = fs::read_to_string(place.path("ours.pub")).unwrap();
    assert_eq!(
        read("pass:correct horse").exits(0).stdout.trim(),
        ours.trim()
    );
    read("pass:wrong").exits(1);
}

const IDENTITY: &str = "https://example.com/acme/json/release.yml@refs/heads/main";
const ISSUER: &str = "https://issuer.example.com";

/// If this fails, a release that a workflow signed without a key is refused, or anybody's workflow
/// is as good as the one that is trusted.
#[test]
#[ignore = "needs tests/peers/install and Node.js"]
fn a_release_without_a_key_is_accepted_from_the_trusted_identity_alone() {
    let author = Author::new();
    let bench = &author.bench;
    let package = Package::read(&author.unsigned("0.1.0"));
    let manifest = bench.write("manifest", package.manifest());
    let sign = |release: &str, name: &str| {
        let (bundle, root) = (bench.path("bundle"), bench.path(name));
        let mut sign = javascript(bench, "keyless.mjs");
        sign.arg(&manifest).arg(release).arg(&bundle).arg(&root);
        finish(sign).exits(0);
        let file = bench.path(format!("{name}.oci.tar"));
        package.signed_with(&fs::read(bundle).unwrap()).write(&file);
        (file, root)
    };
    let (file, root) = sign("acme/fib@0.1.0", "ours");
    let (_, another_root) = sign("acme/fib@0.1.0", "another");
    let who = |identity: &str, issuer: &str, root: &PathBuf| {
        let user = Bench::new();
        let add = ["trust", "add", "--namespace", "acme"];
        let who = ["--identity", identity, "--issuer", issuer];
        let vouched = ["--trusted-root", text(root)];
        user.dyno([&add[..], &who, &vouched].concat())
            .exits(0)
            .says(identity);
        user
    };
    let user = who(IDENTITY, ISSUER, &root);
    on(&user, "verify", &file)
        .exits(0)
        .says(IDENTITY)
        .says("acme/fib@0.1.0 is what acme signed");
    on(&user, "inspect", &file).exits(0).says("✓ trusted");
    on(&user, "install", &file).exits(0);
    runs_version(&user, "0.1.0");
    let lock = fs::read_to_string(user.path("dyno.lock")).unwrap();
    assert!(lock.contains(IDENTITY), "{lock}");

    let other = IDENTITY.replace("release", "pull-request");
    for (identity, issuer, root, expected) in [
        (other.as_str(), ISSUER, &root, other.as_str()),
        (
            IDENTITY,
            "https://elsewhere.example.com",
            &root,
            "https://elsewhere.example.com",
        ),
        (IDENTITY, ISSUER, &another_root, "signature is refused"),
    ] {
        let user = who(identity, issuer, root);
        on(&user, "install", &file)
            .exits(3)
            .complains("acme/fib@0.1.0: its signature is refused")
            .complains(expected);
        nothing_is_installed(&user);
    }
    // Who trusts a key, and no identity.
    on(&author.user(), "install", &file).exits(3);
    let (replayed, root) = sign("acme/fib@0.2.0", "replayed");
    on(&who(IDENTITY, ISSUER, &root), "install", &replayed)
        .exits(3)
        .complains("the signature is for acme/fib@0.2.0");
}
