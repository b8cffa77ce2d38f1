//! What a study found.

use std::io::{self, Write};

use super::columns::Columns;
use super::{BOLD, DIM, Sink};
use dyno_analysis::study::{CASES, Study};
use dyno_stats::Rate;

/// Shows a study.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn study(out: &mut Sink<impl Write>, study: &Study) -> io::Result<()> {
    null(out, study)?;
    known(out, study)?;
    let gates = &study.null.false_gates;
    writeln!(
        out,
        "{DIM}Each end of an interval holds with 95 %. {}: --sessions measures more, --from adds up.{DIM:#}",
        shows(gates)
    )
}

fn null(out: &mut Sink<impl Write>, study: &Study) -> io::Result<()> {
    writeln!(
        out,
        "{BOLD}no change at all{BOLD:#} {DIM}{} trials, in {} comparisons of {} byte-different plugins{DIM:#}",
        study.null.false_gates.of,
        study.runs.len(),
        study.plugins,
    )?;
    let null = &study.null;
    let mut table = Columns::new(
        "  ",
        &["rule", "called a change", "of", "share", "interval", ""],
    );
    for (rule, rate) in [
        ("a gate at 10 %, confirmed", &null.false_gates),
        ("a verdict, 99 %", &null.false_verdicts),
        ("the same samples pooled, Mann-Whitney, 95 %", &null.pooled),
    ] {
        table.row(vec![
            rule.into(),
            rate.count.to_string().into(),
            rate.of.to_string().into(),
            percent(rate.share()).into(),
            interval(rate).into(),
        ]);
    }
    table.write(out)?;
    writeln!(
        out,
        "  {DIM}unsure gates: {}{DIM:#}",
        of(&null.unsure_gates)
    )?;
    writeln!(out)
}

fn known(out: &mut Sink<impl Write>, study: &Study) -> io::Result<()> {
    writeln!(
        out,
        "{BOLD}known changes{BOLD:#} {DIM}called a regression, of so many trials{DIM:#}"
    )?;
    let mut headers = vec!["added"];
    headers.extend(CASES);
    headers.extend(["all", "share", "interval", ""]);
    let mut table = Columns::new("  ", &headers);
    for level in &study.known.levels {
        let mut row = vec![format!("+{:.0} %", level.added * 100.0).into()];
        row.extend(level.cases.iter().map(|rate| of(rate).into()));
        row.push(of(&level.found).into());
        row.push(percent(level.found.share()).into());
        row.push(interval(&level.found).into());
        table.row(row);
    }
    table.write(out)?;
    let (wrong, held) = (&study.known.wrong, &study.known.held);
    writeln!(
        out,
        "  wrong verdicts: {} ({}); intervals that hold the change: {} ({})",
        of(wrong),
        interval(wrong),
        of(held),
        interval(held)
    )?;
    writeln!(out)
}

fn of(rate: &Rate) -> String {
    format!("{}/{}", rate.count, rate.of)
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn interval(rate: &Rate) -> String {
    format!("{:.1} … {:.1} %", rate.lower * 100.0, rate.upper * 100.0)
}

/// What a rate of false gates can say at most.
fn shows(gates: &Rate) -> String {
    format!(
        "{} false gates of {} show a share of at most {:.1} %",
        gates.count,
        gates.of,
        gates.upper * 100.0
    )
}
