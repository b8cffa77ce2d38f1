use super::*;
use dyno_fixture as fixture;

fn exported(run: &Run) -> String {
    let mut out = Vec::new();
    write(&run.into(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[derive(Debug, PartialEq)]
enum Record {
    Config(String, String),
    Unit(Vec<String>),
    Result(String, i64, Vec<(f64, String)>),
}

/// The reader of `golang.org/x/perf/benchfmt`, by its documentation and source.
fn read(text: &str) -> Vec<Record> {
    let mut records = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("Benchmark") {
            let mut fields = rest.split_whitespace().map(str::to_owned);
            let name = fields.next().unwrap();
            assert!(!name.starts_with(char::is_lowercase), "{name}");
            let iterations = fields.next().unwrap().parse().unwrap();
            let rest: Vec<String> = fields.collect();
            assert!(!rest.is_empty() && rest.len().is_multiple_of(2), "{line}");
            let values = rest.chunks(2);
            let values = values.map(|pair| (pair[0].parse().unwrap(), pair[1].clone()));
            records.push(Record::Result(name, iterations, values.collect()));
        } else if let Some(rest) = line.strip_prefix("Unit ") {
            let fields = rest.split_whitespace().map(str::to_owned);
            records.push(Record::Unit(fields.collect()));
        } else if let Some((key, value)) = line.split_once(':')
            && key.starts_with(char::is_lowercase)
            && !key.contains(|c: char| c.is_whitespace() || c.is_uppercase())
            && (value.is_empty() || value.starts_with([' ', '\t']))
        {
            records.push(Record::Config(key.into(), value.trim().into()));
        }
    }
    records
}

#[test]
fn every_process_is_a_line_that_benchfmt_reads() {
    let mut run = fixture::full();
    run.machine.facts.insert("os".into(), "linux".into());
    let case = &mut run.plugins[0].cases[0];
    case.spec.name = "sort n=1000-16".into();
    for (process, wall_ns) in case.processes.iter_mut().zip([100, 300, 200]) {
        process.samples = vec![fixture::sample(4, wall_ns)];
    }
    let records = read(&exported(&run));
    let config = |key: &str, value: &str| Record::Config(key.into(), value.into());
    assert!(records.contains(&config("goos", "linux")));
    assert!(records.contains(&config("cpu", "Some CPU @ 2.0GHz")));
    let results: Vec<_> = records
        .iter()
        .filter(|record| matches!(record, Record::Result(..)))
        .collect();
    let Record::Result(name, iterations, values) = results[1] else {
        panic!("{results:?}");
    };
    assert_eq!(
        (name.as_str(), *iterations),
        ("Sorting/sort_n=1000-16~321b25b0-1", 4)
    );
    assert_eq!(values[0], (75.0, "ns/op".into()));
    let units: Vec<&str> = values.iter().map(|(_, unit)| unit.as_str()).collect();
    assert_eq!(units, ["ns/op", "cpu-ns/op", "fuel/op", "peak-B"]);
    assert_eq!(results.len(), 3, "only one case of the fixture succeeds");
}

#[test]
fn nothing_but_what_is_the_same_in_old_and_new_configures() {
    let records = read(&exported(&fixture::full()));
    for record in records {
        if let Record::Config(key, _) = record {
            assert!(["goos", "goarch", "cpu"].contains(&key.as_str()), "{key}");
        }
    }
}

#[test]
fn no_guest_writes_a_line() {
    let mut run = fixture::full();
    let before = exported(&run).lines().count();
    for text in [
        "x\nBenchmarkFake 1 1 ns/op",
        "a: b",
        "x\u{2028}y 1 1 ns/op",
        "",
    ] {
        run.plugins[0].label = text.into();
        run.plugins[0].cases[0].spec.name = text.into();
        run.plugins[0].cases[4].outcome = Outcome::Trap {
            message: text.into(),
        };
        let text = exported(&run);
        assert_eq!(text.lines().count(), before, "{text}");
        for record in read(&text) {
            match record {
                Record::Result(_, _, values) => assert_eq!(values.len(), 4),
                Record::Config(key, _) => assert_eq!(key, "cpu"),
                Record::Unit(fields) => assert_eq!(fields, ["fuel/op", "assume=exact"]),
            }
        }
    }
}

#[test]
fn what_failed_is_told_as_go_tells_it() {
    let text = exported(&fixture::full());
    let failed = text
        .lines()
        .filter(|line| line.starts_with("--- FAIL: Benchmark"));
    assert_eq!(failed.count(), cases::failures(&fixture::full()));
    assert!(text.contains("\n--- SKIP: BenchmarkSorting/bare\n    skipped: unreachable"));
}

#[test]
fn a_plugin_behind_benchmark_starts_with_no_lower_case_letter() {
    for (name, shown) in [
        ("sorting", "Sorting"),
        ("Sorting", "Sorting~"),
        ("ßa", "SSa~"),
        ("ŉa", "ʼNa~"),
        ("ĸa", "_ĸa~"),
        ("=cmd()", "=cmd()"),
        ("x1/sorting", "X1:sorting"),
        ("", ""),
    ] {
        let title = title(name);
        match shown.strip_suffix('~') {
            Some(_) => assert!(title.starts_with(shown), "{title}"),
            None => assert_eq!(title, shown),
        }
    }
}
