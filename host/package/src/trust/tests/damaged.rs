//! A store that others could have written, or have.

use super::*;

#[test]
fn a_store_that_others_could_write_or_that_is_damaged_is_refused() {
    let told = |home: &tempfile::TempDir| chain(&Trust::open(home.path()).unwrap_err());
    let chmod =
        |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let (home, mut trust) = with_acme();
    let dir = home.path().join("trust");
    let pem = key_path(&dir, &key(1).fingerprint());
    let policy = policy_path(&home);
    for (path, mode, good) in [
        (&dir, 0o770, 0o700),
        (&dir, 0o702, 0o700),
        (&dir.join(KEYS), 0o777, 0o700),
        (&policy, 0o620, 0o600),
        (&pem, 0o666, 0o600),
    ] {
        chmod(path, mode);
        let error = told(&home);
        assert!(error.contains("should be writable by you alone"), "{error}");
        assert!(trust.deny(&Digest::of(b"x"), "x").is_err());
        chmod(path, good);
    }
    // Readable is no harm.
    chmod(&policy, 0o644);
    assert!(Trust::open(home.path()).is_ok());

    for bad in [key(2).to_pem().as_bytes(), b"", b"\xff", &[b'x'; 20000]] {
        fs::write(&pem, bad).unwrap();
        assert!(!told(&home).is_empty());
    }
    fs::write(&pem, key(2).to_pem()).unwrap();
    let error = told(&home);
    assert!(error.contains("should be the key sha256:"), "{error}");
    fs::remove_file(&pem).unwrap();
    nix::unistd::mkfifo(&pem, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let error = told(&home);
    assert!(error.contains("not a regular file"), "{error}");

    fs::write(&policy, "publisher = 1\n").unwrap();
    let error = told(&home);
    assert!(
        error.contains("is not a trust policy") && error.contains("line 1"),
        "{error}"
    );
    fs::write(&policy, b"\xff").unwrap();
    assert!(told(&home).contains("not UTF-8"));
    fs::write(&policy, vec![b'#'; (1 << 20) + 1]).unwrap();
    assert!(told(&home).contains("is larger than 1048576 bytes"));
}

#[test]
fn who_can_write_the_store_is_told_with_mode_and_owner() {
    let (home, _) = with_acme();
    let policy = policy_path(&home);
    let told = || Trust::open(home.path()).unwrap_err().to_string();
    fs::set_permissions(&policy, Permissions::from_mode(0o662)).unwrap();
    let owner = nix::unistd::geteuid().as_raw();
    let expected = format!("should be writable by you alone, and has mode 662 and owner {owner}");
    assert!(told().ends_with(&expected), "{}", told());
    fs::set_permissions(&policy, Permissions::from_mode(0o600)).unwrap();
    // Only root can give a file away.
    if std::os::unix::fs::chown(&policy, Some(12_345), None).is_ok() {
        assert!(told().ends_with("mode 600 and owner 12345"), "{}", told());
    }
}

/// If this fails, who can write one file of the store vouches for every identity.
#[test]
fn a_trusted_root_is_the_one_that_was_trusted_or_none() {
    let (home, mut trust) = with_acme();
    let identity = Identity {
        issuer: "https://issuer.example".into(),
        subject: "dev@acme.example".into(),
    };
    let share = grant("acme", &["acme"], Conflict::Share);
    trust.add_identity(&identity, b"{}", &share).unwrap();
    let root = home
        .path()
        .join(format!("trust/roots/{}.json", Digest::of(b"{}").hex()));
    fs::write(&root, "{ }").unwrap();
    let error = Trust::open(home.path()).unwrap_err().to_string();
    assert!(
        error.contains("should be the trusted root sha256:"),
        "{error}"
    );
    fs::remove_file(&root).unwrap();
    assert!(Trust::open(home.path()).is_err());
    fs::write(&root, "{}").unwrap();
    Trust::open(home.path()).unwrap();
}
