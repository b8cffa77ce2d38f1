//! Is it a plugin, and of which kind: what the root component imports and exports, by name, and the
//! types of the functions that the host will call.
//!
//! The types of what it imports are left to the engine, which compares them when it links, before
//! anything runs. Those of exports it would compare when it calls them.

use std::collections::BTreeSet;

use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType};
use wasmparser::types::{EntityType, TypesRef};

use super::PrecheckError;
use super::signature::signature;
use dyno_model::quoted::quoted;
use dyno_model::{PluginKind, Stub};

/// The interfaces of WASI 0.2 that a plugin may import. They are linked, but each does only what
/// was granted: no directory is open, the environment, the arguments and stdin are empty.
const WASI: [&str; 20] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/stderr",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:cli/terminal-stderr",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/types",
    "wasi:filesystem/preopens",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/random",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
];

/// The functions of a suite and their types, as `wit/` has them.
const SUITE: [(&str, &str); 2] = [
    (
        "cases",
        "func() -> result<list<record { name: string, description: string, group: option<string>, \
         params: list<record { name: string, value: string }>, \
         throughput: option<variant { bytes(u64), elements(u64) }>, expected: option<u64> }>, string>",
    ),
    ("run", "func(string) -> result<_, string>"),
];

/// The function of a command, and its type.
const COMMAND: [(&str, &str); 1] = [("run", "func() -> result")];

/// What modules import WASI preview 1 as.
pub(crate) const PREVIEW1: &str = "wasi_snapshot_preview1";

/// What a program imports that says itself what is timed: Sightglass' protocol.
pub(crate) const STOPWATCH: &str = "bench";

/// What a component exports that answers requests.
const SERVER: &str = "wasi:http/incoming-handler";

/// What a program exports that is a core module.
const START: &str = "_start";

/// What an import of a core module may be, as an error says it.
const OFFERED_TO_MODULES: &str = "wasi_snapshot_preview1 and the stopwatch `bench`";

/// What an import may be, as an error says it.
const OFFERED: &str = "dyno:bench/bench@0.1, the stopwatch `bench`, and, of WASI 0.2, cli, clocks, filesystem, io and random";

/// The kind of the plugin, or what its root says that this host does not understand.
pub(super) fn check(
    types: TypesRef<'_>,
    imports: &[String],
    exports: &[String],
    stubs: &BTreeSet<Stub>,
) -> Result<PluginKind, PrecheckError> {
    // Versions first: a plugin of another contract is best told that, whatever else it imports.
    for name in imports.iter().chain(exports) {
        speaks_our_version(name)?;
    }
    let runs = |name: &String| name.starts_with("wasi:cli/run@");
    if let Some(name) = exports.iter().find(|name| split(name).0 == SERVER)
        && !exports.iter().any(runs)
    {
        let name = quoted(name);
        return Err(PrecheckError::Server { name });
    }
    for name in imports {
        import(types, name, stubs)?;
    }
    for name in exports {
        if is_compatible(name, "dyno:bench/suite", "0.1") {
            has_functions(types, name, &SUITE)?;
            return Ok(PluginKind::Suite);
        }
    }
    for name in exports {
        if is_compatible(name, "wasi:cli/run", "0.2") {
            has_functions(types, name, &COMMAND)?;
            return Ok(PluginKind::Command);
        }
    }
    Err(PrecheckError::NotAPlugin)
}

/// The kind of a core module that is a program: what it imports is preview 1 or the stopwatch. Which
/// functions these have, and of which types, the engine says when it links.
pub(super) fn check_module(types: TypesRef<'_>) -> Result<PluginKind, PrecheckError> {
    for (module, name, _) in types.core_imports().into_iter().flatten() {
        if ![PREVIEW1, STOPWATCH].contains(&module) {
            return Err(PrecheckError::UnknownImport {
                name: quoted(&format!("{module}.{name}")),
                offered: OFFERED_TO_MODULES,
            });
        }
    }
    let mut exports = types.core_exports().into_iter().flatten();
    match exports.find(|(name, _)| *name == START) {
        Some((_, EntityType::Func(id))) => {
            let start = types[id].unwrap_func();
            match start.params().is_empty() && start.results().is_empty() {
                true => Ok(PluginKind::Command),
                false => Err(PrecheckError::StartType),
            }
        }
        Some(_) => Err(PrecheckError::StartType),
        None => Err(PrecheckError::NotAPlugin),
    }
}

fn speaks_our_version(name: &str) -> Result<(), PrecheckError> {
    let (interface, version) = split(name);
    if interface.starts_with("dyno:bench/") && !is_compatible(name, interface, "0.1") {
        let found = if version.is_empty() {
            "without a version".to_owned()
        } else {
            quoted(version)
        };
        return Err(PrecheckError::ContractVersion { found });
    }
    Ok(())
}

fn import(types: TypesRef<'_>, name: &str, stubs: &BTreeSet<Stub>) -> Result<(), PrecheckError> {
    let (interface, _) = split(name);
    let offered = name == STOPWATCH
        || is_compatible(name, "dyno:bench/bench", "0.1")
        || (WASI.contains(&interface) && is_compatible(name, interface, "0.2"));
    if offered || is_types_only(types, name) {
        return Ok(());
    }
    let name = quoted(name);
    match Stub::of(interface) {
        Some(stub) if stubs.contains(&stub) => Ok(()),
        Some(stub) => Err(PrecheckError::ForbiddenImport { name, stub }),
        None => Err(PrecheckError::UnknownImport {
            name,
            offered: OFFERED,
        }),
    }
}

/// Whether an import asks for nothing but the names of types, which need no host: a world that
/// uses the types of an interface imports it like this.
fn is_types_only(types: TypesRef<'_>, name: &str) -> bool {
    let is_plain_type = |entity: &ComponentEntityType| {
        matches!(
            entity,
            ComponentEntityType::Type { created, .. }
                if !matches!(created, ComponentAnyTypeId::Resource(_))
        )
    };
    match types.component_item_for_import(name).map(|item| item.ty) {
        Some(ComponentEntityType::Instance(id)) => {
            (types[id].exports.iter()).all(|(_, item)| is_plain_type(&item.ty))
        }
        Some(entity) => is_plain_type(&entity),
        None => false,
    }
}

fn has_functions(
    types: TypesRef<'_>,
    name: &str,
    functions: &[(&'static str, &'static str)],
) -> Result<(), PrecheckError> {
    let exports = match types.component_item_for_export(name).map(|item| item.ty) {
        Some(ComponentEntityType::Instance(id)) => Some(&types[id].exports),
        _ => None,
    };
    for &(function, expected) in functions {
        let export = exports.and_then(|exports| exports.get(function));
        let Some(ComponentEntityType::Func(id)) = export.map(|item| item.ty) else {
            return Err(PrecheckError::MissingFunction {
                interface: quoted(name),
                function,
            });
        };
        let found = signature(types, &types[id]);
        if found != expected {
            return Err(PrecheckError::WrongType {
                interface: quoted(name),
                function,
                expected,
                // Names of fields and cases are words of letters, digits and hyphens: the validator
                // says so.
                found,
            });
        }
    }
    Ok(())
}

/// An interface and its version, which is empty if there is none.
fn split(name: &str) -> (&str, &str) {
    name.split_once('@').unwrap_or((name, ""))
}

/// Whether `name` is that interface in a release of `line`, such as 0.2.3 of 0.2. Pre-releases are
/// compatible with nothing.
fn is_compatible(name: &str, interface: &str, line: &str) -> bool {
    let (found, version) = split(name);
    let patch = version
        .strip_prefix(line)
        .and_then(|rest| rest.strip_prefix('.'));
    found == interface
        && patch.is_some_and(|patch| {
            !patch.is_empty() && patch.bytes().all(|byte| byte.is_ascii_digit())
        })
}
