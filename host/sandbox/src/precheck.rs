//! The structural check, first thing in the compile worker: it reads a component or module once, in time
//! linear in its bytes and with memory bounded by [`StructureLimits`], and refuses what the compiler
//! must not be given.
//!
//! Three questions, in this order for every part of the file:
//!
//! 1. *How much?* Every count is held against its limit before anything is allocated for it
//!    ([`limits`], `structure`, `function`).
//! 2. *Is it valid?* wasmparser's validator, with only the proposals that are allowed (`proposals.rs`).
//! 3. *Is it a plugin?* What the root imports and exports (`contract`).
//!
//! The check cannot foresee everything that is dear to compile: the worker's CPU and memory limits
//! stand behind it. What it adds is a refusal in milliseconds that names the cause.

use std::collections::BTreeSet;

use dyno_job::{HeaderError, Shape, check_header};
use dyno_model::quoted::quoted;
use dyno_model::{Features, Proposal, Stub, all, word};
use wasmparser::{Parser, ValidPayload, Validator, WasmFeatures};

use super::proposals;

mod contract;
mod function;
mod limits;
mod signature;
mod structure;

pub(super) use contract::{PREVIEW1, STOPWATCH};
pub use limits::{Exceeded, StructureLimits};

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
    /// It cannot be parsed, or breaks a rule of WebAssembly.
    #[error("is not a valid component: {message} (at byte {offset})")]
    Malformed {
        /// Where the parser or validator stopped.
        offset: usize,
        /// Its words, which quote the guest: escaped.
        message: String,
    },
    /// It uses proposals that the user has not switched on.
    #[error(
        "uses {} switched off here: allow {} with --wasm {}",
        proposals_named(.proposals), them(.proposals), names(.proposals).join(",")
    )]
    NotGranted {
        /// Those that it needs, and no others.
        proposals: BTreeSet<Proposal>,
    },
    /// It uses a proposal or construct that nothing switches on.
    #[error("uses {feature}, which is switched off here: {message} (at byte {offset})")]
    Unsupported {
        /// Its name.
        feature: String,
        /// Where.
        offset: usize,
        /// The validator's words: escaped.
        message: String,
    },
    /// It is larger in some way than a program needs to be.
    #[error("has too many or too large {}: {}, the cap is {}{}", .0.what, .0.actual, .0.limit, raise(.0))]
    Structure(Exceeded),
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
        "imports `{name}`: plugins never get {}; one that never calls it runs with --deny-stubs {}", network(*.stub), word(.stub)
    )]
    ForbiddenImport {
        /// The import's name, escaped.
        name: String,
        /// What it belongs to.
        stub: Stub,
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
    /// It waits for requests.
    #[error(
        "exports `{name}`: it is an HTTP server (`wasi:http/proxy`), which nothing here would send requests to: build a command (`wasi:cli/run`) or a plugin of its code"
    )]
    Server {
        /// The export's name, escaped.
        name: String,
    },
    /// It exports nothing that could be run.
    #[error(
        "exports neither `dyno:bench/suite@0.1` nor `wasi:cli/run@0.2`: it is not a benchmark plugin"
    )]
    NotAPlugin,
}

/// Checks a component, or a core module that is a program, against `limits`, the proposals
/// that `features` allow, and the contract.
///
/// # Errors
/// The first reason to refuse it, in the order of the file: of what is around the functions, then
/// of these.
pub fn precheck(
    bytes: &[u8],
    limits: &StructureLimits,
    features: &Features,
) -> Result<Shape, PrecheckError> {
    check_header(bytes)?;
    let refusal = match read(bytes, limits, features, proposals::allowed(features)) {
        Err(error) if error.is_of_the_format() => error,
        checked => return checked,
    };
    let most = Features {
        wasm: all().collect(),
        ..features.clone()
    };
    if let Some(proposals) = needed(bytes, limits, features, &most) {
        return Err(PrecheckError::NotGranted { proposals });
    }
    // A proposal changes how what uses it is read: without it the first thing that is wrong may be
    // anything.
    Err(match read(bytes, limits, &most, WasmFeatures::all()) {
        Err(unsupported @ PrecheckError::Unsupported { .. }) => unsupported,
        _ => refusal,
    })
}

/// The proposals with which, and only with which, it would be valid; none if it is not even with
/// the most that can be granted.
fn needed(
    bytes: &[u8],
    limits: &StructureLimits,
    features: &Features,
    most: &Features,
) -> Option<BTreeSet<Proposal>> {
    let is_valid = |features: &Features| {
        let checked = read(bytes, limits, features, proposals::allowed(features));
        checked.map_or_else(|error| !error.is_of_the_format(), |_| true)
    };
    let mut enough = most.clone();
    if !is_valid(&enough) {
        return None;
    }
    // Of several that allow the same, the first stays.
    for proposal in (&most.wasm - &features.wasm).into_iter().rev() {
        let mut less = enough.clone();
        less.wasm.remove(&proposal);
        if is_valid(&less) {
            enough = less;
        }
    }
    Some(&enough.wasm - &features.wasm)
}

/// The check of what is read as these proposals have it. What was found too large outranks what was
/// found after it.
fn read(
    bytes: &[u8],
    limits: &StructureLimits,
    features: &Features,
    read_as: WasmFeatures,
) -> Result<Shape, PrecheckError> {
    limits.begin();
    let checked = read_within(bytes, limits, features, read_as);
    limits
        .exceeded()
        .map_or(checked, |exceeded| Err(PrecheckError::Structure(exceeded)))
}

/// The check itself, which goes on where a cap is exceeded, to say how far it is.
fn read_within(
    bytes: &[u8],
    limits: &StructureLimits,
    features: &Features,
    read_as: WasmFeatures,
) -> Result<Shape, PrecheckError> {
    let mut parser = Parser::new(0);
    parser.set_features(read_as);
    let mut validator = Validator::new_with_features(proposals::allowed(features));
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
        false => contract::check(root.as_ref(), &imports, &exports, &features.deny_stubs)?,
    };
    Ok(Shape {
        kind,
        imports,
        exports,
        numbers,
    })
}

impl PrecheckError {
    /// Whether the file breaks a rule of WebAssembly with the proposals that are allowed.
    fn is_of_the_format(&self) -> bool {
        matches!(self, Self::Malformed { .. } | Self::Unsupported { .. })
    }
}

impl From<wasmparser::Error> for PrecheckError {
    fn from(error: wasmparser::Error) -> Self {
        let offset = error.offset();
        let message = quoted(&error.message().replace('\n', ": "));
        let missing = error.missing_wasm_feature();
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

/// What no plugin gets, for people.
fn network(stub: Stub) -> &'static str {
    match stub {
        Stub::Sockets => "sockets",
        Stub::Http => "HTTP",
    }
}

/// How to raise a cap, if that can be done.
fn raise(exceeded: &Exceeded) -> String {
    let scale = exceeded.scale_needed();
    scale.map_or_else(String::new, |scale| {
        format!(": raise such caps with --structure {scale}")
    })
}

fn names(proposals: &BTreeSet<Proposal>) -> Vec<&'static str> {
    proposals.iter().map(word).collect()
}

fn proposals_named(proposals: &BTreeSet<Proposal>) -> String {
    match names(proposals).as_slice() {
        [one] => format!("the proposal {one}, which is"),
        several => format!("the proposals {}, which are", several.join(", ")),
    }
}

fn them(proposals: &BTreeSet<Proposal>) -> &'static str {
    if proposals.len() == 1 { "it" } else { "them" }
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
