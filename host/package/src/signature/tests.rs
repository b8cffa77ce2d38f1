mod form;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::*;
use crate::key::openssl::Openssl;
use crate::key::tests::key;

fn manifest() -> Digest {
    Digest::of(b"the manifest")
}

fn release() -> Release {
    "acme/json@1.2.0".parse().unwrap()
}

fn signed() -> Vec<u8> {
    sign(&key(), &manifest(), &release())
}

/// What [`sign`] says, to be changed.
fn statement() -> Value {
    serde_json::to_value(statement::Statement::of(&manifest(), &release())).unwrap()
}

/// A bundle in which `key` signed some payload.
fn bundle(key: &PrivateKey, payload_type: &str, payload: &[u8]) -> Value {
    let signature = key.sign(&pae(payload_type, payload));
    json!({
        "mediaType": oci::SIGSTORE_BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": key.public().hint()}},
        "dsseEnvelope": {
            "payload": BASE64_STANDARD.encode(payload),
            "payloadType": payload_type,
            "signatures": [{"sig": BASE64_STANDARD.encode(signature)}],
        },
    })
}

/// What is said of a bundle that this key signed.
fn verify(bundle: &Value) -> Result<Signed, SignatureError> {
    Bundle::parse(bundle.to_string().as_bytes())?.verify_key(key().public(), &manifest())
}

fn verify_payload(payload: &[u8]) -> Result<Signed, SignatureError> {
    verify(&bundle(&key(), statement::PAYLOAD_TYPE, payload))
}

/// What is said of a statement in which the value at `pointer` is another.
fn verify_with(pointer: &str, value: Value) -> Result<Signed, SignatureError> {
    let mut statement = statement();
    *statement.pointer_mut(pointer).unwrap() = value;
    verify_payload(statement.to_string().as_bytes())
}

#[test]
fn a_signature_proves_the_manifest_and_the_release_and_is_the_same_each_time() {
    let bytes = signed();
    assert_eq!(bytes, signed());
    let bundle = Bundle::parse(&bytes).unwrap();
    assert_eq!(bundle.hint(), Some(key().public().hint().as_str()));
    let signed = bundle.verify_key(key().public(), &manifest()).unwrap();
    assert_eq!(
        (signed.release(), signed.manifest()),
        (&release(), &manifest())
    );
}

#[test]
fn the_form_of_a_bundle_is_what_cosign_and_sigstore_write() {
    let bundle: Value = serde_json::from_slice(&signed()).unwrap();
    let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    let payload = String::from_utf8(BASE64_STANDARD.decode(payload).unwrap()).unwrap();
    let expected = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"acme/json@1.2.0","digest":{{"sha256":"{}"}}}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{{}}}}"#,
        manifest().hex()
    );
    assert_eq!(payload, expected);
    assert_eq!(
        bundle["mediaType"],
        "application/vnd.dev.sigstore.bundle.v0.3+json"
    );
    assert_eq!(
        bundle["dsseEnvelope"]["payloadType"],
        "application/vnd.in-toto+json"
    );
    let material = json!({
        "publicKey": {"hint": key().public().hint()},
        "tlogEntries": [],
        "timestampVerificationData": {},
    });
    assert_eq!(bundle["verificationMaterial"], material);
    assert_eq!(bundle.as_object().unwrap().len(), 3);
}

#[test]
fn only_the_key_that_signed_verifies_whatever_the_hint_says() {
    let other = PrivateKey::generate().unwrap();
    let bundle = Bundle::parse(&signed()).unwrap();
    let error = bundle.verify_key(other.public(), &manifest()).unwrap_err();
    assert_eq!(
        error,
        SignatureError::Signature(other.public().fingerprint())
    );

    // Another key signs and points to ours.
    let mut foreign = super::tests::bundle(
        &other,
        statement::PAYLOAD_TYPE,
        statement().to_string().as_bytes(),
    );
    foreign["verificationMaterial"]["publicKey"]["hint"] = key().public().hint().into();
    assert!(matches!(
        verify(&foreign),
        Err(SignatureError::Signature(_))
    ));

    for hint in ["", "../../etc/passwd", &other.public().hint()] {
        let mut ours: Value = serde_json::from_slice(&signed()).unwrap();
        ours["verificationMaterial"]["publicKey"]["hint"] = hint.into();
        assert!(verify(&ours).is_ok(), "{hint}");
        let ours = Bundle::parse(ours.to_string().as_bytes()).unwrap();
        assert_eq!(ours.hint(), Some(hint));
    }
    let mut ours: Value = serde_json::from_slice(&signed()).unwrap();
    ours["verificationMaterial"]["publicKey"] = json!({});
    let ours = Bundle::parse(ours.to_string().as_bytes()).unwrap();
    assert_eq!(ours.hint(), Some(""));
}

#[test]
fn a_flipped_byte_anywhere_is_refused_unless_nobody_has_signed_it() {
    let bytes = signed();
    let hint = key().public().hint();
    let hint_at = bytes
        .windows(hint.len())
        .position(|part| part == hint.as_bytes())
        .unwrap();
    for index in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[index] ^= 1;
        let result = Bundle::parse(&flipped)
            .and_then(|bundle| bundle.verify_key(key().public(), &manifest()));
        let is_hint = (hint_at..hint_at + hint.len()).contains(&index);
        assert_eq!(result.is_ok(), is_hint, "byte {index}: {result:?}");
    }
}

#[test]
fn the_signature_comes_before_whatever_is_signed() {
    // All of it is wrong; a stranger's payload is not even looked at.
    let other = PrivateKey::generate().unwrap();
    let stranger = bundle(&other, "text/plain", b"\xff{{{");
    assert!(matches!(
        verify(&stranger),
        Err(SignatureError::Signature(_))
    ));
    // The payload type is part of what is signed.
    let mut moved = bundle(&key(), "text/plain", statement().to_string().as_bytes());
    assert_eq!(
        verify(&moved),
        Err(SignatureError::PayloadType("text/plain".into()))
    );
    moved["dsseEnvelope"]["payloadType"] = statement::PAYLOAD_TYPE.into();
    assert!(matches!(verify(&moved), Err(SignatureError::Signature(_))));
}

#[test]
fn a_statement_must_be_a_signature_of_this_manifest_as_one_release() {
    use SignatureError as E;
    let other = Digest::of(b"another manifest");
    assert_eq!(
        verify_with("/_type", json!("https://in-toto.io/Statement/v0.1")),
        Err(E::StatementType("https://in-toto.io/Statement/v0.1".into()))
    );
    assert_eq!(
        verify_with(
            "/predicateType",
            json!("https://in-toto.io/attestation/vulns/v0.1")
        ),
        Err(E::PredicateType(
            "https://in-toto.io/attestation/vulns/v0.1".into()
        ))
    );
    let subject = statement()["subject"][0].clone();
    assert_eq!(verify_with("/subject", json!([])), Err(E::Subjects(0)));
    assert_eq!(
        verify_with("/subject", json!([subject, subject])),
        Err(E::Subjects(2))
    );
    for digest in [
        json!({}),
        json!({"sha512": manifest().hex()}),
        json!({"SHA256": manifest().hex()}),
    ] {
        assert_eq!(verify_with("/subject/0/digest", digest), Err(E::NoSha256));
    }
    for found in [
        other.hex(),
        manifest().hex().to_uppercase(),
        manifest().to_string(),
        String::new(),
    ] {
        let expected = manifest();
        assert_eq!(
            verify_with("/subject/0/digest/sha256", json!(found)),
            Err(E::Subject { expected, found })
        );
    }
    // Another algorithm beside it changes nothing.
    let both = json!({"sha256": other.hex(), "sha512": manifest().hex()});
    assert!(matches!(
        verify_with("/subject/0/digest", both),
        Err(E::Subject { .. })
    ));
    let both = json!({"sha256": manifest().hex(), "sha512": "00"});
    assert!(verify_with("/subject/0/digest", both).is_ok());

    for name in [
        "acme/json",
        "json@1.2.0",
        "acme/json@1.2",
        "acme/../x@1.2.0",
        "acme/json@1.2.0+x",
    ] {
        let error = verify_with("/subject/0/name", json!(name)).unwrap_err();
        assert!(matches!(error, E::Name(_)), "{error}");
    }
    assert_eq!(verify_with("/subject/0/name", json!("")), Err(E::NoName));
    let subject = json!({"digest": {"sha256": manifest().hex()}});
    let error = verify_with("/subject/0", subject).unwrap_err();
    assert_eq!(error, E::NoName);
    assert!(
        error.to_string().contains("cosign leaves it out"),
        "{error}"
    );
}

#[test]
fn a_payload_that_can_be_read_in_two_ways_is_refused() {
    let text = statement().to_string();
    let twice = [
        text.replacen('{', r#"{"predicateType":"https://example.com/x","#, 1),
        text.replacen(
            r#""sha256":"#,
            &format!(r#""sha256":"{}","sha256":"#, "0".repeat(64)),
            1,
        ),
    ];
    for payload in twice {
        let error = verify_payload(payload.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("stands twice"), "{error}");
    }
    for payload in [
        "",
        "null",
        "[]",
        "{}",
        "\u{feff}{}",
        &format!("{text} {text}"),
    ] {
        let error = verify_payload(payload.as_bytes()).unwrap_err();
        assert!(matches!(error, SignatureError::Statement(_)), "{error}");
    }
    // Readers of statements ignore what they do not know.
    let more = text.replacen('{', r#"{"annotations":{"a":1},"#, 1);
    assert!(verify_payload(more.as_bytes()).is_ok());
}

#[test]
fn openssl_verifies_our_envelope_and_refuses_a_changed_one() {
    let Some(openssl) = Openssl::find() else {
        return;
    };
    let bundle = Bundle::parse(&signed()).unwrap();
    openssl.file("public.pem", key().public().to_pem());
    openssl.file("signature", &bundle.signature);
    let verify = "dgst -sha256 -verify public.pem -signature signature";
    let mut message = pae(&bundle.payload_type, &bundle.payload);
    assert!(openssl.try_run(verify, &message).0);
    *message.last_mut().unwrap() ^= 1;
    assert!(!openssl.try_run(verify, &message).0);
}

#[test]
fn a_bundle_that_is_put_together_from_an_openssl_signature_is_good() {
    let Some(openssl) = Openssl::find() else {
        return;
    };
    openssl.file("key.pem", key().to_pem(None).unwrap().as_bytes());
    let payload = statement().to_string();
    let message = pae(statement::PAYLOAD_TYPE, payload.as_bytes());
    openssl.run("dgst -sha256 -sign key.pem -out signature", &message);
    let mut bundle = bundle(&key(), statement::PAYLOAD_TYPE, payload.as_bytes());
    let signature = BASE64_STANDARD.encode(openssl.read("signature"));
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = signature.into();
    assert_eq!(verify(&bundle).unwrap().release(), &release());
}
