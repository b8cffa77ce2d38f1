//! Reading what was written, as a tar and as a directory, and the ways in which both can be wrong.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use proptest::prelude::*;

use super::fixture::{
    CONFIG, MTIME, TAG, contents, layer, package_file, read_all, signature, unpacked,
};
use super::*;
use dyno_model::chain;

fn told(path: &Path) -> String {
    chain(&read_all(path).unwrap_err())
}

/// Replaces the index of a directory.
fn reindex(dir: &Path, change: impl FnOnce(&mut Index)) {
    let path = dir.join(INDEX_JSON);
    let mut index: Index = strict(&fs::read(&path).unwrap());
    change(&mut index);
    fs::write(path, oci::to_json(&index)).unwrap();
}

fn strict(bytes: &[u8]) -> Index {
    crate::strict_json::from_slice(bytes).unwrap()
}

/// Puts a blob where it belongs.
fn put(dir: &Path, media_type: &str, bytes: &[u8]) -> Descriptor {
    let descriptor = Descriptor::of(media_type, bytes);
    fs::write(dir.join(blob_name(&descriptor.digest)), bytes).unwrap();
    descriptor
}

fn tagged(mut descriptor: Descriptor, tag: &str) -> Descriptor {
    descriptor
        .annotations
        .insert(oci::REF_NAME.into(), tag.into());
    descriptor
}

#[test]
fn a_tar_and_a_directory_tell_the_same_package() {
    let dir = tempfile::tempdir().unwrap();
    let unpacked = unpacked(dir.path(), 2);
    let from_dir = read_all(&unpacked).unwrap();
    let from_tar = read_all(&dir.path().join("acme-x-1.2.0.oci.tar")).unwrap();
    assert_eq!(from_dir, from_tar);
    assert_eq!(from_tar.len(), 9);
    assert_eq!(
        (&from_tar[1][..], &from_tar[2]),
        (CONFIG, &layer()),
        "config and layer"
    );
    let layout = Layout::open(&unpacked).unwrap();
    let package = layout.package().unwrap();
    assert_eq!(layout.resolve(TAG).unwrap(), package);
    let listed = layout.referrers(&package.digest).unwrap();
    assert!(
        listed
            .iter()
            .all(|it| it.artifact_type.as_deref() == Some(oci::SIGSTORE_BUNDLE)),
        "{listed:?}"
    );
    let mut copied = Vec::new();
    let (manifest, _) = layout.manifest(&package).unwrap();
    layout.copy(&manifest.layers[0], &mut copied).unwrap();
    assert_eq!(copied, layer());
}

#[test]
fn equal_contents_make_equal_bytes_in_any_order_and_a_signature_more_keeps_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let one = package_file(dir.path(), 1);
    let bytes = fs::read(&one).unwrap();
    fs::remove_file(&one).unwrap();
    assert_eq!(bytes, fs::read(package_file(dir.path(), 1)).unwrap());

    let layout = Layout::open(&one).unwrap();
    let mut more = Contents::of(&layout).unwrap();
    let package = layout.package().unwrap();
    let manifest = signature(&mut more, &package, 1);
    more.add_referrer(manifest.clone()).unwrap();
    more.add_referrer(manifest).unwrap();
    // Over the very file that it is read from.
    write_tar(&one, &more, MTIME).unwrap();
    let two = fs::read(&one).unwrap();
    assert_eq!(two, fs::read(package_file(dir.path(), 2)).unwrap());
    assert_eq!(read_all(&one).unwrap().len(), 9);
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn a_byte_more_less_or_other_than_described_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let unpacked = unpacked(dir.path(), 0);
    let blob = unpacked.join(blob_name(&Digest::of(&layer())));
    for (change, wanted) in [
        (
            layer()[1..].to_vec(),
            "should have 5000 bytes, and has 4999",
        ),
        (
            [layer(), vec![0]].concat(),
            "should have 5000 bytes, and has 5001",
        ),
        ([&[1], &layer()[1..]].concat(), "it was changed or damaged"),
    ] {
        fs::write(&blob, change).unwrap();
        let error = told(&unpacked);
        assert!(error.contains(wanted), "{error}");
        let layout = Layout::open(&unpacked).unwrap();
        let (manifest, _) = layout.manifest(&layout.package().unwrap()).unwrap();
        assert!(layout.copy(&manifest.layers[0], &mut io::sink()).is_err());
    }
    fs::remove_file(&blob).unwrap();
    let error = told(&unpacked);
    assert!(error.contains("has no blobs/sha256/"), "{error}");
}

#[test]
fn a_blob_larger_than_its_caller_wants_is_refused_before_it_is_looked_for() {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::open(&package_file(dir.path(), 0)).unwrap();
    let huge = Descriptor {
        size: 4 << 30,
        ..Descriptor::of(oci::WASM, &layer())
    };
    let error = layout.read(&huge, 32 << 20).unwrap_err().to_string();
    assert!(
        error.contains("has 4294967296 bytes, and the limit is 33554432"),
        "{error}"
    );
    let error = layout.read(&huge, u64::MAX).unwrap_err().to_string();
    assert!(
        error.contains("should have 4294967296 bytes, and has 5000"),
        "{error}"
    );
}

#[test]
fn the_files_that_have_no_digest_are_bounded_and_strict() {
    let dir = tempfile::tempdir().unwrap();
    let unpacked = unpacked(dir.path(), 0);
    let index = fs::read_to_string(unpacked.join(INDEX_JSON)).unwrap();
    let twice = index.replacen('{', "{\"schemaVersion\":2,", 1);
    let other = index.replacen("image.index", "image.index2", 1);
    for (bytes, wanted) in [
        (twice.as_str(), "`schemaVersion` stands twice"),
        (&other, "should have schemaVersion 2 and mediaType"),
        ("[", "is not what it should be"),
        (
            &" ".repeat((1 << 20) + 1),
            "has 1048577 bytes, and the limit is 1048576",
        ),
    ] {
        fs::write(unpacked.join(INDEX_JSON), bytes).unwrap();
        let error = told(&unpacked);
        assert!(error.contains(wanted), "{error}");
    }
    for (bytes, wanted) in [
        (
            r#"{"imageLayoutVersion":"2.0.0"}"#,
            "should be `1.0.0`, and is `2.0.0`",
        ),
        (r#"{"imageLayoutVersion":"\u001b[2J"}"#, r"`\u{1b}[2J`"),
        ("{}", "missing field `imageLayoutVersion`"),
    ] {
        fs::write(unpacked.join(MARKER), bytes).unwrap();
        let error = told(&unpacked);
        assert!(error.contains(wanted), "{error}");
    }
    fs::remove_file(unpacked.join(MARKER)).unwrap();
    let error = told(&unpacked);
    assert!(error.contains("has no oci-layout"), "{error}");
}

#[test]
fn odd_files_are_refused_at_once_wherever_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    for path in [fifo.as_path(), Path::new("/dev/zero")] {
        let error = told(path);
        assert!(
            error.contains("neither a regular file nor a directory"),
            "{error}"
        );
    }
    let unpacked = unpacked(dir.path(), 0);
    let index = unpacked.join(INDEX_JSON);
    fs::remove_file(&index).unwrap();
    nix::unistd::mkfifo(&index, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let error = told(&unpacked);
    assert!(error.contains("not a regular file"), "{error}");
    fs::remove_file(&index).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &index).unwrap();
    let error = told(&unpacked);
    assert!(error.contains("cannot be read"), "{error}");
}

#[test]
fn a_tag_leads_to_one_manifest_and_a_file_holds_one_package() {
    let dir = tempfile::tempdir().unwrap();
    let unpacked = unpacked(dir.path(), 1);
    let layout = Layout::open(&unpacked).unwrap();
    let error = layout.resolve("9.9.9").unwrap_err().to_string();
    assert!(error.contains("stands 0 times"), "{error}");
    let package = layout.package().unwrap();
    reindex(&unpacked, |index| index.manifests.push(package.clone()));
    let error = layout.resolve(TAG).unwrap_err().to_string();
    assert!(error.contains("stands 2 times"), "{error}");
    let error = told(&unpacked);
    assert!(
        error.contains("should hold one package, and holds more"),
        "{error}"
    );
    reindex(&unpacked, |index| {
        index.manifests.retain(|it| *it != package)
    });
    let error = told(&unpacked);
    assert!(
        error.contains("should hold one package, and holds none"),
        "{error}"
    );
    // An index that is not one of referrers, say of an image for many platforms.
    let other = tagged(put(&unpacked, oci::INDEX, b"{}"), "latest");
    reindex(&unpacked, |index| index.manifests = vec![package, other]);
    let error = told(&unpacked);
    assert!(
        error.contains("is described as `application/vnd.oci.image.index"),
        "{error}"
    );
}

#[test]
fn an_index_where_a_manifest_should_be_is_refused_whatever_its_descriptor_says() {
    let dir = tempfile::tempdir().unwrap();
    let unpacked = unpacked(dir.path(), 0);
    let config = r#"{"mediaType":"a/b","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0}"#;
    let both = format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[],"config":{config},"layers":[]}}"#,
        oci::INDEX
    );
    let descriptor = put(&unpacked, oci::MANIFEST, both.as_bytes());
    reindex(&unpacked, |index| index.manifests = vec![descriptor]);
    let error = told(&unpacked);
    assert!(
        error.contains("and has 2 and `application/vnd.oci.image.index"),
        "{error}"
    );
}

#[test]
fn referrers_are_found_by_tag_and_by_subject_each_once_and_not_by_their_artifact_type() {
    let dir = tempfile::tempdir().unwrap();
    let unpacked = unpacked(dir.path(), 2);
    let layout = Layout::open(&unpacked).unwrap();
    let package = layout.package().unwrap();
    let listed = layout.referrers(&package.digest).unwrap();
    assert_eq!(listed.len(), 2);
    // As another tool keeps them: the first in both ways, the second by subject alone, and one of
    // another package.
    let bare: Vec<Descriptor> = listed
        .iter()
        .map(|it| Descriptor {
            artifact_type: None,
            ..it.clone()
        })
        .collect();
    let foreign = Manifest {
        subject: Some(Descriptor::of(oci::MANIFEST, b"other")),
        ..layout.manifest(&bare[0]).unwrap().0
    };
    let foreign = put(&unpacked, oci::MANIFEST, &oci::to_json(&foreign));
    let fallback = oci::to_json(&Index::new(vec![bare[0].clone(), bare[0].clone()]));
    let fallback = tagged(
        put(&unpacked, oci::INDEX, &fallback),
        &oci::referrers_tag(&package.digest),
    );
    reindex(&unpacked, |index| {
        index.manifests = vec![package.clone(), fallback.clone(), foreign.clone()];
        index.manifests.extend(bare.clone());
    });
    assert_eq!(layout.referrers(&package.digest).unwrap(), bare);
    assert_eq!(layout.package().unwrap(), package);
    assert_eq!(
        Contents::of(&layout).unwrap().indexes().unwrap().entries,
        contents(2).indexes().unwrap().entries
    );

    reindex(&unpacked, |index| index.manifests.push(fallback));
    let error = told(&unpacked);
    assert!(error.contains("stands 2 times"), "{error}");
}

#[test]
fn the_seventeenth_signature_is_one_too_many() {
    let dir = tempfile::tempdir().unwrap();
    let mut full = contents(oci::REFERRERS_MAX);
    let package = Layout::open(&package_file(dir.path(), 0))
        .and_then(|layout| layout.package())
        .unwrap();
    let manifest = signature(&mut full, &package, 99);
    let error = full.add_referrer(manifest).unwrap_err().to_string();
    assert!(error.contains("17 manifests refer to"), "{error}");
    let unpacked = unpacked(dir.path(), oci::REFERRERS_MAX);
    assert_eq!(read_all(&unpacked).unwrap().len(), 51);
    let manifest = Manifest::of_signature(Descriptor::of("x/y", b""), package);
    let direct = put(&unpacked, oci::MANIFEST, &oci::to_json(&manifest));
    reindex(&unpacked, |index| index.manifests.push(direct));
    let error = told(&unpacked);
    assert!(error.contains("17 manifests refer to"), "{error}");
}

#[test]
fn contents_without_a_blob_or_with_a_signature_of_something_else_are_refused() {
    let mut contents = Contents::default();
    let (config, layer) = (
        Descriptor::of(oci::WASM_CONFIG, CONFIG),
        Descriptor::of(oci::WASM, &layer()),
    );
    let manifest = oci::to_json(&Manifest::new(config, layer));
    let error = contents.set_package(TAG, manifest).unwrap_err().to_string();
    assert!(error.contains("has no blobs/sha256/"), "{error}");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("none");
    let error = write_tar(&path, &contents, 0).unwrap_err().to_string();
    assert!(error.contains("holds none"), "{error}");
    assert!(!path.exists());

    let mut contents = super::fixture::contents(0);
    let other = signature(&mut contents, &Descriptor::of(oci::MANIFEST, b"other"), 0);
    let error = contents.add_referrer(other).unwrap_err().to_string();
    assert!(error.contains("should refer to the package"), "{error}");
}

#[test]
fn a_file_that_changes_while_it_is_packed_leaves_the_old_package() {
    let dir = tempfile::tempdir().unwrap();
    let path = package_file(dir.path(), 0);
    let before = fs::read(&path).unwrap();
    let source = dir.path().join("x.wasm");
    fs::write(&source, layer()).unwrap();
    let mut contents = Contents::default();
    let config = contents.add_blob(oci::WASM_CONFIG, CONFIG.to_vec());
    let added = contents.add_file(oci::WASM, &source).unwrap();
    assert_eq!(added, Descriptor::of(oci::WASM, &layer()));
    let manifest = oci::to_json(&Manifest::new(config, added));
    contents.set_package(TAG, manifest).unwrap();
    for changed in [vec![1; 5000], vec![1; 20], vec![1; 9000]] {
        fs::write(&source, changed).unwrap();
        let error = chain(&write_tar(&path, &contents, MTIME).unwrap_err());
        assert!(error.contains("it was changed or damaged"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before);
    }
    fs::write(&source, layer()).unwrap();
    write_tar(&path, &contents, MTIME).unwrap();
    assert_eq!(fs::read(&path).unwrap(), before);
}

/// With a FIFO of its own: a test must not be able to replace a device of the machine.
#[test]
fn what_is_no_file_is_not_replaced_by_a_package() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    for path in [fifo.as_path(), dir.path()] {
        let error = chain(&write_tar(path, &contents(0), MTIME).unwrap_err());
        assert!(error.contains("not a regular file"), "{error}");
    }
    let kind = fs::symlink_metadata(&fifo).unwrap().file_type();
    assert!(!kind.is_file());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever is read without an error is what was written.
    #[test]
    fn flipped_bytes_never_panic_and_never_yield_wrong_bytes(
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..), 1..8),
        end in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = package_file(dir.path(), 1);
        let good = read_all(&path).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        for (at, flip) in flips {
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
        }
        if let Some(end) = end {
            bytes.truncate(end.index(bytes.len()));
        }
        fs::write(&path, bytes).unwrap();
        if let Ok(read) = read_all(&path) {
            // A referrer can get lost, since no digest covers the index; nothing else can differ.
            prop_assert!(good.starts_with(&read));
        }
    }
}

/// What skopeo makes of our files, and we of its; where it is not installed there is nothing to
/// ask.
#[test]
fn skopeo_copies_package_and_signatures_and_we_read_what_it_writes() {
    if Command::new("skopeo").arg("--version").output().is_err() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let ours = package_file(dir.path(), 2);
    let layout = Layout::open(&ours).unwrap();
    let package = layout.package().unwrap();
    let signatures = oci::referrers_tag(&package.digest);
    let copy = |args: &[&str]| {
        let done = Command::new("skopeo")
            .args(["--insecure-policy", "copy", "--quiet"])
            .args(args)
            .current_dir(dir.path())
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    let from = |tag: &str| format!("oci-archive:{}:{tag}", ours.display());
    copy(&[
        "--preserve-digests",
        &from(TAG),
        "oci-archive:theirs.tar:1.2.0",
    ]);
    let theirs = Layout::open(&dir.path().join("theirs.tar")).unwrap();
    assert_eq!(theirs.package().unwrap(), package);
    assert_eq!(
        read_all(&dir.path().join("theirs.tar")).unwrap(),
        read_all(&ours).unwrap()[..3]
    );

    copy(&["--preserve-digests", &from(TAG), "oci:both:1.2.0"]);
    copy(&[
        "--all",
        &from(&signatures),
        &format!("oci:both:{signatures}"),
    ]);
    assert_eq!(
        read_all(&dir.path().join("both")).unwrap(),
        read_all(&ours).unwrap()
    );
    for (args, name) in [
        (vec!["-cf", "gnu.tar", "."], "gnu.tar"),
        (
            vec![
                "--format=posix",
                "-cf",
                "pax.tar",
                "blobs",
                "index.json",
                "oci-layout",
            ],
            "pax.tar",
        ),
    ] {
        let both = dir.path().join("both");
        let done = Command::new("tar").args(args).current_dir(&both).status();
        assert!(done.unwrap().success());
        assert_eq!(
            read_all(&both.join(name)).unwrap(),
            read_all(&ours).unwrap(),
            "{name}"
        );
    }
}
