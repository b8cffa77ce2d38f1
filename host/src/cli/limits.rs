//! A flag for every row of the table of limits.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use dyno_host::quantity::{self, QuantityError};
use dyno_host::report::model::LimitKind;
use dyno_host::sandbox::{LIMITS, LimitSpec, LimitUnit, Limits};

/// The limits in force: the defaults, and what the user changed.
#[derive(Debug, Clone, Default)]
pub(super) struct LimitArgs(pub(super) Limits, pub(super) Growth);

/// What `dyno gate` takes where others take a cap: `--fuel 1%` is how much fuel may grow.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Growth {
    pub(super) fuel: Option<f64>,
    pub(super) memory: Option<f64>,
}

/// One value of a flag.
#[derive(Debug, Clone, Copy)]
enum Bound {
    Cap(u64),
    Growth(f64),
}

impl Args for LimitArgs {
    fn augment_args(command: Command) -> Command {
        LIMITS
            .iter()
            .fold(command, |command, spec| command.arg(arg(spec)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn arg(spec: &'static LimitSpec) -> Arg {
    let value = match spec.unit {
        LimitUnit::Bytes => "SIZE",
        LimitUnit::Milliseconds => "TIME",
        LimitUnit::Count => "NUMBER",
    };
    Arg::new(spec.name)
        .long(spec.name)
        .value_name(value)
        .help_heading("Limits")
        .help(format!(
            "Cap: {} [default: {}]",
            spec.about,
            quantity::show(spec.default, spec.unit)
        ))
        .value_parser(move |text: &str| bound(text, spec))
        .action(ArgAction::Append)
        .hide_short_help(true)
}

fn bound(text: &str, spec: &LimitSpec) -> Result<Bound, QuantityError> {
    let grows = matches!(spec.kind, LimitKind::Fuel | LimitKind::Memory);
    match text.ends_with('%') && grows {
        true => quantity::share(text).map(Bound::Growth),
        false => quantity::parse(text, spec.unit).map(Bound::Cap),
    }
}

impl FromArgMatches for LimitArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut limits = Self::default();
        limits.update_from_arg_matches(matches)?;
        Ok(limits)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for spec in LIMITS {
            for bound in matches.get_many::<Bound>(spec.name).into_iter().flatten() {
                match *bound {
                    Bound::Cap(cap) => self.0.set(spec.kind, cap),
                    Bound::Growth(share) if spec.kind == LimitKind::Fuel => {
                        self.1.fuel = Some(share)
                    }
                    Bound::Growth(share) => self.1.memory = Some(share),
                }
            }
        }
        Ok(())
    }
}
