//! The lists of system calls. Landlock judges opening, making, moving and removing, by path, and
//! nothing else: what stands here besides must do no harm to any file of the user. So there is no
//! `chmod`, `chown`, `utime`, extended attribute, lock or lease, whatever the worker may write.

use nix::libc::{self, c_long};

/// Every worker: memory, signals, clocks, streams that are open.
#[rustfmt::skip]
pub(super) const ALWAYS: &[c_long] = &[
    // Memory: reservations, code, images, stacks. `mmap` has its flags judged.
    libc::SYS_munmap, libc::SYS_mprotect, libc::SYS_mremap, libc::SYS_madvise, libc::SYS_brk,
    libc::SYS_membarrier,
    // Signals: the engine's trap handlers. `restart_syscall` is how a stopped sleep goes on.
    libc::SYS_rt_sigaction, libc::SYS_rt_sigprocmask, libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack, libc::SYS_restart_syscall,
    // Waiting for one another, and leaving.
    libc::SYS_futex, libc::SYS_sched_yield, libc::SYS_sched_getaffinity, libc::SYS_getcpu,
    libc::SYS_exit, libc::SYS_exit_group,
    // Clocks, and who am I.
    libc::SYS_clock_gettime, libc::SYS_clock_getres, libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep, libc::SYS_gettimeofday, libc::SYS_getrusage, libc::SYS_sysinfo,
    libc::SYS_getpid, libc::SYS_gettid, libc::SYS_getppid, libc::SYS_getrandom,
    // What is open.
    libc::SYS_read, libc::SYS_write, libc::SYS_readv, libc::SYS_writev, libc::SYS_pread64,
    libc::SYS_preadv, libc::SYS_close, libc::SYS_fstat, libc::SYS_lseek, libc::SYS_ppoll,
    // The size of a file, which the C library asks for by an empty path.
    libc::SYS_statx, libc::SYS_newfstatat,
];

/// A run worker: threads, of which `clone` has its flags judged, and the event loop.
#[rustfmt::skip]
pub(super) const THREADS: &[c_long] = &[
    libc::SYS_clone3, libc::SYS_set_robust_list, libc::SYS_rseq,
    libc::SYS_epoll_create1, libc::SYS_epoll_ctl, libc::SYS_epoll_pwait, libc::SYS_eventfd2,
    // The engine asks for anonymous files to copy images into, and is told that there are none.
    libc::SYS_memfd_create,
];

/// A worker with directories: what WASI reads. Which files, landlock decides; how they are opened,
/// a rule.
#[rustfmt::skip]
pub(super) const READ: &[c_long] = &[
    libc::SYS_openat2, libc::SYS_getdents64, libc::SYS_readlinkat, libc::SYS_fadvise64,
    // Without `openat2` the library asks by these whether a directory may be searched. They tell no
    // more than `stat`.
    libc::SYS_faccessat, libc::SYS_faccessat2,
];

/// A worker with writable directories: copies that are thrown away after it.
#[rustfmt::skip]
pub(super) const WRITE: &[c_long] = &[
    libc::SYS_openat, libc::SYS_ftruncate,
    libc::SYS_pwrite64, libc::SYS_pwritev, libc::SYS_pwritev2, libc::SYS_fsync, libc::SYS_fdatasync,
    libc::SYS_fallocate, libc::SYS_copy_file_range, libc::SYS_mkdirat,
    libc::SYS_unlinkat, libc::SYS_renameat, libc::SYS_renameat2, libc::SYS_linkat,
    libc::SYS_symlinkat,
];

/// What only preparing needs.
#[rustfmt::skip]
pub(super) const PREPARING: &[c_long] = &[
    libc::SYS_clone, libc::SYS_epoll_create1, libc::SYS_eventfd2, libc::SYS_socketpair,
    libc::SYS_seccomp,
];

/// What a worker without directories needs for its code and its stdin alone.
#[rustfmt::skip]
pub(super) const PATHS: &[c_long] = &[libc::SYS_openat, libc::SYS_statx, libc::SYS_newfstatat];

/// Calls that this machine's C library still makes and newer ones do not have.
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
pub(super) const OLDER: &[c_long] = &[libc::SYS_epoll_wait, libc::SYS_poll, libc::SYS_time];
#[cfg(not(target_arch = "x86_64"))]
pub(super) const OLDER: &[c_long] = &[];
