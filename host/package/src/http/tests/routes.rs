//! Which way a request goes: proxies, TLS, and hosts that are named for plain http.

use super::*;

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
