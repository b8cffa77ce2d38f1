//! Single values of the file.

use toml::Spanned;

use super::{CasePattern, Problem};
use dyno_model::quantity;
use dyno_model::quoted::quoted;

/// A share of what there was, such as `10%`.
pub(super) fn share(value: &Spanned<toml::Value>) -> Result<f64, Problem> {
    quantity::share(&text(value.get_ref())).map_err(|error| {
        Problem::new(value.span(), format!("this is not a share: {error}"))
            .help("write a percentage as a text, such as \"10%\"")
    })
}

/// A pattern of cases, checked; `help` says what to do about an empty one.
pub(super) fn pattern(text: &Spanned<String>, help: &str) -> Result<(), Problem> {
    if text.get_ref().is_empty() {
        return Err(Problem::new(text.span(), "this pattern is empty").help(help));
    }
    CasePattern::parse(text.get_ref())
        .map_err(|error| Problem::new(text.span(), format!("a bad pattern: {}", quoted(&error))))?;
    Ok(())
}

/// A value as a text.
pub(super) fn text(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        other => other.to_string(),
    }
}
