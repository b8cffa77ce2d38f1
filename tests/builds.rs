//! Build commands: what they can take, how they end, and who starts them.
//!
//! They are a stranger's programs with the user's rights. What they must not get is in the
//! environment and the memory of other processes; what they leave behind, say without end, or never
//! finish must not outlive the build; and none starts that the user did not ask for, or sees only
//! afterwards.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::support::{Bench, QUICK, Said, finish, gather, plugin, poll};

/// The variable with the passphrase of the signing key, and a passphrase that stands nowhere else.
const VARIABLE: &str = "DYNO_KEY_PASSPHRASE";
const PASSPHRASE: &str = "correct-horse-battery-staple-7731";

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

/// Whether a sandbox for processes can be made here, which the strongest promises rest on.
fn has_namespaces() -> bool {
    let mut unshare = Command::new("unshare");
    unshare.args([
        "--user",
        "--map-current-user",
        "--pid",
        "--fork",
        "--mount-proc",
        "true",
    ]);
    unshare.stderr(Stdio::null());
    unshare.status().is_ok_and(|status| status.success())
}

/// Runs a script of `sh` in a place, with `dyno` on the path, and with the passphrase in the
/// environment of the shell.
fn shell_with_passphrase(bench: &Bench, script: &str) -> Command {
    let mut shell = Command::new("sh");
    bench.place(&mut shell);
    let program = Path::new(env!("CARGO_BIN_EXE_dyno")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    // Not the last command: the shell stays, and is what a CI runner starts for a step.
    shell
        .args(["-c", &format!("{script}; exit $?")])
        .env("PATH", path)
        .env(VARIABLE, PASSPHRASE);
    shell
}

/// Looks for the passphrase as a build script would: in its own environment, and in those of the
/// processes above it and of all others, and in the memory of all that it may trace.
const THIEF: &str = "
{
    env
    at=$$
    while [ \"$at\" -gt 0 ]; do
        tr '\\0' '\\n' < /proc/$at/environ
        at=$(sed -n 's/^PPid:[^0-9]*//p' /proc/$at/status)
    done
    for process in /proc/[0-9]*; do
        [ $process = /proc/$$ ] || tr '\\0' '\\n' < $process/environ
        cat $process/cmdline
        echo; ls -l $process/fd
        head -c 1 $process/mem && echo TRACED $process
    done
} > stolen 2> /dev/null
exit 0
";

/// If this fails, any build script of a dependency takes the signing key.
#[test]
fn no_build_command_finds_the_passphrase_of_the_key_that_signs() {
    for is_root in [true, false] {
        let bench = Bench::new();
        write_script(&bench, "it", THIEF);
        let mut keys = shell_with_passphrase(&bench, "dyno key generate");
        let mut publish = shell_with_passphrase(&bench, "dyno publish it --index index");
        let mut run = shell_with_passphrase(&bench, "dyno run --quick --no-report it");
        for command in [&mut keys, &mut publish, &mut run] {
            if !is_root && !bench.without_rights(command) {
                return;
            }
        }
        finish(keys).exits(0);
        for command in [publish, run] {
            let said = finish(command);
            // Where it cannot be kept from the passphrase, it does not run.
            if !has_namespaces() && !bench.path("it/stolen").exists() {
                said.exits(3);
                continue;
            }
            let said = said.exits(0);
            let stolen = fs::read(bench.path("it/stolen")).unwrap();
            let stolen = String::from_utf8_lossy(&stolen);
            assert!(
                stolen.contains("PATH="),
                "the script looked nowhere: {stolen}"
            );
            assert!(!stolen.contains(PASSPHRASE), "{said}\n{stolen}");
            fs::remove_file(bench.path("it/stolen")).unwrap();
        }
        if has_namespaces() {
            assert!(bench.path("index/packages/acme-it-1.0.0.oci.tar").exists());
        }
    }
}

/// `dyno build it`, with the passphrase, where a kind of namespace cannot be made. The user is root
/// in a user namespace of its own, but without root's rights.
fn build_without(bench: &Bench, kind: &str, how: &str) -> Said {
    let limit = format!("echo 0 > /proc/sys/user/max_{kind}_namespaces");
    let mut inner = shell_with_passphrase(bench, &format!("{limit} && {how}"));
    let mut command = Command::new("unshare");
    command
        .args(["--user", "--map-root-user"])
        .arg(inner.get_program())
        .args(inner.get_args());
    bench.place(&mut command);
    let variables = inner
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    command.envs(
        variables
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect::<Vec<_>>(),
    );
    inner = command;
    finish(inner)
}

/// If this fails, a system without namespaces, such as many containers, gives the passphrase away,
/// or cannot build at all.
#[test]
fn where_a_build_cannot_be_kept_apart_it_runs_only_if_there_is_nothing_to_take() {
    if !has_namespaces() {
        eprintln!("not tried: no namespaces can be made here");
        return;
    }
    let bench = Bench::new();
    let marker = "1000.7731";
    write_script(
        &bench,
        "it",
        &THIEF.replace("exit 0", &format!("setsid sleep {marker} & exit 0")),
    );
    let build = "setpriv --bounding-set=-all dyno build it";
    let built = |kind: &str, how: &str| {
        let said = build_without(&bench, kind, how);
        assert!(processes_with(marker).is_empty(), "{said}");
        let stolen = fs::read(bench.path("it/stolen")).ok()?;
        fs::remove_file(bench.path("it/stolen")).unwrap();
        let stolen = String::from_utf8_lossy(&stolen).into_owned();
        assert!(
            stolen.contains("PATH="),
            "the script looked nowhere: {stolen}"
        );
        assert!(!stolen.contains(PASSPHRASE), "{said}\n{stolen}");
        Some(said.exits(0))
    };
    // A user namespace alone keeps the secret of every process outside.
    built("pid", build).unwrap();
    // Without one Dyno can hide its own environment, and not that of the shell.
    built("user", &format!("exec {build}")).unwrap();
    built("user", &format!("unset {VARIABLE}; exec {build}")).unwrap();
    let build = "setpriv --bounding-set=-all sh -c 'dyno build it; exit $?'";
    let said = build_without(&bench, "user", build).exits(3);
    assert!(!bench.path("it/stolen").exists(), "{said}");
    said.complains("it could read DYNO_KEY_PASSPHRASE from the environment of process");
}

/// If this fails, secrets and the files by which a CI step changes later ones reach a build without
/// being asked for.
#[test]
fn a_build_command_gets_no_secret_unless_the_user_passes_it_on() {
    let bench = Bench::new();
    write_script(&bench, "it", "env > seen; exit 3");
    let secrets = [
        "DYNO_KEY_PASSPHRASE",
        "DYNO_HOME",
        "GITHUB_TOKEN",
        "GITHUB_ENV",
        "GITHUB_PATH",
        "GITHUB_OUTPUT",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "ACTIONS_RUNTIME_TOKEN",
        "CARGO_REGISTRY_TOKEN",
        "COSIGN_PASSWORD",
        "DOCKER_AUTH_CONFIG",
        "REGISTRY_AUTH_FILE",
    ];
    let built = |args: &[&str]| {
        let mut command = bench.command();
        command
            .args(["build", "it"])
            .args(args)
            .env("CARGO_HOME", "needed");
        for name in secrets {
            command.env(name, "5ecret");
        }
        let said = finish(command).exits(3);
        (said, fs::read_to_string(bench.path("it/seen")).unwrap())
    };
    let (said, seen) = built(&[]);
    assert!(
        !seen.contains("5ecret") && !seen.contains("DYNO_"),
        "{seen}"
    );
    assert!(seen.contains("CARGO_HOME=needed"), "{seen}");
    said.complains("it did not get")
        .complains_also("GITHUB_TOKEN");
    let (_, seen) = built(&["--build-env", "GITHUB_TOKEN"]);
    assert_eq!(seen.matches("5ecret").count(), 1, "{seen}");
    let passphrase = bench
        .dyno(["build", "it", "--build-env", VARIABLE])
        .exits(2);
    passphrase.complains("no build command gets the passphrase");
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
