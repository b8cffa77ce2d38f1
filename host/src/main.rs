//! The `dyno` command: parse, dispatch, and turn an error into one sentence and an exit code.

mod cli;

use std::process::ExitCode;

use clap::Parser as _;
use dyno_host::worker::confine::KernelLayer;
use dyno_host::worker::{WORKER_ARGUMENT, child};

fn main() -> ExitCode {
    // A worker is this program again, before anything else of it has run.
    let mut arguments = std::env::args_os().skip(1);
    if arguments
        .next()
        .is_some_and(|first| first == WORKER_ARGUMENT)
    {
        let supervisor = arguments.next().and_then(|id| id.to_str()?.parse().ok());
        let required = arguments.map(|layer| layer.to_string_lossy().parse());
        return worker(supervisor.unwrap_or(0), required.collect());
    }
    cli::ignore_file_size_signal();
    let cli = cli::Cli::parse();
    cli.color.write_global();
    match cli.execute() {
        Ok(exit) => exit.into(),
        Err(error) if cli::is_closed_pipe(&error) => cli::Exit::Well.into(),
        Err(error) => {
            cli::complain(&error);
            cli::Exit::of(&error).into()
        }
    }
}

fn worker(supervisor: u32, required: Result<Vec<KernelLayer>, String>) -> ExitCode {
    let done = required
        .map_err(anyhow::Error::msg)
        .and_then(|required| Ok(child::work(supervisor, &required)?));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            cli::complain(&error);
            ExitCode::FAILURE
        }
    }
}
