//! What the tests of `compare`, `gate`, `baseline` and `history` share: versions of one guest that
//! differ in exactly one thing, and what the report says of two of them.

use std::ffi::OsStr;

use rusqlite::Connection;
use serde_json::Value;

use super::support::{Bench, Said, plugin};

/// The flags of a comparison that is over as fast as one can be.
pub(crate) const SWIFT: [&str; 8] = [
    "--time",
    "20ms",
    "--sample-time",
    "1ms",
    "--blocks",
    "9",
    "--pairs",
    "1",
];

/// Where an iteration of the guest made to order begins.
const ITERATION: &str = "(local.set $sum (i64.const 0))";

/// Its memory, of one page.
const MEMORY: &str = r#"(memory (export "memory") 1)"#;

/// A guest whose iterations go round `rounds` times more, which changes no result: a round is five
/// instructions, whatever is around it.
pub(crate) fn rounds(cases: &[&str], rounds: u32) -> String {
    let round = "(local.tee $step (i32.sub (local.get $step) (i32.const 1)))";
    let work = format!("(local.set $step (i32.const {rounds})) (loop $more (br_if $more {round}))");
    replaced(&plugin(cases), ITERATION, &format!("{work} {ITERATION}"))
}

/// A guest that computes something else with the same work.
pub(crate) fn other_result(cases: &[&str]) -> String {
    replaced(&plugin(cases), ITERATION, "(local.set $sum (i64.const 7))")
}

/// A guest with more memory, in pages.
pub(crate) fn pages(cases: &[&str], pages: u32) -> String {
    let memory = format!(r#"(memory (export "memory") {pages})"#);
    replaced(&plugin(cases), MEMORY, &memory)
}

/// Replaces a text that is there exactly once.
fn replaced(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from}");
    text.replace(from, to)
}

impl Bench {
    /// A verb that measures two versions, as swift as can be.
    pub(crate) fn versus<S: AsRef<OsStr>>(
        &self,
        verb: &str,
        args: impl IntoIterator<Item = S>,
    ) -> Said {
        let mut command = self.command();
        command.arg(verb).args(SWIFT).args(args);
        self.finish(command)
    }

    pub(crate) fn compare<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Said {
        self.versus("compare", args)
    }

    pub(crate) fn gate<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Said {
        self.versus("gate", args)
    }

    /// The report as the database that it is.
    pub(crate) fn database(&self) -> Connection {
        Connection::open(self.report()).unwrap()
    }

    /// A number from the report.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        let row = self.database().query_row(sql, [], |row| row.get(0));
        row.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// A text from the report; empty for null.
    pub(crate) fn text(&self, sql: &str) -> String {
        let row = self.database().query_row(sql, [], |row| {
            Ok(row.get::<_, Option<String>>(0)?.unwrap_or_default())
        });
        row.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// What the latest comparison says of its cases, in order.
    pub(crate) fn verdicts(&self) -> Vec<Value> {
        let database = self.database();
        let sql = "SELECT detail_json FROM verdict
            WHERE comparison = (SELECT max(id) FROM comparison) ORDER BY id";
        let mut rows = database.prepare(sql).unwrap();
        let details = rows.query_map([], |row| row.get::<_, String>(0)).unwrap();
        details
            .map(|detail| serde_json::from_str(&detail.unwrap()).unwrap())
            .collect()
    }

    /// The verdict words of the latest comparison.
    pub(crate) fn words(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let verdicts = self.verdicts();
        verdicts
            .iter()
            .map(|case| (text(&case["case"]), text(&case["verdict"])))
            .collect()
    }

    /// The only verdict of the latest comparison.
    pub(crate) fn verdict(&self) -> Value {
        let verdicts = self.verdicts();
        assert_eq!(verdicts.len(), 1, "{verdicts:#?}");
        verdicts.into_iter().next().unwrap()
    }

    /// The ids of the runs of the latest comparison: base, candidate.
    pub(crate) fn sides(&self) -> [String; 2] {
        ["base", "candidate"].map(|side| {
            self.text(&format!(
                "SELECT run.name FROM comparison JOIN run ON run.id = comparison.{side}
                 ORDER BY comparison.id DESC LIMIT 1"
            ))
        })
    }
}

/// A change of a compared case.
pub(crate) fn change<'a>(case: &'a Value, metric: &str) -> &'a Value {
    let changes = case["changes"].as_array().unwrap();
    let found = changes.iter().find(|change| change["metric"] == metric);
    found.unwrap_or_else(|| panic!("no {metric} in {case:#}"))
}

/// Words as they are compared with.
pub(crate) fn pairs(words: &[(String, String)]) -> Vec<(&str, &str)> {
    words
        .iter()
        .map(|(case, verdict)| (case.as_str(), verdict.as_str()))
        .collect()
}
