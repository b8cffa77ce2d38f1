//! What is kept of one plugin: a directory that is named by what its files hash to.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use dyno_files::checkout;
use dyno_model::Features;
use dyno_model::quoted::quoted_path;
use dyno_plugin::{Digest, INPUT_BYTES_MAX, MANIFEST_BYTES_MAX, Manifest, Source, SourceError};

pub(super) const MANIFEST: &str = "plugin.toml";
pub(super) const COMPONENT: &str = "component.wasm";
pub(super) const STDIN: &str = "stdin";
pub(super) const STDOUT: &str = "stdout";

/// The largest component that is kept: eight times what may be run by default.
const COMPONENT_BYTES_MAX: u64 = 256 << 20;

/// The files of an entry, and how many bytes each has at most.
const FILES: [(&str, u64); 4] = [
    (MANIFEST, MANIFEST_BYTES_MAX),
    (COMPONENT, COMPONENT_BYTES_MAX),
    (STDIN, INPUT_BYTES_MAX),
    (STDOUT, INPUT_BYTES_MAX),
];

/// The manifest of an entry.
#[derive(Serialize)]
pub(super) struct KeptManifest<'a> {
    pub(super) plugin: PluginTable<'a>,
    pub(super) build: BuildTable,
    pub(super) program: ProgramTable<'a>,
    pub(super) limits: BTreeMap<&'static str, i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) features: Option<&'a Features>,
}

#[derive(Serialize)]
pub(super) struct PluginTable<'a> {
    pub(super) name: &'a str,
}

#[derive(Serialize)]
pub(super) struct BuildTable {
    pub(super) component: &'static str,
}

#[derive(Serialize)]
pub(super) struct ProgramTable<'a> {
    pub(super) name: String,
    pub(super) args: &'a [String],
    pub(super) stdin: Option<&'static str>,
    pub(super) stdout: Option<&'static str>,
    #[serde(rename = "expected-status")]
    pub(super) expected_status: Option<u32>,
}

/// Why an entry cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum EntryError {
    /// It cannot be read, or is not there.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It has a file that we keep none like: which, and what is wrong with it.
    #[error("{0}: {1}")]
    Foreign(&'static str, io::Error),
}

/// What an entry holds.
pub(super) struct Content {
    /// Of all its files: the name of the entry.
    pub(super) digest: Digest,
    /// The text that was hashed.
    manifest: Vec<u8>,
}

impl Content {
    /// Reads an entry, and no file of it through a link.
    pub(super) fn read(dir: &Path) -> Result<Self, EntryError> {
        let mut all = String::new();
        let mut manifest = Vec::new();
        for (name, limit) in FILES {
            let file = match checkout::open_unlinked(dir, name) {
                Ok(file) => file,
                // Nothing there is another matter than an empty directory.
                Err(error) if error.kind() == io::ErrorKind::NotFound && dir.is_dir() => continue,
                Err(error) => return Err(judged(name, error)),
            };
            let digest = match name {
                MANIFEST => checkout::bytes(file, limit).map(|bytes| {
                    manifest = bytes;
                    Digest::of(&manifest)
                }),
                _ => hash(file, limit),
            };
            let digest = digest.map_err(|error| judged(name, error))?;
            all.push_str(&format!("{name} {digest}\n"));
        }
        Ok(Self {
            digest: Digest::of(all.as_bytes()),
            manifest,
        })
    }

    /// Its manifest, or why that is none that we wrote.
    pub(super) fn manifest(&self) -> Result<Manifest, &'static str> {
        let text = str::from_utf8(&self.manifest).map_err(|_| "its plugin.toml is not UTF-8")?;
        let manifest =
            Manifest::parse(text, MANIFEST).map_err(|_| "its plugin.toml is not a plugin's")?;
        let is_own =
            |file: &Option<_>, name: &str| file.as_ref().is_none_or(|file| file == Path::new(name));
        if !manifest.commands.is_empty() {
            return Err("its plugin.toml has build commands");
        }
        let program = &manifest.program;
        match manifest.component == Path::new(COMPONENT)
            && is_own(&program.stdin, STDIN)
            && is_own(&program.stdout, STDOUT)
        {
            true => Ok(manifest),
            false => Err("its plugin.toml names other files"),
        }
    }
}

/// Whether a file is one that we keep none like, or cannot be read.
fn judged(name: &'static str, error: io::Error) -> EntryError {
    let is_link = matches!(error.raw_os_error(), Some(libc::ELOOP | libc::ENOTDIR));
    let is_other = matches!(
        error.kind(),
        io::ErrorKind::InvalidInput | io::ErrorKind::FileTooLarge
    );
    match (is_link, is_other) {
        (true, _) => EntryError::Foreign(name, io::Error::other("it is a link")),
        (_, true) => EntryError::Foreign(name, error),
        _ => EntryError::Io(error),
    }
}

/// The digest of a file, read in small pieces.
fn hash(file: File, limit: u64) -> io::Result<Digest> {
    checkout::expect_at_most(&file, limit)?;
    let mut hasher = Sha256::new();
    let mut piece = vec![0; 64 * 1024];
    let mut rest = file.take(limit);
    loop {
        match rest.read(&mut piece) {
            Ok(0) => return Ok(Digest::finish(hasher)),
            Ok(read) => hasher.update(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A kept plugin as a session runs it: data, with nothing to build. It is read once more, since it
/// may have been changed where it is kept.
///
/// # Errors
/// If it is no longer what was kept.
pub fn source(path: &Path) -> Result<Source, SourceError> {
    let changed = || SourceError::Changed(quoted_path(path));
    let content = Content::read(path).map_err(|error| SourceError::Io {
        path: quoted_path(path),
        source: io::Error::other(error),
    })?;
    if path.file_name() != Some(content.digest.hex().as_ref()) {
        return Err(changed());
    }
    let manifest = content.manifest().map_err(|_| changed())?;
    Ok(Source {
        name: manifest.name.clone(),
        path: path.into(),
        manifest: Some(manifest),
        is_named: true,
        link: None,
    })
}
