//! How identities of 64 bits (checksums, seeds) look in JSON: `"0x"` and sixteen hex digits.
//!
//! A JSON number is a double to most readers, so that `jq` or a browser would silently change a
//! checksum above 2^53. Quantities stay numbers: a rounded one is still the same quantity, but a
//! rounded identity is another one.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// The type of such a field in the JSON Schema.
pub struct Digits;

impl JsonSchema for Digits {
    fn schema_name() -> Cow<'static, str> {
        "Hex64".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "64 bits as 0x and sixteen lower-case hex digits, because JSON numbers lose bits above 2^53.",
            "type": "string",
            "pattern": "^0x[0-9a-f]{16}$",
        })
    }
}

/// The text of one value.
pub fn text(value: u64) -> String {
    format!("{value:#018x}")
}

fn parse(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("0x")?;
    let lower_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if digits.len() != 16 || !digits.bytes().all(lower_hex) {
        return None;
    }
    u64::from_str_radix(digits, 16).ok()
}

/// For `#[serde(with = …)]`: as [`text`] writes it.
pub fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text(*value))
}

/// For `#[serde(with = …)]`: takes what [`text`] writes, and nothing else.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = Cow::<'de, str>::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| D::Error::custom("expected 0x and sixteen lower-case hex digits"))
}

/// The same for a value that may be absent, which is `null`.
pub(crate) mod option {
    use super::{Cow, Deserialize, Deserializer, Error, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        value: &Option<u64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => super::serialize(value, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<u64>, D::Error> {
        let text = Option::<Cow<'de, str>>::deserialize(deserializer)?;
        text.map(|text| {
            super::parse(&text)
                .ok_or_else(|| D::Error::custom("expected 0x and sixteen lower-case hex digits"))
        })
        .transpose()
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::{Digits, parse, text};

    /// A field of each kind, as the types of a report have them.
    #[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    struct Identities {
        #[serde(with = "super")]
        #[schemars(with = "Digits")]
        seed: u64,
        #[serde(with = "super::option")]
        #[schemars(with = "Option<Digits>")]
        checksum: Option<u64>,
    }

    /// If this fails, a checksum changes on its way through a report.
    #[test]
    fn an_identity_is_a_string_in_json_and_is_read_from_nothing_else() {
        let seed = (1 << 53) + 1;
        for (checksum, written) in [
            (Some(u64::MAX), json!("0xffffffffffffffff")),
            (Some(10), json!("0x000000000000000a")),
            (None, json!(null)),
        ] {
            let written = json!({"seed": "0x0020000000000001", "checksum": written});
            let identities = Identities { seed, checksum };
            assert_eq!(serde_json::to_value(&identities).unwrap(), written);
            let read: Identities = serde_json::from_value(written).unwrap();
            assert_eq!(read, identities);
        }
        let right = json!("0x000000000000000a");
        for wrong in [json!(10), json!("10"), json!("0xA"), json!(true)] {
            for (seed, checksum) in [(&wrong, &right), (&right, &wrong)] {
                let written = json!({"seed": seed, "checksum": checksum});
                let read = serde_json::from_value::<Identities>(written);
                assert!(read.is_err(), "{read:?}");
            }
        }
    }

    /// If this fails, programs that are made from the schema read a number, or know no checksum.
    #[test]
    fn the_schema_names_the_one_spelling_once() {
        let schema = serde_json::to_value(schemars::schema_for!(Identities)).unwrap();
        let reference = &schema["properties"]["seed"]["$ref"];
        assert_eq!(*reference, "#/$defs/Hex64");
        let digits = &schema["$defs"]["Hex64"];
        assert_eq!(digits["type"], "string");
        assert_eq!(digits["pattern"], "^0x[0-9a-f]{16}$");
    }

    #[test]
    fn the_whole_range_survives() {
        for value in [0, 1, (1 << 53) + 1, u64::MAX - 1, u64::MAX] {
            assert_eq!(parse(&text(value)), Some(value));
        }
    }

    #[test]
    fn only_the_one_spelling_is_read() {
        for wrong in [
            "",
            "0x",
            "0x1",
            "0x+00000000000000a",
            "0xABCDEF0123456789",
            "00000000000000001a",
            "0x0000000000000000a",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
