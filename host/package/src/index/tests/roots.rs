//! Who may sign, and how that changes.

use super::*;

#[tokio::test]
async fn a_root_is_replaced_only_with_the_consent_of_the_old_keys() {
    let (new, world) = (PrivateKey::generate().unwrap(), World::new());
    let trusted = world.root();
    world.load().await.unwrap();
    let mut editor = world.editor().await;
    editor.rotate(&Holders::one(new.public())).unwrap();
    let error = editor
        .sign(&[&new], &Expiries::default())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("previous root metadata must be signed by 1"),
        "{error}"
    );
    editor
        .sign(&[&new, &world.key], &Expiries::default())
        .unwrap();
    drop(editor);
    assert_eq!(
        std::fs::read(world.file("root.json")).unwrap(),
        std::fs::read(world.file("2.root.json")).unwrap()
    );
    world.load().await.unwrap();
    // From now on the new key alone will do, and the old one will not.
    let mut editor = world.editor().await;
    editor.sign(&[&new], &Expiries::default()).unwrap();
    assert!(editor.sign(&[&world.key], &Expiries::default()).is_err());
    drop(editor);
    world.load().await.unwrap();

    // Without the old key: the same files, with its signature taken away.
    let mut root: Value =
        serde_json::from_slice(&std::fs::read(world.file("2.root.json")).unwrap()).unwrap();
    root["signatures"].as_array_mut().unwrap().truncate(1);
    std::fs::write(world.file("2.root.json"), root.to_string()).unwrap();
    let state = tempfile::tempdir().unwrap();
    let error = Index::load(
        &Source::Dir(world.dir.path().into()),
        &trusted,
        state.path(),
    )
    .await;
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("root metadata of the index is not signed"),
        "{error}"
    );
}

#[tokio::test]
async fn a_root_that_was_replaced_stays_so_when_its_successor_is_hidden() {
    let (new, world) = (PrivateKey::generate().unwrap(), World::new());
    let old = world.copy();
    let mut editor = world.editor().await;
    editor.rotate(&Holders::one(new.public())).unwrap();
    editor
        .sign(&[&new, &world.key], &Expiries::default())
        .unwrap();
    editor.sign(&[&new], &Expiries::default()).unwrap();
    drop(editor);
    world.load().await.unwrap();
    // Rollback of the timestamp is still noticed after the rotation.
    let newest = world.copy();
    world.resign(&world.file("timestamp.json"), &new, |signed| {
        signed["version"] = 1.into()
    });
    let error = world.refusal().await;
    assert!(error.contains("rolled back"), "{error}");
    restore(&newest, |_| true);
    // The stolen old key, with the world as it was.
    std::fs::remove_file(world.file("2.root.json")).unwrap();
    restore(&old, |_| true);
    world.resign(&world.file("timestamp.json"), &world.key, |signed| {
        signed["version"] = 99.into()
    });
    let error = world.refusal().await;
    assert!(
        error.contains("timestamp metadata of the index is not signed"),
        "{error}"
    );
}

#[tokio::test]
async fn a_trusted_root_must_be_a_root_and_signed() {
    let world = World::new();
    let mut unsigned: Value = serde_json::from_slice(&world.root()).unwrap();
    unsigned["signatures"] = json!([]);
    for bad in [
        unsigned.to_string().into_bytes(),
        b"{}".to_vec(),
        std::fs::read(world.file("timestamp.json")).unwrap(),
    ] {
        let loaded = Index::load(
            &Source::Dir(world.dir.path().into()),
            &bad,
            world.state.path(),
        )
        .await;
        assert!(
            matches!(loaded, Err(IndexError::TrustedRoot(_))),
            "{loaded:?}"
        );
    }
    let other = World::new();
    let loaded = Index::load(
        &Source::Dir(world.dir.path().into()),
        &other.root(),
        world.state.path(),
    )
    .await;
    assert!(
        matches!(loaded, Err(IndexError::Signature { .. })),
        "{loaded:?}"
    );
}

#[tokio::test]
async fn what_a_revoked_key_signed_is_refused_though_it_was_verified_before() {
    let (new, world) = (PrivateKey::generate().unwrap(), World::new());
    world.load().await.unwrap();
    let old = world.copy();
    let mut editor = world.editor().await;
    editor.rotate(&Holders::one(new.public())).unwrap();
    editor
        .sign(&[&new, &world.key], &Expiries::default())
        .unwrap();
    // The new root beside the old timestamp: the same bytes as when that was good.
    restore(&old, |_| true);
    for _ in 0..2 {
        let error = world.refusal().await;
        assert!(
            error.contains("timestamp metadata of the index is not signed"),
            "{error}"
        );
    }
}
