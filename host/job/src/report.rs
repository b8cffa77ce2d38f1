//! What became of one worker, and what that means.

use super::hello::Hello;
use super::job::Event;
use dyno_model::{LimitKind, Outcome, Sample};

/// Why something has no result after a signal.
const INTERRUPTED: &str = "the run was interrupted";

/// Why something has no result after the time was up.
const OUT_OF_BUDGET: &str = "not measured: the time that --budget gives the run was over";

/// Why a run stops before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The user wants to, by this signal.
    Signal(i32),
    /// The time that the user gave the run is up.
    Budget,
}

impl Stop {
    /// Why something has no result then.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Signal(_) => INTERRUPTED,
            Self::Budget => OUT_OF_BUDGET,
        }
    }

    /// Whether this is why something has no result.
    #[must_use]
    pub fn explains(reason: &str) -> bool {
        [INTERRUPTED, OUT_OF_BUDGET].contains(&reason)
    }
}

/// What became of one worker.
#[derive(Debug)]
pub struct Report {
    /// What it said, in order.
    pub events: Vec<Event>,
    /// How it ended.
    pub ended: Ended,
}

/// How a worker ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It did its job and left.
    Finished,
    /// Its time was up.
    WallClock,
    /// It said more than a worker may.
    Flooded,
    /// It died; why, in words, with its last words, which may be hostile.
    Died(String),
    /// The kernel ended it for its CPU time.
    CpuTime,
    /// It could not be started, or was not given what it needs.
    Host(String),
    /// The run had to stop before its end.
    Stopped(Stop),
}

impl Report {
    /// Of a worker that never was.
    #[must_use]
    pub fn failed(message: String) -> Self {
        Self {
            events: Vec::new(),
            ended: Ended::Host(message),
        }
    }

    /// How the job ended, by what the worker said and how it died. `wall` is the limit that is hit
    /// when its time is up.
    #[must_use]
    pub fn outcome(&self, wall: (LimitKind, u64)) -> Outcome {
        let (limit, cap) = wall;
        match &self.ended {
            Ended::Finished => self.last_word().unwrap_or_else(|| Outcome::Crash {
                message: "its worker ended without a result".into(),
            }),
            Ended::WallClock | Ended::CpuTime => Outcome::Limit {
                limit,
                cap,
                actual: None,
            },
            Ended::Flooded => Outcome::Crash {
                message: "its worker said more than a worker may".into(),
            },
            Ended::Died(how) => Outcome::Crash {
                message: how.clone(),
            },
            Ended::Host(message) => Outcome::Host {
                message: message.clone(),
            },
            Ended::Stopped(stop) => Outcome::Skipped {
                reason: stop.reason().into(),
            },
        }
    }

    fn last_word(&self) -> Option<Outcome> {
        self.events.iter().rev().find_map(|event| match event {
            Event::Done { outcome } => Some(outcome.clone()),
            _ => None,
        })
    }

    /// All samples, in order.
    #[must_use]
    pub fn samples(&self) -> Vec<Sample> {
        let samples = self.events.iter().filter_map(|event| match event {
            Event::Samples { samples } => Some(samples.as_slice()),
            _ => None,
        });
        samples.flatten().copied().collect()
    }

    /// Who it is.
    #[must_use]
    pub fn hello(&self) -> Option<&Hello> {
        self.events.iter().find_map(|event| match event {
            Event::Hello(hello) => Some(hello),
            _ => None,
        })
    }

    /// The layers that confined it.
    #[must_use]
    pub fn layers(&self) -> Option<&[String]> {
        self.events.iter().find_map(|event| match event {
            Event::Confined { layers } => Some(layers.as_slice()),
            _ => None,
        })
    }
}
