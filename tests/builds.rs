//! Build commands: what they can take, how they end, and who starts them.
//!
//! They are a stranger's programs with the user's rights. What they must not get is in the
//! environment and the memory of other processes; what they leave behind, say without end, or never
//! finish must not outlive the build; and none starts that the user did not ask for, or sees only
//! afterwards.

mod secrets;

use std::fs;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::support::{Bench, QUICK, Said, finish, gather, plugin, poll};

/// A plugin directory that is a package, with these build commands.
fn write_plugin(bench: &Bench, dir: &str, name: &str, commands: &str) {
    bench.write(format!("{dir}/it.wat"), plugin(&["add"]));
    bench.write(
        format!("{dir}/plugin.toml"),
        format!(
            "[plugin]\nname = '{name}'\n[build]\ncommands = [{commands}]\ncomponent = 'it.wat'\n\
             [package]\nid = 'acme/{name}'\nversion = '1.0.0'\n"
        ),
    );
}

/// The same with one command, a shell script.
fn write_script(bench: &Bench, dir: &str, script: &str) {
    bench.write(format!("{dir}/build.sh"), script);
    write_plugin(bench, dir, "it", "['sh', 'build.sh']");
}

/// Processes with a word on their command lines.
pub(crate) fn processes_with(word: &str) -> Vec<i32> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let has_word = |pid: &i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0)
            .any(|part| part == word.as_bytes())
    };
    pids.filter(has_word).collect()
}

impl Said {
    /// Its complaint must hold this, too.
    #[track_caller]
    fn complains_also(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "{text:?} is missing: {self}");
        self
    }
}

/// If this fails, what a build left running waits for the signature, or for the next command.
#[test]
fn nothing_that_a_build_started_outlives_it() {
    let bench = Bench::new();
    let marker = "1000.7732";
    let script = |end: &str| {
        format!("setsid sh -c 'sleep {marker}' & (setsid sleep {marker} &) & touch started; {end}")
    };
    let none_left = |said: &Said| assert_eq!(processes_with(marker), [0; 0], "{said}");
    for (end, code) in [("exit 0", 0), ("exit 1", 3)] {
        write_script(&bench, "it", &script(end));
        none_left(&bench.dyno(["build", "it"]).exits(code));
    }
    write_script(&bench, "it", &script("sleep 1000"));
    let said = bench
        .dyno(["build", "it", "--build-timeout", "500ms"])
        .exits(3);
    none_left(&said);
    said.complains("was stopped after 500ms, the time limit of a build");
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGKILL] {
        fs::remove_file(bench.path("it/started")).unwrap();
        let mut command = bench.command();
        command
            .args(["build", "it"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        assert!(poll(
            || bench.path("it/started").exists() && !processes_with(marker).is_empty()
        ));
        kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
        let said = gather(child, format!("dyno build, {signal}"));
        match signal {
            // Who is killed waits for nothing, and the build ends by itself.
            Signal::SIGKILL => assert!(poll(|| processes_with(marker).is_empty()), "{said}"),
            signal => none_left(&said.exits(128 + signal as i32)),
        }
    }
}

/// If this fails, a build that says without end takes the memory of the machine, or its author does
/// not see why it failed.
#[test]
fn of_what_a_build_says_the_beginning_and_the_end_are_kept() {
    let bench = Bench::new();
    let flood =
        "echo it begins; head -c 1500000000 /dev/zero | tr '\\0' x; echo; echo it ends; exit 1";
    write_script(&bench, "it", flood);
    let mut command = Command::new("sh");
    bench.place(&mut command);
    // Half of what it says, and more than enough for the program.
    let line = format!(
        "ulimit -v 700000; exec {} build it",
        env!("CARGO_BIN_EXE_dyno")
    );
    command.args(["-c", &line]);
    let said = finish(command).exits(3);
    for text in ["it begins", "it ends", "bytes left out"] {
        assert!(said.stderr.contains(text), "{text}: {said}");
    }
    assert!(said.stderr.len() < 64 << 10, "{} bytes", said.stderr.len());
    // What it says is shown as it comes, if that is wanted, and never raw.
    write_script(
        &bench,
        "it",
        "printf '\\033[31mred\\n::error::no\\n'; exit 0",
    );
    let said = bench.dyno(["-v", "build", "it"]).exits(0);
    assert!(said.stderr.contains("it | \\u{1b}[31mred"), "{said}");
    assert!(!bench.dyno(["build", "it"]).exits(0).stderr.contains("red"));
}

/// If this fails, to look at a stranger's directory runs the stranger's programs.
#[test]
fn to_look_at_a_plugin_builds_nothing() {
    let bench = Bench::new();
    write_plugin(&bench, "it", "it", "['touch', 'built']");
    for verb in ["list", "check"] {
        let said = bench.dyno([verb, "it"]).exits(0);
        assert!(!bench.path("it/built").exists(), "{said}");
        let said = bench.dyno([verb, "it", "--build"]).exits(0);
        assert!(said.stderr.contains("building it: touch built"), "{said}");
        fs::remove_file(bench.path("it/built")).unwrap();
    }
    fs::remove_file(bench.path("it/it.wat")).unwrap();
    for verb in ["list", "check"] {
        let said = bench.dyno([verb, "it"]).exits(3);
        said.says("it/it.wat does not exist yet: `dyno build it` builds it");
    }
    assert!(!bench.path("it/built").exists());
}

/// Every command that could build `it`, with the bench that it needs.
fn building(bench: &Bench) -> Vec<Vec<&'static str>> {
    write_plugin(
        bench,
        "it",
        "it",
        "['sh', '-c', \"touch built; : \\u001b[31m\"]",
    );
    bench.write("other.wat", plugin(&["add"]));
    bench.write(
        "dyno.toml",
        "[[plugins]]\npath = 'it'\n[phases.baseline]\ndepth = 'quick'\ntime = '20ms'\n",
    );
    bench.dyno(["key", "generate", "--no-passphrase"]).exits(0);
    let quick = [
        "run", QUICK[0], QUICK[1], QUICK[2], QUICK[3], QUICK[4], "it",
    ]
    .to_vec();
    let rest = [
        &["compare", "--counts-only", "other.wat", "it"][..],
        &["compare", "--counts-only", "it", "other.wat"],
        &["compare", "--counts-only", "other.wat", "other.wat", "it"],
        &["gate", "--counts-only", "--baseline", "other.wat", "it"],
        &["profile", "it", "-o", "profiles"],
        &["pack", "it"],
        &["publish", "it", "--index", "index"],
        &["suite", "run"],
    ];
    [quick].into_iter().chain(rest.map(<[_]>::to_vec)).collect()
}

/// If this fails, a command runs a stranger's program and nobody could have known.
#[test]
fn every_command_that_builds_shows_each_command_before_and_can_be_forbidden_to() {
    let bench = Bench::new();
    for args in building(&bench) {
        let built = bench.path("it/built");
        let said = bench.dyno(&args);
        assert!(built.exists(), "it builds nothing: {said}");
        let line = r#"building it: sh -c "$(printf 'touch built; \072 \033[31m')""#;
        assert!(said.stderr.lines().any(|shown| shown == line), "{said}");
        assert!(
            !said.stderr.contains('\x1b') && !said.stdout.contains("building"),
            "{said}"
        );
        fs::remove_file(&built).unwrap();
        bench.dyno(args.iter().copied().chain(["--no-build"]));
        assert!(!built.exists(), "{args:?} --no-build");
        let mut forbidden = bench.command();
        let said = finish_forbidden(&mut forbidden, &args);
        assert!(!built.exists(), "{said}");
        let help = bench.dyno([args[0], "--help"]).exits(0);
        let help = match args[0] {
            "suite" => bench.dyno(["suite", "run", "--help"]).exits(0),
            _ => help,
        };
        help.says("--no-build").says("DYNO_NO_BUILD=1");
    }
    for args in [
        &["build", "it"][..],
        &["list", "--build", "it"],
        &["check", "--build", "it"],
    ] {
        let said = finish_forbidden(&mut bench.command(), args);
        said.exits(2).complains("DYNO_NO_BUILD forbids that");
        assert!(!bench.path("it/built").exists());
    }
}

fn finish_forbidden(command: &mut Command, args: &[&str]) -> Said {
    let mut command = std::mem::replace(command, Command::new("true"));
    command.args(args).env("DYNO_NO_BUILD", "1");
    finish(command)
}

/// If this fails, a suite grants, writes or runs what its reader was not shown.
#[test]
fn checking_a_suite_shows_what_it_reaches_and_runs_nothing() {
    let bench = Bench::new();
    write_plugin(&bench, "it", "it", "['sh', '-c', 'touch built']");
    bench.write(
        "dyno.toml",
        "output = 'results'\n[[plugins]]\npath = 'it'\n[grants]\ndirs = ['data::/data']\n\
         [grants.env]\nSECRET = 'x'\n[phases.baseline]\n",
    );
    let said = bench.dyno(["suite", "check"]).exits(0);
    let said = said
        .says("grants: --dir=data::/data --env=SECRET\n")
        .says("output: results\n")
        .says("build it: sh -c 'touch built'\n");
    assert!(!bench.path("it/built").exists(), "{said}");
}

/// If this fails, who may write into a directory has his own build commands run in the place of a
/// package.
#[test]
fn no_directory_stands_for_a_package() {
    let bench = Bench::new();
    write_plugin(&bench, "source", "json", "");
    bench.dyno(["key", "generate", "--no-passphrase"]).exits(0);
    bench
        .dyno(["publish", "source", "--index", "index"])
        .exits(0);
    bench
        .dyno(["install", "index/packages/acme-json-1.0.0.oci.tar"])
        .exits(0);
    for dir in [
        "acme/json",
        "acme/json@1.0.0",
        "registry.example.org/acme/json:1",
    ] {
        write_plugin(
            &bench,
            dir,
            "json",
            "['touch', '../../built', '../../../built']",
        );
    }
    let phase = "[phases.baseline]\ndepth = 'quick'\ntime = '20ms'\n";
    let built = || bench.path("built").exists();
    for name in [
        "acme/json",
        "acme/json@1.0.0",
        "registry.example.org/acme/json:1",
    ] {
        for args in [
            &["run"][..],
            &["list", "--build"],
            &["compare", "--counts-only", "source"],
        ] {
            let said = bench.dyno(args.iter().copied().chain([name])).exits(2);
            said.complains(&format!("write ./{name} or package:{name}"));
        }
        assert!(!built(), "{name}");
    }
    // A suite says which it means, and looks at no file.
    for name in ["acme/json", "acme/json@1.0.0"] {
        bench.write(
            "dyno.toml",
            format!("[[plugins]]\npackage = '{name}'\n{phase}"),
        );
        bench.dyno(["suite", "run"]).exits(0);
        assert!(!built(), "{name}");
    }
    for path in ["./source", "source", "dir/it.wat"] {
        bench.write(
            "dyno.toml",
            format!("[[plugins]]\npackage = '{path}'\n{phase}"),
        );
        bench
            .dyno(["suite", "check"])
            .exits(2)
            .complains("names no package");
    }
    bench.run(["package:acme/json"]).exits(0);
    bench.dyno(["verify", "acme/json"]).exits(0);
    assert!(!built());
    bench.run(["./acme/json"]).exits(0);
    assert!(built());
    // What is no package is a directory, as ever.
    fs::rename(bench.path("acme"), bench.path("plugins")).unwrap();
    bench.run(["--no-build", "plugins/json"]).exits(0);
}
