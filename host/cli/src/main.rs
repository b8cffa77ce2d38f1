//! The `dyno` command: parse, dispatch, and turn an error into one sentence and an exit code.

mod commands;
mod render;

use std::os::fd::AsFd as _;
use std::process::ExitCode;

use dyno_job::{Birth, WORKER_ARGUMENT};
use dyno_plugin::{BUILD_ARGUMENT, PASSPHRASE_VARIABLE, hide, run_build_command};
use dyno_system::confine::KernelLayer;
use dyno_worker as child;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(commands::complain_of_panic));
    // A worker is this program again, before anything else of it has run.
    let mut arguments = std::env::args_os().skip(1);
    if arguments
        .next()
        .is_some_and(|first| first == WORKER_ARGUMENT)
    {
        let birth = Birth::read(arguments.by_ref());
        let required = arguments.map(|layer| layer.to_string_lossy().parse());
        return worker(birth, required.collect());
    }
    if std::env::args_os()
        .nth(1)
        .is_some_and(|first| first == BUILD_ARGUMENT)
    {
        return build_command();
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
        Err(error) if commands::is_closed_pipe(&error) => commands::Exit::Well.into(),
        Err(error) => {
            commands::complain(&error);
            commands::Exit::of(&error).into()
        }
    }
}

fn worker(birth: Option<Birth>, required: Result<Vec<KernelLayer>, String>) -> ExitCode {
    let done = required
        .map_err(anyhow::Error::msg)
        .and_then(|required| Ok(child::work(birth, &required)?));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            commands::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn build_command() -> ExitCode {
    let link = std::io::stdin().as_fd().try_clone_to_owned();
    match link.and_then(|link| run_build_command(std::env::args_os().skip(2), link)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            commands::complain(&error.into());
            ExitCode::FAILURE
        }
    }
}
