//! How a case went over many runs: one query over the estimates, no samples.
//!
//! Over time a plugin is known by its name and where it came from, as its bytes are what changes. A run may name
//! its source otherwise than the one before, so a plugin that cannot be found by that is looked for by its bytes, and
//! by the end of its path; but two plugins of one run are never one.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::error::{Cause, StoreError};
use super::label::{label, parts};
use super::model::{Condition, Difference, History, Machine, Metric, Plugin, Point};
use super::read::{all, json};
use super::store::Store;
use super::write::tag;

/// The side that was only run again to be compared with is left out: it is an older version at a later time.
const HISTORY: &str = "SELECT bench_case.plugin_name, run.machine, run.name, run.started_at,
        plugin.digest, measurement.median, measurement.lower, measurement.upper, run.engine,
        coalesce(run_plugin.kept_from, run_plugin.source)
    FROM bench_case
    JOIN run ON run.id = bench_case.run
    JOIN run_plugin ON run_plugin.id = bench_case.run_plugin
    LEFT JOIN plugin ON plugin.id = run_plugin.plugin
    JOIN measurement ON measurement.bench_case = bench_case.id AND measurement.metric = ?2
    WHERE bench_case.name = ?1 AND bench_case.outcome = 'ok'
      AND NOT EXISTS (SELECT 1 FROM comparison WHERE comparison.base = run.id AND pairing = 'paired')
    ORDER BY run.started_at, run.id";

/// A case as one run measured it.
struct Row {
    /// The key of its machine.
    machine: i64,
    engine: String,
    source: String,
    point: Point,
}

/// One plugin over time: positions of its rows, the oldest first.
#[derive(Default)]
struct Line(Vec<usize>);

impl Store {
    /// How a metric of the cases of one name went: a history for each plugin, class of machines and engine, without
    /// change points.
    ///
    /// # Errors
    /// If the report cannot be read.
    pub fn histories(&self, case: &str, metric: Metric) -> Result<Vec<History>, StoreError> {
        self.consistently(|connection| {
            let machines = machines(connection)?;
            let metric_name = tag("the metric", &metric)?;
            let rows = all(connection, HISTORY, params![case, metric_name], |row| {
                let point = Point {
                    run: row.get(2)?,
                    started_at: row.get(3)?,
                    digest: row.get(4)?,
                    median: row.get(5)?,
                    lower: row.get(6)?,
                    upper: row.get(7)?,
                    differences: Vec::new(),
                };
                let row_of = Row {
                    machine: row.get(1)?,
                    engine: row.get(8)?,
                    source: row.get(9)?,
                    point,
                };
                Ok((row.get::<_, String>(0)?, row_of))
            })?;
            let mut by_plugin: Vec<(String, Vec<Row>)> = Vec::new();
            for (plugin, row) in rows {
                match by_plugin.iter_mut().find(|(name, _)| *name == plugin) {
                    Some((_, rows)) => rows.push(row),
                    None => by_plugin.push((plugin, vec![row])),
                }
            }
            let histories = by_plugin.into_iter();
            Ok(histories
                .flat_map(|(plugin, rows)| of_name(&plugin, case, metric, &rows, &machines))
                .collect())
        })
    }

    /// The names of all cases that were ever measured.
    ///
    /// # Errors
    /// If the report cannot be read.
    pub fn case_names(&self) -> Result<Vec<String>, StoreError> {
        self.consistently(|connection| {
            let sql = "SELECT DISTINCT name FROM bench_case ORDER BY name";
            all(connection, sql, &[], |row| Ok(row.get(0)?))
        })
    }
}

/// The machines of the report, each of the class that its facts make it one of, whichever version recorded them.
fn machines(connection: &Connection) -> Result<BTreeMap<i64, Machine>, Cause> {
    let sql = "SELECT id, facts_json FROM machine";
    let machines = all(connection, sql, &[], |row| {
        Ok((row.get(0)?, Machine::of(json(row, "facts_json")?)))
    })?;
    Ok(machines.into_iter().collect())
}

/// The facts in which a machine of one class differs from that of the run before.
fn facts(before: &Machine, machine: &Machine) -> Vec<Difference> {
    let differences = before.differences(machine).into_iter();
    let owned = |fact: Option<&str>| fact.map(str::to_owned);
    let differences = differences.map(|fact| Difference {
        condition: Condition::Machine,
        name: fact.name.to_owned(),
        base: owned(fact.one),
        candidate: owned(fact.other),
        unsettles: Vec::new(),
    });
    differences.collect()
}

/// The histories of the plugins of one name, by class of machines and engine.
fn of_name(
    name: &str,
    case: &str,
    metric: Metric,
    rows: &[Row],
    machines: &BTreeMap<i64, Machine>,
) -> Vec<History> {
    let lines = lines(rows);
    let newest = |line: &Line| {
        let row = line.0.last().map(|at| &rows[*at]);
        Plugin {
            digest: row.and_then(|row| row.point.digest.clone()),
            ..Plugin::named(name, row.map_or("", |row| &row.source))
        }
    };
    let mut plugins: Vec<Plugin> = lines.iter().map(newest).collect();
    label(plugins.iter_mut().collect());
    let unknown = Machine::default();
    let mut histories = Vec::new();
    for (line, plugin) in lines.iter().zip(plugins) {
        let mut sources: Vec<String> = Vec::new();
        let mut apart: Vec<(History, i64)> = Vec::new();
        for row in line.0.iter().map(|at| &rows[*at]) {
            sources.retain(|source| *source != row.source);
            sources.push(row.source.clone());
            let machine = machines.get(&row.machine).unwrap_or(&unknown);
            let is_its = |(history, _): &&mut (History, i64)| {
                history.machine == machine.fingerprint && history.engine == row.engine
            };
            let mut point = row.point.clone();
            if let Some((history, last)) = apart.iter_mut().find(is_its) {
                if *last != row.machine {
                    let before = machines.get(last).unwrap_or(&unknown);
                    point.differences = facts(before, machine);
                    *last = row.machine;
                }
                history.points.push(point);
                continue;
            }
            let history = History {
                plugin: name.to_owned(),
                label: plugin.label.clone(),
                sources: Vec::new(),
                case: case.to_owned(),
                metric,
                machine: machine.fingerprint.clone(),
                engine: row.engine.clone(),
                points: vec![point],
                change_points: Vec::new(),
            };
            apart.push((history, row.machine));
        }
        histories.extend(apart.into_iter().map(|(history, _)| History {
            sources: sources.clone(),
            ..history
        }));
    }
    histories
}

/// Which rows are of one plugin.
fn lines(rows: &[Row]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let is_in_line = |line: &Line, at: usize| {
        line.0
            .last()
            .is_some_and(|last| rows[*last].point.run == rows[at].point.run)
    };
    let mut first = 0;
    while first < rows.len() {
        let run = &rows[first].point.run;
        let of_run = rows[first..]
            .iter()
            .take_while(|row| row.point.run == *run)
            .count();
        let mut open: Vec<usize> = (first..first + of_run).collect();
        first += of_run;
        for is_same in [same_source, same_bytes, same_end] {
            open.retain(|at| {
                let mut those = lines.iter_mut().filter(|line| {
                    !is_in_line(line, *at)
                        && line
                            .0
                            .iter()
                            .any(|other| is_same(&rows[*other], &rows[*at]))
                });
                // Where several could be meant, the place of the one is not known.
                match (those.next(), those.next()) {
                    (Some(line), None) => {
                        line.0.push(*at);
                        false
                    }
                    _ => true,
                }
            });
        }
        lines.extend(open.into_iter().map(|at| Line(vec![at])));
    }
    lines
}

fn same_source(one: &Row, other: &Row) -> bool {
    parts(unversioned(&one.source)) == parts(unversioned(&other.source))
}

fn same_bytes(one: &Row, other: &Row) -> bool {
    one.point.digest.is_some() && one.point.digest == other.point.digest
}

/// Whether the one is the end of the other, as `sample-plugins/fib` of its absolute path.
fn same_end(one: &Row, other: &Row) -> bool {
    let (one, other) = (parts(&one.source), parts(&other.source));
    !one.is_empty() && !other.is_empty() && (one.ends_with(&other) || other.ends_with(&one))
}

/// The name of a package without its release; any other source as it is.
fn unversioned(source: &str) -> &str {
    match source.rsplit_once('@') {
        Some((name, version))
            if version.starts_with(|c: char| c.is_ascii_digit()) && !version.contains('/') =>
        {
            name
        }
        _ => source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which line each of these is in: run, source, digest.
    fn lines_of(rows: &[(&str, &str, &str)]) -> Vec<usize> {
        let rows: Vec<Row> = rows
            .iter()
            .map(|(run, source, digest)| Row {
                machine: 1,
                engine: String::new(),
                source: (*source).to_owned(),
                point: Point {
                    run: (*run).to_owned(),
                    started_at: String::new(),
                    digest: Some((*digest).to_owned()),
                    median: 1.0,
                    lower: 1.0,
                    upper: 1.0,
                    differences: Vec::new(),
                },
            })
            .collect();
        let lines = lines(&rows);
        let line = |at| lines.iter().position(|line| line.0.contains(&at)).unwrap();
        (0..rows.len()).map(line).collect()
    }

    #[test]
    fn a_plugin_stays_itself_whatever_becomes_of_its_bytes_or_of_how_it_is_named() {
        let rows = [
            ("1", "x/b.wat", "a"),
            ("2", "./x/b.wat", "b"),
            ("3", "/home/me/x/b.wat", "c"),
            ("4", "moved/b.wasm", "c"),
        ];
        assert_eq!(lines_of(&rows), [0; 4]);
        assert_eq!(
            lines_of(&[("1", "ns/s@1.0.0", "a"), ("2", "ns/s@1.1.0", "b")]),
            [0, 0]
        );
    }

    #[test]
    fn plugins_of_one_run_are_never_one_and_those_of_other_places_are_others() {
        let rows = [
            ("1", "x1/b.wat", "a"),
            ("1", "x2/b.wat", "b"),
            ("2", "x2/b.wat", "a"),
            ("2", "x1/b.wat", "a"),
            ("3", "x2/b.wat", "c"),
        ];
        assert_eq!(lines_of(&rows), [0, 1, 1, 0, 1]);
        assert_eq!(
            lines_of(&[("1", "x1/b.wat", "a"), ("2", "x2/b.wat", "b")]),
            [0, 1]
        );
        assert_eq!(
            lines_of(&[("1", "b.wat", "a"), ("1", "b.wat", "a")]),
            [0, 1]
        );
    }
}
