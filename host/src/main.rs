//! The `dyno` command: parse, dispatch, and turn an error into one sentence and an exit code.

mod cli;

use std::process::ExitCode;

use dyno_host::worker::{WORKER_ARGUMENT, child};

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(cli::complain_of_panic));
    // A worker is this program again, before anything else of it has run.
    let mut arguments = std::env::args_os().skip(1);
    if arguments
        .next()
        .is_some_and(|first| first == WORKER_ARGUMENT)
    {
        let supervisor = arguments.next().and_then(|id| id.to_str()?.parse().ok());
        return worker(supervisor.unwrap_or(0));
    }
    cli::ignore_file_size_signal();
    let cli = match cli::parse() {
        Ok(cli) => cli,
        Err(exit) => return exit,
    };
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

fn worker(supervisor: u32) -> ExitCode {
    match child::work(supervisor) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            cli::complain(&error.into());
            ExitCode::FAILURE
        }
    }
}
