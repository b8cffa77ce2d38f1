//! One job done by several plugins: a table for each case that has the same name and the same
//! checksum in more than one of them, the fastest first.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::cells::{self, median_ns};
use super::columns::{Cell, Columns};
use super::{BOLD, DIM, Sink, YELLOW};
use dyno_model::{Case, Plugin, PluginKind, Run};
use dyno_wording::escape;

const BEFORE: &[&str] = &["plugin", "time", "95 % interval", "ratio", "throughput"];
const AFTER: &[&str] = &["samples", "marks"];

/// The cases that belong side by side.
#[derive(Debug, Default)]
pub(super) struct Across<'a> {
    tables: Vec<Table<'a>>,
}

#[derive(Debug)]
struct Table<'a> {
    name: &'a str,
    checksum: u64,
    /// The fastest first.
    rows: Vec<(&'a Plugin, &'a Case)>,
    /// Plugins with a case of this name that computes something else.
    others: Vec<&'a Plugin>,
}

impl<'a> Across<'a> {
    /// Finds them in a run. Names alone do not make a job the same: its result does.
    pub(super) fn of(run: &'a Run) -> Self {
        let mut order = Vec::new();
        let mut named: BTreeMap<&str, Vec<(&Plugin, &Case, u64)>> = BTreeMap::new();
        let suites = run
            .plugins
            .iter()
            .filter(|plugin| plugin.kind == Some(PluginKind::Suite));
        for plugin in suites {
            for case in plugin.cases.iter().filter(|case| case.outcome.is_ok()) {
                let (Some(_), Some(checksum)) = (median_ns(case), case.checksum) else {
                    continue;
                };
                let name = case.spec.name.as_str();
                if !named.contains_key(name) {
                    order.push(name);
                }
                let cases = named.entry(name).or_default();
                cases.push((plugin, case, checksum));
            }
        }
        let tables = order
            .into_iter()
            .filter_map(|name| table(name, &named[name]));
        Self {
            tables: tables.collect(),
        }
    }

    /// Whether a case stands in one of the tables.
    pub(super) fn shows(&self, case: &Case) -> bool {
        let mut rows = self.tables.iter().flat_map(|table| &table.rows);
        rows.any(|(_, shown)| std::ptr::eq(*shown, case))
    }

    /// Shows the tables.
    pub(super) fn write(&self, out: &mut Sink<impl Write>, verbose: bool) -> io::Result<()> {
        if self.tables.is_empty() {
            return Ok(());
        }
        for table in &self.tables {
            table.write(out, verbose)?;
        }
        writeln!(
            out,
            "{DIM}ratio: to the fastest; ≈ where the intervals overlap, so that it is not sure{DIM:#}"
        )
    }
}

/// The cases of one name that share the most common checksum, if there are two at least.
fn table<'a>(name: &'a str, cases: &[(&'a Plugin, &'a Case, u64)]) -> Option<Table<'a>> {
    let count = |sum: u64| cases.iter().filter(|(.., other)| *other == sum).count();
    let (.., checksum) = *cases.iter().max_by_key(|(.., sum)| count(*sum))?;
    let (same, others): (Vec<_>, Vec<_>) = cases.iter().partition(|(.., sum)| *sum == checksum);
    let mut rows: Vec<_> = same
        .iter()
        .map(|(plugin, case, _)| (*plugin, *case))
        .collect();
    let ns = |case: &Case| median_ns(case).unwrap_or(f64::INFINITY);
    rows.sort_by(|(_, one), (_, other)| ns(one).total_cmp(&ns(other)));
    (rows.len() > 1).then(|| Table {
        name,
        checksum,
        rows,
        others: others.iter().map(|(plugin, ..)| *plugin).collect(),
    })
}

impl<'a> Table<'a> {
    fn write(&self, out: &mut Sink<impl Write>, verbose: bool) -> io::Result<()> {
        writeln!(
            out,
            "{BOLD}{}{BOLD:#} {DIM}in {} plugins · checksum {:#018x}{DIM:#}",
            escape(self.name),
            self.rows.len(),
            self.checksum
        )?;
        let fastest = self.rows.first().map(|(_, case)| *case);
        let mut table = Columns::new("  ", &cells::heads(BEFORE, AFTER));
        for (plugin, case) in &self.rows {
            let mut row = vec![
                cells::name(&plugin.label, case),
                cells::time(case),
                cells::interval(case),
                ratio(case, fastest),
                cells::throughput(case),
            ];
            row.extend(cells::columns(case));
            row.extend([cells::samples(case), cells::marks(case, verbose)]);
            table.row(row);
        }
        table.write(out)?;
        for plugin in &self.others {
            writeln!(
                out,
                "  {YELLOW}{} computes something else{YELLOW:#}",
                escape(&plugin.label)
            )?;
        }
        writeln!(out)
    }
}

/// How many times as long as the fastest it takes; about as long, where the intervals overlap.
fn ratio(case: &Case, fastest: Option<&Case>) -> Cell {
    let time = |case| cells::headline(case);
    match (time(case), fastest.and_then(time)) {
        (Some(slow), Some(fast)) if fast.median > 0.0 => {
            let is_unsure = !fastest.is_some_and(|fastest| std::ptr::eq(fastest, case))
                && slow.lower <= fast.upper;
            let sign = if is_unsure { "≈ " } else { "" };
            format!("{sign}{:.2}", slow.median / fast.median).into()
        }
        _ => "–".into(),
    }
}
