//! What was seen before: rollback, freeze, and the short ways.

use super::*;

#[tokio::test]
async fn an_older_index_is_refused_after_a_newer_one_was_seen() {
    let world = World::new();
    let old = world.copy();
    world.release("acme/fib@1.1.0").await;
    world.load().await.unwrap();
    restore(&old, |name| name == "timestamp.json");
    let error = world.refusal().await;
    assert!(
        error.contains("rolled back") && error.contains("timestamp"),
        "{error}"
    );
}

#[tokio::test]
async fn a_new_timestamp_over_an_old_snapshot_or_old_targets_is_refused() {
    let world = World::new();
    let old = world.copy();
    world.release("acme/fib@1.1.0").await;
    world.load().await.unwrap();
    let newer = world.copy();
    // Who holds the timestamp's key points it at the old snapshot.
    restore(&old, |_| true);
    world.resign(&world.file("timestamp.json"), &world.key, |signed| {
        signed["version"] = 9.into()
    });
    let error = world.refusal().await;
    assert!(error.contains("rolled back: Snapshot version 1"), "{error}");
    // And who holds the snapshot's, too, lists the old version of a namespace.
    restore(&newer, |_| true);
    world.resign(&world.newest("snapshot"), &world.key, |signed| {
        signed["meta"]["acme.json"]["version"] = 1.into();
    });
    let bytes = std::fs::read(world.newest("snapshot")).unwrap();
    world.resign(&world.file("timestamp.json"), &world.key, |signed| {
        signed["version"] = 9.into();
        signed["meta"]["snapshot.json"]["length"] = bytes.len().into();
        signed["meta"]["snapshot.json"]["hashes"]["sha256"] = Digest::of(&bytes).hex().into();
    });
    let error = world.refusal().await;
    assert!(
        error.contains("rolled back: Role acme.json version 2"),
        "{error}"
    );
}

#[tokio::test]
async fn an_index_that_is_not_renewed_expires_with_and_without_a_memory_of_it() {
    let world = World::new();
    let month_ago = Timestamp::now() - HOUR * 24 * 30;
    world
        .editor()
        .await
        .sign_at(&[&world.key], &Expiries::default(), month_ago)
        .unwrap();
    let error = world.refusal().await;
    assert!(
        error.contains("the index has expired: its timestamp.json was good until 20"),
        "{error}"
    );
    // The same bytes as when it was good: the short way must look at the time, too.
    world
        .editor()
        .await
        .sign(&[&world.key], &Expiries::default())
        .unwrap();
    world.load().await.unwrap();
    let later = Timestamp::now() + HOUR * 24 * 15;
    let at = async |source: Source, now| {
        load::load(&source, &world.root(), world.state.path(), now).await
    };
    let error = at(Source::Dir(world.dir.path().into()), later)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("the index has expired: its timestamp.json"),
        "{error}"
    );
    let error = at(Source::Cached, later).await.unwrap_err().to_string();
    assert!(
        error.contains("the cached copy of the index has expired"),
        "{error}"
    );
    assert!(at(Source::Cached, Timestamp::now()).await.is_ok());
    let error = at(Source::Cached, Timestamp::now() - HOUR)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("must not go back"), "{error}");
}

#[expect(clippy::too_many_lines, reason = "one story")]
#[tokio::test]
async fn a_renewed_timestamp_and_snapshot_over_the_same_releases_are_taken_without_reading_those() {
    let world = World::new();
    let index = world.load().await.unwrap();
    let own = world.state.path().join(Digest::of(&world.root()).hex());
    world
        .editor()
        .await
        .sign(&[&world.key], &Expiries::default())
        .unwrap();
    // Would be noticed if it were read.
    let list = std::fs::read(world.file("1.acme.json")).unwrap();
    std::fs::write(world.file("1.acme.json"), "spoiled").unwrap();
    assert_eq!(world.load().await.unwrap(), index);
    let renewed = world.copy();
    // What was taken so is remembered: by the next short way, by the long way, and in the copy.
    assert_eq!(
        Index::load(&Source::Cached, &world.root(), world.state.path())
            .await
            .unwrap(),
        index
    );
    assert!(
        own.join("metadata/2.snapshot.json").exists() && own.join("metadata/1.acme.json").exists()
    );
    let refuse = async |change: &dyn Fn()| {
        restore(&renewed, |_| true);
        change();
        world.refusal().await
    };
    let timestamp =
        |key, change: &dyn Fn(&mut Value)| world.resign(&world.file("timestamp.json"), key, change);
    let error = refuse(&|| timestamp(&world.key, &|signed| signed["version"] = 1.into())).await;
    assert!(error.contains("rolled back"), "{error}");
    let foreign = PrivateKey::generate().unwrap();
    let error = refuse(&|| timestamp(&foreign, &|signed| signed["version"] = 3.into())).await;
    assert!(
        error.contains("timestamp metadata of the index is not signed"),
        "{error}"
    );
    let expired = |signed: &mut Value| signed["expires"] = "2020-01-01T00:00:00Z".into();
    let error = refuse(&|| timestamp(&world.key, &expired)).await;
    assert!(
        error.contains("timestamp.json was good until 2020-01-01"),
        "{error}"
    );
    let snapshot = |key, with_hash: bool| {
        world.resign(&world.newest("snapshot"), key, |signed| {
            signed["spec_version"] = "1.0.99".into()
        });
        let bytes = std::fs::read(world.newest("snapshot")).unwrap();
        timestamp(&world.key, &|signed| {
            signed["version"] = 3.into();
            let pin = &mut signed["meta"]["snapshot.json"];
            pin["length"] = bytes.len().into();
            if with_hash {
                pin["hashes"]["sha256"] = Digest::of(&bytes).hex().into();
            }
        });
    };
    let error = refuse(&|| snapshot(&foreign, true)).await;
    assert!(
        error.contains("snapshot metadata of the index is not signed"),
        "{error}"
    );
    let error = refuse(&|| snapshot(&world.key, false)).await;
    assert!(error.contains("do not belong together"), "{error}");
    // Other pins are no renewal.
    std::fs::write(world.file("1.acme.json"), list).unwrap();
    let error = refuse(&|| {
        std::fs::write(world.file("1.acme.json"), "spoiled").unwrap();
        world.repin("acme");
        timestamp(&world.key, &|signed| signed["version"] = 9.into());
    })
    .await;
    assert!(error.contains("not in order"), "{error}");
}

#[tokio::test]
async fn the_cached_copy_is_verified_like_any_other() {
    let world = World::new();
    let cached = async || Index::load(&Source::Cached, &world.root(), world.state.path()).await;
    let error = cached().await.unwrap_err().to_string();
    assert!(error.contains("no metadata/timestamp.json"), "{error}");
    let index = world.load().await.unwrap();
    assert_eq!(cached().await.unwrap(), index);
    let own = world.state.path().join(Digest::of(&world.root()).hex());
    std::fs::remove_file(own.join("verified.json")).unwrap();
    assert_eq!(cached().await.unwrap(), index);
    std::fs::remove_file(own.join("verified.json")).unwrap();
    let path = own.join("metadata/1.acme.json");
    let text = std::fs::read_to_string(&path)
        .unwrap()
        .replace("something", "SOMETHING");
    std::fs::write(path, text).unwrap();
    let error = cached().await.unwrap_err().to_string();
    assert!(error.contains("do not belong together"), "{error}");
}

#[tokio::test]
async fn a_memory_that_was_cut_off_is_made_anew() {
    let world = World::new();
    let index = world.load().await.unwrap();
    let own = world.state.path().join(Digest::of(&world.root()).hex());
    for name in [
        "verified.json",
        "root.json",
        "timestamp.json",
        "snapshot.json",
    ] {
        let bytes = std::fs::read(own.join(name)).unwrap();
        std::fs::write(own.join(name), &bytes[..bytes.len() / 2]).unwrap();
        std::fs::create_dir_all(own.join("work")).unwrap();
        assert_eq!(world.load().await.unwrap(), index, "{name}");
    }
}
