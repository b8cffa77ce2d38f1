//! Progress on stderr, and only between jobs: while a process is timed nothing is drawn and no timer
//! runs. On a terminal it is a bar; elsewhere a line now and then, so that no CI takes what is long
//! for what hangs.

use std::io::Write as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::{DIM, terminal};
use dyno_model::progress::{self, Observer, Step};
use dyno_wording as wording;
use dyno_wording::escape;

/// Draws what a session tells.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    /// When the last line said where the session is; only where there is no terminal.
    noted: Option<Instant>,
    verbose: bool,
}

/// So many steps are worth a line when they begin.
const MANY: usize = 100;

/// How long nothing is said of steps that go on: CI systems end what is silent for ten minutes.
const SILENCE: Duration = Duration::from_secs(30);

/// Whether a line says where the session is, so long after the last one.
fn is_noted(step: Option<Step>, silence: Duration) -> bool {
    let begins = step.is_some_and(|step| step.number == 1 && step.of >= MANY);
    begins || silence >= SILENCE
}

impl Progress {
    /// Draws if stderr is a terminal, and else says a line now and then. Build commands are always printed, and with `verbose` what
    /// they say, too.
    #[must_use]
    pub(crate) fn on_terminal(verbose: bool) -> Self {
        let (bar, noted) = if terminal::is_stderr_terminal() {
            // No steady tick: a tick is a timer, and it would fire while a process is timed.
            (ProgressBar::new(0).with_style(style()), None)
        } else {
            (ProgressBar::hidden(), Some(Instant::now()))
        };
        Self {
            bar,
            noted,
            verbose,
        }
    }

    /// A line that stays, on a terminal or not.
    fn say(&self, line: &str) {
        // Nothing is lost if stderr is closed.
        self.bar.suspend(|| {
            let _ = writeln!(terminal::stderr(), "{line}");
        });
    }

    fn show(&mut self, step: Option<Step>, message: String) {
        if let Some(noted) = self.noted {
            if is_noted(step, noted.elapsed()) {
                self.noted = Some(Instant::now());
                let place = step.map(|Step { number, of }| format!("{number}/{of} "));
                self.say(&escape(&format!("{}{message}", place.unwrap_or_default())));
            }
            return;
        }
        if let Some(Step { number, of }) = step {
            self.bar.set_length(of as u64);
            self.bar.set_position(number as u64 - 1);
        }
        // The bar draws by itself.
        self.bar.set_message(escape(&message));
        self.bar.tick();
    }
}

/// A program and its arguments as a shell would take them, where everything can be seen.
#[must_use]
pub(crate) fn command_line(command: &[String]) -> String {
    let words: Vec<_> = command.iter().map(|word| wording::word(word)).collect();
    escape(&words.join(" "))
}

/// A line that a build command said. Never without words of ours before it.
fn build_line(plugin: &str, line: &str) -> String {
    format!("{DIM}{} |{DIM:#} {}", escape(plugin), escape(line))
}

/// A plan is worth a word to who would begin to wait for it.
const UNANNOUNCED_MAX: Duration = Duration::from_secs(60);

/// What is said of a plan; nothing of a short one that fits.
fn plan(
    processes: usize,
    blocks: u32,
    at_most: Duration,
    left: Option<Duration>,
) -> Option<String> {
    let short = left.filter(|left| at_most > *left);
    if at_most < UNANNOUNCED_MAX && short.is_none() {
        return None;
    }
    let of = if blocks == 1 { "block" } else { "blocks" };
    let said = format!(
        "timing takes up to {}: {processes} processes in {blocks} {of}",
        rough(at_most)
    );
    Some(match short {
        None => said,
        Some(left) => format!(
            "{said}; {} of the budget are left, and what is not reached by then is not measured (--budget)",
            rough(left)
        ),
    })
}

/// A time as people speak of it.
fn rough(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds < 120 => format!("{seconds} s"),
        seconds if seconds < 2 * 3600 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
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
                let line = format!("building {plugin}: {}", command_line(command));
                self.say(&escape(&line));
                self.show(None, line);
            }
            progress::Progress::BuildLine { plugin, line } if self.verbose => {
                self.say(&build_line(plugin, line));
            }
            progress::Progress::BuildLine { plugin, line } => {
                self.show(None, format!("{plugin} | {line}"));
            }
            progress::Progress::Find { step, plugin } => {
                self.show(Some(step), format!("reading {plugin}"));
            }
            progress::Progress::Compile { step, plugin } => {
                self.show(step, format!("compiling {plugin}"));
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
            progress::Progress::Plan {
                processes,
                blocks,
                at_most,
                left,
            } => {
                if let Some(line) = plan(processes, blocks, at_most, left) {
                    self.say(&line);
                }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_steps_begin_with_a_line_and_none_is_silent_for_long() {
        let step = |number, of| Some(Step { number, of });
        let (short, long) = (Duration::from_secs(29), Duration::from_secs(30));
        for (step, silence, expected) in [
            (step(1, 99), short, false),
            (step(1, 100), Duration::ZERO, true),
            (step(2, 5000), short, false),
            (step(2, 5000), long, true),
            (step(1, 2), long, true),
            (None, short, false),
            (None, long, true),
        ] {
            assert_eq!(is_noted(step, silence), expected, "{step:?} {silence:?}");
        }
    }
}
