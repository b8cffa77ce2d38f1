//! `openssl` as a peer of the tests: it makes keys and signatures that we must take, and takes
//! ours.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A directory in which `openssl` runs. Tests that find none end early, and say so.
pub(crate) struct Openssl(TempDir);

impl Openssl {
    #[expect(clippy::print_stderr, reason = "a test that does nothing must say so")]
    pub(crate) fn find() -> Option<Self> {
        match Command::new("openssl").arg("version").output() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                eprintln!("skipped: there is no openssl");
                None
            }
            found => {
                assert!(found.unwrap().status.success());
                Some(Self(tempfile::tempdir().unwrap()))
            }
        }
    }

    /// Writes a file for it.
    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// A file that it wrote.
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.path().join(name)).unwrap()
    }

    /// Runs it in its directory with words as arguments: whether it is content, and its output.
    pub(crate) fn try_run(&self, words: &str, stdin: &[u8]) -> (bool, Vec<u8>) {
        let dir: &Path = self.0.path();
        let mut child = Command::new("openssl")
            .args(words.split_whitespace())
            .current_dir(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It may have ended already, if it does not care for its input.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        let output = child.wait_with_output().unwrap();
        (output.status.success(), output.stdout)
    }

    /// Runs it, and it must succeed.
    pub(crate) fn run(&self, words: &str, stdin: &[u8]) -> Vec<u8> {
        let (is_ok, output) = self.try_run(words, stdin);
        assert!(is_ok, "openssl {words}");
        output
    }
}
