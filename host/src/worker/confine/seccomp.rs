//! Seccomp: an allow-list of system calls. Anything else fails with EPERM, so that code which asks
//! for a nicety goes on without it; `clone3` with ENOSYS, so that the C library falls back to
//! `clone`, whose flags a filter can see.
//!
//! The list is what the engine (mmap, mprotect, signal handlers, memory images), the runtime
//! (epoll, eventfd, a socket pair for signals), thread creation and WASI file access were seen and
//! read to use. It holds no way to start a process or program, to open a socket to anywhere, to
//! signal, trace or read another process, or to change users, modes, mounts or namespaces.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod filter;

use super::{ConfineError, Confinement, Layer};

/// Whether the list below was written for this machine's table of system calls.
pub(super) const KNOWS_THIS_MACHINE: bool =
    cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));

/// Installs the filter in every thread. None if the kernel has no filters, or we no list.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(super) fn install(what: &Confinement) -> Result<Option<Layer>, ConfineError> {
    // The stricter answer of two filters holds, so the list allows `clone3` and the first denies it.
    for program in [filter::no_clone3()?, filter::allow_list(what)?] {
        if !filter::load(&program)? {
            return Ok(None);
        }
    }
    Ok(Some(Layer::Seccomp))
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) fn install(_what: &Confinement) -> Result<Option<Layer>, ConfineError> {
    Ok(None)
}
