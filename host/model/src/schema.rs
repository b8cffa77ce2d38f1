//! What the JSON Schemas of Dyno's documents have in common.

use schemars::Schema;
use serde_json::Value;

/// Makes a part of a schema that was drawn from a type tell no less than the type: no fields but
/// those named, and doc comments on one line, without the marks of rustdoc.
pub fn tidy(schema: &mut Schema) {
    let Some(fields) = schema.as_object_mut() else {
        return;
    };
    if fields.contains_key("properties") {
        fields.insert("additionalProperties".into(), false.into());
    }
    if let Some(Value::String(description)) = fields.get_mut("description") {
        *description = unlinked(description).replace('\n', " ");
    }
}

/// A doc comment with its links as plain names.
fn unlinked(text: &str) -> String {
    let mut left = text;
    let mut plain = String::new();
    while let Some((before, after)) = left.split_once("[`") {
        let link = after.split_once("`]");
        // A bracket that is code itself is no link.
        let Some((name, rest)) = link.filter(|(name, _)| !name.contains('`')) else {
            plain.push_str(before);
            plain.push_str("[`");
            left = after;
            continue;
        };
        plain.push_str(before);
        plain.push_str(&format!("`{name}`"));
        left = rest;
    }
    plain + left
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tidy_schema_takes_no_field_but_its_own_and_says_what_it_is_in_one_line() {
        let tidied = |mut schema: Value| {
            tidy((&mut schema).try_into().unwrap());
            schema
        };
        assert_eq!(
            tidied(json!({"properties": {"a": true}, "description": "What [`A`]\nis."})),
            json!({
                "properties": {"a": true},
                "additionalProperties": false,
                "description": "What `A` is.",
            })
        );
        for unchanged in [
            json!({"type": "string"}),
            json!(true),
            json!({"description": 1}),
        ] {
            assert_eq!(tidied(unchanged.clone()), unchanged);
        }
    }

    #[test]
    fn links_become_names_and_brackets_stay() {
        for (comment, plain) in [
            ("As in [`Rules`], or [`a::B`].", "As in `Rules`, or `a::B`."),
            ("`*`, `[` or `{` in `a[1]`", "`*`, `[` or `{` in `a[1]`"),
            ("no [link] and [`half", "no [link] and [`half"),
        ] {
            assert_eq!(unlinked(comment), plain);
        }
    }
}
