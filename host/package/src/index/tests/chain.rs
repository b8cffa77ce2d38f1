//! What is signed, by whom and how large: spoiled files, foreign keys, bad entries.

use super::*;

#[tokio::test]
async fn files_of_two_states_are_refused() {
    let world = World::new();
    let old = world.copy();
    world.release("acme/fib@1.1.0").await;
    // The old list under the new one's name.
    let list = &old
        .iter()
        .find(|(path, _)| path.ends_with("1.acme.json"))
        .unwrap()
        .1;
    std::fs::write(world.file("2.acme.json"), list).unwrap();
    let error = world.refusal().await;
    assert!(
        error.contains("2.acme.json does not hash to what the file"),
        "{error}"
    );
    // The same where the snapshot has no hashes, but versions alone.
    world.resign(&world.newest("snapshot"), &world.key, |signed| {
        signed["meta"]["acme.json"] = json!({"version": 2});
    });
    world.resign(&world.file("timestamp.json"), &world.key, |signed| {
        signed["meta"]["snapshot.json"] = json!({"version": 2});
    });
    let error = world.refusal().await;
    assert!(
        error.contains("version mismatch: fetched 1, expected 2"),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_not_signed_by_enough_of_the_right_keys_is_refused() {
    let foreign = PrivateKey::generate().unwrap();
    for role in ["targets", "acme"] {
        let world = World::new();
        world.forge(role, &world.key, |_| {});
        world.load().await.unwrap();
        world.forge(role, &foreign, |signed| signed["version"] = 1.into());
        let world = World {
            state: tempfile::tempdir().unwrap(),
            ..world
        };
        let error = world.refusal().await;
        assert!(
            error.contains("targets metadata of the index is not signed"),
            "{role}: {error}"
        );
    }
    for file in ["timestamp.json", "1.snapshot.json"] {
        let world = World::new();
        world.resign(&world.file("timestamp.json"), &world.key, |signed| {
            signed["meta"]["snapshot.json"] = json!({"version": 1});
        });
        world.load().await.unwrap();
        world.resign(&world.file(file), &foreign, |signed| {
            signed["spec_version"] = "1.0.99".into()
        });
        let world = World {
            state: tempfile::tempdir().unwrap(),
            ..world
        };
        let error = world.refusal().await;
        assert!(
            error.contains("is not signed as the trusted root demands"),
            "{file}: {error}"
        );
    }
}

#[tokio::test]
async fn fewer_signatures_than_the_threshold_are_refused_by_who_signs_and_who_reads() {
    let keys = [
        PrivateKey::generate().unwrap(),
        PrivateKey::generate().unwrap(),
        PrivateKey::generate().unwrap(),
    ];
    let two = Holder {
        keys: keys.iter().map(|key| key.public().clone()).collect(),
        threshold: 2,
    };
    let world = World::new();
    let mut editor = world.editor().await;
    editor.delegate("acme", &two).unwrap();
    let error = editor
        .sign(&[&world.key, &keys[0]], &Expiries::default())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("acme metadata must be signed by 2 of its keys, and 1"),
        "{error}"
    );
    // The same key twice is one.
    let error = editor
        .sign(&[&world.key, &keys[0], &keys[0]], &Expiries::default())
        .unwrap_err()
        .to_string();
    assert!(error.contains("and 1 of them were given"), "{error}");
    editor
        .sign(&[&world.key, &keys[0], &keys[2]], &Expiries::default())
        .unwrap();
    world.load().await.unwrap();
    let path = world.newest("acme");
    let mut value: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    value["signatures"].as_array_mut().unwrap().pop();
    std::fs::write(&path, value.to_string()).unwrap();
    world.repin("acme");
    let error = world.refusal().await;
    assert!(error.contains("threshold of 2 not met"), "{error}");
    for threshold in [0, 4] {
        let impossible = Holder {
            threshold,
            ..two.clone()
        };
        assert!(matches!(
            editor.delegate("acme", &impossible),
            Err(EditError::Threshold { .. })
        ));
    }
}

#[tokio::test]
async fn the_key_of_a_namespace_lists_nothing_of_another() {
    let acme = PrivateKey::generate().unwrap();
    let world = World::new();
    let mut editor = world.editor().await;
    editor
        .delegate("acme", &Holder::one(acme.public().clone()))
        .unwrap();
    editor
        .sign(&[&world.key, &acme], &Expiries::default())
        .unwrap();
    drop(editor);
    let steal = |name: &'static str| {
        move |signed: &mut Value| {
            let mine = signed["targets"]["acme/fib@1.0.0"].clone();
            signed["targets"][name] = mine;
        }
    };
    // What no other role lists makes the index contradict itself.
    world.forge("acme", &acme, steal("zeta/new@1.0.0"));
    let error = world.refusal().await;
    assert!(
        error.contains("lists what only another may") && error.contains("zeta/new"),
        "{error}"
    );
    // What the other lists too stays as the other lists it: `tough` alone would hand out both.
    world.forge("acme", &acme, |signed| {
        steal("zeta/fib@1.0.0")(signed);
        signed["targets"]
            .as_object_mut()
            .unwrap()
            .remove("zeta/new@1.0.0");
    });
    let index = world.load().await.unwrap();
    assert_eq!(
        index.releases(&"zeta/fib".parse().unwrap()),
        [listed("zeta/fib")]
    );
    assert!(
        index.ignored()[0].contains("only the role `zeta` may"),
        "{:?}",
        index.ignored()
    );
    // Acme's key does not sign for zeta, whatever the editor is told.
    let mut editor = world.editor().await;
    editor
        .yank(&"zeta/fib@1.0.0".parse().unwrap(), true)
        .unwrap();
    let error = editor
        .sign(&[&acme], &Expiries::default())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("zeta metadata must be signed by 1"),
        "{error}"
    );
}

#[tokio::test]
async fn a_namespace_that_delegates_further_is_refused() {
    let world = World::new();
    world.forge("acme", &world.key, |signed| {
        signed["delegations"] = json!({"keys": {}, "roles": [
            {"name": "x", "keyids": [], "threshold": 1, "paths": ["acme/*"], "terminating": false}
        ]});
    });
    let error = world.refusal().await;
    assert!(
        error.contains("1.acme.json: a namespace delegates to other roles"),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_no_release_is_left_out_and_said() {
    let world = World::new();
    world.forge("acme", &world.key, |signed| {
        let good = signed["targets"]["acme/fib@1.0.0"].clone();
        let mut with = |name: &str, change: &dyn Fn(&mut Value)| {
            signed["targets"][name] = good.clone();
            change(&mut signed["targets"][name]);
        };
        with("acme/fib@1.0", &|_| {});
        with("acme/a@1.0.0", &|target| {
            target["custom"]["homepage"] = "x".into()
        });
        with("acme/b@1.0.0", &|target| {
            drop(target["custom"].as_object_mut().unwrap().remove("kind"))
        });
        with("acme/c@1.0.0", &|target| {
            target["hashes"]["sha256"] = "00".into()
        });
        with("acme/d@1.0.0", &|target| {
            target["hashes"]["sha256"] = "00".repeat(32).into()
        });
        with("acme/e@1.0.0", &|target| {
            target["custom"]["location"] = "packages/../../etc/passwd".into()
        });
        with("acme/f@1.0.0", &|target| {
            target["custom"]["description"] = "x".repeat(1001).into()
        });
        with("acme/g@1.0.0", &|target| {
            target["custom"]["keywords"] = vec!["x"; 65].into()
        });
    });
    let index = world.load().await.unwrap();
    assert_eq!(index.search("", &Filter::default()).len(), 2);
    let ignored = index.ignored().join("\n");
    for sentence in [
        "`acme/fib@1.0` is not a release",
        "acme/a@1.0.0 does not have the fields that it should: unknown field `homepage`",
        "missing field `kind`",
        "digest of acme/c@1.0.0 has not 32 bytes",
        "location of acme/d@1.0.0 has the digest",
        "`packages/../../etc/passwd` is not a location",
        "`description` of acme/f@1.0.0",
        "`keywords` of acme/g@1.0.0",
    ] {
        assert!(ignored.contains(sentence), "{sentence} in {ignored}");
    }
}

#[tokio::test]
async fn endless_files_are_not_read_to_their_end() {
    for (file, limit) in [
        ("timestamp.json", "16384"),
        ("1.snapshot.json", "2000000"),
        ("2.root.json", "512000"),
    ] {
        let world = World::new();
        std::fs::File::create(world.file(file))
            .unwrap()
            .set_len(10 << 30)
            .unwrap();
        let error = world.refusal().await;
        assert!(
            error.contains(&format!("{file} of the index is larger than {limit} bytes")),
            "{error}"
        );
    }
    // Within our limit, and longer than what is signed.
    let world = World::new();
    let mut longer = std::fs::read(world.file("1.acme.json")).unwrap();
    longer.extend(vec![b' '; 100_000]);
    std::fs::write(world.file("1.acme.json"), longer).unwrap();
    let error = world.refusal().await;
    assert!(error.contains("1.acme.json is longer than the"), "{error}");
    let world = World::new();
    std::fs::remove_file(world.file("timestamp.json")).unwrap();
    nix::unistd::mkfifo(&world.file("timestamp.json"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let error = world.refusal().await;
    assert!(error.contains("not a regular file"), "{error}");
}
