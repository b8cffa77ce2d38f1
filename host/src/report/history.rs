//! How a case went over many runs: one query over the estimates, no samples.

use rusqlite::params;

use super::error::StoreError;
use super::model::{History, Metric, Point};
use super::read::all;
use super::store::Store;
use super::write::tag;

/// The side that was only run again to be compared with is left out: it is an older version at a later time.
const HISTORY: &str = "SELECT bench_case.plugin_name, machine.fingerprint, run.name, run.started_at,
        plugin.digest, measurement.median, measurement.lower, measurement.upper
    FROM bench_case
    JOIN run ON run.id = bench_case.run
    JOIN machine ON machine.id = run.machine
    JOIN run_plugin ON run_plugin.id = bench_case.run_plugin
    LEFT JOIN plugin ON plugin.id = run_plugin.plugin
    JOIN measurement ON measurement.bench_case = bench_case.id AND measurement.metric = ?2
    WHERE bench_case.name = ?1 AND bench_case.outcome = 'ok'
      AND NOT EXISTS (SELECT 1 FROM comparison WHERE comparison.base = run.id AND pairing = 'paired')
    ORDER BY run.started_at, run.id";

impl Store {
    /// How a metric of the cases of one name went: a history for each plugin and class of machines, without
    /// change points.
    ///
    /// # Errors
    /// If the report cannot be read.
    pub fn histories(&self, case: &str, metric: Metric) -> Result<Vec<History>, StoreError> {
        self.consistently(|connection| {
            let mut histories: Vec<History> = Vec::new();
            let metric_name = tag("the metric", &metric)?;
            let points = all(connection, HISTORY, params![case, metric_name], |row| {
                let point = Point {
                    run: row.get(2)?,
                    started_at: row.get(3)?,
                    digest: row.get(4)?,
                    median: row.get(5)?,
                    lower: row.get(6)?,
                    upper: row.get(7)?,
                };
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, point))
            })?;
            for (plugin, machine, point) in points {
                let is_its =
                    |history: &&mut History| history.plugin == plugin && history.machine == machine;
                match histories.iter_mut().find(is_its) {
                    Some(history) => history.points.push(point),
                    None => histories.push(History {
                        plugin,
                        case: case.to_owned(),
                        metric,
                        machine,
                        points: vec![point],
                        change_points: Vec::new(),
                    }),
                }
            }
            Ok(histories)
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
