//! A core of its own for each run: two at once on different cores, a third that waits, and what
//! must not make one wait. The test is one of the runs where it holds the locks of cores.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::support::{Bench, QUICK, Said, case, fib, gather, plugin, poll};

/// The cores that the tests may run on.
fn allowed() -> Vec<u32> {
    let set = sched_getaffinity(Pid::from_raw(0)).unwrap();
    let cores = (0..CpuSet::count()).filter(|core| set.is_set(*core).unwrap());
    cores.map(|core| u32::try_from(core).unwrap()).collect()
}

fn lock_file(bench: &Bench, core: u32) -> PathBuf {
    bench.locks().join(format!("dyno-core-{core}.lock"))
}

/// Measures on a core, as far as other runs can see.
fn hold(bench: &Bench, core: u32) -> File {
    let mut options = OpenOptions::new();
    let file = options
        .write(true)
        .create(true)
        .truncate(false)
        .open(lock_file(bench, core))
        .unwrap();
    file.lock().unwrap();
    file
}

/// The core that another run measures on, if any does.
fn held(bench: &Bench) -> Option<u32> {
    allowed().into_iter().find(|core| {
        let file = File::open(lock_file(bench, *core));
        file.is_ok_and(|file| file.try_lock_shared().is_err())
    })
}

/// The cores of all processes of a run.
fn cores(run: &Value) -> BTreeSet<u64> {
    let processes = case(run, "add")["processes"].as_array().unwrap();
    assert!(!processes.is_empty());
    processes
        .iter()
        .map(|process| process["core"].as_u64().unwrap())
        .collect()
}

/// A run that goes on while others come, with what it says on stderr in a file.
struct Running {
    child: Child,
    stderr: PathBuf,
}

impl Running {
    fn start(bench: &Bench, name: &str, args: &[&str]) -> Self {
        bench.write("it.wat", plugin(&["add"]));
        let stderr = bench.path(name);
        let mut command = bench.command();
        command.arg("run").args(QUICK).args(args).arg("it.wat");
        command
            .stdout(Stdio::piped())
            .stderr(File::create(&stderr).unwrap());
        Self {
            child: command.spawn().unwrap(),
            stderr,
        }
    }

    /// Blocks without end, as far as a test is concerned.
    fn endless(bench: &Bench) -> Self {
        let running = Self::start(bench, "endless", &["--blocks", "1000"]);
        assert!(poll(|| held(bench).is_some()), "it never took a core");
        running
    }

    /// How often it said that it waits.
    fn waits(&self) -> usize {
        let said = fs::read_to_string(&self.stderr).unwrap();
        said.matches("waiting for the machine").count()
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    fn end(self) -> Said {
        gather(self.child, "dyno run".into())
    }
}

/// If this fails, two runs on one machine take each other's time.
#[test]
fn two_runs_at_once_take_different_cores() {
    if allowed().len() < 2 {
        eprintln!("not tried: there is one core");
        return;
    }
    let bench = Bench::new();
    let first = Running::endless(&bench);
    let core = u64::from(held(&bench).unwrap());
    let mut second = BTreeSet::new();
    // Twice, so that the first has timed something by the time that it is ended.
    for _ in 0..2 {
        let said = bench.run(["it.wat"]).exits(0);
        assert!(!said.stderr.contains("waiting"), "{said}");
        second.extend(cores(&bench.recorded("latest")));
    }
    assert_eq!(
        held(&bench).map(u64::from),
        Some(core),
        "the first one ended before its time"
    );
    first.signal(Signal::SIGINT);
    first.end().exits(130);
    let runs = bench.runs();
    let first = runs
        .iter()
        .map(|run| bench.recorded(run))
        .find(|run| run["status"] == "interrupted");
    assert_eq!(
        cores(&first.unwrap()),
        BTreeSet::from([core]),
        "a run changed its core"
    );
    assert!(!second.contains(&core), "both were on core {core}");
    assert_eq!(held(&bench), None, "a run that ended keeps its core");
}

/// If this fails, a run takes a core from another, does not say why nothing happens, or misses the
/// core that it waits for.
#[test]
fn a_run_waits_with_one_line_until_a_core_is_free() {
    let bench = Bench::new();
    let cores_there = allowed();
    let mut locks: Vec<File> = cores_there.iter().map(|core| hold(&bench, *core)).collect();
    let running = Running::start(&bench, "waiting", &[]);
    assert!(poll(|| running.waits() > 0));
    assert!(bench.runs().is_empty());
    drop(locks.remove(0));
    let stderr = running.stderr.clone();
    running.end().exits(0);
    let said = fs::read_to_string(stderr).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    let run = bench.recorded("latest");
    assert_eq!(cores(&run), BTreeSet::from([u64::from(cores_there[0])]));
    assert_eq!(run["warnings"], serde_json::json!([]));
}

/// If this fails, what is not timed waits, or a listing does.
#[test]
fn what_times_nothing_waits_for_nothing() {
    let bench = Bench::new();
    let _locks: Vec<File> = allowed().iter().map(|core| hold(&bench, *core)).collect();
    bench.write("it.wat", plugin(&["add"]));
    bench.dyno(["list", "it.wat"]).exits(0);
    bench.dyno(["check", "it.wat"]).exits(0);
    // No time of what is identical is taken.
    let same = bench.dyno(["compare", "it.wat", "it.wat"]).exits(0);
    assert!(!same.stderr.contains("waiting"), "{same}");
}

/// If this fails, nobody can measure while another does, or a reader is not told what such numbers
/// are worth.
#[test]
fn without_waiting_it_is_measured_and_flagged() {
    let bench = Bench::new();
    let _locks: Vec<File> = allowed().iter().map(|core| hold(&bench, *core)).collect();
    bench.write("it.wat", plugin(&["add"]));
    let said = bench.run(["--no-wait", "it.wat"]).exits(0);
    let said = said
        .says("warning: measured without waiting (--no-wait)")
        .says("shared core");
    assert!(!said.stderr.contains("waiting for"), "{said}");
    let run = bench.recorded("latest");
    assert_eq!(cores(&run).len(), 1);
    let marks = case(&run, "add")["marks"].as_array().unwrap();
    assert!(marks.contains(&"shared-core".into()), "{marks:?}");
    // With a core to spare there is nothing to flag.
    drop(_locks);
    bench.run(["--no-wait", "it.wat"]).exits(0);
    assert_eq!(bench.recorded("latest")["warnings"], serde_json::json!([]));
}

/// If this fails, what a killed run left behind blocks all others for ever.
#[test]
fn a_killed_run_blocks_no_other() {
    let bench = Bench::new();
    let mut killed = Running::endless(&bench);
    killed.signal(Signal::SIGKILL);
    killed.child.wait().unwrap();
    assert!(poll(|| held(&bench).is_none()), "its lock outlives it");
    let said = bench.run([fib()]).exits(0);
    assert!(!said.stderr.contains("waiting"), "{said}");
}

/// If this fails, whoever does not want to wait any longer has to.
#[test]
fn a_signal_ends_the_waiting_at_once() {
    let bench = Bench::new();
    let _locks: Vec<File> = allowed().iter().map(|core| hold(&bench, *core)).collect();
    let running = Running::start(&bench, "waiting", &[]);
    assert!(poll(|| running.waits() > 0));
    running.signal(Signal::SIGINT);
    running.end().exits(130);
    let run = bench.recorded("latest");
    assert_eq!(run["status"], "interrupted");
    assert!(
        !case(&run, "add")["count"].is_null(),
        "what was counted is kept"
    );
}

/// If this fails, a machine where cores cannot be locked cannot measure at all, or another user's
/// files do harm.
#[test]
fn where_cores_cannot_be_locked_it_goes_on_and_says_so() {
    let bench = Bench::new();
    let target = bench.path("target");
    for core in allowed() {
        symlink(&target, lock_file(&bench, core)).unwrap();
    }
    bench.write("it.wat", plugin(&["add"]));
    bench
        .run(["it.wat"])
        .exits(0)
        .says("warning: cores cannot be locked (");
    assert!(!target.exists(), "a link was followed");
    fs::remove_dir_all(bench.locks()).unwrap();
    bench
        .run(["it.wat"])
        .exits(0)
        .says("warning: cores cannot be locked (");
    assert_eq!(cores(&bench.recorded("latest")).len(), 1);
}

/// If this fails, a run leaves its cpuset, or does not take the one core that there is.
#[test]
fn only_the_cores_of_the_cpuset_count() {
    let bench = Bench::new();
    bench.write("it.wat", plugin(&["add"]));
    let all = allowed();
    // The first, which nothing else would be the first to choose.
    let (only, others) = all.split_first().unwrap();
    let _others: Vec<File> = others.iter().map(|core| hold(&bench, *core)).collect();
    let said = std::thread::scope(|scope| {
        let bench = &bench;
        let run = move || {
            let mut set = CpuSet::new();
            set.set(*only as usize).unwrap();
            // Of this thread, and so of what it starts.
            sched_setaffinity(Pid::from_raw(0), &set).unwrap();
            bench.run(["it.wat"])
        };
        scope.spawn(run).join().unwrap()
    });
    let said = said.exits(0);
    assert!(!said.stderr.contains("waiting"), "{said}");
    assert_eq!(
        cores(&bench.recorded("latest")),
        BTreeSet::from([u64::from(*only)])
    );
}
