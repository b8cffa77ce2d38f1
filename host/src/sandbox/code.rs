//! From component bytes to machine code, and back from a file to a loaded component.
//!
//! A file of compiled code is the code followed by a hash over its name and the code. The name says whose code it is,
//! which build and layout, and for which engine, so code under the name of other code has a wrong hash. It is machine
//! code that will be run, so it is only ever read from a directory that is private to the user, and only as a
//! [`CodeFile`]: the supervisor has found the hash right, and it is still that file. A user can never hand one in.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{File, Metadata, OpenOptions};
use std::hash::{Hash as _, Hasher};
use std::io::{self, Read as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::componentize::{ModuleError, adapters, componentize};
use super::engine::Build;
use super::precheck::{PrecheckError, Shape, StructureCaps, header, precheck};
use super::sections::{self, Description, SectionError};
use super::{Layout, Limits};
use crate::report::model::LimitKind;

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

/// Whether a file that begins like this may be WebAssembly at all. Nothing is parsed: this is for the supervisor, to
/// which thousands of other files must not cost a worker each.
///
/// # Errors
/// If it cannot be, for the reason for which [`check`] would refuse it.
pub fn open_like_wasm(start: &[u8]) -> Result<(), CodeError> {
    if is_text(start) || start.starts_with(b"\0asm") {
        return Ok(());
    }
    Ok(header(start)?)
}

/// Whether bytes may be the beginning of WebAssembly text: it begins with a parenthesis or a comment, behind white space
/// of which there may be more than is here.
fn is_text(start: &[u8]) -> bool {
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        // A character that is cut off at the end.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let text = text.trim_start();
    text.starts_with(['(', ';']) || text.is_empty() && !start.is_empty()
}

/// The component in a plugin file: text is assembled, and a core module becomes a component.
///
/// # Errors
/// If it looks like text and is not well-formed, or is a module of no use.
pub fn to_component(bytes: &[u8]) -> Result<Cow<'_, [u8]>, CodeError> {
    // An error shows a line of it, so that what is surely something else must not be taken for text.
    let is_text = |text: &str| ["(", ";;"].iter().any(|start| text.starts_with(start));
    let is_text = !bytes.starts_with(b"\0asm")
        && std::str::from_utf8(bytes).is_ok_and(|text| is_text(text.trim_start()));
    let binary = if is_text {
        wat::parse_bytes(bytes).map_err(|error| CodeError::Text(error.to_string()))?
    } else {
        Cow::Borrowed(bytes)
    };
    if wasmparser::Parser::is_core_wasm(&binary) {
        return Ok(Cow::Owned(componentize(&binary)?));
    }
    Ok(binary)
}

/// Checks the structure of a component.
///
/// # Errors
/// The first rule that it breaks.
pub fn check(component: &[u8], limits: &Limits) -> Result<Shape, CodeError> {
    let caps = StructureCaps {
        core_instances: limits.get(LimitKind::Instances),
        ..StructureCaps::default()
    };
    Ok(precheck(component, &caps)?)
}

/// Checks a component, and reads what it says of itself.
///
/// # Errors
/// The first rule that it breaks.
pub fn describe(component: &[u8], limits: &Limits) -> Result<Description, CodeError> {
    Ok(Description {
        shape: check(component, limits)?,
        sections: sections::sections(component)?,
    })
}

/// Writes what a component should say of itself into it, after checking it.
///
/// # Errors
/// The first rule that it breaks, or the first label that does not fit.
pub fn label(
    component: &[u8],
    labels: &BTreeMap<String, String>,
    limits: &Limits,
) -> Result<Vec<u8>, CodeError> {
    check(component, limits)?;
    Ok(sections::label(component, labels)?)
}

/// Compiles a checked component, in one of its layouts. The code goes into a file that is open already: who compiles
/// can open none. Its path must say what it is, since the hash is over its name, too.
///
/// # Errors
/// If the engine refuses it, or the code cannot be written.
pub fn compile(
    component: &[u8],
    build: Build,
    layout: Layout,
    limits: &Limits,
    path: &Path,
    to: &mut impl io::Write,
) -> Result<(), CodeError> {
    let engine = build.compiler(limits, layout).map_err(engine_error)?;
    let code = engine
        .precompile_component(component)
        .map_err(engine_error)?;
    let hash = hasher(path).chain_update(&code).finalize();
    to.write_all(&code)
        .and_then(|()| to.write_all(&hash))
        .map_err(CodeError::Write)
}

/// Of what [`compile`] writes into a file of this name, without the code.
fn hasher(path: &Path) -> Sha256 {
    let name = path.file_name().unwrap_or_default().as_bytes();
    Sha256::new()
        .chain_update((name.len() as u64).to_le_bytes())
        .chain_update(name)
}

/// A file that holds what [`compile`] wrote under that name: only [`CodeFile::check`] makes one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeFile {
    path: PathBuf,
    /// Which file was checked. As long as it is there, no other has these two numbers.
    device: u64,
    inode: u64,
}

impl CodeFile {
    /// Checks a file; none if it is not what [`compile`] wrote, so that it can be made anew. Reads it in pieces: the
    /// code of a script engine is larger than a supervisor should be.
    #[must_use]
    pub fn check(path: &Path) -> Option<Self> {
        let mut file = open(path).ok()?;
        let metadata = file.metadata().ok().filter(is_our_own)?;
        let is_right = hash_is_right(&mut file, metadata.len(), hasher(path));
        is_right.ok().filter(|is_right| *is_right)?;
        Some(Self {
            path: path.into(),
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its size; 0 if it is gone.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        std::fs::metadata(&self.path).map_or(0, |metadata| metadata.len())
    }

    /// Opens the file that was checked, and no other that stands in its place now.
    fn open(&self) -> io::Result<File> {
        let file = open(&self.path)?;
        let metadata = file.metadata()?;
        match (metadata.dev(), metadata.ino()) == (self.device, self.inode) {
            true => Ok(file),
            false => Err(io::Error::other("not the machine code that was checked")),
        }
    }
}

/// Whether it is a regular file that no other user can have written.
fn is_our_own(metadata: &Metadata) -> bool {
    let is_ours = metadata.uid() == nix::unistd::geteuid().as_raw();
    metadata.is_file() && is_ours && metadata.mode() & 0o022 == 0
}

/// Neither followed if it is a link, nor waited for if it is a pipe.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    options.read(true).open(path)
}

fn hash_is_right(file: &mut File, bytes: u64, mut hasher: Sha256) -> io::Result<bool> {
    let Some(mut left) = bytes.checked_sub(HASH_BYTES as u64) else {
        return Ok(false);
    };
    let mut piece = vec![0; 1 << 20];
    while left > 0 {
        let wanted = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = file.read(&mut piece[..wanted])?;
        if read == 0 {
            return Ok(false);
        }
        hasher.update(&piece[..read]);
        left -= read as u64;
    }
    let mut hash = [0; HASH_BYTES];
    file.read_exact(&mut hash)?;
    Ok(hasher.finalize().as_slice() == hash)
}

const HASH_BYTES: usize = 32;

/// Loads compiled code. The file is mapped, so that nothing is read before it is needed, and what stands behind the
/// code is never looked at.
///
/// # Errors
/// If the file cannot be read, is not the one that was checked, or was made by another engine.
pub fn load(code: &CodeFile, build: Build, limits: &Limits) -> Result<Component, CodeError> {
    let file_error = |source| CodeError::File {
        path: code.path.display().to_string(),
        source,
    };
    let engine = build.engine(limits).map_err(engine_error)?;
    let mut file = code.open().map_err(file_error)?;
    // The file that is open, whatever its path leads to by now.
    let opened = format!("/proc/self/fd/{}", file.as_raw_fd());
    // SAFETY: the bytes are what `compile` wrote under this name: the supervisor found the hash over both right, and
    // this is that file, which lies in a directory that is private to the user and that only compile workers of ours
    // can write.
    #[allow(unsafe_code)]
    let mapped = unsafe { Component::deserialize_file(&engine, opened) };
    if let Ok(component) = mapped {
        return Ok(component);
    }
    // A file system that is mounted `noexec` can be read, but not mapped for execution.
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(file_error)?;
    // SAFETY: as above.
    #[allow(unsafe_code)]
    let component = unsafe { Component::deserialize(&engine, bytes) };
    component.map_err(engine_error)
}

/// What compiled code depends on besides the component and the layout: 16 hex digits that differ between
/// engines, settings, CPUs and builds.
///
/// # Errors
/// If the engine does not support this machine.
pub fn compatibility(build: Build, limits: &Limits) -> Result<String, CodeError> {
    let engine: Engine = build.engine(limits).map_err(engine_error)?;
    let mut hasher = Sha256Hasher(Sha256::new());
    build.name().hash(&mut hasher);
    // What is checked before a component is compiled differs between versions of this program, too.
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    engine.precompile_compatibility_hash().hash(&mut hasher);
    adapters().hash(&mut hasher);
    super::layout::FORM.hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
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
