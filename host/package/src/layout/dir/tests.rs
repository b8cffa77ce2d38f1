//! The store's writing: what is interrupted leaves nothing, what is wrong is not taken.

use std::fs;

use super::super::fixture::{layer, package_file};
use super::*;

/// Puts all of a package file into a store.
fn install(store: &DirLayout, file: &Path) -> Descriptor {
    let from = Layout::open(file).unwrap();
    let package = from.package().unwrap();
    let (manifest, bytes) = from.manifest(&package).unwrap();
    store.put(&package, &bytes[..]).unwrap();
    for blob in [&manifest.config, &manifest.layers[0]] {
        let mut incoming = store.begin(blob).unwrap();
        from.copy(blob, &mut incoming).unwrap();
        incoming.finish().unwrap();
    }
    let mut index = store.layout().index().unwrap();
    index.manifests.push(package.clone());
    store.replace_index(&index).unwrap();
    package
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_is_installed_is_read_back_while_the_lock_is_held_and_after() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let store = DirLayout::open_or_create(&path).unwrap();
    let package = install(&store, &package_file(dir.path(), 0));
    assert_eq!(Layout::open(&path).unwrap().package().unwrap(), package);
    assert!(store.holds(&package).unwrap());
    drop(store);
    let store = DirLayout::open_or_create(&path).unwrap();
    assert_eq!(store.layout().package().unwrap(), package);
    assert_eq!(names(&path), [".lock", "blobs", "index.json", "oci-layout"]);
}

#[test]
fn one_writes_at_a_time_and_readers_do_not_wait() {
    let dir = tempfile::tempdir().unwrap();
    let first = DirLayout::open_or_create(dir.path()).unwrap();
    assert!(DirLayout::try_open_or_create(dir.path()).unwrap().is_none());
    assert!(Layout::open(dir.path()).is_ok());
    drop(first);
    assert!(DirLayout::try_open_or_create(dir.path()).unwrap().is_some());
}

#[test]
fn eight_writers_at_once_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for number in 0..8_u8 {
            let path = dir.path();
            scope.spawn(move || {
                let store = DirLayout::open_or_create(path).unwrap();
                let blob = Descriptor::of(oci::MANIFEST, &[number]);
                store.put(&blob, &[number][..]).unwrap();
                let mut index = store.layout().index().unwrap();
                index.manifests.push(blob);
                store.replace_index(&index).unwrap();
            });
        }
    });
    let index = Layout::open(dir.path()).unwrap().index().unwrap();
    assert_eq!(index.manifests.len(), 8);
}

#[test]
fn a_blob_that_is_not_what_was_announced_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = DirLayout::open_or_create(dir.path()).unwrap();
    let announced = Descriptor::of(oci::WASM, &layer());
    for (bytes, wanted) in [
        (
            layer()[1..].to_vec(),
            "should have 5000 bytes, and has 4999",
        ),
        (
            [layer(), vec![0; 9]].concat(),
            "should have 5000 bytes, and has 5001",
        ),
        ([&[1], &layer()[1..]].concat(), "it was changed or damaged"),
    ] {
        let error = store.put(&announced, &bytes[..]).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
    // 4 GiB announced and never sent; and more sent than announced.
    let huge = Descriptor {
        size: 4 << 30,
        ..announced.clone()
    };
    assert!(store.put(&huge, &layer()[..]).is_err());
    let mut incoming = store.begin(&announced).unwrap();
    incoming.write_all(&layer()).unwrap();
    assert!(incoming.write_all(b"x").is_err());
    drop(incoming);
    assert!(!store.holds(&announced).unwrap());
    assert!(names(&dir.path().join(SHA256)).is_empty());
    assert_eq!(
        names(dir.path()),
        [".lock", "blobs", "index.json", "oci-layout"]
    );
}

#[test]
fn a_damaged_blob_is_not_held_and_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let store = DirLayout::open_or_create(dir.path()).unwrap();
    let blob = Descriptor::of(oci::WASM, &layer());
    store.put(&blob, &layer()[..]).unwrap();
    store.put(&blob, &layer()[..]).unwrap();
    let path = dir.path().join(blob_name(&blob.digest));
    for damaged in [vec![0; 5000], vec![]] {
        fs::write(&path, damaged).unwrap();
        assert!(!store.holds(&blob).unwrap());
    }
    store.put(&blob, &layer()[..]).unwrap();
    assert!(store.holds(&blob).unwrap());
}

#[test]
fn a_sweep_deletes_what_nothing_leads_to_and_keeps_signatures() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let file = package_file(dir.path(), 1);
    let from = Layout::open(&file).unwrap();
    let mut store = DirLayout::open_or_create(&path).unwrap();
    let package = install(&store, &file);
    let index = from.index().unwrap();
    let fallback = &index.manifests[1];
    let mut blobs = vec![fallback.clone()];
    for referrer in from.referrers(&package.digest).unwrap() {
        let (manifest, _) = from.manifest(&referrer).unwrap();
        blobs.extend([referrer, manifest.config, manifest.layers[0].clone()]);
    }
    for blob in &blobs {
        store
            .put(blob, &from.read(blob, 1 << 20).unwrap()[..])
            .unwrap();
    }
    store.replace_index(&index).unwrap();
    let before = names(&path.join(SHA256));
    let stray = Descriptor::of(oci::WASM, b"stray");
    store.put(&stray, &b"stray"[..]).unwrap();
    // What one who was killed leaves.
    fs::write(path.join(".incoming-0"), "half").unwrap();
    fs::write(path.join(".incoming-77"), "half").unwrap();
    assert_eq!(store.sweep().unwrap(), 3);
    assert_eq!(names(&path.join(SHA256)), before);
    assert_eq!(store.sweep().unwrap(), 0);

    store.replace_index(&Index::new(Vec::new())).unwrap();
    assert_eq!(store.sweep().unwrap(), before.len());
}

#[test]
fn a_sweep_that_cannot_see_what_is_reachable_deletes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    let mut store = DirLayout::open_or_create(&path).unwrap();
    let package = install(&store, &package_file(dir.path(), 0));
    fs::write(path.join(blob_name(&package.digest)), "damaged").unwrap();
    assert!(store.sweep().is_err());
    assert_eq!(names(&path.join(SHA256)).len(), 3);
}

#[test]
fn what_a_killed_writer_left_does_not_stop_the_next_one() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(".incoming-0"), "half").unwrap();
    fs::write(dir.path().join(".incoming-1"), "half").unwrap();
    let store = DirLayout::open_or_create(dir.path()).unwrap();
    let blob = Descriptor::of(oci::WASM, b"x");
    store.put(&blob, &b"x"[..]).unwrap();
    assert!(store.holds(&blob).unwrap());
}

#[test]
fn a_store_leads_nowhere_else() {
    let dir = tempfile::tempdir().unwrap();
    let (path, outside) = (dir.path().join("store"), dir.path().join("outside"));
    drop(DirLayout::open_or_create(&path).unwrap());
    fs::create_dir(&outside).unwrap();
    fs::remove_dir(path.join(SHA256)).unwrap();
    std::os::unix::fs::symlink(&outside, path.join(SHA256)).unwrap();
    match DirLayout::open_or_create(&path) {
        Err(_) => {}
        Ok(store) => {
            let blob = Descriptor::of(oci::WASM, b"x");
            assert!(store.put(&blob, &b"x"[..]).is_err());
        }
    }
    assert!(names(&outside).is_empty());
}

#[test]
fn what_is_another_version_or_no_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(MARKER), r#"{"imageLayoutVersion":"2"}"#).unwrap();
    let error = DirLayout::open_or_create(dir.path())
        .unwrap_err()
        .to_string();
    assert!(error.contains("should be `1.0.0`"), "{error}");
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(DirLayout::open_or_create(&file).is_err());
}
