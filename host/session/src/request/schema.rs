//! The JSON Schema of a request, drawn from the types themselves, which read it. The committed file
//! is what a test compares with it.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use serde_json::{Map, Value};

use super::{FORMAT, Request};
use dyno_model::{LimitKind, tidy};

/// The committed schema.
pub const SCHEMA: &str = include_str!("../../../schema/request.schema.json");

/// The schema as a JSON value.
#[must_use]
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let limit = generator.subschema_for::<LimitKind>();
    let mut schema = generator.into_root_schema_for::<Request>();
    RecursiveTransform(tidy).transform(&mut schema);
    let root = schema.ensure_object();
    root.insert(
        "$id".into(),
        format!("https://dyno-bench.github.io/dyno-request/{FORMAT}.schema.json").into(),
    );
    root.insert(
        "title".into(),
        "A request of Dyno, as `dyno run --print-request` writes it".into(),
    );
    if let Some(limits) = limits(root) {
        limits.insert("propertyNames".into(), limit.to_value());
    }
    schema.to_value()
}

fn limits(root: &mut Map<String, Value>) -> Option<&mut Map<String, Value>> {
    root.get_mut("properties")?
        .get_mut("limits")?
        .as_object_mut()
}
