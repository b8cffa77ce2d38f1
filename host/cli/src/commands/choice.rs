//! An argument that is one of the variants of an enum of the library, by the word that it has
//! there: none is written down a second time for the command line.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use dyno_model::word;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Takes one of these values, each with what the help says of it; nothing where that is empty.
pub(super) fn one_of<T>(
    values: impl IntoIterator<Item = T>,
    about: fn(&T) -> &'static str,
) -> impl TypedValueParser<Value = T>
where
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    let values: Vec<(&str, T)> = values
        .into_iter()
        .map(|value| (word(&value), value))
        .collect();
    let possible = values.iter().map(|(word, value)| {
        let possible = PossibleValue::new(*word);
        match about(value) {
            "" => possible,
            about => possible.help(about),
        }
    });
    PossibleValuesParser::new(possible.collect::<Vec<_>>()).try_map(move |typed| {
        let found = values.iter().find(|(word, _)| **word == typed);
        found
            .map(|(_, value)| value.clone())
            .ok_or("it is none of them")
    })
}
