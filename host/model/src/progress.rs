//! What a session tells while it works. Runner and renderer meet only here.

use std::time::Duration;

/// One step of a session. Strings may be a guest's own: escape them before they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// A build command starts.
    Build {
        /// The plugin's name.
        plugin: &'a str,
        /// The command: a program and its arguments.
        command: &'a [String],
    },
    /// A build command said something.
    BuildLine {
        /// The plugin's name.
        plugin: &'a str,
        /// A line of it.
        line: &'a str,
    },
    /// A plugin was found, and is being read.
    Find {
        /// Where the session is.
        step: Step,
        /// What is being read.
        plugin: &'a str,
    },
    /// A component is being checked and compiled.
    Compile {
        /// Where the session is; none where it is not known how many there will be.
        step: Option<Step>,
        /// The plugin's name.
        plugin: &'a str,
    },
    /// A case is being counted.
    Count {
        /// Where the session is.
        step: Step,
        /// The plugin's name.
        plugin: &'a str,
        /// The case's name.
        case: &'a str,
    },
    /// A case is being profiled.
    Profile {
        /// Where the session is.
        step: Step,
        /// The plugin's name.
        plugin: &'a str,
        /// The case's name.
        case: &'a str,
    },
    /// What an iteration of a case costs is being found out: nothing must be drawn until the next
    /// event.
    Calibrate {
        /// Where the session is.
        step: Step,
        /// The plugin's name.
        plugin: &'a str,
        /// The case's name.
        case: &'a str,
    },
    /// What timing will take.
    Plan {
        /// How many processes.
        processes: usize,
        /// In how many blocks.
        blocks: u32,
        /// As long as iterations go on to cost what they did.
        at_most: Duration,
        /// What is left of the time that the run may take.
        left: Option<Duration>,
    },
    /// Other runs measure on all cores: this one waits for them.
    Wait,
    /// A process of a case is about to be timed: nothing must be drawn until the next event.
    Time {
        /// Where the session is, over all blocks.
        step: Step,
        /// Which block, from 1, and how many.
        block: Step,
        /// The plugin's name.
        plugin: &'a str,
        /// The case's name.
        case: &'a str,
    },
    /// Nothing more will come.
    Done,
}

/// One of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// From 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
}

/// Receives the progress of a session.
pub trait Observer {
    /// The next step begins.
    fn on(&mut self, progress: Progress<'_>);
}

/// No observer.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Observer for Silent {
    fn on(&mut self, _: Progress<'_>) {}
}
