//! The words of enums: each is written once, where serde reads it, and is the same in JSON, on the
//! command line, in tables and in pages.

use std::fmt;

use serde::Serialize;
use serde::de::value::{Error, MapDeserializer, StrDeserializer};
use serde::de::{self, DeserializeOwned, IntoDeserializer as _};

/// The word of a variant: its name, or the `kind` of one with fields, as it stands in JSON.
#[must_use]
pub fn word<T: Serialize + DeserializeOwned>(value: &T) -> &'static str {
    let value = serde_json::to_value(value).unwrap_or_default();
    let name = value.as_str().or_else(|| value.get("kind")?.as_str());
    let mut words = words::<T>().iter();
    words.find(|word| Some(**word) == name).unwrap_or(&"")
}

/// The words of all variants, in their order.
#[must_use]
pub fn words<T: DeserializeOwned>() -> &'static [&'static str] {
    // What is expected in place of no word at all is said by the code that serde derives.
    let plain = T::deserialize(StrDeserializer::<Expected>::new(""));
    let expected =
        |found: Result<T, Expected>| found.err().map_or(&[][..], |Expected(words)| words);
    match expected(plain) {
        [] => {
            let tagged = [("kind", "")].into_iter();
            expected(T::deserialize(MapDeserializer::<_, Expected>::new(tagged)))
        }
        words => words,
    }
}

/// The variant of a word, if it is one without fields.
#[must_use]
pub fn named<T: DeserializeOwned>(word: &str) -> Option<T> {
    let found: Result<T, Error> = T::deserialize(word.into_deserializer());
    found.ok()
}

/// All variants of an enum without fields, in their order.
pub fn all<T: DeserializeOwned>() -> impl Iterator<Item = T> {
    words::<T>().iter().filter_map(|word| named(word))
}

/// The words that would have been expected.
#[derive(Debug, thiserror::Error)]
#[error("one of {0:?} was expected")]
struct Expected(&'static [&'static str]);

impl de::Error for Expected {
    fn custom<M: fmt::Display>(_: M) -> Self {
        Self(&[])
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self(expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LimitKind, Mark, Metric, Outcome, Verdict};

    #[test]
    fn a_word_is_that_of_json_and_leads_back() {
        fn check<T: Serialize + DeserializeOwned + PartialEq + fmt::Debug>(count: usize) {
            let variants: Vec<T> = all().collect();
            assert_eq!(variants.len(), count);
            for variant in variants {
                let word = word(&variant);
                assert_eq!(serde_json::to_value(&variant).unwrap(), word);
                assert_eq!(named(word), Some(variant));
            }
        }
        check::<Verdict>(7);
        check::<Mark>(13);
        check::<Metric>(Metric::all().count());
        assert_eq!(named::<Verdict>("worse"), None);
        // One that is renamed, and that has an older name besides.
        assert_eq!(word(&LimitKind::Output), "output-bytes");
    }

    #[test]
    fn a_variant_with_fields_has_the_word_of_its_tag() {
        let skipped = Outcome::Skipped {
            reason: "kind".into(),
        };
        assert_eq!(word(&skipped), "skipped");
        assert_eq!(word(&Outcome::Ok), "ok");
        let mut kinds = words::<Outcome>().to_vec();
        kinds.dedup();
        assert_eq!(kinds.len(), 14);
    }
}
