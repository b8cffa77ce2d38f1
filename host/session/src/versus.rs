//! Two versions in one session: which plugins are held against which, what needs no measuring, and
//! which cases need more blocks. The judging itself is `compare`'s.

use super::Session;
use super::case::{CaseAt, pending};
use super::request::{Request, Stage, Versus};
use super::subject::{Side, Subject};
use dyno_analysis::compare::{self, Ambiguous, Context, Next};
use dyno_model::{Comparison, Pairing, Plugin, Run};

/// The plugins of a side, and their places.
fn of_side(subjects: &[Subject], side: Side) -> (Vec<usize>, Vec<&Plugin>) {
    let subjects = subjects.iter().enumerate();
    let found = subjects.filter(|(_, subject)| subject.side == side);
    found.map(|(at, subject)| (at, &subject.plugin)).unzip()
}

/// The places of the plugins that are held against each other: base, candidate.
fn counterparts(subjects: &[Subject]) -> Vec<(usize, usize)> {
    let (base_at, base) = of_side(subjects, Side::Base);
    let (at, candidate) = of_side(subjects, Side::Candidate);
    compare::counterparts(&base, &candidate)
        .into_iter()
        .map(|(one, other)| (base_at[one], at[other]))
        .collect()
}

/// How many cases have fresh blocks.
fn confirmed(subjects: &[Subject]) -> usize {
    let candidates = subjects
        .iter()
        .filter(|subject| subject.side == Side::Candidate);
    let cases = candidates.flat_map(|subject| &subject.plugin.cases);
    cases
        .filter(|case| case.processes.iter().any(|process| process.confirming))
        .count()
}

impl Session<'_> {
    /// Refuses plugins if it is not known with which they are to be compared, before anything is
    /// measured.
    pub(super) fn check_pairing(&self, subjects: &[Subject]) -> Result<(), Ambiguous> {
        let (_, candidate) = of_side(subjects, Side::Candidate);
        if self.request.versus.is_some() {
            let (_, base) = of_side(subjects, Side::Base);
            compare::check_pairing(&base, &candidate)?;
        }
        let stored: Vec<&Plugin> = self.host.stored.iter().collect();
        compare::check_pairing(&stored, &candidate)
    }

    /// Nothing can differ between the same bytes with the same inputs, in one session with one
    /// engine: that needs no timing, unless the user wants to know what the machine makes of it.
    /// That it runs at all has to be seen, so the candidate is counted.
    pub(super) fn pass_over_identical(&self, subjects: &mut [Subject]) {
        let versus = self.request.versus.as_ref();
        if versus.is_none_or(|versus| versus.remeasure) {
            return;
        }
        for (one, other) in counterparts(subjects) {
            if compare::is_identical(&subjects[one].plugin, &subjects[other].plugin) {
                subjects[one].measured = None;
                subjects[other].measured = Some(Stage::Count);
            }
        }
    }

    /// The cases of the time pass: of a comparison those that both sides have.
    pub(super) fn to_be_timed(&self, subjects: &[Subject]) -> Vec<CaseAt> {
        let mut cases = pending(subjects, Stage::Time);
        if self.request.versus.is_some() {
            let pairs = counterparts(subjects);
            cases.retain(|case| {
                pairs.iter().any(|(one, other)| {
                    case.is_in(*one) && case.has_namesake(subjects, *other)
                        || case.is_in(*other) && case.has_namesake(subjects, *one)
                })
            });
        }
        cases
    }

    /// For each of these cases the place of the one that it is held against, if that is among them.
    pub(super) fn partners(&self, subjects: &[Subject], cases: &[CaseAt]) -> Vec<Option<usize>> {
        if self.request.versus.is_none() {
            return vec![None; cases.len()];
        }
        let pairs = counterparts(subjects);
        let is_pair = |one: &CaseAt, other: &CaseAt| {
            let of_pair = |(base, candidate): &(usize, usize)| {
                one.is_in(*base) && other.is_in(*candidate)
                    || one.is_in(*candidate) && other.is_in(*base)
            };
            one.is_namesake(subjects, other) && pairs.iter().any(of_pair)
        };
        let partner = |one: &CaseAt| cases.iter().position(|other| is_pair(one, other));
        cases.iter().map(partner).collect()
    }

    /// The cases on both sides that need `next`, by what is known so far.
    pub(super) fn needing(&self, next: Next, subjects: &[Subject]) -> Vec<CaseAt> {
        let Some(versus) = &self.request.versus else {
            return Vec::new();
        };
        let context = Context {
            pairing: Pairing::Paired,
            rules: versus.rules,
            exceptions: &versus.exceptions,
            empty_batch_ns: self.empty_batch_ns,
            same_configuration: true,
            is_complete: true,
            same_machine: true,
            sharing: confirmed(subjects),
        };
        let mut wanted = Vec::new();
        for (one, other) in counterparts(subjects) {
            let sides = [&subjects[one].plugin, &subjects[other].plugin];
            for case in compare::cases(&sides[..1], &sides[1..], &context) {
                let rules = compare::rules_of(&versus.rules, &versus.exceptions, &case.case);
                if Next::of(&case, &rules) == next {
                    wanted.extend([(one, case.case.clone()), (other, case.case)]);
                }
            }
        }
        let is_wanted = |at: &CaseAt| {
            wanted
                .iter()
                .any(|(subject, case)| at.is(subjects, *subject, case))
        };
        let pending = pending(subjects, Stage::Time).into_iter();
        pending.filter(is_wanted).collect()
    }
}

impl Versus {
    /// Holds two runs of one session against each other.
    pub(super) fn compare(&self, base: &Run, candidate: &Run, judged_at: String) -> Comparison {
        let names = self.names.each_ref().map(String::as_str);
        compare::compare(
            base,
            candidate,
            names,
            Pairing::Paired,
            (self.rules, &self.exceptions),
            judged_at,
        )
    }
}

impl Request {
    /// Processes of the time pass, at most.
    pub(super) fn processes_max(&self, subjects: &[Subject]) -> usize {
        let more = |versus: &Versus| versus.extension + versus.confirmation;
        let blocks = self.blocks + self.versus.as_ref().map_or(0, more);
        blocks as usize * self.processes as usize * pending(subjects, Stage::Time).len()
    }
}
