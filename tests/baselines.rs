//! `dyno baseline` from the outside: what is kept, for how long, and what it is good for.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::support::{Bench, plugin};
use super::versions::{change, rounds};

/// The entries of the content store beside the report.
fn entries(bench: &Bench) -> BTreeSet<PathBuf> {
    let dir = bench.report().with_file_name("report.sqlite.components");
    let Ok(entries) = fs::read_dir(dir) else {
        return BTreeSet::new();
    };
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// Measures `it.wat` with so many rounds, and saves that under a name.
fn save(bench: &Bench, name: &str, work: u32) -> String {
    bench.write("it.wat", rounds(&["add"], work));
    bench.run(["it.wat"]).exits(0);
    let run = bench.runs().remove(0);
    let said = bench.dyno(["baseline", "save", name]).exits(0);
    said.says(&format!("{name} is run {run} now, with its plugin"));
    run
}

/// By how many units of fuel an iteration of the candidate does more, in the latest comparison.
fn more_fuel(bench: &Bench) -> f64 {
    let fuel = change(&bench.verdict(), "fuel").clone();
    fuel["candidate"].as_f64().unwrap() - fuel["base"].as_f64().unwrap()
}

/// If this fails, a baseline is gone with its source, and nothing can be held against it.
#[test]
fn a_baseline_outlives_its_source() {
    let bench = Bench::new();
    let run = save(&bench, "main", 1000);
    fs::rename(bench.path("it.wat"), bench.path("moved.wat")).unwrap();
    bench
        .compare(["main", "moved.wat"])
        .exits(0)
        .says("1 identical");
    fs::remove_file(bench.path("moved.wat")).unwrap();
    bench.write("new.wat", rounds(&["add"], 2000));
    bench
        .compare(["main", "new.wat"])
        .exits(0)
        .says("side by side");
    assert_eq!(more_fuel(&bench), 5000.0);
    // The run that is compared with is a new one of the same component.
    let [base, _] = bench.sides();
    assert_ne!(base, run);
    let digest = |run: &str| bench.recorded(run)["plugins"][0]["digest"].clone();
    assert_eq!(digest(&base), digest(&run));
    let shown = bench.dyno(["baseline", "show", "main"]).exits(0);
    assert_eq!(
        shown.stdout,
        bench.dyno(["report", "show", &run]).exits(0).stdout
    );
}

/// If this fails, a baseline holds another version than the one whose numbers it shows.
#[test]
fn what_changed_or_went_since_it_was_measured_is_not_kept() {
    let bench = Bench::new();
    save(&bench, "main", 1000);
    // Stored numbers compare only if there are enough of them.
    bench.run(["--blocks", "8", "it.wat"]).exits(0);
    bench.write("it.wat", rounds(&["add"], 2000));
    let before = entries(&bench);
    bench
        .dyno(["baseline", "save", "other"])
        .exits(2)
        .complains("the plugin it is not what was measured any more")
        .complains("--numbers-only");
    fs::remove_file(bench.path("it.wat")).unwrap();
    let said = bench
        .dyno(["baseline", "save", "other"])
        .complains("is no longer there");
    assert_ne!(said.status.code(), Some(0));
    bench.dyno(["baseline", "save", "other", "1999"]).exits(4);
    for name in ["", "two words", "run:x", "a\u{1b}b"] {
        bench.dyno(["baseline", "save", name]).exits(2);
    }
    assert_eq!(bench.number("SELECT count(*) FROM baseline"), 1);
    assert_eq!(
        entries(&bench),
        before,
        "a refused baseline left something behind"
    );

    bench
        .dyno(["baseline", "save", "other", "--numbers-only"])
        .exits(0)
        .says("its numbers alone");
    bench.write("it.wat", rounds(&["add"], 2000));
    for verb in ["gate", "compare"] {
        let args = match verb {
            "gate" => &["--baseline", "other", "--threshold", "1000%"][..],
            _ => &["other", "it.wat"],
        };
        let said = bench.versus(verb, args);
        // On a busy machine the two runs may differ in what an empty batch takes: then the gate is
        // unsure.
        let code = said.status.code();
        let is_unsure =
            verb == "gate" && code == Some(7) && said.stdout.contains("differs empty batch");
        assert!(code == Some(0) || is_unsure, "{said}");
        said.says("as stored, each from its own time");
        assert_eq!(
            bench.text("SELECT pairing FROM comparison ORDER BY id DESC LIMIT 1"),
            "stored"
        );
        assert_eq!(more_fuel(&bench), 5000.0);
    }
    let listed = bench.dyno(["baseline", "list"]).exits(0);
    assert!(
        listed
            .stdout
            .lines()
            .any(|line| line.starts_with("other ") && line.ends_with("numbers only")),
        "{listed}"
    );
}

/// If this fails, somebody's other component is run in the place of the one that was measured.
#[test]
fn a_component_that_was_changed_in_the_store_is_noticed_and_saving_again_repairs_it() {
    let bench = Bench::new();
    let run = save(&bench, "main", 1000);
    let entry = entries(&bench).pop_first().unwrap();
    let good = fs::read(entry.join("component.wasm")).unwrap();
    let manifest = fs::read_to_string(entry.join("plugin.toml")).unwrap();
    let files: [(&str, Vec<u8>); 3] = [
        ("component.wasm", rounds(&["add"], 3).into()),
        ("plugin.toml", format!("{manifest}\n# more\n").into()),
        ("stdin", b"more".to_vec()),
    ];
    for (name, content) in files {
        let before = fs::read(entry.join(name)).ok();
        fs::write(entry.join(name), content).unwrap();
        for args in [
            &["compare", "main", "it.wat"][..],
            &["gate", "--baseline", "main"],
        ] {
            let said = bench
                .dyno(args)
                .exits(3)
                .complains("was changed where it is kept");
            assert!(said.stdout.is_empty(), "{said}");
        }
        match before {
            Some(before) => fs::write(entry.join(name), before).unwrap(),
            None => fs::remove_file(entry.join(name)).unwrap(),
        }
        bench
            .compare(["main", "it.wat"])
            .exits(0)
            .says("1 identical");
    }
    // What the error advises helps.
    fs::write(entry.join("component.wasm"), "text").unwrap();
    bench.dyno(["baseline", "save", "main", &run]).exits(0);
    assert!(
        fs::read(entry.join("component.wasm")).unwrap() == good,
        "saving again repairs nothing"
    );
    bench
        .compare(["main", "it.wat"])
        .exits(0)
        .says("1 identical");
    fs::remove_dir_all(&entry).unwrap();
    let said = bench
        .compare(["main", "it.wat"])
        .complains("is no longer there");
    assert_eq!(said.status.code(), Some(1), "{said}");
    bench.dyno(["baseline", "save", "main", &run]).exits(0);
    bench
        .compare(["main", "it.wat"])
        .exits(0)
        .says("1 identical");
}

/// If this fails, the store grows for ever, or a baseline loses what it needs.
#[test]
fn equal_components_are_kept_once_until_the_last_baseline_of_them_goes() {
    let bench = Bench::new();
    save(&bench, "one", 1000);
    save(&bench, "two", 1000);
    assert_eq!(entries(&bench).len(), 1);
    save(&bench, "three", 2000);
    assert_eq!(entries(&bench).len(), 2);
    let names = "SELECT json_group_array(plugin_name) FROM baseline_plugin";
    assert_eq!(bench.text(names), r#"["it","it","it"]"#);
    bench
        .dyno(["baseline", "remove", "one"])
        .exits(0)
        .says("one is forgotten; its run stays");
    bench.compare(["two", "it.wat"]).exits(0);
    assert_eq!(more_fuel(&bench), 5000.0);
    bench.dyno(["baseline", "remove", "two"]).exits(0);
    assert_eq!(entries(&bench).len(), 1);
    bench
        .compare(["three", "it.wat"])
        .exits(0)
        .says("1 identical");
    bench
        .dyno(["baseline", "remove", "two"])
        .exits(4)
        .complains("there is no baseline two");
    bench.dyno(["baseline", "remove", "three"]).exits(0);
    assert!(entries(&bench).is_empty());
    assert_eq!(bench.number("SELECT count(*) FROM baseline_plugin"), 0);
    assert!(bench.runs().len() >= 3);
}

/// If this fails, a name stands for two runs, or what it stood for stays in the store for ever.
#[test]
fn a_name_that_is_saved_again_moves() {
    let bench = Bench::new();
    let first = save(&bench, "main", 1000);
    let second = save(&bench, "main", 2000);
    assert_ne!(first, second);
    let listed = bench.dyno(["baseline", "list"]).exits(0);
    assert_eq!(listed.stdout.lines().count(), 2, "{listed}");
    assert!(listed.stdout.contains(&second) && !listed.stdout.contains(&first));
    bench
        .compare(["main", "it.wat"])
        .exits(0)
        .says("1 identical");
    bench
        .dyno(["baseline", "save", "main", &first, "--numbers-only"])
        .exits(0);
    assert!(
        bench
            .dyno(["baseline", "list"])
            .exits(0)
            .stdout
            .contains(&first)
    );
    assert!(
        entries(&bench).is_empty(),
        "nobody needs what the name stood for: {:?}",
        entries(&bench)
    );
}

/// If this fails, a baseline hides a run from everybody, or is never found itself.
#[test]
fn a_name_that_would_mean_something_else_is_refused() {
    let bench = Bench::new();
    let run = save(&bench, "main", 1000);
    for name in ["latest", run.as_str(), &run[..8]] {
        let said = bench.dyno(["baseline", "save", name]);
        assert_eq!(said.status.code(), Some(2), "{said}");
    }
    bench.dyno(["baseline", "save", "größe/v1.2_x-y"]).exits(0);
    bench
        .compare(["größe/v1.2_x-y", "it.wat"])
        .exits(0)
        .says("1 identical");
}

/// If this fails, what a program got besides its bytes is not kept with it.
#[test]
fn arguments_and_stdin_are_kept_and_the_own_directory_is_not() {
    let bench = Bench::new();
    let module = r#"(module
        (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\10\00\00\00\00\10\00\00")
        ;; It goes round once for each byte of stdin.
        (func (export "_start")
            (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
            (loop $more
                (br_if $more (i32.gt_s (i32.const 0) (i32.const 1))))
            (block $done
                (loop $more
                    (br_if $done (i32.eqz (i32.load (i32.const 8))))
                    (i32.store (i32.const 8) (i32.sub (i32.load (i32.const 8)) (i32.const 1)))
                    (br $more)))))"#;
    bench.write("it/it.wat", module);
    bench.write(
        "it/plugin.toml",
        "[plugin]\nname = \"it\"\n[build]\ncomponent = \"it.wat\"\n[program]\nargs = [\"x y\", \"--z\"]\nstdin = \"in\"\n",
    );
    bench.write("it/in", "x".repeat(100));
    bench.run(["it"]).exits(0);
    let fuel =
        bench.recorded("latest")["plugins"][0]["cases"][0]["count"]["fuel_per_iteration"].clone();
    bench.dyno(["baseline", "save", "main"]).exits(0);
    fs::rename(bench.path("it"), bench.path("moved")).unwrap();
    bench
        .compare(["main", "moved"])
        .exits(0)
        .says("1 identical");
    bench.write("moved/in", "x".repeat(200));
    bench.compare(["main", "moved"]).exits(0);
    assert_eq!(change(&bench.verdict(), "fuel")["base"], fuel);
    let more = more_fuel(&bench);
    assert!(more > 0.0 && more % 100.0 == 0.0, "{more}");

    bench.run(["--own-dir", "moved"]).exits(0);
    bench
        .dyno(["baseline", "save", "own"])
        .exits(2)
        .complains("their own directories, which a baseline does not keep");
    bench
        .dyno(["baseline", "save", "own", "--numbers-only"])
        .exits(0);
}

/// If this fails, several plugins of a baseline are mixed up, or one that was refused stops the
/// others.
#[test]
fn every_plugin_that_could_be_loaded_is_kept() {
    let bench = Bench::new();
    for (name, work) in [("a", 1000), ("b", 2000)] {
        bench.write(format!("old/{name}.wat"), rounds(&["add"], work));
    }
    bench.write("old/bad.wasm", "text");
    bench.run(["old"]).exits(3);
    bench
        .dyno(["baseline", "save", "main"])
        .exits(0)
        .says("its 2 plugins");
    fs::remove_dir_all(bench.path("old")).unwrap();
    for (name, work) in [("a", 1100), ("b", 2200)] {
        bench.write(format!("new/{name}.wat"), rounds(&["add"], work));
    }
    bench.compare(["main", "new"]).exits(0);
    let more: Vec<(String, f64)> = bench
        .verdicts()
        .iter()
        .map(|case| {
            let fuel = change(case, "fuel");
            let number = |name: &str| fuel[name].as_f64().unwrap();
            (text(&case["plugin"]), number("candidate") - number("base"))
        })
        .collect();
    assert_eq!(more, [("a".to_owned(), 500.0), ("b".to_owned(), 1000.0)]);
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// If this fails, a baseline of a run that measured nothing is taken for one.
#[test]
fn numbers_alone_need_numbers() {
    let bench = Bench::new();
    bench.write("it.wat", plugin(&["add"]));
    // What is identical is counted on the candidate's side alone.
    bench.compare(["it.wat", "it.wat"]).exits(0);
    let [base, candidate] = bench.sides();
    let said = bench.dyno(["baseline", "save", "main", &base, "--numbers-only"]);
    assert_ne!(said.status.code(), Some(0), "{said}");
    bench
        .dyno(["baseline", "save", "counts", &candidate, "--numbers-only"])
        .exits(0);
    bench
        .dyno(["gate", "--counts-only", "--baseline", "counts", "it.wat"])
        .exits(0);
    // Times it has none, and so it says nothing of them.
    bench
        .gate(["--baseline", "counts", "it.wat", "--seed", "5"])
        .exits(7)
        .says("there are too few processes on both sides for an interval");
    // The plugin can be kept, since it is measured when it is compared with.
    bench.dyno(["baseline", "save", "main", &base]).exits(0);
}

/// If this fails, saving a baseline in one report loses those of another one beside it.
#[test]
fn reports_of_one_directory_keep_each_its_own() {
    let bench = Bench::new();
    bench.write("p.wat", plugin(&["add"]));
    bench.write("q.wat", rounds(&["add"], 2000));
    let keep = |report: &str, name: &str, what: &str| {
        bench
            .run(["--report", report, "--save-baseline", name, what])
            .exits(0)
    };
    let holds = || {
        let args = [
            "gate",
            "--counts-only",
            "--report",
            "one.sqlite",
            "--baseline",
            "main",
        ];
        bench.dyno([&args[..], &["p.wat"]].concat())
    };
    keep("one.sqlite", "main", "p.wat");
    keep("two.sqlite", "x", "q.wat");
    keep("two.sqlite", "y", "p.wat");
    holds().exits(0).says("1 identical");
    for name in ["x", "y"] {
        bench
            .dyno(["baseline", "remove", "--report", "two.sqlite", name])
            .exits(0);
        holds().exits(0).says("1 identical");
    }

    // Older versions kept the plugins of all reports of a directory together.
    let kept = bench.path("one.sqlite.components");
    let old = bench.path("components");
    fs::rename(&kept, &old).unwrap();
    holds().exits(0).says("1 identical");
    keep("one.sqlite", "other", "q.wat");
    holds().exits(0).says("1 identical");

    fs::remove_dir_all(&old).unwrap();
    holds()
        .exits(1)
        .complains("the copy of the plugin p that this baseline kept is no longer there");
}

/// If this fails, a run that failed looks like a command line that makes no sense.
#[test]
fn a_run_that_cannot_be_saved_ends_as_it_ended() {
    let bench = Bench::new();
    bench.write("it.wat", plugin(&["add", "trap"]));
    bench.write("bad.wasm", "text");
    for (args, code) in [
        (&["bad.wasm"][..], 3),
        (&["it.wat", "--case", "nosuch"], 4),
        (&["it.wat", "--case", "trap"], 5),
    ] {
        let said = bench.run([&["--save-baseline", "main"], args].concat());
        let said = said.exits(code);
        assert!(
            said.stderr.contains("nothing was saved as main: the run ")
                && said
                    .stderr
                    .contains("measured no case that a later one could be held against"),
            "{said}"
        );
    }
    assert_eq!(bench.number("SELECT count(*) FROM baseline"), 0);
}

/// If this fails, who saves a run in which something failed is told what a gate does not do.
#[test]
fn what_failed_is_said_to_be_run_again_only_where_it_can_be() {
    let bench = Bench::new();
    bench.write("it.wat", plugin(&["add", "trap"]));
    let said = bench.run(["--save-baseline", "main", "it.wat"]).exits(5);
    assert!(
        said.stderr.contains(
            "did not measure trap: a gate against it runs that again, and is unsure where it fails"
        ),
        "{said}"
    );
    let said = bench
        .dyno(["baseline", "save", "numbers", "--numbers-only"])
        .exits(0);
    assert!(
        said.stderr
            .contains("did not measure trap: a gate against it stays unsure there"),
        "{said}"
    );
}

/// If this fails, the command that shows a failure again compares with the run that failed.
#[test]
fn a_name_that_changes_its_meaning_is_shown_as_the_run_that_it_meant() {
    for by_id in [false, true] {
        let bench = Bench::new();
        bench.write("it.wat", rounds(&["add"], 1000));
        bench.run(["it.wat"]).exits(0);
        let run = bench.runs().remove(0);
        bench.write("it.wat", rounds(&["add"], 2000));
        let name = if by_id { &run[..9] } else { "latest" };
        let name = format!("--baseline=run:{name}");
        let args = ["gate", "--counts-only", &name, "it.wat"];
        let said = bench.dyno(args).exits(6).says(&format!("{run} → it.wat"));
        let again: Vec<&str> = said.reruns().collect();
        assert_eq!(
            again,
            [format!(
                "dyno gate --counts-only --baseline=run:{run} it.wat --case=add"
            )]
        );
    }
}
