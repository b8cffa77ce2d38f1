//! How a case went over many runs: one query over the estimates, no samples.
//!
//! Over time a plugin is known by its name and where it came from, as its bytes are what changes. A
//! run may name its source otherwise than the one before, so a plugin that cannot be found by that
//! is looked for by its bytes, and by the end of its path; but two plugins of one run are never
//! one.

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::{Row as SqlRow, params};

mod lines;

use lines::lines;

use super::error::{Cause, StoreError};
use super::read::json;
use super::reader::{NAME_BYTES_MAX, PATH_BYTES_MAX, Reader, text, text_option};
use super::sound;
use super::store::Store;
use dyno_model::{Condition, Difference, History, Machine, Metric, Plugin, Point, label, word};

/// The side that was only run again to be compared with is left out: it is an older version at a
/// later time.
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
    ORDER BY run.started_at, run.id LIMIT ?3";

/// Of the cases of one name, in all runs and plugins: ten times what the report is made for.
const MEASUREMENTS_MAX: usize = 100_000;

/// Names of cases in a report, over all its runs: as many as one run can have.
const NAMES_MAX: usize = sound::RUN_CASES_MAX as usize;

/// A case as one run measured it.
struct Row {
    /// The key of its machine.
    machine: i64,
    engine: String,
    source: String,
    point: Point,
}

impl Row {
    fn read(row: &SqlRow<'_>) -> Result<Self, Cause> {
        let name = |column: usize| text(row, column, NAME_BYTES_MAX);
        let value = |column: usize| match row.get::<_, f64>(column)? {
            value if value.is_finite() => Ok(value),
            value => Err(Cause::Damaged(format!("a case was measured as {value}"))),
        };
        Ok(Self {
            machine: row.get(1)?,
            engine: name(8)?,
            source: text(row, 9, PATH_BYTES_MAX)?,
            point: Point {
                run: name(2)?,
                started_at: name(3)?,
                digest: text_option(row, 4, NAME_BYTES_MAX)?,
                median: value(5)?,
                lower: value(6)?,
                upper: value(7)?,
                differences: Vec::new(),
            },
        })
    }
}

impl Store {
    /// How a metric of the cases of one name went: a history for each plugin, class of machines and
    /// engine, without change points.
    ///
    /// # Errors
    /// If the report cannot be read.
    pub fn histories(&self, case: &str, metric: Metric) -> Result<Vec<History>, StoreError> {
        self.consistently(|reader| {
            let machines = machines(reader)?;
            let metric_name = word(&metric);
            let rows_max = MEASUREMENTS_MAX as i64 + 1;
            let parameters = params![case, metric_name, rows_max];
            let rows = reader.all(HISTORY, parameters, |row| {
                Ok((text(row, 0, PATH_BYTES_MAX)?, Row::read(row)?))
            })?;
            if rows.len() > MEASUREMENTS_MAX {
                let what = format!("more than {MEASUREMENTS_MAX} measurements of a case");
                return Err(Cause::Excess(what));
            }
            let mut by_plugin: Vec<(String, Vec<Row>)> = Vec::new();
            let mut places: HashMap<String, usize> = HashMap::new();
            for (plugin, row) in rows {
                let place = *places.entry(plugin).or_insert_with_key(|plugin| {
                    by_plugin.push((plugin.clone(), Vec::new()));
                    by_plugin.len() - 1
                });
                by_plugin[place].1.push(row);
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
        self.consistently(|reader| {
            let sql = "SELECT DISTINCT name FROM bench_case ORDER BY name LIMIT ?1";
            let names_max = NAMES_MAX as i64 + 1;
            let names = reader.all(sql, &[&names_max], |row| text(row, 0, NAME_BYTES_MAX))?;
            match names.len() {
                0..=NAMES_MAX => Ok(names),
                _ => Err(Cause::Excess(format!(
                    "cases of more than {NAMES_MAX} names"
                ))),
            }
        })
    }
}

/// The machines of the report, each of the class that its facts make it one of, whichever version
/// recorded them.
fn machines(reader: &Reader<'_>) -> Result<BTreeMap<i64, Machine>, Cause> {
    let sql = "SELECT id, facts_json FROM machine";
    let machines = reader.all(sql, &[], |row| {
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
    let newest = |line: &Vec<usize>| {
        let row = line.last().map(|at| &rows[*at]);
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
        let sources = sources(line.iter().map(|at| rows[*at].source.as_str()));
        let mut apart: Vec<(History, i64)> = Vec::new();
        let mut places: HashMap<(&str, &str), usize> = HashMap::new();
        for row in line.iter().map(|at| &rows[*at]) {
            let machine = machines.get(&row.machine).unwrap_or(&unknown);
            let place = (machine.fingerprint.as_str(), row.engine.as_str());
            let mut point = row.point.clone();
            if let Some((history, last)) = places.get(&place).map(|at| &mut apart[*at]) {
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
                sources: sources.clone(),
                case: case.to_owned(),
                metric,
                machine: machine.fingerprint.clone(),
                engine: row.engine.clone(),
                points: vec![point],
                change_points: Vec::new(),
            };
            places.insert(place, apart.len());
            apart.push((history, row.machine));
        }
        histories.extend(apart.into_iter().map(|(history, _)| history));
    }
    histories
}

/// The sources of a plugin, each once, the one that it had last at the end.
fn sources<'a>(of_rows: impl DoubleEndedIterator<Item = &'a str>) -> Vec<String> {
    let mut seen = HashSet::new();
    let newest_first = of_rows.rev().filter(|source| seen.insert(*source));
    let mut sources: Vec<String> = newest_first.map(str::to_owned).collect();
    sources.reverse();
    sources
}
