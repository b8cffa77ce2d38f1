//! What it means that the system had no memory to give to a worker.

use nix::sys::resource::{Resource, getrlimit};

use dyno_model::{LimitKind, LimitUnit, Limits, Outcome, quantity};

/// Whether these are the words of a system, or of an allocator, that had no memory to give.
#[must_use]
pub fn is_out_of_memory(words: &str) -> bool {
    let said = [
        "(os error 12)",
        "memory allocation of ",
        "out of memory (failed to allocate ",
    ];
    said.iter().any(|said| words.contains(said))
}

/// What a worker must be able to reserve for any plugin: a whole 32-bit memory and its guards.
const ADDRESS_SPACE_BYTES: u64 = 6 << 30;

/// What it means that the system had no memory to give to a guest, or to the worker on its behalf.
/// What a run worker may have is drawn from the memory limit and lies above it, so that this is the
/// limit in force, unless the user's shell has a smaller one: that is no fault of the guest.
#[must_use]
pub fn out_of_memory(limits: &Limits) -> Outcome {
    let memory = limits.get(LimitKind::Memory);
    narrower(
        Resource::RLIMIT_AS,
        memory.saturating_add(ADDRESS_SPACE_BYTES),
        "-v",
    )
    .or_else(|| narrower(Resource::RLIMIT_DATA, memory, "-d"))
    .unwrap_or(Outcome::Limit {
        limit: LimitKind::Memory,
        cap: memory,
        actual: None,
    })
}

/// What to say of a limit of the user's shell that is lower than what is needed; nothing if it is
/// not.
#[must_use]
pub fn narrower(resource: Resource, needed: u64, flag: &str) -> Option<Outcome> {
    let (soft, _) = getrlimit(resource).ok()?;
    (soft < needed).then(|| Outcome::Host {
        message: format!(
            "the shell that dyno was started from allows a process {} of memory (`ulimit {flag} {}`), which is not enough for a worker: raise that, or write `ulimit {flag} unlimited`",
            quantity::show(soft, LimitUnit::Bytes),
            soft / 1024
        ),
    })
}
