//! Resource limits, the layer that every Unix has.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::{ConfineError, Confinement, MemoryLimit};

/// Descriptors that a worker needs beside what its plugin opens: standard streams, event loop,
/// compiled code, memory images; 64 leaves a margin of about three.
const OPEN_FILES_BASE: u64 = 64;

/// A core dump of a worker would be as large as its memory, and written wherever it stands.
pub(super) fn no_core_dump() -> Result<(), ConfineError> {
    lower(Resource::RLIMIT_CORE, 0, 0, "setrlimit(CORE)")
}

pub(super) fn arm(what: &Confinement) -> Result<(), ConfineError> {
    match what.memory {
        MemoryLimit::AddressSpace(bytes) => {
            lower(Resource::RLIMIT_AS, bytes, bytes, "setrlimit(AS)")?;
        }
        MemoryLimit::Data(bytes) => {
            lower(Resource::RLIMIT_DATA, bytes, bytes, "setrlimit(DATA)")?;
        }
    }
    if let Some(cpu_ms) = what.cpu_ms {
        // Zero would be taken as one second by Linux and as "now" by others.
        let seconds = cpu_ms.div_ceil(1000).max(1);
        lower(
            Resource::RLIMIT_CPU,
            seconds,
            seconds.saturating_add(1),
            "setrlimit(CPU)",
        )?;
    }
    lower(
        Resource::RLIMIT_FSIZE,
        what.file_bytes,
        what.file_bytes,
        "setrlimit(FSIZE)",
    )?;
    let files = OPEN_FILES_BASE.saturating_add(what.open_files);
    lower(Resource::RLIMIT_NOFILE, files, files, "setrlimit(NOFILE)")
}

/// Sets both limits, but never above the hard limit that the user already lives under.
fn lower(resource: Resource, soft: u64, hard: u64, call: &'static str) -> Result<(), ConfineError> {
    let (_, ceiling) = getrlimit(resource).map_err(ConfineError::call(call))?;
    setrlimit(resource, soft.min(ceiling), hard.min(ceiling)).map_err(ConfineError::call(call))
}
