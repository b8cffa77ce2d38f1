use super::*;
use dyno_model::{
    Change, Exceptions, Gate, LimitKind, METRICS, Metric as M, Pairing, Rules, Side, Verdict,
};

#[test]
fn a_failed_case_is_said_once_and_typed() {
    let mut failed = ten();
    failed.plugins[0].cases[0].outcome = Outcome::Limit {
        limit: LimitKind::Memory,
        cap: 64 << 20,
        actual: Some(65 << 20),
    };
    let result = judge(
        &phase("criteria = ['wall-time <= 1s', 'fuel <= 1G']"),
        &failed,
        None,
    );
    assert_eq!(result.outcome, CheckOutcome::Failed);
    let [
        PhaseError::Resource {
            limit: LimitKind::Memory,
            cap,
            actual,
            case,
            ..
        },
    ] = &result.errors[..]
    else {
        panic!("{:?}", result.errors)
    };
    assert_eq!(
        (*cap, *actual, case.as_deref()),
        (64 << 20, Some(65 << 20), Some("json/read"))
    );
    let raise = result
        .recommendations
        .iter()
        .find(|said| matches!(said.advice, Advice::Limit { .. }))
        .unwrap();
    assert!(
        raise
            .text
            .contains("write memory = \"65MiB\" below [limits]"),
        "{}",
        raise.text
    );

    failed.plugins[0].cases[0].outcome = Outcome::Trap {
        message: "no".into(),
    };
    let result = judge(&phase(""), &failed, None);
    assert!(matches!(
        &result.errors[..],
        [PhaseError::Failed {
            outcome: Outcome::Trap { .. },
            ..
        }]
    ));
    failed.plugins[0].outcome = Outcome::Skipped {
        reason: "no benchmark".into(),
    };
    failed.plugins[0].cases.clear();
    assert_eq!(
        judge(&phase(""), &failed, None).errors,
        [PhaseError::NothingMatched {
            phase: phase("").name,
            criterion: None
        }]
    );
}

#[test]
fn a_criterion_without_a_case_and_an_interrupted_run_are_errors() {
    let result = judge(
        &phase("criteria = ['wall-time <= 1s for json/raed', 'wall-time <= 1s for json/*']"),
        &ten(),
        None,
    );
    let criterion = Some("wall-time <= 1s for json/raed".to_owned());
    assert_eq!(
        result.errors,
        [PhaseError::NothingMatched {
            phase: result.phase,
            criterion
        }]
    );
    assert_eq!(
        (result.outcome, result.checks.len()),
        (CheckOutcome::Failed, 1)
    );
    let mut cut = ten();
    cut.status = RunStatus::Interrupted;
    assert_eq!(
        judge(&phase(""), &cut, None).errors,
        [PhaseError::Interrupted {
            phase: result.phase
        }]
    );
    assert_eq!(
        judge(&phase(""), &ten(), None).outcome,
        CheckOutcome::Passed
    );
}

fn comparison(outcome: GateOutcome) -> Comparison {
    let change = Change {
        metric: M::WallTime,
        base: 80.0,
        candidate: 100.0,
        ratio: 1.25,
        lower: 1.2,
        upper: 1.5,
        pairs: 10,
        verdict: Verdict::Regressed,
    };
    let side = || Side {
        run: "r".into(),
        name: "main".into(),
    };
    Comparison {
        base: side(),
        candidate: side(),
        judged_at: String::new(),
        pairing: Pairing::Paired,
        conditions: Default::default(),
        rules: Rules {
            confidence: 0.99,
            equivalence: 0.02,
            threshold: 0.1,
            fuel: None,
            memory: None,
            gates: true,
            ..dyno_model::RULES
        },
        exceptions: Exceptions::default(),
        cases: vec![CaseComparison {
            plugin: "sorting".into(),
            base_plugin: Some("sorting".into()),
            case: "json/read".into(),
            verdict: Verdict::Regressed,
            reason: None,
            decided_by: Some(M::WallTime),
            cpu_may_decide: false,
            wall_is_disturbed: false,
            doubt: None,
            severity: None,
            diagnosis: None,
            changes: vec![change],
            gate: Some(Gate {
                outcome,
                reason: "wall time grew by 25 %".into(),
                confirmation: None,
            }),
            notes: Vec::new(),
        }],
    }
}

#[test]
fn a_comparison_is_a_check_of_what_it_decided_by_and_its_absence_an_error() {
    let phase = phase("against = 'main'");
    for (said, expected) in [
        (GateOutcome::Passed, CheckOutcome::Passed),
        (GateOutcome::Unsure, CheckOutcome::Unsure),
        (GateOutcome::Regressed, CheckOutcome::Failed),
    ] {
        let result = judge(&phase, &ten(), Some(&comparison(said)));
        assert_eq!(
            (result.outcome, result.checks[0].outcome),
            (expected, expected)
        );
        let reading = &result.checks[0].reading;
        assert_eq!(
            (reading.metric.as_str(), reading.actual),
            ("wall-time-change", Some(Value::Number(0.25)))
        );
        let is_error = matches!(&result.errors[..], [PhaseError::Regressed { .. }]);
        assert_eq!(
            is_error,
            expected == CheckOutcome::Failed,
            "{:?}",
            result.errors
        );
    }
    let missing = judge(&phase, &ten(), None);
    assert_eq!(
        missing.errors,
        [PhaseError::NotCompared {
            phase: phase.name,
            against: "main".into()
        }]
    );
}

#[test]
fn recommendations_say_what_the_data_suggests() {
    let texts = |run: &Run, keys: &str| -> Vec<String> {
        let result = judge(&phase(keys), run, None);
        result
            .recommendations
            .into_iter()
            .map(|said| said.text)
            .collect()
    };
    assert_eq!(texts(&ten(), ""), Vec::<String>::new());
    let mut kept = ten();
    kept.plugins[0].cases[0]
        .count
        .as_mut()
        .unwrap()
        .memory
        .released_bytes = 92 * (64 << 20) / 100;
    let said = texts(&kept, "");
    assert!(
        said[0].starts_with("memory after release is 92 % of the peak: the case keeps"),
        "{said:?}"
    );
    let mut small = kept.clone();
    small.plugins[0].cases[0]
        .count
        .as_mut()
        .unwrap()
        .memory
        .peak_bytes = (1 << 20) + 65536;
    assert_eq!(texts(&small, ""), Vec::<String>::new());
    let few = run(&[vec![95; 20], vec![100; 20], vec![105; 20]]);
    let said = texts(&few, "criteria = ['wall-time <= 100ns']");
    assert!(
        said.iter()
            .any(|text| text.contains("write blocks = 6 or more")),
        "{said:?}"
    );
    let said = texts(&ten(), "criteria = ['wall-time <= 100ns']");
    assert!(said[0].contains("write blocks = 20"), "{said:?}");
    let mut marked = ten();
    marked.plugins[0].cases[0].marks = vec![
        Mark::Noisy,
        Mark::TimerFloor,
        Mark::Folded,
        Mark::Implausible,
        Mark::FuelUnsettled,
        Mark::Nondeterministic,
        Mark::Suspended,
        Mark::BudgetEnded,
    ];
    // That the budget ended is not worth a word to every case.
    assert_eq!(texts(&marked, "").len(), 7);
}

#[test]
fn across_plugins_the_same_name_must_be_the_same_job() {
    let cross = phase_named("cross", "");
    let mut run = ten();
    assert_eq!(
        judge(&cross, &run, None).recommendations[0].advice,
        Advice::Alone
    );
    let mut other = run.plugins[0].clone();
    other.label = "other".into();
    run.plugins.push(other);
    assert_eq!(judge(&cross, &run, None).recommendations, []);
    run.plugins[1].cases[0].checksum = Some(9);
    let said = &judge(&cross, &run, None).recommendations;
    assert_eq!((said.len(), said[0].plugin.as_str()), (1, "other"));
    assert_eq!(
        said[0].advice,
        Advice::Disagrees {
            other: "sorting".into()
        }
    );
    // Each by itself, they have nothing to do with each other.
    assert_eq!(judge(&phase(""), &run, None).recommendations, []);
}

#[test]
fn a_result_is_json_with_the_words_of_the_suite() {
    let result = judge(
        &phase("criteria = ['fuel <= 99', 'checksum = 0x7']"),
        &ten(),
        None,
    );
    let value = serde_json::to_value(&result).unwrap();
    assert_eq!(value["outcome"], "failed");
    assert_eq!(value["checks"][0]["operator"], "<=");
    assert_eq!(value["checks"][1]["threshold"], "0x0000000000000007");
    assert_eq!(value["errors"][0]["kind"], "threshold");
    assert_eq!(value["errors"][0]["actual"], 100.0);
    let schema = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let schema = schema
        .into_generator()
        .into_root_schema_for::<PhaseResult>()
        .to_value();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(&value)
        .map(|error| error.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn a_run_in_which_everything_occurs_is_judged() {
    let all: Vec<_> = METRICS
        .iter()
        .map(|row| format!("'{}'", row.name))
        .collect();
    let result = judge(
        &phase(&format!("metrics = [{}]", all.join(","))),
        &fixture::full(),
        None,
    );
    assert_eq!(result.outcome, CheckOutcome::Failed);
    let written = serde_json::to_value(&result).unwrap();
    assert_eq!(
        written["readings"].as_array().unwrap().len(),
        result.readings.len()
    );
}
