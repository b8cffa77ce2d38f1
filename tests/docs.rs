//! The commands that the documents show work. Each fenced `sh` block of a document runs, line by
//! line and in order, in a fresh place that looks like the repository. What builds or fetches is
//! only looked up in the list of what is run elsewhere; a command that is neither fails the test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::support::{Bench, QUICK, build, fib, repository, samples};

/// What is not run here, and what runs it instead.
const ELSEWHERE: [(&str, &str); 16] = [
    ("dyno push ", "peers: into a registry of our own"),
    (
        "dyno run sample-plugins/crosslang-*",
        "toolchains::one_job_in_every_language…",
    ),
    ("cargo test --workspace", "that is us"),
    ("ci/dyno-gate ", "ci: in repositories of our own"),
    ("dyno validate", "study: with one session of short blocks"),
    ("dyno doctor --noise", "study: with fewer sessions"),
    ("tests/toolchains/install", ".ci/run"),
    ("tests/peers/install", ".ci/run"),
    ("tests/consumers/install", ".ci/run"),
    ("tests/fuzz/run ", ".ci/run"),
    ("cargo test -p dyno-host --test e2e -- --ignored", ".ci/run"),
    (".ci/run", "that is what runs us"),
    (
        "cargo install --path host/cli",
        "builds what cargo test has built",
    ),
    (
        "cargo install --path host/cli --no-default-features ",
        "check_features in .ci/run",
    ),
    (
        "cargo install --path host/worker",
        "builds what cargo test has built",
    ),
    ("git clone ", "there is nothing to clone from here"),
];

/// Likewise, whatever stands behind them: benchmarks take minutes, and .ci/run compiles them.
const BUILDING: [&str; 2] = ["cargo bench", "cargo build"];

/// The documents: those at the top, and all that they lead to.
fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for dir in ["", "docs", "host", "guest-sdk", "sample-plugins", "wit"] {
        collect(&repository().join(dir), !dir.is_empty(), &mut found);
    }
    found.sort();
    found
}

fn collect(dir: &Path, deep: bool, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(dir) else {
        return;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir()
            && deep
            && name != "target"
            && name != "node_modules"
            && !name.starts_with('.')
        {
            collect(&path, deep, found);
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
}

/// The command lines of the `sh` blocks of a document. A backslash at its end continues a line.
fn commands(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut inside = false;
    let mut continues = false;
    for line in text.lines() {
        let line = line.trim();
        if let Some(language) = line.strip_prefix("```") {
            inside = !inside && ["sh", "bash", "shell", "console"].contains(&language.trim());
            continue;
        }
        if !inside || line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("$ ").unwrap_or(line);
        let (line, more) = line
            .strip_suffix('\\')
            .map_or((line, false), |line| (line.trim_end(), true));
        match found.last_mut() {
            Some(last) if continues => *last = format!("{last} {line}"),
            _ => found.push(line.into()),
        }
        continues = more;
    }
    found
}

/// What of a command is for `dyno`; none if it is another program's.
fn of_dyno(command: &str) -> Option<&str> {
    ["dyno ", "cargo run --release -- "]
        .iter()
        .find_map(|program| command.strip_prefix(program))
}

fn is_elsewhere(command: &str) -> bool {
    let plain = command.split(" #").next().unwrap_or_default().trim();
    let known =
        |(line, _): &(&str, &str)| plain == *line || line.ends_with(' ') && plain.starts_with(line);
    ELSEWHERE.iter().any(known) || BUILDING.iter().any(|start| plain.starts_with(start))
}

/// The flags that make a run as short as can be, unless the command has them.
fn shortened(arguments: &str) -> String {
    let verb = ["run", "compare", "gate"].into_iter().find(|verb| {
        arguments
            .strip_prefix(verb)
            .is_some_and(|rest| rest.starts_with(' '))
    });
    let Some(verb) = verb else {
        return arguments.into();
    };
    let rest = &arguments[verb.len() + 1..];
    let [quick, flags @ ..] = QUICK;
    let mut words = vec![verb];
    let has_depth = ["--quick", "--thorough", "--blocks"]
        .iter()
        .any(|flag| rest.contains(flag));
    match (has_depth, verb) {
        (true, _) => {}
        // It times nothing, and takes no flag that would be about time.
        _ if rest.contains("--counts-only") => return arguments.into(),
        // It says itself how much is measured.
        _ if rest.contains("--request") => return arguments.into(),
        (false, "run") => words.push(quick),
        (false, _) => words.extend(["--blocks", "9", "--pairs", "1"]),
    }
    for pair in flags.chunks(2) {
        if !rest.contains(&format!("{} ", pair[0])) {
            words.extend(pair);
        }
    }
    format!("{} {rest}", words.join(" "))
}

/// A place that looks like the repository, with one run in its report.
fn place() -> Bench {
    let bench = Bench::new();
    let samples = fs::read_dir(repository().join("sample-plugins")).unwrap();
    let samples = samples.map(|entry| Path::new("sample-plugins").join(entry.unwrap().file_name()));
    // A baseline is made of what lies here.
    let (here, samples): (Vec<_>, Vec<_>) = samples.partition(|path| path.ends_with("fib-wat"));
    for sample in here {
        for file in fs::read_dir(repository().join(&sample)).unwrap() {
            let file = file.unwrap();
            let content = fs::read(file.path()).unwrap();
            bench.write(sample.join(file.file_name()), content);
        }
    }
    for name in samples {
        std::os::unix::fs::symlink(repository().join(&name), bench.path(&name)).unwrap();
    }
    for name in ["guest-sdk", "docs", "wit", "tests", "README.md"] {
        let _ = std::os::unix::fs::symlink(repository().join(name), bench.path(name));
    }
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_dyno"), bench.path("dyno")).unwrap();
    bench.run([fib()]).exits(0);
    bench
}

/// If this fails, somebody who follows the documents to the letter gets an error.
#[test]
fn the_commands_of_the_documents_work() {
    let mut ran = 0;
    for document in documents() {
        let commands = commands(&fs::read_to_string(&document).unwrap());
        let mut bench = None;
        for command in commands {
            let where_ = document.display();
            let Some(arguments) = of_dyno(&command).filter(|_| !is_elsewhere(&command)) else {
                assert!(
                    is_elsewhere(&command),
                    "{where_} shows a command that no test knows: {command}"
                );
                continue;
            };
            let bench = bench.get_or_insert_with(place);
            if arguments.contains("sample-plugins") {
                samples();
            }
            let mut shell = Command::new("sh");
            bench.place(&mut shell);

            shell.args(["-ec", &format!("./dyno {}", shortened(arguments))]);
            // Nobody can be asked for one. The home is the tester's, because of the toolchains.
            shell.env("DYNO_KEY_PASSPHRASE", "of the tests");
            shell.env("DYNO_HOME", bench.path("dyno-home"));
            let said = build(shell);
            assert!(said.status.success(), "{where_}: {command}\n{said}");
            ran += 1;
        }
    }
    assert!(
        ran >= 5,
        "only {ran} commands were found; are the blocks still marked `sh`?"
    );
}

/// If this fails, a document links to a file that is not there.
#[test]
fn the_links_of_the_documents_lead_somewhere() {
    let link = regex::Regex::new(r"\]\(([^)#\s]+)(#[^)]*)?\)").unwrap();
    let mut dead = Vec::new();
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for found in link.captures_iter(&text) {
            let target = &found[1];
            let is_file = !target.contains("://") && !target.starts_with("mailto:");
            if is_file && !document.parent().unwrap().join(target).exists() {
                dead.push(format!("{}: {target}", document.display()));
            }
        }
    }
    assert_eq!(dead, Vec::<String>::new());
}

/// If this fails, the test above passes over commands.
#[test]
fn commands_are_found_and_told_apart() {
    let text = "```sh\n# a comment\ncargo test --workspace\n$ dyno run \\\n    x  # note\n\n```\n```text\nnot one\n```\n";
    assert_eq!(
        commands(text),
        ["cargo test --workspace", "dyno run x  # note"]
    );
    assert!(is_elsewhere("cargo test --workspace   # all"));
    assert!(!is_elsewhere("cargo test --workspace --release"));
    assert!(is_elsewhere("git clone https://x.y/z") && !is_elsewhere("rm -rf /"));
    assert_eq!(of_dyno("cargo run --release -- list x"), Some("list x"));
    assert_eq!(of_dyno("dynamo run"), None);
    assert_eq!(
        shortened("run --quick x"),
        "run --time 20ms --sample-time 1ms --quick x"
    );
    assert_eq!(shortened("report list"), "report list");
}

/// The texts of all Rust files below a directory of the repository.
fn sources(dir: &Path) -> String {
    let mut texts = String::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts += &sources(&path);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            texts += &fs::read_to_string(path).unwrap();
        }
    }
    texts
}

/// If this fails, an invariant stands in the architecture that nothing attacks, or that a test is
/// said to attack which is not there any more.
#[test]
fn every_invariant_has_an_attack() {
    let text = fs::read_to_string(repository().join("host/ARCHITECTURE.md")).unwrap();
    let (_, table) = text.split_once("| invariant | attacked by |\n").unwrap();
    let rows = table
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'));
    let tests = ["tests", "host"]
        .map(|dir| sources(&repository().join(dir)))
        .concat();
    let tests = tests.replace("    #[test]\n    fn", "#[test]\nfn");
    let mut number = 0;
    for row in rows {
        let attacks = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let names: Vec<_> = attacks.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "nothing attacks this: {row}");
        for name in names {
            let function = name.rsplit("::").next().unwrap();
            let test = format!("#[test]\nfn {function}() {{");
            let is_there = tests.contains(&test);
            assert!(
                is_there,
                "there is no test {name}, which is said to attack: {row}"
            );
        }
        number += 1;
    }
    assert!(number > 20, "only {number} invariants were found");
}
