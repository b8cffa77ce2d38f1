//! Who signed, and what is told of it if that is not enough.

use serde_json::Value;

use super::*;
use crate::keyless::Identity;
use crate::verify::signers::KEY_ANNOTATION;

fn subject() -> Digest {
    Digest::of(b"the manifest")
}

fn carried(bundle: Vec<u8>) -> Signature {
    let subject = Descriptor::of(oci::MANIFEST, b"the manifest");
    let layer = Descriptor::of(oci::SIGSTORE_BUNDLE, &bundle);
    Signature {
        manifest: Manifest::of_signature(layer, subject),
        bundle,
        bytes: Vec::new(),
    }
}

fn by(number: u8) -> Signature {
    carried(signature::sign(&key(number), &subject(), &release()))
}

/// For another release.
fn replayed(number: u8) -> Signature {
    let other = "acme/json@1.1.0".parse().unwrap();
    carried(signature::sign(&key(number), &subject(), &other))
}

/// A signature by one key that says to be by another.
fn forged(number: u8, says: u8) -> Signature {
    let mut bundle: Value = serde_json::from_slice(&by(number).bundle).unwrap();
    bundle["verificationMaterial"]["publicKey"]["hint"] = key(says).public().hint().into();
    carried(bundle.to_string().into_bytes())
}

/// The signature brings the public key of a number.
fn bringing(number: u8, mut signature: Signature) -> Signature {
    let pem = key(number).public().to_pem();
    let annotations = &mut signature.manifest.annotations;
    annotations.insert(KEY_ANNOTATION.into(), pem);
    signature
}

fn judged(scene: &Scene, signatures: &[Signature]) -> Result<Option<Accepted>, VerifyError> {
    let rules = scene.rules();
    Signers::of(signatures, &subject(), &release(), rules).judge(&release(), rules)
}

/// What is told, with the keys by their numbers.
fn told(scene: &Scene, signatures: &[Signature]) -> String {
    let mut text = match judged(scene, signatures) {
        Ok(Some(accepted)) => accepted.to_string(),
        Ok(None) => "unsigned".into(),
        Err(error) => chain(&error),
    };
    for number in 1..=9 {
        let name = key(number).public().fingerprint().to_string();
        text = text.replace(&name, &number.to_string());
    }
    text
}

/// Key 1 is acme's, key 2 that of another namespace, and key 3 is unknown.
fn with_acme() -> Scene {
    let mut scene = with_other();
    grant(&mut scene.trust, 1, "acme");
    scene
}

/// No publisher is trusted for the namespace of the package.
fn with_other() -> Scene {
    let mut scene = Scene::new();
    grant(&mut scene.trust, 2, "other");
    scene
}

#[test]
fn a_signature_by_the_publisher_is_enough_whatever_stands_beside_it() {
    let scene = with_acme();
    let accepted = "acme with the key 1";
    assert_eq!(told(&scene, &[by(1)]), accepted);
    // What a signature says to be signed with decides nothing.
    assert_eq!(told(&scene, &[forged(1, 3)]), accepted);
    assert_eq!(told(&scene, &[forged(1, 2)]), accepted);
    for beside in [
        by(1),
        by(2),
        by(3),
        forged(3, 1),
        bringing(3, by(3)),
        carried(b"{".into()),
    ] {
        assert_eq!(told(&scene, &[beside, by(1)]), accepted);
    }
}

#[test]
fn a_signature_for_another_release_is_refused_even_beside_a_good_one() {
    let scene = with_acme();
    let expected =
        "the signature is for acme/json@1.1.0, and the package says that it is acme/json@1.2.0";
    assert_eq!(told(&scene, &[replayed(1)]), expected);
    assert_eq!(told(&scene, &[by(1), replayed(1)]), expected);
    assert_eq!(told(&with_other(), &[replayed(2)]), expected);
    // By an unknown signer it proves nothing.
    assert_eq!(told(&scene, &[by(1), replayed(3)]), "acme with the key 1");
}

#[test]
fn a_signature_by_anybody_else_is_not_enough_where_there_is_a_publisher() {
    let scene = with_acme();
    let refused = "acme/json@1.2.0 is signed";
    let untrusted = "but not as it must be: no valid signature is by a key that is trusted for the \
                     namespace `acme`, which belongs to acme";
    let by_three = format!("{refused} by the key 3, {untrusted}");
    assert_eq!(told(&scene, &[by(3)]), by_three);
    assert_eq!(told(&scene, &[bringing(3, by(3))]), by_three);
    let other = format!(
        "{refused}, but not as it must be: the key 2 is trusted for other (other), and not for \
         the namespace `acme`"
    );
    assert_eq!(told(&scene, &[by(2)]), other);
    assert_eq!(told(&scene, &[by(2), by(3)]), other);
    // Nor where unsigned ones would do.
    let mut scene = with_acme();
    scene.allow_unsigned.any = true;
    scene.allow_unsigned.named = [release().id].into();
    assert_eq!(told(&scene, &[by(3)]), by_three);
}

#[test]
fn a_signature_that_is_wrong_is_refused_and_not_called_unknown() {
    let failed = "acme/json@1.2.0: its signature is refused: ";
    let mut scenes = [with_acme(), with_acme()];
    scenes[1].allow_unsigned.any = true;
    scenes[1].allow_unsigned.named = [release().id].into();
    for scene in scenes {
        let told = |signature| told(&scene, &[signature]);
        let wrong = format!("{failed}the signature is not one by the key 1 over this envelope");
        assert_eq!(told(forged(3, 1)), wrong);
        assert_eq!(told(bringing(1, forged(3, 1))), wrong);
        // It brings a key that did not make it.
        let wrong = format!("{failed}the signature is not one by the key 4 over this envelope");
        assert_eq!(told(bringing(4, by(3))), wrong);
        // By a trusted key, over something else.
        let other = signature::sign(&key(1), &Digest::of(b"other"), &release());
        let wrong = format!(
            "{failed}the statement should be about the manifest {}",
            subject()
        );
        assert!(told(carried(other)).starts_with(&wrong));
        let not_json = format!("{failed}the signature is not a Sigstore bundle");
        assert!(told(carried(b"{".into())).starts_with(&not_json));
    }
}

/// Else a user could not be asked whether to trust the key.
#[test]
fn a_signer_that_is_new_to_a_namespace_without_publisher_is_named_with_its_key() {
    let scene = with_other();
    let unknown = |signature| match judged(&scene, &[signature]) {
        Err(VerifyError::UnknownSigner {
            release: found,
            fingerprint,
            key,
        }) => {
            assert_eq!(found, release());
            (fingerprint, key.map(|key| *key))
        }
        other => panic!("{other:?}"),
    };
    let public = |number| key(number).public().clone();
    let name = |number| public(number).fingerprint().to_string();
    assert_eq!(unknown(by(3)), (name(3), None));
    assert_eq!(unknown(bringing(3, by(3))), (name(3), Some(public(3))));
    // It is known elsewhere, so it need not be brought.
    assert_eq!(unknown(by(2)), (name(2), Some(public(2))));
    // Others write into the hint what they like.
    let mut bundle: Value = serde_json::from_slice(&by(3).bundle).unwrap();
    bundle["verificationMaterial"]["publicKey"]["hint"] = "a\u{1b}b".into();
    let (called, key) = unknown(carried(bundle.to_string().into_bytes()));
    assert_eq!((called.as_str(), key), ("a\\u{1b}b", None));

    let mut scene = with_other();
    scene.allow_unsigned.any = true;
    assert_eq!(told(&scene, &[by(3)]), "unsigned");
}

#[test]
fn what_has_no_signature_is_refused_unless_that_is_allowed() {
    let mut scene = with_other();
    let unsigned = "acme/json@1.2.0 is not signed, so nobody answers for it";
    assert!(told(&scene, &[]).starts_with(unsigned));
    scene.allow_unsigned.any = true;
    assert_eq!(told(&scene, &[]), "unsigned");
    let mut scene = with_acme();
    scene.allow_unsigned.any = true;
    let stripped = "acme/json@1.2.0 is not signed, and the namespace `acme` belongs to acme";
    assert!(told(&scene, &[]).starts_with(stripped));
    scene.allow_unsigned.named = [release().id].into();
    assert_eq!(told(&scene, &[]), "unsigned");
}

#[test]
fn an_identity_signs_like_a_key() {
    let bundle =
        include_bytes!("../../../../../tests/fixtures/sigstore/mock.acme-json-1.2.0.sigstore.json");
    let root = include_bytes!("../../../../../tests/fixtures/sigstore/trusted_root.mock.json");
    let signature = || carried(bundle.to_vec());
    let failed = "acme/json@1.2.0: its signature is refused: ";
    let unverified = format!("{failed}the bundle should be signed with a key");
    assert!(told(&with_other(), &[signature()]).starts_with(&unverified));

    let identity = Identity {
        issuer: "https://issuer.example.com".into(),
        subject: "https://example.com/acme/json/release.yml@refs/heads/main".into(),
    };
    let trusting = |identity: &Identity, namespace: &str| {
        let mut scene = Scene::new();
        let grant = Grant {
            publisher: namespace.into(),
            namespaces: [namespace.to_owned()].into(),
            conflict: Conflict::Refuse,
            threshold: None,
        };
        scene.trust.add_identity(identity, root, &grant).unwrap();
        scene
    };
    let accepted = judged(&trusting(&identity, "acme"), &[signature()]).unwrap();
    let signers = accepted.unwrap().signers;
    assert_eq!(signers, [Signer::Identity(identity.clone())].into());
    assert!(told(&trusting(&identity, "other"), &[signature()]).starts_with(&unverified));
    let somebody = Identity {
        subject: "https://example.com/forger".into(),
        ..identity
    };
    let wrong = format!("{failed}the signer should be");
    assert!(told(&trusting(&somebody, "acme"), &[signature()]).starts_with(&wrong));
}
