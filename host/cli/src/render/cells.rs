//! What a table says of a case, cell by cell.

use super::columns::Cell;
use super::{BOLD, RED, YELLOW};
use dyno_model::{Case, Drawn, Estimate, Mark, Metric, Process, Throughput};
use dyno_stats as stats;
use dyno_wording::{duration, escape, mark, rate, value};

/// The time that is shown: wall time, or CPU time where too few samples were undisturbed.
pub(super) fn headline(case: &Case) -> Option<&Estimate> {
    case.estimate(case.headline())
}

/// Its median, ns.
pub(super) fn median_ns(case: &Case) -> Option<f64> {
    headline(case).map(|time| time.median)
}

fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "–".into())
}

/// A name, which may be a guest's, and a sign if the case failed.
pub(super) fn name(name: &str, case: &Case) -> Cell {
    let name = escape(name);
    if case.outcome.is_ok() {
        name.into()
    } else {
        Cell::styled(format!("{name} ✗"), RED)
    }
}

pub(super) fn time(case: &Case) -> Cell {
    let which = match case.headline() {
        Metric::CpuTime => " CPU",
        _ => "",
    };
    let shown = |ns| format!("{}{which}", duration(ns));
    Cell::styled(or_dash(median_ns(case).map(shown)), BOLD)
}

/// Both ends, in the unit of the median so that they can be compared at a glance.
pub(super) fn interval(case: &Case) -> Cell {
    let ends = |time: &Estimate| {
        if time.lower == time.upper {
            return "–".into();
        }
        format!("{} … {}", duration(time.lower), duration(time.upper))
    };
    or_dash(headline(case).map(ends)).into()
}

pub(super) fn throughput(case: &Case) -> Cell {
    let rate = || {
        let ns = median_ns(case).filter(|ns| *ns > 0.0)?;
        let (work, is_bytes) = match case.work()? {
            Throughput::Bytes(bytes) => (bytes, true),
            Throughput::Elements(elements) => (elements, false),
        };
        Some(rate(work as f64 * 1e9 / ns, is_bytes))
    };
    rate().unwrap_or_default().into()
}

/// The heads of a table with a column for every metric that has one, which stand between these.
pub(super) fn heads(before: &[&'static str], after: &[&'static str]) -> Vec<&'static str> {
    let columns = Metric::columns().map(|metric| metric.spec().short);
    let before = before.iter().copied();
    before.chain(columns).chain(after.iter().copied()).collect()
}

/// Its cells below them. What not every machine can measure is empty where it was not measured, so
/// that a column of nothing else vanishes.
pub(super) fn columns(case: &Case) -> impl Iterator<Item = Cell> {
    Metric::columns().map(|metric| {
        let spec = metric.spec();
        let shown = case
            .estimate(metric)
            .map(|estimate| value(spec.unit, estimate.median));
        match spec.drawn {
            Drawn::Exact => or_dash(shown).into(),
            Drawn::Once | Drawn::Sampled => shown.unwrap_or_default().into(),
        }
    })
}

/// Samples of a process times processes; where other programs took the CPU during some, how many
/// are left of how many.
pub(super) fn samples(case: &Case) -> Cell {
    let finished = || {
        let processes = case.processes.iter();
        processes.filter(|process| process.outcome.is_ok())
    };
    let usual = |count: &dyn Fn(&Process) -> usize| {
        let counts: Vec<f64> = finished().map(|process| count(process) as f64).collect();
        stats::median(&counts)
    };
    let all = usual(&|process| process.samples.len());
    let undisturbed = usual(&|process| {
        let samples = process.samples.iter();
        samples.filter(|sample| sample.is_undisturbed()).count()
    });
    let processes = finished().count();
    let shown = all.zip(undisturbed).map(|(all, undisturbed)| {
        if undisturbed < all {
            format!("{undisturbed:.0}/{all:.0} × {processes}")
        } else {
            format!("{all:.0} × {processes}")
        }
    });
    or_dash(shown).into()
}

/// The marks that belong beside the numbers; all of them if more was asked for.
pub(super) fn marks(case: &Case, verbose: bool) -> Cell {
    let marks = case
        .marks
        .iter()
        .filter(|item| verbose || (is_warning(**item) && **item != Mark::SingleProcess))
        .map(|item| mark(*item));
    Cell::styled(marks.collect::<Vec<_>>().join(", "), YELLOW)
}

/// Whether a mark belongs beside the numbers, or only where more was asked for. That there was
/// one process is said below the table in any case.
pub(super) fn is_warning(mark: Mark) -> bool {
    mark != Mark::BudgetEnded
}
