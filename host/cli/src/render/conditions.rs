//! The conditions of two stored runs, for the terminal.

use std::io::{self, Write};

use super::{DIM, Sink, YELLOW};
use dyno_model::Comparison;
use dyno_wording::conditions::{difference, noise, unsettles};

/// Shows what differs, first that which may have changed something, and then the rest in one line;
/// and the noise.
pub(super) fn show(out: &mut Sink<impl Write>, comparison: &Comparison) -> io::Result<()> {
    let conditions = &comparison.conditions;
    let (weighty, rest): (Vec<_>, Vec<_>) = conditions
        .differences
        .iter()
        .partition(|one| unsettles(one).is_some());
    for one in weighty {
        let what = unsettles(one).unwrap_or_default();
        writeln!(
            out,
            "  {YELLOW}differs{YELLOW:#} {} {DIM}(may change {what} by itself){DIM:#}",
            difference(one)
        )?;
    }
    if !rest.is_empty() {
        let rest: Vec<String> = rest.into_iter().map(difference).collect();
        writeln!(
            out,
            "  {DIM}differs, and changes no result: {}{DIM:#}",
            rest.join("; ")
        )?;
    }
    for sentence in conditions.noise.iter().flat_map(noise) {
        writeln!(out, "  {DIM}noise of the {sentence}{DIM:#}")?;
    }
    Ok(())
}
