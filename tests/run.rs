//! `dyno run` from the outside: what is measured, selected, cached, refused and repeated.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::support::{
    Bench, QUICK, case, cases, fib, finish, line_of, plugin, plugin_expecting, plugin_of,
    repository, samples,
};

/// If this fails, what the README promises first is not true: some sample is not built, not
/// measured, not shown, not repeatable or computes something else than it should.
#[test]
fn every_sample_is_built_measured_shown_and_repeatable() {
    let bench = Bench::new();
    let mut command = bench.command();

    command
        .args(["run", "--no-build"])
        .args(QUICK)
        .args(samples());
    let said = finish(command).exits(0);
    let run = bench.recorded("latest");
    assert_eq!(run["status"], "complete");

    let expected: BTreeSet<OsString> = samples()
        .iter()
        .map(|path| path.file_name().unwrap().to_owned())
        .collect();
    let plugins = run["plugins"].as_array().unwrap();
    let measured: BTreeSet<OsString> = plugins
        .iter()
        .map(|plugin| plugin["name"].as_str().unwrap().into())
        .collect();
    assert_eq!(measured, expected);

    for (plugin, case) in cases(&run) {
        let name = case["spec"]["name"].as_str().unwrap();
        assert_eq!(case["outcome"], json!({"kind": "ok"}), "{plugin} {name}");
        assert_eq!(case["count"]["deterministic"], true, "{plugin} {name}");
        assert!(
            case["count"]["fuel_per_iteration"].as_f64().unwrap() > 1.0,
            "{plugin} {name}"
        );
        assert!(
            !case["processes"][0]["samples"]
                .as_array()
                .unwrap()
                .is_empty(),
            "{plugin} {name}"
        );
        let expected = &case["spec"]["expected"];
        assert!(
            expected.is_null() || case["checksum"] == *expected,
            "{plugin} {name}"
        );
        // In its plugin's table, or at the head of one across plugins.
        assert!(said.stdout.contains(name), "no line for {name}: {said}");
    }
    assert!(cases(&run).len() > 60, "the samples became fewer");
}

/// If this fails, `--case` measures what nobody asked for, or not what was asked for.
#[test]
fn cases_are_chosen_by_part_glob_and_regex() {
    let bench = Bench::new();
    let file = bench.write(
        "codec.wat",
        plugin(&[
            "json/write/10",
            "json/read/10",
            "cbor/write/10",
            "cbor/read/100",
        ]),
    );
    let chosen = |patterns: &[&str]| -> Vec<String> {
        let mut command = bench.command();
        command.arg("list").arg(&file);
        for pattern in patterns {
            command.args(["--case", pattern]);
        }
        let listed = finish(command).exits(0).stdout;
        listed
            .lines()
            .skip(1)
            .map(|line| line.trim().to_owned())
            .collect()
    };
    assert_eq!(chosen(&["write"]), ["json/write/10", "cbor/write/10"]);
    assert_eq!(chosen(&["json/*"]), ["json/write/10", "json/read/10"]);
    assert_eq!(chosen(&["/0{2}$/"]), ["cbor/read/100"]);
    assert_eq!(
        chosen(&["cbor/r", "json/r"]),
        ["json/read/10", "cbor/read/100"]
    );
    assert_eq!(chosen(&[]).len(), 4);

    let said = bench
        .run([OsStr::new("--case"), "cbor/w*".as_ref(), file.as_os_str()])
        .exits(0);
    let run = bench.recorded("latest");
    assert_eq!(cases(&run).len(), 1, "{said}");
    assert!(line_of(&said.stdout, "cbor/write/10").is_some(), "{said}");
}

/// If this fails, a typing error in `--case` looks like success to a script.
#[test]
fn nothing_matched_is_told_apart() {
    let bench = Bench::new();
    let args = [
        OsStr::new("--case"),
        "no-such-case".as_ref(),
        fib().as_os_str(),
    ]
    .map(OsStr::to_owned);
    bench.run(&args).exits(4).says("no case matched");
    for verb in ["check", "list"] {
        bench.dyno([&[verb.into()][..], &args].concat()).exits(4);
    }
    let said = bench.run(["--case", "/(/", "."]).exits(2);
    assert!(
        said.stderr
            .starts_with("error: a pattern of --case or --exclude "),
        "{said}"
    );
}

/// If this fails, programs that read the JSON by its schema break.
#[test]
fn json_follows_the_schema_and_is_what_was_recorded() {
    let bench = Bench::new();
    let good = bench.write("good.wat", plugin(&["add", "trap"]));
    let bad = bench.write("bad.wasm", "text");
    for verb in ["run", "check"] {
        let mut command = bench.command();
        command.arg(verb).args(["--format", "json"]);
        if verb == "run" {
            command.args(QUICK);
        }
        command.arg(fib()).arg(&good).arg(&bad);
        let said = finish(command).exits(3);
        let document = said.json();
        let schema =
            fs::read_to_string(repository().join("host/schema/report.schema.json")).unwrap();
        let schema: Value = serde_json::from_str(&schema).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<_> = validator
            .iter_errors(&document)
            .map(|e| e.to_string())
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{verb}");
        assert_eq!(cases(&document).len(), 3, "{verb}");
        if verb == "run" {
            assert_eq!(bench.recorded("latest"), document);
        }
    }
}

/// If this fails, a stream of results cannot be read line by line.
#[test]
fn json_lines_are_objects_and_the_last_says_that_all_are_there() {
    let bench = Bench::new();
    let said = bench
        .run([OsStr::new("--format"), "jsonl".as_ref(), fib().as_os_str()])
        .exits(0);
    let lines: Vec<Value> = said
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let kinds: BTreeSet<&str> = lines
        .iter()
        .map(|line| line["type"].as_str().unwrap())
        .collect();
    for kind in ["run", "plugin", "case", "process", "measurement", "end"] {
        assert!(kinds.contains(kind), "{kinds:?}");
    }
    assert_eq!(lines.last().unwrap()["lines"], lines.len() - 1);
}

/// If this fails, a run cannot be repeated: fuel, checksums, order or padding depend on something
/// that is not in the report.
#[test]
fn the_same_seed_gives_the_same_fuel_order_and_checksums() {
    let bench = Bench::new();
    let file = bench.write("five.wat", plugin(&["a", "b", "c", "d", "f"]));
    let run = |seed: &str| {
        bench
            .run(["--seed", seed, "--blocks", "2", file.to_str().unwrap()])
            .exits(0);
        bench.recorded("latest")
    };
    let [one, two, other] = [run("77"), run("77"), run("78")];
    let fixed = |run: &Value| -> Vec<Value> {
        let of_case = |case: &Value| {
            let process = |process: &Value| {
                json!([
                    process["block"],
                    process["order"],
                    process["padding_bytes"],
                    process["checksum"]
                ])
            };
            let processes: Vec<_> = case["processes"]
                .as_array()
                .unwrap()
                .iter()
                .map(process)
                .collect();
            json!([
                case["count"]["passes"],
                case["count"]["fuel_per_iteration"],
                case["checksum"],
                processes
            ])
        };
        cases(run)
            .into_iter()
            .map(|(_, case)| of_case(case))
            .collect()
    };
    assert_eq!(one["order_seed"], two["order_seed"]);
    assert_eq!(fixed(&one), fixed(&two));
    assert_ne!(one["order_seed"], other["order_seed"]);
    assert_ne!(
        fixed(&one),
        fixed(&other),
        "the seed of the order has no effect"
    );
    for (_, case) in cases(&one) {
        assert!(case["count"]["deterministic"].as_bool().unwrap());
    }
}

/// If this fails, runs that name no seed all use one order, which hides what order does; or they
/// use different random numbers, and their fuel cannot be compared.
#[test]
fn without_a_seed_the_order_differs_and_the_guests_randomness_does_not() {
    let bench = Bench::new();
    let [one, two] = [(), ()].map(|()| {
        bench.run([fib()]).exits(0);
        bench.recorded("latest")
    });
    assert_eq!(one["seed"], two["seed"]);
    assert_ne!(one["order_seed"], two["order_seed"]);
}

/// If this fails, the cache compiles twice, is shared wrongly, or `--no-cache` leaves traces.
#[test]
fn the_second_run_compiles_nothing_and_no_cache_keeps_nothing() {
    let bench = Bench::new();
    let compile = || {
        let run = bench.recorded("latest");
        let compile = &plugin_of(&run, "fib-wat")["compile"];
        (
            compile["cache"].as_str().unwrap().to_owned(),
            compile["duration_ns"].as_u64().unwrap(),
        )
    };
    bench
        .run([OsStr::new("--no-cache"), fib().as_os_str()])
        .exits(0)
        .says("compiled in");
    assert_eq!(compile().0, "off");
    assert_eq!(bench.cached(), Vec::<PathBuf>::new());

    bench.run([fib()]).exits(0).says("compiled in");
    let (cache, duration_ns) = compile();
    assert_eq!(cache, "miss");
    assert!(duration_ns > 0);
    let files = bench.cached();
    assert_eq!(
        files.len(),
        4,
        "two builds of the plugin and of our own empty guest: {files:?}"
    );

    let written = |files: &[PathBuf]| -> Vec<u64> {
        use std::os::unix::fs::MetadataExt as _;
        files
            .iter()
            .map(|file| fs::metadata(file).unwrap().ino())
            .collect()
    };
    let before = written(&files);
    bench.run([fib()]).exits(0).says("code cached");
    assert_eq!(compile(), ("hit".to_owned(), 0));
    assert_eq!(
        written(&bench.cached()),
        before,
        "a cached file was written again"
    );
}

/// If this fails, a run leaves files behind, and a machine fills up with them.
#[test]
fn a_run_leaves_nothing_in_the_temporary_directory() {
    let bench = Bench::new();
    fs::create_dir(bench.path("data")).unwrap();
    bench.write("data/file", "content");
    bench
        .run([
            OsStr::new("--dir-rw"),
            "data::/data".as_ref(),
            fib().as_os_str(),
        ])
        .exits(0);
    bench
        .run([OsStr::new("--no-cache"), fib().as_os_str()])
        .exits(0);
    bench
        .dyno([OsStr::new("check"), fib().as_os_str()])
        .exits(0);
    let left: Vec<_> = fs::read_dir(bench.tmp())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(left, Vec::<PathBuf>::new());
    assert!(
        bench
            .cached()
            .iter()
            .all(|file| file.extension() == Some(OsStr::new("cwasm")))
    );
}

/// If this fails, what the report calls processes are not as many as the user asked for, and the
/// interval claims a certainty that is not there.
#[test]
fn blocks_are_processes() {
    let bench = Bench::new();
    let file = bench.write("two.wat", plugin(&["a", "b"]));
    bench
        .run(["--blocks", "3", file.to_str().unwrap()])
        .exits(0)
        .says(" × 3");
    let run = bench.recorded("latest");
    assert_eq!(run["settings"]["blocks"], 3);
    let mut orders = Vec::new();
    for (_, case) in cases(&run) {
        let processes = case["processes"].as_array().unwrap();
        let blocks: Vec<_> = processes
            .iter()
            .map(|process| process["block"].as_u64().unwrap())
            .collect();
        assert_eq!(blocks, [0, 1, 2]);
        orders.extend(
            processes
                .iter()
                .map(|process| process["order"].as_u64().unwrap()),
        );
    }
    orders.sort_unstable();
    assert_eq!(orders, [0, 1, 2, 3, 4, 5]);
}

/// If this fails, a case that failed looks well to a script, or takes the others with it.
#[test]
fn a_case_that_fails_fails_the_run_and_no_other_case() {
    let bench = Bench::new();
    let file = bench.write(
        "mixed.wat",
        plugin_expecting(&[("add", None), ("trap", None), ("wrong", Some(1))]),
    );
    let said = bench.run([&file]).exits(5);
    let run = bench.recorded("latest");
    let kind = |name| case(&run, name)["outcome"]["kind"].clone();
    assert_eq!(
        [kind("add"), kind("trap"), kind("wrong")],
        ["ok", "trap", "checksum"]
    );
    assert!(
        line_of(&said.stdout, "add").is_some_and(|line| line.contains("× 1")),
        "{said}"
    );
    assert!(said.stdout.contains("✗ trap trapped:"), "{said}");
}

/// If this fails, a result that changes from batch to batch passes for a stable one.
#[test]
fn nondeterminism_is_marked_and_fails_under_strict() {
    let bench = Bench::new();
    let file = bench.write("moody.wat", plugin(&["add", "new-sums"]));
    bench.run([&file]).exits(0).says("nondeterministic");
    let run = bench.recorded("latest");
    assert_eq!(case(&run, "new-sums")["marks"][0], "nondeterministic");
    assert_eq!(case(&run, "new-sums")["checksum"], Value::Null);
    bench
        .run([OsStr::new("--strict"), file.as_os_str()])
        .exits(5);
    let run = bench.recorded("latest");
    assert_eq!(
        case(&run, "new-sums")["outcome"]["kind"],
        "nondeterministic"
    );
    assert_eq!(case(&run, "add")["outcome"]["kind"], "ok");
}

/// If this fails, the command that is shown below a failure does not show it again.
#[test]
fn the_command_below_a_failure_reproduces_it() {
    let bench = Bench::new();
    // Names that the shell, `--case` or a terminal would take for something else.
    let names = [
        "trap 'n roll",
        "trap[0]",
        "t/$(x)/{a,b}*?",
        "trap \u{202e}\u{200b}back",
    ];
    let file = bench.write(
        "it's a plugin.wat",
        plugin(&[&["add", "trap0"], &names[..]].concat()),
    );
    let said = bench
        .run(["--seed", "7", "--memory", "8MiB", file.to_str().unwrap()])
        .exits(5);
    let commands: Vec<_> = said.reruns().collect();
    assert_eq!(commands.len(), names.len() + 1, "{said}");
    for (name, again) in names.iter().zip(&commands[1..]) {
        let said = bench.shell(again).exits(5);
        let run = bench.recorded("latest");
        assert_eq!(cases(&run).len(), 1, "{name}: {said}");
        assert_eq!(case(&run, name)["outcome"]["kind"], "trap");
        assert_eq!(run["seed"], "0x0000000000000007");
        assert_eq!(run["limits"]["memory"], 8 << 20);
    }
}

/// If this fails, plugins that do one job cannot be compared, or are compared although they do not.
#[test]
fn cases_of_one_name_and_result_stand_side_by_side_with_the_fastest_first() {
    let bench = Bench::new();
    let text = fs::read_to_string(fib().join("fib.wat")).unwrap();
    let call = "(local.set $checksum (call $fib (i32.const 20)))";
    assert!(text.contains(call));
    let thrice = format!("(drop (call $fib (i32.const 20))) {call} {call}");
    bench.write("slow.wat", text.replace(call, &thrice));
    bench.write("fast.wat", &text);
    let said = bench.run(["slow.wat", "fast.wat"]).exits(0);
    assert!(
        said.stdout
            .contains("fib/20 in 2 plugins · checksum 0x0000000000001a6d"),
        "{said}"
    );
    let at = |start: &str| said.stdout.lines().position(|line| line.starts_with(start));
    assert!(
        at("  fast ") < at("  slow ") && at("  fast ").is_some(),
        "{said}"
    );
    let ratio = |line: &str| line.split("  ").map(str::trim).any(|cell| cell == "1.00");
    assert!(line_of(&said.stdout, "fast").is_some_and(ratio), "{said}");
    // Shown once: not in the tables of the plugins as well.
    assert_eq!(said.stdout.matches("fib/20").count(), 1, "{said}");

    let other = text
        .replace("(call $fib (i32.const 20))", "(call $fib (i32.const 10))")
        .replace(
            "\"\\01\\00\\00\\00\\00\\00\\00\\00\"              ;; expected: some",
            "\"\\00\\00\\00\\00\\00\\00\\00\\00\"              ;; expected: none",
        );
    bench.write("other.wat", other);
    let said = bench.run(["fast.wat", "other.wat"]).exits(0);
    assert!(!said.stdout.contains(" in 2 plugins"), "{said}");
    let said = bench.run(["fast.wat", "slow.wat", "other.wat"]).exits(0);
    assert!(said.stdout.contains("fib/20 in 2 plugins"), "{said}");
    assert!(
        said.stdout.contains("other computes something else"),
        "{said}"
    );
}
