//! `dyno-worker`: a worker as a program of its own, for a `dyno` that has no engine in it, or uses
//! another one than its own (`dyno --worker FILE`).

use std::io::Write as _;
use std::process::ExitCode;

use dyno_model::chain;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let done = match arguments.next() {
        Some(first) if first == dyno_job::WORKER_ARGUMENT => dyno_worker::begin(arguments),
        _ => Err(dyno_worker::ChildError::NotAWorker),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A supervisor reads it and makes it harmless. If it is gone there is no reader.
            let _ = writeln!(std::io::stderr(), "error: {}", chain(&error));
            ExitCode::FAILURE
        }
    }
}
