//! `dyno-worker` as the program that a supervisor without an engine starts.

// Not unit tests, so clippy's exemption for `#[test]` does not reach the helpers.
#![allow(clippy::unwrap_used, missing_docs)]

use std::process::Command;

use dyno_job::{Cancel, DescribeJob, Event, Job, Supervisor, Workers, employ};
use dyno_model::Limits;

const WORKER: &str = env!("CARGO_BIN_EXE_dyno-worker");

/// If this fails, a dyno that was built without an engine measures nothing.
#[test]
fn a_supervisor_without_an_engine_has_its_workers_do_it() {
    employ(Workers {
        program: Some(WORKER.into()),
        required: Vec::new(),
    });
    let supervisor = Supervisor::new(Cancel::never()).unwrap();
    let plugin = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../sample-plugins/fib-wat/fib.wat"
    );
    let dir = tempfile::tempdir().unwrap();
    let labelled = dir.path().join("component");
    let job = Job::Describe(DescribeJob {
        component: plugin.into(),
        label: Some(([("version".into(), "1.2.3".into())].into(), labelled)),
        limits: Limits::default(),
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let report = runtime.block_on(supervisor.run(&job, job.wall(), 0));
    let hello = report.hello().unwrap();
    assert_eq!(hello.engine, "wasmtime");
    assert_eq!(hello.compatibility.len(), 16, "{hello:?}");
    let described = report.events.iter().find_map(|event| match event {
        Event::Described(description) => Some(&description.sections["version"]),
        _ => None,
    });
    assert_eq!(described.unwrap(), "1.2.3", "{report:?}");
}

#[test]
fn a_user_who_starts_it_is_told_what_it_is() {
    let output = Command::new(WORKER).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        said,
        "error: not started by a supervisor: this is an internal command\n"
    );
}
