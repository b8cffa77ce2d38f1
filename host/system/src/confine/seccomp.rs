//! Seccomp: an allow-list of system calls. Anything else fails with EPERM, so that code which asks
//! for a nicety goes on without it; with ENOSYS what has a way round it that a filter can look
//! into.
//!
//! The list is what the engine (mmap, mprotect, signal handlers), the runtime (epoll, eventfd, a
//! socket pair for signals), thread creation and WASI file access were seen and read to use. It
//! holds no way to start a process or program, to open a socket to anywhere, to signal, trace or
//! read another process, to change users, modes, times, mounts or namespaces, or to have memory
//! that no limit counts.
//!
//! A run worker puts on a second one when its code is loaded and its threads are there ([`seal`]);
//! a compile worker, which needs neither, has it from the beginning. The layer relies on no other:
//! where nothing may be written, nothing can be opened but to be read.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod calls;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod filter;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod rules;

use super::{ConfineError, Confinement, Layer};

/// Whether the list below was written for this machine's table of system calls.
pub(super) const KNOWS_THIS_MACHINE: bool =
    cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));

/// Installs the filter in every thread. None if the kernel has no filters, or we no list.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(super) fn install(
    what: &Confinement,
    has_directories: bool,
) -> Result<Option<Layer>, ConfineError> {
    // The stricter answer of two filters holds, so the list allows what the first answers with
    // ENOSYS.
    for program in [
        rules::not_there(what)?,
        rules::allowed(what, has_directories)?,
    ] {
        if !filter::load(&program)? {
            return Ok(None);
        }
    }
    if !what.threads {
        seal(has_directories)?;
    }
    Ok(Some(Layer::Seccomp))
}

/// Takes away what only preparing needs: threads, sockets, memory that can be executed or is not
/// counted, and every path, unless it `has_directories`.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(super) fn seal(has_directories: bool) -> Result<(), ConfineError> {
    match filter::load(&rules::sealed(has_directories)?)? {
        true => Ok(()),
        false => Err(ConfineError::Unsealed),
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) fn install(
    _what: &Confinement,
    _has_directories: bool,
) -> Result<Option<Layer>, ConfineError> {
    Ok(None)
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) fn seal(_has_directories: bool) -> Result<(), ConfineError> {
    Ok(())
}
