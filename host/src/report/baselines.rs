//! Baselines in the report: a run under a name, and which of its plugins can be run again.

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use super::error::{Cause, StoreError};
use super::read::all;
use super::schema;
use super::store::Store;
use super::write::bits;

/// A run that later ones are compared with, under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Baseline {
    /// Its name.
    pub name: String,
    /// Id of its run.
    pub run: String,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// Its plugins that can be run again, in the order of the run.
    pub plugins: Vec<KeptPlugin>,
}

/// A plugin of a baseline that can be run again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptPlugin {
    /// Its name in the run.
    pub name: String,
    /// Where it came from: an absolute path, or a package.
    pub source: String,
    /// Its directory in the content store; none for a package, which keeps itself.
    pub entry: Option<String>,
}

impl Store {
    /// Gives a run a name; one that is taken goes to the new run.
    ///
    /// # Errors
    /// If there is no such run, or the report cannot be written.
    pub fn save_baseline(&mut self, baseline: &Baseline) -> Result<(), StoreError> {
        let run = self.resolve(&baseline.run)?;
        self.record_all(&[], |connection| {
            connection.execute("DELETE FROM baseline WHERE name = ?1", [&baseline.name])?;
            connection.execute(
                "INSERT INTO baseline (name, run, created_at) VALUES (?1, ?2, ?3)",
                params![baseline.name, run, baseline.created_at],
            )?;
            let id = connection.last_insert_rowid();
            for (position, kept) in baseline.plugins.iter().enumerate() {
                connection.execute(
                    "INSERT INTO baseline_plugin (baseline, position, plugin_name, source, entry)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![
                        id,
                        bits(position as u64),
                        kept.name,
                        kept.source,
                        kept.entry
                    ],
                )?;
            }
            schema::audit(connection, "baseline", &baseline.name)
        })
    }

    /// Takes a name away; its run stays. Whether there was one.
    ///
    /// # Errors
    /// If the report cannot be written.
    pub fn remove_baseline(&mut self, name: &str) -> Result<bool, StoreError> {
        let mut removed = 0;
        self.record_all(&[], |connection| {
            removed = connection.execute("DELETE FROM baseline WHERE name = ?1", [name])?;
            match removed {
                0 => Ok(()),
                _ => schema::audit(connection, "remove-baseline", name),
            }
        })?;
        Ok(removed > 0)
    }

    /// Every baseline, by name.
    ///
    /// # Errors
    /// If the report cannot be read.
    pub fn baselines(&self) -> Result<Vec<Baseline>, StoreError> {
        self.consistently(|connection| {
            let sql = "SELECT baseline.name FROM baseline ORDER BY name";
            let names = all(connection, sql, &[], |row| Ok(row.get::<_, String>(0)?))?;
            let baselines = names.iter().map(|name| read(connection, name));
            Ok(baselines
                .collect::<Result<Vec<_>, _>>()?
                .into_iter()
                .flatten()
                .collect())
        })
    }

    /// The baseline of a name, if there is one.
    ///
    /// # Errors
    /// If the report cannot be read.
    pub fn baseline(&self, name: &str) -> Result<Option<Baseline>, StoreError> {
        self.consistently(|connection| read(connection, name))
    }
}

fn read(connection: &Connection, name: &str) -> Result<Option<Baseline>, Cause> {
    let sql = "SELECT baseline.id, run.name, baseline.created_at FROM baseline
         JOIN run ON run.id = baseline.run WHERE baseline.name = ?1";
    let found: Option<(i64, String, String)> = connection
        .query_row(sql, [name], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((id, run, created_at)) = found else {
        return Ok(None);
    };
    let kept = "SELECT plugin_name, source, entry FROM baseline_plugin WHERE baseline = ?1 ORDER BY position";
    let plugins = all(connection, kept, &[&id], |row| {
        Ok(KeptPlugin {
            name: row.get(0)?,
            source: row.get(1)?,
            entry: row.get(2)?,
        })
    })?;
    Ok(Some(Baseline {
        name: name.to_owned(),
        run,
        created_at,
        plugins,
    }))
}
