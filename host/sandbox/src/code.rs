//! From component bytes to machine code, and back from a file to a loaded component.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{Hash as _, Hasher};
use std::io::{self, Read as _};
use std::os::fd::AsRawFd as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use wasmtime::component::Component;
use wasmtime::{Engine, Module, Precompiled};

use super::componentize::{ModuleError, adapters, componentize};
use super::engine::{ENGINE_NAME, ENGINE_VERSION, compiler, engine, settings};
use super::precheck::{PrecheckError, StructureLimits, precheck};
use super::sections::{self, SectionError};
use dyno_job::{Build, CodeFile, Description, Hello, Layout, PROTOCOL, Shape, write_code};
use dyno_model::{Features, LimitKind, Limits};

/// Why a component did not become code, or code not a component.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    /// The text of a `.wat` file is not well-formed.
    #[error("not WebAssembly text: {0}")]
    Text(String),
    /// The structural check refused it.
    #[error("it {0}")]
    Precheck(PrecheckError),
    /// A core module does not become a component.
    #[error("it {0}")]
    Module(ModuleError),
    /// What it says of itself is no good.
    #[error("it {0}")]
    Section(SectionError),
    /// The engine refused it.
    #[error("the engine refused it: {0}")]
    Engine(String),
    /// Its functions cannot be made to tell of themselves.
    #[error("it cannot be profiled: {0}")]
    Instrument(String),
    /// It uses exceptions, which leave functions without telling the hooks of a profile.
    #[error("it cannot be profiled: it uses exceptions, which leave functions unseen")]
    Exceptions,
    /// A file could not be read.
    #[error("{path}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// What was made could not be written.
    #[error("the compiled code cannot be written")]
    Write(#[source] io::Error),
}

// Their texts begin in the middle of a sentence, so they are part of that and not its cause.
impl From<PrecheckError> for CodeError {
    fn from(error: PrecheckError) -> Self {
        Self::Precheck(error)
    }
}

impl From<ModuleError> for CodeError {
    fn from(error: ModuleError) -> Self {
        Self::Module(error)
    }
}

impl From<SectionError> for CodeError {
    fn from(error: SectionError) -> Self {
        Self::Section(error)
    }
}

impl CodeError {
    /// Whether there is nothing wrong with a file, but nothing to measure in it either.
    #[must_use]
    pub fn is_no_benchmark(&self) -> bool {
        matches!(
            self,
            Self::Precheck(PrecheckError::NotAPlugin) | Self::Module(ModuleError::Library)
        )
    }
}

/// What is compiled of a plugin file, and packed: text is assembled, a core module that is a program
/// stays one, and any other becomes a component.
///
/// # Errors
/// If it looks like text and is not well-formed, or is a module of no use.
pub fn to_binary(bytes: &[u8]) -> Result<Cow<'_, [u8]>, CodeError> {
    let binary = assembled(bytes)?;
    if wasmparser::Parser::is_core_wasm(&binary)
        && let Some(component) = componentize(&binary)?
    {
        return Ok(Cow::Owned(component));
    }
    Ok(binary)
}

fn assembled(bytes: &[u8]) -> Result<Cow<'_, [u8]>, CodeError> {
    // An error shows a line of it, so that what is surely something else must not be taken for
    // text.
    let is_text = |text: &str| ["(", ";;"].iter().any(|start| text.starts_with(start));
    let is_text = !bytes.starts_with(b"\0asm")
        && std::str::from_utf8(bytes).is_ok_and(|text| is_text(text.trim_start()));
    if is_text {
        return wat::parse_bytes(bytes).map_err(|error| CodeError::Text(error.to_string()));
    }
    Ok(Cow::Borrowed(bytes))
}

/// Checks the structure of a component.
///
/// # Errors
/// The first rule that it breaks.
pub fn check(component: &[u8], limits: &Limits, features: &Features) -> Result<Shape, CodeError> {
    let mut structure = StructureLimits::scaled(limits.get(LimitKind::Structure));
    structure.core_instances = limits.get(LimitKind::Instances);
    Ok(precheck(component, &structure, features)?)
}

/// Checks what is read and not compiled: how large it may be in its parts, and what it may use, is
/// for those to say who run it.
fn check_to_read(component: &[u8], limits: &Limits) -> Result<Shape, CodeError> {
    let mut structure = StructureLimits::for_reading();
    structure.core_instances = limits.get(LimitKind::Instances);
    Ok(precheck(component, &structure, &Features::all())?)
}

/// Checks a component or program, and reads what it says of itself.
///
/// # Errors
/// The first rule that it breaks.
pub fn describe(component: &[u8], limits: &Limits) -> Result<Description, CodeError> {
    Ok(Description {
        shape: check_to_read(component, limits)?,
        sections: sections::sections(component)?,
    })
}

/// Writes what a component or program should say of itself into it, after checking it.
///
/// # Errors
/// The first rule that it breaks, or the first label that does not fit.
pub fn label(
    component: &[u8],
    labels: &BTreeMap<String, String>,
    limits: &Limits,
) -> Result<Vec<u8>, CodeError> {
    check_to_read(component, limits)?;
    Ok(sections::label(component, labels)?)
}

/// Compiles a checked component, in one of its layouts. The code goes into a file that is open
/// already: who compiles can open none. Its path must say what it is, since the hash is over its
/// name, too.
///
/// # Errors
/// If the engine refuses it, or the code cannot be written.
pub fn compile(
    component: &[u8],
    build: Build,
    layout: Layout,
    (limits, features): (&Limits, &Features),
    path: &Path,
    to: &mut impl io::Write,
) -> Result<(), CodeError> {
    let engine = compiler(build, limits, layout, features).map_err(engine_error)?;
    let code = match wasmparser::Parser::is_core_wasm(component) {
        true => engine.precompile_module(component),
        false => engine.precompile_component(component),
    };
    let code = code.map_err(engine_error)?;
    write_code(&code, path, to).map_err(CodeError::Write)
}

/// Code that was loaded, and not yet linked.
pub enum Code {
    /// A component.
    Component(Component),
    /// A core module: a program.
    Module(Module),
}

/// Loads compiled code. The file is mapped, so that nothing is read before it is needed, and what
/// stands behind the code is never looked at.
///
/// # Errors
/// If the file cannot be read, is not the one that was checked, or was made by another engine.
pub fn load(
    code: &CodeFile,
    build: Build,
    limits: &Limits,
    features: &Features,
) -> Result<Code, CodeError> {
    let file_error = |source| CodeError::File {
        path: code.path().display().to_string(),
        source,
    };
    let engine = engine(build, limits, features).map_err(engine_error)?;
    let mut file = code.open().map_err(file_error)?;
    // The file that is open, whatever its path leads to by now.
    let opened = format!("/proc/self/fd/{}", file.as_raw_fd());
    if let Ok(mapped) = map(&engine, Path::new(&opened)) {
        return Ok(mapped);
    }
    // A file system that is mounted `noexec` can be read, but not mapped for execution.
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(file_error)?;
    copy(&engine, &bytes).map_err(engine_error)
}

#[allow(unsafe_code)]
fn map(engine: &Engine, path: &Path) -> wasmtime::Result<Code> {
    // SAFETY: the bytes are what `compile` wrote under this name: the supervisor
    // found the hash over both right, and this is that file, which lies in a directory that is
    // private to the user and that only compile workers of ours can write.
    unsafe {
        Ok(match Engine::detect_precompiled_file(path)? {
            Some(Precompiled::Module) => Code::Module(Module::deserialize_file(engine, path)?),
            _ => Code::Component(Component::deserialize_file(engine, path)?),
        })
    }
}

#[allow(unsafe_code)]
fn copy(engine: &Engine, bytes: &[u8]) -> wasmtime::Result<Code> {
    // SAFETY: as above.
    unsafe {
        Ok(match Engine::detect_precompiled(bytes) {
            Some(Precompiled::Module) => Code::Module(Module::deserialize(engine, bytes)?),
            _ => Code::Component(Component::deserialize(engine, bytes)?),
        })
    }
}

/// Who a worker with this sandbox is.
///
/// # Errors
/// If the engine does not support this machine.
pub fn hello() -> Result<Hello, CodeError> {
    let mut hasher = Sha256Hasher(Sha256::new());
    // What is checked before a component is compiled differs between versions of this program, too.
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    // The limits have no part in it: what they set, no code depends on.
    for build in Build::ALL {
        let engine =
            engine(build, &Limits::default(), &Features::default()).map_err(engine_error)?;
        engine.precompile_compatibility_hash().hash(&mut hasher);
    }
    adapters().hash(&mut hasher);
    super::layout::FORM.hash(&mut hasher);
    Ok(Hello {
        protocol: PROTOCOL,
        engine: ENGINE_NAME.into(),
        version: ENGINE_VERSION.into(),
        settings: settings(),
        compatibility: format!("{:016x}", hasher.finish()),
    })
}

/// A [`Hasher`] that is the same in every process and every version of Rust.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        leading_u64(&self.0.clone().finalize())
    }
}

/// The first eight bytes of a digest, big-endian.
pub(super) fn leading_u64(digest: &[u8]) -> u64 {
    let bytes = digest.iter().take(8);
    bytes.fold(0, |sum, &byte| sum << 8 | u64::from(byte))
}

fn engine_error(error: wasmtime::Error) -> CodeError {
    CodeError::Engine(format!("{error:#}"))
}
