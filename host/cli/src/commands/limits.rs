//! A flag for every row of the table of limits.

use super::Result;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use dyno_model::{LIMITS, LimitKind, LimitSpec, LimitUnit, Limits, quantity};

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
        .value_parser(move |text: &str| amount(text, spec))
        .action(ArgAction::Append)
        .hide_short_help(true)
}

/// A limit is an amount. Who writes a share means how much it may grow, which is another flag.
fn amount(text: &str, spec: &LimitSpec) -> Result<u64, String> {
    if !text.trim_end().ends_with('%') {
        return quantity::parse(text, spec.unit).map_err(|error| error.to_string());
    }
    let (name, text) = (spec.name, text.escape_debug());
    let example = quantity::show(spec.default, spec.unit);
    let grows = match spec.kind {
        LimitKind::Fuel | LimitKind::Memory => {
            format!(
                "; how much may be added to the baseline's is `dyno gate --{name}-threshold {text}`"
            )
        }
        _ => String::new(),
    };
    Err(format!(
        "`{text}` is a share, and this limit is an amount such as {example}{grows}"
    ))
}

impl FromArgMatches for LimitArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut limits = Self::default();
        limits.update_from_arg_matches(matches)?;
        Ok(limits)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for spec in LIMITS {
            for amount in matches.get_many::<u64>(spec.name).into_iter().flatten() {
                self.0.set(spec.kind, *amount);
            }
        }
        Ok(())
    }
}
