//! Progress on stderr, only on a terminal, and only between jobs: while a process is timed nothing
//! is drawn and no timer runs.

use std::io::Write as _;

use indicatif::{ProgressBar, ProgressStyle};

use super::{DIM, escape, terminal};
use crate::progress::{self, Observer, Step};

/// Draws what a session tells.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    verbose: bool,
}

impl Progress {
    /// Draws if stderr is a terminal; `verbose` prints build commands even if it is not.
    #[must_use]
    pub fn on_terminal(verbose: bool) -> Self {
        let bar = if terminal::is_stderr_terminal() {
            // No steady tick: a tick is a timer, and it would fire while a process is timed.
            ProgressBar::new(0).with_style(style())
        } else {
            ProgressBar::hidden()
        };
        Self { bar, verbose }
    }

    /// A line that stays, on a terminal or not.
    fn say(&self, line: &str) {
        // Nothing is lost if stderr is closed.
        self.bar.suspend(|| {
            let _ = writeln!(terminal::stderr(), "{line}");
        });
    }

    fn show(&self, step: Option<Step>, message: String) {
        if let Some(Step { number, of }) = step {
            self.bar.set_length(of as u64);
            self.bar.set_position(number as u64 - 1);
        }
        // The bar draws by itself.
        self.bar.set_message(escape(&message));
        self.bar.tick();
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{bar:24} {pos:>3}/{len:<3} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Observer for Progress {
    fn on(&mut self, progress: progress::Progress<'_>) {
        match progress {
            progress::Progress::Build { plugin, command } => {
                if self.verbose {
                    let line = format!("{DIM}{}{DIM:#} {}", escape(plugin), escape(command));
                    self.say(&line);
                }
                self.show(
                    None,
                    format!("building {plugin}: {command}"),
                );
            }
            progress::Progress::Compile { plugin } => {
                self.show(None, format!("compiling {plugin}"))
            }
            progress::Progress::Count { step, plugin, case } => {
                self.show(
                    Some(step),
                    format!("counting {plugin} {case}"),
                );
            }
            progress::Progress::Profile { step, plugin, case } => {
                self.show(
                    Some(step),
                    format!("profiling {plugin} {case}"),
                );
            }
            progress::Progress::Calibrate { step, plugin, case } => {
                self.show(
                    Some(step),
                    format!("calibrating {plugin} {case}"),
                );
            }
            progress::Progress::Wait => self.say(
                "waiting for the machine: other runs of dyno measure on every core (--no-wait measures anyway)",
            ),
            progress::Progress::Time {
                step,
                block,
                plugin,
                case,
            } => {
                let block = format!("block {}/{}", block.number, block.of);
                self.show(
                    Some(step),
                    format!("timing, {block}: {plugin} {case}"),
                );
            }
            progress::Progress::Done => self.bar.finish_and_clear(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
