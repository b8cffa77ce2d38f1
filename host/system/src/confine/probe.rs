//! Which layers this system offers, for `dyno doctor`. Asks, changes nothing.

/// One layer of confinement on this system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerStatus {
    /// Its name, as in the report.
    pub layer: &'static str,
    /// Whether workers get it here.
    pub active: bool,
    /// What it covers, or what it would take to have it.
    pub detail: String,
}

/// The layers that workers get on this system, and those that they do not.
#[must_use]
pub fn probe() -> Vec<LayerStatus> {
    let mut found = vec![LayerStatus {
        layer: "rlimits",
        active: cfg!(unix),
        detail: "memory, CPU time, file size, descriptors".to_owned(),
    }];
    #[cfg(target_os = "linux")]
    found.extend([linux::process(), linux::landlock(), linux::seccomp()]);
    #[cfg(not(target_os = "linux"))]
    found.extend(["process", "landlock", "seccomp"].map(|layer| LayerStatus {
        layer,
        active: false,
        detail: "only on Linux".to_owned(),
    }));
    found
}

#[cfg(target_os = "linux")]
mod linux {
    use super::LayerStatus;
    use nix::libc;

    /// What every kernel since 3.5 has.
    pub(super) fn process() -> LayerStatus {
        LayerStatus {
            layer: "process",
            active: true,
            detail: "dies with its supervisor, no new privileges, no capabilities".to_owned(),
        }
    }

    pub(super) fn landlock() -> LayerStatus {
        /// `LANDLOCK_CREATE_RULESET_VERSION`: ask for the ABI instead of making rules.
        const VERSION: u32 = 1;
        // SAFETY: with this flag the kernel reads no memory and makes no descriptor.
        #[allow(unsafe_code)]
        let abi = unsafe {
            libc::syscall(
                libc::SYS_landlock_create_ruleset,
                std::ptr::null::<libc::c_void>(),
                0_usize,
                VERSION,
            )
        };
        let detail = match abi {
            1.. => format!("ABI {abi}: {}", landlock_covers(abi)),
            _ => format!(
                "{}; needs Linux 5.13 and landlock in the kernel's list of security modules",
                std::io::Error::last_os_error()
            ),
        };
        LayerStatus {
            layer: "landlock",
            active: abi >= 1,
            detail,
        }
    }

    pub(super) fn landlock_covers(abi: libc::c_long) -> String {
        let covered = [(1, "files"), (3, "truncation"), (4, "TCP"), (5, "devices")];
        let scopes = [(6, "abstract sockets"), (6, "signals")];
        covered
            .iter()
            .chain(&scopes)
            .filter(|(since, _)| abi >= *since)
            .map(|(_, what)| *what)
            .collect::<Vec<_>>()
            .join(", ")
    }

    pub(super) fn seccomp() -> LayerStatus {
        let action = libc::SECCOMP_RET_ERRNO;
        // SAFETY: the kernel reads the four bytes of `action`, which live through the call.
        #[allow(unsafe_code)]
        let asked = unsafe {
            libc::syscall(
                libc::SYS_seccomp,
                libc::SECCOMP_GET_ACTION_AVAIL,
                0,
                &raw const action,
            )
        };
        let active = asked == 0 && super::super::seccomp::KNOWS_THIS_MACHINE;
        let detail = if active {
            "an allow-list of system calls".to_owned()
        } else if asked == 0 {
            format!(
                "there is no list of system calls for {}",
                std::env::consts::ARCH
            )
        } else {
            format!(
                "{}; needs Linux 4.14 with seccomp filters",
                std::io::Error::last_os_error()
            )
        };
        LayerStatus {
            layer: "seccomp",
            active,
            detail,
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::linux::landlock_covers;

    /// By `landlock(7)`: files since the first ABI, truncation since 3, TCP since 4, devices since
    /// 5, scopes since 6.
    #[test]
    fn each_version_of_landlock_covers_what_the_manual_says() {
        for (abi, covers) in [
            (1, "files"),
            (2, "files"),
            (3, "files, truncation"),
            (4, "files, truncation, TCP"),
            (5, "files, truncation, TCP, devices"),
            (
                6,
                "files, truncation, TCP, devices, abstract sockets, signals",
            ),
        ] {
            assert_eq!(landlock_covers(abi), covers, "{abi}");
        }
    }
}
