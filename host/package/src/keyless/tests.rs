//! Against bundles and trusted roots that Sigstore's own projects publish; `README.md` beside them
//! says from where. They sign other things than packages, so all but the statement is tested with
//! them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use super::*;

macro_rules! vector {
    ($name:literal) => {
        include_bytes!(concat!("../../../../tests/fixtures/sigstore/", $name)) as &[u8]
    };
}

const PUBLIC_GOOD: &[u8] = vector!("trusted_root.public-good.json");
const STAGING: &[u8] = vector!("trusted_root.staging.json");
const CONDA: &[u8] = vector!("conda-attestation.sigstore.json");
const REKOR_V2: &[u8] = vector!("a.dsse.staging-rekor-v2.txt.sigstore.json");

/// The signer of all vectors of the conformance suite.
fn beacon() -> Identity {
    let repository =
        "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon";
    workflow(repository, "extremely-dangerous-oidc-beacon.yml")
}

/// The signer of [`CONDA`].
fn signer() -> Identity {
    workflow(
        "https://github.com/prefix-dev/sigstore-example",
        "action.yaml",
    )
}

fn workflow(repository: &str, file: &str) -> Identity {
    Identity {
        issuer: "https://token.actions.githubusercontent.com".into(),
        subject: format!("{repository}/.github/workflows/{file}@refs/heads/main"),
    }
}

fn sha256(hex: &str) -> Digest {
    format!("sha256:{hex}").parse().unwrap()
}

/// The subject of [`CONDA`].
fn subject() -> Digest {
    sha256("54303491a8418fbed24344b513546182c29b43bf282ceb433af65e2299f9271f")
}

/// The subject of [`REKOR_V2`], and of most vectors of the conformance suite.
fn a_txt() -> Digest {
    sha256("a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf")
}

/// What is said of [`CONDA`] after some change.
fn changed(change: impl FnOnce(&mut Value)) -> Result<(), SignatureError> {
    let bytes = with(CONDA, change);
    Bundle::parse(&bytes)?;
    verify_evidence(&bytes, &subject(), PUBLIC_GOOD, &signer())
}

fn with(bundle: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut bundle = serde_json::from_slice(bundle).unwrap();
    change(&mut bundle);
    bundle.to_string().into_bytes()
}

/// Changes a letter of a base64 text, so far from its end, where signatures are.
fn flip(value: &mut Value, from_end: usize) {
    let mut text = value.as_str().unwrap().to_owned();
    let index = text.len() - from_end;
    let other = if &text[index..=index] == "A" {
        "B"
    } else {
        "A"
    };
    text.replace_range(index..=index, other);
    *value = text.into();
}

#[test]
fn published_signatures_stand_up_to_the_published_roots() {
    verify_evidence(CONDA, &subject(), PUBLIC_GOOD, &signer()).unwrap();
    verify_evidence(REKOR_V2, &a_txt(), STAGING, &beacon()).unwrap();
}

#[test]
fn a_good_signature_of_something_else_is_none_of_a_package() {
    let error = verify(CONDA, &subject(), PUBLIC_GOOD, &signer()).unwrap_err();
    let other = "https://schemas.conda.org/attestations-publish-1.schema.json";
    assert_eq!(error, SignatureError::PredicateType(other.into()));
    let error = verify(REKOR_V2, &a_txt(), STAGING, &beacon()).unwrap_err();
    let other = "https://slsa.dev/provenance/v1";
    assert_eq!(error, SignatureError::PredicateType(other.into()));
    for blob in [
        vector!("cosign-v3-blob.sigstore.json"),
        vector!("managed-key.sigstore.json"),
    ] {
        let error = verify(blob, &subject(), PUBLIC_GOOD, &signer()).unwrap_err();
        assert_eq!(error, SignatureError::MessageSignature);
    }
}

#[test]
fn a_log_entry_of_a_kind_that_the_library_does_not_know_is_refused() {
    // The conformance suite has it accepted; release 0.15 of the library does not know this pair
    // yet.
    let subject = sha256("70ed0277251d0cf2eb5eda8b574ce012de485e39a3de1fb4b1e0717e14b02d6a");
    let bundle = vector!("dsse-with-hashedrekord-happy-path.sigstore.json");
    Bundle::parse(bundle).unwrap();
    let error = verify(bundle, &subject, PUBLIC_GOOD, &beacon()).unwrap_err();
    assert!(error.to_string().contains("hashedrekord/0.0.1"), "{error}");
}

#[test]
fn somebody_else_is_refused_however_alike() {
    let Identity {
        issuer,
        subject: workflow,
    } = signer();
    for other in [
        "",
        "me@example.com",
        &workflow[..workflow.len() - 1],
        &format!("{workflow}2"),
        &workflow.to_uppercase(),
        ".*",
    ] {
        let other = Identity {
            issuer: issuer.clone(),
            subject: other.into(),
        };
        let error = verify(CONDA, &subject(), PUBLIC_GOOD, &other).unwrap_err();
        assert!(matches!(error, SignatureError::Identity { .. }), "{error}");
    }
    for other in ["", "https://accounts.google.com", &format!("{issuer}/")] {
        let other = Identity {
            issuer: other.into(),
            subject: workflow.clone(),
        };
        let error = verify(CONDA, &subject(), PUBLIC_GOOD, &other).unwrap_err();
        assert!(matches!(error, SignatureError::Issuer { .. }), "{error}");
    }
}

#[test]
fn another_artifact_is_refused() {
    let error = verify_evidence(CONDA, &Digest::of(b""), PUBLIC_GOOD, &signer());
    let error = error.unwrap_err().to_string();
    assert!(error.contains("artifact"), "{error}");
}

#[test]
fn a_foreign_or_outdated_root_is_refused() {
    use SignatureError as E;
    let error = verify(CONDA, &subject(), STAGING, &signer()).unwrap_err();
    assert!(matches!(error, E::Time(_) | E::Log(_)), "{error}");
    // The staging log's entry, and time, and the authority of the public one.
    let mixed = with(STAGING, |root| {
        let public: Value = serde_json::from_slice(PUBLIC_GOOD).unwrap();
        root["certificateAuthorities"] = public["certificateAuthorities"].clone();
    });
    let error = verify(REKOR_V2, &a_txt(), &mixed, &beacon()).unwrap_err();
    assert!(matches!(error, E::Certificate(_)), "{error}");

    // One kind of authority ended before the signature was made.
    for (bundle, subject, root, signer, list, pointer) in [
        (
            CONDA,
            subject(),
            PUBLIC_GOOD,
            signer(),
            "certificateAuthorities",
            "/validFor",
        ),
        (
            CONDA,
            subject(),
            PUBLIC_GOOD,
            signer(),
            "tlogs",
            "/publicKey/validFor",
        ),
        (
            CONDA,
            subject(),
            PUBLIC_GOOD,
            signer(),
            "ctlogs",
            "/publicKey/validFor",
        ),
        (
            REKOR_V2,
            a_txt(),
            STAGING,
            beacon(),
            "timestampAuthorities",
            "/validFor",
        ),
        (
            REKOR_V2,
            a_txt(),
            STAGING,
            beacon(),
            "tlogs",
            "/publicKey/validFor",
        ),
    ] {
        let ended = with(root, |root| {
            for authority in root[list].as_array_mut().unwrap() {
                let window = authority.pointer_mut(pointer).unwrap();
                *window = serde_json::json!({
                    "start": "2021-01-01T00:00:00Z",
                    "end": "2021-01-02T00:00:00Z",
                });
            }
        });
        let error = verify(bundle, &subject, &ended, &signer).unwrap_err();
        assert!(
            matches!(error, E::Certificate(_) | E::Log(_) | E::Time(_)),
            "{list}: {error}"
        );
    }
}

#[test]
fn a_root_that_is_none_is_refused_by_name() {
    let mut large = PUBLIC_GOOD.to_vec();
    large.resize(TRUSTED_ROOT_BYTES_MAX + 1, b' ');
    let twice = String::from_utf8(PUBLIC_GOOD.into()).unwrap();
    let twice = twice.replacen('{', r#"{"x":1,"x":2,"#, 1);
    let without = |list: &str| with(PUBLIC_GOOD, |root| root[list] = Value::Array(vec![]));
    for root in [
        b"",
        &b"{}"[..],
        CONDA,
        &large,
        twice.as_bytes(),
        &without("certificateAuthorities"),
        &without("ctlogs"),
        &without("tlogs"),
    ] {
        let error = verify(CONDA, &subject(), root, &signer()).unwrap_err();
        assert!(matches!(error, SignatureError::TrustedRoot(_)), "{error}");
    }
}

#[test]
fn tampering_with_any_part_is_refused_by_the_check_of_that_part() {
    use SignatureError as E;
    assert_eq!(changed(|_| ()), Ok(()));
    type IsExpected = fn(&E) -> bool;
    let cases: [(&str, usize, IsExpected); 6] = [
        ("/dsseEnvelope/signatures/0/sig", 40, |e| {
            matches!(e, E::Keyless(_))
        }),
        ("certificate/rawBytes", 30, |e| {
            matches!(e, E::Certificate(_))
        }),
        ("tlogEntries/0/canonicalizedBody", 200, |e| {
            matches!(e, E::Time(_) | E::Log(_))
        }),
        ("tlogEntries/0/inclusionProof/hashes/3", 10, |e| {
            matches!(e, E::Log(_))
        }),
        ("tlogEntries/0/inclusionProof/rootHash", 10, |e| {
            matches!(e, E::Log(_) | E::Keyless(_))
        }),
        (
            "tlogEntries/0/inclusionPromise/signedEntryTimestamp",
            40,
            |e| matches!(e, E::Time(_) | E::Log(_)),
        ),
    ];
    for (path, index, is_expected) in cases {
        let pointer = match path.strip_prefix('/') {
            Some(_) => path.into(),
            None => format!("/verificationMaterial/{path}"),
        };
        let error = changed(|bundle| flip(bundle.pointer_mut(&pointer).unwrap(), index));
        let error = error.expect_err(&pointer);
        assert!(is_expected(&error), "{pointer}: {error:?}");
    }
    // What was signed, still well-formed.
    let error = changed(|bundle| {
        let payload = bundle.pointer_mut("/dsseEnvelope/payload").unwrap();
        let text = BASE64_STANDARD.decode(payload.as_str().unwrap()).unwrap();
        let text = String::from_utf8(text).unwrap();
        let text = text.replace("signed-package", "evil-package");
        *payload = BASE64_STANDARD.encode(text).into();
    });
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("DSSE signature verification failed"),
        "{error}"
    );
    // The log's own word on when, and which entry.
    for (field, value) in [("integratedTime", "1756728844"), ("logIndex", "1")] {
        let pointer = format!("/verificationMaterial/tlogEntries/0/{field}");
        let error = changed(|bundle| *bundle.pointer_mut(&pointer).unwrap() = value.into());
        assert!(
            matches!(error, Err(E::Log(_) | E::Time(_))),
            "{field}: {error:?}"
        );
    }
    // A timestamp of the second generation, which has no other word on when.
    let pointer =
        "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp";
    let bytes = with(REKOR_V2, |bundle| {
        flip(bundle.pointer_mut(pointer).unwrap(), 20)
    });
    let error = verify(&bytes, &a_txt(), STAGING, &beacon()).unwrap_err();
    assert!(matches!(error, E::Time(_)), "{error}");
}

#[test]
fn a_log_entry_must_be_there_and_be_the_one_of_this_signature() {
    use SignatureError as E;
    let entries = "/verificationMaterial/tlogEntries";
    let none = changed(|bundle| *bundle.pointer_mut(entries).unwrap() = Value::Array(vec![]));
    assert!(none.is_err(), "{none:?}");
    let other: Value = serde_json::from_slice(vector!("cosign-v3-blob.sigstore.json")).unwrap();
    let other = other.pointer(entries).unwrap().clone();
    let swapped = changed(|bundle| *bundle.pointer_mut(entries).unwrap() = other.clone());
    assert!(
        matches!(swapped, Err(E::Log(_) | E::Certificate(_))),
        "{swapped:?}"
    );
    let added = changed(|bundle| {
        let list = bundle.pointer_mut(entries).unwrap().as_array_mut().unwrap();
        list.extend(other.as_array().unwrap().clone());
    });
    assert!(
        matches!(added, Err(E::Log(_) | E::Certificate(_))),
        "{added:?}"
    );
}

#[test]
fn published_attacks_are_refused() {
    use SignatureError as E;
    // CVE-2022-36056: the log entry of another signature of the same artifact.
    let william = Identity {
        issuer: "https://github.com/login/oauth".into(),
        subject: "william@yossarian.net".into(),
    };
    let artifact = sha256("c87b5b213ab08b32970c106d0c7e4423e67f5449c2fd2d1e9b4ea6cc43b6ee7c");
    let swapped = vector!("cve-2022-36056.sigstore.json");
    let error = verify_evidence(swapped, &artifact, STAGING, &william).unwrap_err();
    assert!(
        error.to_string().contains("does not match the bundle"),
        "{error}"
    );
    // A root whose certificate log has another key.
    let bundle = vector!("invalid-ct-key.sigstore.json");
    let root = vector!("trusted_root.invalid-ct-key.json");
    let error = verify_evidence(bundle, &a_txt(), root, &beacon()).unwrap_err();
    assert!(matches!(error, E::Certificate(_)), "{error}");
    assert!(error.to_string().contains("SCT"), "{error}");
    assert!(matches!(
        verify(bundle, &a_txt(), root, &beacon()),
        Err(E::MediaType(_))
    ));
    // No time that anybody vouches for.
    let artifact = sha256("ca6de99a11d3d38056d838c7dc9a23a11a0c81bcace0d11eaa301a2ffb482c42");
    let timeless = vector!("no-signed-time.sigstore.json");
    let error = verify_evidence(timeless, &artifact, PUBLIC_GOOD, &william).unwrap_err();
    assert!(matches!(error, E::Time(_)), "{error}");
    // No log at all.
    let unlogged = vector!("github-private-attestation.sigstore.json");
    let error = verify(unlogged, &a_txt(), PUBLIC_GOOD, &william).unwrap_err();
    assert!(
        error.to_string().contains("must have an inclusion proof"),
        "{error}"
    );
}

#[test]
fn a_signature_with_a_key_is_not_one_with_a_certificate() {
    use crate::key::tests::key;
    let release = "acme/json@1.2.0".parse().unwrap();
    let bundle = crate::signature::sign(&key(), &subject(), &release);
    let error = verify(&bundle, &subject(), PUBLIC_GOOD, &signer()).unwrap_err();
    assert_eq!(error, SignatureError::NotCertificate);
}

#[test]
fn a_release_signed_by_an_identity_is_proved_and_only_that_one() {
    use SignatureError as E;
    // Made with Sigstore's JavaScript client against its mock services.
    let bundle = vector!("mock.acme-json-1.2.0.sigstore.json");
    let root = vector!("trusted_root.mock.json");
    let manifest = Digest::of(b"the manifest");
    let signer = Identity {
        issuer: "https://issuer.example.com".into(),
        subject: "https://example.com/acme/json/release.yml@refs/heads/main".into(),
    };
    let signed = verify(bundle, &manifest, root, &signer).unwrap();
    assert_eq!(signed.release().to_string(), "acme/json@1.2.0");
    assert_eq!(signed.manifest(), &manifest);
    let error = verify(bundle, &Digest::of(b"another"), root, &signer).unwrap_err();
    assert!(matches!(error, E::Keyless(_)), "{error}");
    let error = verify(bundle, &manifest, PUBLIC_GOOD, &signer).unwrap_err();
    assert!(
        matches!(error, E::Log(_) | E::Certificate(_) | E::Time(_)),
        "{error}"
    );
}
