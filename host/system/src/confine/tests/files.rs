//! Which files a worker can read and write, and how large they get.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::{Confinement, Layer, confined, denied, has_landlock, output_of, passes, run, told};

#[test]
fn a_file_that_was_not_listed_is_out_of_reach() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("listed"), "yes").unwrap();
    fs::write(place.path().join("other"), "no").unwrap();
    let output = output_of("files", place.path());
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(fs::read(place.path().join("listed")).unwrap(), b"yes");
}

pub(super) fn files(place: &Path) {
    let listed = place.join("listed");
    let done = confined(&Confinement {
        read: vec![listed.clone()],
        ..run()
    });
    assert!(done.layers.contains(&Layer::Seccomp), "{done:?}");
    assert_eq!(fs::read_to_string(&listed).unwrap(), "yes");
    denied(
        OpenOptions::new().write(true).open(&listed),
        "writing the listed file",
    );
    denied(
        OpenOptions::new().append(true).open(&listed),
        "appending to the listed file",
    );
    denied(File::create(place.join("new")), "creating a file beside it");
    denied(fs::read_dir(place), "listing its directory");
    denied(fs::remove_file(&listed), "removing it");
    denied(fs::rename(&listed, place.join("moved")), "renaming it");
    if has_landlock(&done.layers) {
        denied(File::open(place.join("other")), "reading a file beside it");
        denied(File::open("/etc/passwd"), "reading /etc/passwd");
        denied(File::open("/proc/self/maps"), "reading /proc/self/maps");
        denied(File::open("/dev/null"), "reading /dev/null");
    }
}

#[test]
fn a_readable_directory_cannot_be_written() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("granted")).unwrap();
    fs::write(place.path().join("granted/a"), "yes").unwrap();
    fs::write(place.path().join("other"), "no").unwrap();
    std::os::unix::fs::symlink("../other", place.path().join("granted/link")).unwrap();
    let output = output_of("read-only-directory", place.path());
    assert!(output.status.success(), "{}", told(&output));
}

pub(super) fn read_only_directory(place: &Path) {
    let granted = place.join("granted");
    let done = confined(&Confinement {
        read: vec![granted.clone()],
        ..run()
    });
    assert_eq!(fs::read_to_string(granted.join("a")).unwrap(), "yes");
    assert_eq!(fs::read_dir(&granted).unwrap().count(), 2);
    let dir = Dir::open_ambient_dir(&granted, ambient_authority()).unwrap();
    assert_eq!(dir.read_to_string("a").unwrap(), "yes");
    denied(dir.create_dir("d"), "making a directory");
    denied(fs::create_dir(granted.join("d")), "making a directory");
    denied(fs::remove_file(granted.join("a")), "removing a file");
    denied(
        fs::hard_link(granted.join("a"), granted.join("b")),
        "linking a file",
    );
    if has_landlock(&done.layers) {
        denied(
            OpenOptions::new().write(true).open(granted.join("a")),
            "writing a file",
        );
        denied(File::create(granted.join("new")), "creating a file");
        denied(
            File::open(granted.join("link")),
            "following a link that leads out",
        );
        denied(File::open(granted.join("../other")), "walking out");
    }
}

#[test]
fn a_writable_directory_can_be_written_and_nothing_beside_it() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("scratch")).unwrap();
    fs::write(place.path().join("other"), "no").unwrap();
    let output = output_of("write-directory", place.path());
    assert!(output.status.success(), "{}", told(&output));
    assert!(!place.path().join("new").exists());
}

pub(super) fn write_directory(place: &Path) {
    let scratch = place.join("scratch");
    let done = confined(&Confinement {
        write: vec![scratch.clone()],
        file_bytes: 1 << 20,
        ..run()
    });
    // All that a guest may do below a granted directory, in the way of WASI.
    let dir = Dir::open_ambient_dir(&scratch, ambient_authority()).unwrap();
    dir.create_dir("d").unwrap();
    let mut options = cap_std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    let mut file = dir.open_with("d/a", &options).unwrap();
    file.write_all(b"some bytes").unwrap();
    file.sync_all().unwrap();
    file.set_len(4).unwrap();
    drop(file);
    dir.rename("d/a", &dir, "b").unwrap();
    dir.hard_link("b", &dir, "c").unwrap();
    dir.symlink("b", "s").unwrap();
    assert_eq!(dir.read_link("s").unwrap(), Path::new("b"));
    assert_eq!(dir.read_to_string("s").unwrap(), "some");
    dir.remove_file("c").unwrap();
    dir.remove_dir("d").unwrap();
    dir.write("e", "more").unwrap();
    assert_eq!(dir.metadata("e").unwrap().len(), 4);
    assert_eq!(dir.read_dir(".").unwrap().count(), 3);
    // And as the quota walks through it.
    assert_eq!(fs::read_dir(&scratch).unwrap().count(), 3);
    denied(dir.open("../other"), "walking out of a granted directory");
    // And what not.
    denied(
        fs::set_permissions(scratch.join("b"), fs::metadata("/").unwrap().permissions()),
        "chmod",
    );
    denied(
        nix::sys::stat::mknod(
            &scratch.join("fifo"),
            nix::sys::stat::SFlag::S_IFIFO,
            nix::sys::stat::Mode::S_IRUSR,
            0,
        )
        .map_err(std::io::Error::from),
        "making a FIFO",
    );
    if has_landlock(&done.layers) {
        denied(File::create(place.join("new")), "creating a file beside it");
        denied(
            OpenOptions::new().write(true).open(place.join("other")),
            "writing beside it",
        );
        let here = nix::fcntl::AT_FDCWD;
        let moved = nix::fcntl::renameat(here, &scratch.join("b"), here, &place.join("b"));
        denied(moved.map_err(std::io::Error::from), "moving a file out");
        // Landlock answers as if it were another file system, so that programs copy instead.
        let flags = nix::fcntl::AtFlags::empty();
        let linked =
            nix::unistd::linkat(here, &place.join("other"), here, &scratch.join("o"), flags);
        assert_eq!(linked, Err(nix::errno::Errno::EXDEV), "linking a file in");
        let mode = nix::sys::stat::Mode::S_IRWXU;
        let made = nix::sys::stat::mkdirat(here, &place.join("d"), mode);
        denied(
            made.map_err(std::io::Error::from),
            "making a directory beside it",
        );
    }
}

#[test]
fn a_file_does_not_grow_beyond_the_limit() {
    passes("file-size");
}

pub(super) fn file_size(place: &Path) {
    let write = vec![place.to_owned()];
    confined(&Confinement {
        write,
        file_bytes: 1 << 20,
        ..run()
    });
    let mut file = File::create_new(place.join("f")).unwrap();
    file.write_all(&vec![1; 1 << 20]).unwrap();
    // An error that can be handed to the guest, not SIGXFSZ.
    let error = file.write_all(b"x").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FileTooLarge, "{error}");
    let error = file.set_len(1 << 30).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FileTooLarge, "{error}");
}

#[test]
fn descriptors_run_out_at_the_limit() {
    passes("open-files");
}

pub(super) fn open_files(place: &Path) {
    let file = place.join("f");
    fs::write(&file, "").unwrap();
    confined(&Confinement {
        read: vec![file.clone()],
        open_files: 100,
        ..run()
    });
    let mut open = Vec::new();
    let error = loop {
        match File::open(&file) {
            Ok(file) => open.push(file),
            Err(error) => break error,
        }
        assert!(open.len() < 1000, "there is no end of descriptors");
    };
    assert_eq!(error.raw_os_error(), Some(nix::libc::EMFILE), "{error}");
    assert!(open.len() >= 100, "only {} could be opened", open.len());
}

#[test]
fn what_a_worker_writes_is_private_to_the_user() {
    passes("private");
}

pub(super) fn private(place: &Path) {
    use std::os::unix::fs::PermissionsExt;
    confined(&Confinement {
        write: vec![place.to_owned()],
        ..run()
    });
    File::create(place.join("f")).unwrap();
    let dir = Dir::open_ambient_dir(place, ambient_authority()).unwrap();
    dir.create_dir("d").unwrap();
    for name in ["f", "d"] {
        let mode = fs::metadata(place.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}: {mode:o}");
    }
}
