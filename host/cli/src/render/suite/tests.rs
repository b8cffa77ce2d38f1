use std::path::Path;

use super::*;
use dyno_model::quoted::quoted;
use dyno_model::{LimitKind, Outcome};
use dyno_suite::{Advice, Operator, PhaseName, Recommendation, Suite, judge};

fn text(results: &[PhaseResult]) -> String {
    crate::render::sink::plain(|out| suite(out, results))
}

fn reading(
    case: &str,
    metric: &str,
    unit: &str,
    actual: Option<f64>,
    interval: Option<(f64, f64)>,
) -> Reading {
    Reading {
        plugin: "json".into(),
        case: case.into(),
        metric: metric.into(),
        unit: unit.into(),
        actual: actual.map(Value::Number),
        lower: interval.map(|ends| ends.0),
        upper: interval.map(|ends| ends.1),
    }
}

fn check(reading: Reading, threshold: f64, outcome: CheckOutcome, reason: Option<&str>) -> Check {
    Check {
        reading,
        operator: Operator::AtMost,
        threshold: Value::Number(threshold),
        outcome,
        reason: reason.map(Into::into),
    }
}

fn result() -> PhaseResult {
    let phase = PhaseName::Baseline;
    PhaseResult {
        phase,
        run: "20261120T165509Z-1f2e3d4c".into(),
        outcome: CheckOutcome::Failed,
        checks: vec![
            check(
                reading("read", "fuel", "fuel", Some(131_072.0), None),
                120_000.0,
                CheckOutcome::Failed,
                None,
            ),
            check(
                reading("read", "p95", "ns", Some(3.41e6), Some((3.2e6, 3.6e6))),
                3.5e6,
                CheckOutcome::Unsure,
                None,
            ),
            check(
                reading(
                    "read",
                    "wall-time-change",
                    "ratio",
                    Some(-0.012),
                    Some((-0.02, 0.004)),
                ),
                0.1,
                CheckOutcome::Passed,
                Some("it did not grow"),
            ),
            check(
                reading("write", "memory-peak", "bytes", None, None),
                67_108_864.0,
                CheckOutcome::NotMeasured,
                Some("the case did not end well"),
            ),
        ],
        readings: vec![reading(
            "read",
            "wall-time",
            "ns",
            Some(12.3e3),
            Some((12.0e3, 12.6e3)),
        )],
        errors: vec![
            PhaseError::Threshold {
                phase,
                plugin: "json".into(),
                case: "read".into(),
                metric: "fuel".into(),
                unit: "fuel".into(),
                operator: Operator::AtMost,
                threshold: Value::Number(120_000.0),
                actual: Some(Value::Number(131_072.0)),
            },
            PhaseError::Resource {
                phase,
                plugin: "json".into(),
                case: Some("write".into()),
                limit: LimitKind::Memory,
                cap: 64 << 20,
                actual: Some(65 << 20),
            },
            PhaseError::NothingMatched {
                phase,
                criterion: Some("wall-time <= 1ms for xml/*".into()),
            },
        ],
        recommendations: vec![Recommendation {
            plugin: "json".into(),
            case: Some("read".into()),
            advice: Advice::Alone,
            text: "memory after release is 92 % of the peak".into(),
        }],
    }
}

#[test]
fn a_phase_shows_what_must_hold_and_whether_it_does() {
    assert_eq!(
        text(&[result()]),
        "\
baseline ✗ failed run 20261120T165509Z-1f2e3d4c
  json
    case · metric              actual        95 % interval     threshold  note
  ✗ read · fuel               131.1 k                         <= 120.0 k
  ? read · p95               3.410 ms  3.200 ms … 3.600 ms   <= 3.500 ms
  ✓ read · wall-time-change    -1.2 %       -2.0 % … 0.4 %     <= 10.0 %  it did not grow
  – write · memory-peak             –                       <= 64.00 MiB  the case did not end well
    read · wall-time         12.30 µs  12.00 µs … 12.60 µs
  ✗ json · read: fuel is 131.1 k, and should be <= 120.0 k
  ✗ json · write: hit the memory limit of 64MiB, 65MiB wanted
  ✗ no case is what `wall-time <= 1ms for xml/*` is about
  → json · read: memory after release is 92 % of the peak

"
    );
}

#[test]
fn no_name_or_message_is_more_than_text() {
    const EVIL: &str = "\u{1b}[2J\u{9b}1m\u{202e}\r\n::error::x\u{7}|`<b>";
    let mut result = result();
    for check in &mut result.checks {
        (check.reading.plugin, check.reading.case) = (EVIL.into(), EVIL.into());
        check.reason = Some(EVIL.into());
    }
    let phase = result.phase;
    let failed = |case: Option<&str>, outcome| PhaseError::Failed {
        phase,
        plugin: EVIL.into(),
        case: case.map(Into::into),
        outcome,
    };
    result.errors.extend([
        failed(
            Some(EVIL),
            Outcome::Trap {
                message: EVIL.into(),
            },
        ),
        failed(
            None,
            Outcome::Refused {
                reason: EVIL.into(),
            },
        ),
        PhaseError::Regressed {
            phase,
            plugin: EVIL.into(),
            case: EVIL.into(),
            reason: EVIL.into(),
        },
        PhaseError::NotMeasured {
            phase,
            plugin: EVIL.into(),
            case: EVIL.into(),
            metric: EVIL.into(),
            reason: EVIL.into(),
        },
        PhaseError::NothingMatched {
            phase,
            criterion: Some(EVIL.into()),
        },
        PhaseError::NotCompared {
            phase,
            against: EVIL.into(),
        },
        PhaseError::Interrupted { phase },
    ]);
    result.recommendations[0].plugin = EVIL.into();
    result.recommendations[0].text = EVIL.into();
    let shown = text(std::slice::from_ref(&result));
    let bad = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    assert!(!shown.contains(bad), "{shown:?}");
    assert!(
        !shown
            .lines()
            .any(|line| line.trim_start().starts_with("::")),
        "{shown}"
    );
}

#[test]
fn every_judged_run_of_the_fixture_is_shown() {
    let text_of_suite = "[[plugins]]\npath = 'a'\n[phases.baseline]\nmetrics = ['wall-time', 'checksum', 'spread-within']\ncriteria = ['checksum = 0x1']\n";
    let config = Suite::parse(text_of_suite, Path::new("dyno.toml")).unwrap();
    let result = judge(&config.phases[0], &dyno_fixture::full(), None);
    let shown = text(&[result]);
    assert!(
        shown.contains("0x8000000000000000") && shown.contains(&quoted("sorting")),
        "{shown}"
    );
}
