//! The list of recorded runs.

use std::io::{self, Write};

use super::columns::{Cell, Columns};
use super::{RED, Sink, Style};
use dyno_model::RunStatus;
use dyno_report::RunSummary;
use dyno_wording::escape;

/// Shows what runs there are, the newest first.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn runs(out: &mut Sink<impl Write>, runs: &[RunSummary]) -> io::Result<()> {
    let mut table = Columns::new(
        "",
        &[
            "run", "started", "plugins", "cases", "failed", "skipped", "status",
        ],
    );
    for run in runs {
        let failed = if run.failed > 0 { RED } else { Style::Plain };
        table.row(vec![
            escape(&run.id).into(),
            escape(&run.started_at).into(),
            run.plugins.to_string().into(),
            run.cases.to_string().into(),
            Cell::styled(run.failed.to_string(), failed),
            run.skipped.to_string().into(),
            if run.status == RunStatus::Interrupted {
                "interrupted"
            } else {
                ""
            }
            .into(),
        ]);
    }
    table.write(out)
}
