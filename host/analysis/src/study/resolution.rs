//! What comparisons can tell apart on a machine: from comparisons of no change at all, each a
//! session of its own. Pure, so that it can be drawn again from the report.

use crate::compare::half_width;
use dyno_model::{CaseComparison, Comparison, Metric, Verdict};
use dyno_stats as stats;
use dyno_stats::Rate;

/// A regression of 10 % is called one if its interval stays above 2 %: half of it is 4 %
/// (METHOD.md), doubled blocks make up for the rest.
const RESOLVES_GATE: f64 = 0.05;

/// What comparisons of no change show of a machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolution {
    /// Sessions: what is independent.
    pub sessions: usize,
    /// Blocks of each comparison.
    pub blocks: u64,
    /// Half widths of the intervals of wall time.
    pub wall: HalfWidths,
    /// Of CPU time.
    pub cpu: HalfWidths,
    /// Comparisons of one case that are narrow enough for a gate at 10 %, by the better of the two
    /// times.
    pub gated: Rate,
    /// Comparisons of one case that were called a change.
    pub changed: Rate,
}

/// Half widths of intervals, as shares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HalfWidths {
    /// The median of all.
    pub usual: f64,
    /// The 95 % interval of that.
    pub interval: [f64; 2],
    /// The largest.
    pub worst: f64,
}

impl Resolution {
    /// What comparisons of equal versions show, a session each; none of no comparison.
    #[must_use]
    pub fn of(comparisons: &[Comparison]) -> Option<Self> {
        let cases: Vec<&CaseComparison> = comparisons
            .iter()
            .flat_map(|comparison| &comparison.cases)
            .collect();
        let of = |metric| {
            let changes = cases.iter().filter_map(move |case| case.change(metric));
            changes.map(half_width).collect::<Vec<f64>>()
        };
        let compared = cases
            .iter()
            .filter(|case| case.change(Metric::WallTime).is_some());
        let compared: Vec<_> = compared.collect();
        let gated = compared.iter().filter(|case| is_narrow(case)).count();
        let changed = compared
            .iter()
            .filter(|case| is_called_changed(case))
            .count();
        let blocks = compared.first()?.change(Metric::WallTime)?.pairs;
        Some(Self {
            sessions: comparisons.len(),
            blocks,
            wall: HalfWidths::of(&of(Metric::WallTime))?,
            cpu: HalfWidths::of(&of(Metric::CpuTime))?,
            gated: Rate::new(gated as u64, compared.len() as u64),
            changed: Rate::new(changed as u64, compared.len() as u64),
        })
    }

    /// Whether a gate at 10 % is within reach in the worst of all comparisons.
    #[must_use]
    pub fn is_always_enough(&self) -> bool {
        self.gated.count == self.gated.of
    }

    /// Whether it is in most of them.
    #[must_use]
    pub fn is_usually_enough(&self) -> bool {
        2 * self.gated.count > self.gated.of
    }
}

impl HalfWidths {
    fn of(widths: &[f64]) -> Option<Self> {
        let estimate = stats::estimate_values(widths)?;
        Some(Self {
            usual: estimate.median,
            interval: [estimate.lower, estimate.upper],
            worst: widths.iter().copied().reduce(f64::max)?,
        })
    }
}

fn is_narrow(case: &CaseComparison) -> bool {
    let widths =
        [Metric::WallTime, Metric::CpuTime].map(|metric| case.change(metric).map(half_width));
    widths
        .into_iter()
        .flatten()
        .any(|width| width <= RESOLVES_GATE)
}

/// By wall time if it resolves, else by CPU time, as a comparison is judged. Equal bytes are called
/// identical there, so the metrics are asked.
fn is_called_changed(case: &CaseComparison) -> bool {
    let verdicts = [Metric::WallTime, Metric::CpuTime]
        .map(|metric| case.change(metric).map(|change| change.verdict));
    let mut verdicts = verdicts.into_iter().flatten();
    let decided = verdicts.find(|verdict| *verdict != Verdict::Unsure);
    matches!(decided, Some(Verdict::Regressed | Verdict::Improved))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dyno_fixture as fixture;
    use dyno_model::Change;

    /// A session whose cases have intervals of these half widths around no change.
    fn session(cases: &[(f64, f64, Verdict)]) -> Comparison {
        let (mut comparison, _) = fixture::compared();
        let template = comparison.cases[0].clone();
        let case = |(wall, cpu, verdict): &(f64, f64, Verdict)| {
            let change = |metric, width: f64, verdict| Change {
                metric,
                ratio: 1.0,
                lower: 1.0 / (1.0 + width),
                upper: 1.0 + width,
                pairs: 10,
                verdict,
                ..template.changes[0]
            };
            CaseComparison {
                changes: vec![
                    change(Metric::WallTime, *wall, Verdict::Unsure),
                    change(Metric::CpuTime, *cpu, *verdict),
                ],
                ..template.clone()
            }
        };
        comparison.cases = cases.iter().map(case).collect();
        comparison
    }

    /// If this fails, one case that the machine cannot resolve is hidden behind those that it can.
    #[test]
    fn the_worst_case_counts_as_well() {
        let calm = (0.02, 0.01, Verdict::Equivalent);
        let found = Resolution::of(&[session(&[calm; 3]), session(&[calm; 3])]).unwrap();
        assert!(found.is_always_enough());
        assert_eq!((found.sessions, found.blocks, found.gated.of), (2, 10, 6));
        let wild = (0.40, 0.30, Verdict::Unsure);
        let found = Resolution::of(&[session(&[calm; 3]), session(&[calm, calm, wild])]).unwrap();
        assert!(!found.is_always_enough() && found.is_usually_enough());
        assert_eq!(found.gated.count, 5);
        assert!((found.wall.worst - 0.40).abs() < 1e-9 && (found.wall.usual - 0.02).abs() < 1e-9);
        let found = Resolution::of(&[session(&[wild, wild, calm])]).unwrap();
        assert!(!found.is_usually_enough());
    }

    #[test]
    fn a_change_that_is_none_is_counted_with_its_interval() {
        let calm = (0.02, 0.01, Verdict::Equivalent);
        let wrong = (0.02, 0.01, Verdict::Regressed);
        let found = Resolution::of(&[session(&[calm; 9]), session(&[wrong; 1])]).unwrap();
        assert_eq!((found.changed.count, found.changed.of), (1, 10));
        assert!(found.changed.lower > 0.002 && found.changed.upper < 0.446);
        assert_eq!(Resolution::of(&[]), None);
    }
}
