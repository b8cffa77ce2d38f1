use super::*;
use dyno_fixture as fixture;
use dyno_model::Run;

fn exported(run: &Run) -> Value {
    let mut out = Vec::new();
    write(&run.into(), &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn it_is_what_the_published_schema_asks_for() {
    // https://bencher.dev/v0/bmf.json
    let metric = json!({
        "type": "object",
        "properties": {
            "value": { "type": "number" },
            "lower_value": { "type": "number" },
            "upper_value": { "type": "number" },
        },
        "required": ["value"],
    });
    let measures = json!({ "type": "object", "patternProperties": { ".+": metric } });
    let schema = json!({ "type": "object", "patternProperties": { ".+": measures } });
    let run = fixture::full();
    let exported = exported(&run);
    assert!(
        jsonschema::draft7::new(&schema)
            .unwrap()
            .is_valid(&exported)
    );
    let case = &run.plugins[0].cases[0];
    let wall = cases::estimate(case, Metric::WallTime).unwrap();
    let name = &cases::named(&run)[0].name;
    assert!(
        name.starts_with("sorting/case 0 \\u{7f}é😀\\u{0}~"),
        "{name}"
    );
    let measures = &exported[name];
    assert_eq!(measures["latency"]["value"], wall.median);
    assert_eq!(measures["latency"]["upper_value"], wall.upper);
    assert_eq!(measures["failed"]["value"], 0);
}

#[test]
fn what_failed_says_so_and_has_no_time() {
    let run = fixture::full();
    let exported = exported(&run);
    let benchmarks = exported.as_object().unwrap();
    let failed = benchmarks
        .values()
        .filter(|measures| measures["failed"]["value"] == 1);
    assert_eq!(failed.clone().count(), cases::failures(&run));
    for measures in failed {
        assert!(measures.get("latency").is_none());
    }
}

#[test]
fn no_case_can_name_itself_out_of_an_alert() {
    let mut run = fixture::full();
    run.plugins[0].cases[0].spec.name = "x-bencher-ignore".into();
    let long = "y".repeat(NAME_CHARS_MAX - "sorting/".len() - IGNORED.len()) + IGNORED;
    run.plugins[0].cases[2].spec.name = long + "z";
    for name in exported(&run).as_object().unwrap().keys() {
        assert!(!name.ends_with(IGNORED), "{name}");
        assert!(name.chars().count() <= 1024);
    }
}
