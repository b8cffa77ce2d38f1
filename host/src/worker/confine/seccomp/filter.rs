//! The lists, and how they become a filter.

use std::collections::BTreeMap;
use std::io;

use nix::libc::{self, c_long};
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};

use super::super::{ConfineError, Confinement};

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Every worker: memory, signals, threads, clocks, standard streams, the event loop.
#[rustfmt::skip]
const ALWAYS: &[c_long] = &[
    // Memory: reservations, code, images, stacks.
    libc::SYS_mmap, libc::SYS_munmap, libc::SYS_mprotect, libc::SYS_mremap, libc::SYS_madvise,
    libc::SYS_brk, libc::SYS_memfd_create, libc::SYS_ftruncate, libc::SYS_membarrier,
    // Signals: the engine's trap handlers. `restart_syscall` is how a stopped sleep goes on.
    libc::SYS_rt_sigaction, libc::SYS_rt_sigprocmask, libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack, libc::SYS_restart_syscall,
    // Threads. `clone` is below, with its flags.
    libc::SYS_futex, libc::SYS_set_robust_list, libc::SYS_rseq, libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity, libc::SYS_getcpu, libc::SYS_clone3,
    libc::SYS_exit, libc::SYS_exit_group,
    // Clocks, and who am I.
    libc::SYS_clock_gettime, libc::SYS_clock_getres, libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep, libc::SYS_gettimeofday, libc::SYS_getrusage, libc::SYS_sysinfo,
    libc::SYS_getpid, libc::SYS_gettid, libc::SYS_getppid, libc::SYS_getrandom,
    // Standard streams and the event loop.
    libc::SYS_read, libc::SYS_write, libc::SYS_readv, libc::SYS_writev, libc::SYS_close,
    libc::SYS_fstat, libc::SYS_lseek, libc::SYS_epoll_create1, libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait, libc::SYS_eventfd2, libc::SYS_ppoll,
    // To read the compiled code. `openat` is below, with its flags.
    libc::SYS_pread64, libc::SYS_preadv, libc::SYS_statx, libc::SYS_newfstatat,
];

/// A worker with directories: what WASI reads. Which files, landlock decides.
#[rustfmt::skip]
const READ: &[c_long] = &[
    libc::SYS_openat, libc::SYS_openat2, libc::SYS_getdents64, libc::SYS_readlinkat,
    libc::SYS_faccessat, libc::SYS_faccessat2, libc::SYS_fadvise64, libc::SYS_getcwd,
];

/// A worker with writable directories: a granted scratch copy, or the code cache. No `chmod`,
/// `chown`, `mknod` or extended attributes.
#[rustfmt::skip]
const WRITE: &[c_long] = &[
    libc::SYS_pwrite64, libc::SYS_pwritev, libc::SYS_pwritev2, libc::SYS_fsync, libc::SYS_fdatasync,
    libc::SYS_fallocate, libc::SYS_copy_file_range, libc::SYS_flock, libc::SYS_mkdirat,
    libc::SYS_unlinkat, libc::SYS_renameat, libc::SYS_renameat2, libc::SYS_linkat,
    libc::SYS_symlinkat, libc::SYS_utimensat,
];

/// Calls without an `at`, which this machine's C library still makes and newer ones do not have.
#[cfg(target_arch = "x86_64")]
mod older {
    use super::{c_long, libc};
    #[rustfmt::skip]
    pub(super) const ALWAYS: &[c_long] = &[libc::SYS_epoll_wait, libc::SYS_poll, libc::SYS_time];
    #[rustfmt::skip]
    pub(super) const READ: &[c_long] =
        &[libc::SYS_stat, libc::SYS_lstat, libc::SYS_access, libc::SYS_readlink];
    #[rustfmt::skip]
    pub(super) const WRITE: &[c_long] = &[
        libc::SYS_mkdir, libc::SYS_rmdir, libc::SYS_unlink, libc::SYS_rename, libc::SYS_link,
        libc::SYS_symlink,
    ];
}
#[cfg(not(target_arch = "x86_64"))]
mod older {
    use super::c_long;
    #[rustfmt::skip]
    pub(super) const ALWAYS: &[c_long] = &[];
    #[rustfmt::skip]
    pub(super) const READ: &[c_long] = &[];
    #[rustfmt::skip]
    pub(super) const WRITE: &[c_long] = &[];
}

/// `clone3` takes its flags by pointer, where no filter can look.
pub(super) fn no_clone3() -> Result<BpfProgram, ConfineError> {
    let rules = Rules::from([(libc::SYS_clone3, Vec::new())]);
    compile(rules, SeccompAction::Allow, errno(libc::ENOSYS))
}

pub(super) fn allow_list(what: &Confinement) -> Result<BpfProgram, ConfineError> {
    let mut rules = guarded(std::process::id())?;
    let mut allow = |calls: &[c_long]| rules.extend(calls.iter().map(|call| (*call, Vec::new())));
    allow(ALWAYS);
    allow(older::ALWAYS);
    if what
        .read
        .iter()
        .chain(&what.write)
        .any(|path| path.is_dir())
    {
        allow(READ);
        allow(older::READ);
    }
    if !what.write.is_empty() {
        allow(WRITE);
        allow(older::WRITE);
    }
    compile(rules, errno(libc::EPERM), SeccompAction::Allow)
}

/// Calls that are allowed for some arguments only.
fn guarded(process: u32) -> Result<Rules, BackendError> {
    let fcntl = [
        libc::F_GETFD,
        libc::F_SETFD,
        libc::F_GETFL,
        libc::F_SETFL,
        libc::F_DUPFD_CLOEXEC,
        libc::F_ADD_SEALS,
        libc::F_GET_SEALS,
    ];
    // Read only, for a worker whose only file is its code. A worker with directories has the
    // unguarded call from its list.
    let changes = libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC | libc::O_APPEND;
    // A thread of this process and nothing else: no process, no namespace.
    let thread = libc::CLONE_THREAD | libc::CLONE_VM | libc::CLONE_SIGHAND;
    let namespaces = libc::CLONE_NEWNS
        | libc::CLONE_NEWCGROUP
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUSER
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWNET;
    let mask = |bits: i32| SeccompCmpOp::MaskedEq(bits.cast_unsigned().into());
    let bits = |value: i32| u64::from(value.cast_unsigned());
    Ok(Rules::from([
        (
            libc::SYS_clone,
            one_of(0, mask(thread | namespaces), [bits(thread)])?,
        ),
        (
            libc::SYS_openat,
            one_of(2, mask(changes), [bits(libc::O_RDONLY)])?,
        ),
        (
            libc::SYS_fcntl,
            one_of(1, SeccompCmpOp::Eq, fcntl.map(bits))?,
        ),
        (
            libc::SYS_ioctl,
            one_of(1, SeccompCmpOp::Eq, [libc::FIONBIO, libc::FIOCLEX])?,
        ),
        // `abort`, and thread names. Not the death signal, which is set by then.
        (
            libc::SYS_tgkill,
            one_of(0, SeccompCmpOp::Eq, [process.into()])?,
        ),
        (
            libc::SYS_prctl,
            one_of(0, SeccompCmpOp::Eq, [bits(libc::PR_SET_NAME)])?,
        ),
        (libc::SYS_prlimit64, vec![read_own_rlimit()?]),
        // The runtime makes one for signals. Streams only: a datagram socket could be sent
        // anywhere without `connect`.
        (libc::SYS_socketpair, vec![unix_stream()?]),
    ]))
}

/// One rule for each value that the argument may have; its lower half is compared, since every
/// argument here is an `int`.
fn one_of<const N: usize>(
    argument: u8,
    operator: SeccompCmpOp,
    values: [u64; N],
) -> Result<Vec<SeccompRule>, BackendError> {
    let rule = |value| SeccompRule::new(vec![dword(argument, operator.clone(), value)?]);
    values.into_iter().map(rule).collect()
}

/// `getrlimit`: of this process, and no new value, which is a pointer.
fn read_own_rlimit() -> Result<SeccompRule, BackendError> {
    let no_new_value = SeccompCondition::new(2, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0)?;
    SeccompRule::new(vec![dword(0, SeccompCmpOp::Eq, 0)?, no_new_value])
}

fn unix_stream() -> Result<SeccompRule, BackendError> {
    const TYPE: u64 = 0xf;
    SeccompRule::new(vec![
        dword(0, SeccompCmpOp::Eq, libc::AF_UNIX.cast_unsigned().into())?,
        dword(
            1,
            SeccompCmpOp::MaskedEq(TYPE),
            libc::SOCK_STREAM.cast_unsigned().into(),
        )?,
    ])
}

fn dword(
    argument: u8,
    operator: SeccompCmpOp,
    value: u64,
) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
}

fn errno(number: i32) -> SeccompAction {
    SeccompAction::Errno(number.cast_unsigned())
}

fn compile(
    rules: Rules,
    otherwise: SeccompAction,
    matched: SeccompAction,
) -> Result<BpfProgram, ConfineError> {
    let machine = TargetArch::try_from(std::env::consts::ARCH)?;
    Ok(SeccompFilter::new(rules, otherwise, matched, machine)?.try_into()?)
}

/// Hands a program to the kernel, for every thread. False if it has no filters.
///
/// With SPEC_ALLOW, because kernels from 4.17 to 5.15 otherwise switch on the mitigation for
/// speculative store bypass for filtered processes, which would slow down what is measured; a
/// worker holds nothing but the plugin's own data.
pub(super) fn load(program: &BpfProgram) -> Result<bool, ConfineError> {
    let quick = libc::SECCOMP_FILTER_FLAG_TSYNC | libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    let loaded = match set_filter(program, quick) {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
            set_filter(program, libc::SECCOMP_FILTER_FLAG_TSYNC)
        }
        loaded => loaded,
    };
    match loaded {
        Ok(()) => Ok(true),
        Err(e) if matches!(e.raw_os_error(), Some(libc::ENOSYS | libc::EINVAL)) => Ok(false),
        Err(source) => Err(ConfineError::Call {
            call: "seccomp(SET_MODE_FILTER)",
            source,
        }),
    }
}

fn set_filter(program: &BpfProgram, flags: libc::c_ulong) -> io::Result<()> {
    let length = libc::c_ushort::try_from(program.len()).map_err(io::Error::other)?;
    let filter = libc::sock_fprog {
        len: length,
        filter: program.as_ptr().cast::<libc::sock_filter>().cast_mut(),
    };
    // SAFETY: the kernel copies `length` instructions of the layout of `sock_filter`, which both
    // crates declare as the C struct, and writes nothing; they live through the call.
    #[allow(unsafe_code)]
    let done = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            flags,
            &raw const filter,
        )
    };
    match done {
        0 => Ok(()),
        -1 => Err(io::Error::last_os_error()),
        thread => Err(io::Error::other(format!(
            "thread {thread} cannot take the filter"
        ))),
    }
}
