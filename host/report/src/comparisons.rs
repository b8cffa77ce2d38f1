//! Comparisons in the report: recorded with the runs that they are of, and read back.

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::error::{Cause, StoreError};
use super::read::{json, json_option, tag};
use super::reader::{NAME_BYTES_MAX, PATH_BYTES_MAX, Reader, text};
use super::store::Store;
use super::write::json as to_json;
use super::{schema, write};
use dyno_model::{CaseComparison, Comparison, Exceptions, Rules, Run, Side, word};

/// By what a comparison judged, as one document. Older ones have no exceptions.
#[derive(Serialize, Deserialize)]
struct Judged {
    #[serde(flatten)]
    rules: Rules,
    #[serde(default)]
    exceptions: Exceptions,
}

impl Store {
    /// Records a comparison, and those of its runs that are not in the report yet: all or nothing.
    ///
    /// # Errors
    /// If a run cannot be written; then nothing is.
    pub fn record_comparison(
        &mut self,
        runs: &[&Run],
        comparison: &Comparison,
    ) -> Result<(), StoreError> {
        self.record_all(runs, |connection| write_comparison(connection, comparison))
    }

    /// The comparisons in which a run is the candidate, the newest first. `wanted` is as for
    /// [`Store::run`].
    ///
    /// # Errors
    /// As [`Store::run`].
    pub fn comparisons(&self, wanted: &str) -> Result<Vec<Comparison>, StoreError> {
        let id = self.resolve(wanted)?;
        self.consistently(|reader| read_comparisons(reader, id))
    }
}

fn run_key(connection: &Connection, run: &str) -> Result<i64, Cause> {
    let key = connection
        .query_row("SELECT id FROM run WHERE name = ?1", [run], |row| {
            row.get(0)
        })
        .optional()?;
    key.ok_or_else(|| Cause::Damaged(format!("the run {run} of a comparison is not there")))
}

fn write_comparison(connection: &Connection, comparison: &Comparison) -> Result<(), Cause> {
    let Comparison {
        base,
        candidate,
        judged_at,
        pairing,
        conditions,
        rules,
        exceptions,
        cases,
    } = comparison;
    let gate = comparison.gate().map(|gate| word(&gate));
    connection.execute(
        "INSERT INTO comparison (base, candidate, base_name, candidate_name, judged_at, pairing, gate,
            rules_json, conditions_json)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            run_key(connection, &base.run)?,
            run_key(connection, &candidate.run)?,
            base.name,
            candidate.name,
            judged_at,
            word(pairing),
            gate,
            to_json("the rules", &Judged { rules: *rules, exceptions: exceptions.clone() })?,
            to_json("the conditions", conditions)?,
        ],
    )?;
    let id = connection.last_insert_rowid();
    for case in cases {
        write_verdict(connection, id, case)?;
    }
    let action = if comparison.rules.gates {
        "gate"
    } else {
        "compare"
    };
    schema::audit(connection, action, &candidate.run)
}

fn write_verdict(connection: &Connection, id: i64, case: &CaseComparison) -> Result<(), Cause> {
    let change = case.decisive();
    let metric = case.decided_by.map(|metric| word(&metric));
    let severity = case.severity.map(|severity| word(&severity));
    let gate = case.gate.as_ref().map(|gate| word(&gate.outcome));
    connection
        .prepare_cached(
            "INSERT INTO verdict (comparison, plugin_name, case_name, verdict, metric, severity, ratio,
                lower, upper, pairs, gate, detail_json)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            id,
            case.plugin,
            case.case,
            word(&case.verdict),
            metric,
            severity,
            change.map(|change| change.ratio),
            change.map(|change| change.lower),
            change.map(|change| change.upper),
            change.map(|change| write::bits(change.pairs)),
            gate,
            to_json("the verdict", case)?,
        ])?;
    Ok(())
}

fn read_comparisons(reader: &Reader<'_>, candidate: i64) -> Result<Vec<Comparison>, Cause> {
    let sql = "SELECT comparison.*, one.name AS base_run, other.name AS candidate_run FROM comparison
         JOIN run AS one ON one.id = comparison.base JOIN run AS other ON other.id = comparison.candidate
         WHERE candidate = ?1 ORDER BY comparison.id DESC";
    reader.all(sql, &[&candidate], |row| {
        let id: i64 = row.get("id")?;
        let judged: Judged = json(row, "rules_json")?;
        let verdicts = "SELECT detail_json FROM verdict WHERE comparison = ?1 ORDER BY id";
        Ok(Comparison {
            base: Side {
                run: text(row, "base_run", NAME_BYTES_MAX)?,
                name: text(row, "base_name", PATH_BYTES_MAX)?,
            },
            candidate: Side {
                run: text(row, "candidate_run", NAME_BYTES_MAX)?,
                name: text(row, "candidate_name", PATH_BYTES_MAX)?,
            },
            judged_at: text(row, "judged_at", NAME_BYTES_MAX)?,
            pairing: tag(row, "pairing")?,
            conditions: json_option(row, "conditions_json")?.unwrap_or_default(),
            rules: judged.rules,
            exceptions: judged.exceptions,
            cases: reader.all(verdicts, &[&id], |row| json(row, "detail_json"))?,
        })
    })
}
