use super::*;
use dyno_model::chain;

const PLUGIN: &str = "[[plugins]]\npath = 'a'\n";

fn message(text: &str) -> String {
    let error = Suite::parse(text, Path::new("some/dyno.toml")).unwrap_err();
    error.to_string()
}

fn diagnostic(text: &str) -> Diagnostic {
    match Suite::parse(text, Path::new("some/dyno.toml")) {
        Err(ConfigError::Invalid(diagnostic)) => *diagnostic,
        other => panic!("{text}: {other:?}"),
    }
}

fn example() -> Suite {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/dyno.toml");
    Suite::read(&path, None).unwrap()
}

#[test]
fn the_example_is_what_it_says() {
    let suite = example();
    assert!(suite.output.as_ref().unwrap().ends_with("docs/target/dyno"));
    assert_eq!(
        (suite.strict, suite.verbose, suite.seed),
        (true, false, Some(7))
    );
    let names: Vec<_> = suite
        .plugins
        .iter()
        .map(|plugin| plugin.name.as_str())
        .collect();
    assert_eq!(names, ["json", "fib"]);
    assert_eq!(
        suite.plugins[1].source,
        PluginSource::Package("dyno-samples/fib@1".into())
    );
    assert_eq!(suite.grants.env, ["MODE"]);
    assert_eq!(suite.variables.get("MODE"), Some("fast"));
    let [baseline, cross] = &suite.phases[..] else {
        panic!()
    };
    assert_eq!(
        (baseline.name, &baseline.plugins[..]),
        (PhaseName::Baseline, &[0][..])
    );
    assert_eq!(
        (cross.name, &cross.plugins[..]),
        (PhaseName::Cross, &[0, 1][..])
    );
    assert_eq!(
        (baseline.effort.blocks, baseline.effort.time_ms),
        (Some(10), Some(500))
    );
    let cases = baseline.cases.among(["json/x", "x"]);
    assert!(cases.has("json/x") && !cases.has("x"));
    assert_eq!(baseline.criteria.len(), 5);
    let gate = GateConfig {
        against: "main".into(),
        threshold: Some(0.1),
        fuel: Some(0.01),
        memory: None,
        gone: Gone::Fail,
        checksum: ChecksumRule::Match,
    };
    assert_eq!(baseline.gate, Some(gate));
    let rules = &suite.exceptions.cases[0];
    assert_eq!(
        (rules.pattern.as_str(), rules.threshold, rules.fuel_max),
        ("json/read/*", Some(0.05), Some(200_000.0))
    );
    assert_eq!(suite.exceptions.renames["json/dump"], "json/write");
}

#[test]
fn a_load_is_understood() {
    let text = format!("{PLUGIN}[phases.load]\nrate = 200\nduration = '30s'\n");
    let suite = Suite::parse(&text, Path::new("f")).unwrap();
    assert_eq!(suite.load.unwrap().length, LoadLength::Duration(30_000));
}

/// If this fails, a share is read as a hundred times as much, or a table guards nothing without a
/// word.
#[test]
fn shares_have_a_percent_sign_and_tables_demand_something() {
    let bare = |key: &str, value: &str| {
        let phase = format!("[phases.baseline]\nagainst = 'main'\n{key} = {value}");
        let table = format!("[phases.baseline]\n[gate.'sort/*']\n{key} = {value}");
        for text in [phase, table] {
            let found = diagnostic(&format!("{PLUGIN}{text}\n"));
            assert!(found.message.contains("not a share"), "{text}: {found}");
            assert!(found.help.unwrap().contains("10%"), "{text}");
        }
    };
    for key in ["threshold", "fuel-threshold", "memory-threshold"] {
        for value in [
            "10", "'10'", "0.1", "'0.1'", "'0%'", "'1001%'", "'-1%'", "true",
        ] {
            bare(key, value);
        }
    }
    #[rustfmt::skip]
    let table = [
        ("[gate.'sort/*']", "demands nothing", "threshold"),
        ("[gate.'']\nthreshold = '5%'", "empty", "--case"),
        ("[gate.'[']\nthreshold = '5%'", "a bad pattern", ""),
        ("[gate.x]\nfuel-max = '5%'", "not a value of `fuel`", "120k"),
        ("[gate.x]\nmemory-max = 'much'", "not a value of `memory-peak`", "64MiB"),
        ("[gate.x]\nthresold = '5%'", "unknown key `thresold`", "`threshold`"),
        ("[gate]\nthreshold = '5%'", "invalid type: string \"5%\", expected a table", "[gate.\"PATTERN\"]"),
        ("[gate.x]\nthreshold = true", "`true` is not a number", "10%"),
        ("[gate.x]\nthreshold = '5%'", "no phase is compared", "--config"),
        ("[renames]\nx = 'y'", "no phase is compared", "against"),
        ("[renames]\nx = 'x'", "no new name", "leave it out"),
        ("[renames]\nx = 'z'\ny = 'z'", "two cases would be called `z`", ""),
        ("[phases.cross]\ngone = 'warn'", "needs something to compare with", "against"),
        ("[phases.cross]\nagainst = 'main'\ngone = 'maybe'", "unknown word `maybe`", "fail"),
        ("[phases.cross]\nchecksum = 'allow'", "needs something to compare with", "against"),
    ];
    for (text, said, help) in table {
        let found = diagnostic(&format!("{PLUGIN}[phases.baseline]\n{text}\n"));
        assert!(found.message.contains(said), "{text}: {}", found.message);
        assert!(found.help.unwrap_or_default().contains(help), "{text}");
    }
    let idle = "[[plugins]]\npath = 'b'\n[phases.baseline]\nplugins = ['a']\n";
    let found = diagnostic(&format!("{PLUGIN}{idle}"));
    assert!(found.message.contains("no phase measures `b`"), "{found}");
}

#[test]
fn an_error_is_a_sentence_the_line_and_help() {
    assert_eq!(
        message(&format!("{PLUGIN}\n[phases.baseline]\nblokcs = 10\n")),
        "unknown key `blokcs`
 --> some/dyno.toml:5:1
  |
5 | blokcs = 10
  | ^^^^^^
  |
  = help: did you mean `blocks`?"
    );
    assert_eq!(
        message(&format!(
            "{PLUGIN}[phases.baseline]\ncriteria = [\n  \"wall-time <= 5ms\",\n  \"wal-time <= 3.5ms\",\n]\n"
        )),
        "`wal-time` is not a metric
 --> some/dyno.toml:6:4
  |
6 |   \"wal-time <= 3.5ms\",
  |    ^^^^^^^^
  |
  = help: did you mean `wall-time`?"
    );
    assert_eq!(
        message(&format!(
            "{PLUGIN}[limits]\nmemory = \"lots\"\n[phases.baseline]\n"
        )),
        "this is not a value of the limit `memory`
 --> some/dyno.toml:4:10
  |
4 | memory = \"lots\"
  |          ^^^^^^
  |
  = help: write it like its default, \"256MiB\""
    );
}

#[test]
fn everything_wrong_is_refused_with_its_line_and_column() {
    #[rustfmt::skip]
    let table = [
        ("outptu = 1", "unknown key `outptu`", (1, 1), "did you mean `output`?"),
        ("verbose = 1", "invalid type: integer `1`, expected a boolean", (1, 11), ""),
        ("verbose = ", "", (1, 11), ""),
        ("seed = -1", "", (1, 8), ""),
        ("output = 'a'\noutput = 'b'", "duplicate key", (2, 1), ""),
        ("[[plugins]]\npath = 'a'", "the suite has no phase", (1, 1), "[phases.baseline]"),
        ("[phases.baseline]", "the suite has no plugin", (1, 1), "[[plugins]]"),
        ("[[plugins]]\nname = 'x'\n[phases.baseline]", "a path or a package", (1, 1), "path = "),
        ("[[plugins]]\npath = 'x'\npackage = 'y'", "one of them", (1, 1), ""),
        ("[[plugins]]\npth = 'x'", "unknown key `pth`", (2, 1), "`path`"),
        ("[[plugins]]\npath = 'x'\n[[plugins]]\npath = 'y/x.wasm'", "two plugins are called `x`", (3, 1), "another `name`"),
        ("[[plugins]]\npath = 'x'\n[[plugins]]\npath = 'y'\nname = 'x'", "two plugins are called `x`", (5, 8), ""),
        ("[[plugins]]\npath = 'x'\nname = ''", "has no name", (3, 8), ""),
        ("[[plugins]]\npath = 'x'\n[limits]\nmemry = '1GiB'", "unknown limit `memry`", (4, 1), "`memory`"),
        ("[[plugins]]\npath = 'x'\n[limits]\nwall = true", "not a value of the limit `wall`", (4, 8), "\"1min\""),
        ("[[plugins]]\npath = 'x'\n[grants]\ndir = []", "unknown key `dir`", (4, 1), "`dirs`"),
        ("[[plugins]]\npath = 'x'\n[grants]\ndirs = ['a', '::b']", "HOST::GUEST", (4, 14), ""),
        ("[[plugins]]\npath = 'x'\n[grants]\nenv = { 'A=B' = 'c' }", "no environment variable", (4, 9), ""),
    ];
    for (text, said, place, help) in table {
        let found = diagnostic(text);
        assert!(found.message.contains(said), "{text}: {}", found.message);
        assert_eq!((found.line, found.column), place, "{text}: {found}");
        assert!(found.help.unwrap_or_default().contains(help), "{text}");
    }
}

#[test]
fn what_a_phase_cannot_be_is_refused_at_its_line() {
    #[rustfmt::skip]
    let table = [
        ("[phases.basline]", "unknown key `basline`", "`baseline`"),
        ("[phases.baseline]\nplugins = ['b']", "no plugin is called `b`", "`a`"),
        ("[phases.baseline]\nplugins = ['a', 'a']", "named twice", ""),
        ("[phases.baseline]\ncases = ['[']", "a bad pattern", ""),
        ("[phases.baseline]\ncases = ['']", "empty", "leave `cases` out"),
        ("[phases.baseline]\ndepth = 'thoruogh'", "unknown word `thoruogh`", "`thorough`"),
        ("[phases.baseline]\nblocks = 0", "`blocks` is out of range", "1 to 1000"),
        ("[phases.baseline]\nblocks = 2.5", "invalid type", ""),
        ("[phases.baseline]\ntime = '5 parsecs'", "`5 parsecs` is not a time", "500ms"),
        ("[phases.baseline]\ntime = '0ms'", "`0ms` is not a time", ""),
        ("[phases.baseline]\ntime = 5", "invalid type", ""),
        ("[phases.baseline]\ntime = '1s'\nsamples = 5", "not both", ""),
        ("[phases.baseline]\nmetrics = ['wall-tim']", "`wall-tim` is not a metric", "`wall-time`"),
        ("[phases.baseline]\ncriteria = ['wall-time <= 5ms', 'wall-time <= 5ms']", "twice", ""),
        ("[phases.baseline]\ncriteria = ['p95 <= 5ms']\nsamples = 100", "100 samples in each of 5 processes", "samples = 400"),
        ("[phases.baseline]\ncriteria = ['wall-time <= 5ms']\nblocks = 1", "one process cannot show", "blocks = 6"),
        ("[phases.baseline]\nthreshold = '5%'", "needs something to compare with", "against"),
        ("[phases.baseline]\nagainst = 'main'\nthreshold = 'few'", "not a share", "10%"),
        ("[phases.baseline]\nagainst = ''", "names nothing", ""),
        ("[phases.load]\nrate = 5", "when this load ends", "duration"),
        ("[phases.load]\nduration = '5s'", "missing field `rate`", ""),
        ("[phases.load]\nrate = nan\nrequests = 1", "requests a second", ""),
        ("[phases.load]\nrate = 1\nrequests = 1\nduration = '1s'", "not both", ""),
    ];
    for (text, said, help) in table {
        let found = diagnostic(&format!("{PLUGIN}{text}\n"));
        assert!(found.message.contains(said), "{text}: {}", found.message);
        assert!(found.line > 2, "{text}: {found}");
        assert!(found.help.unwrap_or_default().contains(help), "{text}");
    }
}

#[test]
fn a_quick_phase_may_demand_what_is_counted() {
    let text = format!(
        "{PLUGIN}[phases.baseline]\ndepth = 'quick'\ncriteria = ['fuel < 5', 'memory-mean < 5MB', 'checksum = 0x1']\n"
    );
    assert!(Suite::parse(&text, Path::new("f")).is_ok());
}

#[test]
fn no_file_is_so_hostile_that_its_error_is_more_than_text() {
    const ESCAPES: &str = "\u{1b}[2J\u{9b}1m\u{202e}\u{7}";
    let long = "x".repeat(60_000);
    let deep = format!("a = {}", "[".repeat(30_000));
    for text in [
        format!("\"{ESCAPES}\" = 1\n"),
        format!("\"a`, expected `b\" = 1 # {ESCAPES}\n"),
        format!("{PLUGIN}name = '''{ESCAPES}\n::error::x'''\n[phases.x]\n"),
        format!("{PLUGIN}[limits]\n\"{ESCAPES}\" = 1\n"),
        format!("{PLUGIN}[phases.baseline]\ncriteria = ['{ESCAPES} <= 5']\n"),
        format!("{PLUGIN}[phases.baseline]\ncriteria = ['wall_ms <= {ESCAPES}']\n"),
        format!("{PLUGIN}[phases.baseline]\ncases = ['/({ESCAPES}/']\n"),
        format!("{PLUGIN}[phases.baseline]\nplugins = ['{ESCAPES}']\n"),
        format!("{PLUGIN}[phases.baseline]\ndepth = '{ESCAPES}'\n"),
        format!("{long} = 1\n"),
        format!("verbose = '{long}'\n"),
        deep,
    ] {
        let shown = message(&text);
        let bad = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!shown.contains(bad), "{shown:?}");
        assert!(
            shown.chars().count() < 1500,
            "{} characters",
            shown.chars().count()
        );
        assert!(!shown.lines().any(|line| line.starts_with("::")), "{shown}");
    }
}

#[test]
fn what_is_not_a_small_text_file_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let error = |path: &Path| chain(&Suite::read(path, None).unwrap_err());
    assert!(error(dir.path()).ends_with("not a regular file"));
    assert!(error(&dir.path().join("none")).contains("cannot be read"));
    let path = dir.path().join("dyno.toml");
    std::fs::write(&path, vec![b'#'; 64 * 1024 + 1]).unwrap();
    assert!(error(&path).ends_with("it is larger than 64KiB"));
    std::fs::write(&path, b"a = \xff").unwrap();
    assert!(error(&path).contains("UTF-8"));
}

/// If this fails, a user who runs a stranger's suite reads, hands to its guests or overwrites files
/// of their own.
#[test]
fn no_path_of_a_suite_leads_out_of_its_checkout_unless_the_user_says_so() {
    let outer = tempfile::tempdir().unwrap();
    let inside = outer.path().join("in");
    std::fs::create_dir_all(inside.join(".git")).unwrap();
    std::fs::create_dir(inside.join("bench")).unwrap();
    std::fs::create_dir(outer.path().join("own")).unwrap();
    std::os::unix::fs::symlink("../own", inside.join("link")).unwrap();
    let path = inside.join("bench/dyno.toml");
    let suite = |text: &str, root: Option<&Path>| {
        std::fs::write(&path, text).unwrap();
        Suite::read(&path, root)
    };
    let phase = "[phases.baseline]\n";
    let texts = |place: &str| {
        [
            format!("output = '{place}'\n{PLUGIN}{phase}"),
            format!("[[plugins]]\npath = '{place}'\n{phase}"),
            format!("{PLUGIN}[grants]\nstdin = '{place}'\n{phase}"),
            format!("{PLUGIN}[grants]\ndirs = ['{place}::/x']\n{phase}"),
            format!("{PLUGIN}[grants]\ndirs-rw = ['{place}::/x']\n{phase}"),
        ]
    };
    let absolute = outer.path().join("own").display().to_string();
    for place in [
        "../../own",
        "../link",
        "../link/new",
        absolute.as_str(),
        "/etc",
    ] {
        for text in texts(place) {
            let error = suite(&text, None).unwrap_err().to_string();
            assert!(
                error.contains("leads out of") && error.contains(place),
                "{error}"
            );
            assert!(suite(&text, Some(Path::new("/"))).is_ok(), "{text}");
        }
    }
    for place in ["../new", "new", "./new", "../bench/x"] {
        for text in texts(place) {
            suite(&text, None).unwrap_or_else(|error| panic!("{text}: {error}"));
        }
    }
    // The file itself is shown a line of.
    std::fs::write(outer.path().join("own/secret"), "secret").unwrap();
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("../../own/secret", &path).unwrap();
    let error = Suite::read(&path, None).unwrap_err().to_string();
    assert!(
        error.contains("is a link") && !error.contains("1 |"),
        "{error}"
    );
}
