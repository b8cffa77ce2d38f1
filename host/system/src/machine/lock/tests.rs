use super::*;

fn locks() -> (tempfile::TempDir, CoreLocks) {
    let dir = tempfile::tempdir().unwrap();
    let locks = CoreLocks::open(Some(dir.path())).unwrap();
    (dir, locks)
}

#[test]
fn a_core_belongs_to_one_until_it_is_given_back() {
    let (_dir, locks) = locks();
    assert!(!locks.is_taken(3), "there is no file yet");
    let held = locks.take(3).unwrap().unwrap();
    assert!(locks.is_taken(3));
    assert!(locks.take(3).unwrap().is_none());
    assert!(locks.take(4).unwrap().is_some(), "another core is free");
    drop(held);
    assert!(!locks.is_taken(3));
    assert!(locks.take(3).unwrap().is_some());
}

/// If this fails, a file that another user put there makes the run open, wait for or change
/// what it must not.
#[test]
fn what_another_user_put_there_is_neither_followed_nor_waited_for() {
    let (dir, locks) = locks();
    let target = dir.path().join("target");
    std::os::unix::fs::symlink(&target, locks.path(0)).unwrap();
    assert!(locks.take(0).is_err());
    assert!(!target.exists(), "the link was followed");
    nix::unistd::mkfifo(&locks.path(1), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(locks.take(1).is_err());
    std::fs::create_dir(locks.path(2)).unwrap();
    assert!(locks.take(2).is_err());
    std::fs::write(&target, "").unwrap();
    std::fs::hard_link(&target, locks.path(4)).unwrap();
    assert!(locks.take(4).is_err());
    std::fs::write(locks.path(3), "kept").unwrap();
    assert!(locks.take(3).unwrap().is_some());
    assert_eq!(std::fs::read(locks.path(3)).unwrap(), b"kept");
    for core in [0, 1, 2, 4] {
        assert!(!locks.is_taken(core));
    }
}

/// If this fails, a user with a private mask keeps all others from measuring.
#[test]
fn every_user_can_open_a_file_that_was_made() {
    let (_dir, locks) = locks();
    drop(locks.take(0).unwrap());
    let mode = locks.path(0).metadata().unwrap().mode();
    assert_eq!(mode & 0o777, 0o644);
}

#[test]
fn a_file_that_was_removed_is_no_lock() {
    let (_dir, locks) = locks();
    let file = file_of(&locks.path(0)).unwrap();
    assert!(is_at(&file, &locks.path(0)));
    std::fs::remove_file(locks.path(0)).unwrap();
    assert!(!is_at(&file, &locks.path(0)));
}

#[test]
fn a_directory_that_is_not_there_is_an_error() {
    let (dir, _) = locks();
    assert!(CoreLocks::open(Some(&dir.path().join("none"))).is_err());
}
