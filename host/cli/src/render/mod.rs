//! What people see: the table of a run, what `check` and `doctor` say, and progress. All of it leaves through a
//! [`Sink`], which lets nothing pass that is more than text. A string that may be a guest's goes through [`escape`](dyno_wording::escape)
//! first, which also cuts it, and one that may have several lines through [`paragraph`](fn@paragraph).

mod across;
mod cells;
mod check;
mod columns;
mod comparison;
mod conditions;
mod doctor;
mod failure;
mod history;
mod packages;
mod paragraph;
mod profile;
mod programs;
mod progress;
mod run;
mod runs;
mod sink;
mod study;
mod style;
mod suite;
pub mod terminal;

pub use check::{check, failures, list};
pub use comparison::comparison;
pub use doctor::{Diagnosis, doctor};
pub use history::{baselines, histories};
pub use packages::{check_passed, found, inspected, installed, plan, trust};
pub use paragraph::paragraph;
pub use profile::{difference, profile};
pub use progress::{Progress, command_line};
pub use run::run;
pub use runs::runs;
pub use sink::Sink;
pub use study::study;
pub use style::Style;
pub use suite::suite;

const BOLD: Style = Style::Bold;
const DIM: Style = Style::Dim;
const RED: Style = Style::Red;
const YELLOW: Style = Style::Yellow;
const GREEN: Style = Style::Green;
