//! What root keeps of its power: nothing.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::fd::IntoRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use nix::errno::Errno;
use nix::libc;

use super::{Confinement, output_of, passes, run, stripped, told};

/// Root is what containers run as, and the permissions of files say nothing to it, as long as it
/// has its capabilities.
#[test]
fn a_worker_of_root_has_no_power_over_the_files_of_others() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("d")).unwrap();
    let theirs = place.path().join("d/theirs");
    fs::write(&theirs, "secret").unwrap();
    fs::set_permissions(&theirs, fs::Permissions::from_mode(0o600)).unwrap();
    std::os::unix::fs::chown(&theirs, Some(12_345), Some(12_345)).unwrap();
    let output = output_of("root", place.path());
    assert!(output.status.success(), "{}", told(&output));
}

pub(super) fn root(place: &Path) {
    let dir = place.join("d");
    let stripped = stripped();
    let mut status = File::open("/proc/self/status").unwrap();
    stripped
        .confine(&Confinement {
            read: vec![dir.clone()],
            ..run()
        })
        .unwrap();
    let mut text = String::new();
    status.read_to_string(&mut text).unwrap();
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        let line = text.lines().find(|line| line.starts_with(set)).unwrap();
        assert!(line.ends_with("\t0000000000000000"), "{line}");
    }
    let read = fs::read(dir.join("theirs"));
    assert!(
        read.is_err(),
        "a root worker reads the 0600 file of another user"
    );
}

#[test]
fn no_capability_is_left() {
    passes("capabilities");
}

pub(super) fn capabilities() {
    let status = File::open("/proc/self/status").unwrap().into_raw_fd();
    // Without the filter and landlock, which would deny it too: the layers are independent.
    super::super::capabilities::drop_all().unwrap();
    let status = fs::read_to_string(format!("/proc/self/fd/{status}")).unwrap();
    let is_root = nix::unistd::geteuid().is_root();
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd"] {
        let line = status.lines().find(|line| line.starts_with(set)).unwrap();
        // Whoever is not root cannot empty that one, and gets nothing out of it.
        if is_root || set != "CapBnd" {
            assert!(line.ends_with("\t0000000000000000"), "{line}");
        }
    }
    if is_root {
        // Not even by becoming root once more, or by starting a program as root.
        let bits = secure_bits();
        assert_eq!(bits, 0b1110_1111, "{bits:b}");
    }
    let limit = (u64::from(u32::MAX) << 10) | 1;
    let raised =
        nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE, limit, limit);
    assert_eq!(
        raised,
        Err(Errno::EPERM),
        "root can still raise a hard limit"
    );
}

fn secure_bits() -> i32 {
    // SAFETY: takes and returns integers.
    #[allow(unsafe_code)]
    unsafe {
        libc::prctl(libc::PR_GET_SECUREBITS, 0, 0, 0, 0)
    }
}
