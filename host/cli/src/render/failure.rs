//! One failure: what happened, what the case wrote, and the command that shows it again.

use std::io::{self, Write};

use super::{DIM, RED, Sink, paragraph};
use dyno_model::{Case, Outcome, Plugin, Run};
use dyno_wording::{escape, lines, reproduce, sentence};

/// Lines of a failed case's own output that are shown: the last ones, which say why.
const OUTPUT_LINES: usize = 10;

pub(super) fn show_failure(
    out: &mut Sink<impl Write>,
    run: &Run,
    plugin: &Plugin,
    case: Option<&Case>,
    outcome: &Outcome,
) -> io::Result<()> {
    let start = match case {
        Some(case) => format!("  {RED}✗ {}{RED:#} ", escape(&case.spec.name)),
        None => format!("  {RED}✗{RED:#} "),
    };
    paragraph(out, &start, "      ", &sentence(outcome))?;
    if let Some(output) = case.and_then(|case| case.output.as_deref()) {
        let said: Vec<_> = lines(output).collect();
        let before = said.len().saturating_sub(OUTPUT_LINES);
        if before > 0 {
            writeln!(
                out,
                "      {DIM}it wrote {before} more lines, and then:{DIM:#}"
            )?;
        }
        for line in &said[before..] {
            writeln!(out, "      {DIM}it wrote:{DIM:#} {line}")?;
        }
    }
    if case.is_some() && !matches!(outcome, Outcome::Skipped { .. }) {
        let name = case.map(|case| case.spec.name.as_str());
        writeln!(
            out,
            "      {DIM}again:{DIM:#} {}",
            reproduce(run, plugin, name)
        )?;
    }
    Ok(())
}
