//! The clients of others, and a real registry: what `dyno` pushes they read, and what they copy it
//! still trusts. Ignored unless asked for, because they need what `tests/peers/install` names.

use std::fs;

use super::peers::{at, open_registry, push};
use super::peers_support::{
    Author, Package, foreign, nothing_is_installed, on, peer, runs_version,
};
use super::registry_server::{RegistryServer, Setup};
use super::support::{Bench, finish};

/// `skopeo copy`, without TLS, and without checks of its own.
fn skopeo(bench: &Bench, how: &str, from: &str, to: &str) {
    let mut skopeo = foreign(bench, "skopeo");
    skopeo.args(["--insecure-policy", "copy", "--quiet", how]);
    if from.starts_with("docker:") {
        skopeo.arg("--src-tls-verify=false");
    }
    if to.starts_with("docker:") {
        skopeo.arg("--dest-tls-verify=false");
    }
    skopeo.args([from, to]);
    finish(skopeo).exits(0);
}

/// If this fails, packages are no OCI artifacts like any other: who mirrors them with the usual
/// tools loses the signatures, or the digests.
#[test]
#[ignore = "needs docker-registry and skopeo"]
fn skopeo_copies_a_package_with_its_signature_from_file_to_registry_and_back() {
    let (server, author) = (open_registry(), Author::new());
    let (bench, user) = (&author.bench, author.user());
    let file = author.package("0.1.0");
    let package = Package::read(&file);
    let signatures = package.signatures_tag();
    let archive = |tag: &str| format!("oci-archive:{}:{tag}", file.display());
    let host = server.host();
    let in_registry = |repository: &str, tag: &str| format!("docker://{host}/{repository}:{tag}");
    let digests = "--preserve-digests";

    skopeo(
        bench,
        digests,
        &archive("0.1.0"),
        &in_registry("mirror", "0.1.0"),
    );
    let mirrored = format!("{host}/mirror:0.1.0");
    at(&user, "install", &mirrored)
        .exits(3)
        .complains("acme/fib@0.1.0 is not signed");
    nothing_is_installed(&user);
    skopeo(
        bench,
        "--all",
        &archive(&signatures),
        &in_registry("mirror", &signatures),
    );
    let whole = format!("{mirrored}@{}", package.digest());
    at(&user, "verify", &whole).exits(0).says("signatures  1\n");
    at(&user, "install", &mirrored).exits(0);
    runs_version(&user, "0.1.0");

    // What we push, it copies to another registry, and to a layout.
    push(&author, &file, &format!("{host}/ours")).exits(0);
    let layout = |tag: &str| format!("oci:{}:{tag}", bench.path("layout").display());
    for (how, tag) in [(digests, "0.1.0"), ("--all", signatures.as_str())] {
        skopeo(
            bench,
            how,
            &in_registry("ours", tag),
            &in_registry("theirs", tag),
        );
        skopeo(bench, how, &in_registry("ours", tag), &layout(tag));
    }
    let theirs = format!("{host}/theirs:0.1.0@{}", package.digest());
    at(&user, "verify", &theirs)
        .exits(0)
        .says("signatures  1\n");
    // It puts one image into an archive, so the file is made by tar, in both usual ways.
    for (name, parts) in [
        ("all.oci.tar", &["."][..]),
        ("parts.oci.tar", &["oci-layout", "index.json", "blobs"]),
    ] {
        let mut tar = foreign(bench, "tar");
        tar.args(["-C", "layout", "-cf", name]).args(parts);
        finish(tar).exits(0);
        on(&user, "verify", &bench.path(name))
            .exits(0)
            .says(&package.digest())
            .says("signatures  1\n");
    }
    // And from what skopeo made, we push what it can read again.
    push(
        &author,
        &bench.path("all.oci.tar"),
        &format!("{host}/again"),
    )
    .exits(0);
    at(&user, "verify", &format!("{host}/again:0.1.0")).exits(0);
    skopeo(
        bench,
        digests,
        &in_registry("again", "0.1.0"),
        &layout("again"),
    );
}

/// If this fails, who logged in with podman or skopeo, perhaps for one repository alone, has to log
/// in once more; or those credentials are sent where these programs would not send them.
#[test]
#[ignore = "needs docker-registry and skopeo"]
fn what_skopeo_login_keeps_lets_into_that_repository_and_no_other() {
    let setup = Setup {
        password: true,
        ..Setup::default()
    };
    let server =
        RegistryServer::start_as(&setup).expect("Debian's docker-registry has to be there");
    let author = Author::new();
    let bench = &author.bench;
    let file = author.package("0.1.0");
    let at = |name: &str| format!("{}/acme/{name}", server.host());
    let auth = bench.path("run/containers/auth.json");
    fs::create_dir_all(auth.parent().unwrap()).unwrap();
    let mut login = foreign(bench, "skopeo");
    login.args(["login", "--tls-verify=false", "--username=me"]);
    login.args(["--password=secret", "--authfile"]);
    login.arg(&auth).arg(at("fib"));
    finish(login).exits(0);
    let kept = fs::read_to_string(&auth).unwrap();
    assert!(kept.contains(&format!("\"{}\"", at("fib"))), "{kept}");

    let dyno = |args: &[&str]| {
        let mut dyno = bench.command();
        dyno.args(args).arg("--plain-http");
        dyno.env("XDG_RUNTIME_DIR", bench.path("run"));
        finish(dyno)
    };
    let file = file.to_str().unwrap();
    dyno(&["push", file, &at("fib")]).exits(0);
    dyno(&["push", file, &at("other")])
        .exits(1)
        .complains("it wants a name and a password, and there are none");
    bench.dyno(["trust", "add", "--namespace", "acme"]).exits(0);
    dyno(&["verify", &format!("{}:0.1.0", at("fib"))]).exits(0);
    // It judges as we do.
    for (name, code) in [("fib", 0), ("other", 1)] {
        let mut inspect = foreign(bench, "skopeo");
        inspect.args(["inspect", "--tls-verify=false", "--raw", "--authfile"]);
        inspect
            .arg(&auth)
            .arg(format!("docker://{}:0.1.0", at(name)));
        finish(inspect).exits(code);
    }
}

/// Pulls the first reference into the directory `pulled`, and pushes the component to the second.
const ORAS: &str = r#"
import pathlib, sys, oras.client
client = oras.client.OrasClient(insecure=True)
[pulled] = client.pull(sys.argv[1], outdir="pulled")
pathlib.Path("component.wasm").write_bytes(pathlib.Path(pulled).read_bytes())
pathlib.Path("config").write_text('{"architecture":"wasm","os":"wasip2"}')
client.push(sys.argv[2], files=["component.wasm:application/wasm"], manifest_config="config:application/vnd.wasm.config.v0+json")
"#;

/// If this fails, other clients of registries get no component from a package, or what they push
/// is taken for a package that somebody answers for.
#[test]
#[ignore = "needs docker-registry and tests/peers/install"]
fn oras_pulls_the_component_and_what_it_pushes_is_nobodys_package() {
    let (server, author) = (open_registry(), Author::new());
    let file = author.package("0.1.0");
    let reference = |name: &str| format!("{}/{name}:0.1.0", server.host());
    push(&author, &file, &reference("acme/fib")).exits(0);
    let mut oras = foreign(&author.bench, peer("bin/python"));
    oras.args(["-c", ORAS, &reference("acme/fib"), &reference("by/oras")]);
    finish(oras).exits(0);
    let pulled = fs::read(author.bench.path("component.wasm")).unwrap();
    assert!(
        pulled == Package::read(&file).wasm(),
        "oras pulls another component"
    );

    let user = author.user();
    at(&user, "install", &reference("by/oras"))
        .exits(3)
        .complains("by which it would say what it is");
    nothing_is_installed(&user);
    at(&user, "verify", &reference("acme/fib")).exits(0);
}

/// If this fails, the WebAssembly community's own client gets no component from a package of ours,
/// or what it pushes is taken for a package that somebody answers for.
#[test]
#[ignore = "needs docker-registry and tests/peers/install"]
fn wkg_pulls_the_component_and_what_it_pushes_is_nobodys_package() {
    let (server, author) = (open_registry(), Author::new());
    let file = author.package("0.1.0");
    let reference = |name: &str| format!("{}/{name}:0.1.0", server.host());
    push(&author, &file, &reference("acme/fib")).exits(0);
    let wkg = |words: &[&str]| {
        let mut wkg = foreign(&author.bench, peer("bin/wkg"));
        wkg.arg("oci").args(words);
        wkg.args(["--insecure", &server.host()]);
        finish(wkg).exits(0);
    };
    wkg(&["pull", &reference("acme/fib"), "--output", "pulled.wasm"]);
    let pulled = fs::read(author.bench.path("pulled.wasm")).unwrap();
    assert!(
        pulled == Package::read(&file).wasm(),
        "wkg pulls another component"
    );

    wkg(&["push", &reference("by/wkg"), "pulled.wasm"]);
    let user = author.user();
    at(&user, "install", &reference("by/wkg"))
        .exits(3)
        .complains("by which it would say what it is");
    nothing_is_installed(&user);
    at(&user, "verify", &reference("acme/fib")).exits(0);
}
