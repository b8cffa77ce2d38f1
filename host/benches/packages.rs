//! What packages cost: verifying one of 10 MB, installing one from a registry, searching in an
//! index of 10,000, and the memory of these.
//!
//! `cargo bench -p dyno-host --bench packages`. Figures are printed beside their targets and decide
//! nothing. The registry is Debian's `docker-registry`, on this machine.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use dyno_package::index::{Entry, Expiries, Holder, Holders, IndexEditor, Location};
use dyno_package::key::PrivateKey;
use dyno_package::oci::{self, Descriptor};
use dyno_plugin::id::Release;
use product::{Result, dyno, figure, median, peak_mb};
use registry_server::RegistryServer;

#[allow(dead_code, reason = "each benchmark uses a part")]
mod product;
#[path = "../../tests/registry_server.rs"]
mod registry_server;

/// Commands that are timed, each as often.
const TIMES: usize = 20;

/// Packages of the index: a hundred publishers of a hundred.
const PUBLISHERS: usize = 100;
const PACKAGES: usize = 100;

fn main() -> Result<()> {
    let place = Place::new()?;
    place.dyno(&["key", "generate", "--no-passphrase"])?;
    let key = place.path("home/keys/signing.pub");
    place.dyno(&["trust", "add", &key, "--namespace", "bench"])?;
    let large = place.package("large", &large_plugin())?;
    let small = place.package("small", SMALL)?;
    verify(&place, &large)?;
    install(&place, &large, &small)?;
    search(&place)
}

/// A place with a home of its own.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Result<Self> {
        let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        // A project of its own: its lock belongs there, and not beside the sources.
        fs::create_dir(place.path().join(".dyno"))?;
        Ok(Self(place))
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_string_lossy().into_owned()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = dyno(args);
        let home = self.0.path().join("home");
        command.env("DYNO_HOME", home).current_dir(self.0.path());
        command
    }

    fn dyno(&self, args: &[&str]) -> Result<()> {
        let output = self.command(args).output()?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("dyno {args:?}: {}: {said}", output.status).into())
    }

    /// The median wall time of a command, ms, over runs that each begin with `before`.
    fn time(&self, args: &[&str], before: Option<&[&str]>) -> Result<f64> {
        let mut times = Vec::new();
        for _ in 0..TIMES {
            if let Some(before) = before {
                self.dyno(before)?;
            }
            let began = Instant::now();
            self.dyno(args)?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
        median(&times)
    }

    /// A signed package of a plugin in text.
    fn package(&self, name: &str, text: &str) -> Result<PathBuf> {
        let dir = self.0.path().join(name);
        fs::create_dir(&dir)?;
        fs::write(dir.join("plugin.wat"), text)?;
        let manifest = format!(
            "[plugin]\nname = '{name}'\n[build]\ncomponent = 'plugin.wat'\n\
             [package]\nid = 'bench/{name}'\nversion = '1.0.0'\n"
        );
        fs::write(dir.join("plugin.toml"), manifest)?;
        let file = self.0.path().join(format!("{name}.oci.tar"));
        let (dir, shown) = (dir.to_string_lossy(), file.to_string_lossy());
        self.dyno(&["pack", &dir, "--output", &shown, "--component", "256MiB"])?;
        self.dyno(&["sign", &shown])?;
        Ok(file)
    }
}

/// A plugin in text.
const SMALL: &str = include_str!("../../sample-plugins/fib-wat/fib.wat");

/// As the small one, with as much code as data, for a package of 10 MB.
fn large_plugin() -> String {
    let (head, tail) = (
        "(memory (export \"memory\") 1)",
        "(memory (export \"memory\") 128)",
    );
    let small = SMALL.replace(head, tail);
    let end = small.rfind(')').unwrap_or(small.len());
    let mut text = small[..end].to_owned();
    let (functions, steps) = (12_000, 83);
    for function in 0..functions {
        let _ = write!(
            text,
            "(func $f{function} (param i32) (result i32) local.get 0"
        );
        for step in 0..steps {
            let _ = write!(
                text,
                " i32.const {} i32.xor",
                100 + (function * steps + step) % 8000
            );
        }
        text.push(')');
    }
    text.push_str("(data (i32.const 4096) \"");
    for at in 0..5_800_000u32 {
        // Letters that differ from place to place, none of which must be escaped.
        text.push(char::from(
            b'a' + (at.wrapping_mul(2_654_435_761) >> 28) as u8,
        ));
    }
    text.push_str("\"))");
    text
}

fn megabytes(path: &Path) -> Result<f64> {
    Ok(fs::metadata(path)?.len() as f64 / 1e6)
}

fn verify(place: &Place, package: &Path) -> Result<()> {
    let size = megabytes(package)?;
    let shown = package.to_string_lossy();
    let ms = place.time(&["verify", &shown], None)?;
    figure(
        &format!("dyno verify, {size:.1} MB"),
        &format!("{ms:.0} ms"),
        "60 ms",
        ms <= 60.0,
    );
    let peak = peak_mb(place.command(&["verify", &shown]))?;
    memory("  its memory", peak, size);
    Ok(())
}

fn memory(name: &str, peak: f64, size: f64) {
    let ratio = peak / size;
    let value = format!("{peak:.1} MB, {ratio:.2} x the package");
    figure(name, &value, "3 x", ratio <= 3.0);
}

/// From a registry on this machine, the package not yet there.
fn install(place: &Place, large: &Path, small: &Path) -> Result<()> {
    let Some(registry) = RegistryServer::start() else {
        println!("not measured: there is no docker-registry to install from");
        return Ok(());
    };
    for (name, package) in [("small", small), ("large", large)] {
        let reference = format!("localhost:{}/bench/{name}", registry.port);
        let tagged = format!("{reference}:1.0.0");
        let id = format!("bench/{name}");
        let size = megabytes(package)?;
        let file = package.to_string_lossy();
        place.dyno(&["push", &file, &reference, "--plain-http"])?;
        let install = ["install", "--yes", "--plain-http", &tagged];
        place.dyno(&install)?;
        let ms = place.time(&install, Some(&["uninstall", &id]))?;
        let shown = format!("dyno install from a registry, {size:.3} MB");
        figure(&shown, &format!("{ms:.0} ms"), "300 ms", ms <= 300.0);
        if name == "large" {
            place.dyno(&["uninstall", &id])?;
            memory("  its memory", peak_mb(place.command(&install))?, size);
        }
    }
    Ok(())
}

fn search(place: &Place) -> Result<()> {
    let dir = place.0.path().join("index");
    build_index(&dir)?;
    let root = dir.join("metadata/1.root.json");
    place.dyno(&[
        "trust",
        "pin",
        &dir.to_string_lossy(),
        &root.to_string_lossy(),
    ])?;
    let began = Instant::now();
    place.dyno(&["search", "package-77"])?;
    let first = began.elapsed().as_secs_f64() * 1e3;
    let ms = place.time(&["search", "package-77"], None)?;
    let count = PUBLISHERS * PACKAGES;
    let name = format!("dyno search, {count} packages");
    figure(&name, &format!("{ms:.0} ms"), "100 ms", ms <= 100.0);
    println!(
        "{:<44} {first:.0} ms",
        "  the first time, all signatures verified"
    );
    Ok(())
}

fn build_index(dir: &Path) -> Result<()> {
    let key = PrivateKey::generate()?;
    let mut editor = IndexEditor::create(dir, &Holders::one(key.public()))?;
    for publisher in 0..PUBLISHERS {
        let namespace = format!("publisher-{publisher}");
        editor.delegate(&namespace, &Holder::one(key.public().clone()))?;
        for package in 0..PACKAGES {
            let release: Release = format!("{namespace}/package-{package}@1.0.0").parse()?;
            let manifest = Descriptor::of(oci::MANIFEST, release.to_string().as_bytes());
            let entry = Entry {
                description: format!("Measures job {package} of publisher {publisher}"),
                kind: "wasm".into(),
                licences: "MIT".into(),
                capabilities: vec!["wasi:cli".into(), "wasi:io".into()],
                publisher: namespace.clone(),
                keywords: Vec::new(),
                location: Location::File(format!("packages/{}", release.file_name())),
                yanked: false,
            };
            editor.add(&release, &manifest, entry)?;
        }
    }
    editor.sign(&[&key], &Expiries::default())?;
    Ok(())
}
