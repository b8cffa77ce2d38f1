//! The JSON Schema of a `dyno.toml`, drawn from the shape that reads it, so that editors complete
//! and check what Dyno would. The committed file is what a test compares with it.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::Value;

use super::file::File;

/// The committed schema.
pub const SCHEMA: &str = include_str!("../../schema/suite.schema.json");

/// The schema as a JSON value.
#[must_use]
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12();
    let mut schema = settings.into_generator().into_root_schema_for::<File>();
    RecursiveTransform(tidy).transform(&mut schema);
    let root = schema.ensure_object();
    root.insert(
        "$id".into(),
        "https://dyno-bench.github.io/dyno-suite/1.schema.json".into(),
    );
    // The shape lets them be absent, so that their absence is said in better words than "missing
    // field".
    root.insert("required".into(), vec!["plugins", "phases"].into());
    root.insert("title".into(), "A suite of Dyno: dyno.toml".into());
    schema.to_value()
}

/// No keys but those named, and descriptions on one line.
fn tidy(schema: &mut Schema) {
    let Some(fields) = schema.as_object_mut() else {
        return;
    };
    if fields.contains_key("properties") {
        fields.insert("additionalProperties".into(), false.into());
    }
    // TOML has no null: what is not given is left out.
    if let Some(Value::Array(types)) = fields.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            fields.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(choices)) = fields.get_mut("anyOf") {
        choices.retain(|choice| choice["type"] != "null");
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            fields.remove("anyOf");
            fields.extend(only);
        }
    }
    if let Some(Value::String(description)) = fields.get_mut("description") {
        *description = description.replace('\n', " ");
    }
}

#[cfg(test)]
mod tests;
