//! Registries that mean no good, through the public functions of [`Registry`].

use std::time::Duration;

use super::*;
use crate::hostile_server::{Answer, HostileServer, Seen};
use crate::http::{HttpError, Timeouts};
use crate::oci::{Index, Manifest, REFERRERS_MAX};

/// A registry that lets everybody in, and answers the rest as the test says.
fn open_registry(answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> HostileServer {
    HostileServer::start(move |seen| match seen.target.as_str() {
        "/v2/" => Answer::of("200 OK", &[], b"{}"),
        _ => answer(seen),
    })
}

pub(super) fn to(server: &HostileServer) -> Registry {
    with_config(server, PathBuf::from("/nonexistent"))
}

pub(super) fn with_config(server: &HostileServer, docker_config: PathBuf) -> Registry {
    let reference: Reference = format!("127.0.0.1:{}/a/b", server.port).parse().unwrap();
    let options = Options {
        plain_http: true,
        auth_file: Some(docker_config),
        ..Options::default()
    };
    Registry::open(Http::new().unwrap(), &reference, &options).unwrap()
}

fn json(body: &[u8]) -> Answer {
    Answer::of("200 OK", &[("content-type", oci::INDEX)], body)
}

pub(super) fn not_found() -> Answer {
    Answer::of("404 Not Found", &[], b"404 page not found")
}

pub(super) fn tag(text: &str) -> Target {
    text.parse().unwrap()
}

#[test]
fn a_registry_on_another_machine_is_not_spoken_to_without_tls() {
    let options = Options {
        plain_http: true,
        ..Options::default()
    };
    let reference: Reference = "registry.example.org/a:1".parse().unwrap();
    let error = Registry::open(Http::new().unwrap(), &reference, &options).unwrap_err();
    assert!(
        matches!(error, RegistryError::Http(HttpError::NotHttps(_))),
        "{error}"
    );
}

#[tokio::test]
async fn a_web_page_is_not_taken_for_anything() {
    let page = || {
        Answer::of(
            "200 OK",
            &[("content-type", "text/html; charset=utf-8")],
            b"<html>",
        )
    };
    let everywhere = HostileServer::start(move |_| page());
    let behind = open_registry(move |_| page());
    for server in [&everywhere, &behind] {
        let registry = to(server);
        let digest = Digest::of(b"x");
        for error in [
            registry.manifest(&tag("1")).await.unwrap_err(),
            registry.referrers(&digest).await.unwrap_err(),
            registry.tags().await.unwrap_err(),
            registry
                .push_manifest(&tag("1"), oci::MANIFEST, b"{}")
                .await
                .unwrap_err(),
        ] {
            assert!(
                error
                    .to_string()
                    .contains("answers HTML: is this a registry?"),
                "{error}"
            );
        }
    }
    // Of a blob the page would have another size, which says less.
    let blob = to(&everywhere)
        .blob(&Descriptor::of(oci::WASM, b"x"), &mut Vec::new())
        .await;
    assert!(matches!(blob, Err(RegistryError::Html(_))), "{blob:?}");
}

#[tokio::test]
async fn who_hangs_is_left() {
    let server = open_registry(|_| Answer::Hang(Vec::new()));
    let timeouts = Timeouts {
        read_timeout: Duration::from_millis(300),
        ..Timeouts::default()
    };
    let registry = Registry {
        http: Http::with(timeouts, PlainHosts::default()).unwrap(),
        ..to(&server)
    };
    let descriptor = Descriptor::of(oci::WASM, b"x");
    for error in [
        registry.manifest(&tag("1")).await.unwrap_err(),
        registry
            .blob(&descriptor, &mut Vec::new())
            .await
            .unwrap_err(),
        registry
            .push_blob(&descriptor, Content::Bytes("x".into()))
            .await
            .unwrap_err(),
    ] {
        assert!(
            matches!(error, RegistryError::Http(HttpError::Silent { .. })),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_manifest_has_the_digest_that_was_asked_for_and_that_was_announced() {
    let server = open_registry(|_| Answer::of("200 OK", &[], b"{}"));
    let (bytes, digest) = to(&server).manifest(&tag("1")).await.unwrap();
    assert_eq!((bytes.as_slice(), digest), (&b"{}"[..], Digest::of(b"{}")));
    to(&server).manifest(&Target::Digest(digest)).await.unwrap();
    let error = to(&server)
        .manifest(&Target::Digest(Digest::of(b"x")))
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::Digest { .. }), "{error}");
    for says in [
        Digest::of(b"x").to_string(),
        "sha512:00".into(),
        "x".repeat(1000),
    ] {
        let server = open_registry(move |_| {
            Answer::of("200 OK", &[("docker-content-digest", &says)], b"{}")
        });
        let error = to(&server).manifest(&tag("1")).await.unwrap_err();
        assert!(matches!(error, RegistryError::Digest { .. }), "{error}");
        let asked = to(&server)
            .manifest(&Target::Digest(Digest::of(b"x")))
            .await;
        assert!(
            matches!(asked, Err(RegistryError::Digest { .. })),
            "{asked:?}"
        );
    }
}

#[tokio::test]
async fn four_announced_gibibytes_are_not_waited_for() {
    let head = Answer::head("200 OK", &[("content-length", "4294967296")]);
    let server = open_registry(move |_| Answer::Hang(head.clone()));
    let registry = to(&server);
    for error in [
        registry.manifest(&tag("1")).await.unwrap_err(),
        registry.referrers(&Digest::of(b"x")).await.unwrap_err(),
        registry
            .blob(&Descriptor::of(oci::WASM, b"x"), &mut Vec::new())
            .await
            .unwrap_err(),
        registry.tags().await.unwrap_err(),
    ] {
        assert!(
            matches!(error, RegistryError::Http(HttpError::TooLarge { .. })),
            "{error}"
        );
    }
}

#[tokio::test]
async fn what_is_missing_or_broken_is_named_in_one_line() {
    let body = br#"{"errors":[{"code":"TOOMANYREQUESTS","message":"slow \u001b[2Jdown"}]}"#;
    let server = open_registry(move |_| Answer::of("429 Too Many Requests", &[], body));
    let error = to(&server)
        .manifest(&tag("1"))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(r"429 Too Many Requests: slow \u{1b}[2Jdown (TOOMANYREQUESTS)"),
        "{error}"
    );
    let server = open_registry(|_| not_found());
    let error = to(&server).manifest(&tag("1")).await.unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("/v2/a/b/manifests/1 is not there"),
        "{error}"
    );
    let error = to(&server)
        .blob(&Descriptor::of(oci::WASM, b"x"), &mut Vec::new())
        .await;
    assert!(
        matches!(error, Err(RegistryError::NotFound(_))),
        "{error:?}"
    );
    assert!(
        to(&server)
            .referrers(&Digest::of(b"x"))
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn lists_of_referrers_are_short_and_are_lists() {
    let entry = |i: usize| Descriptor::of(oci::MANIFEST, &i.to_le_bytes());
    let index = |from, to| oci::to_json(&Index::new((from..to).map(entry).collect()));
    let digest = Digest::of(b"x");
    // In one piece, by API and under the tag.
    for is_api in [true, false] {
        for (count, is_read) in [(0, true), (REFERRERS_MAX, true), (REFERRERS_MAX + 1, false)] {
            let body = index(0, count);
            let server = open_registry(move |seen| match seen.target.contains("/referrers/") {
                is if is == is_api => json(&body),
                _ => not_found(),
            });
            match to(&server).referrers(&digest).await {
                Ok(found) => assert!(is_read && found.len() == count, "{count}"),
                Err(RegistryError::TooManyReferrers { .. }) => assert!(!is_read, "{count}"),
                Err(error) => panic!("{count}: {error}"),
            }
            // There is no filter, which some registries apply to what has lost its type.
            assert!(server.seen().iter().all(|seen| !seen.target.contains('?')));
        }
    }
    // On two pages, together too many or not.
    for (count, is_read) in [(REFERRERS_MAX, true), (REFERRERS_MAX + 1, false)] {
        let (first, second) = (index(0, 9), index(9, count));
        let server = open_registry(move |seen| match seen.target.ends_with("?page=2") {
            false => Answer::of("200 OK", &[("link", r#"<?page=2>; rel="next""#)], &first),
            true => json(&second),
        });
        assert_eq!(
            to(&server).referrers(&digest).await.is_ok(),
            is_read,
            "{count}"
        );
    }
    for bad in [
        &b"[]"[..],
        b"{}",
        br#"{"schemaVersion":2,"manifests":[],"manifests":[]}"#,
        b"\xff",
    ] {
        let server = open_registry(move |_| json(bad));
        let error = to(&server).referrers(&digest).await.unwrap_err();
        assert!(matches!(error, RegistryError::Malformed { .. }), "{error}");
    }
    // Under the tag is something else.
    let other = Index {
        media_type: "application/vnd.docker.distribution.manifest.list.v2+json".into(),
        ..Index::new(Vec::new())
    };
    let other = oci::to_json(&other);
    let server = open_registry(move |seen| match seen.target.contains("/referrers/") {
        true => not_found(),
        false => json(&other),
    });
    let error = to(&server).referrers(&digest).await.unwrap_err();
    assert!(
        error.to_string().contains("is not an index of referrers"),
        "{error}"
    );
}

#[tokio::test]
async fn lists_without_end_come_to_one() {
    let next = [("link", r#"<?again>; rel="next""#)];
    let server = open_registry(move |_| Answer::of("200 OK", &next, br#"{"tags":["1","2"]}"#));
    let error = to(&server).tags().await.unwrap_err();
    assert!(matches!(error, RegistryError::Endless { .. }), "{error}");
    let empty = oci::to_json(&Index::new(Vec::new()));
    let server = open_registry(move |_| Answer::of("200 OK", &next, &empty));
    let error = to(&server).referrers(&Digest::of(b"x")).await.unwrap_err();
    assert!(matches!(error, RegistryError::Endless { .. }), "{error}");
    let many = format!(r#"{{"tags":[{}"x"]}}"#, r#""x","#.repeat(TAGS_MAX));
    let server = open_registry(move |_| Answer::of("200 OK", &[], many.as_bytes()));
    let error = to(&server).tags().await.unwrap_err();
    assert!(
        matches!(error, RegistryError::TooManyTags { .. }),
        "{error}"
    );
    let server = open_registry(|_| Answer::of("200 OK", &[], b"{\"tags\":[\"\\u001b[2J\"]}"));
    let error = to(&server).tags().await.unwrap_err();
    assert!(
        matches!(&error, RegistryError::Tag(tag) if tag == r"\u{1b}[2J"),
        "{error}"
    );
    let server = open_registry(|_| Answer::of("200 OK", &[], br#"{"name":"a/b","tags":null}"#));
    assert!(to(&server).tags().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_upload_begins_and_ends_as_the_registry_must_say() {
    let descriptor = Descriptor::of(oci::WASM, b"x");
    for (location, is_taken) in [
        (None, false),
        (Some("http://[/"), false),
        (Some("ftp://a/"), false),
        (Some("/up"), true),
    ] {
        let server = open_registry(move |seen| match seen.method.as_str() {
            "POST" => Answer::of(
                "202 Accepted",
                &Vec::from_iter(location.map(|location| ("location", location))),
                b"",
            ),
            "PUT" => Answer::of("201 Created", &[], b""),
            _ => not_found(),
        });
        let pushed = to(&server)
            .push_blob(&descriptor, Content::Bytes("x".into()))
            .await;
        assert_eq!(pushed.is_ok(), is_taken, "{location:?}: {pushed:?}");
    }
    // It is there already.
    let server = open_registry(|_| Answer::of("200 OK", &[], b""));
    to(&server)
        .push_blob(&descriptor, Content::Bytes("x".into()))
        .await
        .unwrap();
    assert!(server.seen().iter().all(|seen| seen.method != "POST"));
    let error = to(&server)
        .push_blob(&descriptor, Content::Bytes("xx".into()))
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("should have as many bytes as 1, and is 2"),
        "{error}"
    );
}

#[tokio::test]
async fn a_manifest_is_pushed_as_what_it_is() {
    let server = open_registry(|_| Answer::of("201 Created", &[], b""));
    let registry = to(&server);
    assert_eq!(
        registry
            .push_manifest(&tag("1"), oci::MANIFEST, b"{}")
            .await
            .unwrap(),
        Digest::of(b"{}")
    );
    let other = Target::Digest(Digest::of(b"x"));
    let error = registry
        .push_manifest(&other, oci::MANIFEST, b"{}")
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::Content { .. }), "{error}");
    let large = vec![b' '; oci::MANIFEST_BYTES_MAX as usize + 1];
    let error = registry
        .push_manifest(&tag("1"), oci::MANIFEST, &large)
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::Content { .. }), "{error}");
    let says = Digest::of(b"x").to_string();
    let server =
        open_registry(move |_| Answer::of("201 Created", &[("docker-content-digest", &says)], b""));
    let error = to(&server)
        .push_manifest(&tag("1"), oci::MANIFEST, b"{}")
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::Digest { .. }), "{error}");
}

#[tokio::test]
async fn the_tag_of_referrers_is_written_only_where_there_is_no_api() {
    let subject = Descriptor::of(oci::MANIFEST, b"package");
    let bundle = Descriptor::of(oci::SIGSTORE_BUNDLE, b"bundle");
    let signature = oci::to_json(&Manifest::of_signature(bundle, subject.clone()));
    let digest = subject.digest.to_string();
    let server =
        open_registry(move |_| Answer::of("201 Created", &[("oci-subject", &digest)], b""));
    to(&server)
        .push_referrer(&subject, &signature)
        .await
        .unwrap();
    assert_eq!(server.seen().len(), 2, "{:?}", server.seen());
    // It takes the index, and does not keep it.
    let server = open_registry(|seen| match seen.method.as_str() {
        "PUT" => Answer::of("201 Created", &[], b""),
        _ => not_found(),
    });
    let error = to(&server)
        .push_referrer(&subject, &signature)
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::Lost(_)), "{error}");
}
