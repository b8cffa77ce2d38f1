//! When a server asks to be asked later (RFC 9110 section 10.2.3, RFC 6585 section 4), it is: up to
//! three times in all, and never what might be done twice then.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Method, StatusCode};

/// How often something is asked for in all.
const TRIES_MAX: u32 = 3;

/// How long to wait before a request is sent again, after this answer to the `tried`th of its kind;
/// none if that is the last word. A server that names a longer time than `most` is asked before
/// that.
pub(super) fn wait(
    method: &Method,
    status: StatusCode,
    headers: &HeaderMap,
    tried: u32,
    most: Duration,
) -> Option<Duration> {
    let is_busy = matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    );
    if !is_busy || tried >= TRIES_MAX || !method.is_idempotent() {
        return None;
    }
    let said = headers.get(RETRY_AFTER).and_then(|it| it.to_str().ok());
    let said = said.and_then(|text| after(text, Timestamp::now()));
    // One second, then two: what a server needs that says nothing is anybody's guess.
    let wait = said.unwrap_or(Duration::from_secs(1 << (tried - 1)));
    Some(wait.min(most))
}

/// The wait that a `Retry-After` asks for: a number of seconds, or a date.
fn after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = DateTimeParser::new().parse_timestamp(text).ok()?;
    // A time that is over is no wait.
    Some(until.duration_since(now).try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_nothing_else() {
        let now = "2026-06-01T00:00:00Z".parse().unwrap();
        let seconds = |text: &str| after(text, now).map(|wait| wait.as_secs());
        assert_eq!(seconds("0"), Some(0));
        assert_eq!(seconds(" 120 "), Some(120));
        assert_eq!(seconds("99999999999999999999999"), Some(u64::MAX));
        assert_eq!(seconds("Mon, 01 Jun 2026 00:00:07 GMT"), Some(7));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(0));
        for bad in ["", "-1", "1.5", "soon", "2026-06-01T00:00:07Z"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_busy_server_is_asked_three_times_in_all_and_only_what_may_be_asked_twice() {
        let most = Duration::from_secs(30);
        let busy = StatusCode::TOO_MANY_REQUESTS;
        let after =
            |text: &'static str| HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
        let get = |status, headers, tried| wait(&Method::GET, status, &headers, tried, most);
        let seconds = |s| Some(Duration::from_secs(s));
        assert_eq!(get(busy, HeaderMap::new(), 1), seconds(1));
        assert_eq!(get(busy, HeaderMap::new(), 2), seconds(2));
        assert_eq!(get(busy, after("5"), 1), seconds(5));
        assert_eq!(get(busy, after("86400"), 1), Some(most));
        assert_eq!(get(busy, after("5"), 3), None);
        assert_eq!(
            get(StatusCode::SERVICE_UNAVAILABLE, after("5"), 2),
            seconds(5)
        );
        for other in [200, 401, 404, 500, 502, 504] {
            assert_eq!(
                get(StatusCode::from_u16(other).unwrap(), after("5"), 1),
                None
            );
        }
        for (method, is_sent_again) in [
            (Method::HEAD, true),
            (Method::PUT, true),
            (Method::POST, false),
            (Method::PATCH, false),
        ] {
            let wait = wait(&method, busy, &after("5"), 1, most);
            assert_eq!(wait.is_some(), is_sent_again, "{method}");
        }
    }
}
