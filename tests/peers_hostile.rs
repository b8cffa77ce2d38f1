//! Registries that mean no good. Each serves a good package, but for one answer; the same registry
//! without that is the twin that is accepted.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::hostile_server::{Answer, HostileServer, Seen};
use super::peers_support::{
    Author, INDEX, MANIFEST, Package, nothing_is_installed, runs_version, sha256, text, trust,
};
use super::support::{Bench, finish};

/// What an honest registry without a referrers API answers, of one package under its version.
pub(super) fn honest(package: &Package, seen: &Seen) -> Answer {
    let found = |media_type: &str, bytes: &[u8]| {
        Answer::of("200 OK", &[("content-type", media_type)], bytes)
    };
    let missing = || Answer::of("404 Not Found", &[], b"404 page not found");
    if seen.target == "/v2/" {
        return found("application/json", b"{}");
    }
    let Some(path) = seen.target.strip_prefix("/v2/acme/fib/") else {
        return missing();
    };
    match path.split_once('/') {
        Some(("manifests", "0.1.0")) => found(MANIFEST, package.manifest()),
        Some(("manifests", tag)) if tag == package.signatures_tag() => {
            found(INDEX, package.signatures().unwrap())
        }
        Some(("manifests", digest)) => package
            .blob(digest)
            .map_or_else(missing, |it| found(MANIFEST, it)),
        Some(("blobs", digest)) => {
            let octets = "application/octet-stream";
            package
                .blob(digest)
                .map_or_else(missing, |it| found(octets, it))
        }
        _ => missing(),
    }
}

/// The paths that matter.
struct Paths {
    manifest: String,
    signatures: String,
    wasm: String,
}

/// A package, somebody who trusts its author, and where things are in a registry.
struct Scene {
    package: Package,
    user: Bench,
    paths: Paths,
}

impl Scene {
    fn new() -> Self {
        let author = Author::new();
        let package = Package::read(&author.package("0.1.0"));
        let at = |what: &str| format!("/v2/acme/fib/{what}");
        let paths = Paths {
            manifest: at("manifests/0.1.0"),
            signatures: at(&format!("manifests/{}", package.signatures_tag())),
            wasm: at(&format!("blobs/{}", sha256(package.wasm()))),
        };
        Self {
            user: author.user(),
            package,
            paths,
        }
    }

    /// A registry that answers `path` otherwise.
    fn registry(
        &self,
        path: &str,
        otherwise: impl Fn(&Seen) -> Answer + Send + Sync + 'static,
    ) -> HostileServer {
        let (package, path) = (self.package.clone(), path.to_owned());
        HostileServer::start(move |seen| match seen.target == path {
            true => otherwise(seen),
            false => honest(&package, seen),
        })
    }

    /// Everything that one does with a registry ends with this code and sentence, and leaves
    /// nothing.
    #[track_caller]
    fn refused(&self, server: &HostileServer, code: i32, sentence: &str) {
        let reference = reference(server);
        for verb in ["verify", "install", "pull"] {
            let said = self.user.dyno([verb, &reference, "--plain-http"]);
            let said = said.exits(code).complains(sentence);
            assert_eq!(said.stderr.lines().count(), 1, "{said}");
        }
        let left: Vec<_> = fs::read_dir(self.user.work()).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
        nothing_is_installed(&self.user);
    }

    /// The twin.
    #[track_caller]
    fn accepted(&self) {
        let server = self.registry("nothing", |_| unreachable!());
        let reference = reference(&server);
        for verb in ["verify", "install", "pull"] {
            let said = self.user.dyno([verb, &reference, "--plain-http"]);
            said.exits(0);
        }
        runs_version(&self.user, "0.1.0");
    }
}

type Otherwise = fn() -> Answer;

/// An index on a server that answers `path` otherwise.
fn index_server(
    index: &Path,
    path: &str,
    otherwise: impl Fn() -> Answer + Send + Sync + 'static,
) -> HostileServer {
    let (index, path) = (index.to_owned(), path.to_owned());
    HostileServer::start(move |seen| {
        let file = seen.target.trim_start_matches('/');
        if file == path {
            return otherwise();
        }
        match fs::read(index.join(file)) {
            Ok(bytes) => Answer::of("200 OK", &[], &bytes),
            Err(_) => Answer::of("404 Not Found", &[], b""),
        }
    })
}

/// If this fails, whoever serves an index holds its users, or takes their memory and disk; the
/// network's sign-in page is an index.
#[test]
fn an_index_on_a_bad_server_is_refused() {
    let author = Author::new();
    trust(&author.bench, &author);
    let (index, package) = (author.bench.path("index"), author.package("0.1.0"));
    let build = ["index", "build", text(&index), text(&package)];
    author.bench.dyno(build).exits(0);
    let root = index.join("metadata/1.root.json");
    let file = "packages/acme-fib-0.1.0.oci.tar";
    let with = |path: &str, otherwise: Otherwise| {
        let server = index_server(&index, path, otherwise);
        let user = author.user();
        user.dyno(["trust", "pin", &server.url("/"), text(&root)])
            .exits(0);
        (server, user)
    };
    let announced = || {
        let head = Answer::head("200 OK", &[("content-length", "4294967296")]);
        Answer::Hang(head)
    };
    let endless = || Answer::Endless(Answer::head("200 OK", &[]), vec![b' '; 1 << 16]);
    let page = || Answer::of("200 OK", &[("content-type", "text/html")], b"<html>");
    let denied = || Answer::of("403 Forbidden", &[], b"");
    let much = "bytes or more, and at most ";
    for path in ["metadata/timestamp.json", "metadata/1.acme.json", file] {
        let bad: [(Otherwise, i32, &str); 4] = [
            (announced, 3, much),
            (endless, 3, much),
            (page, 3, ""),
            (denied, 1, "answers 403 Forbidden"),
        ];
        for (otherwise, code, sentence) in bad {
            let (server, user) = with(path, otherwise);
            user.dyno(["install", "acme/fib"])
                .exits(code)
                .complains(sentence)
                .complains(&server.url("/"));
            nothing_is_installed(&user);
        }
    }
    let (server, user) = with("nothing", page);
    user.dyno(["install", "acme/fib"]).exits(0);
    runs_version(&user, "0.1.0");
    drop(server);
    user.dyno(["update"])
        .exits(1)
        .complains("cannot be reached");
    user.dyno(["search", "fib", "--offline"])
        .exits(0)
        .says("acme/fib");
    runs_version(&user, "0.1.0");
}

fn reference(server: &HostileServer) -> String {
    format!("127.0.0.1:{}/acme/fib:0.1.0", server.port)
}

/// If this fails, a portal or a proxy that answers everything with a web page leads to riddles, or
/// its page is taken for a package.
#[test]
fn a_web_page_is_no_registry() {
    let scene = Scene::new();
    let page = || {
        let html = [("content-type", "text/html; charset=utf-8")];
        Answer::of("200 OK", &html, b"<html>Sign in to the guests' network")
    };
    let Paths {
        manifest,
        signatures,
        wasm,
    } = &scene.paths;
    for path in ["/v2/", manifest, signatures] {
        let server = scene.registry(path, move |_| page());
        scene.refused(&server, 3, "answers HTML: is this a registry?");
    }
    // What is wrong with it first is its size.
    let server = scene.registry(wasm, move |_| page());
    scene.refused(&server, 3, "should have ");
    scene.accepted();
}

/// If this fails, a registry that announces much and sends nothing holds the user, or takes memory
/// and disk as it likes.
#[test]
fn four_announced_gibibytes_are_not_waited_for() {
    let scene = Scene::new();
    for path in [
        &scene.paths.manifest,
        &scene.paths.signatures,
        &scene.paths.wasm,
    ] {
        let head = Answer::head("200 OK", &[("content-length", "4294967296")]);
        let server = scene.registry(path, move |_| Answer::Hang(head.clone()));
        scene.refused(&server, 3, "has 4294967296 bytes or more, and at most ");
    }
    scene.accepted();
}

/// If this fails, a registry that does not stop sending fills the disk.
#[test]
fn more_bytes_than_announced_are_not_taken() {
    let scene = Scene::new();
    let wasm = scene.package.wasm().to_vec();
    let endless = move |_: &Seen| {
        let head = Answer::head("200 OK", &[]);
        Answer::Endless([head, wasm.clone()].concat(), vec![0; 1 << 16])
    };
    let server = scene.registry(&scene.paths.wasm, endless);
    scene.refused(&server, 3, "bytes or more, and at most ");
    let endless = |_: &Seen| Answer::Endless(Answer::head("200 OK", &[]), vec![b' '; 1 << 16]);
    for path in [&scene.paths.manifest, &scene.paths.signatures] {
        let server = scene.registry(path, endless);
        scene.refused(&server, 3, "bytes or more, and at most ");
    }
    // And what ends before it should.
    let half = scene.package.wasm()[..scene.package.wasm().len() / 2].to_vec();
    let server = scene.registry(&scene.paths.wasm, move |_| Answer::of("200 OK", &[], &half));
    scene.refused(&server, 3, "should have ");
    scene.accepted();
}

/// If this fails, a registry can change what was signed.
#[test]
fn other_bytes_than_were_signed_are_refused() {
    let scene = Scene::new();
    let wasm = scene.package.wasm();
    for at in [0, wasm.len() / 2, wasm.len() - 1] {
        let mut other = wasm.to_vec();
        other[at] ^= 1;
        let hash = format!("and hashes to {}", sha256(&other));
        let server = scene.registry(&scene.paths.wasm, move |_| {
            Answer::of("200 OK", &[], &other)
        });
        scene.refused(&server, 3, &hash);
    }
    let mut manifest: Value = serde_json::from_slice(scene.package.manifest()).unwrap();
    manifest["annotations"]["org.opencontainers.image.licenses"] = "proprietary".into();
    let other = manifest.to_string().into_bytes();
    let server = scene.registry(&scene.paths.manifest, move |_| {
        Answer::of("200 OK", &[("content-type", MANIFEST)], &other)
    });
    // Nothing refers to that one.
    scene.refused(&server, 3, "acme/fib@0.1.0 is not signed");
    let signatures = scene.registry(&scene.paths.signatures, |_| {
        Answer::of("404 Not Found", &[], b"")
    });
    scene.refused(&signatures, 3, "acme/fib@0.1.0 is not signed");
    let digest = sha256(b"another");
    let announced = scene.package.manifest().to_vec();
    let server = scene.registry(&scene.paths.manifest, move |_| {
        let headers = [("docker-content-digest", digest.as_str())];
        Answer::of("200 OK", &headers, &announced)
    });
    scene.refused(&server, 3, "should hash to ");
    scene.accepted();
}

/// If this fails, a registry that leads in circles holds the user.
#[test]
fn redirects_come_to_an_end() {
    let scene = Scene::new();
    for path in [&scene.paths.manifest, &scene.paths.wasm] {
        let again = path.clone();
        let server = scene.registry(path, move |_| {
            Answer::of("307 Temporary Redirect", &[("location", &again)], b"")
        });
        scene.refused(&server, 3, "it redirects more than 5 times");
        let led = server
            .seen()
            .iter()
            .filter(|seen| seen.target == **path)
            .count();
        assert!(led <= 3 * 6, "{led} requests by three verbs");
        let server = scene.registry(path, |_| {
            let elsewhere = [("location", "http://registry.example.org/x")];
            Answer::of("307 Temporary Redirect", &elsewhere, b"")
        });
        scene.refused(
            &server,
            3,
            "which is neither https nor plain http to this machine",
        );
    }
    scene.accepted();
}

/// If this fails, a registry can have the user's password sent to anybody.
#[test]
fn a_redirect_to_another_host_carries_no_credentials() {
    let scene = Scene::new();
    let package = scene.package.clone();
    let store = HostileServer::start(move |seen| honest(&package, seen));
    let package = scene.package.clone();
    let elsewhere = store.url("");
    let wasm = scene.paths.wasm.clone();
    // "me:secret"
    let secret = "Basic bWU6c2VjcmV0";
    let registry = HostileServer::start(move |seen| {
        if seen.header("authorization") != Some(secret) {
            let challenge = [("www-authenticate", "Basic realm=\"registry\"")];
            return Answer::of("401 Unauthorized", &challenge, b"");
        }
        if seen.target == wasm || seen.target.ends_with("/manifests/0.1.0") {
            let location = format!("{elsewhere}{}", seen.target);
            return Answer::of("307 Temporary Redirect", &[("location", &location)], b"");
        }
        honest(&package, seen)
    });
    let config = format!(
        r#"{{"auths":{{"127.0.0.1:{}":{{"auth":"bWU6c2VjcmV0"}}}}}}"#,
        registry.port
    );
    let home = scene.user.path("../home/.docker");
    fs::create_dir(&home).unwrap();
    fs::write(home.join("config.json"), config).unwrap();
    let mut install = scene.user.command();
    install.args(["install", &reference(&registry), "--plain-http"]);
    finish(install).exits(0);
    runs_version(&scene.user, "0.1.0");
    let authorized = |server: &HostileServer| {
        let seen = server.seen();
        let with = |it: &&Seen| it.header("authorization").is_some();
        (seen.len(), seen.iter().filter(with).count())
    };
    assert!(authorized(&registry).1 > 0, "the registry itself got none");
    let (asked, with) = authorized(&store);
    assert!(asked >= 2, "the store was asked {asked} times");
    assert_eq!(with, 0, "the store got the password: {:?}", store.seen());
}

/// If this fails, a registry that takes the connection and says nothing holds the user for ever.
#[test]
fn a_registry_that_hangs_is_left() {
    let scene = Scene::new();
    let server = scene.registry(&scene.paths.wasm, |_| {
        Answer::Hang(Answer::head("200 OK", &[]))
    });
    let install = ["install", &reference(&server), "--plain-http"];
    scene
        .user
        .dyno(install)
        .exits(1)
        .complains("sent nothing for 15 s");
    nothing_is_installed(&scene.user);
    scene.accepted();
}
