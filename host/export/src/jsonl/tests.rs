use super::*;
use dyno_fixture as fixture;
use serde_json::{Map, Value, json};

fn lines(contents: &Contents<'_>) -> Vec<Map<String, Value>> {
    let mut out = Vec::new();
    write(contents, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Puts the document together again from its lines.
fn joined(lines: &[Map<String, Value>]) -> Value {
    let mut document = Value::Null;
    for line in lines {
        let mut fields = line.clone();
        let kind = fields.remove("type").unwrap();
        if kind != "run" {
            fields.remove("run").unwrap();
        }
        if kind == "verdict" {
            let verdicts = document["comparison"]["cases"].as_array_mut();
            verdicts.unwrap().push(fields.into());
            continue;
        }
        let plugins = document.get_mut("plugins").and_then(Value::as_array_mut);
        match kind.as_str().unwrap() {
            "run" => {
                fields.insert("plugins".into(), json!([]));
                fields.insert("comparison".into(), Value::Null);
                document = fields.into();
            }
            "plugin" => {
                fields.insert("cases".into(), json!([]));
                plugins.unwrap().push(fields.into());
            }
            "case" => {
                assert_eq!(
                    fields.remove("plugin").unwrap(),
                    last(plugins.as_deref())["name"]
                );
                fields.insert("measurements".into(), json!([]));
                fields.insert("processes".into(), json!([]));
                let cases = plugins.unwrap().last_mut().unwrap()["cases"].as_array_mut();
                cases.unwrap().push(fields.into());
            }
            kind @ ("measurement" | "process") => {
                fields.remove("plugin").unwrap();
                let plugin = plugins.unwrap().last_mut().unwrap();
                let case = plugin["cases"].as_array_mut().unwrap().last_mut().unwrap();
                assert_eq!(fields.remove("case").unwrap(), case["spec"]["name"]);
                let list = if kind == "process" {
                    "processes"
                } else {
                    "measurements"
                };
                case[list].as_array_mut().unwrap().push(fields.into());
            }
            "comparison" => {
                fields.insert("cases".into(), json!([]));
                document["comparison"] = fields.into();
            }
            kind => assert_eq!(kind, "end"),
        }
    }
    document
}

fn last(plugins: Option<&Vec<Value>>) -> &Value {
    plugins.unwrap().last().unwrap()
}

#[test]
fn the_lines_hold_all_that_the_document_holds() {
    let (run, (comparison, base)) = (fixture::full(), fixture::compared());
    for compared in [None, Some((&comparison, &base))] {
        let contents = Contents {
            compared,
            ..Contents::from(&run)
        };
        let mut document = Vec::new();
        crate::json(&contents, &mut document).unwrap();
        let document: Value = serde_json::from_slice(&document).unwrap();
        assert_eq!(joined(&lines(&contents)), document);
    }
}

#[test]
fn the_last_line_tells_whether_it_is_whole() {
    let lines = lines(&(&fixture::full()).into());
    let (end, before) = lines.split_last().unwrap();
    assert_eq!(end["type"], "end");
    assert_eq!(end["lines"], before.len());
}
