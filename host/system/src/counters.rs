//! What the processor counts while a guest runs, where the kernel lets a process of the user have
//! it: `perf_event_open`.
//!
//! A worker opens its counters before it is confined, as that call is forbidden from then on, and a
//! sealed worker only reads them. The thread that will run the guest is not there yet, so they are
//! inherited by the threads that are made later, and what is read is the sum over all of them: the
//! others sleep unless the guest waits, which is why a sample in which it waited is not taken. Only
//! instructions in user space are counted.

use dyno_model::{COUNTED, COUNTERS, Counts, Metric};

/// The counters of the calling process.
#[derive(Debug)]
pub struct Counters {
    open: Vec<(Metric, imp::Counter)>,
    /// What each of them had counted when it was last read.
    before: [Option<Reading>; COUNTERS.len()],
}

/// What a counter says: how much it counted, and how long it was to count and did, ns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reading {
    count: u64,
    enabled_ns: u64,
    running_ns: u64,
}

impl Reading {
    /// What was counted since an earlier reading; none if nothing was, or if the counter had to
    /// share the processor's with others for some of the time, so that the kernel would have to
    /// guess.
    fn since(self, before: Self) -> Option<u64> {
        let enabled = self.enabled_ns.checked_sub(before.enabled_ns)?;
        let running = self.running_ns.checked_sub(before.running_ns)?;
        let count = self.count.checked_sub(before.count)?;
        (running > 0 && running == enabled && count > 0).then_some(count)
    }
}

/// Why nothing is counted.
#[derive(Debug, thiserror::Error)]
pub enum CountersError {
    /// There is nothing that counts.
    #[error("not supported by this kernel or processor, as on most virtual machines")]
    Unsupported,
    /// Users may not count.
    #[error("not allowed: kernel.perf_event_paranoid is {0}, and at most 2 lets users count")]
    Paranoid(i64),
    /// The call itself is not allowed.
    #[error("not allowed: the container or the system forbids perf_event_open")]
    Forbidden,
    /// Something else.
    #[error("perf_event_open failed: {0}")]
    Call(std::io::Error),
}

impl Counters {
    /// Opens what the processor counts, for the calling thread and those that it makes from now on.
    ///
    /// # Errors
    /// If the first of them cannot be had. What is missing of the others is not counted.
    pub fn open() -> Result<Self, CountersError> {
        Self::of(&COUNTERS.map(|metric| (metric, imp::event(metric))))
    }

    fn of(events: &[(Metric, imp::Event)]) -> Result<Self, CountersError> {
        let mut open: Vec<(Metric, imp::Counter)> = Vec::new();
        for (metric, event) in events {
            match imp::Counter::open(*event) {
                Ok(counter) => open.push((*metric, counter)),
                Err(error) if open.is_empty() => return Err(error),
                Err(_) => {}
            }
        }
        Ok(Self {
            open,
            before: [None; COUNTERS.len()],
        })
    }

    /// What was counted since this was called before; nothing the first time.
    pub fn lap(&mut self) -> Counts {
        let laps = self.open.iter_mut().zip(&mut self.before);
        let counted = laps.filter_map(|((metric, counter), before)| {
            let now = counter.read();
            let last = std::mem::replace(before, now);
            Some((*metric, now?.since(last?)?))
        });
        counted.collect()
    }
}

/// Counters of the kernel, which every machine has, in the places of those of the processor: CPU
/// time in ns.
#[cfg(test)]
#[cfg(all(target_os = "linux", target_endian = "little"))]
pub(crate) fn software() -> Counters {
    let event = imp::Event { kind: 1, number: 1 };
    #[allow(clippy::unwrap_used)]
    Counters::of(&COUNTERS.map(|metric| (metric, event))).unwrap()
}

#[cfg(test)]
#[cfg(all(target_os = "linux", target_endian = "little"))]
impl Counters {
    /// That of the first counter.
    pub(crate) fn descriptor(&self) -> i32 {
        self.open[0].1.descriptor()
    }
}

/// Whether this machine counts, or why not, as a fact.
#[must_use]
pub(crate) fn availability() -> String {
    match Counters::open() {
        Ok(_) => COUNTED.to_owned(),
        Err(error) => error.to_string(),
    }
}

#[cfg(all(target_os = "linux", target_endian = "little"))]
mod imp {
    use std::fs::{self, File};
    use std::io::{self, Read as _};
    #[cfg(test)]
    use std::os::fd::AsRawFd as _;
    use std::os::fd::FromRawFd as _;

    use dyno_model::Metric;
    use nix::libc;

    use super::{CountersError, Reading};

    /// What to count, by the type and the number that the kernel gives it (`linux/perf_event.h`).
    #[derive(Debug, Clone, Copy)]
    pub(super) struct Event {
        pub(super) kind: u32,
        pub(super) number: u64,
    }

    const HARDWARE: u32 = 0;

    /// The event of a counter.
    pub(super) fn event(metric: Metric) -> Event {
        let number = match metric {
            Metric::Cycles => 0,
            Metric::BranchMisses => 5,
            _ => 1,
        };
        Event {
            kind: HARDWARE,
            number,
        }
    }

    /// The first version of `perf_event_attr`, which every kernel knows: eight words.
    const ATTR_WORDS: usize = 8;
    /// How long it was enabled, and how long it ran, stand behind the count.
    const TOTAL_TIMES: u64 = 0b11;
    const INHERIT: u64 = 1 << 1;
    /// Always on the processor, or in an error: it never shares.
    const PINNED: u64 = 1 << 2;
    const EXCLUDE_KERNEL: u64 = 1 << 5;
    const EXCLUDE_HYPERVISOR: u64 = 1 << 6;
    const CLOSE_ON_EXEC: libc::c_ulong = 8;

    #[derive(Debug)]
    pub(super) struct Counter(File);

    impl Counter {
        /// Opens a counter of the calling thread and those that it makes.
        pub(super) fn open(event: Event) -> Result<Self, CountersError> {
            let mut attr = [0_u64; ATTR_WORDS];
            attr[0] = u64::from(event.kind) | (size_of_val(&attr) as u64) << 32;
            attr[1] = event.number;
            attr[4] = TOTAL_TIMES;
            attr[5] = INHERIT | PINNED | EXCLUDE_KERNEL | EXCLUDE_HYPERVISOR;
            // SAFETY: the kernel reads as many bytes of the words as they say that they are, and
            // writes none.
            #[allow(unsafe_code)]
            let opened = unsafe {
                libc::syscall(
                    libc::SYS_perf_event_open,
                    attr.as_ptr(),
                    0,
                    -1,
                    -1,
                    CLOSE_ON_EXEC,
                )
            };
            match i32::try_from(opened) {
                Ok(descriptor) if descriptor >= 0 => {
                    // SAFETY: the kernel has just made it, and nothing else has it.
                    #[allow(unsafe_code)]
                    let file = unsafe { File::from_raw_fd(descriptor) };
                    Ok(Self(file))
                }
                _ => Err(why(io::Error::last_os_error())),
            }
        }

        #[cfg(test)]
        pub(super) fn descriptor(&self) -> i32 {
            self.0.as_raw_fd()
        }

        /// None if the processor could not give it a place, which then is for good.
        pub(super) fn read(&mut self) -> Option<Reading> {
            let mut bytes = [0; 24];
            let read = self.0.read(&mut bytes).ok()?;
            let word = |at: usize| {
                let word = bytes[at..].first_chunk()?;
                Some(u64::from_ne_bytes(*word))
            };
            (read == bytes.len()).then_some(())?;
            Some(Reading {
                count: word(0)?,
                enabled_ns: word(8)?,
                running_ns: word(16)?,
            })
        }
    }

    const PARANOID: &str = "/proc/sys/kernel/perf_event_paranoid";

    fn why(error: io::Error) -> CountersError {
        match error.raw_os_error() {
            Some(libc::ENOENT | libc::ENODEV | libc::EOPNOTSUPP) => CountersError::Unsupported,
            Some(libc::EACCES | libc::EPERM | libc::ENOSYS) => {
                let level = fs::read_to_string(PARANOID).ok();
                let level: Option<i64> = level.and_then(|level| level.trim().parse().ok());
                match level.filter(|level| *level > 2) {
                    Some(level) => CountersError::Paranoid(level),
                    None => CountersError::Forbidden,
                }
            }
            _ => CountersError::Call(error),
        }
    }
}

#[cfg(not(all(target_os = "linux", target_endian = "little")))]
mod imp {
    use dyno_model::Metric;

    use super::{CountersError, Reading};

    #[derive(Debug, Clone, Copy)]
    pub(super) struct Event;

    pub(super) fn event(_: Metric) -> Event {
        Event
    }

    #[derive(Debug)]
    pub(super) struct Counter;

    impl Counter {
        pub(super) fn open(_: Event) -> Result<Self, CountersError> {
            Err(CountersError::Unsupported)
        }

        pub(super) fn read(&mut self) -> Option<Reading> {
            None
        }
    }
}

#[cfg(test)]
#[cfg(all(target_os = "linux", target_endian = "little"))]
mod tests;
