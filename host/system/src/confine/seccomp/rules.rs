//! What the lists become: filters, with rules for the calls whose arguments decide.

use std::collections::BTreeMap;

use nix::libc::{self, c_long};
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};

use super::super::{ConfineError, Confinement};
use super::calls::{ALWAYS, OLDER, PATHS, PREPARING, READ, THREADS, WRITE};
use super::filter::{PLAIN, QUICK};

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Every bit of the flags of `openat` that makes, changes or allows to change a file: O_TMPFILE's
/// own bit, too, which is there without the others in no call that succeeds.
const OPENED_TO_CHANGE: i32 = libc::O_ACCMODE
    | libc::O_CREAT
    | libc::O_TRUNC
    | libc::O_APPEND
    | (libc::O_TMPFILE & !libc::O_DIRECTORY);

/// Pages that RLIMIT_DATA counts are private, no stack that grows and not huge. `0xf` is the
/// kernel's MAP_TYPE.
const HOW_MAPPED: i32 = 0xf | libc::MAP_GROWSDOWN | libc::MAP_HUGETLB;

/// Calls that a worker must be told are not there, so that it takes another way: `clone3` and
/// `openat2` take their flags by pointer, where no filter can look, and `clone` and `openat` do
/// not. A worker that may write may use both, since nothing is judged by flags then. What is in an
/// anonymous file, no limit counts; the engine copies images.
pub(super) fn not_there(what: &Confinement) -> Result<BpfProgram, ConfineError> {
    let mut calls = vec![libc::SYS_clone3, libc::SYS_memfd_create];
    if what.write.is_empty() {
        calls.push(libc::SYS_openat2);
    }
    let rules = calls.into_iter().map(|call| (call, Vec::new())).collect();
    compile(rules, SeccompAction::Allow, errno(libc::ENOSYS))
}

/// All that a worker may call.
pub(super) fn allowed(
    what: &Confinement,
    has_directories: bool,
) -> Result<BpfProgram, ConfineError> {
    let mut rules = everywhere(std::process::id())?;
    let mut lists = vec![ALWAYS, OLDER];
    if what.threads {
        rules.extend(preparing()?);
        lists.push(THREADS);
    }
    if !what.read.is_empty() {
        rules.extend([reading()?]);
    }
    if has_directories {
        lists.push(READ);
    }
    if !what.write.is_empty() {
        // `openat` among them, which loses its rule.
        lists.push(WRITE);
    }
    rules.extend(lists.into_iter().flatten().map(any));
    compile(rules, errno(libc::EPERM), SeccompAction::Allow)
}

/// What is taken away from that before a guest begins. Memory is from then on either reserved or
/// writable: what is neither, as pages that were filled and made read-only, RLIMIT_DATA does not
/// count, and no new code is ever made.
pub(super) fn sealed(has_directories: bool) -> Result<BpfProgram, ConfineError> {
    const PROTECTION: u8 = 2;
    let reserved = bits(libc::PROT_NONE);
    let writable = bits(libc::PROT_READ | libc::PROT_WRITE);
    let is_not = |value| dword(PROTECTION, SeccompCmpOp::Ne, value);
    let mut rules: Rules = PREPARING.iter().map(any).collect();
    rules.extend([
        (
            libc::SYS_mmap,
            vec![SeccompRule::new(vec![
                is_not(reserved)?,
                is_not(writable)?,
            ])?],
        ),
        (
            libc::SYS_mprotect,
            vec![SeccompRule::new(vec![is_not(writable)?])?],
        ),
    ]);
    if !has_directories {
        rules.extend(PATHS.iter().map(any));
    }
    compile(rules, SeccompAction::Allow, errno(libc::EPERM))
}

/// Calls that every worker may make with some arguments.
fn everywhere(process: u32) -> Result<Rules, BackendError> {
    let fcntl = [
        libc::F_GETFD,
        libc::F_SETFD,
        libc::F_GETFL,
        libc::F_SETFL,
        libc::F_DUPFD_CLOEXEC,
    ];
    Ok(Rules::from([
        (
            libc::SYS_mmap,
            one_of(3, mask(HOW_MAPPED), [bits(libc::MAP_PRIVATE)])?,
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
        // To be sealed.
        (
            libc::SYS_seccomp,
            vec![another_filter(QUICK)?, another_filter(PLAIN)?],
        ),
    ]))
}

/// Calls that a run worker may make with some arguments until it is sealed.
fn preparing() -> Result<Rules, BackendError> {
    // A thread of this process and nothing else: no process, no namespace.
    let thread = libc::CLONE_THREAD | libc::CLONE_VM | libc::CLONE_SIGHAND;
    let namespaces = libc::CLONE_NEWNS
        | libc::CLONE_NEWCGROUP
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUSER
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWNET;
    Ok(Rules::from([
        (
            libc::SYS_clone,
            one_of(0, mask(thread | namespaces), [bits(thread)])?,
        ),
        // The runtime makes one for signals. Streams only: a datagram socket could be sent
        // anywhere without `connect`.
        (libc::SYS_socketpair, vec![unix_stream()?]),
    ]))
}

/// Opening a file for reading and nothing else.
fn reading() -> Result<(i64, Vec<SeccompRule>), BackendError> {
    let flags = one_of(2, mask(OPENED_TO_CHANGE), [bits(libc::O_RDONLY)])?;
    Ok((libc::SYS_openat, flags))
}

/// The call, with any arguments.
fn any(call: &c_long) -> (i64, Vec<SeccompRule>) {
    (*call, Vec::new())
}

fn mask(bits: i32) -> SeccompCmpOp {
    SeccompCmpOp::MaskedEq(self::bits(bits))
}

fn bits(value: i32) -> u64 {
    value.cast_unsigned().into()
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
        dword(0, SeccompCmpOp::Eq, bits(libc::AF_UNIX))?,
        dword(1, SeccompCmpOp::MaskedEq(TYPE), bits(libc::SOCK_STREAM))?,
    ])
}

/// One more filter, loaded as ours are.
fn another_filter(flags: libc::c_ulong) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(vec![
        dword(0, SeccompCmpOp::Eq, libc::SECCOMP_SET_MODE_FILTER.into())?,
        dword(1, SeccompCmpOp::Eq, flags)?,
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
