//! Times as the report has them.

/// A time as the report has it, to the millisecond: more is not read, and every row has the same
/// width.
#[must_use]
pub fn rfc3339(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The present time as the report has it.
#[must_use]
pub fn now() -> String {
    rfc3339(jiff::Timestamp::now())
}
