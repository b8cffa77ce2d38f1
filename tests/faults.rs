//! What the machine does to a run: signals, kills, full disks, missing places (LIMITS.md, host
//! faults). Whatever it is, the report stays whole and no worker stays behind.

mod cache;
mod limits;

use std::fs::{self, File};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::builds::processes_with;
use super::support::{
    Bench, QUICK, Said, case, cases, fib, finish, gather, plugin, plugin_of, poll, shown,
};

/// CPU time after which a worker can only be one that never ends: all others here take a twentieth.
const ENDLESS_TICKS: u64 = 100;

/// Limits that no endless case runs into before it is killed.
const PATIENT: [&str; 4] = ["--fuel", "1e15", "--wall", "60min"];

/// The fields of `/proc/PID/stat` from the state on; none if there is no such process.
fn stat(pid: i32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

/// Whether a process still does something; one that only waits to be buried does not.
fn is_alive(pid: i32) -> bool {
    stat(pid).is_some_and(|fields| fields[0] != "Z")
}

/// The live workers of a supervisor, wherever they hang in the tree of processes.
fn workers(supervisor: u32) -> Vec<i32> {
    let wanted = format!("\0--worker\0{supervisor}\0");
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(&wanted) && is_alive(*pid)
    })
    .collect()
}

/// Waits for the worker of a supervisor that is in an endless case.
pub(crate) fn endless_worker(supervisor: u32) -> i32 {
    let mut found = None;
    let ticks = |pid: &i32| {
        let fields = stat(*pid)?;
        Some(fields[11].parse::<u64>().ok()? + fields[12].parse::<u64>().ok()?)
    };
    poll(|| {
        let mut workers = workers(supervisor).into_iter();
        found = workers.find(|pid| ticks(pid).is_some_and(|ticks| ticks > ENDLESS_TICKS));
        found.is_some()
    });
    found.expect("no worker was ever busy")
}

/// A `dyno run` in progress.
struct Running {
    child: Child,
    what: String,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let what = shown(&command);
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self { child, what }
    }

    /// A run of a plugin with these cases.
    fn of(bench: &Bench, cases: &[&str], args: &[&str]) -> Self {
        let file = bench.write("plugin.wat", plugin(cases));
        // Where the tests themselves run in the background, they ignore a hangup, and so would the
        // program.
        let mut command = Command::new("env");
        bench.place(&mut command);
        command
            .args(["--default-signal=HUP", env!("CARGO_BIN_EXE_dyno"), "run"])
            .args(QUICK)
            .args(PATIENT)
            .args(args)
            .arg(file);
        Self::start(command)
    }

    /// Waits for the worker of an endless case.
    fn endless_worker(&self) -> i32 {
        endless_worker(self.child.id())
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    /// Waits for its end. Nothing may be left of it.
    fn end(self) -> Said {
        let id = self.child.id();
        let said = gather(self.child, self.what);
        assert_eq!(
            workers(id),
            Vec::<i32>::new(),
            "it left workers behind: {said}"
        );
        said
    }
}

/// If this fails, whoever presses Ctrl-C loses what was finished, or workers go on in the dark.
#[test]
fn a_signal_keeps_what_is_finished_and_leaves_no_worker() {
    for (signal, code) in [
        (Signal::SIGINT, 130),
        (Signal::SIGTERM, 143),
        (Signal::SIGHUP, 129),
    ] {
        let bench = Bench::new();
        // A seed whose order has cases before the stuck one and behind it.
        let running = Running::of(&bench, &["a", "b", "stuck", "c", "d"], &["--seed", "1"]);
        running.endless_worker();
        running.signal(signal);
        running
            .end()
            .exits(code)
            .says("interrupted: what was finished is shown and kept");
        let run = bench.recorded("latest");
        assert_eq!(run["status"], "interrupted");
        let mut finished = 0;
        for (_, case) in cases(&run) {
            let processes = case["processes"].as_array().unwrap().len();
            match case["outcome"]["kind"].as_str().unwrap() {
                "ok" => finished += processes,
                "skipped" => assert_eq!(processes, 0),
                other => panic!("{other}: {case:#}"),
            }
        }
        assert_eq!(case(&run, "stuck")["outcome"]["kind"], "skipped");
        assert!(
            (1..4).contains(&finished),
            "{finished} of 4 were finished; is it still the seed?"
        );
        let skipped = cases(&run)
            .iter()
            .filter(|(_, case)| case["outcome"]["kind"] == "skipped")
            .count();
        bench
            .dyno(["report", "list"])
            .exits(0)
            .says("interrupted")
            .says(&format!(" 0  {skipped:>7}  interrupted"));
        bench.run([fib()]).exits(0);
    }
}

/// If this fails, a run that was started under `nohup` ends with the terminal all the same.
#[test]
fn a_hangup_that_is_to_be_ignored_is() {
    let bench = Bench::new();
    bench.write("it.wat", plugin(&["endless"]));
    let mut command = Command::new("sh");
    bench.place(&mut command);
    let dyno = env!("CARGO_BIN_EXE_dyno");
    let line = format!(
        "trap '' HUP; exec {dyno} run {} --fuel 1e15 --wall 30s it.wat",
        QUICK.join(" ")
    );
    command.args(["-c", &line]);
    let running = Running::start(command);
    running.endless_worker();
    running.signal(Signal::SIGHUP);
    running.end().exits(5).says("hit the wall limit");
}

/// If this fails, a build that hangs cannot be ended, or the tools that it started live on.
#[test]
fn a_signal_ends_a_build_and_all_that_it_started() {
    let bench = Bench::new();
    // Its number is another one where the build sees it.
    let marker = "1000.1543";
    let script = format!("sleep {marker} & touch started; wait");
    bench.write(
        "slow/plugin.toml",
        format!("[plugin]\nname = 'slow'\n[build]\ncommands = [['sh', '-c', '{script}']]\ncomponent = 'x.wat'\n"),
    );
    let mut command = bench.command();
    command.arg("run").args(QUICK).arg("slow").arg(fib());
    let running = Running::start(command);
    let is_asleep = || !processes_with(marker).is_empty();
    assert!(poll(|| bench.path("slow/started").exists() && is_asleep()));
    running.signal(Signal::SIGTERM);
    running.end().exits(143);
    assert!(!is_asleep(), "what the build started goes on");
    let run = bench.recorded("latest");
    assert_eq!(run["status"], "interrupted");
    assert_eq!(plugin_of(&run, "slow")["outcome"]["kind"], "skipped");
}

/// If this fails, workers outlive a host that was killed, or it takes earlier runs with it.
#[test]
fn workers_die_with_a_killed_supervisor_and_the_report_is_whole() {
    let bench = Bench::new();
    bench.run([fib()]).exits(0);
    let before = bench.runs();
    let running = Running::of(&bench, &["add", "endless"], &[]);
    let worker = running.endless_worker();
    running.signal(Signal::SIGKILL);
    let Running { mut child, .. } = running;
    child.wait().unwrap();
    assert!(
        poll(|| !is_alive(worker)),
        "a worker outlives its supervisor"
    );
    assert_eq!(bench.runs(), before, "half a run was recorded");
    bench.run([fib()]).exits(0);
    assert_eq!(bench.runs().len(), 2);
}

/// If this fails, one worker that dies takes the run with it, or passes for a success.
#[test]
fn a_killed_worker_is_the_outcome_of_its_case_only() {
    let bench = Bench::new();
    let running = Running::of(&bench, &["add", "endless", "band"], &[]);
    kill(Pid::from_raw(running.endless_worker()), Signal::SIGKILL).unwrap();
    running
        .end()
        .exits(5)
        .says("✗ endless crashed its worker: killed by SIGKILL");
    let run = bench.recorded("latest");
    assert_eq!(run["status"], "complete");
    assert_eq!(case(&run, "endless")["outcome"]["kind"], "crash");
    for name in ["add", "band"] {
        assert_eq!(case(&run, name)["outcome"]["kind"], "ok");
        assert_eq!(case(&run, name)["processes"].as_array().unwrap().len(), 1);
    }
}

/// If this fails, a machine without room for temporary files gets a panic instead of a reason.
#[test]
fn no_temporary_directory_is_a_message() {
    let bench = Bench::new();
    let mut command = bench.command();
    command
        .env("TMPDIR", "/nowhere")
        .arg("run")
        .args(QUICK)
        .arg("--no-cache")
        .arg(fib());
    finish(command)
        .exits(1)
        .complains("no temporary directory can be made");
}

/// If this fails, `dyno` in the middle of a shell's `while read` loop eats the loop's input.
#[test]
fn stdin_is_not_read() {
    let bench = Bench::new();
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "\"$0\" run \"$@\" >/dev/null && cat",
        env!("CARGO_BIN_EXE_dyno"),
    ]);
    command.args(QUICK).arg(fib());
    bench.place(&mut command);
    let input = bench.write("input", "all of it\n");
    command.stdin(File::open(input).unwrap());
    assert_eq!(finish(command).exits(0).stdout, "all of it\n");
}
