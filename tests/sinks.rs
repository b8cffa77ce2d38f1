//! Where strangers' texts come out: whatever a name, a file, a build, a report or a package says,
//! on both streams of every verb it is nothing but text.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::process::Command;

use dyno_export::{FORMATS, Form};
use rusqlite::Connection;
use serde_json::Value;

use super::runners::{harm, harm_but_colours};
use super::sandbox::hostile;
use super::support::{Bench, QUICK, Said, case, fib, finish, plugin};

/// Names that a plugin may give its cases. The first letter says what a case does: `t` traps.
const NAMES: [&str; 6] = [
    "::error file=a.rs::owned",
    "\u{a0} ::set-output name=a::owned",
    "t ##[error]owned ##vso[task.complete result=Failed]owned",
    "##teamcity[buildStatus text='owned']",
    "--- travis_fold:start:owned section_start:1:owned",
    "a::b \u{202e}\u{200b}\u{e0041}owned",
];

/// What no terminal and no CI system may be told.
const EVIL: &str = "\u{1b}]52;c;b3duZWQ=\u{7}\u{1b}[31m\u{9b}2J\r\u{8}\u{202e}\u{200b}\u{fe0f}\n::error::owned\n  \
    ::add-mask::owned\n##vso[task.complete]owned\na ##[error]owned\n##teamcity[owned]\n--- owned\nsection_start:1:a\r\u{1b}[0K";

/// Nothing of what was said is more than text.
#[track_caller]
fn harmless(said: Said) -> Said {
    for stream in [&said.stdout, &said.stderr] {
        if let Some(harm) = harm(stream) {
            panic!("{harm}: {said}");
        }
    }
    said
}

fn words<'a>(words: &'a str, last: &'a str) -> Vec<&'a OsStr> {
    words.split(' ').chain([last]).map(OsStr::new).collect()
}

/// If this fails, a plugin that is only listed, measured, or looked at later speaks to a terminal
/// or a CI system.
#[test]
fn names_are_text_in_every_verb() {
    let bench = Bench::new();
    bench.write("a.wat", plugin(&NAMES));
    bench.write("b.wat", plugin(&NAMES));
    for verb in ["list", "check", "profile", "run --quick --time 20ms -v"] {
        let said = harmless(bench.dyno(words(verb, "a.wat")));
        assert!(said.stdout.contains("owned"), "nothing is shown: {said}");
    }
    for args in [
        "report list",
        "report show -v",
        "history * --metric fuel",
        "history * --json",
        "baseline save main",
        "baseline list",
        "baseline show main",
        "gate --baseline main --counts-only b.wat",
        "compare --counts-only a.wat b.wat",
        "compare --counts-only a.wat b.wat a.wat",
        "report show",
        "report show --case ::error*",
        "run --case ##vso[a a.wat",
        "run --case --- a.wat",
    ] {
        harmless(bench.dyno(args.split(' ')));
    }
}

/// If this fails, a log that a document was printed into obeys it; or the document says something
/// else than the file.
#[test]
fn exports_are_text_in_a_log_and_the_same_as_in_a_file() {
    let bench = Bench::new();
    bench.write("a.wat", plugin(&NAMES));
    let printed = bench.run(["--format", "json", "a.wat"]).exits(5);
    let run = harmless(printed).json();
    // What a reader of JSON gets is what the plugin said.
    for name in NAMES {
        case(&run, name);
    }
    bench.dyno(["compare", "--counts-only", "a.wat", "latest"]);
    let texts = FORMATS
        .iter()
        .filter(|spec| matches!(spec.form, Form::Text(_)));
    for format in texts.map(|spec| spec.name) {
        let export = ["report", "export", "--format", format];
        let printed = bench.dyno(export).exits(0);
        let to_file = [&export[..], &["-o", "file"]].concat();
        bench.dyno(to_file).exits(0);
        let file = fs::read_to_string(bench.path("file")).unwrap();
        assert!(printed.stdout == file, "{format} is another in a file");
        // A page is for browsers, and may indent by tabs or what else it likes; a command it may
        // not hold.
        let text = printed.stdout.replace('\t', " ");
        assert_eq!(harm(&text), None, "{format}: {text}");
    }
}

/// If this fails, colours let through what comes with them.
#[test]
fn our_own_colours_are_the_only_ones() {
    let bench = Bench::new();
    bench.write("a.wat", plugin(&NAMES));
    let evil = bench.write("evil/plugin.toml", format!("[plugin]\nname = 1\n# {EVIL}"));
    let evil = evil.parent().unwrap().as_os_str().to_owned();
    for args in [
        vec![
            OsString::from("run"),
            "--quick".into(),
            "a.wat".into(),
            evil.clone(),
        ],
        vec!["list".into(), "a.wat".into(), evil],
        vec!["report".into(), "show".into()],
        vec!["report".into(), "show".into(), EVIL.into()],
        vec!["list".into(), EVIL.into()],
    ] {
        let mut command = bench.command();
        command.args(["--color", "always"]).args(args);
        let said = finish(command);
        for stream in [&said.stdout, &said.stderr] {
            assert_eq!(harm_but_colours(stream), None, "{said}");
        }
        assert!(
            [&said.stdout, &said.stderr]
                .iter()
                .any(|stream| stream.contains("\u{1b}[1m")),
            "{said}"
        );
    }
}

/// If this fails, what a guest says in several lines looks like what the program says.
#[test]
fn each_line_of_a_strangers_text_is_marked_as_one() {
    let bench = Bench::new();
    let guests = hostile::guests();
    for (name, inner) in [
        ("output-commands-in-error", "| ::error file=a.rs::owned"),
        ("output-commands-in-trap", r"trap"),
    ] {
        let guest = guests.iter().find(|guest| guest.name == name).unwrap();
        let file = guest.write(&bench.work());
        let mut command = bench.command();
        command.arg("run").args(QUICK).arg(file);
        let said = harmless(finish(command).exits(5));
        assert!(said.stdout.contains(inner), "{inner:?} is missing: {said}");
        let (_, failed) = said.stdout.split_once('✗').unwrap();
        let (_, failed) = failed.split_once('✗').unwrap();
        let (lines, _) = failed.split_once("again:").unwrap();
        let below: Vec<&str> = lines.lines().skip(1).map(str::trim_start).collect();
        // The last holds what is before `again:`.
        for line in &below[..below.len() - 1] {
            assert!(
                line.starts_with("| ") || line.starts_with("it wrote: "),
                "{line:?}: {said}"
            );
        }
    }
    // A line feed in the name of a function begins no line of the backtrace.
    let trap = bench.runs().into_iter().next().unwrap();
    let shown = bench.dyno(["report", "show", &trap]).exits(0).stdout;
    let owned = shown.lines().filter(|line| line.contains("owned")).count();
    assert_eq!(owned, 1, "{shown}");
}

/// If this fails, the name of a file that a pattern of the shell found, or any other argument, is
/// more than text.
#[test]
fn arguments_are_text() {
    let bench = Bench::new();
    // A file name may hold anything but `/`.
    let file = bench.write(
        format!("{EVIL}.wat"),
        fs::read(fib().join("fib.wat")).unwrap(),
    );
    let not_utf8 = OsString::from_vec(b"\xff\n::error::owned\x1b[2J.wat".to_vec());
    fs::copy(&file, bench.path(&not_utf8)).unwrap();
    for name in [file.file_name().unwrap().to_owned(), not_utf8] {
        for verb in [
            "list",
            "check",
            "run --quick --time 20ms",
            "profile",
            "build",
            "pack",
            "verify",
            "inspect",
            "sign",
            "suite check --config",
            "suite run --config",
            "report show --report",
            "report list --report",
            "baseline save",
            "baseline show",
            "baseline remove",
            "history",
            "gate --baseline",
            "compare a",
            "key show",
            "key import",
            "trust pin a",
            "trust add --namespace a",
            "index sign",
            "index build",
            "search",
            "install",
            "uninstall",
            "update",
            "pull",
            "push a",
            "completions",
            "validate --from",
            "no-such-verb",
            "run --no-such-flag",
            "run --memory",
            "run --dir",
            "run --case",
            "run --stdin",
            "run --env",
            "gate --config",
            "new --lang wat",
            "man",
        ] {
            let mut command = bench.command();
            command.args(verb.split(' ')).arg(&name);
            harmless(finish(command));
        }
        let mut command = bench.command();
        command.arg(&name);
        harmless(finish(command).exits(2));
    }
}

/// If this fails, a plugin's directory speaks before anything of it was run.
#[test]
fn manifests_and_suites_are_text() {
    let bench = Bench::new();
    let manifests = [
        EVIL.to_owned(),
        format!("x = \"\"\"{EVIL}\"\"\" y"),
        "::error::owned\n".to_owned(),
        "[plugin]\nname = \"\\u001b[2J\\n::error::owned\"\n[build]\ncomponent = \"a.wat\"".to_owned(),
        "[plugin]\nname = \"##vso[a]b\"\n[build]\ncomponent = \"\\n::error::owned\"".to_owned(),
        "[plugin]\nname = \"a\"\n\"\\n::error::owned\" = 1\n[build]\ncomponent = \"a.wat\"".to_owned(),
        "[plugin]\nname = \"a\"\n[build]\ncomponent = \"a.wat\"\n[limits]\n\"##[a]\\n::error::b\" = 1".to_owned(),
        "[plugin]\nname = \"a\"\n[build]\ncomponent = \"a.wat\"\ncommands = [[\"no-such-program\\u001b[2J\\n::error::owned\"]]\n\
            [build.tools]\n\"no-such-program\\u001b[2J\\n::error::owned\" = \"::error::owned\"".to_owned(),
    ];
    for manifest in manifests {
        bench.write("evil/plugin.toml", &manifest);
        for verb in [
            "list",
            "check",
            "build",
            "run --quick --time 20ms",
            "pack",
            "publish --index x",
        ] {
            harmless(bench.dyno(words(verb, "evil")));
        }
    }
    for suite in [
        EVIL.to_owned(),
        "::error::owned = = 1".to_owned(),
        "\"::error::owned\\n##vso[a]\" = 1".to_owned(),
        "[[plugins]]\npath = \"\\n::error::owned ##[a]\"\n[phases.baseline]".to_owned(),
        "[[plugins]]\nname = \"\\u001b]52;c;a\\u0007\\n::error::a\"\npath = \"a.wat\"\n[phases.baseline]\ncriteria = [\"::error::a\\n ##[b] < 1\"]".to_owned(),
        "[[plugins]]\npath = \"a.wat\"\n[gate.\"::error::a\\n##vso[b]\"]\nthreshold = 0.1\n[renames]\n\"::error::a\" = \"##vso[b]\"\n[phases.cross]\nagainst = \"\\n::error::a\"".to_owned(),
    ] {
        bench.write("dyno.toml", &suite);
        bench.write("a.wat", plugin(&NAMES));
        for verb in ["suite check", "suite run", "suite run --json", "gate --baseline none --counts-only --config dyno.toml a.wat"] {
            harmless(bench.dyno(verb.split(' ')));
        }
    }
}

/// If this fails, the output of a build speaks to the terminal or the CI system.
#[test]
fn what_a_build_says_is_text() {
    let bench = Bench::new();
    fs::create_dir(bench.path("evil")).unwrap();
    bench.write("evil/said", EVIL);
    for (command, what) in [
        (
            "[\"sh\", \"-c\", \"cat said said >&2; exit 1\"]",
            "it fails",
        ),
        (
            "[\"sh\", \"-c\", \"cat said; : '\\u001b[2J\\n::error::owned ##[x]'\"]",
            "it says nothing of use",
        ),
        (
            "[\"sh\", \"-c\", \"cat said >&2; kill -9 $$\"]",
            "it is killed",
        ),
    ] {
        let manifest = format!(
            "[plugin]\nname = \"evil\"\n[build]\ncommands = [{command}]\ncomponent = \"a.wat\""
        );
        bench.write("evil/plugin.toml", manifest);
        for verb in ["build", "run -v --quick", "check -v", "pack"] {
            let said = harmless(bench.dyno(words(verb, "evil")));
            assert_ne!(said.status.code(), Some(0), "{what}: {said}");
        }
    }
}

/// If this fails, a report that lies in a checkout speaks when it is looked at.
#[test]
fn every_text_of_a_report_is_text() {
    let bench = Bench::new();
    bench.write("a.wat", plugin(&["a", "trap"]));
    bench
        .dyno([
            "run",
            "--quick",
            "--time",
            "20ms",
            "--save-baseline",
            "main",
            "a.wat",
        ])
        .exits(5);
    bench.dyno(["compare", "--counts-only", "main", "a.wat"]);
    let whole = fs::read(bench.report()).unwrap();
    let mut tried = 0;
    for (table, column, value) in changes(&bench) {
        fs::write(bench.report(), &whole).unwrap();
        let report = Connection::open(bench.report()).unwrap();
        report.pragma_update(None, "foreign_keys", false).unwrap();
        let sql = format!("UPDATE OR REPLACE {table} SET {column} = ?1");
        if report.execute(&sql, [&value]).is_err() {
            continue;
        }
        drop(report);
        tried += 1;
        for args in [
            "report list",
            "report show -v",
            "history *",
            "baseline list",
        ] {
            let said = harmless(bench.dyno(args.split(' ')));
            assert!(
                !said.stderr.contains("panicked"),
                "{table}.{column}: {said}"
            );
        }
    }
    assert!(tried > 100, "only {tried} texts were tried");
}

/// Every column of a report that holds texts, with what it is changed to: [`EVIL`], or JSON of
/// which one string is that.
fn changes(bench: &Bench) -> Vec<(String, String, String)> {
    let report = Connection::open(bench.report()).unwrap();
    let mut columns = report
        .prepare(
            "SELECT t.name, c.name FROM pragma_table_list t, pragma_table_info(t.name) c
            WHERE t.type = 'table' AND t.schema = 'main' AND t.name NOT LIKE 'sqlite%' AND c.type = 'TEXT'",
        )
        .unwrap();
    let rows = columns.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let mut changes = Vec::new();
    for (table, column) in rows.unwrap().map(Result::<(String, String), _>::unwrap) {
        changes.push((table.clone(), column.clone(), EVIL.to_owned()));
        let sql = format!("SELECT DISTINCT {column} FROM {table} WHERE json_valid({column})");
        let mut values = report.prepare(&sql).unwrap();
        let values = values.query_map([], |row| row.get::<_, String>(0)).unwrap();
        for value in values.map(Result::unwrap) {
            let value: Value = serde_json::from_str(&value).unwrap();
            let evil = evil(&value).into_iter().map(|value| value.to_string());
            changes.extend(evil.map(|value| (table.clone(), column.clone(), value)));
        }
    }
    changes.sort();
    changes.dedup();
    changes
}

/// A document with each of its strings, and each key of a map, changed in turn; of a list the first
/// element alone.
fn evil(value: &Value) -> Vec<Value> {
    match value {
        Value::String(_) => vec![EVIL.into()],
        Value::Array(list) => {
            let first = list.first().map(evil).unwrap_or_default().into_iter();
            let rest = list.get(1..).unwrap_or_default();
            first
                .map(|first| [&[first], rest].concat().into())
                .collect()
        }
        Value::Object(map) => {
            let inner = map.iter().flat_map(|(key, value)| {
                evil(value).into_iter().map(|value| {
                    let mut map = map.clone();
                    map.insert(key.clone(), value);
                    map.into()
                })
            });
            let keyed = map.iter().map(|(key, value)| {
                let mut map = map.clone();
                map.remove(key);
                map.insert(EVIL.into(), value.clone());
                map.into()
            });
            inner.chain(keyed).collect()
        }
        _ => Vec::new(),
    }
}

/// If this fails, progress on a terminal lets through what the table does not.
#[test]
fn progress_is_text() {
    let bench = Bench::new();
    bench.write("a.wat", plugin(&NAMES));
    let mut script = Command::new("script");
    bench.place(&mut script);
    let command = format!(
        "'{}' run -v --quick --time 20ms a.wat",
        env!("CARGO_BIN_EXE_dyno")
    );
    script
        .args(["-qec", &command, "/dev/null"])
        .env("TERM", "xterm-256color");
    if script.stdout(std::process::Stdio::null()).status().is_err() {
        eprintln!("not tried: there is no `script` to make a terminal");
        return;
    }
    let said = finish(script);
    // The bar moves the cursor itself, which a terminal alone is told.
    let drawn = regex::Regex::new("\u{1b}\\[[0-9;?]*[A-Za-z]").unwrap();
    let text = drawn.replace_all(&said.stdout, "\n");
    assert!(text.contains("counting a"), "there is no progress: {said}");
    for line in text.lines() {
        assert_eq!(harm(line), None, "{said}");
    }
}
