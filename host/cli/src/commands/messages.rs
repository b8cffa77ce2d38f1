//! What is said on stderr: errors, warnings and notes. All of them may quote strangers: a build's
//! output, a file, a report, an argument that is the name of a file.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Write as _};
use std::panic::PanicHookInfo;
use std::process::ExitCode;

use crate::render::{Style, paragraph, terminal};
use clap::Parser as _;
use clap::error::ErrorKind;
use dyno_suite::ConfigError;
use dyno_wording::escape;

use super::{Cli, Error};

/// Prints a warning.
pub(super) fn warn(sentence: &str) {
    remark(Style::Yellow, "warning", sentence);
}

/// Prints what is as it should be, and yet good to know.
pub(super) fn note(sentence: &str) {
    remark(Style::Bold, "note", sentence);
}

/// Prints an error once, as one sentence.
pub(crate) fn complain(error: &Error) {
    let text = error.sentence();
    // Each line of a diagnostic has its own beginning: the number of the line, or a bar.
    match error.downcast_ref() {
        Some(ConfigError::Invalid(_)) => laid_out(&text),
        _ => remark(Style::Red, "error", &text),
    }
}

/// Says that the program itself is wrong, and where: what a panic says may be a stranger's text,
/// too.
pub(crate) fn complain_of_panic(panic: &PanicHookInfo<'_>) {
    let mut text = format!("dyno {panic}\nthis is a bug: please report it");
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        text.push_str(&format!("\n{backtrace}"));
    }
    remark(Style::Red, "error", &text);
}

/// Reads the command line; what is wrong with it has been said where there is an exit code instead.
pub(crate) fn parse() -> Result<Cli, ExitCode> {
    Cli::try_parse().map_err(|error| {
        let code = ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        let _ = match error.kind() {
            // Our own words.
            ErrorKind::DisplayHelp
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::DisplayVersion => error.print(),
            _ => {
                laid_out(&refusal(error));
                Ok(())
            }
        };
        code
    })
}

/// What is wrong with the command line, with its arguments as they can be shown: they are read once
/// more as that.
fn refusal(error: clap::Error) -> String {
    let shown = std::env::args_os().map(|argument| escape(&argument.to_string_lossy()));
    let error = Cli::try_parse_from(shown).err().unwrap_or(error);
    let text = error.render().to_string();
    text.strip_prefix("error: ").unwrap_or(&text).to_owned()
}

fn remark(style: Style, kind: &str, text: &str) {
    // If stderr is closed the message cannot be shown.
    let _ = paragraph(
        &mut terminal::stderr(),
        &format!("{style}{kind}:{style:#} "),
        "  ",
        text,
    );
}

/// Prints an error of ours that has several lines, as they are laid out.
fn laid_out(text: &str) {
    let write = || -> io::Result<()> {
        let mut err = terminal::stderr();
        let style = Style::Red;
        write!(err, "{style}error:{style:#} ")?;
        text.lines()
            .try_for_each(|line| writeln!(err, "{}", escape(line)))
    };
    // If stderr is closed the message cannot be shown.
    let _ = write();
}
