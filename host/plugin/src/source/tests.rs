use super::*;
use dyno_model::chain;

#[test]
fn odd_files_are_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("fifo.wasm");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let sparse = dir.path().join("sparse.wasm");
    File::create(&sparse).unwrap().set_len(10 << 30).unwrap();
    let limits = Limits::default();
    let read = |path: &Path| read(&file_source(path, None), &limits);
    for path in [fifo.as_path(), Path::new("/dev/zero"), dir.path()] {
        let error = chain(&read(path).unwrap_err());
        assert!(error.contains("not a regular file"), "{error}");
    }
    let error = read(&sparse).unwrap_err().to_string();
    assert!(
        error.contains("10737418240 bytes") && error.contains("33554432"),
        "{error}"
    );
}

#[test]
fn a_snapshot_of_a_file_that_changed_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (file, copy) = (dir.path().join("a.wasm"), dir.path().join("copy"));
    std::fs::write(&file, "one").unwrap();
    let source = file_source(&file, None);
    let (digest, bytes) = read(&source, &Limits::default()).unwrap();
    assert_eq!((digest, bytes), (Digest::of(b"one"), 3));
    snapshot(&source, &Limits::default(), &digest, &copy).unwrap();
    assert_eq!(std::fs::read(&copy).unwrap(), b"one");
    std::fs::write(&file, "two").unwrap();
    assert!(matches!(
        snapshot(&source, &Limits::default(), &digest, &copy),
        Err(SourceError::Changed(_))
    ));
}

#[test]
fn a_directory_is_searched_in_order_and_a_bad_manifest_hides_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    for path in [
        "b/deep/x.wat",
        "a/plugin.toml",
        "c/plugin.toml",
        "target/y.wasm",
        "z.txt",
    ] {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "").unwrap();
    }
    std::fs::write(
        dir.path().join("c/plugin.toml"),
        "[plugin]\nname='c'\n[build]\ncomponent='c.wat'",
    )
    .unwrap();
    let found = find(dir.path());
    let names: Vec<_> = found
        .iter()
        .map(|source| source.as_ref().map(|s| s.name.clone()).ok())
        .collect();
    assert_eq!(names, [None, Some("b/deep/x".into()), Some("c".into())]);
    assert_eq!(
        found[2].as_ref().unwrap().component(),
        dir.path().join("c/c.wat")
    );
}
