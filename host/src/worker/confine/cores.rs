//! Which core a worker runs on. One core for all of a run's workers, so that their caches and
//! clocks are the same, and the last one, because kernels place interrupts and housekeeping on the first.

/// The last core that this process may run on; none if there is only one, since binding to it
/// would change nothing, or if this system cannot bind.
#[must_use]
pub fn pick_core() -> Option<u32> {
    let allowed = allowed_cores();
    if allowed.len() > 1 {
        allowed.last().copied()
    } else {
        None
    }
}

/// Binds the calling thread, and the threads that it makes later, to one core.
///
/// # Errors
/// If the core is not among those that this process may run on, or this system cannot bind.
#[cfg(target_os = "linux")]
pub fn pin(core: u32) -> std::io::Result<()> {
    use nix::sched::{CpuSet, sched_setaffinity};
    let mut cores = CpuSet::new();
    cores.set(core as usize)?;
    Ok(sched_setaffinity(nix::unistd::Pid::from_raw(0), &cores)?)
}

/// Binds the calling thread, and the threads that it makes later, to one core.
///
/// # Errors
/// Always: this system cannot bind.
#[cfg(not(target_os = "linux"))]
pub fn pin(_core: u32) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(target_os = "linux")]
fn allowed_cores() -> Vec<u32> {
    use nix::sched::{CpuSet, sched_getaffinity};
    // A machine with more cores than the set holds answers with an error: then nothing is bound.
    let Ok(cores) = sched_getaffinity(nix::unistd::Pid::from_raw(0)) else {
        return Vec::new();
    };
    (0..CpuSet::count())
        .filter(|core| cores.is_set(*core).unwrap_or(false))
        .filter_map(|core| u32::try_from(core).ok())
        .collect()
}

#[cfg(not(target_os = "linux"))]
fn allowed_cores() -> Vec<u32> {
    Vec::new()
}
