//! The files that belong to a program: its stdin, what it must print, and what else lies beside it.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use memchr::memmem;

use super::source::Source;
use dyno_files::checkout;
use dyno_model::quoted::quoted_path;
use dyno_model::{LimitKind, Limits};

/// The largest stdin or expected stdout: a worker holds them in memory.
pub const INPUT_BYTES_MAX: u64 = 64 << 20;

/// Why a file that belongs to a program cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// It cannot be opened, read or copied.
    #[error("{path} cannot be read")]
    Io {
        /// Which file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// It is too large to be held.
    #[error("{0} is larger than 64 MiB")]
    TooLarge(String),
}

/// A file of a program, opened.
#[derive(Debug)]
pub struct Input {
    /// Its name, for messages.
    pub name: String,
    file: File,
}

impl Input {
    /// Opens a file that the user named.
    ///
    /// # Errors
    /// If it is not a regular file that may be read.
    pub fn open(path: &Path) -> Result<Self, InputError> {
        let name = quoted_path(path);
        match checkout::open_regular(path) {
            Ok(file) => Ok(Self { name, file }),
            Err(source) => Err(InputError::Io { path: name, source }),
        }
    }

    /// Opens a file that a manifest named. It cannot lead out of the plugin's directory: a manifest
    /// is a stranger's, and what it names is handed to a guest.
    fn open_below(dir: &Path, path: &Path) -> Result<Self, InputError> {
        let name = quoted_path(path);
        match checkout::open_below(dir, path) {
            Ok(file) => Ok(Self { name, file }),
            Err(source) => Err(InputError::Io { path: name, source }),
        }
    }

    /// Copies it into `dir`, where nothing changes it any more.
    ///
    /// # Errors
    /// If that fails, or it is too large.
    pub fn copy(self, dir: &Path) -> Result<PathBuf, InputError> {
        let error = |source| InputError::Io {
            path: self.name.clone(),
            source,
        };
        let (mut copy, path) = tempfile::Builder::new()
            .prefix("input-")
            .tempfile_in(dir)
            .and_then(|copy| copy.keep().map_err(|error| error.error))
            .map_err(error)?;
        let bytes = io::copy(&mut self.file.take(INPUT_BYTES_MAX + 1), &mut copy);
        if bytes.map_err(error)? > INPUT_BYTES_MAX {
            return Err(InputError::TooLarge(self.name));
        }
        Ok(path)
    }
}

impl Source {
    /// A file that its manifest names, which cannot lead out of its directory.
    ///
    /// # Errors
    /// If that cannot be opened.
    pub fn open_below(&self, path: &Path) -> Result<Input, InputError> {
        Input::open_below(&self.path, path)
    }

    /// Its stdin, if its manifest names one.
    ///
    /// # Errors
    /// If that cannot be opened.
    pub fn stdin(&self) -> Result<Option<Input>, InputError> {
        let manifest = self.manifest.as_ref();
        let stdin = manifest.and_then(|manifest| manifest.program.stdin.as_ref());
        stdin
            .map(|stdin| Input::open_below(&self.path, stdin))
            .transpose()
    }

    /// What it must print: what its manifest names, or else what stands beside a single file as
    /// `NAME.stdout.expected` or `stdout.expected`.
    ///
    /// # Errors
    /// If that cannot be opened.
    pub fn expected_stdout(&self) -> Result<Option<Input>, InputError> {
        if let Some(manifest) = &self.manifest {
            let stdout = manifest.program.stdout.as_ref();
            return stdout
                .map(|stdout| Input::open_below(&self.path, stdout))
                .transpose();
        }
        let mut own = self.path.file_stem().unwrap_or_default().to_owned();
        own.push(".stdout.expected");
        let candidates = [own, "stdout.expected".into()];
        let found = candidates
            .iter()
            .find(|name| self.own_dir().join(name).is_file());
        found
            .map(|name| Input::open_below(self.own_dir(), Path::new(name)))
            .transpose()
    }

    /// A file beside a component whose name occurs in its bytes: one that it probably wants to
    /// open. None if there is none, or the bytes cannot be read.
    #[must_use]
    pub fn wanted_neighbour(&self, limits: &Limits) -> Option<String> {
        let mut bytes = Vec::new();
        let file = self.open_component().ok()?;
        let limit = limits.get(LimitKind::Component);
        file.take(limit).read_to_end(&mut bytes).ok()?;
        let mut names: Vec<String> = std::fs::read_dir(self.own_dir())
            .ok()?
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| name.len() >= NEIGHBOUR_NAME_MIN && !name.ends_with(".wasm"))
            .collect();
        names.sort();
        names
            .into_iter()
            .find(|name| memmem::find(&bytes, name.as_bytes()).is_some())
    }
}

/// Shorter names occur in any program by chance.
const NEIGHBOUR_NAME_MIN: usize = 5;

#[cfg(test)]
mod tests;
