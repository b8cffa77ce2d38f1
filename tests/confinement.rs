//! What confines a worker, on this kernel and on those that lack a layer. A system without landlock
//! or without seccomp is had by a filter that answers as such a kernel, or a container that is
//! denied them, does: the program is started below it and knows no better.

use std::fs;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::libc;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};
use serde_json::Value;

use super::sandbox::fs_probe;
use super::support::{
    Bench, QUICK, Said, case, cases, fib, finish, gather, plugin, poll, repository, shown,
};

/// A layer that the kernel does not offer.
#[derive(Debug, Clone, Copy)]
enum Without {
    Landlock,
    Seccomp,
}

impl Without {
    fn name(self) -> &'static str {
        match self {
            Self::Landlock => "landlock",
            Self::Seccomp => "seccomp",
        }
    }

    /// What such a kernel answers, as a filter.
    fn filter(self) -> BpfProgram {
        let (calls, answer) = match self {
            Self::Landlock => (
                vec![
                    libc::SYS_landlock_create_ruleset,
                    libc::SYS_landlock_add_rule,
                    libc::SYS_landlock_restrict_self,
                ],
                Errno::ENOSYS,
            ),
            Self::Seccomp => (vec![libc::SYS_seccomp], Errno::EINVAL),
        };
        let rules = calls.into_iter().map(|call| (call, Vec::new())).collect();
        let filter = SeccompFilter::new(
            rules,
            SeccompAction::Allow,
            SeccompAction::Errno((answer as i32).cast_unsigned()),
            TargetArch::try_from(std::env::consts::ARCH).unwrap(),
        );
        filter.unwrap().try_into().unwrap()
    }

    /// Makes a command run on such a kernel.
    fn below(self, command: &mut Command) {
        let filter = self.filter();
        let install = move || seccompiler::apply_filter(&filter).map_err(io::Error::other);
        // SAFETY: between fork and exec it makes two system calls, and allocates only if they fail.
        #[allow(unsafe_code)]
        unsafe {
            command.pre_exec(install)
        };
    }

    fn dyno(self, bench: &Bench, args: &[&str]) -> Said {
        let mut command = bench.command();
        command.args(args);
        self.below(&mut command);
        finish(command)
    }
}

/// Whether this system has a layer, so that it can be taken away.
fn is_here(bench: &Bench, layer: Without) -> bool {
    let doctor = bench.dyno(["doctor"]).exits(0).stdout;
    let is_here = doctor.contains(&format!("✓ {}", layer.name()));
    if !is_here {
        eprintln!("not tried: this system has no {}", layer.name());
    }
    is_here
}

fn words(value: &Value) -> Vec<&str> {
    let words = value.as_array().unwrap().iter();
    words.map(|word| word.as_str().unwrap()).collect()
}

/// If this fails, a run on an old kernel or in a strict container looks like one that was confined.
#[test]
fn a_layer_that_is_missing_is_said_and_recorded() {
    for layer in [Without::Landlock, Without::Seccomp] {
        let bench = Bench::new();
        if !is_here(&bench, layer) {
            continue;
        }
        let said = format!("workers run without {}", layer.name());
        let file = fib();
        let mut args = vec!["run", file.to_str().unwrap()];
        args.extend(QUICK);
        let shown = layer.dyno(&bench, &args).exits(0).says(&said);
        assert_eq!(
            shown.stdout.matches("workers run without").count(),
            1,
            "{shown}"
        );
        let run = bench.recorded("latest");
        let named = |layer: &&str| layer.starts_with(said.rsplit(' ').next().unwrap());
        assert!(!words(&run["confinement"]).iter().any(named), "{run:#}");
        assert!(
            words(&run["warnings"])
                .iter()
                .any(|one| one.starts_with(&said)),
            "{run:#}"
        );
        bench
            .dyno(["report", "show", "latest"])
            .exits(0)
            .says(&said);
        for verb in ["check", "list", "profile"] {
            let shown = layer.dyno(&bench, &[verb, file.to_str().unwrap()]).exits(0);
            assert_eq!(shown.stderr.matches(&said).count(), 1, "{shown}");
        }
        // With all that there is, nothing is missing.
        let whole = bench.dyno(&args).exits(0);
        assert!(!whole.stdout.contains("workers run without"), "{whole}");
    }
}

/// If this fails, whoever must have a layer gets results, and builds of strangers, without it.
#[test]
fn what_is_required_and_missing_ends_every_command_before_it_begins() {
    let bench = Bench::new();
    if !is_here(&bench, Without::Landlock) {
        return;
    }
    let built = bench.path("built");
    let manifest = format!(
        "[plugin]\nname = \"mine\"\n[build]\ncommands = [[\"touch\", \"{}\"]]\ncomponent = \"plugin.wat\"\n[package]\nid = \"own/mine\"\nversion = \"1.0.0\"\n",
        built.display()
    );
    bench.write("mine/plugin.toml", manifest);
    bench.write("mine/plugin.wat", plugin(&["a"]));
    bench.write(
        "dyno.toml",
        "[[plugins]]\npath = \"mine\"\nname = \"mine\"\n[phases.baseline]\nplugins = [\"mine\"]\n",
    );
    let commands: [&[&str]; 7] = [
        &["run", "mine"],
        &["check", "mine"],
        &["list", "mine"],
        &["profile", "mine"],
        &["compare", "mine", "mine"],
        &["pack", "mine"],
        &["suite", "run"],
    ];
    for command in commands {
        let required = [command, &["--require", "landlock,seccomp"]].concat();
        let said = Without::Landlock.dyno(&bench, &required);
        let said = said.exits(1).complains("landlock is required");
        assert!(!built.exists(), "it ran a build command: {said}");
        let mut by_variable = bench.command();
        by_variable.args(command).env("DYNO_REQUIRE", "landlock");
        Without::Landlock.below(&mut by_variable);
        finish(by_variable)
            .exits(1)
            .complains("landlock is required");
    }
    let file = fib();
    let file = file.to_str().unwrap();
    let require = |layers| [&["run", file, "--require", layers], &QUICK[..]].concat();
    // What is there is no error, what is no layer is one of usage, and what starts no worker
    // requires nothing.
    bench.dyno(require("landlock,seccomp")).exits(0);
    bench
        .dyno(require("selinux"))
        .exits(2)
        .complains("no layer");
    Without::Seccomp
        .dyno(&bench, &require("seccomp"))
        .exits(1)
        .complains("seccomp is required");
    Without::Landlock
        .dyno(&bench, &["report", "list", "--require", "landlock"])
        .exits(0);
}

#[test]
fn doctor_says_what_is_missing_and_what_that_means() {
    let bench = Bench::new();
    for layer in [Without::Landlock, Without::Seccomp] {
        if !is_here(&bench, layer) {
            continue;
        }
        let missing = format!("✗ {}", layer.name());
        let said = layer.dyno(&bench, &["doctor"]).exits(0);
        said.says(&missing).says("without it, a plugin");
        let said = layer.dyno(&bench, &["doctor", "--require", layer.name()]);
        said.exits(1).says("required;");
    }
}

/// If this fails, a kernel without landlock lets a guest see or do something else: without
/// `openat2`, and without the system calls that a rule on its flags would have to look into, all is
/// as it was.
#[test]
fn a_guest_finds_the_same_without_landlock() {
    let bench = Bench::new();
    let grants = fs_probe::lay_out(&bench.work()).unwrap();
    let mut command = bench.command();
    let probe = repository().join(fs_probe::PLUGIN);
    command.args(["run", "--format", "json"]).args(QUICK);
    command.args(fs_probe::LIMITS).args(&grants).arg(&probe);
    Without::Landlock.below(&mut command);
    let said = super::support::build(command).exits(5);
    let run = said.json();
    assert_eq!(cases(&run).len(), 27, "a probe is missing");
    for (_, probe) in cases(&run) {
        let name = probe["spec"]["name"].as_str().unwrap();
        let stopped = fs_probe::STOPPED
            .iter()
            .find(|(stopped, _)| *stopped == name);
        let outcome = &probe["outcome"];
        match stopped {
            Some((_, limit)) => assert_eq!(outcome["limit"], *limit, "{name}: {outcome}"),
            None => assert_eq!(outcome["kind"], "ok", "{name}: {outcome}"),
        }
    }
    for (file, text) in fs_probe::UNTOUCHED {
        assert_eq!(fs::read_to_string(bench.path(file)).unwrap(), text);
    }
    // With nothing but a directory to read, every file is opened by the rule.
    let mut command = bench.command();
    command.args(["run", "--format", "json"]).args(QUICK);
    command
        .args(&grants[..2])
        .args(["--case", "granted/read", "--case", "granted/list"]);
    command.arg(&probe);
    let run = super::support::build(command).exits(0).json();
    assert_eq!(cases(&run).len(), 2);
}

/// If this fails, root, which containers run as, lends its power over the files of others to every
/// plugin.
#[test]
fn a_worker_of_root_cannot_read_what_others_keep_to_themselves() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let bench = Bench::new();
    let grants = fs_probe::lay_out(&bench.work()).unwrap();
    let file = bench.path("data/file.txt");
    let read = |expected: i32| {
        let mut command = bench.command();
        command.args(["run", "--format", "json"]).args(QUICK);
        command.args(&grants[..2]).args(["--case", "granted/read"]);
        command.arg(repository().join(fs_probe::PLUGIN));
        super::support::build(command).exits(expected).json()
    };
    let others = nix::unistd::Uid::from_raw(12_345);
    nix::unistd::chown(&file, Some(others), None).unwrap();
    let mode = |mode| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(0o644);
    assert_eq!(case(&read(0), "granted/read")["outcome"]["kind"], "ok");
    mode(0o600);
    assert_eq!(case(&read(5), "granted/read")["outcome"]["kind"], "error");
}

/// The live workers of a supervisor.
fn workers(supervisor: u32) -> Vec<String> {
    let wanted = format!("\0--worker\0{supervisor}\0");
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().into_string().ok());
    pids.filter(|pid| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(&wanted)
    })
    .collect()
}

/// If this fails, a guest runs before its worker is what it should be. Looked at from outside,
/// while it runs.
#[test]
fn every_thread_of_a_running_guest_is_confined_to_the_last_layer() {
    let bench = Bench::new();
    if !is_here(&bench, Without::Landlock) || !is_here(&bench, Without::Seccomp) {
        return;
    }
    let file = bench.write("plugin.wat", plugin(&["stuck"]));
    let mut command = bench.command();
    command
        .arg("run")
        .args(QUICK)
        .args(["--fuel", "1e15", "--wall", "60min"])
        .arg(file);
    let what = shown(&command);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // What it begins with, what only getting ready needs, and what is told not to be there.
    let is_sealed = |status: &str| field(status, "Seccomp_filters") == "3";
    let mut threads = Vec::new();
    let sealed = poll(|| {
        threads = workers(child.id())
            .iter()
            .flat_map(|pid| statuses(pid))
            .collect();
        let ended = child.try_wait().unwrap().is_some();
        ended || threads.len() > 1 && threads.iter().all(|status| is_sealed(status))
    });
    let supervisor = nix::unistd::Pid::from_raw(child.id().cast_signed());
    nix::sys::signal::kill(supervisor, nix::sys::signal::Signal::SIGTERM).unwrap();
    gather(child, what).exits(143);
    assert!(sealed, "no worker was ever sealed: {threads:?}");
    for status in threads {
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            assert_eq!(field(&status, set), "0000000000000000", "{set}: {status}");
        }
        if nix::unistd::geteuid().is_root() {
            assert_eq!(field(&status, "CapBnd"), "0000000000000000", "{status}");
        }
        assert_eq!(field(&status, "NoNewPrivs"), "1", "{status}");
        assert_eq!(field(&status, "Seccomp"), "2", "{status}");
    }
}

/// The state of every thread of a process.
fn statuses(pid: &str) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten();
    let status = |task: io::Result<fs::DirEntry>| read(&task.ok()?.path().join("status"));
    tasks.filter_map(status).collect()
}

fn read(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

fn field<'a>(status: &'a str, name: &str) -> &'a str {
    let found = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    found.unwrap_or_default().trim()
}
