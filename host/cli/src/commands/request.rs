//! Requests on the command line: what is asked as a file (`--request`), and what is typed as one
//! (`--print-request`). What a named request says counts as if it were typed. What a
//! request cannot say is what belongs to the machine that runs it: values of variables, builds with
//! secrets, trust, the network, locks and layers.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args, Command, Error, FromArgMatches};
use dyno_files::checkout;
use dyno_model::quoted::{quoted, quoted_path};
use dyno_model::{LIMITS, quantity};
use dyno_session::{Host, REQUEST_BYTES_MAX, Request, RequestError, Stage};

use super::measuring::{Effort, Measuring};
use super::{Exit, Result, UsageError};

/// Flags that no request holds: they are typed where it is run.
const OF_THE_MACHINE: &[&str] = &[
    "no_cache",
    "no_wait",
    "build_timeout",
    "build_env",
    #[cfg(feature = "packages")]
    "allow_unsigned",
    #[cfg(feature = "packages")]
    "offline",
    #[cfg(feature = "packages")]
    "locked",
    #[cfg(feature = "packages")]
    "plain_http",
];

/// What a request holds in part: the name of a variable and not its value, and that it wants no
/// build.
const IN_PART: [&str; 2] = ["env", "no_build"];

/// The name of stdin.
const STDIN: &str = "-";

/// Whether what was typed is only to be printed.
#[derive(Debug, Args)]
#[command(next_help_heading = "Request")]
pub(super) struct PrintArgs {
    /// Print what is asked as a request in JSON, for `dyno run --request`; nothing is built or run,
    /// and no value of a variable is printed
    #[arg(long, conflicts_with_all = OF_THE_MACHINE.iter().copied(), conflicts_with = "format")]
    pub(super) print_request: bool,
}

/// Where a request is.
#[derive(Debug, Args)]
#[command(next_help_heading = "Request")]
struct RequestArgs {
    /// Do what a request says, which --print-request printed: as if its flags were typed here. `-`
    /// reads it from stdin. Values of the variables that it grants are given with --env
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
}

/// What `dyno run` is asked: what its flags say, or what a request says.
#[derive(Debug)]
pub(super) struct Asking {
    measuring: Measuring,
    effort: Effort,
    request: Option<PathBuf>,
}

impl Asking {
    /// What is asked.
    pub(super) fn request(&self) -> Result<Request> {
        match &self.request {
            None => self.measuring.request(Stage::Time, Some(&self.effort)),
            Some(path) => read(path),
        }
    }

    /// The circumstances here. What a request grants is shown, since it was not typed.
    pub(super) fn host(&self, request: &Request) -> Result<Host> {
        let mut host = self.measuring.host(request, self.effort.waits())?;
        if let Some(path) = &self.request {
            let granted = granted(request);
            if !granted.is_empty() {
                super::note(&format!("{} grants {}", name(path), granted.join(" ")));
            }
            // So that the commands that the report shows to see something again build nothing,
            // either.
            if !request.build && !host.command.iter().any(|word| word == "--no-build") {
                host.command.push("--no-build".into());
            }
        }
        Ok(host)
    }
}

impl Args for Asking {
    fn augment_args(command: Command) -> Command {
        let command = Effort::augment_args(Measuring::augment_args(command));
        let command = command.mut_args(|arg| match arg.get_id().as_str() {
            "paths" => arg
                .required(false)
                .required_unless_present("request")
                .conflicts_with("request"),
            id if OF_THE_MACHINE.contains(&id) || IN_PART.contains(&id) => arg,
            // A flag that is new is held by a request, or refused beside one.
            _ => arg.conflicts_with("request"),
        });
        RequestArgs::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Asking {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Self {
            measuring: Measuring::from_arg_matches(matches)?,
            effort: Effort::from_arg_matches(matches)?,
            request: RequestArgs::from_arg_matches(matches)?.request,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Prints a request. One that could not be read back is none.
pub(super) fn print(request: &Request) -> Result<Exit> {
    let unfit =
        |reason: &dyn std::fmt::Display| UsageError(format!("no request can say this: {reason}"));
    request.check().map_err(|reason| unfit(&reason))?;
    // Paths that are no text.
    let value = serde_json::to_value(request).map_err(|error| unfit(&error))?;
    Request::parse(&value.to_string(), "the request")?;
    super::shown(super::print_json(request))?;
    Ok(Exit::Well)
}

fn name(path: &Path) -> String {
    match path == Path::new(STDIN) {
        true => "the request on stdin".into(),
        false => quoted_path(path),
    }
}

fn read(path: &Path) -> Result<Request> {
    let name = name(path);
    let text = text(path).map_err(|source| RequestError::Read {
        name: name.clone(),
        source,
    })?;
    let request = Request::parse(&text, &name)?;
    match request.stage {
        Stage::List => Err(UsageError(format!(
            "{name} asks for the names of cases alone: `dyno list` shows them"
        ))
        .into()),
        Stage::Count | Stage::Time => Ok(request),
    }
}

fn text(path: &Path) -> io::Result<String> {
    let file = match path == Path::new(STDIN) {
        true => File::from(io::stdin().as_fd().try_clone_to_owned()?),
        false => checkout::open_regular(path)?,
    };
    checkout::text(file, REQUEST_BYTES_MAX)
}

/// What plugins get by a request beyond what they always have, as the flags that would grant it.
fn granted(request: &Request) -> Vec<String> {
    let raised = LIMITS.iter().filter_map(|spec| {
        let value = request.limits.get(spec.kind);
        let shown = || format!("--{}={}", spec.name, quantity::show(value, spec.unit));
        (value > spec.default).then(shown)
    });
    let words = request.words().into_iter().chain(raised);
    words.map(|word| quoted(&word)).collect()
}
