//! A real registry: packages go into it and come out of it through the verbs. Ignored unless asked
//! for, because they need what `tests/peers/install` names.

use std::fs;
use std::path::{Path, PathBuf};

use super::peers_support::{
    Author, Package, nothing_is_installed, on, pin, runs_version, sha256, text, trust,
};
use super::registry_server::{RegistryServer, Setup, certificate};
use super::support::{Bench, Said, finish};

fn registry(setup: &Setup) -> RegistryServer {
    RegistryServer::start_as(setup).expect("Debian's docker-registry has to be installed")
}

/// A registry that lets everybody in.
pub(super) fn open_registry() -> RegistryServer {
    registry(&Setup::default())
}

/// `dyno push`, over plain http.
pub(super) fn push(author: &Author, file: &Path, reference: &str) -> Said {
    author
        .bench
        .dyno(["push", text(file), reference, "--plain-http"])
}

/// A verb with a reference, over plain http.
pub(super) fn at(bench: &Bench, verb: &str, reference: &str) -> Said {
    bench.dyno([verb, reference, "--plain-http"])
}

/// If this fails, a package that was pushed is lost, or comes out of the registry as another.
#[test]
#[ignore = "needs docker-registry"]
fn a_package_comes_out_of_a_registry_as_it_went_in() {
    let (server, author) = (open_registry(), Author::new());
    let file = author.package("0.1.0");
    let repository = format!("localhost:{}/acme/fib", server.port);
    let package = Package::read(&file);
    let tagged = format!("{repository}:0.1.0");
    let whole = format!("{tagged}@{}", package.digest());
    for _ in 0..2 {
        // The tag is the version; and a second time changes nothing.
        push(&author, &file, &repository)
            .exits(0)
            .says(&format!("pushed {whole}"));
    }

    let stranger = Bench::new();
    at(&stranger, "inspect", &tagged)
        .exits(0)
        .says("acme/fib@0.1.0")
        .says(&package.digest());
    at(&stranger, "verify", &tagged)
        .exits(3)
        .complains("nobody is trusted for the namespace `acme`");
    at(&stranger, "install", &tagged)
        .exits(3)
        .complains("nobody is trusted for the namespace `acme`");
    nothing_is_installed(&stranger);

    let user = author.user();
    let checked = at(&user, "verify", &tagged)
        .exits(0)
        .says("signatures  1\n");
    assert_eq!(
        checked.stdout,
        on(&user, "verify", &file).exits(0).stdout,
        "a registry is checked otherwise than a file"
    );
    at(&user, "inspect", &whole).exits(0).says("✓ trusted");
    at(&user, "pull", &tagged).exits(0);
    assert!(
        fs::read(user.path("acme-fib-0.1.0.oci.tar")).unwrap() == fs::read(&file).unwrap(),
        "what was pulled is not what was pushed"
    );
    user.run([&tagged, "--plain-http"]).exits(0).says("fib/20");
    nothing_is_installed(&user);
    at(&user, "install", &tagged)
        .exits(0)
        .says("+ acme/fib@0.1.0");
    let lock = fs::read_to_string(user.path("dyno.lock")).unwrap();
    assert!(lock.contains(&package.digest()), "{lock}");
    assert!(lock.contains(&sha256(package.wasm())), "{lock}");
    runs_version(&user, "0.1.0");
}

/// If this fails, who mistypes a reference or meets a registry that is down cannot tell that from a
/// package that is refused.
#[test]
#[ignore = "needs docker-registry"]
fn a_registry_without_the_package_is_no_refusal_of_it() {
    let (server, author) = (open_registry(), Author::new());
    let repository = format!("{}/acme/fib", server.host());
    push(&author, &author.package("0.1.0"), &repository).exits(0);
    let user = author.user();
    at(&user, "verify", &repository)
        .exits(2)
        .complains("says neither which tag nor which digest");
    for verb in ["verify", "inspect", "pull", "install"] {
        at(&user, verb, &format!("{repository}:9.9.9"))
            .exits(4)
            .complains("/v2/acme/fib/manifests/9.9.9 is not there");
        // Port 1 is nobody's.
        at(&user, verb, "localhost:1/acme/fib:0.1.0")
            .exits(1)
            .complains("cannot be reached");
        user.dyno([verb, &format!("{repository}:0.1.0")])
            .exits(1)
            .complains("--plain-http");
    }
    nothing_is_installed(&user);
    at(&user, "verify", &format!("{repository}:0.1.0")).exits(0);
}

/// If this fails, two who have to sign overwrite each other, or one alone is enough.
#[test]
#[ignore = "needs docker-registry"]
fn a_signature_that_is_pushed_later_joins_the_first() {
    let (server, first, second) = (open_registry(), Author::new(), Author::new());
    let repository = format!("{}/acme/fib", server.host());
    let tagged = format!("{repository}:0.1.0");
    let user = Bench::new();
    trust(&user, &first);
    let add = [
        "trust",
        "add",
        "--share",
        "--namespace",
        "acme",
        "--threshold",
        "2",
    ];
    user.dyno([&add[..], &[text(&second.public_key())]].concat())
        .exits(0);

    let (by_first, by_second) = (first.package("0.1.0"), second.package("0.1.0"));
    assert_eq!(
        Package::read(&by_first).digest(),
        Package::read(&by_second).digest(),
        "the same directory makes two packages"
    );
    push(&first, &by_first, &repository).exits(0);
    at(&user, "install", &tagged).exits(3).complains("2");
    nothing_is_installed(&user);
    push(&second, &by_second, &repository).exits(0);
    at(&user, "verify", &tagged)
        .exits(0)
        .says("signatures  2\n");
    push(&first, &by_first, &repository).exits(0);
    at(&user, "verify", &tagged)
        .exits(0)
        .says("signatures  2\n");
    at(&user, "install", &tagged).exits(0);
    runs_version(&user, "0.1.0");
}

/// If this fails, an author cannot publish with one command, or a user does not find what was
/// published, get its updates, or get them from where the index says.
#[test]
#[ignore = "needs docker-registry"]
fn what_is_published_in_a_registry_is_found_installed_and_updated_by_id() {
    let (server, author) = (open_registry(), Author::new());
    trust(&author.bench, &author);
    let index = author.bench.path("index");
    let repository = format!("{}/acme/fib", server.host());
    let publish = |version: &str| {
        let plugin = author.plugin(version);
        let (plugin, index) = (text(&plugin), text(&index));
        let to = ["--to", &repository, "--plain-http", "--index", index];
        author
            .bench
            .dyno([&["publish", plugin], &to[..]].concat())
            .exits(0)
            .says(&format!("packed acme/fib@{version}"))
            .says(&format!("pushed {repository}:{version}@sha256:"))
            .says("listed in ");
    };
    publish("0.1.0");
    assert!(
        !index.join("packages").exists(),
        "the registry has the package, and the index need not"
    );
    let user = author.user();
    pin(&user, &index);
    user.dyno(["search", "fib"]).exits(0).says("acme/fib");
    let listed = user.dyno(["search", "fib", "--json"]).exits(0).json();
    let location = &listed[0]["entry"]["location"];
    assert!(location.to_string().contains(&repository), "{location}");

    user.dyno(["install", "acme/fib"])
        .exits(1)
        .complains("--plain-http");
    nothing_is_installed(&user);
    at(&user, "install", "acme/fib")
        .exits(0)
        .says("+ acme/fib@0.1.0");
    runs_version(&user, "0.1.0");

    publish("0.2.0");
    user.dyno(["update", "--dry-run", "--plain-http"])
        .exits(0)
        .says("0.2.0");
    runs_version(&user, "0.1.0");
    user.dyno(["update", "--plain-http"]).exits(0).says("0.2.0");
    runs_version(&user, "0.2.0");
    at(&user, "pull", "acme/fib@=0.1.0").exits(0);
    assert!(user.path("acme-fib-0.1.0.oci.tar").exists());

    // The same index by hand: of what is in the registry already.
    let by_hand = author.bench.path("by-hand");
    let tagged = format!("{repository}:0.1.0");
    author
        .bench
        .dyno(["index", "build", text(&by_hand), &tagged, "--plain-http"])
        .exits(0)
        .says("listed acme/fib@0.1.0");
    let other = author.user();
    pin(&other, &by_hand);
    at(&other, "install", "acme/fib").exits(0);
    runs_version(&other, "0.1.0");
}

/// If this fails, an author whose key does not count has published half: what is in the
/// registry is in no index, and the error says nothing of it.
#[test]
#[ignore = "needs docker-registry"]
fn what_cannot_be_listed_is_not_pushed() {
    let (server, author) = (open_registry(), Author::new());
    let (plugin, index) = (author.plugin("0.1.0"), author.bench.path("index"));
    let repository = format!("{}/acme/fib", server.host());
    let to = ["--to", &repository, "--plain-http", "--index", text(&index)];
    let publish = [&["publish", text(&plugin)], &to[..]].concat();
    let rival = Author::new();
    trust(&author.bench, &rival);
    author
        .bench
        .dyno(&publish)
        .exits(3)
        .complains("the namespace `acme`");
    assert!(!index.exists(), "an index was begun");
    let tagged = format!("{repository}:0.1.0");
    at(&author.bench, "inspect", &tagged)
        .exits(4)
        .complains("is not there");
}

/// If this fails, the first thing that a new author does ends in an error, or somebody else's
/// namespace is taken by publishing in it.
#[test]
#[ignore = "needs docker-registry"]
fn whoever_publishes_first_answers_for_the_namespace() {
    let (server, author) = (open_registry(), Author::new());
    let (plugin, index) = (author.plugin("0.1.0"), author.bench.path("index"));
    let repository = format!("{}/acme/fib", server.host());
    let to = ["--to", &repository, "--plain-http", "--index", text(&index)];
    let publish = [&["publish", text(&plugin)], &to[..]].concat();
    let said = author.bench.dyno(&publish).exits(0);
    let said = said.says("trusted your key for acme").says("listed in ");
    drop(said);
    at(&author.user(), "install", &format!("{repository}:0.1.0")).exits(0);
}

/// If this fails, whoever may write to a registry decides what its users run.
#[test]
#[ignore = "needs docker-registry"]
fn who_moves_a_tag_replaces_nothing() {
    let (server, author, thief) = (open_registry(), Author::new(), Author::new());
    let repository = format!("{}/acme/fib", server.host());
    let tagged = format!("{repository}:0.1.0");
    push(&author, &author.package("0.1.0"), &repository).exits(0);
    let user = author.user();
    at(&user, "install", &tagged).exits(0);
    let lock = fs::read(user.path("dyno.lock")).unwrap();

    push(&thief, &thief.package("0.2.0"), &tagged).exits(0);
    for verb in ["verify", "install", "pull"] {
        at(&user, verb, &tagged)
            .exits(3)
            .complains("acme/fib@0.2.0 is signed by the key sha256:");
    }
    assert!(fs::read(user.path("dyno.lock")).unwrap() == lock);
    assert!(!user.path("acme-fib-0.2.0.oci.tar").exists());
    runs_version(&user, "0.1.0");
    push(&author, &author.package("0.2.0"), &tagged).exits(0);
    at(&user, "install", &tagged).exits(0);
    runs_version(&user, "0.2.0");
}

/// If this fails, a private registry cannot be used, or is used without its password.
#[test]
#[ignore = "needs docker-registry"]
fn a_registry_with_a_password_wants_that_of_docker_login() {
    let setup = Setup {
        password: true,
        ..Setup::default()
    };
    let (server, author) = (registry(&setup), Author::new());
    let file = author.package("0.1.0");
    let reference = format!("{}/acme/fib:0.1.0", server.host());
    let wrong = server.dir.path().join("wrong");
    fs::create_dir(&wrong).unwrap();
    let config = fs::read_to_string(server.docker_config().join("config.json")).unwrap();
    // "me:wrong!"
    let config = config.replace("bWU6c2VjcmV0", "bWU6d3Jvbmch");
    fs::write(wrong.join("config.json"), config).unwrap();
    let user = author.user();
    let with = |bench: &Bench, verb: &str, config: Option<&PathBuf>| {
        let mut command = bench.command();
        command.envs(config.map(|dir| ("DOCKER_CONFIG", dir)));
        command.arg(verb);
        if verb == "push" {
            command.arg(&file);
        }
        command.args([&reference, "--plain-http"]);
        finish(command)
    };
    let denied = |said: Said| {
        let login = format!("credentials come from `docker login {}`", server.host());
        let said = said
            .exits(1)
            .complains("denies access to acme/fib")
            .complains(&login);
        assert!(
            !said.stderr.contains("wrong!") && !said.stderr.contains("bWU6"),
            "the password is shown: {said}"
        );
    };
    denied(with(&author.bench, "push", None));
    denied(with(&author.bench, "push", Some(&wrong)));
    let right = server.docker_config();
    with(&author.bench, "push", Some(&right)).exits(0);
    for verb in ["verify", "install"] {
        denied(with(&user, verb, None));
        denied(with(&user, verb, Some(&wrong)));
    }
    nothing_is_installed(&user);
    with(&user, "verify", Some(&right)).exits(0);
    with(&user, "install", Some(&right)).exits(0);
    runs_version(&user, "0.1.0");
}

/// If this fails, packages and passwords go over the wire where anybody can read and change them.
#[test]
#[ignore = "needs docker-registry and openssl"]
fn a_registry_is_spoken_to_over_tls_by_a_certificate_that_is_known() {
    let author = Author::new();
    let tls = certificate(&author.bench.work()).expect("openssl has to be installed");
    let setup = Setup {
        tls: Some(tls.clone()),
        ..Setup::default()
    };
    let server = registry(&setup);
    let file = author.package("0.1.0");
    let reference = format!("localhost:{}/acme/fib:0.1.0", server.port);
    let user = author.user();
    let words = ["push", text(&file), &reference];
    author
        .bench
        .dyno(words)
        .exits(1)
        .complains("has no TLS connection that can be trusted");
    let mut push = author.bench.command();
    push.args(words);
    push.env("SSL_CERT_FILE", &tls.0);
    finish(push).exits(0);
    user.dyno(["install", &reference])
        .exits(1)
        .complains("has no TLS connection that can be trusted");
    nothing_is_installed(&user);
    let mut install = user.command();
    install.args(["install", &reference]);
    install.env("SSL_CERT_FILE", &tls.0);
    finish(install).exits(0);
    runs_version(&user, "0.1.0");
}
