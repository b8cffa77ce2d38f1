//! Baselines in the report: a run under a name, and which of its plugins can be run again.

use rusqlite::params;
use serde::Serialize;

use super::error::{Cause, StoreError};
use super::reader::{NAME_BYTES_MAX, PATH_BYTES_MAX, Reader, text, text_option};
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
        self.consistently(|reader| {
            let sql = "SELECT baseline.name FROM baseline ORDER BY name";
            let names = reader.all(sql, &[], |row| text(row, 0, NAME_BYTES_MAX))?;
            let baselines = names.iter().map(|name| read(reader, name));
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
        self.consistently(|reader| read(reader, name))
    }
}

fn read(reader: &Reader<'_>, name: &str) -> Result<Option<Baseline>, Cause> {
    let sql = "SELECT baseline.id, run.name, baseline.created_at FROM baseline
         JOIN run ON run.id = baseline.run WHERE baseline.name = ?1";
    let found = reader.first(sql, &[&name], |row| {
        let id: i64 = row.get(0)?;
        let of = |column: usize| text(row, column, NAME_BYTES_MAX);
        Ok((id, of(1)?, of(2)?))
    })?;
    let Some((id, run, created_at)) = found else {
        return Ok(None);
    };
    let kept = "SELECT plugin_name, source, entry FROM baseline_plugin WHERE baseline = ?1 ORDER BY position";
    let plugins = reader.all(kept, &[&id], |row| {
        Ok(KeptPlugin {
            name: text(row, 0, PATH_BYTES_MAX)?,
            source: text(row, 1, PATH_BYTES_MAX)?,
            entry: text_option(row, 2, NAME_BYTES_MAX)?,
        })
    })?;
    Ok(Some(Baseline {
        name: name.to_owned(),
        run,
        created_at,
        plugins,
    }))
}
