//! System calls that no worker needs, each made.

use std::ffi::CString;
use std::fs::{self, File};
use std::path::Path;

use nix::errno::Errno;
use nix::libc;

use super::{Confinement, Layer, confined, denied, errno_of, passes, run, stripped};

#[test]
fn no_program_can_be_started() {
    passes("programs");
}

pub(super) fn programs() {
    confined(&run());
    denied(
        std::process::Command::new("/bin/true").spawn(),
        "starting a program",
    );
    let program = CString::new("/bin/true").unwrap();
    let nothing = std::ptr::null::<*const libc::c_char>();
    let mut arguments = [program.as_ptr(), std::ptr::null()];
    assert_eq!(
        errno_of!(libc::execve(
            program.as_ptr(),
            arguments.as_mut_ptr(),
            nothing
        )),
        Errno::EPERM
    );
    assert_eq!(
        errno_of!(libc::syscall(
            libc::SYS_execveat,
            -1,
            program.as_ptr(),
            nothing,
            nothing,
            0
        )),
        Errno::EPERM
    );
}

#[test]
fn no_process_can_be_made_signalled_or_read() {
    passes("processes");
}

pub(super) fn processes() {
    confined(&run());
    let parent = std::os::unix::process::parent_id().cast_signed();
    assert_eq!(errno_of!(libc::fork()), Errno::EPERM);
    assert_eq!(
        errno_of!(libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0)),
        Errno::EPERM
    );
    let namespace = libc::CLONE_THREAD | libc::CLONE_VM | libc::CLONE_SIGHAND | libc::CLONE_NEWNET;
    assert_eq!(
        errno_of!(libc::syscall(libc::SYS_clone, namespace, 0, 0, 0, 0)),
        Errno::EPERM
    );
    // Not EPERM: the C library would not fall back to `clone` and could make no thread.
    assert_eq!(
        errno_of!(libc::syscall(libc::SYS_clone3, 0, 0)),
        Errno::ENOSYS
    );
    assert_eq!(errno_of!(libc::kill(parent, 0)), Errno::EPERM);
    assert_eq!(errno_of!(libc::kill(-1, 0)), Errno::EPERM);
    assert_eq!(
        errno_of!(libc::syscall(libc::SYS_tgkill, parent, parent, 0)),
        Errno::EPERM
    );
    assert_eq!(
        errno_of!(libc::syscall(libc::SYS_pidfd_open, parent, 0)),
        Errno::EPERM
    );
    assert_eq!(
        errno_of!(libc::syscall(
            libc::SYS_ptrace,
            libc::PTRACE_ATTACH,
            parent,
            0,
            0
        )),
        Errno::EPERM
    );
    let none = std::ptr::null::<libc::iovec>();
    assert_eq!(
        errno_of!(libc::process_vm_readv(parent, none, 0, none, 0, 0)),
        Errno::EPERM
    );
    assert_eq!(
        errno_of!(libc::process_vm_writev(parent, none, 0, none, 0, 0)),
        Errno::EPERM
    );
}

#[test]
fn calls_that_no_worker_needs_are_denied() {
    passes("system-calls");
}

pub(super) fn system_calls() {
    confined(&run());
    let calls = [
        ("mount", libc::SYS_mount),
        ("umount2", libc::SYS_umount2),
        ("unshare", libc::SYS_unshare),
        ("setns", libc::SYS_setns),
        ("chroot", libc::SYS_chroot),
        ("bpf", libc::SYS_bpf),
        ("pivot_root", libc::SYS_pivot_root),
        ("perf_event_open", libc::SYS_perf_event_open),
        ("io_uring_setup", libc::SYS_io_uring_setup),
        ("io_uring_enter", libc::SYS_io_uring_enter),
        ("io_uring_register", libc::SYS_io_uring_register),
        ("keyctl", libc::SYS_keyctl),
        ("add_key", libc::SYS_add_key),
        ("userfaultfd", libc::SYS_userfaultfd),
        ("setuid", libc::SYS_setuid),
        ("setgid", libc::SYS_setgid),
        ("setgroups", libc::SYS_setgroups),
        ("capset", libc::SYS_capset),
        ("fchmodat", libc::SYS_fchmodat),
        ("fchownat", libc::SYS_fchownat),
        ("mknodat", libc::SYS_mknodat),
        ("sched_setaffinity", libc::SYS_sched_setaffinity),
        ("connect", libc::SYS_connect),
        ("bind", libc::SYS_bind),
        ("listen", libc::SYS_listen),
        ("accept4", libc::SYS_accept4),
        ("sendto", libc::SYS_sendto),
        ("sendmsg", libc::SYS_sendmsg),
        ("seccomp", libc::SYS_seccomp),
        ("reboot", libc::SYS_reboot),
        ("kexec_load", libc::SYS_kexec_load),
        ("init_module", libc::SYS_init_module),
        ("personality", libc::SYS_personality),
        ("setpriority", libc::SYS_setpriority),
        ("shmget", libc::SYS_shmget),
        ("msgget", libc::SYS_msgget),
        ("mq_open", libc::SYS_mq_open),
        ("inotify_init1", libc::SYS_inotify_init1),
        ("timer_create", libc::SYS_timer_create),
        ("clock_settime", libc::SYS_clock_settime),
        ("setpgid", libc::SYS_setpgid),
        ("setsid", libc::SYS_setsid),
        ("openat2", libc::SYS_openat2),
    ];
    for (name, number) in calls {
        // SAFETY: no pointer but null; the filter answers before the kernel looks at arguments.
        #[allow(unsafe_code)]
        let done = unsafe { libc::syscall(number, -1, 0, 0, 0, 0, 0) };
        assert_eq!((done, Errno::last()), (-1, Errno::EPERM), "{name}");
    }
}

#[test]
fn a_counter_that_was_opened_before_can_be_read_and_nothing_else() {
    passes("counters");
}

pub(super) fn counters() {
    let stripped = stripped();
    let mut counters = crate::counters::software();
    stripped.confine(&run()).unwrap().seal().unwrap();
    counters.lap();
    assert!(!counters.lap().is_empty(), "it can be read");
    let descriptor = counters.descriptor();
    // To set to 0, to switch off, to change the period, to run a program at every event, to filter.
    for request in [0x2403, 0x2401, 0x4008_2404, 0x4004_2408, 0x4008_2406_u64] {
        assert_eq!(
            errno_of!(libc::ioctl(descriptor, request, 0)),
            Errno::EPERM,
            "{request:#x}"
        );
    }
    let page = 4096;
    // SAFETY: a mapping where the kernel likes; nothing reads it.
    #[allow(unsafe_code)]
    let mapped = unsafe {
        let shared = libc::MAP_SHARED;
        libc::mmap(
            std::ptr::null_mut(),
            page,
            libc::PROT_READ,
            shared,
            descriptor,
            0,
        )
    };
    assert_eq!((mapped, Errno::last()), (libc::MAP_FAILED, Errno::EPERM));
    assert_eq!(
        errno_of!(libc::syscall(libc::SYS_perf_event_open, 0, 0, -1, -1, 0)),
        Errno::EPERM
    );
}

#[test]
fn calls_that_are_allowed_for_some_arguments_are_denied_for_others() {
    passes("arguments");
}

pub(super) fn arguments() {
    confined(&run());
    let limit = libc::rlimit {
        rlim_cur: 1,
        rlim_max: 1,
    };
    assert_eq!(
        errno_of!(libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit)),
        Errno::EPERM
    );
    assert!(nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_DATA).is_ok());
    assert_eq!(
        errno_of!(libc::prctl(libc::PR_SET_PDEATHSIG, 0, 0, 0, 0)),
        Errno::EPERM
    );
    assert_eq!(
        errno_of!(libc::prctl(libc::PR_SET_DUMPABLE, 1, 0, 0, 0)),
        Errno::EPERM
    );
    assert_eq!(errno_of!(libc::fcntl(0, libc::F_SETOWN, 1)), Errno::EPERM);
    assert_eq!(errno_of!(libc::ioctl(0, libc::TIOCSTI, 0)), Errno::EPERM);
    // A stream pair is what the runtime makes; a datagram socket could be sent anywhere.
    assert!(std::os::unix::net::UnixStream::pair().is_ok());
    denied(
        std::os::unix::net::UnixDatagram::pair(),
        "a pair of datagram sockets",
    );
}

/// Where there is no landlock, and root has kept its capabilities, the list alone has to hold.
#[test]
fn the_list_of_calls_holds_without_the_other_layers() {
    passes("seccomp-alone");
}

pub(super) fn seccomp_alone(place: &Path) {
    fs::create_dir(place.join("d")).unwrap();
    fs::write(place.join("d/f"), "yes").unwrap();
    nix::sys::prctl::set_no_new_privs().unwrap();
    let parent = std::os::unix::process::parent_id().cast_signed();
    let reader = Confinement {
        read: vec![place.join("d")],
        ..run()
    };
    assert_eq!(
        super::super::seccomp::install(&reader, true).unwrap(),
        Some(Layer::Seccomp)
    );
    assert_eq!(fs::read_dir(place.join("d")).unwrap().count(), 1);
    denied(fs::create_dir(place.join("e")), "making a directory");
    denied(fs::remove_file(place.join("d/f")), "removing a file");
    denied(
        fs::rename(place.join("d/f"), place.join("g")),
        "renaming a file",
    );
    assert_eq!(errno_of!(libc::kill(parent, 0)), Errno::EPERM);
    assert_eq!(
        errno_of!(libc::syscall(libc::SYS_tgkill, parent, parent, 0)),
        Errno::EPERM
    );
    clones_threads_alone();
}

/// Threads of this process and nothing else, tried with what the kernel itself calls invalid: so
/// that its answer is another, and nothing is made.
fn clones_threads_alone() {
    let invalid = libc::CLONE_PIDFD | libc::CLONE_PARENT_SETTID;
    let clone = |flags: i32| {
        let flags = flags | invalid;
        errno_of!(libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0))
    };
    let parts = [libc::CLONE_THREAD, libc::CLONE_VM, libc::CLONE_SIGHAND];
    let thread = parts[0] | parts[1] | parts[2];
    assert_eq!(clone(thread), Errno::EINVAL, "a thread is no longer judged");
    for part in parts {
        assert_eq!(clone(thread & !part), Errno::EPERM, "without {part:#x}");
    }
    for namespace in [
        libc::CLONE_NEWNS,
        libc::CLONE_NEWCGROUP,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWNET,
    ] {
        assert_eq!(clone(thread | namespace), Errno::EPERM, "{namespace:#x}");
    }
}

#[test]
fn a_worker_without_directories_opens_for_reading_only() {
    passes("seccomp-alone-without-directories");
}

pub(super) fn seccomp_alone_without_directories(place: &Path) {
    let file = place.join("f");
    fs::write(&file, "yes").unwrap();
    nix::sys::prctl::set_no_new_privs().unwrap();
    let reader = Confinement {
        read: vec![file.clone()],
        ..run()
    };
    assert_eq!(
        super::super::seccomp::install(&reader, true).unwrap(),
        Some(Layer::Seccomp)
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "yes");
    denied(File::create(place.join("new")), "creating a file");
    denied(File::options().write(true).open(&file), "opening to write");
    denied(
        File::options().append(true).open(&file),
        "opening to append",
    );
}
