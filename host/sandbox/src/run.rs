//! Runs what was linked. A suite pulls its batches itself. For a plain command the host pulls them:
//! one iteration is a fresh instance and one `run`; only the run is timed, or the part of it that
//! the program's own stopwatch says.

use super::instance::{Ended, Finished, Guest};
use super::linked::{Command, Conditions, Entry, Linked};
use super::program::checksum;
use super::state::FuelGauge;
use dyno_measure::{Bench, NoBench};
use dyno_model::{CaseSpec, Outcome};
use dyno_stats as stats;

impl<B: Bench + 'static> Linked<B> {
    /// Runs one case to its end: once, if it is a suite's, which asks for its batches itself; as
    /// often as `bench` says, if it is a command.
    ///
    /// # Errors
    /// How a guest ended that did not survive its instantiation.
    pub fn run(
        &self,
        case: &str,
        conditions: Conditions<'_>,
        gauge: &FuelGauge,
        bench: B,
    ) -> Result<Finished<B>, Outcome> {
        match self.entry {
            Entry::Suite => Ok(Guest::new(self, conditions, gauge, bench)?.run(case)),
            Entry::Command(command) => repeat(self, command, conditions, gauge, bench),
        }
    }
}

impl Linked<NoBench> {
    /// Asks the plugin for its cases. They are the guest's words, not validated. A command is one
    /// case, named after it.
    ///
    /// # Errors
    /// How it ended, if not with a list.
    pub fn cases(&self, conditions: Conditions<'_>) -> Result<Vec<CaseSpec>, Outcome> {
        match self.entry {
            Entry::Suite => Guest::new(self, conditions, &FuelGauge::default(), NoBench)?.cases(),
            Entry::Command(_) => Ok(vec![CaseSpec::named(&conditions.program.name)]),
        }
    }
}

/// Runs a command as often as `bench` asks for.
///
/// # Errors
/// How an instance ended that could not be made.
fn repeat<B: Bench + 'static>(
    linked: &Linked<B>,
    command: Command,
    conditions: Conditions<'_>,
    gauge: &FuelGauge,
    mut bench: B,
) -> Result<Finished<B>, Outcome> {
    let expected = conditions.program.expected.as_ref();
    let mut instantiate_ns = Vec::new();
    let mut first_ready_ns = None;
    let mut sum = 0;
    let mut last: Option<Ended> = None;
    let fault = loop {
        let iterations = match bench.next(sum) {
            Ok(Some(iterations)) => iterations,
            Ok(None) => break None,
            Err(fault) => break Some(fault),
        };
        for _ in 0..iterations {
            let guest = Guest::new(linked, conditions, gauge, bench)?;
            let (finished, stdout) = guest.execute(command, conditions.program.expected_status);
            let mut ended = finished.ended;
            bench = finished.bench;
            first_ready_ns.get_or_insert(ended.ready_ns);
            instantiate_ns.push(ended.instantiate_ns);
            sum = checksum(&stdout);
            if ended.outcome.is_ok()
                && let Some(message) = expected.and_then(|it| it.difference(&stdout))
            {
                ended.outcome = Outcome::Output { message };
            }
            if !ended.outcome.is_ok() {
                return Ok(Finished { bench, ended });
            }
            last = Some(ended);
        }
    };
    let mut ended = last.ok_or_else(|| Outcome::Host {
        message: "not a single run of it was asked for".into(),
    })?;
    ended.ready_ns = first_ready_ns.unwrap_or(ended.ready_ns);
    ended.instantiate_ns = stats::median(&instantiate_ns).unwrap_or(ended.instantiate_ns);
    if let Some(fault) = fault {
        ended.outcome = Outcome::Fault {
            message: fault.to_string(),
        };
    }
    Ok(Finished { bench, ended })
}
