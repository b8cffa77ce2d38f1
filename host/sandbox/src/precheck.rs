//! The structural check, first thing in the compile worker: it reads a component or module once, in time
//! linear in its bytes and with memory bounded by [`StructureLimits`], and refuses what the compiler
//! must not be given.
//!
//! Three questions, in this order for every part of the file:
//!
//! 1. *How much?* Every count is held against its limit before anything is allocated for it
//!    ([`limits`], `structure`, `function`).
//! 2. *Is it valid?* wasmparser's validator, with only the proposals of `FEATURES`.
//! 3. *Is it a plugin?* What the root imports and exports (`contract`).
//!
//! The check cannot foresee everything that is dear to compile: the worker's CPU and memory limits
//! stand behind it. What it adds is a refusal in milliseconds that names the cause.

use dyno_job::{HeaderError, Shape, check_header};
use dyno_model::quoted::quoted;
use wasmparser::{Parser, ValidPayload, Validator, WasmFeatures};

mod contract;
mod function;
mod limits;
mod signature;
mod structure;

pub(super) use contract::{PREVIEW1, STOPWATCH};
pub use limits::StructureLimits;

/// The proposals a plugin may use: WebAssembly 2.0 and what compilers emit today without asking.
///
/// Off, because each is a resource that no limit of ours counts, or a second way around one that
/// does: memory64, multi-memory, custom page sizes, threads and shared memory, garbage collection
/// (with `externref` and typed function references), exceptions, stack switching, and everything
/// asynchronous of the component model. The engine is configured to the same set.
pub(super) const FEATURES: WasmFeatures = WasmFeatures::WASM1
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

/// Why a file is refused before it is compiled. Guest strings in it are escaped and cut.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrecheckError {
    /// It does not begin like a plugin.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// Machine code, nested.
    #[error(
        "holds compiled machine code (an ELF file, such as a `.cwasm`) at byte {offset}: only WebAssembly is accepted, never what was compiled from it"
    )]
    Compiled {
        /// Where it begins.
        offset: usize,
    },
    /// A core module at the root.
    #[error("is a core module where a component is expected")]
    CoreModule,
    /// It cannot be parsed, or breaks a rule of WebAssembly.
    #[error("is not a valid component: {message} (at byte {offset})")]
    Malformed {
        /// Where the parser or validator stopped.
        offset: usize,
        /// Its words, which quote the guest: escaped.
        message: String,
    },
    /// It uses a proposal that is not in `FEATURES`.
    #[error("uses {feature}, which is switched off here: {message} (at byte {offset})")]
    Unsupported {
        /// Name of the proposal or construct.
        feature: String,
        /// Where.
        offset: usize,
        /// The validator's words: escaped.
        message: String,
    },
    /// It is larger in some way than a program needs to be.
    #[error("has too many or too large {what}: {actual}, the cap is {limit}")]
    Structure {
        /// What was counted, with its unit.
        what: &'static str,
        /// The limit.
        limit: u64,
        /// What was seen when counting stopped: at least this.
        actual: u64,
    },
    /// It makes more core instances than the user's limit allows.
    #[error("has {actual} core instances, the limit is {limit}")]
    Instances {
        /// The limit.
        limit: u64,
        /// What was seen when counting stopped: at least this.
        actual: u64,
    },
    /// It was built for another version of the contract.
    #[error(
        "speaks dyno:bench {found}, this host speaks 0.1: rebuild it with the 0.1 SDK, or use a dyno that speaks {found}"
    )]
    ContractVersion {
        /// The version it imports or exports.
        found: String,
    },
    /// It imports what no plugin ever gets.
    #[error(
        "imports `{name}`: plugins never get {what}, so build it without them or stub them out (wasi-virt, `componentize-py --stub-wasi`)"
    )]
    ForbiddenImport {
        /// The import's name, escaped.
        name: String,
        /// `sockets` or `HTTP`.
        what: &'static str,
    },
    /// It imports what this host does not offer.
    #[error("imports `{name}`, which this host does not offer: it offers {offered}")]
    UnknownImport {
        /// The import's name, escaped.
        name: String,
        /// What would have been in its place.
        offered: &'static str,
    },
    /// It exports an interface of a plugin without one of its functions.
    #[error("exports `{interface}` without its function `{function}`")]
    MissingFunction {
        /// The export's name, escaped.
        interface: String,
        /// The function that is not there.
        function: &'static str,
    },
    /// It exports a function of a plugin as one of another type.
    #[error(
        "exports the function `{function}` of `{interface}` as {found}, which must be {expected}"
    )]
    WrongType {
        /// The export's name, escaped.
        interface: String,
        /// The function.
        function: &'static str,
        /// What the contract says.
        expected: &'static str,
        /// What it is, cut.
        found: String,
    },
    /// What a program begins with is not a function without parameters and results.
    #[error("exports `_start`, which is not a function without parameters and results")]
    StartType,
    /// It exports nothing that could be run.
    #[error(
        "exports neither `dyno:bench/suite@0.1` nor `wasi:cli/run@0.2`: it is not a benchmark plugin"
    )]
    NotAPlugin,
}

/// Checks a component, or a core module that is a program, against `limits`, `FEATURES` and the
/// contract.
///
/// # Errors
/// The first reason to refuse it, in the order of the file: of what is around the functions, then
/// of these.
pub fn precheck(bytes: &[u8], limits: &StructureLimits) -> Result<Shape, PrecheckError> {
    check_header(bytes)?;
    let malformed = match read(bytes, limits, FEATURES) {
        Err(malformed @ PrecheckError::Malformed { .. }) => malformed,
        checked => return checked,
    };
    // A proposal changes how what uses it is read: without it the first thing that is wrong may be
    // anything.
    Err(match read(bytes, limits, WasmFeatures::all()) {
        Err(unsupported @ PrecheckError::Unsupported { .. }) => unsupported,
        _ => malformed,
    })
}

/// The check itself, of what is read as these proposals have it.
fn read(
    bytes: &[u8],
    limits: &StructureLimits,
    features: WasmFeatures,
) -> Result<Shape, PrecheckError> {
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut validator = Validator::new_with_features(FEATURES);
    let mut seen = structure::Structure::new(bytes, limits);
    let mut root = None;
    let mut bodies = Vec::new();

    for payload in parser.parse_all(bytes) {
        let payload = payload?;
        seen.count(&payload)?;
        match validator.payload(&payload)? {
            ValidPayload::Func(function, body) => bodies.push((function, body)),
            // Nested ones end first: the last that ends is the root.
            ValidPayload::End(types) => root = Some(types),
            ValidPayload::Ok | ValidPayload::Parser(_) => {}
        }
    }

    function::check_all(bodies, limits)?;
    // A parser that came to its end has seen the end of the root.
    let root = root.ok_or_else(|| PrecheckError::Malformed {
        offset: bytes.len(),
        message: "it has no end".to_owned(),
    })?;
    let structure::Seen {
        imports,
        exports,
        numbers,
    } = seen.finish();
    let kind = match Parser::is_core_wasm(bytes) {
        true => contract::check_module(root.as_ref())?,
        false => contract::check(root.as_ref(), &imports, &exports)?,
    };
    Ok(Shape {
        kind,
        imports,
        exports,
        numbers,
    })
}

impl From<wasmparser::Error> for PrecheckError {
    fn from(error: wasmparser::Error) -> Self {
        let offset = error.offset();
        let message = quoted(&error.message().replace('\n', ": "));
        let missing = error.missing_wasm_feature();
        // The one proposal whose absence the validator does not tell by name.
        let missing = missing
            .or((error.message() == "multiple memories").then_some(WasmFeatures::MULTI_MEMORY));
        match missing {
            Some(feature) => Self::Unsupported {
                feature: feature_name(feature),
                offset,
                message,
            },
            None => Self::Malformed { offset, message },
        }
    }
}

/// The proposal's name as people write it, such as `multi-memory`.
fn feature_name(feature: WasmFeatures) -> String {
    let names: Vec<_> = feature
        .iter_names()
        .map(|(name, _)| name.to_lowercase().replace('_', "-"))
        .collect();
    if names.is_empty() {
        return "a proposal".to_owned();
    }
    let release = match names.iter().any(|name| name.starts_with("cm-async")) {
        true => " (WASI 0.3)",
        false => "",
    };
    format!("the proposal {}{release}", names.join(" and "))
}

#[cfg(test)]
mod tests;
