//! Going on after an interruption: what a recorded run has of a case, and what has not changed since,
//! is taken over and not measured again.

use super::request::Stage;
use super::subject::Subject;
use super::{Session, SessionError};
use dyno_analysis::compare::{differences, is_identical};
use dyno_model::{Case, Condition, Difference, Outcome, Process};

impl Session<'_> {
    /// Takes over from the run that is resumed what need not be measured again, and says how much
    /// that is.
    ///
    /// # Errors
    /// If that run was measured under other conditions.
    pub(super) fn take_over(&mut self, subjects: &mut [Subject]) -> Result<(), SessionError> {
        let Some(before) = &self.host.resumed else {
            return Ok(());
        };
        let mut now = self.run(Vec::new(), self.started_at, None);
        if now.confinement.is_empty() {
            // No worker has said yet.
            now.confinement.clone_from(&before.confinement);
        }
        let decisive = |it: &Difference| {
            // What the machine is doing differs from process to process, too.
            !matches!(
                it.condition,
                Condition::Machine | Condition::Speed | Condition::Load | Condition::Core
            )
        };
        let mut grants = before.grants.iter();
        if grants.any(|grant| grant.starts_with("--env=")) {
            return Err(SessionError::ResumeVariables(before.id.clone()));
        }
        if let Some(other) = differences(before, &now).into_iter().find(decisive) {
            return Err(SessionError::Resume {
                run: before.id.clone(),
                name: other.name,
                values: [other.base, other.candidate].map(|value| value.unwrap_or("none".into())),
            });
        }
        let (mut whole, mut counted, mut all) = (0, 0, 0);
        for subject in subjects.iter_mut() {
            let recorded = before.plugins.iter().find(|plugin| {
                plugin.label == subject.plugin.label && is_identical(plugin, &subject.plugin)
            });
            let recorded = recorded.map_or(&[][..], |plugin| &plugin.cases);
            for (index, case) in subject.plugin.cases.iter_mut().enumerate() {
                all += 1;
                let recorded = recorded.iter().find(|it| it.spec == case.spec);
                let stage = recorded.and_then(|it| stage_of(it, self.request.blocks));
                let (Some(recorded), Some(stage)) = (recorded, stage) else {
                    continue;
                };
                if stage == Stage::Time {
                    whole += 1;
                    *case = recorded.clone();
                } else {
                    counted += 1;
                    case.count.clone_from(&recorded.count);
                    case.output.clone_from(&recorded.output);
                }
                subject.taken.insert(index, stage);
            }
        }
        let cases = || before.plugins.iter().flat_map(|plugin| &plugin.cases);
        let processes = || cases().flat_map(|case| &case.processes);
        // No run of ours counts so far that there is nothing behind it.
        let after = |last: Option<u32>| {
            last.filter(|last| *last < u32::MAX / 2)
                .map_or(0, |last| last + 1)
        };
        self.order = after(processes().map(|process| process.order).max());
        self.blocks = after(processes().map(|process| process.block).max());
        self.warnings.push(format!(
            "{whole} of {all} cases are taken over from run {}, and of {counted} the counts: they were not measured again",
            before.id
        ));
        Ok(())
    }
}

/// The last stage of which a recorded case has everything; none if it is to be measured from the
/// beginning, as every case that failed is.
fn stage_of(case: &Case, blocks: u32) -> Option<Stage> {
    let is_timed = |process: &Process| process.outcome.is_ok() && !process.confirming;
    let timed = case
        .processes
        .iter()
        .filter(|process| is_timed(process))
        .count();
    match case.outcome {
        Outcome::Ok if timed >= blocks as usize && case.count.is_some() => Some(Stage::Time),
        Outcome::Ok | Outcome::Skipped { .. } if case.count.is_some() => Some(Stage::Count),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dyno_fixture::{plain_case, plain_process, sample};

    /// If this fails, what was cut short or failed is taken for measured.
    #[test]
    fn only_what_is_there_whole_is_taken_over() {
        let process = |block| plain_process(block, vec![sample(1, 1)]);
        let mut case = plain_case("a", 1.0, vec![process(0), process(1)]);
        assert_eq!(stage_of(&case, 2), Some(Stage::Time));
        assert_eq!(stage_of(&case, 3), Some(Stage::Count));
        case.processes[1].confirming = true;
        assert_eq!(stage_of(&case, 2), Some(Stage::Count));
        case.processes.clear();
        case.outcome = Outcome::Skipped {
            reason: "interrupted".into(),
        };
        assert_eq!(stage_of(&case, 2), Some(Stage::Count));
        case.count = None;
        assert_eq!(stage_of(&case, 2), None);
        case.outcome = Outcome::Ok;
        assert_eq!(stage_of(&case, 2), None);
        case.outcome = Outcome::Trap {
            message: "unreachable".into(),
        };
        assert_eq!(stage_of(&case, 2), None);
    }
}
