//! Two versions in one session: which plugins are held against which, what needs no measuring, and which cases
//! need more blocks. The judging itself is `compare`'s.

use super::Session;
use super::case::{CaseAt, pending};
use super::request::{Request, Versus};
use super::subject::{Side, Subject};
use crate::compare::{self, Context, Next};
use crate::report::model::{CaseComparison, Comparison, Pairing, Plugin, Run};

/// Plugins of one side with their places in the session.
fn side(subjects: &[Subject], side: Side) -> (Vec<usize>, Vec<&Plugin>) {
    let of_side = |(_, subject): &(usize, &Subject)| subject.side == side;
    let found = subjects.iter().enumerate().filter(of_side);
    found.map(|(at, subject)| (at, &subject.plugin)).unzip()
}

impl Session<'_> {
    /// Nothing can differ between the same bytes with the same inputs, in one session with one engine: that
    /// needs no measuring, unless the user wants to know what the machine makes of it.
    pub(super) fn pass_over_identical(&self, subjects: &mut [Subject]) {
        if self
            .request
            .versus
            .as_ref()
            .is_none_or(|versus| versus.remeasure)
        {
            return;
        }
        let ((base_at, base), (at, candidate)) =
            (side(subjects, Side::Base), side(subjects, Side::Candidate));
        let identical: Vec<usize> = compare::counterparts(&base, &candidate)
            .into_iter()
            .filter(|(one, other)| compare::is_identical(base[*one], candidate[*other]))
            .flat_map(|(one, other)| [base_at[one], at[other]])
            .collect();
        for at in identical {
            subjects[at].is_identical = true;
        }
    }

    /// The cases of the time pass: of a comparison those that both sides have.
    pub(super) fn to_be_timed(&self, subjects: &[Subject]) -> Vec<CaseAt> {
        let all = pending(subjects);
        if self.request.versus.is_none() {
            return all;
        }
        let ((base_at, base), (at, candidate)) =
            (side(subjects, Side::Base), side(subjects, Side::Candidate));
        let counterparts = compare::counterparts(&base, &candidate);
        let other = |subject: usize| {
            let pairs = counterparts
                .iter()
                .map(|(one, other)| (base_at[*one], at[*other]));
            let mut found = pairs.filter_map(|(one, other)| match subject {
                _ if subject == one => Some(other),
                _ if subject == other => Some(one),
                _ => None,
            });
            found.next()
        };
        let has_other = |case: &CaseAt| {
            let other = other(case.subject());
            other.is_some_and(|other| case.has_namesake(subjects, other))
        };
        all.into_iter().filter(has_other).collect()
    }

    /// The cases on both sides that need `next`, by what is known so far.
    pub(super) fn needing(&self, next: Next, subjects: &[Subject]) -> Vec<CaseAt> {
        let Some(versus) = &self.request.versus else {
            return Vec::new();
        };
        let (base_at, base) = side(subjects, Side::Base);
        let (at, candidate) = side(subjects, Side::Candidate);
        let context = Context {
            pairing: Pairing::Paired,
            rules: versus.rules,
            empty_batch_ns: self.empty_batch_ns,
            same_configuration: true,
            is_complete: true,
            same_machine: true,
        };
        let counterparts = compare::counterparts(&base, &candidate);
        let needs = |case: &CaseComparison| Next::of(case, &versus.rules) == next;
        let compared = compare::cases(&base, &candidate, &context);
        let wanted: Vec<_> = compared.iter().filter(|case| needs(case)).collect();
        let is_wanted = |case_at: &CaseAt| {
            wanted.iter().any(|case| {
                counterparts
                    .iter()
                    .filter(|(_, other)| candidate[*other].name == case.plugin)
                    .flat_map(|(one, other)| [base_at[*one], at[*other]])
                    .any(|subject| case_at.is(subjects, subject, &case.case))
            })
        };
        pending(subjects).into_iter().filter(is_wanted).collect()
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
            self.rules,
            judged_at,
        )
    }
}

impl Request {
    /// Processes of the time pass, at most.
    pub(super) fn processes_max(&self, subjects: &[Subject]) -> usize {
        let more = |versus: &Versus| versus.extension + versus.confirmation;
        let blocks = self.blocks + self.versus.as_ref().map_or(0, more);
        blocks as usize * self.processes as usize * pending(subjects).len()
    }
}
