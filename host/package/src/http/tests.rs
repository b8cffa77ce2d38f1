//! Servers that mean no good. Nothing here waits for a default timeout.

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
    // Nobody serves the port of tcpmux, and no test is given it.
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

/// Set where a test runs again in a process of its own, because the environment is what it tests.
const AGAIN: &str = "DYNO_TEST_AGAIN";

/// Runs one of these tests again, with variables.
fn again(test: &str, variables: &[(&str, &str)]) {
    let (_, module) = module_path!().split_once("::").unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([&format!("{module}::{test}"), "--exact", "--nocapture"])
        .env(AGAIN, "1")
        .envs(variables.iter().copied())
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

#[tokio::test]
async fn what_is_for_this_machine_goes_to_no_proxy_and_the_rest_does() {
    if std::env::var_os(AGAIN).is_some() {
        let server = HostileServer::start(|_| Answer::of("200 OK", &[], b""));
        assert_eq!(get(http(), &server).await.unwrap().status, 200);
        let remote = url("https://registry.example.org/");
        http().get(&remote, 9, &[], None).await.unwrap_err();
        return;
    }
    let proxy = HostileServer::start(|_| Answer::of("503 No", &[], b""));
    let address = proxy.url("");
    let names = [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
    ];
    again(
        "what_is_for_this_machine_goes_to_no_proxy_and_the_rest_does",
        &names.map(|name| (name, address.as_str())),
    );
    let seen: Vec<_> = proxy
        .seen()
        .into_iter()
        .map(|seen| (seen.method, seen.target))
        .collect();
    assert_eq!(
        seen,
        [("CONNECT".into(), "registry.example.org:443".into())]
    );
}

/// `openssl s_server`, which sends the files of a directory as they are. Ended when it is dropped.
struct TlsServer {
    process: Child,
    port: u16,
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl TlsServer {
    fn start(dir: &std::path::Path) -> Option<Self> {
        let (certificate, key) = crate::registry_server::certificate(dir)?;
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let process = Command::new("openssl")
            .args([
                "s_server",
                "-HTTP",
                "-quiet",
                "-accept",
                &format!("127.0.0.1:{port}"),
            ])
            .arg("-cert")
            .arg(certificate)
            .arg("-key")
            .arg(key)
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let server = Self { process, port };
        for _ in 0..500 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(server);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("openssl s_server does not come up");
    }
}

#[tokio::test]
async fn tls_is_for_who_is_known_and_is_not_left_again() {
    const PORT: &str = "DYNO_TEST_PORT";
    if let Ok(port) = std::env::var(PORT) {
        let at = |path: &str| url(&format!("https://localhost:{port}/{path}"));
        let response = http().get(&at("page"), 9, &[], None).await.unwrap();
        assert_eq!(response.body, b"page");
        let error = http().get(&at("leave"), 9, &[], None).await.unwrap_err();
        let is_refused = matches!(
            &error,
            HttpError::Redirect {
                source: RedirectRefused::Downgrade(_),
                ..
            }
        );
        assert!(is_refused, "{error}");
        // The certificate does not name this address.
        let other = url(&format!("https://127.0.0.2:{port}/page"));
        assert!(http().get(&other, 9, &[], None).await.is_err());
        return;
    }
    let plain = HostileServer::start(|_| Answer::of("200 OK", &[], b""));
    let dir = tempfile::tempdir().unwrap();
    let leave = format!("HTTP/1.0 302 Found\r\nlocation: {}\r\n\r\n", plain.url("/"));
    std::fs::write(dir.path().join("leave"), leave).unwrap();
    std::fs::write(dir.path().join("page"), "HTTP/1.0 200 OK\r\n\r\npage").unwrap();
    let Some(server) = TlsServer::start(dir.path()) else {
        return;
    };
    let port = server.port.to_string();
    let page = url(&format!("https://localhost:{port}/page"));
    let error = http().get(&page, 9, &[], None).await.unwrap_err();
    assert!(matches!(error, HttpError::Tls { .. }), "{error}");
    let certificate = dir.path().join("certificate.pem");
    again(
        "tls_is_for_who_is_known_and_is_not_left_again",
        &[
            (PORT, &port),
            ("SSL_CERT_FILE", certificate.to_str().unwrap()),
        ],
    );
    assert!(plain.seen().is_empty());
}

/// A server that is busy so often, says when to come back, and then answers.
fn busy(times: usize, status: &'static str, after: &'static str) -> HostileServer {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    HostileServer::start(move |_| {
        let before = asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        match before < times {
            true => Answer::of(status, &[("retry-after", after)], b"busy"),
            false => Answer::of("200 OK", &[], b"body"),
        }
    })
}

/// A client that waits no longer than this for a busy server.
fn hasty() -> Http {
    let timeouts = Timeouts {
        retry_max: Duration::from_millis(20),
        ..Timeouts::default()
    };
    Http::with(timeouts, PlainHosts::default()).unwrap()
}

#[tokio::test]
async fn a_busy_server_is_asked_again_twice_and_no_longer_waited_for_than_is_sane() {
    let (many, down) = ("429 Too Many Requests", "503 Service Unavailable");
    let century = "Fri, 01 Jan 2100 00:00:00 GMT";
    for (times, status, after) in [
        (1, many, "0"),
        (2, down, "86400"),
        (1, many, century),
        (1, down, "soon"),
    ] {
        let server = busy(times, status, after);
        let response = get(hasty(), &server).await.unwrap();
        assert_eq!(response.body, b"body", "{status} {after}");
        assert_eq!(server.seen().len(), times + 1);
        let server = busy(times, status, after);
        assert_eq!(download(hasty(), &server, b"body").await.unwrap(), b"body");
    }
    let server = busy(9, many, "0");
    let response = get(hasty(), &server).await.unwrap();
    assert_eq!((response.status.as_u16(), server.seen().len()), (429, 3));
    for other in ["500 Internal Server Error", "404 Not Found"] {
        let server = busy(9, other, "0");
        get(hasty(), &server).await.unwrap();
        assert_eq!(server.seen().len(), 1, "{other}");
    }
}

#[tokio::test]
async fn what_might_be_done_twice_is_not_sent_twice_and_what_is_sent_twice_is_whole() {
    for (method, times) in [(Method::POST, 1), (Method::PUT, 3)] {
        let server = busy(2, "429 Too Many Requests", "0");
        let url = url(&server.url("/"));
        let file = tempfile::tempfile().unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, b"content", 0).unwrap();
        let request = Request {
            method,
            url: &url,
            accept: &[],
            authorization: None,
            content: Some(("a/b", Content::File(file.into(), 0, 7))),
        };
        hasty().send(request, 100).await.unwrap();
        let seen = server.seen();
        assert_eq!(seen.len(), times);
        assert!(seen.iter().all(|seen| seen.body == b"content"));
    }
}

#[tokio::test]
async fn a_named_host_is_spoken_to_without_tls_and_without_credentials() {
    let server = HostileServer::start(|_| Answer::of("200 OK", &[], b"body"));
    // Another machine by its name, and this one in truth.
    let host = format!("0.0.0.0:{}", server.port);
    let url = url(&format!("http://{host}/"));
    let refused = http().get(&url, 100, &[], None).await.unwrap_err();
    assert!(matches!(refused, HttpError::NotHttps(_)), "{refused}");
    let hosts = PlainHosts([host.parse().unwrap()].into());
    let named = Http::with(Timeouts::default(), hosts).unwrap();
    assert_eq!(named.get(&url, 100, &[], None).await.unwrap().body, b"body");
    let secret = Authorization::bearer("secret").unwrap();
    let refused = named.get(&url, 100, &[], Some(&secret)).await.unwrap_err();
    assert!(matches!(refused, HttpError::Exposed(_)), "{refused}");
    assert_eq!(server.seen().len(), 1);
}
