//! How a case went over many runs: one query over the estimates, no samples.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::error::{Cause, StoreError};
use super::model::{Condition, Difference, History, Machine, Metric, Point};
use super::read::{all, json};
use super::store::Store;
use super::write::tag;

/// The side that was only run again to be compared with is left out: it is an older version at a later time.
const HISTORY: &str = "SELECT bench_case.plugin_name, run.machine, run.name, run.started_at,
        plugin.digest, measurement.median, measurement.lower, measurement.upper, run.engine
    FROM bench_case
    JOIN run ON run.id = bench_case.run
    JOIN run_plugin ON run_plugin.id = bench_case.run_plugin
    LEFT JOIN plugin ON plugin.id = run_plugin.plugin
    JOIN measurement ON measurement.bench_case = bench_case.id AND measurement.metric = ?2
    WHERE bench_case.name = ?1 AND bench_case.outcome = 'ok'
      AND NOT EXISTS (SELECT 1 FROM comparison WHERE comparison.base = run.id AND pairing = 'paired')
    ORDER BY run.started_at, run.id";

impl Store {
    /// How a metric of the cases of one name went: a history for each plugin, class of machines and engine, without
    /// change points.
    ///
    /// # Errors
    /// If the report cannot be read.
    pub fn histories(&self, case: &str, metric: Metric) -> Result<Vec<History>, StoreError> {
        self.consistently(|connection| {
            let machines = machines(connection)?;
            let unknown = Machine::default();
            let mut histories: Vec<(History, i64)> = Vec::new();
            let metric_name = tag("the metric", &metric)?;
            let points = all(connection, HISTORY, params![case, metric_name], |row| {
                let point = Point {
                    run: row.get(2)?,
                    started_at: row.get(3)?,
                    digest: row.get(4)?,
                    median: row.get(5)?,
                    lower: row.get(6)?,
                    upper: row.get(7)?,
                    differences: Vec::new(),
                };
                let (plugin, engine): (String, String) = (row.get(0)?, row.get(8)?);
                Ok((plugin, engine, row.get::<_, i64>(1)?, point))
            })?;
            for (plugin, engine, at, mut point) in points {
                let machine = machines.get(&at).unwrap_or(&unknown);
                let is_its = |(history, _): &&mut (History, i64)| {
                    history.plugin == plugin
                        && history.machine == machine.fingerprint
                        && history.engine == engine
                };
                if let Some((history, last)) = histories.iter_mut().find(is_its) {
                    if *last != at {
                        let before = machines.get(last).unwrap_or(&unknown);
                        point.differences = facts(before, machine);
                        *last = at;
                    }
                    history.points.push(point);
                    continue;
                }
                let history = History {
                    plugin,
                    case: case.to_owned(),
                    metric,
                    machine: machine.fingerprint.clone(),
                    engine,
                    points: vec![point],
                    change_points: Vec::new(),
                };
                histories.push((history, at));
            }
            Ok(histories.into_iter().map(|(history, _)| history).collect())
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
