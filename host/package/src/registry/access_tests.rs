//! Registries that ask for credentials, and what becomes of these.

use super::hostile_tests::{not_found, tag, to, with_config};
use super::*;
use crate::hostile_server::{Answer, HostileServer, Seen};
use crate::http::HttpError;

/// A directory with credentials for a server: the file to give as `docker_config`.
fn logged_in(server: &HostileServer, what: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.json");
    let config = format!(r#"{{"auths":{{"127.0.0.1:{}":{what}}}}}"#, server.port);
    std::fs::write(&path, config).unwrap();
    (dir, path)
}

/// "me:secret"
const PASSWORD: &str = r#"{"auth":"bWU6c2VjcmV0"}"#;

fn unauthorized(challenge: &str) -> Answer {
    let body = br#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#;
    Answer::of("401 Unauthorized", &[("www-authenticate", challenge)], body)
}

#[tokio::test]
async fn a_list_that_goes_on_elsewhere_does_not_take_credentials_there() {
    let elsewhere = HostileServer::start(|_| Answer::of("200 OK", &[], br#"{"tags":["2"]}"#));
    let link = format!(r#"<{}>; rel="next""#, elsewhere.url("/v2/a/b/tags/list"));
    let server = HostileServer::start(move |seen| match seen.header("authorization") {
        None => unauthorized("Basic realm=x"),
        Some(_) => Answer::of("200 OK", &[("link", &link)], br#"{"tags":["1"]}"#),
    });
    let (_dir, config) = logged_in(&server, PASSWORD);
    let error = with_config(&server, config).tags().await.unwrap_err();
    assert!(matches!(error, RegistryError::Elsewhere { .. }), "{error}");
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn a_password_goes_to_its_registry_and_not_where_blobs_and_uploads_are_kept() {
    let store = HostileServer::start(|seen| match seen.method.as_str() {
        "PUT" => Answer::of("201 Created", &[], b""),
        _ => Answer::of("200 OK", &[], b"x"),
    });
    let kept = store.url("/kept?signature=s");
    let server = HostileServer::start(move |seen| {
        let location = [("location", kept.as_str())];
        match (seen.header("authorization"), seen.method.as_str()) {
            (None, _) => unauthorized("Basic realm=x"),
            (_, "GET") => Answer::of("307 Temporary Redirect", &location, b""),
            (_, "POST") => Answer::of("202 Accepted", &location, b""),
            _ => not_found(),
        }
    });
    let (_dir, config) = logged_in(&server, PASSWORD);
    let registry = with_config(&server, config);
    let (descriptor, mut bytes) = (Descriptor::of(oci::WASM, b"x"), Vec::new());
    registry.blob(&descriptor, &mut bytes).await.unwrap();
    registry
        .push_blob(&descriptor, Content::Bytes("x".into()))
        .await
        .unwrap();
    assert_eq!(
        server.seen()[1].header("authorization"),
        Some("Basic bWU6c2VjcmV0")
    );
    let seen = store.seen();
    assert_eq!((seen.len(), bytes.as_slice()), (2, &b"x"[..]));
    assert!(
        seen.iter()
            .all(|seen| seen.header("authorization").is_none()),
        "{seen:?}"
    );
    // What was in the URL stays: it lets us in there.
    assert_eq!(
        seen[1].target,
        format!("/kept?signature=s&digest={}", "sha256%3A") + &descriptor.digest.hex()
    );
}

#[tokio::test]
async fn a_token_is_fetched_once_and_carried_from_then_on() {
    for (credential, method) in [
        (Some(PASSWORD), "GET"),
        (Some(r#"{"identitytoken":"identity&"}"#), "POST"),
        (None, "GET"),
    ] {
        let tokens =
            HostileServer::start(|_| Answer::of("200 OK", &[], br#"{"access_token":"abc"}"#));
        let challenge = format!(
            r#"Bearer realm="{}",service="s&t",scope="x""#,
            tokens.url("/token?a=b")
        );
        let server = HostileServer::start(move |seen| match seen.header("authorization") {
            Some("Bearer abc") => Answer::of("200 OK", &[], b"{}"),
            _ => unauthorized(&challenge),
        });
        let (_dir, config) = logged_in(&server, credential.unwrap_or("{}"));
        let registry = with_config(&server, config);
        registry.manifest(&tag("1")).await.unwrap();
        registry.manifest(&tag("2")).await.unwrap();
        let [seen] = &tokens.seen()[..] else {
            panic!("{:?}", tokens.seen());
        };
        assert_eq!(seen.method, method);
        let basic = seen.header("authorization");
        assert_eq!(
            basic,
            Some("Basic bWU6c2VjcmV0").filter(|_| credential == Some(PASSWORD))
        );
        let sent = seen.target.clone() + &String::from_utf8_lossy(&seen.body);
        assert!(sent.starts_with("/token?a=b"), "{sent}");
        assert!(
            sent.contains("scope=repository%3Aa%2Fb%3Apull&service=s%26t"),
            "{sent}"
        );
        assert_eq!(
            sent.contains("refresh_token=identity%26"),
            method == "POST",
            "{sent}"
        );
    }
}

#[tokio::test]
async fn no_secret_goes_to_a_realm_that_is_read_on_the_way() {
    for credential in [PASSWORD, r#"{"identitytoken":"identity"}"#] {
        let foreign = HostileServer::start(|_| Answer::of("200 OK", &[], b"{}"));
        // Another host on this machine; and what is on another machine fares the same.
        let realm = format!("http://localhost:{}/token", foreign.port);
        for realm in [realm.as_str(), "http://192.0.2.1/token"] {
            let challenge = format!(r#"Bearer realm="{realm}""#);
            let server = HostileServer::start(move |_| unauthorized(&challenge));
            let (_dir, config) = logged_in(&server, credential);
            let error = with_config(&server, config)
                .manifest(&tag("1"))
                .await
                .unwrap_err();
            assert!(matches!(error, RegistryError::Challenge { .. }), "{error}");
            assert_eq!(server.seen().len(), 1);
        }
        assert!(foreign.seen().is_empty());
    }
}

#[tokio::test]
async fn what_is_no_token_is_not_carried() {
    for answer in [
        "{}",
        "[]",
        r#"{"token":""}"#,
        r#"{"token":"a\r\nhost: b"}"#,
        r#"{"token":1}"#,
        r#"{"token":"a","token":"b"}"#,
    ] {
        let tokens = HostileServer::start(|_| Answer::of("200 OK", &[], answer.as_bytes()));
        let challenge = format!(r#"Bearer realm="{}""#, tokens.url("/"));
        let server = HostileServer::start(move |_| unauthorized(&challenge));
        let error = to(&server).manifest(&tag("1")).await.unwrap_err();
        let is_refused = matches!(
            error,
            RegistryError::Challenge { .. } | RegistryError::Malformed { .. }
        );
        assert!(is_refused, "{answer}: {error}");
    }
    let head = Answer::head("200 OK", &[]);
    let tokens = HostileServer::start(move |_| Answer::Endless(head.clone(), vec![b' '; 4096]));
    let challenge = format!(r#"Bearer realm="{}""#, tokens.url("/"));
    let server = HostileServer::start(move |_| unauthorized(&challenge));
    let error = to(&server).manifest(&tag("1")).await.unwrap_err();
    assert!(
        matches!(error, RegistryError::Http(HttpError::TooLarge { .. })),
        "{error}"
    );
}

#[tokio::test]
async fn who_is_not_let_in_is_told_whose_credentials_were_missing() {
    let server = HostileServer::start(|_| unauthorized("Basic realm=x"));
    let host = format!("127.0.0.1:{}", server.port);
    let error = to(&server)
        .manifest(&tag("1"))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(&format!("{host} denies access to a/b")),
        "{error}"
    );
    assert!(error.contains(&format!("`docker login {host}`")), "{error}");
    let (_dir, config) = logged_in(&server, PASSWORD);
    let error = with_config(&server, config)
        .manifest(&tag("1"))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("do not suffice") && error.contains("authentication required"),
        "{error}"
    );
    assert!(!error.contains("secret"), "{error}");
}

/// What the door of a registry that is open at its front says: only the repository asks.
fn open_door(seen: &Seen, challenge: &str) -> Answer {
    match (seen.target.as_str(), seen.header("authorization")) {
        ("/v2/", _) => Answer::of("200 OK", &[], b"{}"),
        (_, Some("Basic bWU6c2VjcmV0" | "Bearer abc")) => match seen.method.as_str() {
            "HEAD" => not_found(),
            "POST" => Answer::of("202 Accepted", &[("location", "/up")], b""),
            "PUT" => Answer::of("201 Created", &[], b""),
            _ => Answer::of("200 OK", &[], b"x"),
        },
        _ => unauthorized(challenge),
    }
}

#[tokio::test]
async fn a_repository_that_asks_behind_an_open_door_is_answered() {
    let tokens = HostileServer::start(|_| Answer::of("200 OK", &[], br#"{"token":"abc"}"#));
    let bearer = format!(r#"Bearer realm="{}""#, tokens.url("/token"));
    for challenge in ["Basic realm=x".to_owned(), bearer] {
        let server = HostileServer::start(move |seen| open_door(seen, &challenge));
        let (_dir, config) = logged_in(&server, PASSWORD);
        let registry = with_config(&server, config);
        let (descriptor, mut bytes) = (Descriptor::of(oci::WASM, b"x"), Vec::new());
        registry.blob(&descriptor, &mut bytes).await.unwrap();
        assert_eq!(bytes, b"x");
        registry.manifest(&tag("1")).await.unwrap();
        let content = Content::Bytes("x".into());
        registry.push_blob(&descriptor, content).await.unwrap();
        let target = tag("1");
        let pushed = registry.push_manifest(&target, oci::MANIFEST, b"{}");
        pushed.await.unwrap();
        // Once for reading and once for writing: what was learnt is kept.
        let is_refused = |seen: &&Seen| seen.header("authorization").is_none();
        let seen = server.seen();
        let refused = seen.iter().filter(is_refused);
        assert_eq!(refused.filter(|seen| seen.target != "/v2/").count(), 2);
    }
}

#[tokio::test]
async fn a_password_that_was_refused_is_not_tried_again() {
    let server = HostileServer::start(|_| unauthorized("Basic realm=x"));
    let (_dir, config) = logged_in(&server, PASSWORD);
    let error = with_config(&server, config).manifest(&tag("1")).await;
    assert!(matches!(error, Err(RegistryError::Denied { .. })));
    let seen = server.seen();
    let carried = seen
        .iter()
        .filter(|seen| seen.header("authorization").is_some());
    assert_eq!(carried.count(), 1);
}

#[tokio::test]
async fn where_a_blob_is_kept_nobody_asks_for_the_password() {
    let tokens = HostileServer::start(|_| Answer::of("200 OK", &[], br#"{"token":"abc"}"#));
    // On the very host of the registry, which could have the password for itself.
    let realm = format!(r#"Bearer realm="{}""#, tokens.url("/token"));
    let store = HostileServer::start(move |_| unauthorized(&realm));
    let kept = store.url("/kept");
    let server = HostileServer::start(move |seen| match seen.target.as_str() {
        "/v2/" => Answer::of("200 OK", &[], b"{}"),
        _ => Answer::of("307 Temporary Redirect", &[("location", &kept)], b""),
    });
    let (_dir, config) = logged_in(&server, PASSWORD);
    let descriptor = Descriptor::of(oci::WASM, b"x");
    let registry = with_config(&server, config);
    let blob = registry.blob(&descriptor, &mut Vec::new()).await;
    assert!(
        matches!(blob, Err(RegistryError::Denied { .. })),
        "{blob:?}"
    );
    assert!(tokens.seen().is_empty() && store.seen().len() == 1);
}
