//! A place with one of everything that can be wrong, for the command lines of the table.

use std::fs;
use std::path::Path;

use super::super::attacks::forge::{Forge, Key, without_section};
use super::super::packaging::actors::{Author, Served, directory, home, pin};
use super::super::support::{Bench, QUICK, Said, finish, plugin};

/// An author who has it all: a key, packages, an index, a report with a baseline.
pub(super) struct Scene {
    author: Author,
    /// What answers like a registry: plain files.
    served: Served,
}

impl Scene {
    pub(super) fn new() -> Self {
        let author = Author::new();
        let bench = &author.bench;
        plugins(bench);
        reports(bench);
        packages(&author);
        forged(bench);
        homes(bench);
        let served = served(&author);
        Self { author, served }
    }

    /// Runs a line of the table: variables, `@` and the directory, then arguments.
    pub(super) fn says(&self, line: &str) -> Said {
        let bench = &self.author.bench;
        let work = bench.work();
        let line = line.replace("{work}", work.to_str().unwrap()).replace(
            "{host}",
            self.served
                .url
                .trim_start_matches("http://")
                .trim_end_matches('/'),
        );
        let mut command = bench.command();
        let mut words = line.split_whitespace().peekable();
        while let Some(word) = words.next_if(|word| word.starts_with('@') || is_variable(word)) {
            match word.split_once('=') {
                Some((name, value)) => command.env(name, value),
                None => command.current_dir(work.join(word.trim_start_matches('@'))),
            };
        }
        command.args(words);
        finish(command)
    }
}

fn is_variable(word: &str) -> bool {
    word.split_once('=')
        .is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
}

/// Plugins, and what is none.
fn plugins(bench: &Bench) {
    bench.write("it.wat", plugin(&["add"]));
    for text in ["text.txt", "text.wasm"] {
        bench.write(text, "hello");
    }
    bench.write("bad.wat", "(component");
    bench.write("bad.wasm", b"\0asm\x0d\0\x01\0\xff");
    bench.write("library.wat", "(module)");
    let stops = plugin(&["add"]).replace("(call $start)", "(call $stop)");
    bench.write("fault.wat", stops);
    for (dir, case) in [("a/1", "a"), ("a/2", "b"), ("b/3", "c"), ("b/4", "d")] {
        bench.write(format!("{dir}/same.wat"), plugin(&["add", case]));
    }
    fs::create_dir(bench.path("empty")).unwrap();
    bench.write("broken/plugin.toml", "nonsense");
    let toml = |commands: &str| {
        format!("[plugin]\nname = \"x\"\n[build]\ncommands = {commands}\ncomponent = \"x.wat\"\n")
    };
    bench.write("fails/plugin.toml", toml("[[\"false\"]]"));
    bench.write("makes-nothing/plugin.toml", toml("[[\"true\"]]"));
    bench.write("no-package/plugin.toml", toml("[]"));
    bench.write("no-package/x.wat", plugin(&["add"]));
    let suite = "[[plugins]]\npath = \"it.wat\"\n[phases.baseline]\n[phases.load]\nrate = 10\nduration = \"1s\"\n";
    bench.write("suite.toml", suite);
    bench.write("nonsense.toml", "nonsense");
    bench.write("bad-lock/dyno.lock", "nonsense");
    bench.write("no-lock/dyno.lock", "version = 1\n");
    fs::create_dir_all(bench.path("dir-lock/dyno.lock")).unwrap();
    for project in ["bad-lock", "no-lock", "dir-lock"] {
        fs::create_dir(bench.path(project).join(".git")).unwrap();
    }
}

/// A report with two runs and a baseline, and one each whose plugin was changed, is gone, or is not
/// what was kept.
fn reports(bench: &Bench) {
    let run = |report: &str, files: &str| {
        let mut command = bench.command();
        command
            .args(["run", "--save-baseline", "main"])
            .args(QUICK)
            .args(files.split(' '));
        finish(in_report(bench, command, report)).exits(0);
    };
    for report in [
        "two.sqlite",
        "two.sqlite",
        "tampered.sqlite",
        "damaged.sqlite",
    ] {
        run(report, "it.wat");
    }
    for (report, file) in [
        ("changed.sqlite", "changed.wat"),
        ("gone.sqlite", "gone.wat"),
    ] {
        bench.write(file, plugin(&["add", file]));
        run(report, file);
    }
    run("same.sqlite", "a/1/same.wat a/2/same.wat");
    bench.write("changed.wat", plugin(&["add", "more"]));
    fs::remove_file(bench.path("gone.wat")).unwrap();
    let kept = bench.path("tampered.sqlite.components");
    for entry in fs::read_dir(&kept).unwrap() {
        fs::write(entry.unwrap().path().join("component.wasm"), "text").unwrap();
    }
    fs::copy(bench.path("two.sqlite"), bench.path("lost.sqlite")).unwrap();
    let damaged = rusqlite::Connection::open(bench.path("damaged.sqlite")).unwrap();
    let changed = damaged.execute("UPDATE process SET samples = substr(samples, 1, 3)", []);
    assert!(changed.unwrap() > 0);
}

fn in_report(
    bench: &Bench,
    mut command: std::process::Command,
    report: &str,
) -> std::process::Command {
    command.env("DYNO_REPORT", bench.path(report));
    command
}

/// Packages, an index of them, and some that are installed.
fn packages(author: &Author) {
    let bench = &author.bench;
    let fib = author.package("fib@1.0.0", "");
    let base = author.package("base@1.0.0", "");
    let on_base = author.package("on-base@1.0.0", "dependencies.\"acme/base\" = \"^1\"");
    author.package("greedy@1.0.0", "capabilities = [\"wasi:filesystem\"]");
    let mut locked = bench.command();
    locked
        .env("DYNO_KEY_PASSPHRASE", "sesame")
        .args(["key", "generate", "-o", "locked.pem"]);
    finish(locked).exits(0);
    let index = author.index(&[&fib, &base, &on_base]);
    pin(bench, index.to_str().unwrap(), &index).exits(0);
    bench.dyno(["install", "acme/on-base"]).exits(0);
    // The same release with other contents.
    let other = directory(bench, "other", "fib", "1.0.0", &plugin(&["other"]), "");
    let other = other.to_str().unwrap();
    bench.dyno(["pack", other, "-o", "other.oci.tar"]).exits(0);
    bench.dyno(["sign", "other.oci.tar"]).exits(0);
    let raw = author.source("raw@1.0.0", "");
    let raw = raw.to_str().unwrap();
    bench.dyno(["pack", raw]).exits(0);
    bench.dyno(["pack", raw, "-o", "strange.oci.tar"]).exits(0);
    bench
        .dyno(["key", "generate", "--no-passphrase", "-o", "strange.key"])
        .exits(0);
    bench
        .dyno(["sign", "strange.oci.tar", "--key", "strange.key"])
        .exits(0);
    author.source("no-data@1.0.0", "datasets.numbers = \"none.bin\"");
}

/// Packages that nobody could have packed.
fn forged(bench: &Bench) {
    let key = Key::generate(bench, "forger");
    let suite = Forge::suite;
    let no_manifest = without_section(&suite().component, "dyno:manifest");
    let twice = [&no_manifest[..], &twice()].concat();
    for (name, package) in [
        (
            "artifact",
            suite().with_manifest(|it| it["config"]["mediaType"] = "x/y".into()),
        ),
        ("manifest", suite().with_component(no_manifest)),
        ("section", suite().with_component(twice)),
        (
            "kind",
            suite()
                .saying(|own| own["kind"] = "remote".into())
                .annotated("dev.dyno.kind", "remote"),
        ),
        ("bundle", suite().with_bundle("hello", &key)),
    ] {
        bench.write(format!("{name}.oci.tar"), package.tar());
    }
    bench.write("text.oci.tar", "hello");
    let files = suite().files();
    let files: Vec<_> = files
        .into_iter()
        .filter(|(name, _)| name != "index.json")
        .collect();
    bench.write("part.oci.tar", super::super::attacks::forge::tar_of(&files));
}

/// A section of a package's manifest, two times.
fn twice() -> Vec<u8> {
    use super::super::attacks::forge::{section, section_of};
    let own = section_of(&Forge::suite().component, "dyno:manifest");
    let own = section("dyno:manifest", &own);
    [own.clone(), own].concat()
}

/// Homes in which something is wrong.
fn homes(bench: &Bench) {
    use std::os::unix::fs::PermissionsExt as _;
    let good = home(bench);
    let copy = |name: &str| {
        let to = bench.path("homes").join(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        copied(&good, &to);
        to
    };
    fs::create_dir_all(bench.path("homes/none")).unwrap();
    fs::write(copy("policy").join("trust/policy.toml"), "nonsense").unwrap();
    let exposed = copy("exposed").join("trust/policy.toml");
    fs::set_permissions(exposed, fs::Permissions::from_mode(0o666)).unwrap();
    fs::write(copy("store").join("store/index.json"), "nonsense").unwrap();
    // Indexes that cannot be had, or are not what they should be.
    let root = bench.path("index/metadata/1.root.json");
    copied(&bench.path("index"), &bench.path("bad-index"));
    fs::write(bench.path("bad-index/metadata/timestamp.json"), "nonsense").unwrap();
    for (name, place) in [
        ("dead", "http://127.0.0.1:1/"),
        ("plain", "http://192.0.2.7/"),
        ("bad", bench.path("bad-index").to_str().unwrap()),
    ] {
        let to = bench.path("homes").join(name);
        fs::create_dir_all(&to).unwrap();
        let mut command = bench.command();
        command
            .env("DYNO_HOME", &to)
            .args(["trust", "pin", place])
            .arg(&root);
        finish(command).exits(0);
    }
}

fn copied(from: &Path, to: &Path) {
    let mut cp = std::process::Command::new("cp");
    assert!(cp.arg("-a").args([from, to]).status().unwrap().success());
}

/// What a registry has under the names of manifests, as files.
fn served(author: &Author) -> Served {
    let manifests = "www/v2/acme/x/manifests";
    author.bench.write(format!("{manifests}/text"), "hello");
    author
        .bench
        .write(format!("{manifests}/big"), vec![b' '; 5 << 20]);
    let large =
        Forge::suite().with_manifest(|manifest| manifest["config"]["size"] = (1 << 30).into());
    author
        .bench
        .write(format!("{manifests}/large"), large.manifest);
    Served::new(author, &author.bench.path("www"))
}
