//! What the tests share: a private bench for each, the real program on it, plugins made to order.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::io::Read;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Past this something hangs. Not an assertion on time: the slowest command here takes seconds.
pub(crate) const DEADLINE: Duration = Duration::from_secs(240);

/// The same for what builds: all samples, from nothing, on a machine that others use, too.
const BUILD_DEADLINE: Duration = Duration::from_secs(1800);

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
        let mut command = Command::new(env!("CARGO_BIN_EXE_dyno"));
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
        let program = Path::new(env!("CARGO_BIN_EXE_dyno")).parent().unwrap();
        let mut path = program.as_os_str().to_owned();
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
    /// what permissions forbid. Returns whether that can be done here; a tester who is not root is
    /// such a user already.
    pub(crate) fn without_rights(&self, command: &mut Command) -> bool {
        if !nix::unistd::geteuid().is_root() {
            return true;
        }
        let mut chown = Command::new("chown");
        chown.args(["-hR", &format!("{NOBODY}:{NOBODY}")]);
        let owned = chown.arg(self.dir.path()).status();
        command.uid(NOBODY).gid(NOBODY);
        let mut version = self.command();
        version.arg("--version").uid(NOBODY).gid(NOBODY);
        let can = owned.is_ok_and(|status| status.success())
            && version.output().is_ok_and(|output| output.status.success());
        if !can {
            eprintln!("not tried: this is root, and another user cannot run the program here");
        }
        can
    }
}

/// The tester's PATH without what the tester may not look into: there, a program that is missing
/// is one that is denied.
fn path() -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let readable = std::env::split_paths(&path).filter(|dir| fs::read_dir(dir).is_ok());
    std::env::join_paths(readable).unwrap_or(path)
}

/// What a command said and how it ended.
pub(crate) struct Said {
    pub(crate) what: String,
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            status,
            stdout,
            stderr,
        } = self;
        write!(
            f,
            "{what}\nended with {status}\n--- stdout\n{stdout}\n--- stderr\n{stderr}"
        )
    }
}

impl Said {
    /// Its exit code must be this, and whatever it is, nothing may have panicked.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{self}");
        assert!(!self.stderr.contains("panicked"), "{self}");
        self
    }

    /// Its stdout must hold this.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "{text:?} is missing: {self}");
        self
    }

    /// It must complain of this: one sentence, once.
    #[track_caller]
    pub(crate) fn complains(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "{text:?} is missing: {self}");
        let errors = self.stderr.matches("error:").count();
        assert_eq!(errors, 1, "one error is one sentence: {self}");
        self
    }

    /// The commands that it shows to see something again.
    pub(crate) fn reruns(&self) -> impl Iterator<Item = &str> {
        let lines = self.stdout.lines();
        lines.filter_map(|line| line.trim().strip_prefix("again: "))
    }

    /// Its stdout as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }
}

/// The variables that a command grants: one that is shown names them without their values.
fn granted(command: &Command) -> Vec<(OsString, OsString)> {
    let words: Vec<&OsStr> = command.get_args().collect();
    let variable = |at: usize| {
        let word = words[at].to_str()?;
        let is_own = at > 0 && words[at - 1] == "--env";
        let variable = is_own.then_some(word).or(word.strip_prefix("--env="))?;
        match variable.split_once('=') {
            Some((name, value)) => Some((name.into(), value.into())),
            None => {
                let mut own = command.get_envs();
                let value = own.find(|(name, _)| *name == variable)?.1?;
                Some((variable.into(), value.into()))
            }
        }
    };
    (0..words.len()).filter_map(variable).collect()
}

/// Runs a command to its end.
pub(crate) fn finish(command: Command) -> Said {
    finish_within(DEADLINE, command)
}

/// Runs a command that builds something with the tester's toolchains to its end.
pub(crate) fn build(mut command: Command) -> Said {
    with_toolchain(&mut command);
    finish_within(BUILD_DEADLINE, command)
}

fn finish_within(deadline: Duration, mut command: Command) -> Said {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let what = shown(&command);
    let child = command
        .spawn()
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    gather_within(deadline, child, what)
}

/// Waits for a child and gathers what it says.
pub(crate) fn gather(child: Child, what: String) -> Said {
    gather_within(DEADLINE, child, what)
}

fn gather_within(deadline: Duration, mut child: Child, what: String) -> Said {
    fn reader(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
        thread::spawn(move || {
            let mut said = Vec::new();
            if let Some(mut pipe) = pipe {
                // What is cut off shows in the assertions.
                let _ = pipe.read_to_end(&mut said);
            }
            said
        })
    }
    let stdout = reader(child.stdout.take());
    let stderr = reader(child.stderr.take());
    let mut status = None;
    let ended = poll_within(deadline, || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    if !ended {
        let _ = child.kill();
        let _ = child.wait();
    }
    let text = |reader: thread::JoinHandle<Vec<u8>>| {
        String::from_utf8_lossy(&reader.join().unwrap()).into_owned()
    };
    let said = Said {
        what,
        status: status.unwrap_or_else(|| ExitStatus::from_raw(libc::SIGKILL)),
        stdout: text(stdout),
        stderr: text(stderr),
    };
    assert!(ended, "it hangs: {said}");
    said
}

/// A command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect();
    words.join(" ")
}

/// Polls until something holds; whether it ever did.
pub(crate) fn poll(holds: impl FnMut() -> bool) -> bool {
    poll_within(DEADLINE, holds)
}

fn poll_within(deadline: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while !holds() {
        if began.elapsed() > deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(2));
    }
    true
}

/// A plugin with cases of these names, as text. What a case does is said by its first letter, see
/// `fixtures/letters.wat`.
pub(crate) fn plugin(cases: &[&str]) -> String {
    plugin_expecting(&cases.iter().map(|name| (*name, None)).collect::<Vec<_>>())
}

/// The same, with the checksum that each case announces.
pub(crate) fn plugin_expecting(cases: &[(&str, Option<u64>)]) -> String {
    const RECORDS: usize = 64;
    const RECORD_BYTES: usize = 80;
    const TEXTS: usize = 16384;
    let mut data = vec![segment(
        16,
        &[&[0; 4][..], &word(RECORDS), &word(cases.len())].concat(),
    )];
    let mut text = TEXTS;
    for (index, (name, expected)) in cases.iter().enumerate() {
        let record = RECORDS + index * RECORD_BYTES;
        assert!(record + RECORD_BYTES <= TEXTS, "too many cases");
        data.push(segment(record, &[word(text), word(name.len())].concat()));
        data.push(segment(text, name.as_bytes()));
        text += name.len();
        if let Some(sum) = expected {
            data.push(segment(record + 64, &[1]));
            data.push(segment(record + 72, &sum.to_le_bytes()));
        }
    }
    include_str!("fixtures/letters.wat").replace("@DATA@", &data.join("\n"))
}

fn word(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap().to_le_bytes()
}

fn segment(at: usize, bytes: &[u8]) -> String {
    let escaped: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    format!("    (data (i32.const {at}) \"{escaped}\")")
}

/// Samples whose toolchains are large: the tests of `toolchains.rs` build them.
pub(crate) const HEAVY_SAMPLES: [&str; 4] = [
    "crosslang-go",
    "crosslang-js",
    "crosslang-python",
    "crosslang-zig",
];

/// The sample plugins in Rust, C, C++ and WebAssembly text, built once for all tests.
pub(crate) fn samples() -> &'static [PathBuf] {
    static BUILT: OnceLock<Vec<PathBuf>> = OnceLock::new();
    BUILT.get_or_init(|| {
        let directories = fs::read_dir(repository().join("sample-plugins")).unwrap();
        let mut paths: Vec<PathBuf> = directories
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.join("plugin.toml").is_file())
            .filter(|path| !HEAVY_SAMPLES.iter().any(|heavy| path.ends_with(heavy)))
            .collect();
        paths.sort();
        let mut build = Command::new(env!("CARGO_BIN_EXE_dyno"));
        build.arg("build").args(&paths);
        self::build(build).exits(0);
        paths
    })
}

/// Gives a command the tester's own environment, which a toolchain needs, less what is dyno's, and
/// what `tests/toolchains/install` installs.
fn with_toolchain(command: &mut Command) {
    let of_dyno = |name: &OsString| {
        name.to_string_lossy().starts_with("DYNO_") || name == "NO_COLOR" || name == "TMPDIR"
    };
    command.envs(std::env::vars_os().filter(|(name, _)| !of_dyno(name)));
    let mut path = repository().join("target/toolchains/bin").into_os_string();
    path.push(":");
    path.push(self::path());
    command.env("PATH", path);
}

/// The cases of a run, each with the name of its plugin.
pub(crate) fn cases(run: &Value) -> Vec<(&str, &Value)> {
    let plugins = run["plugins"].as_array().unwrap().iter();
    plugins
        .flat_map(|plugin| {
            let name = plugin["name"].as_str().unwrap();
            let cases = plugin["cases"].as_array().unwrap().iter();
            cases.map(move |case| (name, case))
        })
        .collect()
}

/// A case by its name.
pub(crate) fn case<'a>(run: &'a Value, name: &str) -> &'a Value {
    let found = cases(run)
        .into_iter()
        .find(|(_, case)| case["spec"]["name"] == name);
    found
        .unwrap_or_else(|| panic!("no case {name} in {run:#}"))
        .1
}

/// A plugin by its name.
pub(crate) fn plugin_of<'a>(run: &'a Value, name: &str) -> &'a Value {
    let plugins = run["plugins"].as_array().unwrap();
    let found = plugins.iter().find(|plugin| plugin["name"] == name);
    found.unwrap_or_else(|| panic!("no plugin {name} in {run:#}"))
}

/// The text of a case in the table: its line begins with its name.
pub(crate) fn line_of<'a>(table: &'a str, case: &str) -> Option<&'a str> {
    table.lines().find(|line| {
        let rest = line
            .strip_prefix("  ")
            .and_then(|line| line.strip_prefix(case));
        rest.is_some_and(|rest| rest.starts_with(' '))
    })
}
