//! Requests: what is asked as a file, which can be sent and repeated. Such a file is a stranger's
//! text, and it can come with a checkout: it says what is measured, and changes nothing of what
//! belongs to the machine and its user.

mod untrusted;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use {dyno_model as model, dyno_session as session};

use super::support::{Bench, QUICK, Said, case, finish, plugin};

/// What `dyno run` prints as a request.
fn printed(bench: &Bench, args: &[&str]) -> Value {
    let mut command = bench.command();
    command.arg("run").args(QUICK).arg("--print-request");
    finish_of(command, args).exits(0).json()
}

fn finish_of(mut command: Command, args: &[&str]) -> Said {
    command.args(args);
    finish(command)
}

/// Writes a request, and runs it with these flags.
fn asked(bench: &Bench, request: &Value, args: &[&str]) -> Said {
    bench.write("r.json", request.to_string());
    let mut command = bench.command();
    command.args(["run", "--request", "r.json"]).args(args);
    bench.finish(command)
}

/// What two runs of one request must have in common: everything but what was measured and when.
fn conditions(run: &Value) -> BTreeMap<&str, Value> {
    let names = ["seed", "order_seed", "settings", "limits", "grants"];
    names.map(|name| (name, run[name].clone())).into()
}

/// If this fails, what was sent to another machine, or is repeated tomorrow, is not what was asked.
#[test]
fn a_run_by_a_request_is_the_run_by_its_flags() {
    let bench = Bench::new();
    // The request is written beside it, and is no input of it.
    bench.write("p/a.wat", plugin(&["add", "more", "less"]));
    bench.write("data/file", "content");
    let flags = [
        "--seed",
        "7",
        "--strict",
        "--blocks",
        "2",
        "--budget",
        "1h",
        "--fuel",
        "1e10",
        "--memory",
        "512MiB",
        "--dir",
        "data::/data",
        "--dir-rw",
        "./data::/copy",
        "--env",
        "MODE=fast",
        "--arg",
        "-x",
        "--own-dir",
        "--case",
        "add",
        "--case",
        "/^mo/",
        "--exclude",
        "less",
        "--name",
        "it",
        "p/a.wat",
    ];
    let request = printed(&bench, &flags);
    let validator = jsonschema::draft202012::new(&session::schema()).unwrap();
    assert!(validator.is_valid(&request), "{request:#}");
    // Paths stay as they were typed, so that they mean what lies where it is run.
    assert_eq!(request["grants"]["dirs"][0]["host"], "data");

    bench.run(flags).exits(0);
    let typed = bench.recorded("latest");
    asked(&bench, &request, &["--env", "MODE=fast"]).exits(0);
    let repeated = bench.recorded("latest");
    assert_ne!(typed["id"], repeated["id"]);
    assert_eq!(conditions(&typed), conditions(&repeated));
    for name in ["add", "more"] {
        let [one, other] = [&typed, &repeated].map(|run| case(run, name));
        for counted in ["fuel_per_iteration", "passes", "memory"] {
            let [one, other] = [one, other].map(|case| &case["count"][counted]);
            assert_eq!(one, other, "{name}: {counted}");
        }
        assert_eq!(one["checksum"], other["checksum"], "{name}");
        let processes = |case: &Value| {
            let processes = case["processes"].as_array().unwrap().iter();
            let place = |one: &Value| {
                [&one["block"], &one["padding_bytes"], &one["layout"]].map(Value::clone)
            };
            processes.map(place).collect::<Vec<_>>()
        };
        assert_eq!(processes(one), processes(other), "{name}");
    }
    let [one, other] = [&typed, &repeated].map(|run| run["plugins"][0].clone());
    for field in ["name", "source", "digest", "inputs"] {
        assert_eq!(one[field], other[field], "{field}");
    }
}

/// If this fails, a seed that was drawn for a request is another one for each who runs it.
#[test]
fn the_order_that_was_drawn_is_part_of_a_request() {
    let bench = Bench::new();
    bench.write("a.wat", plugin(&["add"]));
    let [one, other] = [(); 2].map(|()| printed(&bench, &["a.wat"]));
    assert_eq!(one["seed"], other["seed"]);
    assert_ne!(one["order_seed"], other["order_seed"]);
    asked(&bench, &one, &[]).exits(0);
    assert_eq!(bench.recorded("latest")["order_seed"], one["order_seed"]);
}

/// If this fails, to print what would be done does some of it.
#[test]
fn to_print_a_request_builds_runs_and_records_nothing() {
    let bench = Bench::new();
    bench.write("p/it.wat", plugin(&["add"]));
    bench.write(
        "p/plugin.toml",
        "[plugin]\nname = 'it'\n[build]\ncommands = [['touch', 'built']]\ncomponent = 'it.wat'\n",
    );
    bench.write("q.wat", plugin(&["add"]));
    let compared = ["--print-request", "p", "q.wat"];
    for args in [
        &["run", "--print-request", "p"][..],
        &[&["compare"], &compared[..]].concat(),
        &[&["compare"], &compared[..], &["p/it.wat"]].concat(),
        &["gate", "--baseline", "q.wat", "--print-request", "p"],
    ] {
        let said = bench.dyno(args).exits(0);
        assert_eq!(said.json()["request"], 1, "{said}");
        assert_eq!(said.json()["build"], true, "{said}");
        assert_eq!(said.stderr, "", "{said}");
    }
    assert!(!bench.path("p/built").exists());
    assert!(!bench.report().exists() && !bench.cache().exists());
    // What is not there is found out by who runs it.
    printed(&bench, &["nowhere.wat", "--dir", "nowhere::/d"]);
}

/// If this fails, a request does not come through a pipe.
#[test]
fn a_request_is_read_from_stdin_and_where_it_is_run() {
    let bench = Bench::new();
    bench.write("here/a.wat", plugin(&["add"]));
    bench.write("there/a.wat", plugin(&["other"]));
    let mut command = bench.command();
    command.current_dir(bench.path("here"));
    let flags = [&["run", "--print-request", "a.wat"][..], &QUICK].concat();
    let request = bench.write("r.json", finish_of(command, &flags).exits(0).stdout);
    for (dir, name) in [("here", "add"), ("there", "other")] {
        let mut command = bench.command();
        command
            .current_dir(bench.path(dir))
            .stdin(File::open(&request).unwrap());
        let flags = ["run", "--request", "-", "--format", "json"];
        let run = finish_of(command, &flags).exits(0).json();
        assert_eq!(case(&run, name)["outcome"]["kind"], "ok");
    }
    let mut command = bench.command();
    command.stdin(Stdio::null());
    finish_of(command, &["run", "--request", "-"])
        .exits(2)
        .complains("the request on stdin:1:1: EOF while parsing a value");
}

/// Flags of `dyno run`, without dashes, and whether each has a value.
fn flags(bench: &Bench) -> Vec<(String, bool)> {
    let help = bench.dyno(["run", "--help"]).exits(0).stdout;
    let flag = |line: &str| {
        let line = line
            .trim_start()
            .trim_start_matches("-v, ")
            .trim_start_matches("-h, ");
        let line = line.trim_start_matches("-V, ").strip_prefix("--")?;
        let end = line.find(|c: char| c != '-' && !c.is_ascii_alphanumeric());
        let (name, rest) = line.split_at(end.unwrap_or(line.len()));
        Some((name.to_owned(), rest.starts_with(" <")))
    };
    help.lines().filter_map(flag).collect()
}

/// If this fails, a flag that is typed beside a request is passed over, or a new flag is in neither
/// of the two kinds.
#[test]
fn every_flag_is_held_by_a_request_or_typed_beside_it() {
    const BESIDE: [&str; 21] = [
        "allow-unsigned",
        "build-env",
        "build-timeout",
        "color",
        "env",
        "format",
        "help",
        "locked",
        "no-build",
        "no-cache",
        "no-report",
        "no-wait",
        "offline",
        "plain-http",
        "report",
        "require",
        "resume",
        "save-baseline",
        "verbose",
        "version",
        "worker",
    ];
    // What is only of one machine is not printed, and not passed over either.
    const UNPRINTED: [&str; 11] = [
        "allow-unsigned",
        "build-env",
        "build-timeout",
        "format",
        "locked",
        "no-cache",
        "no-wait",
        "offline",
        "plain-http",
        "resume",
        "save-baseline",
    ];
    let bench = Bench::new();
    bench.write("a.wat", plugin(&["add"]));
    let request = printed(&bench, &["a.wat"]);
    bench.write("r.json", request.to_string());
    let flags = flags(&bench);
    assert!(flags.len() > 50, "only {} flags were found", flags.len());
    let mut beside = Vec::new();
    for (name, is_valued) in &flags {
        if ["request", "print-request"].contains(&name.as_str()) {
            continue;
        }
        // Each has one of these as a value.
        let values: &[&str] = if *is_valued {
            &[
                "1", "1s", "1MiB", "a::b", "json", "landlock", "auto", "A=b", "gc", "http",
            ]
        } else {
            &[""]
        };
        let conflicts = |other: &[&str]| {
            let refused = |value: &&str| {
                let flag = format!("--{name}");
                let words = [flag.as_str(), value];
                let words = if *is_valued { &words[..] } else { &words[..1] };
                let said = bench.dyno([&["run"], other, words].concat());
                said.stderr.contains("cannot be used with")
            };
            values.iter().any(refused)
        };
        // What is printed is not run, which is what the other question would do.
        let is_unprinted = conflicts(&["--print-request", "a.wat"]);
        assert_eq!(is_unprinted, UNPRINTED.contains(&name.as_str()), "--{name}");
        if !conflicts(&["--request", "none.json"]) {
            beside.push(name.as_str());
        }
    }
    beside.sort_unstable();
    assert_eq!(beside, BESIDE);
    for words in [&["b.wat"][..], &["--", "b.wat"]] {
        let said = bench.dyno([&["run", "--request", "r.json"], words].concat());
        said.exits(2).complains("cannot be used with");
    }
    bench.dyno(["run"]).exits(2).complains("required");
}

/// If this fails, a comparison or a gate cannot be sent, or ends otherwise than where it was typed.
#[test]
fn a_comparison_is_sent_and_judged_as_it_was_typed() {
    let bench = Bench::new();
    bench.write("old.wat", plugin(&["add"]));
    let slower = plugin(&["add"]).replace("(i32.const 100))\n", "(i32.const 120))\n");
    assert_ne!(slower, plugin(&["add"]));
    bench.write("new.wat", slower);
    let printed = |args: &[&str]| bench.dyno(args).exits(0).json();
    let compare = printed(&[
        "compare",
        "--counts-only",
        "--print-request",
        "old.wat",
        "new.wat",
    ]);
    let said = asked(&bench, &compare, &[]).exits(0);
    said.says("old.wat").says("new.wat");
    let gate = [
        "gate",
        "--counts-only",
        "--checksum",
        "allow",
        "--baseline",
        "old.wat",
        "new.wat",
    ];
    bench.dyno(gate).exits(6);
    let typed = bench.recorded("latest");
    let request = printed(&[&gate[..], &["--print-request"]].concat());
    asked(&bench, &request, &[]).exits(6);
    let sent = bench.recorded("latest");
    let read: model::Comparison = serde_json::from_value(sent["comparison"].clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), sent["comparison"]);
    for field in ["rules", "cases", "exceptions", "pairing"] {
        assert_eq!(
            typed["comparison"][field], sent["comparison"][field],
            "{field}"
        );
    }
    let json = asked(&bench, &request, &["--format", "json", "--no-report"])
        .exits(6)
        .json();
    assert_eq!(json["comparison"]["cases"], sent["comparison"]["cases"]);
    // It has no one version that could be kept.
    asked(&bench, &request, &["--save-baseline", "main"])
        .exits(2)
        .complains("--save-baseline is for one version");
    // What only this machine has cannot be sent.
    bench.run(["old.wat", "--save-baseline", "main"]).exits(0);
    for baseline in ["main", "baseline:main", "latest"] {
        bench
            .dyno(["gate", "--print-request", "--baseline", baseline, "new.wat"])
            .exits(2)
            .complains("is kept in the report of this machine");
    }
}

/// If this fails, what is measured elsewhere cannot be brought back as what it was.
#[test]
fn a_run_is_the_same_there_and_back_and_follows_its_schema() {
    let bench = Bench::new();
    bench.write("a.wat", plugin(&["add", "trap", "n"]));
    let mut command = bench.command();
    command.arg("run").args(QUICK);
    let run = finish_of(command, &["--format", "json", "a.wat"])
        .exits(5)
        .json();
    let schema: Value = serde_json::from_str(dyno_export::SCHEMA).unwrap();
    assert!(jsonschema::draft202012::is_valid(&schema, &run), "{run:#}");
    let read: model::Run = serde_json::from_value(run.clone()).unwrap();
    let mut again = serde_json::to_value(&read).unwrap();
    for field in ["schema", "comparison"] {
        again[field] = run[field].clone();
    }
    assert_eq!(again, run);
    assert_eq!(serde_json::from_value::<model::Run>(again).unwrap(), read);
}

/// If this fails, a path that is no text is cut on its way into a request.
#[test]
fn a_path_that_is_no_text_cannot_be_sent() {
    use std::os::unix::ffi::OsStrExt as _;
    let bench = Bench::new();
    let path = PathBuf::from(Path::new(std::ffi::OsStr::from_bytes(b"a\xff.wat")));
    let mut command = bench.command();
    command.args(["run", "--print-request"]).arg(path);
    finish(command)
        .exits(2)
        .complains("no request can say this");
}
