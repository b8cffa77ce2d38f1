//! What a build command cannot take: the passphrase of a key, and other secrets.

use std::fs;
use std::process::{Command, Stdio};

use super::{processes_with, write_script};
use crate::support::{Bench, Said, finish, program};

/// The variable with the passphrase of the signing key, and a passphrase that stands nowhere else.
const VARIABLE: &str = "DYNO_KEY_PASSPHRASE";

const PASSPHRASE: &str = "correct-horse-battery-staple-7731";

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
    let programs = program().parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
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
            if !is_root {
                bench.without_rights(command);
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
