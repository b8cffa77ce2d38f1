//! Many hosts write into one report.

use std::collections::BTreeSet;
use std::thread;

use super::*;
use dyno_model::Run;

const WRITERS: u32 = 8;
const RUNS: u32 = 5;

fn expected() -> BTreeSet<String> {
    (0..WRITERS * RUNS)
        .map(|number| fixture::numbered(number).id)
        .collect()
}

fn check(path: &Path) {
    let store = Store::open_existing(path).unwrap();
    let ids: BTreeSet<String> = store
        .runs()
        .unwrap()
        .into_iter()
        .map(|run| run.id)
        .collect();
    assert_eq!(ids, expected());
    for number in 0..WRITERS * RUNS {
        let run = fixture::numbered(number);
        assert!(store.run(&run.id).unwrap() == run, "{}", run.id);
    }
    assert_eq!(integrity(&store), "ok");
}

/// Writes the runs of one writer, opening the report anew for each as `dyno run` does.
fn write(path: &Path, writer: u32) {
    for number in writer * RUNS..(writer + 1) * RUNS {
        Store::open(path)
            .unwrap()
            .record(&fixture::numbered(number))
            .unwrap();
    }
}

/// All begin with a file that is not there.
#[test]
fn eight_threads_lose_nothing() {
    let (directory, path) = place();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let path = &path;
            scope.spawn(move || write(path, writer));
        }
    });
    check(&path);
    assert_eq!(
        contents(directory.path()).len(),
        1,
        "no drafts and no logs are left"
    );
}

/// Does nothing unless a test of this file started it.
#[test]
fn child_writer() {
    let Some(path) = std::env::var_os("DYNO_TEST_WRITE") else {
        return;
    };
    let writer = std::env::var("DYNO_TEST_WRITER").unwrap().parse().unwrap();
    write(Path::new(&path), writer);
}

#[test]
fn eight_processes_lose_nothing() {
    let (directory, path) = place();
    let start = |writer: u32| {
        let mut child = child_command("writers::child_writer");
        child
            .env("DYNO_TEST_WRITE", &path)
            .env("DYNO_TEST_WRITER", writer.to_string());
        child.spawn().unwrap()
    };
    let children: Vec<_> = (0..WRITERS).map(start).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    check(&path);
    assert_eq!(
        contents(directory.path()).len(),
        1,
        "no drafts and no logs are left"
    );
}

/// The same run, written by eight at once, is there once.
#[test]
fn of_eight_that_record_the_same_run_one_does() {
    let (_directory, path) = place();
    let recorded: usize = thread::scope(|scope| {
        let write = || Store::open(&path).unwrap().record(&fixture::full());
        let writers: Vec<_> = (0..WRITERS).map(|_| scope.spawn(write)).collect();
        let results = writers.into_iter().map(|writer| writer.join().unwrap());
        results
            .filter(|result| match result {
                Ok(()) => true,
                Err(StoreError::AlreadyRecorded { .. }) => false,
                Err(error) => panic!("{error}"),
            })
            .count()
    });
    assert_eq!(recorded, 1);
    assert_eq!(Store::open(&path).unwrap().runs().unwrap().len(), 1);
}

/// A reader sees whole runs while others write, and does not hold them up.
#[test]
fn a_reader_sees_whole_runs() {
    let (_directory, path) = place();
    recorded(&path);
    thread::scope(|scope| {
        let writer = scope.spawn(|| write(&path, 0));
        while !writer.is_finished() {
            let store = Store::open_existing(&path).unwrap();
            for summary in store.runs().unwrap() {
                let run: Run = store.run(&summary.id).unwrap();
                assert_eq!(run.plugins, fixture::full().plugins);
            }
        }
    });
}
