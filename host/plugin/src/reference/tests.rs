use super::*;

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn a_reference_reads_back_as_it_was_written() {
    for good in [
        "registry.example.org/team/name:1.2.0",
        "localhost/a",
        "localhost:5000/a/b/c:x",
        "127.0.0.1:443/a:x",
        "[::1]:5000/a",
        "r.io/a__b/c---d/e.f_g:_x",
        "r.io:443/a",
    ] {
        let reference: Reference = good.parse().unwrap();
        assert_eq!(reference.to_string(), good);
        let with_digest = format!("{good}@{DIGEST}");
        let reference: Reference = format!("oci://{with_digest}").parse().unwrap();
        assert_eq!(reference.to_string(), with_digest);
        assert_eq!(reference.target().unwrap().to_string(), DIGEST);
    }
}

#[test]
fn nothing_is_made_up_that_was_not_said() {
    let reference: Reference = "r.io/team/name".parse().unwrap();
    let error = reference.target().unwrap_err().to_string();
    assert!(
        error.contains("neither which tag nor which digest"),
        "{error}"
    );
    for no_host in [
        "ubuntu",
        "team/name",
        "team/name:1",
        "/a",
        "",
        "oci://",
        "oci:///a",
        "localhos/a",
    ] {
        let error = no_host.parse::<Reference>().unwrap_err();
        assert!(
            matches!(error, ReferenceError::Registry(_)),
            "{no_host}: {error}"
        );
    }
}

#[test]
fn docker_hub_is_where_it_is_and_not_where_its_name_says() {
    for (name, host, path) in [
        ("docker.io/acme/fib", HUB_HOST, "acme/fib"),
        ("docker.io/fib", HUB_HOST, "library/fib"),
        ("index.docker.io/fib", HUB_HOST, "library/fib"),
        ("quay.io/fib", "quay.io", "fib"),
        ("docker.io.evil.org/fib", "docker.io.evil.org", "fib"),
    ] {
        let reference: Reference = name.parse().unwrap();
        assert_eq!((reference.host(), &*reference.path()), (host, path));
        assert_eq!(reference.to_string(), name);
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
#[test]
fn what_a_url_would_read_otherwise_is_refused() {
    for bad in [
        "me@r.io/a",
        "r.io@evil.org/a",
        "https://r.io/a",
        "r.io:0x50/a",
        "r.io:99999/a",
        "r.io:/a",
        "r.io:05/a",
        "127.1/a",
        "r.io?x/a",
        "r.io#x/a",
        "R.io/a",
        "r.io\\x/a",
        "r%2eio/a",
        "ä.io/a",
        "r.io /a",
        "[::1/a",
        ":80/a",
    ] {
        let error = bad.parse::<Reference>().unwrap_err();
        assert!(
            matches!(error, ReferenceError::Registry(_)),
            "{bad}: {error}"
        );
    }
    for bad in [
        "r.io/",
        "r.io//a",
        "r.io/a/",
        "r.io/../a",
        "r.io/a/./b",
        "r.io/A",
        "r.io/a___b",
        "r.io/a..b",
        "r.io/a._b",
        "r.io/-a",
        "r.io/a?n=1",
        "r.io/a%2fb",
        "r.io/ä",
        "r.io/a b",
        "r.io/a\n",
    ] {
        let error = bad.parse::<Reference>().unwrap_err();
        assert!(
            matches!(error, ReferenceError::Repository(_)),
            "{bad}: {error}"
        );
    }
    let long = format!("r.io/{}", "a".repeat(251));
    assert!(matches!(
        long.parse::<Reference>(),
        Err(ReferenceError::Repository(_))
    ));
    for bad in [
        "r.io/a:",
        "r.io/a:.x",
        "r.io/a:-x",
        "r.io/a:x/../y",
        "r.io/a:x?y",
        "r.io/a:1:2",
    ] {
        let error = bad.parse::<Reference>().unwrap_err();
        assert!(matches!(error, ReferenceError::Tag(_)), "{bad}: {error}");
    }
    for bad in [
        "r.io/a@",
        "r.io/a@sha256:00",
        &format!("r.io/a@{DIGEST}@{DIGEST}"),
    ] {
        let error = bad.parse::<Reference>().unwrap_err();
        assert!(matches!(error, ReferenceError::Digest(_)), "{bad}: {error}");
    }
    assert!(!is_tag(&"x".repeat(129)) && is_tag(&"x".repeat(128)));
    assert!(
        "a\u{1b}[2J/b"
            .parse::<Reference>()
            .unwrap_err()
            .to_string()
            .contains("\\u{1b}")
    );
}
