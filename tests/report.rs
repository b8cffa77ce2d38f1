//! The shared report, through the verbs that write and read it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rusqlite::Connection;

use super::support::{Bench, QUICK, cases, fib, finish, gather, plugin, shown};

/// Everything below a directory: names and bytes.
fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else if path.is_file() {
            found.insert(path.clone(), fs::read(&path).unwrap());
        } else {
            found.insert(path, Vec::new());
        }
    }
    found
}

/// If this fails, hosts that work at the same time lose runs, mix them, or cannot all write.
#[test]
fn eight_runs_at_once_lose_nothing() {
    let bench = Bench::new();
    let file = bench.write("three.wat", plugin(&["a", "b", "c"]));
    let children: Vec<_> = (0..8)
        .map(|_| {
            let mut command = bench.command();
            command
                .arg("run")
                .args(QUICK)
                .args(["--format", "json"])
                .arg(&file);
            let what = shown(&command);
            let child = command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn();
            (child.unwrap(), what)
        })
        .collect();
    let printed: Vec<_> = children
        .into_iter()
        .map(|(child, what)| gather(child, what).exits(0).json())
        .collect();
    let ids: BTreeSet<String> = printed
        .iter()
        .map(|run| run["id"].as_str().unwrap().into())
        .collect();
    assert_eq!(ids.len(), 8, "two runs have one id");
    assert_eq!(bench.runs().into_iter().collect::<BTreeSet<_>>(), ids);
    for run in &printed {
        assert_eq!(cases(run).len(), 3);
        assert_eq!(bench.recorded(run["id"].as_str().unwrap()), *run);
    }
}

/// If this fails, what was measured is not what is found again later.
#[test]
fn earlier_runs_read_back_as_they_were_printed() {
    let bench = Bench::new();
    let file = bench.write("mixed.wat", plugin(&["add", "trap", "new-sums"]));
    let bad = bench.write("bad.wasm", "bad");
    let args = [file.as_path(), &bad, &fib()];
    let first = bench.run(args).exits(3).stdout;
    let second = bench
        .run(
            [OsStr::new("-v")]
                .into_iter()
                .chain(args.map(Path::as_os_str)),
        )
        .exits(3)
        .stdout;
    let runs = bench.runs();
    assert_eq!(runs.len(), 2);
    let show = |args: &[&str]| {
        bench
            .dyno([&["report", "show"], args].concat())
            .exits(0)
            .stdout
    };
    assert_eq!(show(&["-v"]), second, "the latest unless another is named");
    assert_eq!(show(&["-v", "latest"]), second);
    assert_eq!(show(&[&runs[1]]), first);
    // The random end of an id, so that the beginning names one run.
    assert_eq!(show(&[&runs[1][..runs[1].len() - 1]]), first);

    let exported = |format: &str, run: &str| {
        bench
            .dyno(["report", "export", "--format", format, run])
            .exits(0)
            .stdout
    };
    let document: serde_json::Value = serde_json::from_str(&exported("json", &runs[1])).unwrap();
    assert_eq!(document["id"], runs[1]);
    let lines = exported("jsonl", &runs[1]);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(lines.lines().next().unwrap()).unwrap()["id"],
        runs[1]
    );
    let csv = exported("csv", &runs[1]);
    let names: BTreeSet<_> = csv
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(7).unwrap())
        .collect();
    assert_eq!(
        names,
        BTreeSet::from(["", "add", "fib/20", "new-sums", "trap"])
    );

    let to = bench.path("run.csv");
    bench
        .dyno([
            "report",
            "export",
            "--format",
            "csv",
            &runs[1],
            "-o",
            to.to_str().unwrap(),
        ])
        .exits(0);
    assert_eq!(fs::read_to_string(to).unwrap(), csv);
}

/// If this fails, a wrong id shows another run than the one that was asked for.
#[test]
fn a_run_that_is_not_there_or_not_one_is_an_error() {
    let bench = Bench::new();
    bench
        .dyno(["report", "show"])
        .exits(4)
        .complains("there is no report at");
    assert!(!bench.report().exists(), "a verb that reads made a report");
    bench.run([fib()]).exits(0);
    bench.run([fib()]).exits(0);
    bench
        .dyno(["report", "show", "1999"])
        .exits(4)
        .complains("holds no run");
    bench
        .dyno(["report", "export", "20"])
        .exits(2)
        .complains("several runs");
}

/// Puts something at a path.
type Make<'a> = Box<dyn Fn(&Path) + 'a>;

/// If this fails, a file that is no report of ours is overwritten or read as if it were one, or
/// a whole run is measured before anyone says so.
#[test]
fn what_is_no_report_is_refused_by_name_before_anything_is_measured_and_left_untouched() {
    let bench = Bench::new();
    bench.run([fib()]).exits(0);
    let good = fs::read(bench.report()).unwrap();
    let odd = bench.path("odd");
    let newer = |path: &Path| {
        fs::write(path, &good).unwrap();
        Connection::open(path)
            .unwrap()
            .pragma_update(None, "user_version", 999)
            .unwrap();
    };
    let foreign = |path: &Path| {
        Connection::open(path)
            .unwrap()
            .execute_batch("CREATE TABLE run (id TEXT)")
            .unwrap();
    };
    let mut overwritten = good.clone();
    overwritten[4096..].fill(0xa5);
    let write = |content: &[u8]| {
        let content = content.to_vec();
        Box::new(move |path: &Path| fs::write(path, &content).unwrap()) as Make
    };
    let kinds: [(&str, Make, &str); 8] = [
        (
            "text.sqlite",
            write(b"hello, this is no report"),
            "not an SQLite file",
        ),
        ("empty.sqlite", write(b""), "is empty"),
        ("short.sqlite", write(&good[..good.len() / 2]), "damaged"),
        ("overwritten.sqlite", write(&overwritten), "damaged"),
        ("newer.sqlite", Box::new(newer), "version 999"),
        ("foreign.sqlite", Box::new(foreign), "another program"),
        (
            "directory.sqlite",
            Box::new(|path| fs::create_dir(path).unwrap()),
            "is a directory",
        ),
        (
            "fifo.sqlite",
            Box::new(|path| nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU).unwrap()),
            "not a report",
        ),
    ];
    for (name, make, why) in kinds {
        let _ = fs::remove_dir_all(&odd);
        let _ = fs::remove_dir_all(bench.cache());
        fs::create_dir(&odd).unwrap();
        let path = odd.join(name);
        make(&path);
        let before = contents(&odd);
        let text = path.to_str().unwrap();
        let said = bench.run([OsStr::new("--report"), path.as_os_str(), fib().as_os_str()]);
        // A page that only the run's own tables use is found when it is read.
        let said = said.exits(1).complains(why).complains(name);
        assert_eq!(said.stdout, "", "{said}");
        assert!(
            !bench.cache().exists(),
            "something was compiled before the report was looked at: {said}"
        );
        for verb in ["show", "list", "export"] {
            bench
                .dyno(["report", verb, "--report", text])
                .exits(1)
                .complains(why)
                .complains(name);
        }
        assert!(
            contents(&odd) == before,
            "{name}: a file was changed, made or deleted"
        );
    }
}

/// If this fails, a run lands in another report than the one that was named.
#[test]
fn the_report_is_where_the_user_says() {
    let bench = Bench::new();
    let own = bench.path("some/where/own.sqlite");
    bench
        .run([OsStr::new("--report"), own.as_os_str(), fib().as_os_str()])
        .exits(0);
    assert!(
        own.is_file() && !bench.report().exists(),
        "--report outranks DYNO_REPORT"
    );
    bench.run([fib()]).exits(0);
    assert!(bench.report().is_file(), "DYNO_REPORT");
    fs::remove_file(bench.report()).unwrap();
    bench
        .run([OsStr::new("--no-report"), fib().as_os_str()])
        .exits(0);
    assert!(!bench.report().exists(), "--no-report");
    bench
        .dyno([OsStr::new("check"), fib().as_os_str()])
        .exits(0);
    assert!(!bench.report().exists(), "check recorded a run");
}

/// If this fails, each directory of a project gets a report of its own.
#[test]
fn by_default_the_report_lies_beside_the_project() {
    let bench = Bench::new();
    let deep = bench.path("project/crates/deep");
    fs::create_dir_all(&deep).unwrap();
    let run = |dir: &Path, verb: &[&str]| {
        let mut command = bench.command();
        command
            .env_remove("DYNO_REPORT")
            .current_dir(dir)
            .args(verb);
        if verb[0] == "run" {
            command.args(QUICK).arg(fib());
        }
        finish(command).exits(0)
    };
    run(&deep, &["run"]);
    assert!(
        deep.join(".dyno/report.sqlite").is_file(),
        "outside of a project: here"
    );
    fs::remove_dir_all(deep.join(".dyno")).unwrap();
    fs::create_dir(bench.path("project/.git")).unwrap();
    run(&deep, &["run"]);
    let report = bench.path("project/.dyno/report.sqlite");
    assert!(
        report.is_file() && !deep.join(".dyno").exists(),
        "in a project: at its top"
    );
    run(&bench.path("project/crates"), &["run"]);
    let listed = run(&deep, &["report", "list"]).stdout;
    assert_eq!(listed.lines().count(), 3, "a header and two runs: {listed}");
}

/// If this fails, a run is measured and then lost, because there was no place for it all along.
#[test]
fn a_place_that_cannot_be_written_is_an_error_before_the_run() {
    let bench = Bench::new();
    let file = bench.write("file", "");
    for place in [
        Path::new("/proc/report.sqlite"),
        &file.join("report.sqlite"),
        Path::new("/dev/full"),
    ] {
        let said = bench.run([OsStr::new("--report"), place.as_os_str(), fib().as_os_str()]);
        let said = said.exits(1).complains(place.to_str().unwrap());
        assert!(said.stdout.is_empty() && !bench.cache().exists(), "{said}");
    }
    let mut command = bench.command();
    command
        .arg("run")
        .args(QUICK)
        .args(["--report", "/report.sqlite"])
        .arg(fib());
    bench.without_rights(&mut command);
    finish(command)
        .exits(1)
        .complains("/report.sqlite")
        .complains("Permission denied");
}
