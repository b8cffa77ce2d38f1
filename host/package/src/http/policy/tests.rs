use super::*;

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

fn none() -> PlainHosts {
    PlainHosts::default()
}

#[test]
fn a_named_host_is_reached_without_tls_and_nobody_is_led_to_it_from_https() {
    let hosts = PlainHosts(["192.0.2.7:5000".parse().unwrap()].into());
    let (named, https) = (url("http://192.0.2.7:5000/a"), url("https://a.org"));
    assert_eq!(check(&named, &hosts).unwrap(), Reach::Plain);
    assert!(check(&url("http://192.0.2.7/a"), &hosts).is_err());
    assert_eq!(
        may_follow(std::slice::from_ref(&named), &https, &hosts),
        Ok(())
    );
    let refused = may_follow(&[https], &named, &hosts);
    assert!(
        matches!(refused, Err(RedirectRefused::Downgrade(_))),
        "{refused:?}"
    );
}

#[test]
fn plain_http_goes_to_this_machine_and_nowhere_else() {
    for good in [
        "http://localhost:5000/",
        "http://127.0.0.1/",
        "http://127.255.0.9/",
        "http://[::1]:1/",
        // Other ways to write 127.0.0.1, which the URL parser sees through.
        "http://127.1/",
        "http://0x7f000001/",
        "http://2130706433/",
        "http://LOCALHOST/",
    ] {
        assert_eq!(
            check(&url(good), &none()).unwrap(),
            Reach::Loopback,
            "{good}"
        );
    }
    assert_eq!(
        check(&url("https://example.org"), &none()).unwrap(),
        Reach::Remote
    );
    for bad in [
        "http://example.org/",
        "http://10.0.0.1/",
        "http://localhost.example.org/",
        "http://0.0.0.0/",
        "http://127.0.0.1.example.org/",
        "http://[::ffff:127.0.0.1]/",
        "http://localhost@example.org/",
        "http://sub.localhost/",
        "http://localhost./",
        "ftp://localhost/",
        "file:///etc/passwd",
        "data:,x",
    ] {
        assert!(check(&url(bad), &none()).is_err(), "{bad}");
    }
}

#[test]
fn a_refused_url_is_shown_without_what_may_be_secret() {
    let error = check(&url("http://me:pass@example.org/a?token=t#f"), &none()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("http://example.org/a is not https"),
        "{error}"
    );
}

#[test]
fn redirects_are_few_and_never_lead_from_https_to_http() {
    let (https, http) = (url("https://a.org"), url("http://127.0.0.1:1"));
    let after = |previous: &Url, next: &str| {
        may_follow(std::slice::from_ref(previous), &url(next), &none())
    };
    assert_eq!(after(&https, "https://b.org"), Ok(()));
    assert_eq!(after(&http, "http://127.0.0.1:2"), Ok(()));
    assert_eq!(after(&http, "https://a.org"), Ok(()));
    // Even to the same machine, and even by a detour.
    for previous in [vec![https.clone()], vec![http.clone(), https.clone()]] {
        let refused = may_follow(&previous, &http, &none());
        assert!(
            matches!(refused, Err(RedirectRefused::Downgrade(_))),
            "{refused:?}"
        );
    }
    let refused = after(&http, "http://a.org");
    assert!(
        matches!(refused, Err(RedirectRefused::NotHttps(_))),
        "{refused:?}"
    );
    assert_eq!(may_follow(&vec![https.clone(); 5], &https, &none()), Ok(()));
    assert_eq!(
        may_follow(&vec![https.clone(); 6], &https, &none()),
        Err(RedirectRefused::TooMany)
    );
}
