use super::*;
use dyno_model::all;
use proptest::prelude::*;

fn parse(line: &str) -> Criterion {
    let parsed = Criterion::parse(line);
    parsed
        .unwrap_or_else(|problem| panic!("{line}: {}", problem.message))
        .0
}

#[test]
fn what_people_write_is_understood() {
    for (line, shown) in [
        ("fuel <= 120k", "fuel <= 120000"),
        ("fuel<1_200_000", "fuel < 1200000"),
        ("  p95   <=  3.5 ms ", "p95 <= 3.5ms"),
        ("p95 ≤ 4s", "p95 <= 4s"),
        ("wall-time <= 250 µs", "wall-time <= 250us"),
        ("wall-time <= 1.5 min", "wall-time <= 90s"),
        ("memory-peak <= 64MiB", "memory-peak <= 67108864"),
        ("memory-peak <= 1048576", "memory-peak <= 1048576"),
        (
            "throughput-bytes >= 300MB/s",
            "throughput-bytes >= 300000000",
        ),
        (
            "throughput-elements > 1.5M",
            "throughput-elements > 1500000",
        ),
        ("spread-within <= 5%", "spread-within <= 5%"),
        (
            "checksum == 0x066bc545205fff3d",
            "checksum = 0x066bc545205fff3d",
        ),
        (
            "checksum != 0xA for /^json for x$/",
            "checksum != 0x000000000000000a for /^json for x$/",
        ),
        ("wall-time < 1e3ns for json/*", "wall-time < 1us for json/*"),
    ] {
        assert_eq!(parse(line).to_string(), shown);
        assert_eq!(Criterion::parse(line).unwrap().1, None, "{line}");
    }
}

/// If this fails, an older suite means something else now, or its writer is not told the new name.
#[test]
fn old_names_are_read_and_what_to_write_is_said() {
    for (line, now) in [
        ("fuel_per_iteration <= 120k", "fuel <= 120k"),
        ("p95_ms <= 3.5", "p95 <= 3.5ms"),
        ("p95_ms ≤ 4s", "p95 ≤ 4s"),
        ("wall_us<=250", "wall-time <= 250us"),
        ("wall_ns < 1e3 for json/*", "wall-time < 1e3ns for json/*"),
        ("first_iteration_s > 1", "first-iteration > 1s"),
        ("memory_bytes_peak <= 64MiB", "memory-peak <= 64MiB"),
        (
            "throughput_bytes_per_second >= 300MB/s",
            "throughput-bytes >= 300MB/s",
        ),
        ("spread <= 5%", "spread-within <= 5%"),
        ("undisturbed >= 90%", "undisturbed-share >= 90%"),
    ] {
        let (criterion, renamed) = Criterion::parse(line).unwrap();
        assert_eq!(criterion, parse(now), "{line}");
        let (_, write) = renamed.as_deref().unwrap().split_once(": ").unwrap();
        assert_eq!(write, format!("write `{now}`"));
    }
    for row in METRICS {
        for (old, _) in old_names(row) {
            let found = metric(&old, 0..0).unwrap();
            assert_eq!((found.metric.name, found.is_old), (row.name, true));
        }
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    #[rustfmt::skip]
    let table = [
        ("", "does not begin with a metric", ""),
        ("<= 5", "does not begin with a metric", "<= 5"),
        ("p955 <= 5ms", "`p955` is not a metric", "p955"),
        ("p95_mss <= 5", "`p95_mss` is not a metric", "p95_mss"),
        ("wall <= 5", "`wall` is not a metric", "wall"),
        ("wall_min <= 5", "`wall_min` is not a metric", "wall_min"),
        ("p95 5ms", "an operator is missing", "p95 5ms"),
        ("p95 =< 5ms", "`=<` is not an operator", "=<"),
        ("p95 = 5ms", "never equal", "="),
        ("checksum <= 0x5", "a checksum is equal or it is not", "<="),
        ("p95 <=", "a value is missing", "p95 <="),
        ("p95 <= 5", "`5` is not a value of `p95`", "5"),
        ("p95 <= -5ms", "`-5ms` is not a value", "-5ms"),
        ("p95_ms <= -5", "`-5` is not a value", "-5"),
        ("p95 <= nan", "is not a value", "nan"),
        ("p95_ms <= inf", "is not a value", "inf"),
        ("p95_ms <= 1e999", "is not a value", "1e999"),
        ("p95_s <= 1e300", "is not a value", "1e300"),
        ("p95 <= 5 MiB", "is not a value", "5 MiB"),
        ("p95_ms <= 5 6", "is not a value", "5 6"),
        ("memory-peak <= 5ms", "is not a value", "5ms"),
        ("fuel <= 5%", "is not a value", "5%"),
        ("spread-within <= 0.05", "is not a value", "0.05"),
        ("checksum = 5", "is not a value", "5"),
        ("checksum = 0x+5", "is not a value", "0x+5"),
        ("checksum = 0x11111111111111111", "is not a value", "0x11111111111111111"),
        ("wall-time <= 5ms for [", "a bad pattern", "["),
        ("wall-time <= 5ms for ", "no pattern follows `for`", "wall-time <= 5ms for "),
    ];
    for (line, message, marked) in table {
        let problem = Criterion::parse(line).unwrap_err();
        assert!(
            problem.message.contains(message),
            "{line}: {}",
            problem.message
        );
        assert_eq!(&line[problem.span.clone()], marked, "{line}");
    }
    let problem = Criterion::parse("memry-peak <= 5").unwrap_err();
    assert_eq!(problem.help.unwrap(), "did you mean `memory-peak`?");
    let problem = Criterion::parse("p95 <= 5").unwrap_err();
    assert_eq!(problem.help.unwrap(), "write a time such as 3.5ms");
}

#[test]
fn every_metric_stands_in_the_manual() {
    let manual = include_str!("../../../../docs/suites.md");
    for row in METRICS {
        let line = format!("| `{}` | {} |", row.name, row.about);
        assert!(manual.contains(&line), "{line}");
    }
}

fn criteria() -> impl Strategy<Value = Criterion> {
    let metrics: Vec<&MetricSpec> = METRICS.iter().collect();
    let pattern = proptest::option::of("[a-z0-9][a-z0-9/*]{0,11}( for [a-z]{1,3})?");
    let parts = (
        proptest::sample::select(metrics),
        0..6_usize,
        0.0..f64::MAX,
        any::<u64>(),
        pattern,
    );
    parts.prop_map(|(metric, operator, number, checksum, pattern)| {
        let operators: Vec<Operator> = all().collect();
        let is_checksum = metric.source == Source::Checksum;
        let operator = match (is_checksum, metric.drawn == Drawn::Exact) {
            (true, _) => operators[4 + operator % 2],
            (_, true) => operators[operator],
            _ => operators[operator % 4],
        };
        // Of shares, millionths of a percent can be written.
        let number = match metric.unit {
            Unit::Ratio => (number / f64::MAX * 1e9).ceil().max(1.0) / 1e6 / 100.0,
            _ => number,
        };
        Criterion {
            metric,
            operator,
            threshold: if is_checksum {
                Threshold::Checksum(checksum)
            } else {
                Threshold::Number(number)
            },
            cases: pattern.map(|pattern| CasePattern::parse(&pattern).unwrap()),
        }
    })
}

proptest! {
    #[test]
    fn what_is_shown_reads_back(criterion in criteria()) {
        let shown = criterion.to_string();
        prop_assert_eq!(parse(&shown), criterion);
    }

    #[test]
    fn no_text_makes_it_panic_or_point_outside(line in "\\PC{0,40}|(p95_ms|p95|checksum) ?[<>=!≤]{0,3} ?\\PC{0,12}( for \\PC{0,8})?") {
        if let Err(problem) = Criterion::parse(&line) {
            prop_assert!(line.get(problem.span).is_some());
        }
    }
}
