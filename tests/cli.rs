//! What the command line shows and how it ends.
//!
//! The snapshots in `tests/snapshots` are what people see. After a change that is meant:
//! `INSTA_UPDATE=always cargo test -p dyno-host --test e2e cli`, and read the difference. Nothing
//! in them varies: tables are those of a stored run (`fixtures/stored-run.json`, the JSON of a run
//! in which everything occurs), and `check` shows fuel, which is exact.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::process::{Command, Stdio};

use dyno_model::Run;
use dyno_report::Store;

use super::support::{Bench, QUICK, Said, fib, finish, plugin, repository};

const VERBS: [&str; 30] = [
    "run",
    "check",
    "list",
    "profile",
    "compare",
    "gate",
    "baseline",
    "history",
    "suite",
    "validate",
    "build",
    "report",
    "doctor",
    "completions",
    "man",
    "pack",
    "sign",
    "verify",
    "inspect",
    "push",
    "pull",
    "publish",
    "search",
    "install",
    "update",
    "uninstall",
    "installed",
    "key",
    "trust",
    "index",
];

/// Compares with `snapshots/NAME.snap`.
#[track_caller]
fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(repository().join("tests/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// A bench with the stored run in its report.
fn with_stored_run() -> Bench {
    let bench = Bench::new();
    let run: Run = serde_json::from_str(include_str!("fixtures/stored-run.json")).unwrap();
    Store::open(&bench.report()).unwrap().record(&run).unwrap();
    bench
}

/// If this fails, a flag came, went or changed its meaning, which users and scripts have to know.
#[test]
fn help_is_as_it_was() {
    let bench = Bench::new();
    let help = |args: &[&str]| bench.dyno(args).exits(0).stdout;
    snapshot("help", &help(&["--help"]));
    for verb in VERBS {
        snapshot(&format!("help-{verb}"), &help(&[verb, "--help"]));
    }
    for verb in ["show", "list", "export"] {
        snapshot(
            &format!("help-report-{verb}"),
            &help(&["report", verb, "--help"]),
        );
    }
    snapshot("help-run-short", &help(&["run", "-h"]));
    assert_eq!(
        help(&["--version"]),
        format!("dyno {}\n", env!("CARGO_PKG_VERSION"))
    );
}

/// If this fails, what people read of a run changed: columns, units, sentences, or the escaping of
/// what a guest says.
#[test]
fn tables_are_as_they_were() {
    let bench = with_stored_run();
    let show = |args: &[&str]| bench.dyno(args).exits(0).stdout;
    snapshot("report-show", &show(&["report", "show"]));
    snapshot("report-show-verbose", &show(&["report", "show", "-v"]));
    snapshot("report-list", &show(&["report", "list"]));
    // The path is the tester's own.
    std::os::unix::fs::symlink(fib(), bench.path("fib-wat")).unwrap();
    let bad = bench.write("bad.wasm", "bad");
    let kinds = bench.write("kinds.wat", plugin(&["add", "trap", "new-sums"]));
    assert!(bad.is_file() && kinds.is_file());
    let paths = ["fib-wat", "kinds.wat", "bad.wasm"];
    snapshot(
        "check",
        &bench
            .dyno([&["check"][..], &paths].concat())
            .exits(3)
            .stdout,
    );
    snapshot(
        "list",
        &bench.dyno([&["list"][..], &paths].concat()).exits(3).stdout,
    );
}

/// If this fails, a script that looks at the exit code is misled.
#[test]
fn exit_codes_are_those_of_the_documents() {
    let bench = Bench::new();
    bench.write("trap.wat", plugin(&["trap", "add"]));
    bench.write("bad.wasm", "bad");
    let fib = fib();
    let fib = fib.to_str().unwrap();
    for (args, code) in [
        (&["list", fib][..], 0),
        (&["check", fib], 0),
        (&["doctor"], 0),
        (&["report", "list"], 4),
        (&["report", "show", "--report", "nowhere.sqlite"], 4),
        (&[], 2),
        (&["no-such-verb"], 2),
        (&["run"], 2),
        (&["run", "--no-such-flag", fib], 2),
        (&["run", "--memory", "much", fib], 2),
        (&["run", "--quick", "--thorough", fib], 2),
        (&["run", "--blocks", "0", fib], 2),
        (&["run", "--case", "[", fib], 2),
        (&["run", "--env", "NOT_SET", fib], 2),
        (&["run", "--env", "=value", fib], 2),
        (&["completions", "no-such-shell"], 2),
        (&["list", "bad.wasm"], 3),
        (&["check", "missing.wasm", fib], 3),
        (&["run", "--dir", "missing::/data", fib], 4),
        (&["build", "missing"], 4),
        (&["check", "--case", "nothing", fib], 4),
        (&["build", "bad.wasm"], 4),
        (&["check", "trap.wat"], 5),
        // What is worse decides: a refused plugin before a failed case.
        (&["check", "trap.wat", "bad.wasm"], 3),
    ] {
        let said = bench.dyno(args).exits(code);
        if [1, 2].contains(&code) && !args.is_empty() {
            assert_eq!(
                said.stderr
                    .lines()
                    .filter(|line| line.starts_with("error:"))
                    .count(),
                1,
                "{said}"
            );
        }
    }
}

/// If this fails, colours end up in files, or do not where they were asked for.
#[test]
fn colours_are_where_they_are_wanted() {
    let bench = with_stored_run();
    let show = |args: &[&str], variable: Option<(&str, &str)>| {
        let mut command = bench.command();
        command.args(["report", "show"]).args(args).envs(variable);
        finish(command).exits(0).stdout
    };
    let plain = show(&[], None);
    assert!(!plain.contains('\x1b'), "colours in a pipe: {plain:?}");
    assert_eq!(
        show(&["--color", "never"], Some(("CLICOLOR_FORCE", "1"))),
        plain
    );
    let coloured = show(&["--color", "always"], Some(("NO_COLOR", "1")));
    assert!(coloured.contains("\x1b["), "the flag outranks NO_COLOR");
    assert_eq!(
        anstream::adapter::strip_str(&coloured).to_string(),
        plain,
        "colours change more than colours"
    );

    let Some(on_terminal) = terminal(&bench, "report show", &[]) else {
        return;
    };
    assert!(
        on_terminal.contains("\x1b[1m"),
        "no colours on a terminal: {on_terminal:?}"
    );
    let asked_not_to = terminal(&bench, "report show", &[("NO_COLOR", "1")]).unwrap();
    assert!(
        !asked_not_to.contains("\x1b["),
        "colours in spite of NO_COLOR: {asked_not_to:?}"
    );
}

/// If this fails, people wait in front of a terminal that says nothing, or a log is full of bars.
#[test]
fn progress_is_for_terminals() {
    let bench = Bench::new();
    let said = bench.run([fib()]).exits(0);
    assert_eq!(said.stderr, "", "progress in a pipe");
    std::os::unix::fs::symlink(fib(), bench.path("fib-wat")).unwrap();
    let run = format!("run {} fib-wat", QUICK.join(" "));
    if let Some(on_terminal) = terminal(&bench, &run, &[]) {
        for step in ["counting fib-wat fib/20", "timing"] {
            assert!(on_terminal.contains(step), "no {step}: {on_terminal:?}");
        }
    }
}

/// What a command shows on a terminal; none where no terminal can be made.
fn terminal(bench: &Bench, arguments: &str, variables: &[(&str, &str)]) -> Option<String> {
    let mut script = Command::new("script");
    bench.place(&mut script);
    let command = format!("'{}' {arguments}", env!("CARGO_BIN_EXE_dyno"));
    script
        .args(["-qec", &command, "/dev/null"])
        .env("TERM", "xterm-256color")
        .envs(variables.iter().copied());
    if script.stdout(Stdio::null()).status().is_err() {
        eprintln!("not tried: there is no `script` to make a terminal");
        return None;
    }
    Some(finish(script).exits(0).stdout)
}

/// If this fails, a shell that loads the completions breaks, or does not know a verb.
#[test]
fn completions_are_scripts_that_know_every_verb() {
    let bench = Bench::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = bench.dyno(["completions", shell]).exits(0).stdout;
        for word in VERBS.iter().chain(&["memory", "sample-time"]) {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
        let file = bench.write(format!("completions.{shell}"), &script);
        // elvish and PowerShell have no mode that only parses.
        if !["bash", "zsh", "fish"].contains(&shell) {
            continue;
        }
        let mut parse = Command::new(shell);
        parse.arg("-n").arg(file);
        bench.place(&mut parse);
        if Command::new(shell).arg("--version").output().is_ok() {
            let said = finish(parse).exits(0);
            assert_eq!(said.stderr, "", "{said}");
        } else {
            eprintln!("not tried: {shell} is not installed");
        }
    }
}

/// If this fails, packagers install manual pages that cannot be read, or too few.
#[test]
fn manual_pages_render() {
    let bench = Bench::new();
    let page = bench.dyno(["man"]).exits(0).stdout;
    let is_page = |text: &str| text.lines().any(|line| line.starts_with(".TH dyno"));
    assert!(is_page(&page), "{page}");
    fs::create_dir(bench.path("man")).unwrap();
    bench.dyno(["man", "man"]).exits(0);
    let mut pages = vec!["dyno".to_owned()];
    pages.extend(VERBS.map(|verb| format!("dyno-{verb}")));
    for name in pages {
        let path = bench.path(format!("man/{name}.1"));
        assert!(is_page(&fs::read_to_string(&path).unwrap()), "{name}");
        if Command::new("groff").arg("--version").output().is_err() {
            eprintln!("not tried: groff is not installed");
            continue;
        }
        let mut groff = Command::new("groff");
        groff.args(["-man", "-Tutf8", "-ww", "-Kutf8"]).arg(path);
        bench.place(&mut groff);
        let said = finish(groff).exits(0).says("General Commands Manual");
        assert_eq!(said.stderr, "", "{said}");
    }
    bench
        .dyno(["man", "no/such/directory"])
        .exits(1)
        .complains("no/such/directory");
}

/// If this fails, somebody who finds `--worker` in a list of processes and tries it gets a riddle,
/// or a process that waits for ever.
#[test]
fn a_worker_without_a_supervisor_says_so() {
    let bench = Bench::new();
    let own = std::process::id().to_string();
    for args in [
        &["--worker", "1"][..],
        &["--worker"],
        &["--worker", &own],
        &["--worker", "x"],
    ] {
        let said = bench
            .dyno(args)
            .exits(1)
            .complains("not started by a supervisor");
        assert_eq!(said.stderr.lines().count(), 1, "{said}");
    }
    // Whoever goes further meets the confinement, and not a worker.
    let mut command = bench.command();
    command
        .args(["--worker", "1"])
        .env_clear()
        .env("DYNO_PADDING", "");
    finish(command).exits(1).complains("error: ");
}

/// The id of the stored run, whose exports are larger than any buffer.
const STORED: &str = "20261120T120000Z-0123abcd";

/// Every command that shows something, with the code that it ends with.
fn showing(bench: &Bench) -> Vec<(Vec<String>, i32)> {
    bench.write("trap.wat", plugin(&["trap", "add"]));
    let fib = fib().to_str().unwrap().to_owned();
    let quick = |rest: &str| format!("run {} {rest}", QUICK.join(" "));
    let commands = [
        (quick(&fib), 0),
        (quick(&format!("--format json {fib}")), 0),
        (quick(&format!("--format jsonl {fib}")), 0),
        (quick("trap.wat"), 5),
        (format!("check {fib}"), 0),
        ("check --format json trap.wat".into(), 5),
        (format!("list {fib}"), 0),
        (format!("list --case nothing {fib}"), 4),
        ("report show".into(), 0),
        ("report list".into(), 0),
        (format!("report export --format json {STORED}"), 0),
        (format!("report export --format jsonl {STORED}"), 0),
        (format!("report export --format csv {STORED}"), 0),
        ("doctor".into(), 0),
        ("completions bash".into(), 0),
        ("man".into(), 0),
    ];
    let words = |line: String| line.split(' ').map(str::to_owned).collect();
    commands
        .into_iter()
        .map(|(line, code)| (words(line), code))
        .collect()
}

/// If this fails, `dyno … | head` panics, complains, or forgets that a case failed.
#[test]
fn a_reader_who_goes_away_changes_nothing() {
    let bench = with_stored_run();
    for (args, code) in showing(&bench) {
        let before = bench.runs().len();
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let said = into(&bench, &args, writer.into()).exits(code);
        assert_eq!(said.stderr, "", "{said}");
        let recorded = usize::from(args[0] == "run");
        assert_eq!(bench.runs().len(), before + recorded, "{said}");
    }
}

/// If this fails, output that was lost to a full disk passes for a success, or takes the run along.
#[test]
fn a_full_disk_behind_stdout_is_an_error_and_the_run_is_recorded() {
    let bench = with_stored_run();
    for (args, _) in showing(&bench) {
        let before = bench.runs().len();
        let full = File::options().write(true).open("/dev/full").unwrap();
        let said = into(&bench, &args, full.into())
            .exits(1)
            .complains("No space left on device");
        let recorded = usize::from(args[0] == "run");
        assert_eq!(bench.runs().len(), before + recorded, "{said}");
    }
    let said = bench.dyno(["report", "export", "--output", "/dev/full"]);
    said.exits(1).complains("No space left on device");
}

/// Runs a command whose stdout is not the test's.
fn into(bench: &Bench, args: &[String], stdout: Stdio) -> Said {
    let mut command = bench.command();
    command.args(args).stdout(stdout).stderr(Stdio::piped());
    let what = args.join(" ");
    super::support::gather(command.spawn().unwrap(), what)
}

/// If this fails, a message breaks where nobody listens any more.
#[test]
fn a_closed_stderr_does_not_matter() {
    let bench = Bench::new();
    for (args, code) in [("run missing.wasm", 3), ("report show 1999", 4), ("run", 2)] {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            &format!("exec \"$0\" {args} 2>&-"),
            env!("CARGO_BIN_EXE_dyno"),
        ]);
        bench.place(&mut command);
        finish(command).exits(code);
    }
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = bench.command();
    command
        .args([OsStr::new("-v"), "run".as_ref()])
        .args(QUICK)
        .arg(fib())
        .stderr(writer);
    let child = command.stdout(Stdio::piped()).spawn().unwrap();
    super::support::gather(child, "run 2>| true".into()).exits(0);
}

/// If this fails, a value that begins with a dash gets advice about a flag that nobody typed.
#[test]
fn values_that_begin_with_a_dash_are_values() {
    let bench = Bench::new();
    bench.write("it.wat", plugin(&["-dash", "add"]));
    for flag in ["--threshold", "--fuel-threshold", "--memory-threshold"] {
        bench
            .dyno(["gate", "--baseline", "main", flag, "-10%", "it.wat"])
            .exits(2)
            .complains("`-10%` is not a share: write a percentage above 0% and up to 1000%");
    }
    let names = |args: &[&str]| {
        let said = bench.run([args, &["it.wat"]].concat()).exits(0);
        let has = |name: &str| said.stdout.contains(&format!("\n  {name} "));
        (has("-dash"), has("add"))
    };
    assert_eq!(names(&["--case", "-dash"]), (true, false));
    assert_eq!(names(&["--exclude", "-dash"]), (false, true));
    bench
        .dyno(["history", "add", "--exclude", "-dash"])
        .exits(0);
}

/// If this fails, a secret has to be typed, or is stored, or a command that is pasted runs on
/// another input.
#[test]
fn the_value_of_a_variable_can_be_that_of_the_environment() {
    let bench = Bench::new();
    bench.write("it.wat", plugin(&["add", "trap"]));
    let said = bench
        .run(["--env", "TOKEN", "it.wat"])
        .exits(2)
        .complains("TOKEN is not set here: set it, or write TOKEN=VALUE");
    assert!(said.stdout.is_empty(), "{said}");
    let run = |variable: &str| {
        let mut command = bench.command();
        command.env("TOKEN", "s3cret").arg("run").args(QUICK);
        command.args(["--env", variable, "it.wat"]);
        let said = bench.finish(command).exits(5);
        said.says("--case=trap --env=TOKEN")
    };
    for variable in ["TOKEN", "TOKEN=s3cret"] {
        let said = run(variable);
        let recorded = bench.recorded("latest");
        assert_eq!(recorded["grants"], serde_json::json!(["--env=TOKEN"]));
        let command = recorded["command"].as_array().unwrap();
        assert!(command.contains(&"TOKEN".into()), "{command:?}");
        let everything = format!("{said} {recorded}");
        let everything = everything.replace(&said.what, "");
        assert!(!everything.contains("s3cret"), "{everything}");
    }
}
