//! Registries as they are: what they ask for, when they are busy, where they are, and how
//! credentials are found. What a hostile one does is tried in `peers_hostile.rs`.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::hostile_server::{Answer, HostileServer, Seen};
use super::peers_hostile::honest;
use super::peers_support::{Author, Package, nothing_is_installed, runs_version, text};
use super::support::{Bench, Said, finish};

/// "me:secret"
const SECRET: &str = "bWU6c2VjcmV0";

/// A package, and a user who trusts its author.
fn scene() -> (Package, Bench) {
    let author = Author::new();
    let package = Package::read(&author.package("0.1.0"));
    (package, author.user())
}

/// `dyno install` of what a server at this host has.
fn install(user: &Bench, host: &str, port: u16, prepare: impl Fn(&mut Command)) -> Said {
    let mut command = user.command();
    command.args(["install", &format!("{host}:{port}/acme/fib:0.1.0")]);
    prepare(&mut command);
    finish(command)
}

/// If this fails, the usual private registry, whose door is open and whose repositories are not,
/// cannot be used; or the password goes to somebody who did not ask.
#[test]
fn a_repository_that_asks_behind_an_open_door_gets_credentials() {
    let (package, user) = scene();
    let server = HostileServer::start(move |seen| {
        let is_let_in = seen.header("authorization") == Some(&format!("Basic {SECRET}"));
        match seen.target == "/v2/" || is_let_in {
            true => honest(&package, seen),
            false => Answer::of(
                "401 Unauthorized",
                &[("www-authenticate", "Basic realm=x")],
                b"{}",
            ),
        }
    });
    let port = server.port;
    let plain = |command: &mut Command| {
        command.arg("--plain-http");
    };
    install(&user, "127.0.0.1", port, plain)
        .exits(1)
        .complains(&format!("`podman login 127.0.0.1:{port}`"));
    nothing_is_installed(&user);
    let auth = format!(r#"{{"auths":{{"127.0.0.1:{port}/acme":{{"auth":"{SECRET}"}}}}}}"#);
    let auth = user.write("auth.json", auth);
    let door = server.seen().into_iter().find(|seen| seen.target == "/v2/");
    assert_eq!(door.unwrap().header("authorization"), None);
    install(&user, "127.0.0.1", port, |command| {
        command.arg("--plain-http").env("REGISTRY_AUTH_FILE", &auth);
    })
    .exits(0);
    runs_version(&user, "0.1.0");
    // A file that is named and missing is a mistake, and no login at all.
    install(&user, "127.0.0.1", port, |command| {
        command
            .arg("--plain-http")
            .env("REGISTRY_AUTH_FILE", "gone");
    })
    .exits(1)
    .complains("REGISTRY_AUTH_FILE names gone, which is not there");
}

/// If this fails, who logged in with podman has to do it again with Docker, or the wrong of two
/// passwords is used.
#[test]
fn credentials_are_found_where_podman_and_docker_keep_them_in_their_order() {
    let (package, user) = scene();
    let server = HostileServer::start(move |seen| match seen.header("authorization") {
        Some(_) => honest(&package, seen),
        None => Answer::of(
            "401 Unauthorized",
            &[("www-authenticate", "Basic realm=x")],
            b"{}",
        ),
    });
    let host = format!("127.0.0.1:{}", server.port);
    // Each is named after its place.
    let home = user.work().parent().unwrap().join("home");
    let places = [
        (
            "run/containers/auth.json",
            user.path("run/containers/auth.json"),
        ),
        (
            ".config/containers/auth.json",
            home.join(".config/containers/auth.json"),
        ),
        (".docker/config.json", home.join(".docker/config.json")),
    ];
    for (name, path) in &places {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let auth = format!(r#"{{"auths":{{"{host}":{{"username":"{name}","password":"x"}}}}}}"#);
        fs::write(path, auth).unwrap();
    }
    for (name, path) in &places {
        let seen = server.seen().len();
        install(&user, "127.0.0.1", server.port, |command| {
            let run = user.path("run");
            command.arg("--plain-http").env("XDG_RUNTIME_DIR", run);
        })
        .exits(0);
        let carried: Vec<String> = (server.seen()[seen..].iter())
            .filter_map(|seen| seen.header("authorization").map(str::to_owned))
            .collect();
        let wanted = basic(&format!("{name}:x"));
        assert!(
            !carried.is_empty() && carried.iter().all(|it| *it == wanted),
            "{name}"
        );
        fs::remove_file(path).unwrap();
    }
    install(&user, "127.0.0.1", server.port, |command| {
        command.arg("--plain-http");
    })
    .exits(1)
    .complains("there are none");
}

fn basic(credentials: &str) -> String {
    use base64::Engine as _;
    let coded = base64::prelude::BASE64_STANDARD.encode(credentials);
    format!("Basic {coded}")
}

/// If this fails, one answer of "not now" ends an installation.
#[test]
fn a_registry_that_is_busy_for_a_moment_is_asked_again() {
    let (package, user) = scene();
    let asked = AtomicUsize::new(0);
    let server = HostileServer::start(move |seen| {
        let (status, after) = match asked.fetch_add(1, Ordering::Relaxed) {
            0 => ("429 Too Many Requests", "1"),
            2 => ("503 Service Unavailable", "Sun, 06 Nov 1994 08:49:37 GMT"),
            3 => ("429 Too Many Requests", "0"),
            _ => return honest(&package, seen),
        };
        Answer::of(status, &[("retry-after", after)], b"{}")
    });
    install(&user, "127.0.0.1", server.port, |command| {
        command.arg("--plain-http");
    })
    .exits(0);
    runs_version(&user, "0.1.0");
    let busy = HostileServer::start(|_: &Seen| {
        Answer::of("429 Too Many Requests", &[("retry-after", "0")], b"{}")
    });
    install(&user, "127.0.0.1", busy.port, |command| {
        command.arg("--plain-http");
    })
    .exits(1)
    .complains("answers 429 Too Many Requests");
    assert!(busy.seen().len() <= 6, "{:?}", busy.seen().len());
}

/// If this fails, packages on Docker Hub are looked for where there is none of them.
#[test]
fn docker_io_is_asked_for_at_its_registry() {
    let user = Bench::new();
    let proxy = HostileServer::start(|_| Answer::of("403 Forbidden", &[], b""));
    for reference in ["docker.io/acme/fib:1", "docker.io/fib:1"] {
        let mut command = user.command();
        command.args(["install", reference]);
        finish({
            command.env("HTTPS_PROXY", proxy.url("/"));
            command
        })
        .exits(1);
    }
    let seen = proxy.seen();
    assert!(!seen.is_empty());
    for seen in seen {
        let asked = (seen.method.as_str(), seen.target.as_str());
        assert_eq!(asked, ("CONNECT", "registry-1.docker.io:443"));
    }
}

/// If this fails, a registry in a laboratory without TLS cannot be used; or a flag that was meant
/// for one opens all others, or sends a password where everybody can read it.
#[test]
fn plain_http_goes_to_the_named_registry_alone_and_never_with_credentials() {
    let (package, user) = scene();
    let served = package.clone();
    // To the program this is another machine; to the system it is this one.
    let other = "0.0.0.0";
    let server = HostileServer::start(move |seen| honest(&served, seen));
    let port = server.port;
    let flag = |flag: String| {
        move |command: &mut Command| {
            command.arg(&flag);
        }
    };
    for refused in [
        "--plain-http",
        "--plain-http=0.0.0.0",
        "--plain-http=0.0.0.0:1",
    ] {
        let said = install(&user, other, port, flag(refused.into()));
        assert_ne!(said.status.code(), Some(0), "{said}");
    }
    install(&user, other, port, flag("--plain-http".into()))
        .exits(2)
        .complains("hosts that are named with --plain-http=HOST:PORT");
    assert!(server.seen().iter().all(|seen| seen.method != "GET"));
    for bad in ["--plain-http=a/b", "--plain-http=u@h"] {
        install(&user, other, port, flag(bad.into())).exits(2);
    }
    install(
        &user,
        other,
        port,
        flag(format!("--plain-http={other}:{port}")),
    )
    .exits(0);
    runs_version(&user, "0.1.0");

    for challenge in ["Basic realm=x", "Bearer realm=\"https://127.0.0.1:1/\""] {
        let asking = HostileServer::start(move |seen| match seen.target == "/v2/" {
            true => Answer::of("200 OK", &[], b"{}"),
            false => Answer::of(
                "401 Unauthorized",
                &[("www-authenticate", challenge)],
                b"{}",
            ),
        });
        let host = format!("{other}:{}", asking.port);
        let auth = format!(r#"{{"auths":{{"{host}":{{"auth":"{SECRET}"}}}}}}"#);
        let auth = user.write("auth.json", auth);
        install(&user, other, asking.port, |command| {
            command.arg(format!("--plain-http={host}"));
            command.env("REGISTRY_AUTH_FILE", &auth);
        })
        .exits(1)
        .complains("no credentials are sent to another machine");
        let seen = asking.seen();
        assert!(
            seen.iter()
                .all(|seen| seen.header("authorization").is_none())
        );
    }
}

/// If this fails, other clients of registries give the component no name, or one that they cannot
/// use.
#[test]
fn the_component_has_a_file_name_for_other_clients() {
    let author = Author::new();
    let file = author.package("0.1.0");
    let manifest: serde_json::Value =
        serde_json::from_slice(Package::read(&file).manifest()).unwrap();
    let title = &manifest["layers"][0]["annotations"]["org.opencontainers.image.title"];
    assert_eq!(title, "acme-fib-0.1.0.wasm", "{}", text(&file));
}
