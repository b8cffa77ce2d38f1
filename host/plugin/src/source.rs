//! Finds plugins behind paths, and reads their bytes without trusting the file system.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::digest::Digest;
use super::manifest::{Manifest, ManifestError};
use dyno_files::checkout::{Checkout, open_regular};
use dyno_model::quoted::{path_text, quoted_path};
use dyno_model::{Classify, Fault, LimitKind, Limits};

/// How deep a directory of plugins is searched.
const DEPTH_MAX: usize = 4;

/// Where a plugin comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Short name: from the manifest, or from the file's name, with the directories above it below
    /// the one that was searched.
    pub name: String,
    /// As the user named it, or below what the user named.
    pub path: PathBuf,
    /// The manifest, if it is a plugin directory.
    pub manifest: Option<Manifest>,
    /// Whether the user named this very file or directory, and not one above it.
    pub is_named: bool,
    /// What it is a symbolic link to, if it is one that was found below what the user named: a search
    /// follows none.
    pub link: Option<Link>,
}

/// What a symbolic link leads to, by its name or by what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// A component.
    Component,
    /// A directory, in which there may be any.
    Directory,
}

/// Why a path is not a plugin, or its bytes cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is nothing, or nothing that may be read.
    #[error("{path}")]
    Io {
        /// Which path.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A directory without plugins.
    #[error("{0} holds no plugin: no plugin.toml, .wasm or .wat file below it")]
    Empty(String),
    /// A directory's manifest is no good.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The file is larger than the component limit.
    #[error("{path} has {actual} bytes, and the component limit is {limit}")]
    TooLarge {
        /// Which file.
        path: String,
        /// The limit, bytes.
        limit: u64,
        /// Its size, or what was read of it: at least this, bytes.
        actual: u64,
    },
    /// It has to be built first.
    #[error("{component} does not exist yet: `dyno build {dir}` builds it")]
    NotBuilt {
        /// What the build makes.
        component: String,
        /// The plugin's directory.
        dir: String,
    },
    /// It was to be a package, and cannot be had as one.
    #[error("{sentence}")]
    Package {
        /// Why, and of what.
        sentence: String,
        /// Whose fault that is.
        fault: Fault,
    },
    /// The file changed while it was read.
    #[error("{0} changed while it was being read: try again")]
    Changed(String),
}

impl Classify for SourceError {
    fn fault(&self) -> Fault {
        match self {
            Self::Io { source, .. } => Fault::of_plugin_file(source),
            Self::Empty(_) => Fault::NotFound,
            Self::Manifest(error) => error.fault(),
            Self::Package { fault, .. } => *fault,
            Self::TooLarge { .. } | Self::NotBuilt { .. } | Self::Changed(_) => Fault::Refused,
        }
    }
}

impl Source {
    /// What its case is called. Not by the directories above it, which have no part in what it does.
    #[must_use]
    pub fn program_name(&self) -> String {
        match &self.manifest {
            Some(manifest) => manifest
                .program
                .name
                .as_ref()
                .unwrap_or(&manifest.name)
                .clone(),
            None => path_text(self.path.file_stem().unwrap_or_default().as_ref()),
        }
    }

    /// The same under another name, if there is one.
    #[must_use]
    pub fn called(self, name: Option<&str>) -> Self {
        match name {
            Some(name) => Self {
                name: name.to_owned(),
                ..self
            },
            None => self,
        }
    }

    /// The file with the component, whether it exists yet or not.
    #[must_use]
    pub fn component(&self) -> PathBuf {
        match &self.manifest {
            Some(manifest) => self.path.join(&manifest.component),
            None => self.path.clone(),
        }
    }

    /// Opens the component. A manifest may name one elsewhere in its checkout, such as a `target`
    /// that plugins share, and none outside of it.
    ///
    /// # Errors
    /// If it leads out, is not a regular file, or may not be read.
    pub(super) fn open_component(&self) -> io::Result<File> {
        match &self.manifest {
            Some(_) => Checkout::around(&self.path)?.open(&self.component()),
            None => open_regular(&self.path),
        }
    }

    /// Whether it is there, as far as building makes it.
    ///
    /// # Errors
    /// If only its build commands make its component.
    pub fn built(&self) -> Result<(), SourceError> {
        let has_commands = |manifest: &Manifest| !manifest.commands.is_empty();
        match self.manifest.as_ref().is_some_and(has_commands) && !self.component().exists() {
            true => Err(SourceError::NotBuilt {
                component: quoted_path(&self.component()),
                dir: quoted_path(&self.path),
            }),
            false => Ok(()),
        }
    }

    /// The directory that it lies in.
    #[must_use]
    pub fn own_dir(&self) -> &Path {
        match (&self.manifest, self.path.parent()) {
            (None, Some(parent)) if parent.as_os_str().is_empty() => Path::new("."),
            (None, Some(parent)) => parent,
            _ => &self.path,
        }
    }
}

/// The plugins behind one path, in a stable order: a file, a plugin directory, or a directory with
/// those anywhere below it. Every error stands for one plugin, so that the others go on.
#[must_use]
pub fn find(path: &Path) -> Vec<Result<Source, SourceError>> {
    let is_dir = match std::fs::metadata(path) {
        Ok(metadata) => metadata.is_dir(),
        Err(source) => {
            return vec![Err(SourceError::Io {
                path: quoted_path(path),
                source,
            })];
        }
    };
    if !is_dir {
        return vec![Ok(file_source(path, None))];
    }
    let mut found = Vec::new();
    search(path, path, 0, &mut found);
    if found.is_empty() {
        found.push(Err(SourceError::Empty(quoted_path(path))));
    }
    found
}

fn search(root: &Path, dir: &Path, depth: usize, found: &mut Vec<Result<Source, SourceError>>) {
    match Manifest::read(dir) {
        Ok(Some(manifest)) => {
            let source = Source {
                name: manifest.name.clone(),
                path: dir.into(),
                manifest: Some(manifest),
                is_named: dir == root,
                link: None,
            };
            found.push(Ok(source));
            return;
        }
        Ok(None) => {}
        Err(error) => {
            found.push(Err(error.into()));
            return;
        }
    }
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(source) => {
            found.push(Err(SourceError::Io {
                path: quoted_path(dir),
                source,
            }));
            return;
        }
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let Ok(metadata) = std::fs::symlink_metadata(&path) else {
            continue;
        };
        let kind = metadata.file_type();
        let is_searched = depth < DEPTH_MAX && is_searched(&path);
        let found_one = if kind.is_dir() && is_searched {
            search(root, &path, depth + 1, found);
            continue;
        } else if kind.is_symlink() {
            // They are not followed: a loop of them has no end, and a stranger's lead anywhere.
            let is_dir = || std::fs::metadata(&path).is_ok_and(|metadata| metadata.is_dir());
            match is_component(&path) {
                true => Some(Link::Component),
                false => (is_searched && is_dir()).then_some(Link::Directory),
            }
            .map(|link| link_source(&path, root, link))
        } else {
            (kind.is_file() && is_component(&path)).then(|| file_source(&path, Some(root)))
        };
        found.extend(found_one.map(Ok));
    }
}

/// Whether plugins are looked for in a directory of this name.
fn is_searched(dir: &Path) -> bool {
    let name = dir.file_name().unwrap_or_default();
    let is_hidden = name.as_encoded_bytes().starts_with(b".");
    !is_hidden && name != "target" && name != "node_modules"
}

/// Whether a file's name says that it is WebAssembly.
fn is_component(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["wasm", "wat"]
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
}

/// A file, and the directory below which it was found if the user did not name it.
fn file_source(path: &Path, root: Option<&Path>) -> Source {
    let stem = || path.file_stem().map_or(path, Path::new);
    let below = root.and_then(|root| path.strip_prefix(root).ok());
    let name = below.map_or_else(|| stem().to_path_buf(), |below| below.with_extension(""));
    Source {
        name: path_text(&name),
        path: path.into(),
        manifest: None,
        is_named: root.is_none(),
        link: None,
    }
}

/// A link that was found below a directory. The name of a directory has no ending.
fn link_source(path: &Path, root: &Path, link: Link) -> Source {
    let source = file_source(path, Some(root));
    let below = path.strip_prefix(root).unwrap_or(path);
    Source {
        name: match link {
            Link::Component => source.name,
            Link::Directory => path_text(below),
        },
        link: Some(link),
        ..source
    }
}

/// Reads a component once, in small pieces: its digest and its size in bytes.
///
/// # Errors
/// If it is not a regular file, leads out of the checkout, cannot be read, or is larger than the
/// limit.
pub fn read(source: &Source, limits: &Limits) -> Result<(Digest, u64), SourceError> {
    copy(source, limits, &mut io::sink())
}

/// Enough to see what a file is not.
const START_BYTES: u64 = 512;

/// The first bytes of a component.
///
/// # Errors
/// If it cannot be read.
pub fn start(source: &Source) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    let component = source.open_component()?;
    component.take(START_BYTES).read_to_end(&mut start)?;
    Ok(start)
}

/// Copies a component to `to`, where nothing changes it any more.
///
/// # Errors
/// As [`read`], and if its digest is no longer `digest`.
pub fn snapshot(
    source: &Source,
    limits: &Limits,
    digest: &Digest,
    to: &Path,
) -> Result<(), SourceError> {
    let mut file = File::create(to).map_err(|source| SourceError::Io {
        path: quoted_path(to),
        source,
    })?;
    let (copied, _) = copy(source, limits, &mut file)?;
    if copied == *digest {
        Ok(())
    } else {
        Err(SourceError::Changed(quoted_path(&source.component())))
    }
}

fn copy(
    source: &Source,
    limits: &Limits,
    to: &mut impl io::Write,
) -> Result<(Digest, u64), SourceError> {
    let path = source.component();
    let io_error = |source| SourceError::Io {
        path: quoted_path(&path),
        source,
    };
    let limit = limits.get(LimitKind::Component);
    let too_large = |actual| SourceError::TooLarge {
        path: quoted_path(&path),
        limit,
        actual,
    };
    let file = source.open_component().map_err(io_error)?;
    let bytes = file.metadata().map_err(io_error)?.len();
    if bytes > limit {
        return Err(too_large(bytes));
    }
    let mut hasher = Sha256::new();
    let mut total = 0;
    // It may grow while it is read.
    let mut rest = file.take(limit + 1);
    let mut piece = vec![0; 64 * 1024];
    loop {
        let read = match rest.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(io_error(error)),
        };
        hasher.update(&piece[..read]);
        to.write_all(&piece[..read]).map_err(io_error)?;
        total += read as u64;
    }
    if total > limit {
        Err(too_large(total))
    } else {
        Ok((Digest::finish(hasher), total))
    }
}

#[cfg(test)]
mod tests;
