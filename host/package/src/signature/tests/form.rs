//! What is refused before anything is verified, and how that is said.

use super::*;

#[test]
fn a_bundle_that_can_be_read_in_two_ways_is_refused() {
    let text = String::from_utf8(signed()).unwrap();
    let other = serde_json::from_slice::<Value>(&signed()).unwrap()["dsseEnvelope"].to_string();
    for (from, to, says) in [
        ("{", r#"{"mediaType":"x","#, "`mediaType` stands twice"),
        (
            r#""payload":"#,
            r#""payload":"","payload":"#,
            "`payload` stands twice",
        ),
        (
            "{",
            &format!(r#"{{"dsse_envelope":{other},"#),
            "unknown field `dsse_envelope`",
        ),
        (
            r#""payloadType""#,
            r#""payload_type":"x","payloadType""#,
            "unknown field `payload_type`",
        ),
        (r#""hint""#, r#""x":1,"hint""#, "unknown field `x`"),
        (r#""sig""#, r#""cert":"","sig""#, "unknown field `cert`"),
        (
            r#""tlogEntries""#,
            r#""\u001b[2J":1,"tlogEntries""#,
            "unknown field",
        ),
    ] {
        assert!(text.contains(from));
        let error = Bundle::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err();
        assert!(matches!(error, SignatureError::Json(_)), "{error}");
        let error = error.to_string();
        assert!(error.contains(says) && !error.contains('\u{1b}'), "{error}");
    }
}

#[test]
fn a_bundle_of_another_form_is_refused_by_name() {
    use SignatureError as E;
    let text = String::from_utf8(signed()).unwrap();
    let with = |pointer: &str, value: Value| {
        let mut bundle: Value = serde_json::from_str(&text).unwrap();
        *bundle.pointer_mut(pointer).unwrap() = value;
        Bundle::parse(bundle.to_string().as_bytes()).unwrap_err()
    };
    for version in [";version=0.3", ";version=0.2", ";version=0.1", ""] {
        let media_type = format!("application/vnd.dev.sigstore.bundle+json{version}");
        assert_eq!(
            with("/mediaType", json!(media_type)),
            E::MediaType(media_type)
        );
    }
    let signature = json!({"sig": "MAA="});
    assert_eq!(
        with("/dsseEnvelope/signatures", json!([])),
        E::Signatures(0)
    );
    assert_eq!(
        with("/dsseEnvelope/signatures", json!([signature, signature])),
        E::Signatures(2)
    );
    assert_eq!(with("/dsseEnvelope", Value::Null), E::NoEnvelope);
    let message = r#"{"messageSignature":{"signature":"MAA="},"#;
    let message = text.replacen('{', message, 1);
    assert_eq!(
        Bundle::parse(message.as_bytes()).unwrap_err(),
        E::MessageSignature
    );
    let material = "/verificationMaterial";
    assert_eq!(with(material, json!({})), E::Signers("neither".into()));
    let both = json!({"publicKey": {}, "certificate": {"rawBytes": "MAA="}});
    assert_eq!(with(material, both), E::Signers("several".into()));
    let chain = json!({"x509CertificateChain": {"certificates": []}});
    assert!(
        with(material, chain)
            .to_string()
            .contains("certificate chain")
    );
    assert!(matches!(
        with("/dsseEnvelope/payload", json!("%%%")),
        E::Json(_)
    ));
    assert!(matches!(with("/mediaType", json!(3)), E::Json(_)));
    for bytes in [&b""[..], b"{}", b"null", b"\xff", b"[]", &[b'['; 9999]] {
        assert!(matches!(Bundle::parse(bytes), Err(E::Json(_))));
    }
}

#[test]
fn a_bundle_is_measured_before_it_is_read() {
    let mut bytes = signed();
    bytes.resize(oci::BUNDLE_BYTES_MAX as usize, b' ');
    assert!(Bundle::parse(&bytes).is_ok());
    bytes.push(b' ');
    assert_eq!(
        Bundle::parse(&bytes).unwrap_err(),
        SignatureError::TooLarge(bytes.len())
    );
}

#[test]
fn a_certificate_is_not_a_key() {
    let mut bundle: Value = serde_json::from_slice(&signed()).unwrap();
    bundle["verificationMaterial"] = json!({"certificate": {"rawBytes": "MAA="}});
    let bundle = Bundle::parse(bundle.to_string().as_bytes()).unwrap();
    assert_eq!(
        (bundle.signer(), bundle.hint()),
        (&Signer::Certificate, None)
    );
    let error = bundle.verify_key(key().public(), &manifest()).unwrap_err();
    assert_eq!(error, SignatureError::NotKey);
}

#[test]
fn messages_are_short_and_plain() {
    let hostile = format!("\u{1b}[2J{}", "x".repeat(100_000));
    for error in [
        verify(&bundle(&key(), &hostile, b"{}")).unwrap_err(),
        verify_with("/_type", json!(hostile)).unwrap_err(),
        verify_with("/predicateType", json!(hostile)).unwrap_err(),
        verify_with("/subject/0/digest/sha256", json!(hostile)).unwrap_err(),
        verify_with("/subject/0/name", json!(hostile)).unwrap_err(),
        verify_payload(json!({hostile.as_str(): 1}).to_string().as_bytes()).unwrap_err(),
        Bundle::parse(json!({"mediaType": hostile}).to_string().as_bytes()).unwrap_err(),
        Bundle::parse(json!({hostile.as_str(): 1}).to_string().as_bytes()).unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(
            text.chars().count() < 500 && !text.contains('\u{1b}'),
            "{text}"
        );
    }
}
