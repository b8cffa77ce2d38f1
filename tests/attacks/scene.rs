//! A user who trusts a publisher, and is shown packages.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::support::{Bench, Said, finish};
use super::forge::{Forge, Key};

/// The user's place, and the keys of those who sign.
pub(crate) struct Scene {
    pub(crate) bench: Bench,
    /// Trusted for the namespace `acme`.
    pub(crate) acme: Key,
}

/// What no refusal may change.
#[derive(Debug, PartialEq, Eq)]
struct State {
    installed: String,
    lock: Option<String>,
    trust: Option<String>,
    /// Files that a refused package left behind.
    left: usize,
}

impl Scene {
    /// A user who trusts `acme`.
    pub(crate) fn new() -> Self {
        let scene = Self::of_strangers();
        scene.trusts(&scene.acme, "acme", &[]);
        scene
    }

    /// A user who trusts nobody yet.
    pub(crate) fn of_strangers() -> Self {
        let bench = Bench::new();
        let acme = Key::generate(&bench, "acme");
        Self { bench, acme }
    }

    pub(crate) fn key(&self, name: &str) -> Key {
        Key::generate(&self.bench, name)
    }

    pub(crate) fn trusts(&self, key: &Key, namespace: &str, flags: &[&str]) {
        let key = key.public.to_str().unwrap();
        let args = [&["trust", "add", key, "--namespace", namespace], flags].concat();
        self.dyno(&args).exits(0);
    }

    /// Writes a package file.
    pub(crate) fn put(&self, package: &Forge) -> PathBuf {
        self.put_bytes(package.tar())
    }

    pub(crate) fn put_bytes(&self, tar: impl AsRef<[u8]>) -> PathBuf {
        self.bench.write("package.oci.tar", tar)
    }

    pub(crate) fn dyno(&self, args: &[impl AsRef<OsStr>]) -> Said {
        self.bench.dyno(args)
    }

    /// Whatever its exit code, it says why not.
    #[track_caller]
    pub(crate) fn fails(&self, args: &[impl AsRef<OsStr>], why: &str) {
        let said = self.dyno(args).complains(why);
        assert!(said.status.code().is_some_and(|code| code != 0), "{said}");
    }

    /// The package is verified, and runs.
    #[track_caller]
    pub(crate) fn accepts(&self, package: &Forge) {
        self.accepts_file(&self.put(package));
    }

    #[track_caller]
    pub(crate) fn accepts_file(&self, file: &Path) {
        self.dyno(&[OsStr::new("verify"), file.as_os_str()])
            .exits(0);
        self.bench.run([file]).exits(0);
    }

    /// The package is verified, runs, and is installed.
    #[track_caller]
    pub(crate) fn installs(&self, package: &Forge) {
        self.accepts(package);
        let file = self.put(package);
        self.dyno(&[OsStr::new("install"), "--yes".as_ref(), file.as_os_str()])
            .exits(0);
    }

    /// No verb takes the package, each says why in one sentence, and nothing has changed.
    #[track_caller]
    pub(crate) fn refuses(&self, package: &Forge, why: &str) {
        self.refuses_file(self.put(package), &[], why);
    }

    #[track_caller]
    pub(crate) fn refuses_bytes(&self, tar: impl AsRef<[u8]>, why: &str) {
        self.refuses_file(self.put_bytes(tar), &[], why);
    }

    #[track_caller]
    pub(crate) fn refuses_file(&self, file: impl AsRef<OsStr>, flags: &[&str], why: &str) {
        self.refused(&["verify", "install"], file.as_ref(), flags, why);
    }

    /// The same of a package that is installed, which nobody would install by its id.
    #[track_caller]
    pub(crate) fn refuses_installed(&self, id: &str, why: &str) {
        self.refused(&["verify"], OsStr::new(id), &[], why);
    }

    #[track_caller]
    fn refused(&self, verbs: &[&str], package: &OsStr, flags: &[&str], why: &str) {
        let before = self.state();
        for verb in verbs {
            let mut command = self.bench.command();
            command.arg(verb).args(flags).arg(package);
            if *verb == "install" {
                command.arg("--yes");
            }
            let said = finish(command).exits(3).complains(why);
            is_decent(&said);
        }
        let args = flags.iter().map(OsStr::new).chain([package]);
        let said = self.bench.run(args).exits(3).says(why);
        is_decent(&said);
        let crosses = said.stdout.matches('✗').count();
        assert_eq!(crosses, 1, "one package, one refusal: {said}");
        assert_eq!(self.state(), before, "a refused package changed something");
    }

    /// The installed package still works.
    #[track_caller]
    pub(crate) fn still_runs(&self, id: &str, version: &str) {
        self.dyno(&["installed"]).exits(0).says(version);
        self.bench.run([id]).exits(0);
    }

    fn state(&self) -> State {
        let home = self.bench.work().join("../home/.local/share/dyno");
        State {
            installed: self.dyno(&["installed", "--json"]).stdout,
            lock: fs::read_to_string(self.bench.path("dyno.lock")).ok(),
            trust: fs::read_to_string(home.join("trust/policy.toml")).ok(),
            left: fs::read_dir(self.bench.tmp()).unwrap().count(),
        }
    }
}

/// Fit for a terminal, and not longer than anybody reads.
#[track_caller]
fn is_decent(said: &Said) {
    let all = [&said.stdout[..], &said.stderr].concat();
    assert!(!all.contains('\x1b'), "a terminal would obey that: {said}");
    let longest = all
        .lines()
        .map(|line| line.chars().count())
        .max()
        .unwrap_or(0);
    assert!(longest < 700, "nobody reads that: {said}");
    assert!(
        !all.contains("Os {") && !all.contains("Error("),
        "not a sentence: {said}"
    );
}
