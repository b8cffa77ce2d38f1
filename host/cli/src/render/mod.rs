//! What people see: the table of a run, what `check` and `doctor` say, and progress. All of it
//! leaves through a [`Sink`], which lets nothing pass that is more than text. A string that may be
//! a guest's goes through [`escape`](dyno_wording::escape) first, which also cuts it, and one that
//! may have several lines through [`paragraph`](fn@paragraph).

mod across;
mod cells;
mod check;
mod columns;
mod comparison;
mod conditions;
mod doctor;
mod failure;
mod history;
#[cfg(feature = "packages")]
mod packages;
mod paragraph;
#[cfg(feature = "profile")]
mod profile;
mod programs;
mod progress;
mod run;
mod runs;
mod sink;
mod study;
mod style;
mod suite;
pub(crate) mod terminal;

#[cfg(feature = "profile")]
pub(crate) use check::failures;
pub(crate) use check::{check, list};
pub(crate) use comparison::comparison;
pub(crate) use doctor::{Diagnosis, doctor};
pub(crate) use history::{baselines, histories};
#[cfg(feature = "packages")]
pub(crate) use packages::{check_passed, found, inspected, installed, plan, trust};
pub(crate) use paragraph::paragraph;
#[cfg(feature = "profile")]
pub(crate) use profile::{difference, profile};
pub(crate) use progress::{Progress, command_line};
pub(crate) use run::run;
pub(crate) use runs::runs;
pub(crate) use sink::Sink;
pub(crate) use study::study;
pub(crate) use style::Style;
pub(crate) use suite::suite;

const BOLD: Style = Style::Bold;
const DIM: Style = Style::Dim;
const RED: Style = Style::Red;
const YELLOW: Style = Style::Yellow;
const GREEN: Style = Style::Green;
