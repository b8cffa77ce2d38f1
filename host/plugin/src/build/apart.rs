//! How a build is kept apart from the processes that know secrets. A build command runs with the
//! rights of the user, and those are enough to read the environment and the memory of the user's
//! other processes: of Dyno, and of the shell or CI runner that started it. A process in a user
//! namespace of its own has no such right over processes outside of it, not even as root.

use std::io;

/// How far a build can be kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Apart {
    /// In namespaces of its own for users, processes and mounts: it sees no other process, and none
    /// of its own outlives it.
    Processes,
    /// In a user namespace of its own.
    Users,
    /// Not at all.
    Not,
}

impl Apart {
    /// The strongest first.
    pub(super) const ALL: [Self; 3] = [Self::Processes, Self::Users, Self::Not];

    /// As an argument of the helper.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Processes => "processes",
            Self::Users => "users",
            Self::Not => "not",
        }
    }

    /// What an argument of the helper means.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|apart| apart.name() == name)
    }
}

/// Who goes on in the namespaces.
pub(super) enum Place {
    /// This process, which is to do the work.
    Inside,
    /// Another one did it, and has ended.
    Outside,
}

/// Keeps the user's other processes from reading the memory and the first environment of this one,
/// and the kernel from writing a core dump of it. Root can read it all the same.
pub fn hide() {
    // Where this cannot be had, a build is still kept apart, or refused.
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_dumpable(false);
}

#[cfg(target_os = "linux")]
pub(super) use linux::{enter, map};

#[cfg(target_os = "linux")]
mod linux {
    use super::{Apart, Place, io};
    use std::fs;

    use nix::errno::Errno;
    use nix::mount::{MsFlags, mount};
    use nix::sched::{CloneFlags, unshare};
    use nix::sys::prctl;
    use nix::sys::wait::waitpid;
    use nix::unistd::{ForkResult, fork, getegid, geteuid};

    /// Leaves the namespaces of the supervisor, which `map` asks to say who the users in the new
    /// one are. The process must have one thread.
    pub(in super::super) fn enter(
        apart: Apart,
        map: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<Place> {
        match apart {
            Apart::Not => {}
            Apart::Users => {
                unshare(CloneFlags::CLONE_NEWUSER)?;
                map()?;
            }
            Apart::Processes => {
                unshare(
                    CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWNS,
                )?;
                map()?;
                // The first child is the first process of the namespace, and all others of it end
                // with it. SAFETY: this process has one thread, so that the child is a whole copy
                // of it.
                #[allow(unsafe_code)]
                let forked = unsafe { fork() }?;
                if let ForkResult::Parent { child } = forked {
                    while waitpid(child, None) == Err(Errno::EINTR) {}
                    return Ok(Place::Outside);
                }
                let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
                mount(Some("proc"), "/proc", Some("proc"), flags, None::<&str>)?;
                return Ok(Place::Inside);
            }
        }
        // What loses its parent becomes a child of this process, which can end it then.
        prctl::set_child_subreaper(true)?;
        Ok(Place::Inside)
    }

    /// Says who the users of the helper's namespace are: the same as outside. Only root can say so
    /// of others than itself, and has to, or it could not read their files any more.
    pub(in super::super) fn map(helper: u32) -> io::Result<()> {
        let write = |name: &str, text: &str| fs::write(format!("/proc/{helper}/{name}"), text);
        let all = |name: &str| -> io::Result<String> {
            let known = fs::read_to_string(format!("/proc/self/{name}"))?;
            let ranges = known.lines().filter_map(|line| {
                let mut words = line.split_whitespace();
                let (first, count) = (words.next()?, words.nth(1)?);
                Some(format!("{first} {first} {count}\n"))
            });
            Ok(ranges.collect())
        };
        if write("uid_map", &all("uid_map")?).is_err() {
            write("uid_map", &format!("{0} {0} 1\n", geteuid()))?;
        }
        if write("gid_map", &all("gid_map")?).is_err() {
            write("setgroups", "deny")?;
            write("gid_map", &format!("{0} {0} 1\n", getegid()))?;
        }
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn enter(apart: Apart, _: impl FnOnce() -> io::Result<()>) -> io::Result<Place> {
    match apart {
        Apart::Not => Ok(Place::Inside),
        Apart::Processes | Apart::Users => Err(io::ErrorKind::Unsupported.into()),
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn map(_: u32) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
