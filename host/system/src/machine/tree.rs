//! Small files below a root. What is missing, unreadable, too large or no text is simply absent:
//! these trees differ between kernels, and containers hide parts of them.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// `/proc/cpuinfo` has some 1.5 KiB a core; everything else is tiny.
const FILE_BYTES_MAX: u64 = 8 << 20;

/// A root below which `/proc` and `/sys` are looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tree<'a> {
    pub(super) root: &'a Path,
}

impl Tree<'_> {
    /// The text of a file, trimmed; none if it is empty.
    pub(super) fn text(self, path: &str) -> Option<String> {
        let mut bytes = Vec::new();
        File::open(self.path(path))
            .ok()?
            .take(FILE_BYTES_MAX)
            .read_to_end(&mut bytes)
            .ok()?;
        let text = String::from_utf8_lossy(&bytes).trim().to_owned();
        (!text.is_empty()).then_some(text)
    }

    /// The number that a file holds.
    pub(super) fn number(self, path: &str) -> Option<u64> {
        self.text(path)?.parse().ok()
    }

    /// Whether there is such a file or directory.
    pub(super) fn exists(self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// The names in a directory, in order; none if there is no such directory.
    pub(super) fn names(self, path: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path(path)) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort();
        names
    }

    /// The value of `name` in a file of lines `name: value`.
    pub(super) fn field(self, path: &str, name: &str) -> Option<String> {
        field(&self.text(path)?, name)
    }

    fn path(self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }
}

/// The value of the first `name` in lines `name : value`.
pub(super) fn field(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name && !value.trim().is_empty()).then(|| value.trim().to_owned())
    })
}
