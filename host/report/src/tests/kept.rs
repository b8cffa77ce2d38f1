//! What is recorded comes back.

use super::*;
use crate::read::{CASE_OF_RUN, SUMMARIES};
use crate::summary::RunSummary;
use dyno_model::{Metric, Outcome, Run};

#[test]
fn a_run_comes_back_equal() {
    let (_directory, path) = place();
    let run = fixture::full();
    Store::open(&path).unwrap().record(&run).unwrap();
    let store = Store::open_existing(&path).unwrap();
    for wanted in [run.id.as_str(), "2026", "latest"] {
        assert_eq!(store.run(wanted).unwrap(), run);
    }
}

#[test]
fn a_run_of_nothing_comes_back_equal() {
    let (_directory, path) = place();
    let run = Run {
        plugins: Vec::new(),
        warnings: Vec::new(),
        ..fixture::full()
    };
    let mut store = Store::open(&path).unwrap();
    store.record(&run).unwrap();
    assert_eq!(store.run("latest").unwrap(), run);
}

#[test]
fn the_list_is_newest_first_and_counts() {
    let (_directory, path) = place();
    let mut store = Store::open(&path).unwrap();
    assert_eq!(store.runs().unwrap(), []);
    for number in [2, 1, 3] {
        store.record(&fixture::numbered(number)).unwrap();
    }
    let expected = [3, 2, 1].map(|number| RunSummary::from(&fixture::numbered(number)));
    assert_eq!(store.runs().unwrap(), expected);
    assert_eq!(
        (expected[0].plugins, expected[0].cases, expected[0].failed),
        (2, 15, 14)
    );
    assert_eq!(expected[0].skipped, 1);
    let mut interrupted = fixture::numbered(4);
    let skipped = Outcome::Skipped {
        reason: "interrupted".into(),
    };
    interrupted.plugins[0].cases[0].outcome = skipped.clone();
    interrupted.plugins[1].outcome = skipped;
    store.record(&interrupted).unwrap();
    assert_eq!(store.runs().unwrap()[0], RunSummary::from(&interrupted));
    assert_eq!(store.runs().unwrap()[0].skipped, 3);
    assert_eq!(store.run("latest").unwrap().id, interrupted.id);
}

#[test]
fn one_case_is_read_alone() {
    let (_directory, path) = place();
    let mut store = Store::open(&path).unwrap();
    let run = fixture::full();
    store.record(&run).unwrap();
    // Were another case read on the way, its broken samples would be met.
    store
        .connection()
        .execute(
            "UPDATE process SET samples = x'00' WHERE bench_case <> 1",
            [],
        )
        .unwrap();
    let plugin = &run.plugins[0];
    let case = &plugin.cases[0];
    let read = store
        .case_samples(&run.id, &plugin.name, &case.spec.name)
        .unwrap();
    assert_eq!(read, case.processes);
    let broken = store.case_samples(&run.id, &plugin.name, &plugin.cases[2].spec.name);
    assert!(
        matches!(broken, Err(StoreError::Damaged { .. })),
        "{broken:?}"
    );
    let absent = store.case_samples(&run.id, &plugin.name, "no such");
    assert!(
        matches!(absent, Err(StoreError::NoSuchCase { .. })),
        "{absent:?}"
    );
}

#[test]
fn a_run_is_recorded_once() {
    let (_directory, path) = place();
    let mut store = Store::open(&path).unwrap();
    store.record(&fixture::full()).unwrap();
    let again = store.record(&fixture::full()).unwrap_err();
    assert!(
        matches!(again, StoreError::AlreadyRecorded { .. }),
        "{again}"
    );
    one_sentence(&again);
    assert_eq!(store.runs().unwrap().len(), 1);
}

#[test]
fn a_number_that_is_none_is_refused_by_name() {
    let (_directory, path) = place();
    let mut store = Store::open(&path).unwrap();
    let spoil: [fn(&mut Run); 4] = [
        |run| run.plugins[0].cases[3].measurements[2].estimate.sd = f64::NAN,
        |run| {
            run.plugins[0].cases[3]
                .count
                .as_mut()
                .unwrap()
                .memory
                .mean_bytes = f64::INFINITY
        },
        |run| {
            run.plugins[0].cases[3]
                .count
                .as_mut()
                .unwrap()
                .untimed_share = f64::NAN
        },
        |run| run.plugins[0].load_ns.as_mut().unwrap().upper = f64::NEG_INFINITY,
    ];
    for spoil in spoil {
        let mut run = fixture::full();
        spoil(&mut run);
        let error = store.record(&run).unwrap_err();
        assert!(matches!(error, StoreError::NotFinite { .. }), "{error}");
        assert!(error.to_string().contains("sorting"), "{error}");
    }
    assert_eq!(store.runs().unwrap(), []);
}

#[test]
fn ids_are_found_by_their_beginning() {
    let (_directory, path) = place();
    let mut store = Store::open(&path).unwrap();
    let nothing = store.run("latest").unwrap_err();
    assert!(matches!(nothing, StoreError::NoSuchRun { .. }), "{nothing}");
    for number in [1, 2] {
        store.record(&fixture::numbered(number)).unwrap();
    }
    let longer = Run {
        id: fixture::numbered(1).id + "0",
        ..fixture::numbered(1)
    };
    store.record(&longer).unwrap();
    let whole = fixture::numbered(1).id;
    assert_eq!(
        store.run(&whole).unwrap().id,
        whole,
        "the whole id is meant, not the longer one"
    );
    assert_eq!(store.run(&longer.id).unwrap().id, longer.id);
    let ambiguous = store.run("20261121").unwrap_err();
    assert!(
        matches!(ambiguous, StoreError::Ambiguous { .. }),
        "{ambiguous}"
    );
    one_sentence(&ambiguous);
    for wanted in [
        "",
        "%",
        "20261121_",
        "3",
        "'; DROP TABLE run; --",
        "\u{1b}[2J",
    ] {
        let error = store.run(wanted).unwrap_err();
        assert!(
            matches!(error, StoreError::NoSuchRun { .. }),
            "{wanted:?}: {error}"
        );
        assert!(!error.to_string().contains('\u{1b}'), "the id is quoted");
    }
}

#[test]
fn what_was_done_is_in_the_audit() {
    let (_directory, path) = place();
    recorded(&path);
    let store = Store::open(&path).unwrap();
    let mut statement = store
        .connection()
        .prepare("SELECT action, subject FROM audit")
        .unwrap();
    let lines: Vec<(String, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let versions = 1..=crate::schema::MIGRATIONS.len();
    let migrated = versions.map(|version| ("migrate".into(), format!("version {version}")));
    let recorded = ("record".into(), fixture::full().id);
    let expected: Vec<(String, String)> = migrated.chain([recorded]).collect();
    assert_eq!(lines, expected);
}

/// A machine and a component are one row over many runs, and no query of the daily work scans.
#[test]
fn many_runs_stay_cheap() {
    let (_directory, path) = place();
    let mut store = Store::open(&path).unwrap();
    for number in 0..10 {
        store.record(&fixture::numbered(number)).unwrap();
    }
    for table in ["machine", "plugin"] {
        let sql = format!("SELECT count(*) FROM {table}");
        let rows: i64 = store
            .connection()
            .query_row(&sql, [], |row| row.get(0))
            .unwrap();
        assert_eq!(rows, 1, "{table}");
    }
    let history = "SELECT run.started_at, median FROM bench_case
         JOIN run ON run.id = bench_case.run
         JOIN measurement ON measurement.bench_case = bench_case.id
         WHERE bench_case.plugin_name = 'p' AND bench_case.name = 'c' AND metric = 'fuel'
         ORDER BY bench_case.run";
    for (sql, index) in [
        (SUMMARIES, "run_newest"),
        (CASE_OF_RUN, "bench_case_"),
        (history, "bench_case_history"),
        (
            "SELECT * FROM bench_case WHERE run_plugin = 1 ORDER BY id",
            "bench_case_of_run_plugin",
        ),
        (
            "SELECT * FROM process WHERE bench_case = 1 ORDER BY id",
            "process_of_case",
        ),
    ] {
        let explain = format!("EXPLAIN QUERY PLAN {sql}");
        let mut statement = store.connection().prepare(&explain).unwrap();
        let unbound = statement.parameter_count();
        let rows = statement
            .query_map(rusqlite::params_from_iter(vec![0; unbound]), |row| {
                row.get::<_, String>(3)
            })
            .unwrap();
        let plan = rows.map(Result::unwrap).collect::<Vec<_>>().join("; ");
        assert!(
            plan.contains(index) && !plan.contains("TEMP B-TREE"),
            "{sql}: {plan}"
        );
        assert!(sql == SUMMARIES || !plan.contains("SCAN"), "{sql}: {plan}");
    }
}

/// A value that this version cannot mean is damage, not another measurement.
#[test]
fn values_that_were_never_written_are_damage() {
    for change in [
        "UPDATE measurement SET unit = 'ms'",
        "UPDATE measurement SET metric = 'happiness'",
        "UPDATE run SET status = 'done'",
        "UPDATE run SET settings_json = '{'",
        "UPDATE bench_case SET outcome_json = '{\"kind\":\"fine\"}'",
        "UPDATE process SET sample_count = sample_count + 1",
        "UPDATE process SET samples = x''",
        "UPDATE process SET block = -1",
        "UPDATE process SET sample_count = -1",
        "UPDATE measurement SET n = -1",
        "UPDATE measurement SET upper = 9e999",
        "UPDATE measurement SET sd = -1.0",
        "UPDATE run SET empty_batch_ns = -9e999",
        "UPDATE machine SET facts_json = '{\"cpu\": 1}'",
        "UPDATE run SET command_json = CAST(x'5b22ff225d' AS TEXT)",
        "UPDATE bench_case SET name = CAST(x'ff' AS TEXT)",
    ] {
        let (_directory, path) = place();
        recorded(&path);
        let store = Store::open(&path).unwrap();
        store.connection().execute(change, []).unwrap();
        let error = store.run("latest").unwrap_err();
        assert!(
            matches!(error, StoreError::Damaged { .. }),
            "{change}: {error:?}"
        );
        one_sentence(&error);
    }
}

/// If this fails, a change of the machine is found as a change of the plugin.
#[test]
fn machines_of_different_classes_have_histories_of_their_own() {
    let (_directory, path) = place();
    let mut store = Store::open(&path).unwrap();
    let cpus = ["AMD EPYC", "Intel Xeon", "AMD EPYC"];
    for (number, cpu) in (0..).zip(cpus) {
        let mut run = fixture::numbered(number);
        let facts = [("cpu".to_owned(), cpu.to_owned())];
        run.machine = dyno_model::Machine::of(facts.into());
        store.record(&run).unwrap();
    }
    let run = fixture::full();
    let case = &run.plugins[0].cases[0];
    let histories = store.histories(&case.spec.name, Metric::Fuel).unwrap();
    let of_plugin = histories
        .iter()
        .filter(|history| history.plugin == run.plugins[0].name);
    let points: Vec<usize> = of_plugin.map(|history| history.points.len()).collect();
    assert_eq!(points, [2, 1]);
}
