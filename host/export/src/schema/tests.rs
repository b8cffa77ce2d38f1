use super::*;
use crate::SCHEMA;
use dyno_fixture as fixture;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema/report.schema.json");

fn document() -> Value {
    let (run, (comparison, base)) = (fixture::full(), fixture::compared());
    let contents = crate::Contents {
        compared: Some((&comparison, &base)),
        ..crate::Contents::from(&run)
    };
    let mut out = Vec::new();
    crate::json(&contents, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn the_committed_schema_is_that_of_the_model() {
    if std::env::var_os("DYNO_UPDATE_SCHEMA").is_some() {
        std::fs::write(PATH, format!("{:#}\n", schema())).unwrap();
    } else {
        // As values: the order of fields depends on a feature of serde_json that others may
        // turn on.
        let committed: Value = serde_json::from_str(SCHEMA).unwrap();
        assert!(
            committed == schema(),
            "the model changed: DYNO_UPDATE_SCHEMA=1 cargo test -p dyno-export schema, and think of SCHEMA_ID"
        );
    }
}

#[test]
fn a_run_with_everything_in_it_is_valid() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(&document())
        .map(|e| e.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn a_run_that_was_not_compared_is_valid() {
    let mut out = Vec::new();
    crate::json(&(&fixture::full()).into(), &mut out).unwrap();
    let document: Value = serde_json::from_slice(&out).unwrap();
    assert!(document["comparison"].is_null());
    assert!(jsonschema::draft202012::is_valid(&schema(), &document));
}

#[test]
fn a_document_with_a_field_less_or_more_is_invalid() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let good = document();
    // One element of a list is enough; all of them would be the same again.
    let mut open = vec![String::new()];
    let mut broken = 0;
    while let Some(at) = open.pop() {
        match good.pointer(&at).unwrap() {
            Value::Array(list) => {
                open.extend((0..list.len().min(2)).map(|i| format!("{at}/{i}")));
            }
            Value::Object(fields) => {
                // Maps have the names that they have.
                let maps = [
                    "/settings",
                    "/limits",
                    "/machine/facts",
                    "/comparison/exceptions/renames",
                ];
                if maps.contains(&at.as_str()) || at.ends_with("/counts") {
                    continue;
                }
                open.extend(fields.keys().map(|key| format!("{at}/{key}")));
                let mut more = good.clone();
                more.pointer_mut(&at).unwrap()["surprise"] = 1.into();
                assert!(!validator.is_valid(&more), "an extra field in {at:?}");
                // Not every machine counts.
                for key in fields.keys().filter(|key| *key != "counts") {
                    let mut less = good.clone();
                    less.pointer_mut(&at)
                        .unwrap()
                        .as_object_mut()
                        .unwrap()
                        .remove(key);
                    assert!(!validator.is_valid(&less), "no {key} in {at:?}");
                    broken += 1;
                }
            }
            _ => {}
        }
    }
    assert!(broken > 100, "only {broken} variants were tried");
}

#[test]
fn a_wrong_value_is_invalid() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let good = document();
    let case = "/plugins/0/cases/0";
    for (at, wrong) in [
        ("/schema".into(), json!("dyno-report/2")),
        ("/seed".into(), json!(7)),
        ("/seed".into(), json!("0x7")),
        ("/status".into(), json!("done")),
        ("/limits".into(), json!({ "patience": 1 })),
        (format!("{case}/checksum"), json!("0xABCDEF0123456789")),
        (format!("{case}/measurements/0/unit"), json!("ms")),
        (format!("{case}/measurements/0/unit"), json!("fuel")),
        (format!("{case}/measurements/0/metric"), json!("happiness")),
        (format!("{case}/measurements/0/estimate/n"), json!(-1)),
        (format!("{case}/processes/1/samples/0/wall_ns"), json!(0.5)),
        (format!("{case}/outcome/kind"), json!("fine")),
        (format!("{case}/marks"), json!(["odd"])),
        (format!("{case}/spec/params/0"), json!(["one"])),
        ("/comparison/pairing".into(), json!("side by side")),
        ("/comparison/cases/0/verdict".into(), json!("slower")),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(&at).unwrap() = wrong.clone();
        assert!(!validator.is_valid(&bad), "{wrong} at {at}");
    }
}

#[test]
fn the_document_reads_back_as_the_run() {
    let run = fixture::full();
    assert_eq!(serde_json::from_value::<Run>(document()).unwrap(), run);
}

#[test]
fn a_measurement_in_another_unit_does_not_read_back() {
    let mut bad = document();
    bad["plugins"][0]["cases"][0]["measurements"][0]["unit"] = "ms".into();
    let error = serde_json::from_value::<Run>(bad).unwrap_err();
    assert!(error.to_string().contains("is measured in ns"), "{error}");
}
