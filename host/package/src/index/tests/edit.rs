//! Writing an index, and what its keeper cannot do.

use super::*;

#[tokio::test]
async fn what_was_added_is_found_with_its_digest_its_size_and_its_entry() {
    let world = World::new();
    world.release("acme/fib@1.1.0").await;
    for _ in 0..2 {
        let index = world.load().await.unwrap();
        let releases = index.releases(&"acme/fib".parse().unwrap());
        assert_eq!(
            releases,
            [listed("acme/fib@1.0.0"), listed("acme/fib@1.1.0")]
        );
        assert!(index.ignored().is_empty());
        assert!(index.releases(&"acme/other".parse().unwrap()).is_empty());
    }
    world.release("acme/fib@1.2.0").await;
    assert_eq!(
        world
            .load()
            .await
            .unwrap()
            .releases(&"acme/fib".parse().unwrap())
            .len(),
        3
    );
    assert!(!world.file("1.acme.json").exists() && world.file("2.acme.json").exists());
}

#[tokio::test]
async fn a_release_never_changes_and_can_be_yanked_and_removed() {
    let world = World::new();
    let mut editor = world.editor().await;
    let fib = listed("acme/fib");
    let other = manifest("other");
    let mut entry = fib.entry.clone();
    entry.location = Location::File("packages/x.oci.tar".into());
    let error = editor
        .add(&fib.release, &other, entry)
        .unwrap_err()
        .to_string();
    assert!(error.contains("never changes"), "{error}");
    let error = editor
        .add(&fib.release, &other, fib.entry.clone())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("location of acme/fib@1.0.0 has the digest"),
        "{error}"
    );
    let error = editor
        .add(
            &"nobody/x@1.0.0".parse().unwrap(),
            &other,
            Entry {
                location: Location::File("packages/x.oci.tar".into()),
                ..fib.entry.clone()
            },
        )
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("no keys for the namespace nobody"),
        "{error}"
    );
    editor.yank(&fib.release, true).unwrap();
    editor.remove(&"zeta/fib@1.0.0".parse().unwrap()).unwrap();
    editor.sign(&[&world.key], &Expiries::default()).unwrap();
    let index = world.load().await.unwrap();
    assert!(index.releases(&fib.release.id)[0].entry.yanked);
    assert!(index.resolve(&"acme/fib".parse().unwrap()).is_err());
    assert!(index.releases(&"zeta/fib".parse().unwrap()).is_empty());
    editor.yank(&fib.release, false).unwrap();
    editor.sign(&[&world.key], &Expiries::default()).unwrap();
    assert!(
        world
            .load()
            .await
            .unwrap()
            .resolve(&"acme/fib".parse().unwrap())
            .is_ok()
    );
}

#[tokio::test]
async fn what_would_expire_before_the_timestamp_must_be_renewed() {
    let world = World::new();
    let mut editor = world.editor().await;
    let near_the_end = Timestamp::now() + HOUR * 24 * 360;
    let error = editor
        .sign_at(&[&world.key], &Expiries::default(), near_the_end)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("metadata is good until") && error.contains("renew it too"),
        "{error}"
    );
    for role in ["root", "targets", "acme", "zeta"] {
        editor.renew(role).unwrap();
    }
    editor
        .sign_at(&[&world.key], &Expiries::default(), near_the_end)
        .unwrap();
    assert!(editor.renew("nobody").is_err());
    drop(editor);
    assert!(world.file("2.root.json").exists());
    world.load().await.unwrap();
}

#[tokio::test]
async fn the_key_of_the_timestamp_alone_can_refresh_and_nothing_else() {
    let (offline, online, world) = (
        PrivateKey::generate().unwrap(),
        PrivateKey::generate().unwrap(),
        World::new(),
    );
    let mut editor = world.editor().await;
    let holders = Holders {
        timestamp: Holder::one(online.public().clone()),
        ..Holders::one(offline.public())
    };
    editor.rotate(&holders).unwrap();
    editor
        .sign(&[&offline, &online, &world.key], &Expiries::default())
        .unwrap();
    editor.sign(&[&online], &Expiries::default()).unwrap();
    world.load().await.unwrap();
    editor
        .yank(&"acme/fib@1.0.0".parse().unwrap(), true)
        .unwrap();
    assert!(matches!(
        editor.sign(&[&online], &Expiries::default()),
        Err(EditError::Keys { .. })
    ));
}

#[tokio::test]
async fn until_the_timestamp_is_written_a_reader_sees_the_index_as_it_was() {
    let world = World::new();
    let old = world.copy();
    let index = world.load().await.unwrap();
    world.release("acme/fib@1.1.0").await;
    // All new files but the last, and no client that remembers.
    restore(&old, |name| name == "timestamp.json");
    let world = World {
        state: tempfile::tempdir().unwrap(),
        ..world
    };
    assert_eq!(world.load().await.unwrap(), index);
}

#[tokio::test]
async fn one_at_a_time_changes_an_index_and_none_makes_it_twice() {
    let world = World::new();
    let open = world.editor().await;
    assert!(matches!(
        IndexEditor::open(world.dir.path()).await,
        Err(EditError::Busy(_))
    ));
    drop(open);
    let again = IndexEditor::create(world.dir.path(), &Holders::one(world.key.public()));
    assert!(matches!(again, Err(EditError::Exists(_))));
    let mut editor = world.editor().await;
    for bad in [
        "root",
        "targets",
        "snapshot",
        "timestamp",
        "Acme",
        "a/b",
        "*",
        "",
    ] {
        assert!(
            editor
                .delegate(bad, &Holder::one(world.key.public().clone()))
                .is_err(),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn texts_are_signed_in_the_normal_form() {
    let world = World::new();
    let mut editor = world.editor().await;
    let mut listed = listed("acme/cafe");
    listed.entry.description = "Cafe\u{301}".into();
    add(&mut editor, &listed);
    editor.sign(&[&world.key], &Expiries::default()).unwrap();
    let index = world.load().await.unwrap();
    assert_eq!(
        index.releases(&listed.release.id)[0].entry.description,
        "Caf\u{e9}"
    );
}
