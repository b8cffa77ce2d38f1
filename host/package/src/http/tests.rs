//! Servers that mean no good. Nothing here waits for a default timeout.

mod retry;
mod routes;

use std::process::{Child, Command, Stdio};

use super::*;
use crate::hostile_server::{Answer, HostileServer};

/// What the tests of silence wait; the others wait as long as users do, however busy the machine.
const READ_TIMEOUT: Duration = Duration::from_millis(300);

fn http() -> Http {
    Http::new().unwrap()
}

fn impatient() -> Http {
    let timeouts = Timeouts {
        read_timeout: READ_TIMEOUT,
        ..Timeouts::default()
    };
    Http::with(timeouts, PlainHosts::default()).unwrap()
}

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

async fn get(http: Http, server: &HostileServer) -> Result<Response, HttpError> {
    let url = url(&server.url("/a?token=t"));
    http.get(&url, 100, &["a/b", "c/d"], None).await
}

async fn download(
    http: Http,
    server: &HostileServer,
    expected: &[u8],
) -> Result<Vec<u8>, HttpError> {
    let mut bytes = Vec::new();
    let (url, digest) = (url(&server.url("/blob")), Digest::of(expected));
    let size = expected.len() as u64;
    match http.download(&url, None, size, &digest, &mut bytes).await? {
        Some(refused) => refused.success().map(|_| bytes),
        None => Ok(bytes),
    }
}

#[tokio::test]
async fn a_well_formed_answer_is_read_and_says_where_it_comes_from() {
    let server = HostileServer::start(|_| Answer::of("200 OK", &[("x-y", "z")], b"body"));
    let response = get(http(), &server).await.unwrap();
    assert_eq!(
        (response.status.as_u16(), response.body.as_slice()),
        (200, &b"body"[..])
    );
    assert_eq!(response.header("X-Y"), Some("z"));
    let seen = &server.seen()[0];
    assert_eq!(
        (seen.method.as_str(), seen.header("accept")),
        ("GET", Some("a/b, c/d"))
    );
    assert!(seen.header("user-agent").unwrap().starts_with("dyno/"));
    // Compressed, a few bytes would become many.
    assert_eq!(seen.header("accept-encoding"), None);
    assert_eq!(download(http(), &server, b"body").await.unwrap(), b"body");
}

#[tokio::test]
async fn who_never_answers_is_not_waited_for() {
    for started in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n",
    ] {
        let server = HostileServer::start(|_| Answer::Hang(started.to_vec()));
        let error = get(impatient(), &server).await.unwrap_err();
        assert!(
            matches!(error, HttpError::Silent { waited, .. } if waited == READ_TIMEOUT),
            "{error}"
        );
        let text = error.to_string();
        assert!(
            text.contains("/a sent nothing for 0.3 s") && !text.contains("token"),
            "{text}"
        );
        let error = download(impatient(), &server, b"body").await.unwrap_err();
        assert!(matches!(error, HttpError::Silent { .. }), "{error}");
    }
}

#[tokio::test]
async fn who_sends_a_byte_now_and_then_is_not_waited_for_either() {
    let head = Answer::head("200 OK", &[]);
    let server = HostileServer::start(move |_| Answer::Drip(head.clone()));
    let error = download(impatient(), &server, &[b' '; 1 << 20])
        .await
        .unwrap_err();
    assert!(matches!(error, HttpError::Slow { .. }), "{error}");
}

#[tokio::test]
async fn what_is_announced_too_large_is_refused_before_it_is_read() {
    let head = Answer::head("200 OK", &[("content-length", "4294967296")]);
    let server = HostileServer::start(move |_| Answer::Hang(head.clone()));
    for error in [
        get(http(), &server).await.unwrap_err(),
        download(http(), &server, b"body").await.unwrap_err(),
    ] {
        assert!(
            matches!(
                error,
                HttpError::TooLarge {
                    actual: 4_294_967_296,
                    ..
                }
            ),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_body_that_grows_past_its_limit_is_cut_off() {
    let head = Answer::head("200 OK", &[]);
    let server = HostileServer::start(move |_| Answer::Endless(head.clone(), vec![b' '; 4096]));
    for error in [
        get(http(), &server).await.unwrap_err(),
        download(http(), &server, b"body").await.unwrap_err(),
    ] {
        let HttpError::TooLarge { actual, .. } = error else {
            panic!("{error}");
        };
        assert!(actual < 1 << 20, "{actual}");
    }
    // Whatever it refuses with, as well: of that the beginning will do.
    let head = Answer::head("500 Oops", &[]);
    let server = HostileServer::start(move |_| Answer::Endless(head.clone(), vec![b' '; 4096]));
    let response = get(http(), &server).await.unwrap();
    assert!(response.body.len() < 1 << 20);
    assert!(matches!(response.success(), Err(HttpError::Status { status, .. }) if status == 500));
}

#[tokio::test]
async fn a_download_has_the_size_and_the_bytes_that_were_asked_for() {
    let close = |body: &'static [u8]| {
        HostileServer::start(move |_| Answer::Bytes([&Answer::head("200 OK", &[]), body].concat()))
    };
    let error = download(http(), &close(b"bod"), b"body").await.unwrap_err();
    assert!(
        matches!(
            error,
            HttpError::Short {
                expected: 4,
                actual: 3,
                ..
            }
        ),
        "{error}"
    );
    let error = download(http(), &close(b"bodyy"), b"body")
        .await
        .unwrap_err();
    assert!(
        matches!(error, HttpError::TooLarge { limit: 4, .. }),
        "{error}"
    );
    let error = download(http(), &close(b"bodz"), b"body")
        .await
        .unwrap_err();
    assert!(matches!(error, HttpError::Digest { .. }), "{error}");
    let server = HostileServer::start(|_| Answer::of("200 OK", &[], b"bod"));
    let error = download(http(), &server, b"body").await.unwrap_err();
    assert!(matches!(error, HttpError::Short { .. }), "{error}");
    // Announced, and broken off.
    let head = Answer::head("200 OK", &[("content-length", "4")]);
    let server = HostileServer::start(move |_| Answer::Bytes([&head[..], b"bo"].concat()));
    let error = download(http(), &server, b"body").await.unwrap_err();
    assert!(matches!(error, HttpError::Broken { .. }), "{error}");
}

#[tokio::test]
async fn what_is_not_http_is_an_error_in_one_line() {
    for bytes in [
        &b"\x00\x1b[2J\xff\r\n\r\n"[..],
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
    ] {
        let server = HostileServer::start(|_| Answer::Bytes(bytes.to_vec()));
        let error = get(http(), &server).await.unwrap_err();
        assert!(matches!(error, HttpError::Broken { .. }), "{error}");
        assert!(!error.to_string().contains(char::is_control), "{error:?}");
    }
    // Headers without end.
    let server = HostileServer::start(|_| {
        Answer::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), b"a: b\r\n".to_vec())
    });
    assert!(matches!(
        get(http(), &server).await,
        Err(HttpError::Broken { .. })
    ));
}

#[tokio::test]
async fn nobody_there_and_nobody_to_trust_are_told_apart() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = listener.accept().unwrap();
        // Read first, and closed by the client: otherwise it may see a reset and no answer.
        stream.read_exact(&mut [0; 16]).unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let address = url(&format!("https://localhost:{port}/"));
    let error = http().get(&address, 9, &[], None).await.unwrap_err();
    assert!(matches!(error, HttpError::Tls { .. }), "{error}");
    server.join().unwrap();
    // No server listens on the port of tcpmux, and no test is given it.
    let error = http().get(&url("http://127.0.0.1:1/"), 9, &[], None).await;
    assert!(
        matches!(error, Err(HttpError::Unreachable { .. })),
        "{error:?}"
    );
    let error = http().get(&url("http://192.0.2.1/"), 9, &[], None).await;
    assert!(matches!(error, Err(HttpError::NotHttps(_))), "{error:?}");
}

#[tokio::test]
async fn a_redirect_to_another_host_is_followed_without_credentials() {
    let store = HostileServer::start(|_| Answer::of("200 OK", &[], b"body"));
    let elsewhere = store.url("/stored?signature=s");
    let server = HostileServer::start(move |seen| match seen.target.as_str() {
        "/blob" => Answer::of("307 Temporary Redirect", &[("location", "/same")], b""),
        _ => Answer::of("307 Temporary Redirect", &[("location", &elsewhere)], b""),
    });
    let basic = Authorization::basic("me", "secret").unwrap();
    let mut bytes = Vec::new();
    let from = url(&server.url("/blob"));
    http()
        .download(&from, Some(&basic), 4, &Digest::of(b"body"), &mut bytes)
        .await
        .unwrap();
    assert_eq!(bytes, b"body");
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert!(
        seen.iter()
            .all(|seen| seen.header("authorization").is_some())
    );
    let seen = &store.seen()[0];
    assert_eq!(
        (seen.header("authorization"), seen.header("referer")),
        (None, None),
        "{}",
        seen.head
    );
}

#[tokio::test]
async fn redirects_end_and_do_not_leave_this_machine_over_plain_http() {
    let server = HostileServer::start(|_| Answer::of("302 Found", &[("location", "/again")], b""));
    let error = get(http(), &server).await.unwrap_err();
    let is_many = matches!(
        &error,
        HttpError::Redirect {
            source: RedirectRefused::TooMany,
            ..
        }
    );
    assert!(is_many, "{error}");
    assert_eq!(server.seen().len(), 6);
    let evil = "http://192.0.2.1/?token=t";
    let server = HostileServer::start(move |_| Answer::of("302 Found", &[("location", evil)], b""));
    let error = get(http(), &server).await.unwrap_err();
    let is_refused = matches!(
        &error,
        HttpError::Redirect {
            source: RedirectRefused::NotHttps(_),
            ..
        }
    );
    assert!(
        is_refused && !error.to_string().contains("token"),
        "{error}"
    );
    // Nothing but a status if there is nowhere to go.
    let server =
        HostileServer::start(|_| Answer::of("302 Found", &[("location", "http://[/")], b""));
    assert_eq!(get(http(), &server).await.unwrap().status, 302);
}

#[tokio::test]
async fn a_file_is_sent_whole_and_with_its_length() {
    let server = HostileServer::start(|_| Answer::of("201 Created", &[], b""));
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("x"), vec![7; 300_000]).unwrap();
    let file = File::open(dir.path().join("x")).unwrap();
    let url = url(&server.url("/up"));
    let request = Request {
        method: Method::PUT,
        url: &url,
        accept: &[],
        authorization: None,
        content: Some(("a/b", Content::File(file.into(), 0, 300_000))),
    };
    assert_eq!(http().send(request, 0).await.unwrap().status, 201);
    let seen = &server.seen()[0];
    assert_eq!(
        (seen.header("content-length"), seen.header("content-type")),
        (Some("300000"), Some("a/b"))
    );
    assert!(seen.body == vec![7; 300_000] && seen.header("transfer-encoding").is_none());
}
