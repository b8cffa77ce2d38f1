//! Turns a core module that exports the contract into a component, in a worker, so that its author
//! needs no other tools. One that is a program runs as it is (`preview1.rs`).
//!
//! What a module is, is seen from its names:
//!
//! | exports | is |
//! |---|---|
//! | any, and it carries a `component-type` section | what that section says |
//! | `dyno:bench/suite@0.1.0#run` | a plugin: the contract is embedded here |
//! | `_start` | a program |
//!
//! Imports of WASI preview 1 are answered by the engine's own adapter, in terms of WASI 0.2. The
//! result is checked like any other component.

mod toolchain;

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as PREVIEW1,
    WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER as COMMAND_ADAPTER,
    WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as REACTOR_ADAPTER,
};
use wasmparser::{KnownCustom, Parser, Payload, ProducersSectionReader};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::precheck::STOPWATCH;
use dyno_model::quoted::quoted;

/// The contract.
const CONTRACT: &str = include_str!("../../../wit/dyno-bench.wit");

/// Why a core module does not become a component. Guest strings in it are escaped and cut.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModuleError {
    /// It cannot be parsed.
    #[error("is not a valid module: {message} (at byte {offset})")]
    Malformed {
        /// Where the parser stopped.
        offset: usize,
        /// Its words.
        message: String,
    },
    /// There is nothing to call.
    #[error(
        "is a library, not a program: it exports neither `_start` nor `dyno:bench/suite@0.1.0#run`"
    )]
    Library,
    /// It was built for another version of the contract.
    #[error(
        "speaks dyno:bench {found}, this host speaks 0.1: rebuild it with the 0.1 SDK, or use a dyno that speaks {found}"
    )]
    ContractVersion {
        /// The version it imports.
        found: String,
    },
    /// It needs a host of another kind.
    #[error(
        "imports `{name}` of `{module}`, which this host does not offer: {}", needs(.toolchain.as_ref())
    )]
    Import {
        /// The import's module.
        module: String,
        /// Its name in there.
        name: String,
        /// What it seems to be and what to do, if that can be told.
        toolchain: Option<(&'static str, &'static str)>,
    },
    /// The runtime of Go's own compiler takes all memory behind its data for its heap, whichever
    /// code grew it (`runtime/mem_wasm.go`, 1.24 to 1.27): the adapter's state would lie in there,
    /// and each would overwrite the other.
    #[error(
        "is a plugin by Go's compiler with WASI preview 1, which cannot share its memory with the adapter to WASI 0.2: build it as `dyno new --lang go` does, or make it a program"
    )]
    Go,
    /// The encoder refused it.
    #[error("cannot be made a component: {0}")]
    Encode(String),
}

impl From<wasmparser::Error> for ModuleError {
    fn from(error: wasmparser::Error) -> Self {
        Self::Malformed {
            offset: error.offset(),
            message: quoted(&error.message().replace('\n', ": ")),
        }
    }
}

/// What a module says of itself by its names.
#[derive(Debug, Default)]
struct Names {
    typed: bool,
    suite: bool,
    start: bool,
    preview1: bool,
    /// Whether it says itself where the adapter's memory may be.
    realloc: bool,
    /// Whether Go's own compiler made it.
    go: bool,
    /// The most telling import that is none of the above, in a module that brings no types of its
    /// own.
    foreign: Option<Foreign>,
}

/// An import that this host does not offer.
#[derive(Debug)]
struct Foreign {
    module: String,
    name: String,
    /// Which of the toolchains that we know it is by.
    toolchain: Option<usize>,
}

impl Foreign {
    /// Whether it says more of its module than another: the first does, of two that say as much.
    fn tells_more_than(&self, other: &Self) -> bool {
        let rank = |foreign: &Self| foreign.toolchain.unwrap_or(usize::MAX);
        rank(self) < rank(other)
    }

    fn error(self) -> ModuleError {
        let toolchain = self.toolchain.map(toolchain::at);
        ModuleError::Import {
            module: self.module,
            name: self.name,
            toolchain: toolchain.map(|toolchain| (toolchain.about, toolchain.advice)),
        }
    }
}

/// What a module with such an import is for, or else what there is to import.
fn needs(toolchain: Option<&(&str, &str)>) -> String {
    match toolchain {
        Some((about, "")) => format!("it is {about}"),
        Some((about, advice)) => format!("it is {about}; {advice}"),
        None => {
            "it offers dyno:bench/bench@0.1.0, wasi_snapshot_preview1 and the stopwatch `bench`"
                .to_owned()
        }
    }
}

/// The component that a core module is meant to be; none if it is a program as it is.
///
/// # Errors
/// If it is no program, or one for another host.
pub(super) fn componentize(module: &[u8]) -> Result<Option<Vec<u8>>, ModuleError> {
    let names = names(module)?;
    let mut module = module.to_vec();
    if !names.typed {
        if let Some(foreign) = names.foreign {
            return Err(match foreign.module.strip_prefix("dyno:bench/bench@") {
                Some(found) => ModuleError::ContractVersion {
                    found: found.to_owned(),
                },
                None => foreign.error(),
            });
        }
        if !names.suite {
            return match names.start {
                true => Ok(None),
                false => Err(ModuleError::Library),
            };
        }
        embed(&mut module)?;
    }
    if names.go && names.preview1 && !names.realloc {
        return Err(ModuleError::Go);
    }
    // Where the adapter's memory comes from is left to the module's `cabi_realloc`, which some
    // runtimes must not be passed by.
    let mut encoder = ComponentEncoder::default()
        .module(&module)
        .map_err(encode)?;
    if names.preview1 {
        let adapter = match names.start && !names.suite {
            true => COMMAND_ADAPTER,
            false => REACTOR_ADAPTER,
        };
        encoder = encoder.adapter(PREVIEW1, adapter).map_err(encode)?;
    }
    encoder.encode().map(Some).map_err(encode)
}

/// What a module's component is made of besides the module: compiled code depends on it.
pub(super) fn adapters() -> [&'static [u8]; 3] {
    [COMMAND_ADAPTER, REACTOR_ADAPTER, CONTRACT.as_bytes()]
}

fn names(module: &[u8]) -> Result<Names, ModuleError> {
    let mut names = Names::default();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import?;
                    match import.module {
                        "dyno:bench/bench@0.1.0" => {}
                        PREVIEW1 => names.preview1 = true,
                        STOPWATCH => {}
                        _ => {
                            let found = Foreign {
                                module: quoted(import.module),
                                name: quoted(import.name),
                                toolchain: toolchain::recognise(&import),
                            };
                            let known = names.foreign.as_ref();
                            if known.is_none_or(|known| found.tells_more_than(known)) {
                                names.foreign = Some(found);
                            }
                        }
                    }
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    match export?.name {
                        "_start" => names.start = true,
                        "cabi_realloc" => names.realloc = true,
                        "dyno:bench/suite@0.1.0#run" => names.suite = true,
                        _ => {}
                    }
                }
            }
            Payload::CustomSection(section) => {
                names.typed |= section.name().starts_with("component-type");
                if let KnownCustom::Producers(producers) = section.as_known() {
                    names.go |= is_made_by_go(producers)?;
                }
            }
            _ => {}
        }
    }
    Ok(names)
}

fn is_made_by_go(producers: ProducersSectionReader<'_>) -> Result<bool, ModuleError> {
    for field in producers {
        let field = field?;
        for value in field.values {
            if field.name == "processed-by" && value?.name == "Go cmd/compile" {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Writes the contract into a module, for the encoder to read.
fn embed(module: &mut Vec<u8>) -> Result<(), ModuleError> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("contract", CONTRACT).map_err(encode)?;
    let world = resolve
        .select_world(&[package], Some("plugin"))
        .map_err(encode)?;
    embed_component_metadata(module, &resolve, world, StringEncoding::UTF8).map_err(encode)
}

/// The encoder's words quote the guest.
fn encode(error: impl std::fmt::Debug) -> ModuleError {
    ModuleError::Encode(quoted(&format!("{error:?}").replace('\n', " ")))
}

#[cfg(test)]
mod tests;
