//! What a study found.

use std::io::{self, Write};

use super::columns::Columns;
use super::{BOLD, DIM};
use crate::study::{CASES, Study};

/// Shows a study.
///
/// # Errors
/// If `out` cannot be written.
pub fn study(out: &mut impl Write, study: &Study) -> io::Result<()> {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    writeln!(
        out,
        "{BOLD}no change at all{BOLD:#} {DIM}{} trials over {} cases, drawn from {} blocks{DIM:#}",
        study.trials,
        CASES.len(),
        study.blocks
    )?;
    let null = &study.null;
    let mut table = Columns::new("  ", &["rule", "called a change"]);
    for (rule, share) in [
        (
            "the gate: 10 %, over all cases, confirmed",
            percent(null.false_gates),
        ),
        ("one case by ten blocks, 99 %", percent(null.false_verdicts)),
        (
            "the same samples pooled, Mann-Whitney, 95 %",
            percent(null.pooled),
        ),
    ] {
        table.row(vec![rule.into(), share.into()]);
    }
    table.write(out)?;
    writeln!(
        out,
        "  {DIM}{} of these gates were unsure{DIM:#}\n",
        percent(null.unsure_gates)
    )?;
    writeln!(
        out,
        "{BOLD}added work{BOLD:#} {DIM}called a regression in that share of trials{DIM:#}"
    )?;
    let headers = ["added", "fuel says", "CPU time", "wall time", "gate", ""];
    let mut table = Columns::new("  ", &headers);
    for power in &study.power {
        let [least, most] = power.fuel.map(|share| format!("{:+.2} %", share * 100.0));
        let fuel = if least == most {
            least
        } else {
            format!("{least} … {most}")
        };
        table.row(vec![
            format!("+{:.0} %", power.added * 100.0).into(),
            fuel.into(),
            percent(power.cpu).into(),
            percent(power.wall).into(),
            percent(power.gated).into(),
        ]);
    }
    table.write(out)
}
