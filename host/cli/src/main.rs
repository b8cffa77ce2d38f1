//! The `dyno` command: parse, dispatch, and turn an error into one sentence and an exit code.

mod commands;
mod render;

use std::ffi::OsString;
use std::os::fd::AsFd as _;
use std::process::ExitCode;

use dyno_job::WORKER_ARGUMENT;
use dyno_plugin::{BUILD_ARGUMENT, PASSPHRASE_VARIABLE, hide, run_build_command};

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(commands::complain_of_panic));
    // A worker is this program again, before anything else of it has run.
    let mut arguments = std::env::args_os().skip(1);
    if arguments
        .next()
        .is_some_and(|first| first == WORKER_ARGUMENT)
    {
        return ended(work(arguments));
    }
    if std::env::args_os()
        .nth(1)
        .is_some_and(|first| first == BUILD_ARGUMENT)
    {
        return ended(build_command());
    }
    if std::env::var_os(PASSPHRASE_VARIABLE).is_some() {
        hide();
    }
    commands::ignore_file_size_signal();
    let cli = match commands::parse() {
        Ok(cli) => cli,
        Err(exit) => return exit,
    };
    cli.color.write_global();
    match cli.execute() {
        Ok(exit) => exit.into(),
        Err(error) if error.is_closed_pipe() => commands::Exit::Well.into(),
        Err(error) => {
            commands::complain(&error);
            commands::Exit::of(&error).into()
        }
    }
}

/// The whole life of a worker.
#[cfg(feature = "engine")]
fn work(arguments: impl Iterator<Item = OsString>) -> commands::Result<()> {
    Ok(dyno_worker::begin(arguments)?)
}

#[cfg(not(feature = "engine"))]
fn work(_: impl Iterator<Item = OsString>) -> commands::Result<()> {
    let reason = "this dyno was built without an engine: its workers are a `dyno-worker`";
    Err(std::io::Error::other(reason).into())
}

fn build_command() -> commands::Result<()> {
    let link = std::io::stdin().as_fd().try_clone_to_owned()?;
    Ok(run_build_command(std::env::args_os().skip(2), link)?)
}

/// How a process ends that no user started.
fn ended(done: commands::Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            commands::complain(&error);
            ExitCode::FAILURE
        }
    }
}
