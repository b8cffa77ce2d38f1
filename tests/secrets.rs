//! Values of variables that the user grants: the plugin gets them, and nothing that dyno writes,
//! prints or starts shows them. Looked for in the bytes of every file below the place that a test
//! works in.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dyno_export::{FORMATS, Form};

use super::faults::endless_worker;
use super::support::{Bench, QUICK, Said, finish, gather, plugin, shown};

const SECRET: &str = "hunter2-5ad1f0c7";

/// How a secret is granted: the words, and whether dyno's own environment has it.
const SPELLINGS: [(&[&str], bool); 3] = [
    (&["--env", "TOKEN=hunter2-5ad1f0c7"], false),
    (&["--env=TOKEN=hunter2-5ad1f0c7"], false),
    (&["--env", "TOKEN"], true),
];

/// Formats that fit on stdout.
fn formats() -> impl Iterator<Item = &'static str> {
    let files = FORMATS
        .iter()
        .filter(|spec| !matches!(spec.form, Form::Directory(_)));
    files.map(|spec| spec.name)
}

/// Files below a directory that have the secret in them.
fn telling(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(telling(&path)),
            // What goes away meanwhile is looked at in another moment.
            Ok(kind) if kind.is_file() && has_secret(&fs::read(&path).unwrap_or_default()) => {
                found.push(path);
            }
            _ => {}
        }
    }
    found
}

fn has_secret(bytes: &[u8]) -> bool {
    let secret = SECRET.as_bytes();
    bytes.windows(secret.len()).any(|window| window == secret)
}

fn place(bench: &Bench) -> PathBuf {
    bench.work().parent().unwrap().to_path_buf()
}

#[track_caller]
fn tells_nothing(said: &Said) {
    let printed = [&said.stdout, &said.stderr];
    let is_told = printed.iter().any(|text| has_secret(text.as_bytes()));
    assert!(!is_told, "{said}");
}

/// A command with a variable granted in one of the spellings.
fn granting(bench: &Bench, verb: &[&str], (words, is_inherited): (&[&str], bool)) -> Command {
    let mut command = bench.command();
    command.args(&verb[..1]).args(words).args(&verb[1..]);
    if is_inherited {
        command.env("TOKEN", SECRET);
    }
    command
}

/// If this fails, a secret stands in an artifact of CI or in a comment on a pull request.
#[test]
fn no_command_writes_or_prints_the_value_of_a_variable() {
    for spelling in SPELLINGS {
        let bench = Bench::new();
        bench.write("a.wat", plugin(&["add"]));
        bench.write("b.wat", plugin(&["add", "more"]));
        bench.write("trap.wat", plugin(&["add", "trap"]));
        let quick = ["--time", "10ms", "--sample-time", "1ms"];
        let run = [&["run"][..], &QUICK].concat();
        for (verb, code) in [
            (
                [&run[..], &["--save-baseline", "main", "a.wat"]].concat(),
                0,
            ),
            ([&run[..], &["trap.wat"]].concat(), 5),
            ([&run[..], &["--format", "json", "trap.wat"]].concat(), 5),
            (
                [&run[..], &["--format", "jsonl", "--strict", "a.wat"]].concat(),
                0,
            ),
            (vec!["check", "trap.wat"], 5),
            (vec!["list", "trap.wat"], 0),
            (vec!["run", "--print-request", "a.wat"], 0),
            (vec!["profile", "--out", "profiles", "a.wat"], 0),
            (
                [&["compare"][..], &quick, &["--remeasure", "a.wat", "b.wat"]].concat(),
                0,
            ),
            (
                [&["gate"][..], &quick, &["--baseline", "main", "trap.wat"]].concat(),
                5,
            ),
        ] {
            let said = finish(granting(&bench, &verb, spelling)).exits(code);
            assert!(!said.stdout.is_empty(), "{said}");
            tells_nothing(&said);
        }
        let saved = bench.dyno(["baseline", "save", "other", "--force"]);
        tells_nothing(&saved);
        for run in bench.runs() {
            tells_nothing(&bench.dyno(["report", "show", "--verbose", &run]).exits(0));
            for format in formats() {
                let mut export = bench.command();
                export.args(["report", "export", &run, "--format", format]);
                tells_nothing(&finish(export).exits(0));
            }
        }
        let criterion = [
            "report",
            "export",
            "--format",
            "criterion",
            "-o",
            "criterion",
        ];
        bench.dyno(criterion).exits(0);
        // That it was granted at all.
        let run = bench.recorded("latest");
        assert_eq!(run["grants"][0], "--env=TOKEN", "{:?}", run["grants"]);
        assert_eq!(telling(&place(&bench)), Vec::<PathBuf>::new());
    }
}

/// If this fails, a command line that is refused tells what it was to keep.
#[test]
fn no_refusal_repeats_the_value_of_a_variable() {
    let bench = Bench::new();
    bench.write("a.wat", plugin(&["add"]));
    let valued = format!("TOKEN={SECRET}");
    let unnamed = format!("={SECRET}");
    let joined = format!("--env=TOKEN={SECRET}");
    let misplaced = format!("-eTOKEN={SECRET}");
    for words in [
        vec!["run", "--env", &unnamed, "a.wat"],
        vec!["run", &joined, "--no-such-flag", "a.wat"],
        vec!["run", &joined, "no-such.wat", "--no-report", "--quick"],
        vec!["report", "list", "--env", &valued],
        vec!["report", "list", &joined],
        vec!["run", &misplaced, "a.wat"],
        vec![&joined, "run", "a.wat"],
    ] {
        let said = bench.dyno(&words);
        assert!(!said.status.success(), "{said}");
        tells_nothing(&said);
    }
    let mut invalid = bench.command();
    let bytes = [valued.as_bytes(), b"\xff"].concat();
    invalid.args(["run", "--env"]);
    invalid.arg(OsStr::from_bytes(&bytes)).arg("a.wat");
    tells_nothing(&finish(invalid).exits(2));
    assert_eq!(telling(&place(&bench)), Vec::<PathBuf>::new());
}

/// If this fails, a mistake in a suite file, which has to hold the value itself, prints it into the
/// log of CI.
#[test]
fn what_is_wrong_with_a_suite_is_said_without_its_variables() {
    let bench = Bench::new();
    bench.write("a.wat", plugin(&["add"]));
    let plugins = "[[plugins]]\npath = 'a.wat'\n[phases.baseline]\n";
    for grants in [
        format!("[grants]\nenv = {{ 'A=B' = '{SECRET}' }}\n"),
        format!("[grants]\nenv = {{ A = '{SECRET}' B = 'x' }}\n"),
        format!("[grants]\nenv = {{ A = '{SECRET}', B = 5 }}\n"),
        format!("[grants]\nenv = {{ A = ['{SECRET}'] }}\n"),
        format!("[grants.env]\nA = '{SECRET}\n"),
        format!("[grants.env]\nA = \"{SECRET}\\q\"\n"),
        format!("[grants.env]\n\"\" = '{SECRET}'\n"),
        format!("[grants]\nenv = '{SECRET}'\n"),
        format!("[grants]\nenv.A = ['{SECRET}']\n"),
    ] {
        bench.write("dyno.toml", format!("{plugins}{grants}"));
        for verb in ["check", "run"] {
            let said = bench.dyno(["suite", verb]).exits(2);
            assert!(said.stderr.contains("dyno.toml:"), "{said}");
            tells_nothing(&said);
        }
    }
    let good = format!("[grants]\nenv = {{ A = '{SECRET}' }}\n");
    let file = bench.write("dyno.toml", format!("output = 'out'\n{plugins}{good}"));
    for verb in ["check", "run"] {
        tells_nothing(&bench.dyno(["suite", verb]).exits(0));
    }
    assert_eq!(telling(&place(&bench)), [file]);
}

/// If this fails, every user of the machine reads the value in the list of processes, or in a file
/// that lies there for the time of the run.
#[test]
fn no_process_and_no_file_shows_an_inherited_value_while_it_runs() {
    let bench = Bench::new();
    bench.write("endless.wat", plugin(&["endless"]));
    bench.write("data/file", "content");
    let mut command = bench.command();
    command.args([
        "run",
        "--no-cache",
        "--env",
        "TOKEN",
        "--dir-rw",
        "data::/data",
    ]);
    command.args(["--fuel", "1e15", "--wall", "3min", "endless.wat"]);
    command.env("TOKEN", SECRET);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let what = shown(&command);
    let child = command.spawn().unwrap();
    let id = child.id();
    let worker = endless_worker(id);
    let found = telling(&place(&bench));
    let of = |pid: i64, file: &str| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let told = [
        of(worker.into(), "cmdline"),
        of(worker.into(), "environ"),
        of(id.into(), "cmdline"),
    ];
    let pid = nix::unistd::Pid::from_raw(id.cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    tells_nothing(&gather(child, what).exits(143));
    assert_eq!(found, Vec::<PathBuf>::new());
    assert!(
        !told.iter().any(|bytes| has_secret(bytes)),
        "a list of processes shows it"
    );
}

/// If this fails, a report that an earlier version wrote tells what that version recorded.
#[test]
fn a_value_that_a_report_holds_is_not_passed_on() {
    let bench = Bench::new();
    bench.write("a.wat", plugin(&["add"]));
    bench.run(["a.wat"]).exits(0);
    let report = rusqlite::Connection::open(bench.report()).unwrap();
    let command = format!(r#"["dyno","run","--env","TOKEN={SECRET}","--env=B={SECRET}","a.wat"]"#);
    let changed = report.execute("UPDATE run SET command_json = ?1", [&command]);
    assert_eq!(changed.unwrap(), 1);
    drop(report);
    for format in formats() {
        let said = bench.dyno(["report", "export", "--format", format]);
        tells_nothing(&said.exits(0));
    }
    tells_nothing(&bench.dyno(["report", "show", "--verbose"]).exits(0));
    let run = bench.recorded("latest");
    assert_eq!(run["command"][3], "TOKEN");
    assert_eq!(run["command"][4], "--env=B");
}
