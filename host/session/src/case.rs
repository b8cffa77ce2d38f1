//! A case on its way through the passes: where it is, and what its workers add to it.

use super::builds::Code;
use super::request::{Request, Stage};
use super::subject::{Subject, ran};
use dyno_analysis::compare::renamed;
use dyno_job::{Event, Layout, Report, Timed};
use dyno_measure::Calibrated;
use dyno_model::{
    Case, Count, CountMethod, CountPass, Limits, MemoryProfile, Outcome, Pace, Process, Sample,
};

/// The place of a case in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CaseAt {
    subject: usize,
    case: usize,
}

/// Where and when a process of the time pass ran.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) block: u32,
    pub(super) order: u32,
    pub(super) confirming: bool,
    pub(super) core: Option<u32>,
    pub(super) padding_bytes: u32,
    pub(super) layout: Layout,
}

/// The cases that a stage is for and nothing has gone wrong with, in order.
pub(super) fn pending(subjects: &[Subject], stage: Stage) -> Vec<CaseAt> {
    let cases = |(subject, at): (usize, &Subject)| {
        let is_wanted = at.measured.is_some_and(|last| stage <= last);
        let ready = at.code.is_some() && is_wanted;
        let cases = at.plugin.cases.iter().enumerate();
        let is_due = |number: &usize| at.taken.get(number).is_none_or(|last| stage > *last);
        let pending =
            cases.filter(move |(number, case)| ready && case.outcome.is_ok() && is_due(number));
        pending
            .map(move |(case, _)| CaseAt { subject, case })
            .collect::<Vec<_>>()
    };
    subjects.iter().enumerate().flat_map(cases).collect()
}

/// Cases that have one name stand together, in the order in which the names first occur: versions
/// of one case, or several plugins that do one job.
pub(super) fn side_by_side(cases: &[CaseAt], subjects: &[Subject]) -> Vec<Vec<CaseAt>> {
    let mut together: Vec<(&str, Vec<CaseAt>)> = Vec::new();
    for at in cases {
        let name = at.compared_as(subjects);
        match together.iter_mut().find(|(other, _)| *other == name) {
            Some((_, cases)) => cases.push(*at),
            None => together.push((name, vec![*at])),
        }
    }
    together.into_iter().map(|(_, cases)| cases).collect()
}

impl CaseAt {
    /// The name of its plugin.
    pub(super) fn plugin<'a>(&self, subjects: &'a [Subject]) -> &'a str {
        &subjects[self.subject].plugin.label
    }

    /// The name of the case.
    pub(super) fn name<'a>(&self, subjects: &'a [Subject]) -> &'a str {
        &subjects[self.subject].plugin.cases[self.case].spec.name
    }

    /// The name under which it is compared: a case of the base may have another one now.
    fn compared_as<'a>(&self, subjects: &'a [Subject]) -> &'a str {
        let subject = &subjects[self.subject];
        renamed(&subject.exceptions, &subject.plugin, self.name(subjects))
    }

    /// Whether nothing has gone wrong with it yet.
    pub(super) fn is_pending(&self, subjects: &[Subject]) -> bool {
        subjects[self.subject].plugin.cases[self.case]
            .outcome
            .is_ok()
    }

    /// Whether it is of the plugin at this place.
    pub(super) fn is_in(&self, subject: usize) -> bool {
        self.subject == subject
    }

    /// Whether both have one name.
    pub(super) fn is_namesake(&self, subjects: &[Subject], other: &Self) -> bool {
        self.compared_as(subjects) == other.compared_as(subjects)
    }

    /// Whether another plugin has a case of its name that can still be measured.
    pub(super) fn has_namesake(&self, subjects: &[Subject], other: usize) -> bool {
        let other = &subjects[other];
        let name = |case| renamed(&other.exceptions, &other.plugin, case);
        let mut cases = other.plugin.cases.iter();
        cases
            .any(|case| case.outcome.is_ok() && name(&case.spec.name) == self.compared_as(subjects))
    }

    /// Whether it is that case of that plugin, by the name under which it is compared.
    pub(super) fn is(&self, subjects: &[Subject], subject: usize, case: &str) -> bool {
        self.subject == subject && self.compared_as(subjects) == case
    }

    /// The plugin, its code, and the name of the case; none once the plugin was refused.
    pub(super) fn of<'a>(
        &self,
        subjects: &'a [Subject],
    ) -> Option<(&'a Subject, &'a Code, &'a str)> {
        let subject = &subjects[self.subject];
        Some((subject, subject.code.as_ref()?, self.name(subjects)))
    }

    /// The case itself.
    pub(super) fn case<'a>(&self, subjects: &'a mut [Subject]) -> &'a mut Case {
        &mut subjects[self.subject].plugin.cases[self.case]
    }

    /// Takes the count pass, which ran within `limits`.
    pub(super) fn counted(
        &self,
        subjects: &mut [Subject],
        report: Report,
        request: &Request,
        limits: &Limits,
    ) {
        let subject = &mut subjects[self.subject];
        let ended = subject.advised(ran(&report, limits), request);
        let case = &mut subject.plugin.cases[self.case];
        case.outcome = ended;
        let mut passes = Passes::default();
        for event in report.events {
            if let Event::Counted {
                pass,
                fuel_per_iteration,
                method,
                settled,
                memory,
                pace,
                output,
            } = event
            {
                passes.all.push(pass);
                passes.pace = pace.map(|pace| pace.faster(passes.pace)).or(passes.pace);
                if passes.first.is_none() {
                    case.output = output;
                    passes.first = fuel_per_iteration.map(|fuel| (fuel, method, settled, memory));
                }
            }
        }
        case.count = passes.into_count();
    }

    /// Takes what an iteration costs; none if it failed, which is then how the case ended.
    pub(super) fn calibrated(
        &self,
        subjects: &mut [Subject],
        report: &Report,
        limits: &Limits,
    ) -> Option<Calibrated> {
        let outcome = ran(report, limits);
        if !outcome.is_ok() {
            // What an interruption cut short was never measured.
            if !matches!(outcome, Outcome::Skipped { .. }) {
                self.case(subjects).outcome = outcome;
            }
            return None;
        }
        report.events.iter().find_map(|event| match event {
            Event::Calibrated(calibrated) => Some(*calibrated),
            _ => None,
        })
    }

    /// Takes one process of the time pass, which ran within `limits`.
    pub(super) fn timed(
        &self,
        subjects: &mut [Subject],
        report: Report,
        place: Place,
        limits: &Limits,
    ) {
        let subject = &mut subjects[self.subject];
        let case = &mut subject.plugin.cases[self.case];
        let outcome = ran(&report, limits);
        // What an interruption cut short was never measured.
        if matches!(outcome, Outcome::Skipped { .. }) {
            return;
        }
        let samples = report.samples();
        let timed = report.events.into_iter().find_map(|event| match event {
            Event::Timed(timed) => Some(*timed),
            _ => None,
        });
        let outcome = with_a_time(outcome, &samples);
        if !outcome.is_ok() {
            case.outcome = outcome.clone();
        }
        case.processes.push(process(timed, samples, outcome, place));
    }
}

/// How a process of the time pass ended: one without a sample gave no time, however well it ended
/// otherwise.
fn with_a_time(outcome: Outcome, samples: &[Sample]) -> Outcome {
    match outcome {
        Outcome::Ok if samples.is_empty() => Outcome::Fault {
            message: "it ended before a sample was taken".into(),
        },
        outcome => outcome,
    }
}

#[derive(Default)]
struct Passes {
    all: Vec<CountPass>,
    first: Option<(f64, CountMethod, bool, MemoryProfile)>,
    pace: Option<Pace>,
}

impl Passes {
    fn into_count(self) -> Option<Count> {
        let (fuel_per_iteration, method, settled, memory) = self.first?;
        let deterministic =
            self.all.len() > 1 && self.all.windows(2).all(|pair| pair[0] == pair[1]);
        let batches = self.all.iter().flat_map(|pass| &pass.batches);
        let (timed, untimed) = batches.fold((0, 0), |(timed, untimed), batch| {
            (timed + batch.fuel, untimed + batch.untimed_fuel)
        });
        let untimed_share = untimed as f64 / ((timed + untimed) as f64).max(1.0);
        Some(Count {
            fuel_per_iteration,
            method,
            deterministic,
            settled,
            untimed_share,
            passes: self.all,
            memory,
            pace: self.pace,
        })
    }
}

fn process(timed: Option<Timed>, samples: Vec<Sample>, outcome: Outcome, place: Place) -> Process {
    let timed = timed.unwrap_or_default();
    Process {
        block: place.block,
        order: place.order,
        confirming: place.confirming,
        outcome,
        core: place.core,
        padding_bytes: place.padding_bytes,
        layout: place.layout.0,
        ready_ns: timed.ready_ns,
        load_ns: timed.load_ns,
        instantiate_ns: timed.instantiate_ns,
        first_iteration_ns: timed.first_iteration_ns,
        samples,
        checksum: timed.checksum,
        precise: timed.precise,
        memory_peak_bytes: timed.memory_peak_bytes,
        rss_peak_bytes: timed.rss_peak_bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, a run whose case has no time is exit code 0.
    #[test]
    fn a_process_without_a_sample_did_not_end_well() {
        let sample = Sample {
            iterations: 1,
            wall_ns: 1,
            cpu_ns: 1,
            switches: 0,
            waits: 0,
            counts: Default::default(),
        };
        assert_eq!(with_a_time(Outcome::Ok, &[sample]), Outcome::Ok);
        assert!(!with_a_time(Outcome::Ok, &[]).is_ok());
        let trap = Outcome::Trap {
            message: "unreachable".into(),
        };
        assert_eq!(with_a_time(trap.clone(), &[]), trap);
    }
}
