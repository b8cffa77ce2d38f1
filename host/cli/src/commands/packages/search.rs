//! `dyno search`: packages in the indexes.

use crate::render;
use clap::Args;
use dyno_package::index::{Filter, Hit, Listed};

use super::{PackageArgs, warn_of};
use crate::commands::{AbsentError, Exit, Result};

/// Find packages in the indexes that you trust
///
/// Every word has to be in the id, the keywords or the description. Best first: the name itself,
/// names that begin with the query, names that have it, descriptions.
#[derive(Debug, Args)]
pub(crate) struct Search {
    /// Words; none finds everything
    #[arg(value_name = "QUERY")]
    query: Vec<String>,
    /// Only packages of this kind, such as wasm or command
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Only with this licence, such as MIT
    #[arg(long, alias = "license", value_name = "LICENCE")]
    licence: Option<String>,
    /// Only what asks for this, such as wasi:filesystem
    #[arg(long, value_name = "CAPABILITY")]
    capability: Option<String>,
    /// Only by this publisher
    #[arg(long, value_name = "PUBLISHER")]
    publisher: Option<String>,
    /// Show at most so many
    #[arg(long, default_value_t = 20, value_name = "NUMBER")]
    limit: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    args: PackageArgs,
}

impl Search {
    pub(super) fn execute(self) -> Result<Exit> {
        let access = self.args.access()?;
        let indexes = crate::commands::until_interrupted(access.indexes());
        warn_of(&access);
        let indexes = indexes?;
        if indexes.is_empty() {
            return Err(AbsentError(
                "you trust no index: name one with `dyno trust pin URL ROOT`".into(),
            )
            .into());
        }
        let filter = Filter {
            kind: self.kind,
            licence: self.licence,
            capability: self.capability,
            publisher: self.publisher,
        };
        let query = self.query.join(" ");
        let mut hits: Vec<Hit<'_>> = Vec::new();
        for (_, index) in &indexes {
            // An id is resolved in the first index that knows it, and so is shown once.
            for hit in index.search(&query, &filter) {
                let id = &hit.listed.release.id;
                if !hits.iter().any(|known| known.listed.release.id == *id) {
                    hits.push(hit);
                }
            }
        }
        hits.sort_by_key(|hit| hit.found);
        let all = hits.len();
        let listed: Vec<&Listed> = hits.iter().take(self.limit).map(|hit| hit.listed).collect();
        let mut out = render::terminal::stdout();
        let result = match self.json {
            true => crate::commands::print_json(&listed),
            false if listed.is_empty() => Ok(()),
            false => render::found(&mut out, listed.iter().copied()).map_err(Into::into),
        };
        crate::commands::shown(result)?;
        for (_, index) in &indexes {
            for sentence in index.ignored() {
                crate::commands::warn(sentence);
            }
        }
        if listed.is_empty() {
            crate::commands::warn("no package in the indexes that you trust is like that");
        }
        if all > self.limit && !self.json {
            crate::commands::warn(&format!(
                "{} more: narrow the search, or raise --limit",
                all - self.limit
            ));
        }
        Ok(if listed.is_empty() {
            Exit::NothingMatched
        } else {
            Exit::Well
        })
    }
}
