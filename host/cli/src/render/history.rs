//! Baselines as a list, and how a case went over many runs.

use std::io::{self, Write};

use super::columns::{Cell, Columns};
use super::comparison::{percent, shown};
use super::{BOLD, DIM, Sink, YELLOW};
use dyno_model::{History, Point};
use dyno_report::Baseline;
use dyno_wording::conditions::difference;
use dyno_wording::escape;

/// Points of a history that are shown as a line each, unless more is asked for.
const POINTS_SHOWN: usize = 10;

/// Columns of a sparkline: what fits beside a name.
const SPARKS: usize = 60;

/// Shows what baselines there are.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn baselines(out: &mut Sink<impl Write>, baselines: &[Baseline]) -> io::Result<()> {
    let mut table = Columns::new("", &["baseline", "run", "saved", "plugins"]);
    for baseline in baselines {
        let plugins: Vec<_> = baseline
            .plugins
            .iter()
            .map(|plugin| escape(&plugin.name))
            .collect();
        let plugins = if plugins.is_empty() {
            "numbers only".into()
        } else {
            plugins.join(", ")
        };
        table.row(vec![
            escape(&baseline.name).into(),
            escape(&baseline.run).into(),
            escape(&baseline.created_at).into(),
            plugins.into(),
        ]);
    }
    table.write(out)
}

/// Shows how a case went: a sparkline, where its level changed, and the last runs.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn histories(
    out: &mut Sink<impl Write>,
    histories: &[History],
    verbose: bool,
) -> io::Result<()> {
    for history in histories {
        show(out, history, verbose)?;
    }
    Ok(())
}

fn show(out: &mut Sink<impl Write>, history: &History, verbose: bool) -> io::Result<()> {
    let values: Vec<f64> = history.points.iter().map(|point| point.median).collect();
    let (Some(least), Some(most)) = (
        values.iter().copied().reduce(f64::min),
        values.iter().copied().reduce(f64::max),
    ) else {
        return Ok(());
    };
    let amount = |value| shown(history.metric, value);
    writeln!(
        out,
        "{BOLD}{} {}{BOLD:#} {DIM}{} on machines of class {}, {}{DIM:#}",
        escape(&history.label),
        escape(&history.case),
        match history.points.len() {
            1 => "1 run".into(),
            runs => format!("{runs} runs"),
        },
        escape(&history.machine),
        escape(&history.engine)
    )?;
    writeln!(
        out,
        "  {}  {DIM}{} to {}{DIM:#}",
        sparkline(&values, SPARKS),
        amount(least),
        amount(most)
    )?;
    show_changes(out, history)?;
    let skipped = if verbose {
        0
    } else {
        history.points.len().saturating_sub(POINTS_SHOWN)
    };
    let mut table = Columns::new(
        "  ",
        &["run", "started", "estimate", "95 % interval", "component"],
    );
    for (at, point) in history.points.iter().enumerate().skip(skipped) {
        table.row(row(point, history, history.change_points.contains(&at)));
    }
    table.write(out)?;
    if skipped > 0 {
        writeln!(
            out,
            "  {DIM}{skipped} earlier runs: --verbose shows them{DIM:#}"
        )?;
    }
    writeln!(out)
}

/// Where the level changed, and where the machine did.
fn show_changes(out: &mut Sink<impl Write>, history: &History) -> io::Result<()> {
    let amount = |value| shown(history.metric, value);
    for (at, (before, after)) in history.change_points.iter().zip(levels(history)) {
        let point = &history.points[*at];
        let change = percent(after / before);
        writeln!(
            out,
            "  {YELLOW}{change}{YELLOW:#} at {} {DIM}(run {}): {} → {}{DIM:#}",
            escape(&point.started_at),
            escape(&point.run),
            amount(before),
            amount(after)
        )?;
    }
    for point in history
        .points
        .iter()
        .filter(|point| !point.differences.is_empty())
    {
        let differences: Vec<String> = point.differences.iter().map(difference).collect();
        writeln!(
            out,
            "  {DIM}another machine at {} (run {}):{DIM:#} {}",
            escape(&point.started_at),
            escape(&point.run),
            differences.join(", ")
        )?;
    }
    Ok(())
}

fn row(point: &Point, history: &History, is_change: bool) -> Vec<Cell> {
    let amount = |value| shown(history.metric, value);
    let digest: String = point
        .digest
        .iter()
        .flat_map(|digest| digest.chars())
        .take(19)
        .collect();
    vec![
        escape(&point.run).into(),
        escape(&point.started_at).into(),
        Cell::styled(amount(point.median), if is_change { YELLOW } else { BOLD }),
        match point.lower == point.upper {
            true => "–".into(),
            false => format!("{} … {}", amount(point.lower), amount(point.upper)).into(),
        },
        escape(&digest).into(),
    ]
}

/// The median before and after each change point, within the segments that they divide.
fn levels(history: &History) -> Vec<(f64, f64)> {
    let ends = history
        .change_points
        .iter()
        .copied()
        .chain([history.points.len()]);
    let mut start = 0;
    let levels: Vec<f64> = ends
        .filter_map(|end| {
            let values: Vec<f64> = history.points[start..end]
                .iter()
                .map(|point| point.median)
                .collect();
            start = end;
            dyno_stats::median(&values)
        })
        .collect();
    levels.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

/// The values as bars of eight heights, the oldest first; where there are more than fit, each bar
/// is the mean of its share.
fn sparkline(values: &[f64], width: usize) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let columns = values.len().min(width);
    let mean = |column: usize| {
        let share = &values[column * values.len() / columns..(column + 1) * values.len() / columns];
        share.iter().sum::<f64>() / share.len() as f64
    };
    let means: Vec<f64> = (0..columns).map(mean).collect();
    let least = means.iter().copied().fold(f64::INFINITY, f64::min);
    let most = means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let bar = |value: &f64| {
        // What differs by less than a thousandth is drawn as equal, not as mountains of noise.
        if most - least <= most.abs() * 1e-3 {
            return BARS[3];
        }
        let height = (value - least) / (most - least) * 7.0;
        BARS[(height.round() as usize).min(7)]
    };
    means.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_has_the_lowest_and_the_highest_bar_and_never_more_columns_than_fit() {
        assert_eq!(sparkline(&[1.0, 2.0, 8.0], 60), "▁▂█");
        assert_eq!(sparkline(&[5.0; 4], 60), "▄▄▄▄");
        let many: Vec<f64> = (0..1000).map(f64::from).collect();
        assert_eq!(sparkline(&many, 8), "▁▂▃▄▅▆▇█");
        assert_eq!(sparkline(&[], 8), "");
    }
}
