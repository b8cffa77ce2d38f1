//! Capabilities: what root may do beyond other users. A worker that root starts would keep them
//! all, and on a kernel without landlock and seccomp they would be everything.

use nix::libc;

use super::ConfineError;

/// As root, a user may grant any file of the machine; these two let the worker read it. Which
/// files those are is for landlock and the preopened directories to say.
const KEPT: u32 = (1 << CAP_DAC_OVERRIDE) | (1 << CAP_DAC_READ_SEARCH);
const CAP_DAC_OVERRIDE: u32 = 1;
const CAP_DAC_READ_SEARCH: u32 = 2;

/// `_LINUX_CAPABILITY_VERSION_3` of `linux/capability.h`: two words for each set.
const VERSION_3: u32 = 0x2008_0522;

#[repr(C)]
struct Header {
    version: u32,
    pid: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Sets {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Drops every capability but those to pass by file permissions, if the user has them.
pub(super) fn drop_all_but_file_access() -> Result<(), ConfineError> {
    let failed = |call| move |source| ConfineError::Call { call, source };
    let mut sets = [Sets::default(); 2];
    call(libc::SYS_capget, &mut sets).map_err(failed("capget"))?;
    let kept = sets[0].permitted & KEPT;
    sets = [
        Sets {
            effective: kept,
            permitted: kept,
            inheritable: 0,
        },
        Sets::default(),
    ];
    call(libc::SYS_capset, &mut sets).map_err(failed("capset"))
}

fn call(number: libc::c_long, sets: &mut [Sets; 2]) -> std::io::Result<()> {
    let mut header = Header {
        version: VERSION_3,
        pid: 0,
    };
    // SAFETY: both calls take a pointer to a header and one to two triples of this layout, which
    // live through the call and are exclusively borrowed.
    #[allow(unsafe_code)]
    let done = unsafe { libc::syscall(number, &raw mut header, sets.as_mut_ptr()) };
    if done == 0 {
        Ok(())
    } else {
        Err(std::io::Error::last_os_error())
    }
}
