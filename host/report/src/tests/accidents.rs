//! kill -9, a full disk, a failing disk: the old report stays, the new run is whole or absent.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::*;
use crate::write;
use dyno_model::{Run, Sample};

/// A run of some megabytes, more than SQLite keeps in memory: it is in the log before it is done.
fn big(number: u32) -> Run {
    let mut run = fixture::numbered(number);
    let mut state = u64::from(number) + 1;
    let samples: Vec<Sample> = (0..100_000)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            Sample {
                iterations: 1,
                wall_ns: state,
                cpu_ns: state >> 1,
                switches: 0,
                waits: 0,
                counts: Default::default(),
            }
        })
        .collect();
    for case in &mut run.plugins[0].cases {
        for process in case.processes.iter_mut().take(1) {
            process.samples.clone_from(&samples);
        }
    }
    run
}

fn wait_for(path: &Path, child: &mut Child) {
    while !path.exists() {
        assert!(
            child.try_wait().unwrap().is_none(),
            "the child ended by itself"
        );
        thread::sleep(Duration::from_millis(5));
    }
}

fn sibling(path: &Path, name: &str) -> PathBuf {
    path.with_file_name(name)
}

/// The report holds exactly the first `whole` runs, each complete, and more can be recorded.
fn check(path: &Path, whole: u32) {
    let mut store = Store::open(path).unwrap();
    assert_eq!(integrity(&store), "ok");
    let ids: Vec<String> = store
        .runs()
        .unwrap()
        .into_iter()
        .rev()
        .map(|run| run.id)
        .collect();
    let expected: Vec<String> = (0..whole)
        .map(|number| fixture::numbered(number).id)
        .collect();
    assert_eq!(ids, expected);
    for number in 0..whole {
        let run = big(number);
        assert!(store.run(&run.id).unwrap() == run, "{}", run.id);
    }
    let next = fixture::numbered(900_000 + whole);
    store.record(&next).unwrap();
    assert_eq!(store.run(&next.id).unwrap(), next);
}

/// Does nothing unless a test of this file started it: writes a run and stops before it commits.
#[test]
fn child_stops_before_commit() {
    let Some(path) = std::env::var_os("DYNO_TEST_STOP").map(PathBuf::from) else {
        return;
    };
    let mut store = Store::open(&path).unwrap();
    let transaction = store.begin().unwrap();
    write::run(&transaction, &big(1)).unwrap();
    fs::write(sibling(&path, "written"), "").unwrap();
    thread::sleep(Duration::from_secs(60));
}

#[test]
fn killed_before_the_commit() {
    let (_directory, path) = place();
    Store::open(&path).unwrap().record(&big(0)).unwrap();
    let mut command = child_command("accidents::child_stops_before_commit");
    let mut child = command.env("DYNO_TEST_STOP", &path).spawn().unwrap();
    wait_for(&sibling(&path, "written"), &mut child);
    child.kill().unwrap();
    child.wait().unwrap();
    let log = fs::metadata(sibling(&path, "report.sqlite-wal"))
        .unwrap()
        .len();
    assert!(
        log > 1_000_000,
        "the run was on its way into the file: {log}"
    );
    check(&path, 1);
}

/// Does nothing unless a test of this file started it: records run after run.
#[test]
fn child_records() {
    let Some(path) = std::env::var_os("DYNO_TEST_RECORD").map(PathBuf::from) else {
        return;
    };
    let have = Store::open(&path).unwrap().runs().unwrap().len();
    for number in u32::try_from(have).unwrap().. {
        Store::open(&path).unwrap().record(&big(number)).unwrap();
        // What is said to be recorded is recorded.
        fs::write(sibling(&path, "said"), (number + 1).to_string()).unwrap();
    }
}

#[test]
fn killed_at_any_moment() {
    let (_directory, path) = place();
    for round in 0..12_u64 {
        let mut command = child_command("accidents::child_records");
        let mut child = command.env("DYNO_TEST_RECORD", &path).spawn().unwrap();
        thread::sleep(Duration::from_millis(40 + round * 37 % 250));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let said =
        fs::read_to_string(sibling(&path, "said")).map_or(0, |text| text.parse().unwrap_or(0));
    let store = Store::open(&path).unwrap();
    let have = u32::try_from(store.runs().unwrap().len()).unwrap();
    drop(store);
    assert!(
        have >= said,
        "{said} were said to be recorded, {have} are there"
    );
    check(&path, have);
}

#[test]
fn no_room() {
    let (_directory, path) = place();
    let mut store = Store::open(&path).unwrap();
    store.record(&big(0)).unwrap();
    let pages: i64 = store
        .connection()
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap();
    store
        .connection()
        .pragma_update(None, "max_page_count", pages + 20)
        .unwrap();
    let error = store.record(&big(1)).unwrap_err();
    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    one_sentence(&error);
    assert_eq!(store.runs().unwrap().len(), 1, "the same store goes on");
    drop(store);
    check(&path, 1);
}

/// Does nothing unless a test of this file started it, with a limit on the size of files.
#[test]
fn child_hits_a_file_limit() {
    let Some(path) = std::env::var_os("DYNO_TEST_LIMIT").map(PathBuf::from) else {
        return;
    };
    let error = Store::open(&path)
        .and_then(|mut store| store.record(&big(1)))
        .unwrap_err();
    assert!(
        matches!(error, StoreError::Io { .. } | StoreError::Full { .. }),
        "{error:?}"
    );
    one_sentence(&error);
}

/// A write that fails in the middle, as on a full quota: the system refuses the bytes.
#[cfg(unix)]
#[test]
fn writing_fails_in_the_middle() {
    let (_directory, path) = place();
    Store::open(&path).unwrap().record(&big(0)).unwrap();
    // The log may grow to 4 MiB and the run is larger. Without the trap the signal kills, which
    // must do no harm either.
    for trap in ["trap '' XFSZ;", ""] {
        let child = child_command("accidents::child_hits_a_file_limit");
        let output = Command::new("sh")
            .args(["-c", &format!("{trap} ulimit -f 8192; exec \"$@\""), "sh"])
            .arg(child.get_program())
            .args(child.get_args())
            .env("DYNO_TEST_LIMIT", &path)
            .stdout(Stdio::piped())
            .output()
            .unwrap();
        let text =
            String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        if trap.is_empty() {
            assert!(!output.status.success(), "{text}");
        } else {
            assert!(
                output.status.success() && text.contains("1 passed"),
                "{text}"
            );
        }
    }
    check(&path, 1);
}
