use super::*;
use proptest::prelude::*;

fn parse(line: &str) -> Criterion {
    Criterion::parse(line).unwrap_or_else(|problem| panic!("{line}: {}", problem.message))
}

#[test]
fn what_people_write_is_understood() {
    for (line, shown) in [
        ("fuel_per_iteration <= 120k", "fuel_per_iteration <= 120000"),
        (
            "fuel_per_iteration<1_200_000",
            "fuel_per_iteration < 1200000",
        ),
        ("  p95_ms   <=  3.5  ", "p95_ms <= 3.5"),
        ("p95_ms ≤ 4s", "p95_ms <= 4000"),
        ("wall_us <= 250 µs", "wall_us <= 250"),
        (
            "memory_bytes_peak <= 64MiB",
            "memory_bytes_peak <= 67108864",
        ),
        (
            "memory_bytes_peak <= 1048576",
            "memory_bytes_peak <= 1048576",
        ),
        (
            "throughput_bytes_per_second >= 300MB/s",
            "throughput_bytes_per_second >= 300000000",
        ),
        (
            "throughput_elements_per_second > 1.5M",
            "throughput_elements_per_second > 1500000",
        ),
        ("spread <= 5%", "spread <= 5%"),
        (
            "checksum == 0x066bc545205fff3d",
            "checksum = 0x066bc545205fff3d",
        ),
        (
            "checksum != 0xA for /^json for x$/",
            "checksum != 0x000000000000000a for /^json for x$/",
        ),
        ("wall_ns < 1e3 for json/*", "wall_ns < 1000 for json/*"),
    ] {
        assert_eq!(parse(line).to_string(), shown);
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    #[rustfmt::skip]
    let table = [
        ("", "does not begin with a metric", ""),
        ("<= 5", "does not begin with a metric", "<= 5"),
        ("p95_mss <= 5", "`p95_mss` is not a metric", "p95_mss"),
        ("wall <= 5", "`wall` is not a metric", "wall"),
        ("p95_ms 5", "an operator is missing", "p95_ms 5"),
        ("p95_ms =< 5", "`=<` is not an operator", "=<"),
        ("p95_ms = 5", "never equal", "="),
        ("checksum <= 0x5", "a checksum is equal or it is not", "<="),
        ("p95_ms <=", "a value is missing", "p95_ms <="),
        ("p95_ms <= -5", "`-5` is not a value", "-5"),
        ("p95_ms <= nan", "is not a value", "nan"),
        ("p95_ms <= inf", "is not a value", "inf"),
        ("p95_ms <= 1e999", "is not a value", "1e999"),
        ("p95_ms <= 5 MiB", "is not a value", "5 MiB"),
        ("p95_ms <= 5 6", "is not a value", "5 6"),
        ("memory_bytes_peak <= 5ms", "is not a value", "5ms"),
        ("fuel_per_iteration <= 5%", "is not a value", "5%"),
        ("spread <= 0.05", "is not a value", "0.05"),
        ("checksum = 5", "is not a value", "5"),
        ("checksum = 0x+5", "is not a value", "0x+5"),
        ("checksum = 0x11111111111111111", "is not a value", "0x11111111111111111"),
        ("wall_ms <= 5 for [", "a bad pattern", "["),
        ("wall_ms <= 5 for ", "no pattern follows `for`", "wall_ms <= 5 for "),
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
    let problem = Criterion::parse("fule_per_iteration <= 5").unwrap_err();
    assert_eq!(problem.help.unwrap(), "did you mean `fuel_per_iteration`?");
}

fn criteria() -> impl Strategy<Value = Criterion> {
    let metrics: Vec<Metric> = Metric::all().collect();
    let pattern = proptest::option::of("[a-z0-9][a-z0-9/*]{0,11}( for [a-z]{1,3})?");
    let parts = (
        proptest::sample::select(metrics),
        0..6_usize,
        0.0..f64::MAX,
        any::<u64>(),
        pattern,
    );
    parts.prop_map(|(metric, operator, number, checksum, pattern)| {
        let is_checksum = metric.spec.quantity == Quantity::Checksum;
        let operator = match (is_checksum, metric.spec.is_exact()) {
            (true, _) => Operator::ALL[4 + operator % 2],
            (_, true) => Operator::ALL[operator],
            _ => Operator::ALL[operator % 4],
        };
        // Of shares, millionths of a percent can be written.
        let number = match metric.unit() {
            "ratio" => (number / f64::MAX * 1e9).ceil().max(1.0) / 1e6 / 100.0,
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
    fn no_text_makes_it_panic_or_point_outside(line in "\\PC{0,40}|(p95_ms|checksum) ?[<>=!≤]{0,3} ?\\PC{0,12}( for \\PC{0,8})?") {
        if let Err(problem) = Criterion::parse(&line) {
            prop_assert!(line.get(problem.span).is_some());
        }
    }
}
