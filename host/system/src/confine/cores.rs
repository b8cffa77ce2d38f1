//! Which cores a worker may run on: those that this process may use, and binding to some of them.

/// The cores that this process may run on, in order: within a cpuset those of the set. Empty if
/// this system cannot tell or cannot bind.
#[must_use]
pub fn allowed_cores() -> Vec<u32> {
    #[cfg(target_os = "linux")]
    {
        use nix::sched::{CpuSet, sched_getaffinity};
        // A machine with more cores than the set holds answers with an error: then nothing is
        // bound.
        let Ok(cores) = sched_getaffinity(nix::unistd::Pid::from_raw(0)) else {
            return Vec::new();
        };
        (0..CpuSet::count())
            .filter(|core| cores.is_set(*core).unwrap_or(false))
            .filter_map(|core| u32::try_from(core).ok())
            .collect()
    }
    #[cfg(not(target_os = "linux"))]
    Vec::new()
}

/// Binds the calling thread, and the threads that it makes later, to these cores.
///
/// # Errors
/// If none of them is among those that this process may run on, or this system cannot bind.
pub fn pin(cores: &[u32]) -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use nix::sched::{CpuSet, sched_setaffinity};
        let mut set = CpuSet::new();
        for core in cores {
            set.set(*core as usize)?;
        }
        Ok(sched_setaffinity(nix::unistd::Pid::from_raw(0), &set)?)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = cores;
        Err(std::io::ErrorKind::Unsupported.into())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// As the kernel lists them for people, such as `0-2,5`.
    #[test]
    fn the_cores_are_those_that_the_kernel_allows() {
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let mut lines = status.lines();
        let listed = lines.find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        let ranges = listed.unwrap().trim().split(',').map(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            first.parse().unwrap()..=last.parse().unwrap()
        });
        assert_eq!(allowed_cores(), ranges.flatten().collect::<Vec<u32>>());
    }
}
