//! A flag for every row of the table of limits.

use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches};
use dyno_host::quantity;
use dyno_host::sandbox::{LIMITS, LimitSpec, LimitUnit, Limits};

/// The limits in force: the defaults, and what the user changed.
#[derive(Debug, Clone, Default)]
pub(super) struct LimitArgs(pub(super) Limits);

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
        .value_parser(move |text: &str| quantity::parse(text, spec.unit))
        .hide_short_help(true)
}

impl FromArgMatches for LimitArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut limits = Self::default();
        limits.update_from_arg_matches(matches)?;
        Ok(limits)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for spec in LIMITS {
            if let Some(&value) = matches.get_one::<u64>(spec.name) {
                self.0.set(spec.kind, value);
            }
        }
        Ok(())
    }
}
