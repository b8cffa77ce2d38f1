//! Reads a request, which is a stranger's text: of bounded length, without a field that is passed
//! over, and without a value that no command line could have given.

use dyno_model::{Classify, Fault};
use serde_json::Value;

use super::{FORMAT, Request};
use dyno_analysis::filter::nearest;
use dyno_model::quoted::{quoted, without_value};

/// The longest request: a page of text is usual, and a thousand patterns fit.
pub const REQUEST_BYTES_MAX: u64 = 1 << 20;

/// Why a text is no request that can be carried out. `name` is what the user called it.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// It cannot be read, is too large or is not UTF-8.
    #[error("{name} cannot be read")]
    Read {
        /// Which.
        name: String,
        /// Why.
        source: std::io::Error,
    },
    /// It does not say that it is a request.
    #[error(
        "{0} is not a request: it lacks the number `request`, with which what `dyno run --print-request` prints begins"
    )]
    Unmarked(String),
    /// It is of a later version.
    #[error(
        "{name} is a request of format {format}, and this version of dyno reads format {FORMAT}: update dyno, or print the request with this version"
    )]
    Newer {
        /// Which.
        name: String,
        /// Its format.
        format: u64,
    },
    /// It is not JSON, or not of the shape of a request.
    #[error("{name}:{line}:{column}: {reason}")]
    Shape {
        /// Which.
        name: String,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong, without any value.
        reason: String,
    },
    /// It says something that is not read, or that cannot be.
    #[error("{name}: {reason}")]
    Value {
        /// Which.
        name: String,
        /// What is wrong, without the value of a variable.
        reason: String,
    },
}

impl Classify for RequestError {
    fn fault(&self) -> Fault {
        match self {
            Self::Read { source, .. } => Fault::of_named_file(source),
            Self::Unmarked(_) | Self::Newer { .. } => Fault::Usage,
            Self::Shape { .. } | Self::Value { .. } => Fault::Usage,
        }
    }
}

impl Request {
    /// Reads a request that the user calls `name`.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(text: &str, name: &str) -> Result<Self, RequestError> {
        let misshapen = |error| misshapen(&error, name);
        let written: Value = serde_json::from_str(text).map_err(misshapen)?;
        match written.get("request").and_then(Value::as_u64) {
            None => return Err(RequestError::Unmarked(name.into())),
            Some(format) if format > FORMAT => {
                let name = name.into();
                return Err(RequestError::Newer { name, format });
            }
            Some(_) => {}
        }
        let request: Self = serde_json::from_str(text).map_err(misshapen)?;
        let invalid = |reason| RequestError::Value {
            name: name.into(),
            reason,
        };
        let read = serde_json::to_value(&request).map_err(misshapen)?;
        match unread(&written, &read, "") {
            Some(reason) => Err(invalid(reason)),
            None => request.check().map_err(invalid).map(|()| request),
        }
    }
}

/// What the reader of JSON has to say.
fn misshapen(error: &serde_json::Error, name: &str) -> RequestError {
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = message.strip_suffix(&place).unwrap_or(&message);
    RequestError::Shape {
        name: name.into(),
        line: error.line().max(1),
        column: error.column().max(1),
        reason: explained(message),
    }
}

/// A message without values, and with the nearest of the names that could have been meant.
fn explained(message: &str) -> String {
    let unknown = ["unknown field `", "unknown variant `"];
    let Some(what) = unknown.into_iter().find(|what| message.starts_with(what)) else {
        return quoted(&without_value(message));
    };
    // Whatever stands in the stranger's word, ours come last.
    let (word, names) = message[what.len()..]
        .rsplit_once("`, expected ")
        .unwrap_or_default();
    let names: Vec<&str> = names.split('`').skip(1).step_by(2).collect();
    let said = format!("{what}{}`", quoted(word));
    match nearest(word, &names) {
        Some(name) => format!("{said}: did you mean `{name}`?"),
        None => said,
    }
}

/// The first thing that was written and is not in what was read: the vocabulary of the report,
/// whose types a request shares, passes over fields that it does not know, and a list would be
/// taken for an object.
fn unread(written: &Value, read: &Value, at: &str) -> Option<String> {
    match (written, read) {
        (Value::Object(written), Value::Object(read)) => written.iter().find_map(|(key, value)| {
            let at = match at {
                "" => key.clone(),
                at => format!("{at}.{key}"),
            };
            match read.get(key) {
                Some(read) => unread(value, read, &at),
                None => Some(format!("unknown field `{}`", quoted(&at))),
            }
        }),
        (Value::Array(written), Value::Array(read)) => {
            let mut pairs = written.iter().zip(read).enumerate();
            pairs.find_map(|(index, (written, read))| {
                unread(written, read, &format!("{at}[{index}]"))
            })
        }
        (_, Value::Object(_)) => Some(format!("`{}` must be an object", quoted(at))),
        _ => None,
    }
}
