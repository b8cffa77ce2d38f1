//! A real registry on loopback: Debian's `docker-registry`, which has no referrers API.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::print_stderr
)]

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// `me` with the password `secret`, as `htpasswd -nbB me secret` writes it.
const HTPASSWD: &str = "me:$2y$05$MgB81An2446cBWmNxsdyTuxSuMrZzxMWLGCQGbCKjZU8XnvCnLGJ2\n";

/// Runs until it is dropped.
pub struct RegistryServer {
    pub port: u16,
    /// Its storage, configuration and log, and whatever the test wants to put there.
    pub dir: tempfile::TempDir,
    process: Child,
}

/// How it is to run.
#[derive(Default)]
pub struct Setup {
    /// Whether it lets in only `me` with the password `secret`.
    pub password: bool,
    /// Certificate and key, if it is to speak TLS.
    pub tls: Option<(PathBuf, PathBuf)>,
}

impl RegistryServer {
    /// None if it is not installed; standard error says so.
    pub fn start() -> Option<Self> {
        Self::start_as(&Setup::default())
    }

    pub fn start_as(setup: &Setup) -> Option<Self> {
        // Somebody else may take the port between our look and its start.
        for _ in 0..5 {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            drop(listener);
            let dir = tempfile::tempdir().unwrap();
            let config = configure(setup, port, dir.path());
            let log = File::create(dir.path().join("log")).unwrap();
            let started = Command::new("docker-registry")
                .arg("serve")
                .arg(config)
                .env_clear()
                .stdin(Stdio::null())
                .stdout(log.try_clone().unwrap())
                .stderr(log)
                .spawn();
            let process = match started {
                Ok(process) => process,
                Err(error) => {
                    eprintln!("skipped: docker-registry cannot be started: {error}");
                    return None;
                }
            };
            let mut server = Self { port, dir, process };
            if server.is_up(setup) {
                return Some(server);
            }
        }
        panic!("docker-registry does not come up");
    }

    /// Host and port.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The number of its process, for who wants to stop or suspend it.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The directory to set `DOCKER_CONFIG` to, after which one is `me` there.
    pub fn docker_config(&self) -> PathBuf {
        let dir = self.dir.path().join("docker");
        std::fs::create_dir_all(&dir).unwrap();
        // "me:secret"
        let config = format!(
            r#"{{"auths":{{"{}":{{"auth":"bWU6c2VjcmV0"}}}}}}"#,
            self.host()
        );
        std::fs::write(dir.join("config.json"), config).unwrap();
        dir
    }

    fn is_up(&mut self, setup: &Setup) -> bool {
        for _ in 0..500 {
            if self.process.try_wait().unwrap().is_some() {
                return false;
            }
            if answers(self.port, setup.tls.is_some()) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

impl Drop for RegistryServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn answers(port: u16, has_tls: bool) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return false;
    };
    // What follows is not TLS; that it listens is enough then.
    let asked = stream.write_all(b"GET /v2/ HTTP/1.0\r\n\r\n");
    let mut start = [0; 5];
    has_tls || asked.is_ok() && stream.read_exact(&mut start).is_ok() && start == *b"HTTP/"
}

fn configure(setup: &Setup, port: u16, dir: &Path) -> PathBuf {
    let root = dir.display();
    let mut config = format!(
        "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {root}/storage\n\
         http:\n  addr: 127.0.0.1:{port}\n"
    );
    if let Some((certificate, key)) = &setup.tls {
        config += &format!(
            "  tls:\n    certificate: {}\n    key: {}\n",
            certificate.display(),
            key.display()
        );
    }
    if setup.password {
        std::fs::write(dir.join("htpasswd"), HTPASSWD).unwrap();
        config += &format!("auth:\n  htpasswd:\n    realm: test\n    path: {root}/htpasswd\n");
    }
    let path = dir.join("config.yml");
    std::fs::write(&path, config).unwrap();
    path
}

/// A certificate for `localhost` and 127.0.0.1 and its key, in files in `dir`; by `openssl`. None
/// if that is not installed; standard error says so.
pub fn certificate(dir: &Path) -> Option<(PathBuf, PathBuf)> {
    let (certificate, key) = (dir.join("certificate.pem"), dir.join("key.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args([
            "-subj",
            "/CN=localhost",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output();
    match made {
        Ok(output) => {
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            Some((certificate, key))
        }
        Err(error) => {
            eprintln!("skipped: openssl cannot be started: {error}");
            None
        }
    }
}
