//! What an engine that was taken over tries where landlock is not there, or has no say.

use std::ffi::CString;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use nix::errno::Errno;
use nix::libc;

use super::{Confinement, Layer, confined, errno_of, output_of, passes, run, stripped, told};

/// If this fails, who may read a directory may truncate every file of the user, where there is no
/// landlock.
#[test]
fn without_landlock_a_reader_cannot_change_a_file() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("d")).unwrap();
    fs::write(place.path().join("victim"), "whole").unwrap();
    let output = output_of("reader-without-landlock", place.path());
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(
        fs::read_to_string(place.path().join("victim")).unwrap(),
        "whole"
    );
}

#[expect(clippy::too_many_lines, reason = "one process that tries everything")]
pub(super) fn reader_without_landlock(place: &Path) {
    let victim = CString::new(place.join("victim").as_os_str().as_bytes()).unwrap();
    let new = CString::new(place.join("new").as_os_str().as_bytes()).unwrap();
    nix::sys::prctl::set_no_new_privs().unwrap();
    let reader = Confinement {
        read: vec![place.join("d")],
        ..run()
    };
    assert_eq!(
        super::super::seccomp::install(&reader, true).unwrap(),
        Some(Layer::Seccomp)
    );
    // What it may do.
    assert!(File::open(place.join("victim")).is_ok());
    assert_eq!(fs::read_dir(place.join("d")).unwrap().count(), 0);
    let open = |path: &CString, flags: i32| {
        errno_of!(libc::syscall(
            libc::SYS_openat,
            libc::AT_FDCWD,
            path.as_ptr(),
            flags,
            0o600
        ))
    };
    for flags in [
        libc::O_WRONLY,
        libc::O_RDWR,
        libc::O_ACCMODE,
        libc::O_RDONLY | libc::O_TRUNC,
        libc::O_RDONLY | libc::O_APPEND,
    ] {
        assert_eq!(open(&victim, flags), Errno::EPERM, "{flags:o}");
    }
    assert_eq!(open(&new, libc::O_RDONLY | libc::O_CREAT), Errno::EPERM);
    let dir = CString::new(place.as_os_str().as_bytes()).unwrap();
    assert_eq!(open(&dir, libc::O_TMPFILE | libc::O_RDWR), Errno::EPERM);
    // Its flags lie in memory, where no filter looks. Not EPERM: who asks for it falls back to
    // `openat`.
    let how = [libc::O_RDONLY as u64 | libc::O_TRUNC as u64, 0, 0];
    assert_eq!(
        errno_of!(libc::syscall(
            libc::SYS_openat2,
            libc::AT_FDCWD,
            victim.as_ptr(),
            how.as_ptr(),
            24
        )),
        Errno::ENOSYS
    );
    #[cfg(target_arch = "x86_64")]
    {
        assert_eq!(
            errno_of!(libc::syscall(libc::SYS_open, victim.as_ptr(), libc::O_RDWR)),
            Errno::EPERM
        );
        assert_eq!(
            errno_of!(libc::syscall(libc::SYS_creat, victim.as_ptr(), 0o600)),
            Errno::EPERM
        );
    }
    assert_eq!(
        errno_of!(libc::syscall(libc::SYS_truncate, victim.as_ptr(), 0)),
        Errno::EPERM
    );
    assert_eq!(
        errno_of!(libc::syscall(
            libc::SYS_open_by_handle_at,
            libc::AT_FDCWD,
            0,
            0
        )),
        Errno::EPERM
    );
    assert_eq!(
        errno_of!(libc::syscall(libc::SYS_io_uring_setup, 1, 0)),
        Errno::EPERM
    );
}

/// Landlock has no say in times, modes, owners, attributes and locks: a worker that may write one
/// directory could change them of any file of its user.
#[test]
fn what_landlock_does_not_cover_is_denied_for_every_file() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir(place.path().join("d")).unwrap();
    let victim = place.path().join("victim");
    fs::write(&victim, "whole").unwrap();
    let before = fs::metadata(&victim).unwrap();
    let output = output_of("by-path", place.path());
    assert!(output.status.success(), "{}", told(&output));
    let after = fs::metadata(&victim).unwrap();
    assert_eq!(before.modified().unwrap(), after.modified().unwrap());
    assert_eq!(before.permissions(), after.permissions());
}

pub(super) fn by_path(place: &Path) {
    let path = CString::new(place.join("victim").as_os_str().as_bytes()).unwrap();
    let stripped = stripped();
    let inside = File::create(place.join("d/f")).unwrap();
    let what = Confinement {
        write: vec![place.join("d")],
        ..run()
    };
    stripped.confine(&what).unwrap();
    let path = path.as_ptr();
    let here = libc::AT_FDCWD;
    let times = [0_i64; 4];
    let times = times.as_ptr();
    let name = c"user.x".as_ptr();
    let fd = std::os::fd::AsRawFd::as_raw_fd(&inside);
    macro_rules! denied {
        ($($call:ident($($argument:expr),*)),* $(,)?) => {$({
            let errno = errno_of!(libc::syscall(libc::$call, $($argument),*));
            assert_eq!(errno, Errno::EPERM, stringify!($call));
        })*};
    }
    denied!(
        SYS_utimensat(here, path, times, 0),
        SYS_utimensat(fd, 0, times, 0),
        SYS_fchmodat(here, path, 0o777),
        SYS_fchmod(fd, 0o777),
        SYS_fchownat(here, path, 1, 1, 0),
        SYS_fchown(fd, 1, 1),
        SYS_setxattr(path, name, name, 1, 0),
        SYS_lsetxattr(path, name, name, 1, 0),
        SYS_fsetxattr(fd, name, name, 1, 0),
        SYS_getxattr(path, name, 0, 0),
        SYS_listxattr(path, 0, 0),
        SYS_removexattr(path, name),
        SYS_statfs(path, 0),
        SYS_fstatfs(fd, 0),
        SYS_name_to_handle_at(here, path, 0, 0, 0),
        SYS_flock(fd, libc::LOCK_SH),
        SYS_fcntl(fd, libc::F_SETLEASE, libc::F_RDLCK),
        SYS_fcntl(fd, libc::F_NOTIFY, 1),
        SYS_fcntl(fd, libc::F_SETPIPE_SZ, 1 << 20),
        SYS_fcntl(fd, libc::F_OFD_SETLK, 0),
        SYS_ioctl(fd, 0x4008_6602_u64, 0),
        SYS_fanotify_init(0, 0),
        SYS_quotactl(0, 0, 0, 0),
        SYS_acct(path),
        SYS_swapon(path, 0),
        SYS_chdir(path),
        SYS_fchdir(fd),
    );
    #[cfg(target_arch = "x86_64")]
    denied!(
        SYS_utime(path, times),
        SYS_utimes(path, times),
        SYS_futimesat(here, path, times),
        SYS_chmod(path, 0o777),
        SYS_chown(path, 1, 1),
        SYS_lchown(path, 1, 1),
        SYS_access(path, 0),
        SYS_stat(path, 0),
        SYS_lstat(path, 0),
        SYS_mknod(path, 0, 0),
    );
}

/// RLIMIT_DATA counts private writable pages alone: what is shared, a stack that grows, huge pages
/// and files in memory are as large as the machine.
#[test]
fn memory_that_no_limit_counts_cannot_be_had() {
    passes("uncounted-memory");
}

pub(super) fn uncounted_memory() {
    confined(&Confinement::run(64 << 20));
    let map = |flags: i32| {
        let bytes: usize = 16 << 20;
        errno_of!(libc::syscall(
            libc::SYS_mmap,
            0,
            bytes,
            libc::PROT_READ | libc::PROT_WRITE,
            flags,
            -1,
            0
        ))
    };
    let private = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    assert_eq!(map(libc::MAP_SHARED | libc::MAP_ANONYMOUS), Errno::EPERM);
    assert_eq!(
        map(libc::MAP_SHARED_VALIDATE | libc::MAP_ANONYMOUS),
        Errno::EPERM
    );
    assert_eq!(map(private | libc::MAP_GROWSDOWN), Errno::EPERM);
    assert_eq!(map(private | libc::MAP_HUGETLB), Errno::EPERM);
    // Not EPERM: the engine copies the images then, instead of giving up.
    assert_eq!(
        errno_of!(libc::syscall(libc::SYS_memfd_create, c"x".as_ptr(), 0)),
        Errno::ENOSYS
    );
    assert_eq!(
        errno_of!(libc::syscall(libc::SYS_memfd_secret, 0)),
        Errno::EPERM
    );
    assert_eq!(
        errno_of!(libc::shmget(libc::IPC_PRIVATE, 1 << 20, 0o600)),
        Errno::EPERM
    );
    let mut ends = [0; 2];
    assert_eq!(errno_of!(libc::pipe2(ends.as_mut_ptr(), 0)), Errno::EPERM);
}

/// Filled pages that are made read-only are no longer counted, and neither are stacks of threads
/// and the buffers of sockets in the kernel. And with nothing left to open, there is nothing that
/// landlock would have to forbid.
#[test]
fn a_guest_begins_in_a_worker_that_can_only_compute() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("code"), "code").unwrap();
    let output = output_of("sealed", place.path());
    assert!(output.status.success(), "{}", told(&output));
}

pub(super) fn sealed(place: &Path) {
    let code = place.join("code");
    let done = confined(&Confinement {
        read: vec![code.clone()],
        ..run()
    });
    assert!(done.layers.contains(&Layer::Seccomp), "{done:?}");
    assert_eq!(fs::read_to_string(&code).unwrap(), "code");
    // A thread that has begun, and waits.
    let meeting = std::sync::Arc::new(std::sync::Barrier::new(2));
    let other = std::sync::Arc::clone(&meeting);
    let thread = std::thread::spawn(move || {
        other.wait();
        other.wait();
        only_computes();
    });
    meeting.wait();
    done.seal().unwrap();
    only_computes();
    // Threads from before are sealed, too.
    meeting.wait();
    thread.join().unwrap();
    assert!(File::open(&code).is_err(), "its code can be opened again");
    assert!(fs::metadata(&code).is_err(), "a path can be asked for");
}

const PAGES: usize = 1 << 20;

/// Maps pages and changes what may be done with them.
fn protect(from: i32, to: i32) -> i32 {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping at an address of the kernel's choice, which nothing else knows of.
    #[allow(unsafe_code)]
    unsafe {
        let address = libc::mmap(std::ptr::null_mut(), PAGES, from, flags, -1, 0);
        if address == libc::MAP_FAILED {
            return -1;
        }
        libc::mprotect(address, PAGES, to)
    }
}

fn only_computes() {
    let writable = libc::PROT_READ | libc::PROT_WRITE;
    assert_eq!(protect(libc::PROT_NONE, writable), 0);
    assert_eq!(protect(writable, writable), 0);
    for protection in [
        libc::PROT_NONE,
        libc::PROT_READ,
        libc::PROT_WRITE,
        libc::PROT_EXEC,
        libc::PROT_READ | libc::PROT_EXEC,
        writable | libc::PROT_EXEC,
    ] {
        assert_eq!(protect(writable, protection), -1, "to {protection}");
        assert_eq!(Errno::last(), Errno::EPERM);
        if protection != libc::PROT_NONE {
            assert_eq!(protect(protection, writable), -1, "from {protection}");
            assert_eq!(Errno::last(), Errno::EPERM);
        }
    }
    assert!(std::thread::Builder::new().spawn(|| ()).is_err());
    assert!(std::os::unix::net::UnixStream::pair().is_err());
    assert_eq!(errno_of!(libc::eventfd(0, 0)), Errno::EPERM);
    assert_eq!(errno_of!(libc::epoll_create1(0)), Errno::EPERM);
    let filter = libc::SECCOMP_SET_MODE_FILTER;
    assert_eq!(
        errno_of!(libc::syscall(libc::SYS_seccomp, filter, 1, 0)),
        Errno::EPERM
    );
    assert!(File::open("/dev/null").is_err());
    // What a guest's memory and the allocator need.
    assert!(Vec::<u8>::new().try_reserve_exact(64 << 20).is_ok());
}

#[test]
fn a_sealed_worker_with_directories_still_reads_them() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("a"), "yes").unwrap();
    let output = output_of("sealed-with-directories", place.path());
    assert!(output.status.success(), "{}", told(&output));
}

pub(super) fn sealed_with_directories(place: &Path) {
    let done = confined(&Confinement {
        read: vec![place.to_owned()],
        ..run()
    });
    done.seal().unwrap();
    assert_eq!(fs::read_to_string(place.join("a")).unwrap(), "yes");
    // In the way of WASI, which is told that there is no `openat2`.
    let dir = cap_std::fs::Dir::open_ambient_dir(place, cap_std::ambient_authority()).unwrap();
    assert_eq!(dir.read_to_string("a").unwrap(), "yes");
    assert_eq!(dir.metadata("a").unwrap().len(), 3);
    assert_eq!(dir.entries().unwrap().count(), 1);
    assert!(dir.open("../other").is_err());
    assert!(dir.create("b").is_err());
    assert!(std::thread::Builder::new().spawn(|| ()).is_err());
}

/// If this fails, a compiler that was taken over reads and writes every file of the user, where
/// there is no landlock.
#[test]
fn a_compile_worker_opens_nothing_at_all() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("victim"), "whole").unwrap();
    let output = output_of("sealed-compiler", place.path());
    assert!(output.status.success(), "{}", told(&output));
    let text = |name: &str| fs::read_to_string(place.path().join(name)).unwrap();
    assert_eq!(
        (text("victim"), text("code")),
        ("whole".into(), "code".into())
    );
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2);
}

pub(super) fn sealed_compiler(place: &Path) {
    use std::io::Write as _;
    nix::sys::prctl::set_no_new_privs().unwrap();
    let mut code = File::create(place.join("code")).unwrap();
    // Without the other layers.
    let what = Confinement::compile(1 << 30, 10_000);
    assert_eq!(
        super::super::seccomp::install(&what, false).unwrap(),
        Some(Layer::Seccomp)
    );
    code.write_all(b"code").unwrap();
    let victim = place.join("victim");
    assert!(File::open(&victim).is_err());
    assert!(
        File::options()
            .write(true)
            .truncate(true)
            .open(&victim)
            .is_err()
    );
    assert!(File::create(place.join("new")).is_err());
    assert!(fs::rename(&victim, place.join("moved")).is_err());
    assert!(fs::remove_file(&victim).is_err());
    assert!(fs::create_dir(place.join("d")).is_err());
    assert!(std::os::unix::fs::symlink("/", place.join("link")).is_err());
    assert!(fs::metadata(&victim).is_err());
    assert!(code.set_len(0).is_err());
    only_computes();
}
