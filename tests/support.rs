//! What the tests share: a private bench for each, the real program on it, plugins made to order.

mod plugins;
mod process;
mod results;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

pub(crate) use plugins::{plugin, plugin_expecting, samples};
use process::granted;
pub(crate) use process::{Said, build, finish, gather, poll, shown};
pub(crate) use results::{case, cases, line_of, plugin_of};
use serde_json::Value;
use tempfile::TempDir;

/// Past this something hangs. Not an assertion on time: the slowest command here takes seconds.
pub(crate) const DEADLINE: Duration = Duration::from_secs(240);

/// The flags of a run that is over as fast as a run can be.
pub(crate) const QUICK: [&str; 5] = ["--quick", "--time", "20ms", "--sample-time", "1ms"];

/// The user and group that own nothing, for tests of permissions that root would pass.
const NOBODY: u32 = 65534;

/// The root of the repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The plugin that needs no toolchain.
pub(crate) fn fib() -> PathBuf {
    repository().join("sample-plugins/fib-wat")
}

/// A place of its own for one test: working directory, home, report, code cache, temporary files.
pub(crate) struct Bench {
    dir: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let dir = TempDir::with_prefix("dyno-e2e-").unwrap();
        for name in ["work", "home", "tmp", "locks"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        Self { dir }
    }

    /// The working directory.
    pub(crate) fn work(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    /// A path in the working directory.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.work().join(name)
    }

    pub(crate) fn report(&self) -> PathBuf {
        self.dir.path().join("report.sqlite")
    }

    /// What `DYNO_CACHE` is; the code lies in `code` below it.
    pub(crate) fn cache(&self) -> PathBuf {
        self.dir.path().join("cache")
    }

    pub(crate) fn tmp(&self) -> PathBuf {
        self.dir.path().join("tmp")
    }

    /// What `DYNO_LOCKS` is: cores that tests share with each other would make them wait for each
    /// other.
    pub(crate) fn locks(&self) -> PathBuf {
        self.dir.path().join("locks")
    }

    /// Writes a file into the working directory, with the directories above it.
    pub(crate) fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// The program, in this place, with an environment that holds nothing of the tester's.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(program());
        self.place(&mut command);
        command
    }

    /// Puts any command into this place.
    pub(crate) fn place(&self, command: &mut Command) {
        command
            .current_dir(self.work())
            .env_clear()
            .env("PATH", path())
            .env("HOME", self.dir.path().join("home"))
            .env("TMPDIR", self.tmp())
            .env("DYNO_CACHE", self.cache())
            .env("DYNO_LOCKS", self.locks())
            .env("DYNO_REPORT", self.report())
            .stdin(Stdio::null());
    }

    /// The program with these arguments, until it ends.
    pub(crate) fn dyno<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Said {
        let mut command = self.command();
        command.args(args);
        self.finish(command)
    }

    /// Runs a command to its end, and then, in a copy of this place as that left it, every command
    /// that it shows to see something again: each is understood as it stands, and shows it.
    pub(crate) fn finish(&self, command: Command) -> Said {
        let granted = granted(&command);
        let said = finish(command);
        let code = said.status.code();
        let lines: Vec<&str> = said.reruns().collect();
        // A report that is shown later may be of files that are no longer there.
        if lines.is_empty() || code == Some(0) {
            return said;
        }
        let copy = self.copied();
        for line in &lines {
            let line = line.replace(
                &*self.dir.path().to_string_lossy(),
                &copy.dir.path().to_string_lossy(),
            );
            let again = copy.shell_with(&line, &granted);
            let again_code = again.status.code();
            let is_shown = match line.starts_with("dyno run ") {
                true => again_code == Some(5) || again_code == code,
                // What a gate stops may be unsure the one time and regressed the other: it is
                // measured again.
                false => {
                    let stopped = |code| matches!(code, Some(6 | 7));
                    again_code == code || stopped(code) && stopped(again_code)
                }
            };
            assert!(
                is_shown,
                "{line:?} does not show again what is in {said}: {again}"
            );
        }
        said
    }

    /// Runs a command line as one pastes it into a shell.
    pub(crate) fn shell(&self, line: &str) -> Said {
        self.shell_with(line, &[])
    }

    /// The same in a shell that has these variables.
    fn shell_with(&self, line: &str, variables: &[(OsString, OsString)]) -> Said {
        let mut command = Command::new("sh");
        command.args(["-c", line]);
        self.place(&mut command);
        command.envs(variables.iter().cloned());
        let mut path = program().parent().unwrap().as_os_str().to_owned();
        path.push(":");
        path.push(self::path());
        command.env("PATH", path);
        finish(command)
    }

    /// This place once more, as it is now.
    fn copied(&self) -> Self {
        let copy = Self {
            dir: TempDir::with_prefix("dyno-e2e-").unwrap(),
        };
        let mut cp = Command::new("cp");
        cp.arg("-a").arg(self.dir.path().join("."));
        let copied = cp.arg(copy.dir.path()).status().unwrap();
        assert!(copied.success());
        copy.adopt(self.dir.path());
        copy
    }

    /// Has the baselines of a copied report say that their plugins came from here.
    fn adopt(&self, before: &Path) {
        let sql = "UPDATE baseline_plugin SET source = replace(source, ?1, ?2)";
        let places = [before, self.dir.path()].map(|place| place.to_string_lossy().into_owned());
        if self.report().is_file()
            && let Ok(report) = rusqlite::Connection::open(self.report())
        {
            // A report that is no good has none.
            let _ = report.execute(sql, places);
        }
    }

    /// `dyno run`, as quick as can be.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Said {
        let mut command = self.command();
        command.arg("run").args(QUICK).args(args);
        self.finish(command)
    }

    /// The whole of a recorded run.
    pub(crate) fn recorded(&self, run: &str) -> Value {
        self.dyno(["report", "export", run]).exits(0).json()
    }

    /// The ids of the recorded runs, the newest first.
    pub(crate) fn runs(&self) -> Vec<String> {
        let listed = self.dyno(["report", "list"]).exits(0).stdout;
        let id = |line: &str| line.split_whitespace().next().map(str::to_owned);
        listed.lines().skip(1).filter_map(id).collect()
    }

    /// Files of compiled code in the cache.
    pub(crate) fn cached(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.cache().join("code")) else {
            return Vec::new();
        };
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    /// Gives this place to a user without rights and makes `command` run as that user: root may do
    /// what permissions forbid. A tester who is not root is such a user already.
    pub(crate) fn without_rights(&self, command: &mut Command) {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let mut chown = Command::new("chown");
        chown.args(["-hR", &format!("{NOBODY}:{NOBODY}")]);
        assert!(chown.arg(self.dir.path()).status().unwrap().success());
        command.uid(NOBODY).gid(NOBODY);
    }
}

/// The program, where a user without rights can run it, too. Below a private home only its owner
/// could: then a copy stands among the temporary files, where the next tests replace it.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
        let built = Path::new(env!("CARGO_BIN_EXE_dyno"));
        if !nix::unistd::geteuid().is_root() || runs_without_rights(built) {
            return built.into();
        }
        let dir = std::env::temp_dir().join("dyno-e2e-program");
        let (copy, new) = (dir.join("dyno"), dir.join(std::process::id().to_string()));
        fs::create_dir_all(&dir).unwrap();
        fs::copy(built, &new).unwrap();
        fs::rename(&new, &copy).unwrap();
        assert!(
            runs_without_rights(&copy),
            "user {NOBODY} cannot run {}: set TMPDIR to a directory that everybody may use",
            copy.display()
        );
        copy
    });
    &PROGRAM
}

fn runs_without_rights(program: &Path) -> bool {
    let mut version = Command::new(program);
    version.arg("--version").uid(NOBODY).gid(NOBODY);
    version.output().is_ok_and(|said| said.status.success())
}

/// The tester's PATH without what the tester may not look into: there, a program that is missing
/// is one that is denied.
fn path() -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let readable = std::env::split_paths(&path).filter(|dir| fs::read_dir(dir).is_ok());
    std::env::join_paths(readable).unwrap_or(path)
}
