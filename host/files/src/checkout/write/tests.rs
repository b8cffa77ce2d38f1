use super::*;
use std::os::unix::fs::symlink;

fn write(path: &Path, text: &str) -> io::Result<()> {
    write_file(path, |file| file.write_all(text.as_bytes()))
}

#[test]
fn a_link_is_replaced_and_not_followed_and_nothing_else_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("precious"), "precious").unwrap();
    symlink("precious", at("link")).unwrap();
    fs::write(at("old"), "a longer text").unwrap();
    let folder = Folder::named(dir.path()).unwrap();
    for name in ["link", "old", "new"] {
        assert_eq!(folder.write(name, b"one").unwrap(), at(name));
        assert_eq!(fs::read_to_string(at(name)).unwrap(), "one");
        write(&at(name), "two").unwrap();
        assert_eq!(fs::read_to_string(at(name)).unwrap(), "two");
    }
    assert_eq!(fs::read_to_string(at("precious")).unwrap(), "precious");
    let failed: io::Result<()> = write_file(&at("old"), |file| {
        file.write_all(b"half")?;
        Err(io::ErrorKind::Other.into())
    });
    assert!(failed.is_err());
    assert_eq!(fs::read_to_string(at("old")).unwrap(), "two");
    assert!(write(dir.path(), "x").is_err() && folder.write("..", b"x").is_err());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4);
}

#[test]
fn no_directory_on_the_way_is_a_link_or_gits() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("in/.git")).unwrap();
    symlink("..", dir.path().join("in/up")).unwrap();
    symlink("deep", dir.path().join("in/link")).unwrap();
    let folder = Folder::there(&dir.path().join("in")).unwrap();
    for path in ["up", "up/x", "link", "a/../..", "/tmp", ".git", "a/.GIT/x"] {
        assert!(folder.below(Path::new(path)).is_err(), "{path}");
    }
    let deep = folder.below(Path::new("deep/er")).unwrap();
    assert_eq!(
        deep.write("file", b"x").unwrap(),
        dir.path().join("in/deep/er/file")
    );
    let error = folder.below(Path::new("up/x")).unwrap_err().to_string();
    assert!(error.contains("in/up is a link"), "{error}");
}

#[test]
fn what_is_no_file_is_written_into() {
    write(Path::new("/dev/null"), "x").unwrap();
    let mut file = tempfile::tempfile().unwrap();
    let path = PathBuf::from(format!(
        "/dev/fd/{}",
        std::os::fd::AsRawFd::as_raw_fd(&file)
    ));
    file.write_all(b"before ").unwrap();
    write(&path, "after").unwrap();
    use std::io::{Read as _, Seek as _};
    let mut all = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut all).unwrap();
    assert_eq!(all, "before after");
}
