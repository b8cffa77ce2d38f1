//! What a worker says, as it arrives: a worker whose engine was taken over says whatever it likes,
//! and the supervisor keeps no more of it than the job could have brought.
//!
//! Each line is judged before it is parsed, by its length and by how many values are in it, since a
//! value of two bytes becomes one of up to 64; then as an event, by whether it is this job's to
//! say, once, in its turn, and not more than was asked for. The first breach ends the worker.

use super::job::{Event, Job, NAMES_PER_EVENT, PROFILED_PER_EVENT, SAMPLES_PER_EVENT};
use super::report::Ended;
use super::{Build, FUNCTIONS_MAX, Hello};
use dyno_measure::{COUNT_PASSES, NODES_MAX};
use dyno_model::{LimitKind, Outcome, Sample};

/// The longest line with texts of a plugin in it: its cases, whose strings fit into one host call
/// and take six bytes a byte where each is escaped; the names of its functions; what it says of
/// itself.
const TEXT_LINE_BYTES_MAX: u64 = 8 << 20;

/// The longest line with numbers alone, or with texts that were cut: [`SAMPLES_PER_EVENT`] of
/// [`SAMPLE_BYTES_MAX`].
const LINE_BYTES_MAX: u64 = 3 << 20;

/// Beside what grows with the job: a result, an outcome, the layers.
const REST_BYTES_MAX: u64 = 2 << 20;

/// The longest sample, as JSON: eight numbers of sixteen digits, and their names.
const SAMPLE_BYTES_MAX: u64 = 280;

/// All that the largest profile takes.
const PROFILE_BYTES_MAX: u64 = 24 << 20;

/// Values in one line: 10,000 samples of eight numbers, or the imports and exports of the largest
/// component.
const VALUES_MAX: usize = 200_000;

/// Values of one case with all the parameters that it may have.
const VALUES_PER_CASE: usize = 80;

/// The longest number or word outside of a string; no number that a worker says has more than 25
/// digits.
const WORD_BYTES_MAX: usize = 64;

/// A text that a worker is to have cut: what a guest printed, or died of.
const TEXT_BYTES_MAX: usize = 16 << 10;

/// Layers that confine a worker.
const LAYERS_MAX: usize = 16;

/// Settings of an engine.
const SETTINGS_MAX: usize = 64;

/// The longest name, version or setting of an engine.
const NAME_BYTES_MAX: usize = 64;

/// Batches of a count pass, which double, and growths of a memory, of which an outline is kept.
const COUNTED_MAX: usize = 1000;

/// A number that no clock shows and no counter reaches: 104 days in ns. Sums of any number of
/// smaller ones that can arrive fit.
const NUMBER_MAX: u64 = 1 << 53;

/// What a worker of one job has said so far.
pub(super) struct Inbox<'a> {
    job: &'a Job,
    events: &'a mut Vec<Event>,
    bytes: u64,
    heard: Heard,
}

/// How much of each kind.
#[derive(Default)]
struct Heard {
    hellos: usize,
    confined: usize,
    results: usize,
    compiled: usize,
    passes: usize,
    samples: usize,
    names: usize,
    nodes: usize,
    sums: usize,
    is_over: bool,
}

/// In what a worker went too far.
#[derive(Debug, PartialEq, Eq)]
enum Breach {
    TooMuch,
    Nonsense(String),
}

impl From<Breach> for Ended {
    fn from(breach: Breach) -> Self {
        match breach {
            Breach::TooMuch => Self::Flooded,
            Breach::Nonsense(what) => Self::Died(format!("it said what no worker says: {what}")),
        }
    }
}

impl<'a> Inbox<'a> {
    pub(super) fn new(job: &'a Job, events: &'a mut Vec<Event>) -> Self {
        Self {
            job,
            events,
            bytes: 0,
            heard: Heard::default(),
        }
    }

    /// The longest line that this worker may say.
    pub(super) fn line_bytes_max(&self) -> u64 {
        match self.job {
            Job::Cases(_) | Job::Describe(_) => TEXT_LINE_BYTES_MAX,
            Job::Compile(job) if job.build == Build::Profiled => TEXT_LINE_BYTES_MAX,
            _ => LINE_BYTES_MAX,
        }
    }

    /// All that it may say.
    fn bytes_max(&self) -> u64 {
        REST_BYTES_MAX
            + match self.job {
                Job::Time { settings, .. } => {
                    (settings.sampling.max_samples as u64).saturating_mul(SAMPLE_BYTES_MAX)
                }
                Job::Profile { .. } => PROFILE_BYTES_MAX,
                Job::Compile(job) if job.build == Build::Profiled => PROFILE_BYTES_MAX,
                _ => self.line_bytes_max(),
            }
    }

    fn values_max(&self) -> usize {
        match self.job {
            Job::Cases(run) => {
                let cases = run.limits.size(LimitKind::Cases);
                VALUES_MAX.max(cases.saturating_mul(VALUES_PER_CASE))
            }
            _ => VALUES_MAX,
        }
    }

    /// Takes one line, without its end.
    ///
    /// # Errors
    /// How the worker ended with it, if it is not this job's to say.
    pub(super) fn take(&mut self, line: &[u8]) -> Result<(), Ended> {
        self.bytes += line.len() as u64 + 1;
        if self.bytes > self.bytes_max() || !is_bounded(line, self.values_max()) {
            return Err(Breach::TooMuch.into());
        }
        if self.heard.hellos == 0
            && let Some(message) = Hello::refusal(line)
        {
            return Err(Ended::Host(message));
        }
        let mut event: Event = serde_json::from_slice(line).map_err(|error| {
            // It quotes what it does not know.
            let mut what = error.to_string();
            cut(&mut what);
            Breach::Nonsense(what)
        })?;
        if !self.is_in_turn(&event) {
            return Err(Breach::Nonsense("an event out of its turn".into()).into());
        }
        self.admit(&mut event)?;
        self.events.push(event);
        Ok(())
    }

    /// Whether it comes in its turn: who it is first, then the layers, and nothing after the end.
    /// Of a worker that could not be confined there is nothing else to hear.
    fn is_in_turn(&self, event: &Event) -> bool {
        let host = |outcome: &Outcome| matches!(outcome, Outcome::Host { .. });
        match event {
            _ if self.heard.is_over => false,
            Event::Hello(_) => true,
            Event::Done { outcome } if host(outcome) => true,
            _ if self.heard.hellos == 0 => false,
            Event::Confined { .. } => true,
            Event::Done { .. } if *self.job == Job::Hello => true,
            _ => self.heard.confined > 0,
        }
    }

    /// Whether it is this job's to say, and no more than was asked for.
    fn admit(&mut self, event: &mut Event) -> Result<(), Breach> {
        let heard = &mut self.heard;
        match (self.job, event) {
            (_, Event::Hello(hello)) => {
                bounded(hello)?;
                part(&mut heard.hellos, 1, 1)
            }
            (_, Event::Confined { layers }) => {
                at_most(layers.len(), LAYERS_MAX)?;
                layers.iter_mut().for_each(cut);
                part(&mut heard.confined, 1, 1)
            }
            (_, Event::Done { outcome }) => {
                heard.is_over = true;
                text_of(outcome).map(cut);
                Ok(())
            }
            (Job::Compile(_) | Job::Check { .. }, Event::Checked(_))
            | (Job::Describe(_), Event::Described(_))
            | (Job::Calibrate { .. }, Event::Calibrated(_))
            | (Job::Time { .. }, Event::Timed(_))
            | (Job::Profile { .. }, Event::ProfileDone { .. }) => part(&mut heard.results, 1, 1),
            (Job::Compile(_), Event::Compiled { compile_ns }) => {
                plausible([*compile_ns].into_iter())?;
                part(&mut heard.compiled, 1, 1)
            }
            (Job::Compile(job), Event::Functions { names }) if job.build == Build::Profiled => {
                at_most(names.len(), NAMES_PER_EVENT)?;
                let most = FUNCTIONS_MAX;
                part(&mut heard.names, names.len(), size(most))
            }
            (Job::Cases(run), Event::Cases { cases, .. }) => {
                at_most(cases.len(), run.limits.size(LimitKind::Cases))?;
                part(&mut heard.results, 1, 1)
            }
            (
                Job::Count { .. },
                Event::Counted {
                    pass,
                    memory,
                    output,
                    ..
                },
            ) => {
                at_most(pass.batches.len(), COUNTED_MAX)?;
                at_most(memory.growth.len(), COUNTED_MAX)?;
                output.as_mut().map(cut);
                let batches = pass.batches.iter();
                plausible(batches.flat_map(|batch| [batch.fuel, batch.untimed_fuel]))?;
                part(&mut heard.passes, 1, COUNT_PASSES)
            }
            (Job::Time { settings, .. }, Event::Samples { samples }) => {
                plausible_samples(samples)?;
                // A process has one sample at least, however many were asked for.
                let most = settings.sampling.max_samples.max(1);
                part(&mut heard.samples, samples.len(), most)
            }
            (Job::Profile { .. }, Event::Profiled { nodes, sums }) => {
                at_most(nodes.len() + sums.len(), PROFILED_PER_EVENT)?;
                plausible(nodes.iter().flat_map(|node| [node.fuel, node.calls]))?;
                plausible(sums.iter().flat_map(|sum| [sum.fuel, sum.calls]))?;
                if nodes.is_empty() {
                    let most = FUNCTIONS_MAX;
                    return part(&mut heard.sums, sums.len(), size(most));
                }
                heard.sums += sums.len();
                part(&mut heard.nodes, nodes.len(), NODES_MAX)
            }
            _ => Err(Breach::Nonsense("an event of another job".into())),
        }
    }
}

/// Samples of one event: no more of them than it may have, and no number that cannot be.
fn plausible_samples(samples: &[Sample]) -> Result<(), Breach> {
    at_most(samples.len(), SAMPLES_PER_EVENT)?;
    plausible(samples.iter().flat_map(numbers))?;
    let counts = samples.iter().flat_map(|sample| sample.counts.iter());
    plausible(counts.map(|(_, count)| count))
}

/// A hello says who the worker is, in no more words than an engine has.
fn bounded(hello: &Hello) -> Result<(), Breach> {
    at_most(hello.settings.len(), SETTINGS_MAX)?;
    let settings = hello.settings.iter();
    let settings = settings.flat_map(|(name, value)| [name, value]);
    let words = [&hello.engine, &hello.version, &hello.compatibility];
    for word in settings.chain(words) {
        at_most(word.len(), NAME_BYTES_MAX)?;
    }
    is_name(&hello.compatibility)
}

/// What becomes a part of file names.
fn is_name(text: &str) -> Result<(), Breach> {
    match text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        true => Ok(()),
        false => Err(Breach::Nonsense("a compatibility hash that is none".into())),
    }
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn numbers(sample: &Sample) -> [u64; 3] {
    [sample.iterations, sample.wall_ns, sample.cpu_ns]
}

/// One more part of what comes in several. A part has something in it, so that there are not
/// endlessly many.
fn part(heard: &mut usize, more: usize, most: usize) -> Result<(), Breach> {
    if more == 0 {
        return Err(Breach::Nonsense("an event with nothing in it".into()));
    }
    *heard += more;
    at_most(*heard, most)
}

fn at_most(count: usize, most: usize) -> Result<(), Breach> {
    match count <= most {
        true => Ok(()),
        false => Err(Breach::TooMuch),
    }
}

fn plausible(mut numbers: impl Iterator<Item = u64>) -> Result<(), Breach> {
    match numbers.find(|number| *number > NUMBER_MAX) {
        Some(number) => Err(Breach::Nonsense(format!("{number}, which nothing can be"))),
        None => Ok(()),
    }
}

/// Whether a line has at most so many values, and no endless number. Every value of an array or
/// object but the first has a comma before it, and how deep they are nested the parser limits.
fn is_bounded(line: &[u8], values_max: usize) -> bool {
    let (mut values, mut word) = (0_usize, 0_usize);
    let (mut is_text, mut is_escaped) = (false, false);
    for byte in line {
        match (*byte, is_text) {
            (_, true) if is_escaped => is_escaped = false,
            (b'\\', true) => is_escaped = true,
            (b'"', _) => {
                is_text = !is_text;
                word = 0;
            }
            (_, true) => {}
            (b',' | b':' | b'[' | b']' | b'{' | b'}', _) => {
                values += usize::from(*byte == b',');
                word = 0;
            }
            _ => word += 1,
        }
        if values > values_max || word > WORD_BYTES_MAX {
            return false;
        }
    }
    true
}

/// The words of a plugin or of a worker in an outcome.
fn text_of(outcome: &mut Outcome) -> Option<&mut String> {
    match outcome {
        Outcome::Ok | Outcome::Limit { .. } | Outcome::Checksum { .. } => None,
        Outcome::Error { message }
        | Outcome::Trap { message }
        | Outcome::Fault { message }
        | Outcome::Output { message }
        | Outcome::Nondeterministic { message }
        | Outcome::Folded { message }
        | Outcome::Implausible { message }
        | Outcome::Crash { message }
        | Outcome::Host { message } => Some(message),
        Outcome::Refused { reason } | Outcome::Skipped { reason } => Some(reason),
    }
}

/// Keeps the beginning of what should have been cut by the worker.
fn cut(text: &mut String) {
    if text.len() > TEXT_BYTES_MAX {
        text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
        text.push('…');
        text.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_line_will_become_is_known_before_it_is_parsed() {
        let line = br#"{"a":[1,"x,\",y",[2,3]],"b":true}"#;
        assert!(is_bounded(line, 4));
        assert!(!is_bounded(line, 3));
        assert!(!is_bounded("[[],".repeat(5).as_bytes(), 4));
        let digits = |count| format!("[{}]", "1".repeat(count));
        assert!(is_bounded(digits(64).as_bytes(), 0));
        assert!(!is_bounded(digits(65).as_bytes(), 0));
        assert!(is_bounded(
            format!("[\"{}\"]", "1".repeat(1000)).as_bytes(),
            0
        ));
    }

    #[test]
    fn a_text_is_cut_between_two_characters() {
        let mut text = "ä".repeat(TEXT_BYTES_MAX);
        cut(&mut text);
        assert!(text.len() <= TEXT_BYTES_MAX + '…'.len_utf8() && text.ends_with("ä…"));
    }
}
