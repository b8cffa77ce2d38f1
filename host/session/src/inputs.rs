//! What a plugin gets besides its own bytes, as one digest: with this and the bytes equal, nothing
//! can differ between two plugins of a session.

use std::fs;
use std::io;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::Host;
use super::request::Request;
use super::subject::Subject;
use dyno_model::ReachDir;
use dyno_model::quoted::path_text;
use dyno_plugin::Digest;

/// A granted directory with more than this in it is not read only to find out whether it changed.
const FILES_MAX: usize = 10_000;

/// As [`FILES_MAX`]: a fifth of a second of hashing.
const BYTES_MAX: u64 = 256 << 20;

impl Subject {
    /// Notes the digest of its inputs; none if a granted directory was not read. Of the variables
    /// that the user grants only the names count: their values may be secrets, and the same for all
    /// plugins of a session.
    pub(super) fn note_inputs(&mut self, asked: (&Request, &Host)) {
        if self.digest.is_some() {
            let digest = self.inputs(asked);
            self.plugin.inputs = digest.ok().flatten();
        }
    }

    fn inputs(&self, (request, host): (&Request, &Host)) -> io::Result<Option<String>> {
        let reach = self.reach(request, host);
        // Where nothing is compared, it does not matter whether what is in them differs.
        if !reach.dirs.is_empty() && request.versus.is_none() {
            return Ok(None);
        }
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
        for dir in &reach.dirs {
            if !inputs.dir(dir)? {
                return Ok(None);
            }
        }
        Ok(Some(inputs.finish()))
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

    /// Whether all of it was read.
    fn dir(&mut self, dir: &ReachDir) -> io::Result<bool> {
        self.text("dir", &dir.guest);
        self.text("access", &format!("{:?}", dir.access));
        self.tree(&dir.host)
    }

    fn tree(&mut self, dir: &Path) -> io::Result<bool> {
        let mut entries = fs::read_dir(dir)?.collect::<io::Result<Vec<_>>>()?;
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
