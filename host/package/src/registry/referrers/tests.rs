use super::*;

fn signature(subject: &Descriptor, bundle: &[u8]) -> Vec<u8> {
    let bundle = Descriptor::of(oci::SIGSTORE_BUNDLE, bundle);
    oci::to_json(&Manifest::of_signature(bundle, subject.clone()))
}

#[test]
fn what_others_put_into_the_index_stays_as_it_is() {
    let subject = Descriptor::of(oci::MANIFEST, b"package");
    let other = r#"{"digest":"sha512:00","mediaType":"x","platform":{"os":"wasip1"},"size":1}"#;
    let before = format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[{other}],"annotations":{{"a":"b"}}}}"#,
        oci::INDEX
    );
    let added = referrer(&subject, &signature(&subject, b"one")).unwrap();
    let after = with(Some(before.as_bytes()), &added, &subject.digest)
        .unwrap()
        .unwrap();
    let text = String::from_utf8(after.clone()).unwrap();
    assert!(
        text.contains(other) && text.contains(r#""annotations":{"a":"b"}"#),
        "{text}"
    );
    assert!(
        text.contains(&format!(r#""artifactType":"{}""#, oci::SIGSTORE_BUNDLE)),
        "{text}"
    );
    assert!(
        with(Some(&after), &added, &subject.digest)
            .unwrap()
            .is_none()
    );
}

#[test]
fn nothing_is_added_that_nobody_would_read() {
    let subject = Descriptor::of(oci::MANIFEST, b"package");
    let mut index = None;
    for i in 0..=REFERRERS_MAX {
        let added = referrer(&subject, &signature(&subject, &[i as u8])).unwrap();
        match with(index.as_deref(), &added, &subject.digest) {
            Ok(longer) if i < REFERRERS_MAX => index = longer,
            Err(RegistryError::TooManyReferrers { .. }) => assert_eq!(i, REFERRERS_MAX),
            other => panic!("{i}: {other:?}"),
        }
    }
    let manifest = signature(&subject, b"x");
    let added = referrer(&subject, &manifest).unwrap();
    // Under the tag is a manifest, or a list of another kind.
    let list = oci::to_json(&Index {
        media_type: "application/vnd.docker.distribution.manifest.list.v2+json".into(),
        ..Index::new(Vec::new())
    });
    for other in [&manifest, &list] {
        let error = with(Some(other), &added, &subject.digest).unwrap_err();
        assert!(
            error.to_string().contains("is not an index of referrers"),
            "{error}"
        );
    }
}

#[test]
fn a_manifest_that_refers_to_another_is_not_pushed_as_a_referrer() {
    let subject = Descriptor::of(oci::MANIFEST, b"package");
    let other = Descriptor::of(oci::MANIFEST, b"other");
    let error = referrer(&subject, &signature(&other, b"x"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("should refer to") && error.contains(&other.digest.to_string()),
        "{error}"
    );
    assert!(referrer(&subject, b"{}").is_err());
}
