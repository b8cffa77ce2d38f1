//! The programs of a run: one table for all of them, since each has one case only.

use std::io::{self, Write};

use super::cells;
use super::columns::{Cell, Columns};
use super::failure::show_failure;
use super::{BOLD, DIM, Sink};
use dyno_model::{CacheUse, Case, Plugin, PluginKind, Run};
use dyno_wording::duration;

const BEFORE: &[&str] = &["program", "time", "95 % interval", "compile", "instantiate"];
const AFTER: &[&str] = &["samples", "marks"];

/// The programs that were run, each with its case.
#[derive(Debug, Default)]
pub(super) struct Programs<'a>(Vec<(&'a Plugin, &'a Case)>);

impl<'a> Programs<'a> {
    /// Finds them in a run.
    pub(super) fn of(run: &'a Run) -> Self {
        let commands = run
            .plugins
            .iter()
            .filter(|plugin| plugin.kind == Some(PluginKind::Command));
        Self(
            commands
                .flat_map(|plugin| plugin.cases.iter().map(move |case| (plugin, case)))
                .collect(),
        )
    }

    /// Shows them, and below the table those that failed; nothing if there are none.
    pub(super) fn write(
        self,
        out: &mut Sink<impl Write>,
        run: &Run,
        verbose: bool,
    ) -> io::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        writeln!(out, "{BOLD}programs{BOLD:#}")?;
        let mut table = Columns::new("  ", &cells::heads(BEFORE, AFTER));
        for (plugin, case) in &self.0 {
            table.row(row(plugin, case, verbose));
        }
        table.write(out)?;
        let uses = |plugin: &Plugin| plugin.compile.as_ref().map(|compile| compile.cache);
        let cached = self
            .0
            .iter()
            .filter(|(plugin, _)| uses(plugin) == Some(CacheUse::Hit));
        writeln!(
            out,
            "  {DIM}{} program{}, the code of {} was cached{DIM:#}",
            self.0.len(),
            if self.0.len() == 1 { "" } else { "s" },
            cached.count()
        )?;
        for (plugin, case) in &self.0 {
            if !case.outcome.is_ok() {
                show_failure(out, run, plugin, Some(case), &case.outcome)?;
            }
        }
        writeln!(out)
    }
}

fn row(plugin: &Plugin, case: &Case, verbose: bool) -> Vec<Cell> {
    let compile = plugin.compile.as_ref();
    let compile = compile.map(|compile| match (&compile.compile_ns, compile.cache) {
        (Some(time), _) => duration(time.median),
        (None, CacheUse::Hit) => "cached".into(),
        (None, CacheUse::Miss | CacheUse::Off) => duration(compile.duration_ns as f64),
    });
    let instantiate = plugin.instantiate_ns.as_ref();
    let mut row = vec![
        cells::name(&plugin.label, case),
        cells::time(case),
        cells::interval(case),
        compile.unwrap_or_default().into(),
        instantiate
            .map(|time| duration(time.median))
            .unwrap_or_default()
            .into(),
    ];
    row.extend(cells::columns(case));
    row.extend([cells::samples(case), cells::marks(case, verbose)]);
    row
}
