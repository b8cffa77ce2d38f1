//! `dyno.lock`: what a project installed, to the byte, so that it gets the same everywhere.

use dyno_model::{Classify, Fault};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::verify::Package;
use dyno_files::checkout;
use dyno_model::quoted::quoted;
use dyno_plugin::Digest;
use dyno_plugin::id::Release;

/// Its name, beside the project's `.dyno`.
pub const FILE_NAME: &str = "dyno.lock";

/// Some 300 bytes a package.
const BYTES_MAX: u64 = 4 << 20;

/// The form of the file.
const VERSION: u32 = 1;

/// What was locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    path: PathBuf,
    packages: Vec<Locked>,
}

/// One release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locked {
    /// Which release.
    pub release: Release,
    /// What its manifest hashes to.
    pub manifest: Digest,
    /// What its component hashes to.
    pub wasm: Digest,
    /// Who answered for it: fingerprints or identities. Empty if it is unsigned.
    #[serde(default)]
    pub signers: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    #[serde(default, rename = "package")]
    packages: Vec<Locked>,
}

/// Why a lock cannot be used, or what contradicts it.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// It cannot be read or written.
    #[error("{path}")]
    Io {
        /// Which file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// It is not one.
    #[error("{path} is not a lock file: {message}")]
    Syntax {
        /// Which file.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// Nothing is locked.
    #[error("{path} does not lock {release}: install it without --locked to lock it")]
    Missing {
        /// Which file.
        path: String,
        /// What is not in it.
        release: String,
    },
    /// Something else is locked.
    #[error("{path} locks {release} to the {what} {locked}, and this is {found}")]
    Other {
        /// Which file.
        path: String,
        /// Which release.
        release: String,
        /// What of it.
        what: &'static str,
        /// What is locked.
        locked: String,
        /// What was found.
        found: String,
    },
}

impl Classify for LockError {
    /// The package's, if it is not what is locked.
    fn fault(&self) -> Fault {
        match self {
            Self::Missing { .. } | Self::Other { .. } => Fault::Refused,
            Self::Syntax { .. } => Fault::Usage,
            Self::Io { .. } => Fault::Host,
        }
    }
}

/// Held while this process changes the lock of a project.
#[derive(Debug)]
pub struct Holding {
    /// The project's directory: unlocked when it is closed.
    _dir: std::fs::File,
}

impl Holding {
    fn begin(project: &Path) -> io::Result<Self> {
        let dir = checkout::open_dir(project)?;
        dir.lock()?;
        Ok(Self { _dir: dir })
    }
}

impl Locked {
    /// What locks a package.
    #[must_use]
    pub fn of(package: &Package) -> Self {
        Self {
            release: package.content.about.release.clone(),
            manifest: package.digest,
            wasm: package.component,
            signers: package.signers(),
        }
    }
}

impl Lock {
    /// The lock of a project; empty if it has none.
    ///
    /// # Errors
    /// If there is one and it is no good.
    pub fn read(project: &Path) -> Result<Self, LockError> {
        let path = project.join(FILE_NAME);
        let shown = || path.display().to_string();
        let file = match checkout::open_in(project, FILE_NAME) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self {
                    path,
                    packages: Vec::new(),
                });
            }
            Err(source) => {
                return Err(LockError::Io {
                    path: shown(),
                    source,
                });
            }
        };
        let text = checkout::text(file, BYTES_MAX).map_err(|source| LockError::Io {
            path: shown(),
            source,
        })?;
        let syntax = |message: &str| LockError::Syntax {
            path: shown(),
            message: quoted(message),
        };
        let file: File = toml::from_str(&text).map_err(|error| syntax(error.message()))?;
        if file.version != VERSION {
            return Err(syntax(&format!(
                "its version is {}, this host reads 1",
                file.version
            )));
        }
        Ok(Self {
            path,
            packages: file.packages,
        })
    }

    /// The lock of a project that is about to be changed, and what keeps others from changing it at
    /// the same time as long as it lives.
    ///
    /// # Errors
    /// As [`Lock::read`].
    pub fn hold(project: &Path) -> Result<(Self, Holding), LockError> {
        let held = Holding::begin(project).map_err(|source| LockError::Io {
            path: project.display().to_string(),
            source,
        })?;
        Ok((Self::read(project)?, held))
    }

    /// Holds a package against the lock.
    ///
    /// # Errors
    /// If it is not locked, or to something else.
    pub fn check(&self, found: &Locked) -> Result<(), LockError> {
        let path = self.path.display().to_string();
        let release = found.release.to_string();
        let Some(locked) = self.packages.iter().find(|it| it.release == found.release) else {
            return Err(LockError::Missing { path, release });
        };
        let sides = [
            (
                "manifest",
                locked.manifest.to_string(),
                found.manifest.to_string(),
            ),
            ("component", locked.wasm.to_string(), found.wasm.to_string()),
            (
                "signers",
                locked.signers.join(", "),
                found.signers.join(", "),
            ),
        ];
        match sides.into_iter().find(|(_, locked, found)| locked != found) {
            None => Ok(()),
            Some((what, locked, found)) => Err(LockError::Other {
                path,
                release,
                what,
                locked,
                found,
            }),
        }
    }

    /// What is locked of a package, if anything is.
    #[must_use]
    pub fn locked(&self, id: &dyno_plugin::id::PackageId) -> Option<&Locked> {
        self.packages.iter().find(|it| it.release.id == *id)
    }

    /// All that is locked.
    pub fn releases(&self) -> impl Iterator<Item = &Release> {
        self.packages.iter().map(|locked| &locked.release)
    }

    /// Whether there is neither a file nor anything to put into one.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.packages.is_empty() && !self.path.exists()
    }

    /// Puts packages into it, each in place of its other releases.
    pub fn put(&mut self, locked: impl IntoIterator<Item = Locked>) {
        for locked in locked {
            self.packages
                .retain(|it| it.release.id != locked.release.id);
            self.packages.push(locked);
        }
        self.packages.sort_by(|a, b| a.release.cmp(&b.release));
    }

    /// Takes a package out of it.
    pub fn remove(&mut self, id: &dyno_plugin::id::PackageId) {
        self.packages.retain(|it| it.release.id != *id);
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// If that fails.
    pub fn write(&self) -> Result<(), LockError> {
        let io_error = |source| LockError::Io {
            path: self.path.display().to_string(),
            source,
        };
        let file = File {
            version: VERSION,
            packages: self.packages.clone(),
        };
        let text = toml::to_string(&file).map_err(|error| LockError::Syntax {
            path: self.path.display().to_string(),
            message: error.to_string(),
        })?;
        let dir = self.path.parent().unwrap_or(Path::new("."));
        let mut new = tempfile::NamedTempFile::new_in(dir).map_err(io_error)?;
        writeln!(
            new,
            "# What this project installed; made by dyno, to be committed.\n{text}"
        )
        .map_err(io_error)?;
        new.as_file().sync_all().map_err(io_error)?;
        // Others may read what everybody may have.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        new.as_file().set_permissions(mode).map_err(io_error)?;
        new.persist(&self.path)
            .map_err(|error| io_error(error.error))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locked(release: &str, content: &[u8]) -> Locked {
        Locked {
            release: release.parse().unwrap(),
            manifest: Digest::of(content),
            wasm: Digest::of(b"wasm"),
            signers: vec!["sha256:00".into()],
        }
    }

    #[test]
    fn a_lock_holds_one_release_of_each_package_and_refuses_every_other() {
        let project = tempfile::tempdir().unwrap();
        let mut lock = Lock::read(project.path()).unwrap();
        assert!(lock.is_missing());
        lock.put([locked("a/b@1.0.0", b"1"), locked("a/a@1.0.0", b"2")]);
        lock.put([locked("a/b@1.1.0", b"3")]);
        lock.write().unwrap();

        let lock = Lock::read(project.path()).unwrap();
        let releases: Vec<_> = lock.releases().map(ToString::to_string).collect();
        assert_eq!(releases, ["a/a@1.0.0", "a/b@1.1.0"]);
        lock.check(&locked("a/b@1.1.0", b"3")).unwrap();
        let refused = |it: Locked| lock.check(&it).unwrap_err().to_string();
        assert!(refused(locked("a/b@1.0.0", b"1")).contains("does not lock a/b@1.0.0"));
        assert!(refused(locked("a/b@1.1.0", b"4")).contains("to the manifest sha256:"));
        let mut other = locked("a/b@1.1.0", b"3");
        other.signers.clear();
        assert!(refused(other).contains("to the signers sha256:00"));
    }

    #[test]
    fn a_file_that_is_no_lock_is_refused_by_name_and_stays() {
        let project = tempfile::tempdir().unwrap();
        let path = project.path().join(FILE_NAME);
        for (text, expected) in [
            ("version = 2\n", "its version is 2"),
            ("x", "not a lock file"),
        ] {
            std::fs::write(&path, text).unwrap();
            let error = Lock::read(project.path()).unwrap_err().to_string();
            assert!(
                error.contains(expected) && error.contains("dyno.lock"),
                "{error}"
            );
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }
}
