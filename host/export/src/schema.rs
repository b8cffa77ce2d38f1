//! The JSON Schema of the JSON document, drawn from the model itself: its types, names and doc
//! comments. So it cannot lag behind; the committed file is what a test compares with it.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::{Map, Value, json};

use super::SCHEMA_ID;
use dyno_model::{Comparison, Metric, Run, tidy};

/// The schema as a JSON value.
#[must_use]
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut generator = settings.into_generator();
    let mut comparison = generator.subschema_for::<Option<Comparison>>();
    let mut schema = generator.into_root_schema_for::<Run>();
    comparison.insert(
        "description".into(),
        "What came of holding the run against another; null if it was not.".into(),
    );
    RecursiveTransform(tidy).transform(&mut schema);
    let root = schema.ensure_object();
    root.insert(
        "$id".into(),
        format!("https://dyno-bench.github.io/{SCHEMA_ID}.schema.json").into(),
    );
    root.insert(
        "title".into(),
        "A run of Dyno, as `dyno report export --format json` writes it".into(),
    );
    if let Some(properties) = object(root, "properties") {
        properties.insert(
            "schema".into(),
            json!({ "const": SCHEMA_ID, "description": "Which schema the document follows." }),
        );
        properties.insert("comparison".into(), comparison.to_value());
        if let Some(limits) = object(properties, "limits") {
            limits.insert(
                "propertyNames".into(),
                json!({ "$ref": "#/$defs/LimitKind" }),
            );
        }
    }
    if let Some(required) = root.get_mut("required").and_then(Value::as_array_mut) {
        required.insert(0, "schema".into());
        required.push("comparison".into());
    }
    if let Some(measurement) = object(root, "$defs").and_then(|defs| object(defs, "Measurement")) {
        measurement.insert(
            "allOf".into(),
            Metric::all().map(unit_rule).collect::<Vec<_>>().into(),
        );
    }
    schema.to_value()
}

fn object<'a>(parent: &'a mut Map<String, Value>, key: &str) -> Option<&'a mut Map<String, Value>> {
    parent.get_mut(key)?.as_object_mut()
}

/// A metric comes in its own unit.
fn unit_rule(metric: Metric) -> Value {
    json!({
        "if": { "properties": { "metric": { "const": metric } } },
        "then": { "properties": { "unit": { "const": metric.unit() } } },
    })
}

#[cfg(test)]
mod tests;
