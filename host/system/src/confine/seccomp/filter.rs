//! How a filter gets into the kernel.

use std::io;

use nix::libc;
use seccompiler::BpfProgram;

use super::super::ConfineError;

/// How filters are loaded: for every thread.
///
/// With SPEC_ALLOW, because kernels from 4.17 to 5.15 otherwise switch on the mitigation for
/// speculative store bypass for filtered processes, which would slow down what is measured; a
/// worker holds nothing but the plugin's own data.
pub(super) const QUICK: libc::c_ulong =
    libc::SECCOMP_FILTER_FLAG_TSYNC | libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW;

/// The same for kernels before 4.17.
pub(super) const PLAIN: libc::c_ulong = libc::SECCOMP_FILTER_FLAG_TSYNC;

/// Hands a program to the kernel, for every thread. False if it has no filters.
pub(super) fn load(program: &BpfProgram) -> Result<bool, ConfineError> {
    let loaded = match set_filter(program, QUICK) {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => set_filter(program, PLAIN),
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
