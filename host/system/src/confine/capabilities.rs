//! Capabilities: what root may do beyond other users. A worker that root starts would keep them
//! all, and on a kernel without landlock and seccomp they would be everything. It keeps none, so
//! that it is root in name alone: what the permissions of a file deny to other users, they deny to
//! it.
//!
//! It stays the user that it is, since that user owns what was granted and the code that it loads:
//! as another one it could not read either. What root owns, a worker of root may read for all that
//! this layer knows; landlock and seccomp say otherwise.

use std::io;

use nix::libc;

use super::ConfineError;

/// `_LINUX_CAPABILITY_VERSION_3` of `linux/capability.h`: two words for each set.
const VERSION_3: u32 = 0x2008_0522;

/// Who has it may change the bounding set and the secure bits.
const CAP_SETPCAP: u32 = 8;

/// No capability for being root, none kept or regained by changing users, none raised for a
/// program, and all of that for good (`linux/securebits.h`).
const NO_WAY_BACK: libc::c_ulong = {
    const NOROOT: libc::c_ulong = 0b11;
    const NO_SETUID_FIXUP: libc::c_ulong = 0b11 << 2;
    const NO_KEEP_CAPS: libc::c_ulong = 0b10 << 4;
    const NO_AMBIENT_RAISE: libc::c_ulong = 0b11 << 6;
    NOROOT | NO_SETUID_FIXUP | NO_KEEP_CAPS | NO_AMBIENT_RAISE
};

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

/// Empties every set of capabilities. A process that has none to begin with cannot empty the
/// bounding set, and needs not: without new privileges nothing comes out of it.
pub(super) fn drop_all() -> Result<(), ConfineError> {
    let failed = |call| move |source| ConfineError::Call { call, source };
    let mut sets = [Sets::default(); 2];
    call(libc::SYS_capget, &mut sets).map_err(failed("capget"))?;
    if sets[0].effective & (1 << CAP_SETPCAP) != 0 {
        prctl(libc::PR_SET_SECUREBITS, NO_WAY_BACK, 0).map_err(failed("prctl(SECUREBITS)"))?;
        // Those that this kernel does not know end the list.
        for capability in (0..64).take_while(|one| prctl(libc::PR_CAPBSET_READ, *one, 0).is_ok()) {
            prctl(libc::PR_CAPBSET_DROP, capability, 0).map_err(failed("prctl(CAPBSET_DROP)"))?;
        }
    }
    match prctl(
        libc::PR_CAP_AMBIENT,
        libc::PR_CAP_AMBIENT_CLEAR_ALL as libc::c_ulong,
        0,
    ) {
        // Before Linux 4.3 there is no such set.
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {}
        cleared => cleared.map_err(failed("prctl(CAP_AMBIENT)"))?,
    }
    call(libc::SYS_capset, &mut [Sets::default(); 2]).map_err(failed("capset"))
}

fn prctl(option: i32, argument: libc::c_ulong, more: libc::c_ulong) -> io::Result<()> {
    // SAFETY: each of the options used here takes integers alone.
    #[allow(unsafe_code)]
    let done = unsafe { libc::prctl(option, argument, more, 0, 0) };
    if done < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

fn call(number: libc::c_long, sets: &mut [Sets; 2]) -> io::Result<()> {
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
        Err(io::Error::last_os_error())
    }
}
