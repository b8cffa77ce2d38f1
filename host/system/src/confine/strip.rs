//! The first step: what a worker inherited is taken away.

use super::{ConfineError, Layer};

/// Proof that [`strip`] was called, which [`Stripped::confine`] asks for.
#[derive(Debug)]
pub struct Stripped {
    pub(super) layers: Vec<Layer>,
}

/// Takes away what the worker inherited. The first thing that it does.
///
/// `supervisor` is the process that must be the parent. `variables` are the names that the
/// environment may hold, such as that of the padding.
///
/// The kernel sends the death signal when the *thread* that started the worker ends, so the
/// supervisor must start workers from a thread that outlives them: its main thread or a thread of
/// its runtime, never one of tokio's blocking pool.
///
/// # Errors
/// If the parent is another process, the environment holds more than it should, or a system call
/// failed.
pub fn strip(supervisor: u32, variables: &[&str]) -> Result<Stripped, ConfineError> {
    check_environment(variables)?;
    #[allow(unused_mut)]
    let mut layers = Vec::new();
    #[cfg(target_os = "linux")]
    linux::die_with(supervisor, &mut layers)?;
    #[cfg(not(target_os = "linux"))]
    let _ = supervisor;
    #[cfg(unix)]
    {
        unix::own_group()?;
        unix::close_inherited()?;
        unix::reset_signals()?;
        nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
        super::rlimits::no_core_dump()?;
        layers.push(Layer::Stripped);
    }
    #[cfg(target_os = "linux")]
    linux::no_new_privileges(&mut layers)?;
    Ok(Stripped { layers })
}

fn check_environment(variables: &[&str]) -> Result<(), ConfineError> {
    let extra: Vec<String> = std::env::vars_os()
        .map(|(name, _)| name.to_string_lossy().escape_debug().to_string())
        .filter(|name| !variables.contains(&name.as_str()))
        .collect();
    if extra.is_empty() {
        return Ok(());
    }
    Err(ConfineError::Environment {
        names: extra.join(", "),
    })
}

#[cfg(target_os = "linux")]
mod linux {
    use super::super::{ConfineError, Layer};
    use nix::sys::{prctl, signal::Signal};

    pub(super) fn die_with(supervisor: u32, layers: &mut Vec<Layer>) -> Result<(), ConfineError> {
        prctl::set_pdeathsig(Signal::SIGKILL).map_err(ConfineError::call("prctl(PDEATHSIG)"))?;
        // It may have died before the line above; then no signal will ever come.
        let found = std::os::unix::process::parent_id();
        if found != supervisor {
            return Err(ConfineError::Orphaned {
                expected: supervisor,
                found,
            });
        }
        layers.push(Layer::DeathSignal);
        Ok(())
    }

    pub(super) fn no_new_privileges(layers: &mut Vec<Layer>) -> Result<(), ConfineError> {
        prctl::set_no_new_privs().map_err(ConfineError::call("prctl(NO_NEW_PRIVS)"))?;
        layers.push(Layer::NoNewPrivileges);
        Ok(())
    }
}

#[cfg(unix)]
mod unix {
    use super::ConfineError;
    use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
    use nix::unistd::{Pid, getpgrp, getpid, setpgid};

    /// The supervisor makes the group as it starts the worker; this is for a worker that was
    /// started in another way, so that killing its group never kills more than itself.
    pub(super) fn own_group() -> Result<(), ConfineError> {
        if getpgrp() == getpid() {
            return Ok(());
        }
        setpgid(Pid::from_raw(0), Pid::from_raw(0)).map_err(ConfineError::call("setpgid"))
    }

    /// Closes everything but the standard streams, which Rust's start-up code has made sure are
    /// open.
    pub(super) fn close_inherited() -> Result<(), ConfineError> {
        #[cfg(target_os = "linux")]
        {
            // SAFETY: takes three integers. Nothing in this process owns a descriptor yet: this is
            // the first thing that it does.
            #[allow(unsafe_code)]
            let closed = unsafe { nix::libc::syscall(nix::libc::SYS_close_range, 3, u32::MAX, 0) };
            if closed == 0 {
                return Ok(());
            }
        }
        close_listed()
    }

    /// For kernels before 5.9, and for other systems.
    fn close_listed() -> Result<(), ConfineError> {
        let listed = std::fs::read_dir("/dev/fd")
            .map_err(|source| ConfineError::Call {
                call: "read_dir(/dev/fd)",
                source,
            })?
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
            .filter(|descriptor| *descriptor > 2)
            .collect::<Vec<_>>();
        for descriptor in listed {
            // SAFETY: as above. That of the listing itself is closed already, which close reports
            // and the caller need not know.
            #[allow(unsafe_code)]
            unsafe {
                nix::libc::close(descriptor)
            };
        }
        Ok(())
    }

    /// Nothing blocked, and nothing ignored that the parent had ignored. SIGPIPE comes back too,
    /// which Rust ignores: a worker whose supervisor no longer reads has nothing left to do.
    pub(super) fn reset_signals() -> Result<(), ConfineError> {
        sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)
            .map_err(ConfineError::call("sigprocmask"))?;
        let resettable = Signal::iterator()
            .filter(|signal| !matches!(signal, Signal::SIGKILL | Signal::SIGSTOP))
            .map(|signal| signal as i32);
        #[cfg(target_os = "linux")]
        let resettable = resettable.chain(nix::libc::SIGRTMIN()..=nix::libc::SIGRTMAX());
        for signal in resettable {
            if is_ignored(signal)? {
                set_disposition(signal, nix::libc::SIG_DFL)?;
            }
        }
        // A write beyond RLIMIT_FSIZE shall be an error that the guest sees, not the worker's end.
        set_disposition(Signal::SIGXFSZ as i32, nix::libc::SIG_IGN)
    }

    fn is_ignored(signal: i32) -> Result<bool, ConfineError> {
        // SAFETY: all zeroes is a valid value of this plain C struct; a null pointer for the new
        // action asks for the present one and changes nothing.
        #[allow(unsafe_code)]
        let (done, old) = unsafe {
            let mut old = std::mem::zeroed::<nix::libc::sigaction>();
            let done = nix::libc::sigaction(signal, std::ptr::null(), &raw mut old);
            (done, old)
        };
        nix::errno::Errno::result(done).map_err(ConfineError::call("sigaction"))?;
        Ok(old.sa_sigaction == nix::libc::SIG_IGN)
    }

    fn set_disposition(signal: i32, to: usize) -> Result<(), ConfineError> {
        // SAFETY: only SIG_DFL and SIG_IGN are passed, so no code of ours runs in a handler.
        #[allow(unsafe_code)]
        let before = unsafe { nix::libc::signal(signal, to) };
        if before == nix::libc::SIG_ERR {
            let source = std::io::Error::last_os_error();
            return Err(ConfineError::Call {
                call: "signal",
                source,
            });
        }
        Ok(())
    }
}
