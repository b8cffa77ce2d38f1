//! The flags that choose cases, wherever cases are chosen.

use clap::Args;
use dyno_analysis::filter::CaseFilter;

/// Which cases: all of them, unless these say otherwise.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Cases")]
pub(super) struct CaseArgs {
    /// Only these cases: a whole name, or else part of names, a glob like 'json/*', or a regular
    /// expression like '/^json|cbor/'; may be repeated
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true)]
    case: Vec<String>,
    /// All but these cases; may be repeated
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true)]
    exclude: Vec<String>,
    /// Take every pattern as the whole name of a case
    #[arg(long)]
    exact: bool,
}

impl CaseArgs {
    /// Whether only some of the cases are meant.
    pub(super) fn is_filtered(&self) -> bool {
        !self.case.is_empty() || !self.exclude.is_empty()
    }

    pub(super) fn filter(&self) -> CaseFilter {
        CaseFilter::new(&self.case, &self.exclude).exactly(self.exact)
    }
}
