//! Workers: what they say first, and that they can be a program of their own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::support::{Bench, QUICK, case, fib};

fn quick<'a>(worker: &'a str, plugin: &'a str) -> Vec<&'a str> {
    let mut words = vec!["run", "--worker", worker];
    words.extend(QUICK);
    words.push(plugin);
    words
}

/// A program that says these lines, whatever it is asked.
fn sayer(bench: &Bench, name: &str, lines: &[&str]) -> String {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let words = bench.write(format!("{name}.words"), text);
    let program = bench.write(name, format!("#!/bin/sh\nexec cat '{}'\n", words.display()));
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    program.to_string_lossy().into_owned()
}

/// If this fails, a supervisor and its worker cannot be two programs, and no engine can be one of
/// its own.
#[test]
fn another_program_can_be_the_worker() {
    let bench = Bench::new();
    let fib = fib();
    let fib = fib.to_str().unwrap();
    let copy = bench.path("the-worker");
    fs::copy(env!("CARGO_BIN_EXE_dyno"), &copy).unwrap();
    bench.dyno(quick(copy.to_str().unwrap(), fib)).exits(0);
    let own = bench.run([fib]);
    own.exits(0);
    let runs = bench.runs();
    let [first, second] = [0, 1].map(|number: usize| bench.recorded(&runs[number]));
    let fuel = |run| case(run, "fib/20")["count"]["fuel_per_iteration"].clone();
    assert_eq!(fuel(&first), fuel(&second));
    for run in [&first, &second] {
        let engine = run["plugins"][0]["engine"].as_str().unwrap();
        assert!(engine.starts_with("wasmtime "), "{engine}");
        assert_eq!(run["engine"], *engine);
    }
    // By the variable, too.
    let mut command = bench.command();
    command.args(["list", fib]).env("DYNO_WORKER", &copy);
    bench.finish(command).exits(0);
}

/// If this fails, what is no worker of this release is taken for one, or its refusal does not say
/// what to do.
#[test]
fn what_is_no_worker_is_refused_by_name() {
    let bench = Bench::new();
    let fib = fib();
    let fib = fib.to_str().unwrap();
    let old = sayer(&bench, "old", &[r#"{"event":"hello","protocol":0}"#]);
    bench.dyno(quick(&old, fib)).exits(1).says(
        "the worker speaks protocol 0, and this dyno speaks 1: use a `dyno-worker` of this release",
    );
    let mute = sayer(&bench, "mute", &[]);
    bench
        .dyno(quick(&mute, fib))
        .exits(1)
        .says("the worker did not say who it is");
    let absent = bench.path("absent");
    bench
        .dyno(quick(absent.to_str().unwrap(), fib))
        .exits(4)
        .complains("absent cannot be started as a worker");
    assert!(!Path::new(&absent).exists());
}
