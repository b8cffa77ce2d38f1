use super::*;

fn plugin(manifest: &str) -> (tempfile::TempDir, Source) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("p")).unwrap();
    std::fs::write(dir.path().join("secret"), "secret").unwrap();
    std::fs::write(dir.path().join("p/in"), "input").unwrap();
    std::os::unix::fs::symlink("../secret", dir.path().join("p/link")).unwrap();
    let text = format!("[plugin]\nname='p'\n[build]\ncomponent='p.wasm'\n{manifest}");
    std::fs::write(dir.path().join("p/plugin.toml"), text).unwrap();
    let source = super::super::find(&dir.path().join("p")).remove(0).unwrap();
    (dir, source)
}

#[test]
fn a_manifest_reaches_no_file_outside_of_its_directory() {
    let (_dir, source) = plugin("[program]\nstdin='fifo'");
    let fifo = source.path.join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(source.stdin().is_err(), "a FIFO is no file");
    let (dir, source) = plugin("[program]\nstdin='in'");
    let copy = source.stdin().unwrap().unwrap().copy(dir.path()).unwrap();
    assert_eq!(std::fs::read(copy).unwrap(), b"input");
    let absolute = dir.path().join("secret").display().to_string();
    for outside in [
        "../secret",
        "link",
        &absolute,
        "/etc/passwd",
        ".",
        "/dev/zero",
    ] {
        let (_dir, source) = plugin(&format!("[program]\nstdin='{outside}'\nstdout='{outside}'"));
        assert!(source.stdin().is_err(), "{outside}");
        assert!(source.expected_stdout().is_err(), "{outside}");
    }
}

#[test]
fn the_expectation_beside_a_file_is_found_by_its_name_first() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.wasm");
    std::fs::write(&file, b"...default.input...").unwrap();
    let source = || super::super::find(&file).remove(0).unwrap();
    let name = || source().expected_stdout().unwrap().map(|input| input.name);
    assert_eq!(name(), None);
    std::fs::write(dir.path().join("stdout.expected"), "").unwrap();
    assert_eq!(name().as_deref(), Some("stdout.expected"));
    std::fs::write(dir.path().join("a.stdout.expected"), "").unwrap();
    assert_eq!(name().as_deref(), Some("a.stdout.expected"));
    assert_eq!(source().wanted_neighbour(&Limits::default()), None);
    std::fs::write(dir.path().join("default.input"), "").unwrap();
    let wanted = source().wanted_neighbour(&Limits::default());
    assert_eq!(wanted.as_deref(), Some("default.input"));
}

#[test]
fn a_stdin_that_is_no_file_or_too_large_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    assert!(Input::open(dir.path()).is_err());
    assert!(Input::open(Path::new("/dev/zero")).is_err());
    let sparse = dir.path().join("sparse");
    File::create(&sparse)
        .unwrap()
        .set_len(INPUT_BYTES_MAX + 1)
        .unwrap();
    let error = Input::open(&sparse).unwrap().copy(dir.path()).unwrap_err();
    assert!(matches!(error, InputError::TooLarge(_)));
}
