use std::os::unix::fs::symlink;

use super::*;

/// A directory that only its owner can change, to make others in.
fn parent() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).unwrap();
    dir
}

/// A directory that a killed process left, with a file in a directory that not even its owner
/// may enter.
fn left_in(parent: &Path) -> PathBuf {
    let dir = make(PREFIX, parent).unwrap().keep();
    fs::create_dir(dir.join("closed")).unwrap();
    fs::write(dir.join("closed/file"), "content").unwrap();
    fs::set_permissions(dir.join("closed"), Permissions::from_mode(0o000)).unwrap();
    dir
}

fn names(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

#[test]
fn it_is_private_and_goes_with_what_is_in_it() {
    let parent = parent();
    let dir = PrivateDir::new_in(parent.path()).unwrap();
    let inner = PrivateDir::inside(dir.path()).unwrap();
    for dir in [&dir, &inner] {
        let mode = fs::metadata(dir.path()).unwrap().mode();
        assert_eq!(mode & 0o7777, 0o700);
    }
    drop(inner);
    assert_eq!(names(dir.path()), Vec::<PathBuf>::new());
    fs::create_dir(dir.path().join("closed")).unwrap();
    fs::set_permissions(dir.path().join("closed"), Permissions::from_mode(0o000)).unwrap();
    drop(dir);
    assert_eq!(names(parent.path()), Vec::<PathBuf>::new());
}

#[test]
fn only_what_was_left_is_swept() {
    let parent = parent();
    let live = PrivateDir::new_in(parent.path()).unwrap();
    let left = left_in(parent.path());
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("file"), "content").unwrap();
    let like = |end: &str| parent.path().join(format!("{PREFIX}{end}"));
    symlink(elsewhere.path(), like("abcdefghijkl")).unwrap();
    fs::write(like("0123456789ab"), "a file").unwrap();
    // Made by another program: other users may look into it.
    fs::create_dir(like("ABCDEFGHIJKL")).unwrap();
    fs::set_permissions(like("ABCDEFGHIJKL"), Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(like("mine")).unwrap();
    fs::set_permissions(like("mine"), Permissions::from_mode(0o700)).unwrap();
    let mut others = names(parent.path());
    others.retain(|path| *path != left);
    sweep_in(parent.path());
    assert_eq!(names(parent.path()), others);
    assert!(live.path().is_dir() && elsewhere.path().join("file").is_file());
}

/// If this fails, programs that start at the same moment take each other's directories away.
#[test]
fn sweeping_and_making_at_the_same_time_is_safe() {
    let parent = parent();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    sweep_in(parent.path());
                    let dir = PrivateDir::new_in(parent.path()).unwrap();
                    fs::write(dir.path().join("file"), "content").unwrap();
                }
            });
        }
    });
    assert_eq!(names(parent.path()), Vec::<PathBuf>::new());
}

#[test]
fn where_others_can_rename_nothing_is_swept() {
    let parent = parent();
    let left = left_in(parent.path());
    for (mode, is_swept) in [(0o777, false), (0o770, false), (0o1777, true)] {
        fs::set_permissions(parent.path(), Permissions::from_mode(mode)).unwrap();
        let dir = PrivateDir::new_in(parent.path()).unwrap();
        assert_eq!(dir.can_be_moved(), !is_swept, "{mode:o}");
        sweep_in(parent.path());
        assert_eq!(left.exists(), !is_swept, "{mode:o}");
    }
}

#[test]
fn what_lasts_is_not_swept() {
    let dir = PrivateDir::lasting("dyno-kept-").unwrap();
    let mode = fs::metadata(&dir).unwrap().mode();
    sweep();
    assert!(dir.is_dir() && mode & 0o7777 == 0o700);
    fs::remove_dir(dir).unwrap();
}
