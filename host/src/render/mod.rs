//! What people see: the table of a run, what `check` and `doctor` say, and progress. Every string
//! that may be a guest's goes through [`escape`] first.

mod across;
mod cells;
mod check;
mod columns;
mod comparison;
pub(crate) mod conditions;
mod doctor;
mod escape;
mod failure;
mod history;
mod packages;
mod profile;
mod programs;
mod progress;
mod rerun;
mod run;
mod runs;
mod shell;
mod study;
mod suite;
mod units;
pub(crate) mod words;

pub use check::{check, failures, list};
pub use comparison::comparison;
pub use doctor::{Diagnosis, doctor};
pub use escape::escape;
pub(crate) use escape::lines;
pub use failure::sentence;
pub(crate) use failure::{explain, mark};
pub use history::{baselines, histories};
pub use packages::{check_passed, found, inspected, installed, plan, trust};
pub use profile::{difference, profile};
pub use progress::{Progress, command_line};
pub use rerun::reproduce;
pub use run::run;
pub use runs::runs;
pub use study::study;
pub use suite::suite;
pub use units::{amount, bytes, duration, rate};
pub use words::thresholds;

use anstyle::{AnsiColor, Style};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const RED: Style = Style::new()
    .bold()
    .fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));
const YELLOW: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow)));
const GREEN: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
