//! What only Unix has in the place of a report: pipes, links, names that are no text, rights.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;

use super::*;

#[test]
fn things_that_are_not_files() {
    let (directory, path) = place();
    let fifo = directory.path().join("fifo");
    let made = std::process::Command::new("mkfifo")
        .arg(&fifo)
        .status()
        .unwrap();
    assert!(made.success());
    let _socket = UnixListener::bind(&path).unwrap();
    for (path, expected) in [
        (directory.path(), "directory"),
        (&fifo, "FIFO"),
        (&path, "socket"),
        (Path::new("/dev/zero"), "device"),
        (Path::new("/dev/null"), "device"),
    ] {
        for result in [Store::open(path), Store::open_existing(path)] {
            let error = result.unwrap_err();
            assert!(
                matches!(error, StoreError::NotAFile { kind, .. } if kind == expected),
                "{error}"
            );
            one_sentence(&error);
        }
    }
}

#[test]
fn a_name_that_is_not_utf8() {
    let (directory, _) = place();
    let path = directory
        .path()
        .join(OsStr::from_bytes(b"r\xff?\x01.sqlite"));
    recorded(&path);
    assert_eq!(Store::open(&path).unwrap().runs().unwrap().len(), 1);
}

#[test]
fn links() {
    let (directory, path) = place();
    recorded(&path);
    let link = directory.path().join("link");
    symlink(&path, &link).unwrap();
    assert_eq!(Store::open(&link).unwrap().runs().unwrap().len(), 1);
    let nowhere = directory.path().join("nowhere");
    symlink(directory.path().join("gone"), &nowhere).unwrap();
    let error = Store::open(&nowhere).unwrap_err();
    assert!(matches!(error, StoreError::Create { .. }), "{error}");
    let (first, second) = (directory.path().join("1"), directory.path().join("2"));
    symlink(&first, &second).unwrap();
    symlink(&second, &first).unwrap();
    let error = Store::open(&first).unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
}

/// Does nothing unless a test of this file started it, as a user without rights.
#[test]
fn child_without_rights() {
    let Some(directory) = std::env::var_os("DYNO_TEST_RIGHTS") else {
        return;
    };
    let directory = PathBuf::from(directory);
    let error = |result: Result<Store, StoreError>| {
        let error = result.unwrap_err();
        one_sentence(&error);
        error
    };
    let unreadable = directory.join("unreadable.sqlite");
    for result in [Store::open(&unreadable), Store::open_existing(&unreadable)] {
        assert!(matches!(error(result), StoreError::CannotOpen { .. }));
    }
    let absent = Store::open(&directory.join("closed/r.sqlite"));
    assert!(matches!(error(absent), StoreError::Create { .. }));
    for name in [
        "closed/report.sqlite",
        "readonly.sqlite",
        "closed/readonly.sqlite",
    ] {
        let path = directory.join(name);
        let writing = Store::open(&path).and_then(|mut store| store.record(&fixture::numbered(7)));
        let error = writing.unwrap_err();
        one_sentence(&error);
        let known = matches!(
            error,
            StoreError::ReadOnly { .. } | StoreError::CannotOpen { .. }
        );
        assert!(known, "{name}: {error:?}");
        let reading = Store::open_existing(&path).unwrap();
        assert_eq!(reading.run("latest").unwrap(), fixture::full(), "{name}");
    }
    let hidden = Store::open(&directory.join("hidden/report.sqlite"));
    assert!(matches!(error(hidden), StoreError::Unreachable { .. }));
}

#[test]
fn missing_rights() {
    let (directory, _) = place();
    let root = directory.path();
    let mode = |name: &str, mode| {
        fs::set_permissions(root.join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    for name in ["closed", "hidden"] {
        fs::create_dir(root.join(name)).unwrap();
    }
    for name in [
        "unreadable.sqlite",
        "readonly.sqlite",
        "closed/report.sqlite",
        "closed/readonly.sqlite",
        "hidden/report.sqlite",
    ] {
        recorded(&root.join(name));
    }
    mode("unreadable.sqlite", 0o000);
    mode("readonly.sqlite", 0o444);
    mode("closed/readonly.sqlite", 0o444);
    mode("closed/report.sqlite", 0o666);
    mode("closed", 0o555);
    mode("hidden", 0o000);
    mode(".", 0o777);
    let mut program = std::env::current_exe().unwrap();
    let is_root = nix::unistd::geteuid().is_root();
    if is_root {
        // Where this was built may lie in a home that others cannot look into.
        let copy = root.join("program");
        // By a process of its own: a child that another test starts meanwhile would hold the
        // file that is being written, and what is being written is not run.
        let mut install = std::process::Command::new("install");
        install.args(["-m", "755"]).arg(&program).arg(&copy);
        assert!(install.status().unwrap().success());
        program = copy;
    }
    let mut child = child_of(&program, "refused::unix::child_without_rights");
    child.env("DYNO_TEST_RIGHTS", root).current_dir("/");
    if is_root {
        // Nothing is denied to root, so the child is the user `nobody`.
        child.uid(65534).gid(65534);
    }
    child
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let output = child.output().unwrap();
    for name in ["closed", "hidden"] {
        mode(name, 0o755);
    }
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
    let reading = contents(&root.join("closed"));
    assert_eq!(reading.len(), 2, "reading left nothing beside the reports");
}
