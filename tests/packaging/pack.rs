//! `dyno pack`, `sign` and `inspect`: from a directory to a file.

use std::fs;

use super::actors::{Author, directory, user};
use super::guests::QUIET;
use crate::support::{Bench, fib, finish, plugin, repository};

/// If this fails, nobody can tell by making a package again whether it was made of what its author
/// says.
#[test]
fn the_same_source_makes_the_same_bytes_wherever_and_whenever_it_is_packed() {
    let author = Author::new();
    let source = author.source(
        "fib@1.0.0",
        "license = \"MIT\"\ndatasets.words = \"words.txt\"",
    );
    fs::write(source.join("words.txt"), "some words").unwrap();
    let pack = |bench: &Bench, dir: &str, epoch: Option<&str>, to: &str| {
        let mut command = bench.command();
        if let Some(epoch) = epoch {
            command.env("SOURCE_DATE_EPOCH", epoch);
        }
        command.args(["pack", dir, "--output", to]);
        let said = finish(command).exits(0);
        let release = said
            .stdout
            .lines()
            .find(|line| line.starts_with("acme/fib@1.0.0"))
            .unwrap();
        let digest = release.split_whitespace().nth(1).unwrap().to_owned();
        (fs::read(bench.path(to)).unwrap(), digest)
    };
    let one = pack(&author.bench, "fib@1.0.0", None, "one.oci.tar");
    let two = pack(&author.bench, source.to_str().unwrap(), None, "two.oci.tar");
    assert!(one == two, "packed twice, it is not the same");

    // Another user on another machine, whose copy of the source is younger.
    let other = Bench::new();
    for name in ["plugin.toml", "plugin.wat", "words.txt"] {
        other.write(name, fs::read(source.join(name)).unwrap());
    }
    let three = pack(&other, ".", None, "three.oci.tar");
    assert!(
        one == three,
        "packed in another directory, it is not the same"
    );

    let dated = pack(
        &author.bench,
        "fib@1.0.0",
        Some("1700000000"),
        "dated.oci.tar",
    );
    assert!(dated == pack(&other, ".", Some("1700000000"), "dated.oci.tar"));
    assert_ne!(one.1, dated.1, "the time in its config is not another");
    // Times are another, and what holds them; components and datasets are the same.
    let component = |tar: &str| {
        let said = author.bench.dyno(["inspect", "--json", tar]).exits(0);
        said.json()["wasm"].as_str().unwrap().to_owned()
    };
    assert_eq!(component("one.oci.tar"), component("dated.oci.tar"));
    let times = |bytes: &[u8]| {
        let mut archive = tar::Archive::new(bytes);
        let entries = archive.entries().unwrap();
        entries
            .map(|entry| entry.unwrap().header().mtime().unwrap())
            .collect::<Vec<_>>()
    };
    assert!(times(&one.0).iter().all(|time| *time == 0));
    assert!(times(&dated.0).iter().all(|time| *time == 1_700_000_000));

    let mut command = author.bench.command();
    command
        .env("SOURCE_DATE_EPOCH", "yesterday")
        .args(["pack", "fib@1.0.0"]);
    finish(command)
        .exits(2)
        .complains("SOURCE_DATE_EPOCH must be seconds since 1970");
}

/// If this fails, a plugin of some form cannot be published, or runs as something that it is not.
#[test]
fn text_modules_components_and_commands_become_packages_of_their_kind() {
    let author = Author::new();
    let user = user(&author);
    let text = plugin(&["fast"]);
    // A suite as a core module in text.
    let module = fs::read_to_string(fib().join("fib.wat")).unwrap();
    let cases = [
        ("text", text.as_str(), "wasm"),
        ("module", module.as_str(), "wasm"),
        ("command", QUIET, "command"),
    ];
    for (name, content, kind) in cases {
        let release = format!("{name}@1.0.0");
        let source = directory(&author.bench, &release, name, "1.0.0", content, "");
        let package = author.signed(&source);
        let seen = user.dyno(["inspect".as_ref(), "--json".as_ref(), package.as_os_str()]);
        let seen = seen.exits(0).json();
        assert_eq!(seen["requests"]["kind"], kind, "{name}: {seen:#}");
        assert_eq!(seen["annotations"]["dev.dyno.kind"], kind);
        user.run([&package]).exits(0);
    }
    // What a compiler wrote, binary: the component that came out of the text.
    let mut archive =
        tar::Archive::new(fs::File::open(author.bench.path("acme-text-1.0.0.oci.tar")).unwrap());
    let wasm = archive.entries().unwrap().find_map(|entry| {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry.unwrap(), &mut bytes).unwrap();
        bytes.starts_with(b"\0asm").then_some(bytes)
    });
    let wasm = wasm.unwrap();
    assert_eq!(wasm[4..8], [0x0d, 0, 1, 0], "no component");
    let source = directory(&author.bench, "binary@1.0.0", "binary", "1.0.0", "", "");
    let toml = fs::read_to_string(source.join("plugin.toml")).unwrap();
    fs::write(
        source.join("plugin.toml"),
        toml.replace("plugin.wat", "plugin.wasm"),
    )
    .unwrap();
    // It says already, inside, that it is acme/text.
    fs::write(source.join("plugin.wasm"), &wasm).unwrap();
    let said = author.bench.dyno(["pack", "binary@1.0.0"]).exits(3);
    said.complains("carries a `dyno:manifest` section already");
    fs::write(source.join("plugin.wasm"), without_labels(&wasm)).unwrap();
    let package = author.signed(&source);
    let seen = user
        .dyno(["inspect".as_ref(), "--json".as_ref(), package.as_os_str()])
        .exits(0);
    assert_eq!(seen.json()["release"], "acme/binary@1.0.0", "{seen}");
    user.run([&package]).exits(0);
}

/// A component without its custom sections.
fn without_labels(wasm: &[u8]) -> Vec<u8> {
    let (mut kept, mut at) = (wasm[..8].to_vec(), 8);
    while at < wasm.len() {
        let (mut size, mut shift, mut end) = (0, 0, at + 1);
        loop {
            let byte = wasm[end];
            size |= usize::from(byte & 0x7f) << shift;
            (shift, end) = (shift + 7, end + 1);
            if byte < 0x80 {
                break;
            }
        }
        if wasm[at] != 0 {
            kept.extend(&wasm[at..end + size]);
        }
        at = end + size;
    }
    kept
}

/// If this fails, whoever looks at a package does not see what its author says of it.
#[test]
fn what_the_author_says_is_shown() {
    let author = Author::new();
    let package = author.package(
        "fib@1.2.3",
        r#"
        license = "Apache-2.0 OR MIT"
        authors = "The Acme developers"
        source = "https://example.org/acme/fib"
        homepage = "https://example.org/fib"
        revision = "0123456"
        toolchain = "by hand"
        capabilities = ["wasi:random"]
        parameters.ROUNDS = { default = "3", description = "How often" }
        dependencies."acme/base" = "^1.2"
        "#,
    );
    let user = user(&author);
    let path = package.to_str().unwrap();
    let said = user.dyno(["inspect", path]).exits(0);
    let seen = user.dyno(["inspect", "--json", path]).exits(0).json();
    let labels = [
        ("title", "fib"),
        ("version", "1.2.3"),
        ("description", "Test plugin fib"),
        ("licenses", "Apache-2.0 OR MIT"),
        ("authors", "The Acme developers"),
        ("source", "https://example.org/acme/fib"),
        ("url", "https://example.org/fib"),
        ("revision", "0123456"),
    ];
    for (label, text) in labels {
        let key = format!("org.opencontainers.image.{label}");
        assert_eq!(seen["annotations"][&key], text, "{seen:#}");
    }
    for text in [
        "acme/fib@1.2.3",
        "trusted",
        "Apache-2.0 OR MIT",
        "The Acme developers",
        "https://example.org/acme/fib",
        "0123456",
        "by hand",
        "wasi:random",
        "ROUNDS",
        "acme/base",
        "^1.2",
    ] {
        assert!(said.stdout.contains(text), "{text} is missing: {said}");
    }
    assert_eq!(seen["requests"]["parameters"]["ROUNDS"]["default"], "3");
    assert_eq!(seen["requests"]["dependencies"]["acme/base"], "^1.2");
    assert_eq!(seen["requests"]["toolchain"], "by hand");
    // A stranger sees as much of it, and that nobody answers for it.
    let stranger = Bench::new();
    stranger
        .dyno(["inspect", path])
        .exits(0)
        .says("nobody is trusted for the namespace `acme`");
}

/// If this fails, an author's slip becomes a package that says something wrong, or is hard to find.
#[test]
fn a_table_that_is_wrong_is_refused_with_the_key_that_is() {
    let author = Author::new();
    let bench = &author.bench;
    author.package("fib@1.0.0", "");
    let toml = |package: &str| {
        format!("[plugin]\nname = \"x\"\n[build]\ncomponent = \"plugin.wat\"\n{package}")
    };
    let id = "id = \"acme/x\"\n";
    let good = "id = \"acme/x\"\nversion = \"1.0.0\"\n";
    let cases = [
        (String::new(), "has no table [package]"),
        (format!("[package]\n{id}"), "missing field `version`"),
        (
            "[package]\nversion = \"1.0.0\"\n".into(),
            "missing field `id`",
        ),
        (
            "[package]\nid = \"Acme/x\"\nversion = \"1.0.0\"\n".into(),
            "`Acme/x` is not a package id",
        ),
        (
            "[package]\nid = \"x\"\nversion = \"1.0.0\"\n".into(),
            "`x` is not a package id",
        ),
        (
            format!("[package]\n{id}version = \"1.0\"\n"),
            "`1.0` is not a version",
        ),
        (
            format!("[package]\n{id}version = \"1.0.0+linux\"\n"),
            "without build metadata",
        ),
        (
            format!("[package]\n{good}publisher = \"acme\"\n"),
            "unknown field `publisher`",
        ),
        (
            format!("[package]\n{good}license = \"MIT and what not\"\n"),
            "license",
        ),
        (format!("[package]\n{good}source = \"at home\"\n"), "source"),
        (
            format!("[package]\n{good}homepage = \"javascript:alert(1)\"\n"),
            "homepage",
        ),
        (
            format!("[package]\n{good}capabilities = [\"network\"]\n"),
            "`network` is not a capability",
        ),
        (
            format!("[package]\n{good}kind = \"Wasm!\"\n"),
            "`Wasm!` is not the name of a kind",
        ),
        (
            format!("[package]\n{good}parameters.\"A=B\" = {{ default = \"\" }}\n"),
            "`A=B` is not the name of a parameter",
        ),
        (
            format!("[package]\n{good}datasets.\"../x\" = \"plugin.wat\"\n"),
            "`../x` is not the name of a dataset",
        ),
        (
            format!("[package]\n{good}dependencies.\"acme/y\" = \"latest\"\n"),
            "dependencies",
        ),
    ];
    for (package, says) in cases {
        let manifest = bench.write("x/plugin.toml", toml(&package));
        fs::write(manifest.with_file_name("plugin.wat"), plugin(&["fast"])).unwrap();
        let said = bench.dyno(["pack", "x"]).exits(3).complains(says);
        assert!(
            said.stderr.contains("plugin.toml"),
            "which file is not said: {said}"
        );
        assert_eq!(said.stderr.trim_end().lines().count(), 1, "{said}");
        assert!(!bench.path("acme-x-1.0.0.oci.tar").exists(), "{said}");
    }
    // The twin: with nothing wrong it is made.
    bench.write(
        "x/plugin.toml",
        toml(&format!(
            "[package]\n{good}license = \"MIT\"\nsource = \"https://example.org\"\n"
        )),
    );
    bench.dyno(["pack", "x"]).exits(0);
    assert!(bench.path("acme-x-1.0.0.oci.tar").exists());
}

/// If this fails, a package asks for less than its component takes, and nobody is asked for it.
#[test]
fn a_component_that_imports_more_than_the_table_requests_is_not_packed() {
    let author = Author::new();
    let bench = &author.bench;
    directory(
        bench,
        "x",
        "x",
        "1.0.0",
        super::guests::QUIET,
        "capabilities = []",
    );
    bench
        .dyno(["pack", "x"])
        .exits(3)
        .complains("it would do more than it says");
    assert!(!bench.path("acme-x-1.0.0.oci.tar").exists());
    directory(bench, "x", "x", "1.0.0", super::guests::QUIET, "");
    bench.dyno(["pack", "x"]).exits(0);
    bench
        .dyno(["pack", "nowhere"])
        .exits(4)
        .complains("nowhere");
}

/// If this fails, a file that the author did not mean to publish lies in the package.
#[test]
fn a_dataset_lies_below_the_plugins_directory_or_nothing_is_packed() {
    let author = Author::new();
    let bench = &author.bench;
    bench.write("secret.txt", "secret");
    let absolute = bench.path("secret.txt");
    let source = author.source("x@1.0.0", "");
    std::os::unix::fs::symlink("../secret.txt", source.join("link")).unwrap();
    fs::write(source.join("words.txt"), "words").unwrap();
    let plain = fs::read_to_string(source.join("plugin.toml")).unwrap();
    for path in [
        "../secret.txt",
        absolute.to_str().unwrap(),
        "link",
        "missing.txt",
        ".",
    ] {
        fs::write(
            source.join("plugin.toml"),
            format!("{plain}datasets.words = \"{path}\"\n"),
        )
        .unwrap();
        bench
            .dyno(["pack", "x@1.0.0"])
            .exits(3)
            .complains("dataset `words`");
        assert!(!bench.path("acme-x-1.0.0.oci.tar").exists(), "{path}");
    }
    fs::write(
        source.join("plugin.toml"),
        format!("{plain}datasets.words = \"words.txt\"\n"),
    )
    .unwrap();
    bench.dyno(["pack", "x@1.0.0"]).exits(0);
}

/// If this fails, what is signed is not what was there, or a slip of the author's costs the
/// package.
#[test]
fn signing_twice_adds_a_signature_and_signing_what_is_no_package_changes_nothing() {
    let author = Author::new();
    let bench = &author.bench;
    let package = author.package("fib@1.0.0", "");
    bench
        .dyno([
            "key",
            "generate",
            "--no-passphrase",
            "--output",
            "second.key",
        ])
        .exits(0);
    let name = package.file_name().unwrap().to_str().unwrap();
    bench.dyno(["sign", name, "--key", "second.key"]).exits(0);
    let seen = user(&author).dyno(["inspect".as_ref(), "--json".as_ref(), package.as_os_str()]);
    assert_eq!(
        seen.json()["signatures"].as_array().unwrap().len(),
        2,
        "{seen}"
    );

    bench.write("no.oci.tar", "hello");
    bench
        .dyno(["sign", "no.oci.tar"])
        .exits(3)
        .complains("no.oci.tar");
    assert_eq!(fs::read(bench.path("no.oci.tar")).unwrap(), b"hello");
    let before = fs::read(&package).unwrap();
    bench
        .dyno(["sign", name, "--key", "missing.key"])
        .exits(4)
        .complains("missing.key");
    bench
        .dyno(["sign", "missing.oci.tar"])
        .complains("missing.oci.tar");
    assert_eq!(fs::read(&package).unwrap(), before);
    let keyless = Bench::new();
    keyless
        .dyno(["sign".as_ref(), package.as_os_str()])
        .exits(4)
        .complains("dyno key generate");
}

/// If this fails, the README's short way from a fresh clone to a package that others install does
/// not work.
#[test]
fn an_author_with_nothing_but_a_key_publishes_and_another_installs_and_runs_it() {
    let author = Author::new();
    let source = repository().join("sample-plugins/fib-wat");
    let mut command = author.bench.command();
    command
        .arg("publish")
        .arg(&source)
        .args(["--index", "index"]);
    finish(command)
        .exits(0)
        .says("packed dyno-samples/fib@")
        .says("listed in index");

    let user = Bench::new();
    let public = author.public();
    user.dyno([
        "trust",
        "add",
        public.to_str().unwrap(),
        "--namespace",
        "dyno-samples",
    ])
    .exits(0);
    let served = super::actors::Served::new(&author, &author.bench.path("index"));
    super::actors::pin(&user, &served.url, &author.bench.path("index")).exits(0);
    user.dyno(["search", "fibonacci"])
        .exits(0)
        .says("dyno-samples/fib");
    user.dyno(["install", "dyno-samples/fib"])
        .exits(0)
        .says("dyno-samples/fib@0.1.0");
    user.dyno(["verify", "dyno-samples/fib"])
        .exits(0)
        .says("is what dyno-samples signed");
    user.run(["dyno-samples/fib"]).exits(0);
    user.dyno(["uninstall", "dyno-samples/fib"])
        .exits(0)
        .says("removed dyno-samples/fib@0.1.0");
    user.run(["dyno-samples/fib"])
        .exits(3)
        .says("neither a file nor an installed package");
}
