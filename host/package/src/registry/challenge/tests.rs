use super::*;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderValue};

fn challenge(text: &'static [u8], base: &str) -> Result<Challenge, String> {
    let header = HeaderValue::from_bytes(text).unwrap();
    let response = Response {
        status: StatusCode::UNAUTHORIZED,
        headers: HeaderMap::from_iter([(WWW_AUTHENTICATE, header)]),
        body: Vec::new(),
        url: base.parse().unwrap(),
    };
    Challenge::of(&response, &response.url)
}

#[test]
fn the_usual_challenges_are_read() {
    let hub = br#"Bearer realm="https://auth.example.org/token",service="registry.example.org",scope="x""#;
    let bearer = Challenge::Bearer {
        realm: "https://auth.example.org/token".parse().unwrap(),
        service: Some("registry.example.org".into()),
    };
    assert_eq!(challenge(hub, "https://registry.example.org"), Ok(bearer));
    assert_eq!(
        challenge(br#"Basic realm="x""#, "https://a.org"),
        Ok(Challenge::Basic)
    );
}

#[test]
fn no_password_goes_over_plain_http_but_to_the_registry_s_own_host_on_this_machine() {
    let base = "http://127.0.0.1:5000";
    assert!(challenge(br#"Bearer realm="http://127.0.0.1:5001/t""#, base).is_ok());
    for (realm, base) in [
        (&br#"Bearer realm="http://evil.org/t""#[..], base),
        (br#"Bearer realm="http://127.0.0.2:5000/t""#, base),
        (br#"Bearer realm="http://localhost:5000/t""#, base),
        (
            br#"Bearer realm="http://127.0.0.1:5000/t""#,
            "https://127.0.0.1:5000",
        ),
        (
            br#"Bearer realm="http://registry.org/t""#,
            "https://registry.org",
        ),
        (br#"Bearer realm="file:///etc/passwd""#, base),
        (br#"Bearer realm="/token""#, base),
    ] {
        let error = challenge(realm, base).unwrap_err();
        assert!(error.contains("neither https nor"), "{error}");
    }
}

#[test]
fn what_is_no_challenge_is_refused() {
    for bad in [
        &b""[..],
        b"Bearer",
        b"Digest realm=\"x\"",
        b"Bearer realm=\"",
        b"Basic \xff",
        b",,,=",
        b"Bearer service=\"a\"",
    ] {
        assert!(challenge(bad, "https://a.org").is_err(), "{bad:?}");
    }
}
