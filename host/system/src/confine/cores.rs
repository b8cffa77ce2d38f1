//! Which cores a worker may run on: those that this process may use, and binding to some of them.

/// The cores that this process may run on, in order: within a cpuset those of the set. Empty if
/// this system cannot tell or cannot bind.
#[cfg(target_os = "linux")]
#[must_use]
pub fn allowed_cores() -> Vec<u32> {
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

/// The cores that this process may run on: this system cannot bind to any.
#[cfg(not(target_os = "linux"))]
#[must_use]
pub fn allowed_cores() -> Vec<u32> {
    Vec::new()
}

/// Binds the calling thread, and the threads that it makes later, to these cores.
///
/// # Errors
/// If none of them is among those that this process may run on, or this system cannot bind.
#[cfg(target_os = "linux")]
pub fn pin(cores: &[u32]) -> std::io::Result<()> {
    use nix::sched::{CpuSet, sched_setaffinity};
    let mut set = CpuSet::new();
    for core in cores {
        set.set(*core as usize)?;
    }
    Ok(sched_setaffinity(nix::unistd::Pid::from_raw(0), &set)?)
}

/// Binds the calling thread, and the threads that it makes later, to these cores.
///
/// # Errors
/// Always: this system cannot bind.
#[cfg(not(target_os = "linux"))]
pub fn pin(_cores: &[u32]) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}
