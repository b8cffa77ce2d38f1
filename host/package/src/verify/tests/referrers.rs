//! Which of what refers to a package is looked at as a signature.

use super::*;

/// How many signatures are seen.
async fn seen(scene: &Scene) -> Result<usize, VerifyError> {
    let asked = Asked {
        which: Which::Only,
        wanted: None,
    };
    Ok(peek(&scene.origin(), &asked).await?.signatures.len())
}

/// A manifest with such a layer, which refers to `subject`.
fn manifest(scene: &Scene, layer: &str, subject: &Descriptor) -> Manifest {
    Manifest::of_signature(scene.blob(layer, b"{}"), subject.clone())
}

#[tokio::test]
async fn other_referrers_are_no_signatures_whatever_they_are() {
    let mut scene = Scene::signed();
    let other = Descriptor::of(oci::MANIFEST, b"another package");
    let own = scene.package.clone();
    let bundle = manifest(&scene, oci::SIGSTORE_BUNDLE, &own);
    let several = Manifest {
        layers: vec![bundle.layers[0].clone(), bundle.layers[0].clone()],
        ..bundle.clone()
    };
    let none = Manifest {
        layers: Vec::new(),
        ..bundle.clone()
    };
    let orphan = Manifest {
        subject: None,
        ..bundle.clone()
    };
    for (what, manifest) in [
        ("an SBOM", manifest(&scene, "application/spdx+json", &own)),
        (
            "another's SBOM",
            manifest(&scene, "application/spdx+json", &other),
        ),
        (
            "another's signature",
            manifest(&scene, oci::SIGSTORE_BUNDLE, &other),
        ),
        ("nobody's signature", orphan),
        ("two bundles", several),
        ("no bundle", none),
    ] {
        let bytes = oci::to_json(&manifest);
        for said in [None, Some(oci::SIGSTORE_BUNDLE), Some(oci::EMPTY)] {
            scene.refer(said, &bytes);
            assert_eq!(
                seen(&scene).await.unwrap(),
                1,
                "{what}, said to be {said:?}"
            );
            scene.referrers.truncate(1);
        }
    }
    // What copying tools made of one still is one, if only of the form.
    let bytes = oci::to_json(&bundle);
    scene.refer(None, &bytes);
    assert_eq!(seen(&scene).await.unwrap(), 2);
    // A bad signature takes nothing from a good one.
    scene.authenticate(None).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_only_if_it_is_said_to_be_a_signature() {
    for said in [None, Some(oci::EMPTY)] {
        let mut scene = Scene::signed();
        scene.refer(said, b"{");
        assert_eq!(seen(&scene).await.unwrap(), 1, "{said:?}");
    }
    let mut scene = Scene::signed();
    scene.refer(Some(oci::SIGSTORE_BUNDLE), b"{");
    let error = seen(&scene).await.unwrap_err().to_string();
    assert!(error.contains("not an OCI manifest"), "{error}");
}
