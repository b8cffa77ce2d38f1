//! What a plugin gets besides its own bytes, as one digest: with this and the bytes equal, nothing
//! can differ between two plugins of a session.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::Host;
use super::request::Request;
use super::subject::Subject;
use dyno_model::quoted::path_text;
use dyno_plugin::Digest;

/// A granted directory with more than this in it is not read only to find out whether it changed.
const FILES_MAX: usize = 10_000;

/// As [`FILES_MAX`]: a fifth of a second of hashing.
const BYTES_MAX: u64 = 256 << 20;

/// The directory of our own report.
const OURS: &str = ".dyno";

impl Subject {
    /// Notes the digest of its inputs; none if a granted directory is too large to be read. Of the
    /// variables that the user grants only the names count: their values may be secrets, and the
    /// same for all plugins of a session.
    pub(super) fn note_inputs(&mut self, asked: (&Request, &Host), trees: &mut Trees) {
        if self.digest.is_some() {
            let digest = self.inputs(asked, trees);
            self.plugin.inputs = digest.ok().flatten();
        }
    }

    fn inputs(
        &self,
        (request, host): (&Request, &Host),
        trees: &mut Trees,
    ) -> io::Result<Option<String>> {
        let reach = self.reach(request, host);
        let mut inputs = Inputs::default();
        for arg in &reach.args {
            inputs.text("arg", arg);
        }
        for (name, value) in &reach.env {
            let is_users = request.grants.env.contains(name);
            inputs.text("env", name);
            inputs.text("value", if is_users { "" } else { value });
        }
        if let Some(stdin) = &self.program.stdin {
            inputs.file("stdin", stdin)?;
        }
        if let Some((_, expected)) = &self.program.expected {
            inputs.file("stdout", expected)?;
        }
        if self.program.expected_status != 0 {
            inputs.text("status", &self.program.expected_status.to_string());
        }
        for dir in &reach.dirs {
            let Some(tree) = trees.digest(&dir.host)? else {
                return Ok(None);
            };
            inputs.text("dir", &dir.guest);
            inputs.text("access", &format!("{:?}", dir.access));
            inputs.text("tree", &tree);
        }
        Ok(Some(inputs.finish()))
    }
}

/// What directories hold, each read once in a session: every program of one may be granted it.
#[derive(Default)]
pub(super) struct Trees(BTreeMap<PathBuf, Option<String>>);

impl Trees {
    /// The digest of a directory; none if it is too large to be read.
    fn digest(&mut self, dir: &Path) -> io::Result<Option<String>> {
        if let Some(known) = self.0.get(dir) {
            return Ok(known.clone());
        }
        let mut inputs = Inputs::default();
        let digest = inputs.tree(dir)?.then(|| inputs.finish());
        self.0.insert(dir.into(), digest.clone());
        Ok(digest)
    }
}

/// Labelled texts and files, each with its length, so that no two lists of them read alike.
#[derive(Default)]
struct Inputs {
    hasher: Sha256,
    files: usize,
    bytes: u64,
}

impl Inputs {
    fn text(&mut self, label: &str, text: &str) {
        for part in [label, text] {
            self.hasher.update((part.len() as u64).to_le_bytes());
            self.hasher.update(part);
        }
    }

    fn file(&mut self, label: &str, path: &Path) -> io::Result<()> {
        let mut hasher = Sha256::new();
        let bytes = io::copy(
            &mut dyno_files::checkout::open_regular(path)?,
            &mut HashWriter(&mut hasher),
        )?;
        self.bytes += bytes;
        self.text(label, "");
        self.hasher.update(hasher.finalize());
        Ok(())
    }

    /// Whether all of it was read. Our own report in it, which grows with every run, is no input.
    fn tree(&mut self, dir: &Path) -> io::Result<bool> {
        let mut entries = fs::read_dir(dir)?.collect::<io::Result<Vec<_>>>()?;
        entries.retain(|entry| entry.file_name() != OURS);
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            self.files += 1;
            if self.files > FILES_MAX || self.bytes > BYTES_MAX {
                return Ok(false);
            }
            let (kind, path) = (entry.file_type()?, entry.path());
            self.text("entry", &path_text(entry.file_name().as_ref()));
            if kind.is_dir() {
                self.text("within", "");
                if !self.tree(&path)? {
                    return Ok(false);
                }
                self.text("end", "");
            } else if kind.is_symlink() {
                self.text("link", &path_text(&fs::read_link(&path)?));
            } else if kind.is_file() && entry.metadata()?.len() <= BYTES_MAX {
                self.file("file", &path)?;
            } else {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn finish(self) -> String {
        Digest::finish(self.hasher).hex()
    }
}

struct HashWriter<'a>(&'a mut Sha256);

impl io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
