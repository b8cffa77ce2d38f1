//! Which proposals to WebAssembly a plugin may use: one set, with which the check validates and to
//! which the engine is configured.

use dyno_model::{Features, Proposal};
use wasmtime::WasmFeatures;

/// What every plugin may use: WebAssembly 2.0 and what compilers emit today without asking.
///
/// Some of what is missing can be granted ([`Proposal`]). The rest is off for everybody: threads and
/// shared memory, whose order of events no count can repeat; custom page sizes; stack switching and
/// everything asynchronous of the component model with WASI 0.3, which would need a scheduler of the
/// host's inside what is timed; and legacy exceptions, which the engine does not compile.
const FOR_ALL: WasmFeatures = WasmFeatures::WASM1
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::RELAXED_SIMD)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::COMPONENT_MODEL)
    .difference(WasmFeatures::GC_TYPES);

/// What a plugin may use that is granted these.
pub(super) fn allowed(features: &Features) -> WasmFeatures {
    let granted = features.wasm.iter().map(|proposal| parts(*proposal));
    granted.fold(FOR_ALL, WasmFeatures::union)
}

/// The switches of a proposal.
fn parts(proposal: Proposal) -> WasmFeatures {
    match proposal {
        Proposal::Gc => WasmFeatures::GC
            .union(WasmFeatures::FUNCTION_REFERENCES)
            .union(WasmFeatures::GC_TYPES),
        // An exception is an object of the collected heap.
        Proposal::Exceptions => WasmFeatures::EXCEPTIONS.union(WasmFeatures::GC_TYPES),
        Proposal::Memory64 => WasmFeatures::MEMORY64,
        Proposal::MultiMemory => WasmFeatures::MULTI_MEMORY,
        Proposal::WideArithmetic => WasmFeatures::WIDE_ARITHMETIC,
        // The rest of threads are shared memories, which the check refuses.
        Proposal::Atomics => WasmFeatures::THREADS,
    }
}
