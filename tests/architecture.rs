//! The directions in which the host's modules may point (DESIGN.md, layout; host/ARCHITECTURE.md).
//!
//! Sources are read as tokens, so neither a comment nor a text can break or hide a rule, and every
//! path is resolved to where it leads: `use super::{a, b::c}` in `measure/time.rs` is `measure::a`
//! and `measure::b::c`. What is compiled only for tests is not looked at.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::support::repository;

/// A source file: where it stands, and every path that its code names.
struct Source {
    /// Relative to `host/src`, such as `measure/time.rs`.
    file: String,
    /// Absolute: `crate::…` for what is ours, the crate's name first for what is not. The names of
    /// macros end with `!`.
    paths: BTreeSet<String>,
    /// Modules that are declared for tests only.
    test_modules: Vec<String>,
}

impl Source {
    fn new(file: &str, text: &str) -> Self {
        let tokens: TokenStream = text
            .parse()
            .unwrap_or_else(|error| panic!("{file}: {error}"));
        let mut reader = Reader {
            module: module(file),
            paths: BTreeSet::new(),
            test_modules: Vec::new(),
        };
        reader.read(tokens, &[]);
        Self {
            file: file.into(),
            paths: reader.paths,
            test_modules: reader.test_modules,
        }
    }

    /// Whether it is `name.rs` or below `name/`.
    fn is_in(&self, name: &str) -> bool {
        self.file
            .strip_prefix(name)
            .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    }

    /// The paths that begin with any of these, whole words each.
    fn names<'a>(&'a self, starts: &'a [&str]) -> impl Iterator<Item = &'a String> {
        self.paths
            .iter()
            .filter(|path| starts.iter().any(|start| begins(path, start)))
    }
}

/// Whether a path is `start` or leads further below it.
fn begins(path: &str, start: &str) -> bool {
    path.strip_prefix(start)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// `measure/time.rs` is the module `measure::time`.
fn module(file: &str) -> Vec<String> {
    let stem = file.strip_suffix(".rs").unwrap();
    let mut module: Vec<String> = stem.split('/').map(str::to_owned).collect();
    if module
        .last()
        .is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str()))
    {
        module.pop();
    }
    module
}

struct Reader {
    module: Vec<String>,
    paths: BTreeSet<String>,
    test_modules: Vec<String>,
}

impl Reader {
    /// Reads tokens; `prefix` is the path before a group of a `use`.
    fn read(&mut self, tokens: TokenStream, prefix: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at = match &tokens[at] {
                TokenTree::Punct(punct) if punct.as_char() == '#' && is_for_tests(&tokens, at) => {
                    self.skip_item(&tokens, at)
                }
                // The name that something is imported as is not a path.
                TokenTree::Ident(ident) if ident == "as" => at + 2,
                TokenTree::Ident(_) => self.path(&tokens, at, prefix),
                TokenTree::Group(group) => {
                    self.read(group.stream(), &[]);
                    at + 1
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => at + 1,
            };
        }
    }

    /// Reads the path that begins at `at`, and returns where it ends.
    fn path(&mut self, tokens: &[TokenTree], at: usize, prefix: &[String]) -> usize {
        let mut path = prefix.to_vec();
        path.push(tokens[at].to_string());
        let mut next = at + 1;
        while is_punct(tokens, next, ':') && is_punct(tokens, next + 1, ':') {
            match tokens.get(next + 2) {
                Some(TokenTree::Ident(ident)) => path.push(ident.to_string()),
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    self.read(group.stream(), &path);
                    return next + 3;
                }
                _ => break,
            }
            next += 3;
        }
        let is_macro = is_punct(tokens, next, '!')
            && matches!(tokens.get(next + 1), Some(TokenTree::Group(_)));
        self.keep(path, is_macro);
        next
    }

    fn keep(&mut self, path: Vec<String>, is_macro: bool) {
        let mut parts: Vec<String> = Vec::new();
        for (at, part) in path.into_iter().enumerate() {
            match (at, part.as_str()) {
                (0, "self" | "super") => {
                    parts = [vec!["crate".to_owned()], self.module.clone()].concat();
                    if part == "super" {
                        parts.pop();
                    }
                }
                (_, "super") => {
                    parts.pop();
                }
                (1.., "self") => {}
                _ => parts.push(part),
            }
        }
        self.paths
            .insert(parts.join("::") + if is_macro { "!" } else { "" });
    }

    /// Passes over what follows `#[cfg(test)]`, up to its `;` or its body.
    fn skip_item(&mut self, tokens: &[TokenTree], from: usize) -> usize {
        let mut at = from + 2;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Ident(ident) if ident == "mod" => {
                    self.test_modules.push(tokens[at + 1].to_string())
                }
                TokenTree::Punct(punct) if punct.as_char() == ';' => return at + 1,
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return at + 1,
                _ => {}
            }
            at += 1;
        }
        at
    }
}

fn is_punct(tokens: &[TokenTree], at: usize, wanted: char) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn is_for_tests(tokens: &[TokenTree], at: usize) -> bool {
    let Some(TokenTree::Group(attribute)) = tokens.get(at + 1) else {
        return false;
    };
    let attribute = attribute.stream().to_string().replace(' ', "");
    attribute.starts_with("cfg(") && attribute.contains("test") && !attribute.contains("not(test")
}

/// What is wrong with a file, one sentence each.
fn breaches(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    let mut forbid = |rule: &str, paths: Vec<&String>| {
        found.extend(
            paths
                .into_iter()
                .map(|path| format!("{}: {rule}: {path}", source.file)),
        );
    };
    let in_any = |names: &[&str]| names.iter().any(|name| source.is_in(name));
    let is_library = !source.is_in("cli") && source.file != "main.rs";
    if is_library {
        forbid(
            "the library knows no command line",
            source
                .names(&[
                    "crate::cli",
                    "clap",
                    "clap_complete",
                    "clap_mangen",
                    "anyhow",
                ])
                .collect(),
        );
        let is_stdin =
            |path: &&String| begins(path, "std::io::stdin") || path.ends_with("io::stdin");
        if source.file != "worker/child.rs" {
            forbid(
                "the library asks nobody",
                source.paths.iter().filter(is_stdin).collect(),
            );
        }
    }
    let prints = ["print!", "println!", "eprint!", "eprintln!", "dbg!"];
    let is_print = |path: &&String| {
        path.rsplit("::")
            .next()
            .is_some_and(|name| prints.contains(&name))
    };
    forbid(
        "nothing prints but through a sink",
        source.paths.iter().filter(is_print).collect(),
    );
    // A worker speaks over pipes.
    if !["render/terminal.rs", "worker/child.rs"].contains(&source.file.as_str()) {
        let is_stream = |path: &&String| {
            let is_colour = begins(path, "anstream::ColorChoice");
            let mut parts = path.rsplit("::");
            let last = parts.next().unwrap_or_default();
            let is_stream = ["stdout", "stderr", "Stdout", "Stderr"].contains(&last)
                && parts.next() == Some("io");
            is_stream || begins(path, "anstream") && !is_colour
        };
        forbid(
            "the terminal is one module",
            source.paths.iter().filter(is_stream).collect(),
        );
    }
    // Without a sink: exports, whose rules are their own, and texts of our own.
    let has_rules = [
        "cli/check",
        "cli/compare",
        "cli/manual",
        "cli/mod",
        "cli/report",
        "cli/run",
    ];
    if !in_any(&has_rules) {
        let is_data = |path: &&String| path.ends_with("terminal::data");
        forbid(
            "only exports pass by the sink",
            source.paths.iter().filter(is_data).collect(),
        );
    }
    for (library, file) in [("indicatif", "render/progress"), ("rpassword", "cli/key")] {
        if !source.is_in(file) {
            forbid(
                "what draws by itself is in one place each",
                source.names(&[library]).collect(),
            );
        }
    }
    forbid(
        "nobody exits but by returning from main",
        source
            .paths
            .iter()
            .filter(|path| {
                [
                    "process::exit",
                    "process::abort",
                    "libc::_exit",
                    "libc::exit",
                ]
                .iter()
                .any(|exit| path.ends_with(exit))
            })
            .collect(),
    );
    if !source.is_in("sandbox") {
        let engine = |path: &&String| {
            let first = path.split("::").next().unwrap_or_default();
            [
                "wasmtime",
                "wasmparser",
                "wasi",
                "cranelift",
                "wit_component",
                "wasm_metadata",
                "wasm_encoder",
                "wat",
            ]
            .iter()
            .any(|name| first == *name || first.starts_with(&format!("{name}_")))
        };
        forbid(
            "only the sandbox knows the engine and WASI",
            source.paths.iter().filter(engine).collect(),
        );
    }
    if in_any(&["plugin", "package"]) {
        let limits = ["LIMITS", "Limits", "LimitUnit", "LimitSpec"]
            .map(|name| format!("crate::sandbox::{name}"));
        let engine = source.names(&["crate::sandbox"]);
        forbid(
            "plugins are found and checked without an engine: of the sandbox they know the table of limits",
            engine
                .filter(|path| !limits.iter().any(|limit| begins(path, limit)))
                .collect(),
        );
        forbid(
            "what finds plugins does not know what is done with them",
            source
                .names(&[
                    "crate::worker",
                    "crate::session",
                    "crate::measure",
                    "crate::render",
                ])
                .collect(),
        );
    }
    if source.file != "private_dir.rs" {
        let makers = ["tempdir", "tempdir_in", "TempDir", "temp_dir", "mkdtemp"];
        let is_maker = |path: &&String| {
            path.rsplit("::")
                .next()
                .is_some_and(|name| makers.contains(&name))
        };
        forbid(
            "only private_dir makes temporary directories",
            source.paths.iter().filter(is_maker).collect(),
        );
    }
    // The registry names statuses and methods; it sends nothing itself.
    if !in_any(&["package/http", "packaging/serve"]) {
        forbid(
            "only package/http reaches the network",
            source
                .names(&[
                    "reqwest::Client",
                    "reqwest::ClientBuilder",
                    "reqwest::get",
                    "hyper",
                    "hyper_util",
                    "tower_http",
                    "std::net::TcpStream",
                    "std::net::UdpSocket",
                    "tokio::net::TcpStream",
                    "tokio::net::UdpSocket",
                    "oci_client",
                ])
                .collect(),
        );
    }
    let ends_with = |path: &&String, names: &[&str]| {
        let path = format!("::{path}");
        names
            .iter()
            .any(|name| path.ends_with(&format!("::{name}")))
    };
    // Of the system, of the user's home, and made by ourselves.
    if !in_any(&[
        "checkout",
        "machine",
        "sandbox",
        "worker",
        "cache",
        "package/index",
        "package/layout",
        "package/registry",
        "package/store",
        "package/trust",
        "cli/key",
        "cli/mod",
        // Directories of ours, and the file that is made in one.
        "private_dir",
        "cli/run",
        // What the system says of processes.
        "plugin/build/apart",
        "plugin/build/helper",
    ]) {
        let reading = [
            "fs::read",
            "fs::read_to_string",
            "fs::copy",
            "File::open",
            "File::options",
            "OpenOptions::new",
            "tokio::fs",
        ];
        let paths = source.paths.iter();
        forbid(
            "what a stranger's checkout may hold is opened by checkout",
            paths.filter(|path| ends_with(path, &reading)).collect(),
        );
    }
    // Into directories that were just made, of the user's home, or for a worker.
    if !in_any(&[
        "checkout",
        "sandbox",
        "worker",
        "session",
        "scaffold",
        "package",
        "packaging",
        "plugin/source",
        "plugin/build/apart",
        "cli/doctor",
        "cli/run",
        "cli/validate",
    ]) {
        let writing = [
            "fs::write",
            "File::create",
            "File::create_new",
            "NamedTempFile::new_in",
        ];
        let paths = source.paths.iter();
        forbid(
            "what may lie in a stranger's checkout is written by checkout",
            paths.filter(|path| ends_with(path, &writing)).collect(),
        );
    }
    if source.is_in("measure") {
        forbid(
            "what measures meets the sandbox only in the worker",
            source
                .names(&["crate::sandbox", "crate::worker", "crate::session"])
                .collect(),
        );
    }
    if in_any(&["stats", "estimate", "compare", "study", "profile"]) {
        forbid(
            "numbers in, numbers out",
            source
                .names(&[
                    "std::fs",
                    "std::io",
                    "std::net",
                    "std::process",
                    "std::env",
                    "std::time",
                    "std::thread",
                    "tokio",
                    "rusqlite",
                    "libc",
                    "nix",
                ])
                .collect(),
        );
    }
    if source.is_in("report/model") {
        let ours = source
            .paths
            .iter()
            .filter(|path| path.starts_with("crate::"));
        forbid(
            "the model stands on the ground floor",
            ours.filter(|path| !begins(path, "crate::report::model"))
                .collect(),
        );
    }
    if source.is_in("report") {
        forbid(
            "the report knows what a run is, not how it came about",
            source
                .names(&[
                    "crate::worker",
                    "crate::session",
                    "crate::sandbox",
                    "crate::render",
                    "crate::measure",
                ])
                .collect(),
        );
    }
    found
}

/// Every source of the host that is not only for tests.
fn sources() -> Vec<Source> {
    let root = repository().join("host/src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    let sources: Vec<Source> = files
        .iter()
        .map(|path| {
            let file = path.strip_prefix(&root).unwrap().to_str().unwrap();
            Source::new(file, &fs::read_to_string(path).unwrap())
        })
        .collect();
    let for_tests: Vec<String> = sources
        .iter()
        .flat_map(|source| {
            let dir = module(&source.file).join("/");
            let below = move |name: &String| {
                if dir.is_empty() {
                    name.clone()
                } else {
                    format!("{dir}/{name}")
                }
            };
            source.test_modules.iter().map(below)
        })
        .collect();
    let is_tested = |source: &Source| !for_tests.iter().any(|name| source.is_in(name));
    sources.into_iter().filter(is_tested).collect()
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// If this fails, a module knows what it should not: what was a layer becomes a knot.
#[test]
fn every_module_points_the_agreed_way() {
    let sources = sources();
    assert!(
        sources.len() > 40,
        "only {} sources were found",
        sources.len()
    );
    for wanted in [
        "sandbox/instance.rs",
        "cli/run.rs",
        "report/model.rs",
        "measure/time.rs",
        "plugin/source.rs",
    ] {
        assert!(
            sources.iter().any(|source| source.file == wanted),
            "{wanted} was not looked at"
        );
    }
    let found: Vec<String> = sources.iter().flat_map(breaches).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// If this fails, a rule no longer catches what it is there for, and the test above says nothing.
#[test]
fn every_rule_catches_its_breach() {
    for (file, text, rule) in [
        (
            "session/code.rs",
            "use crate::cli::Exit;",
            "no command line",
        ),
        ("render/run.rs", "use clap::Parser;", "no command line"),
        (
            "render/run.rs",
            "use {std::fmt, anyhow::{Context as _, bail}};",
            "no command line",
        ),
        (
            "session.rs",
            "fn f() { println!(\"x\"); }",
            "nothing prints",
        ),
        (
            "cache.rs",
            "fn f() { std::eprint!(\"x\") }",
            "nothing prints",
        ),
        (
            "report/store.rs",
            "fn f() { if true { dbg!(1); } }",
            "nothing prints",
        ),
        (
            "render/run.rs",
            "fn f() { let out = std::io::stdout(); }",
            "the terminal is one module",
        ),
        (
            "session.rs",
            "use std::io::{self, Write, stderr};",
            "the terminal is one module",
        ),
        (
            "render/columns.rs",
            "fn f() { anstream::stderr().lock(); }",
            "the terminal is one module",
        ),
        (
            "cli/list.rs",
            "use std::io; fn f() { writeln!(io::stderr(), \"x\"); }",
            "the terminal is one module",
        ),
        (
            "main.rs",
            "fn f() { anstream::AutoStream::auto(x); eprintln!(); }",
            "nothing prints",
        ),
        (
            "cli/list.rs",
            "use dyno_host::render::terminal; fn f() { terminal::data(); }",
            "only exports",
        ),
        (
            "session.rs",
            "fn f() { indicatif::ProgressBar::new(1); }",
            "draws by itself",
        ),
        (
            "session.rs",
            "use std::io::{self, Read}; fn f() { io::stdin(); }",
            "asks nobody",
        ),
        (
            "worker/child.rs",
            "fn f() -> ! { std::process::exit(1) }",
            "nobody exits",
        ),
        (
            "cli/run.rs",
            "use std::process; fn f() { process::exit(3) }",
            "nobody exits",
        ),
        (
            "session/scratch.rs",
            "fn f() { tempfile::Builder::new().prefix(\"x\").tempdir_in(dir); }",
            "only private_dir",
        ),
        (
            "cli/packages.rs",
            "use tempfile::TempDir;",
            "only private_dir",
        ),
        (
            "cli/run.rs",
            "fn f() { std::env::temp_dir().join(\"x\"); }",
            "only private_dir",
        ),
        (
            "worker/child.rs",
            "use wasmtime::Engine;",
            "only the sandbox",
        ),
        (
            "package/registry/push.rs",
            "fn f() { reqwest::Client::builder(); }",
            "reaches the network",
        ),
        (
            "packaging/lookup.rs",
            "use tokio::net::TcpStream;",
            "reaches the network",
        ),
        (
            "package/verify.rs",
            "use crate::worker::Supervisor;",
            "what finds plugins",
        ),
        (
            "package/manifest.rs",
            "use wasm_metadata::Payload;",
            "only the sandbox",
        ),
        (
            "plugin/build.rs",
            "fn f(x: wasmtime_wasi::WasiCtx) {}",
            "only the sandbox",
        ),
        (
            "session/code.rs",
            "use wasmparser as parser;",
            "only the sandbox",
        ),
        (
            "cli/check.rs",
            "fn f() { wat::parse_str(\"\"); }",
            "only the sandbox",
        ),
        (
            "plugin/source.rs",
            "use crate::sandbox::{Limits, load};",
            "without an engine",
        ),
        (
            "package/archive.rs",
            "use crate::sandbox::check;",
            "without an engine",
        ),
        (
            "plugin/mod.rs",
            "use crate::session::Request;",
            "does not know what is done",
        ),
        (
            "measure/time.rs",
            "use crate::sandbox::Guest;",
            "only in the worker",
        ),
        (
            "measure/time.rs",
            "use super::super::{stats, sandbox};",
            "only in the worker",
        ),
        (
            "stats/summary.rs",
            "use std::{cmp, fs::File};",
            "numbers in",
        ),
        (
            "estimate.rs",
            "fn f() { std::env::var(\"X\"); }",
            "numbers in",
        ),
        ("compare.rs", "use std::time::Instant;", "numbers in"),
        (
            "profile/graph.rs",
            "fn f() { std::fs::read(\"x\"); }",
            "numbers in",
        ),
        (
            "suite/config.rs",
            "fn f() { std::fs::read_to_string(\"dyno.toml\"); }",
            "is opened by checkout",
        ),
        (
            "baseline/entry.rs",
            "use std::fs::{self, File}; fn f() { File::open(\"x\"); }",
            "is opened by checkout",
        ),
        (
            "plugin/manifest.rs",
            "use std::fs; fn f() { fs::OpenOptions::new(); }",
            "is opened by checkout",
        ),
        (
            "cli/suite.rs",
            "use std::fs; fn f() { fs::write(\"x\", \"\"); }",
            "is written by checkout",
        ),
        (
            "cli/report.rs",
            "use std::fs::File; fn f() { File::create(\"x\"); }",
            "is written by checkout",
        ),
        (
            "report/model.rs",
            "use crate::quantity::show;",
            "ground floor",
        ),
        (
            "report/model/hex.rs",
            "use super::super::store::Store;",
            "ground floor",
        ),
        (
            "report/store.rs",
            "use crate::{render, stats};",
            "how it came about",
        ),
    ] {
        let found = breaches(&Source::new(file, text));
        assert!(
            found.iter().any(|breach| breach.contains(rule)),
            "{file}: {text}: {found:?}"
        );
    }
}

/// If this fails, a rule forbids what is allowed.
#[test]
fn what_is_allowed_is_no_breach() {
    for (file, text) in [
        (
            "cli/run.rs",
            "use clap::Args; use anyhow::Context as _; use dyno_host::session; fn f() { std::io::stdin(); }",
        ),
        (
            "main.rs",
            "mod cli; use clap::Parser as _; use std::process::ExitCode;",
        ),
        (
            "sandbox/engine.rs",
            "use wasmtime::{Config, Engine}; use wasmtime_wasi::p2;",
        ),
        (
            "session.rs",
            "//! Knows no wasmtime, no clap.\n/// println!(\"x\")\nfn f() { let s = \"std::process::exit crate::cli\"; }",
        ),
        (
            "session.rs",
            "#[cfg(test)] mod tests { use clap::Parser; fn f() { println!(); } } use std::fmt;",
        ),
        (
            "session.rs",
            "#[cfg(all(test, unix))] mod tests; #[cfg(test)] use anyhow::Result;",
        ),
        (
            "plugin/manifest.rs",
            "use crate::sandbox::{LIMITS, Limits}; use crate::report::model::LimitUnit::Bytes;",
        ),
        (
            "cli/report.rs",
            "use dyno_host::render; fn f() { render::terminal::data(); anstream::ColorChoice::Auto; }",
        ),
        (
            "plugin/build.rs",
            "use std::process::Stdio; fn f(c: &mut Command) { c.stdout(Stdio::piped()); }",
        ),
        (
            "measure/time.rs",
            "use super::calibrate::next_size; use crate::stats;",
        ),
        (
            "worker/child.rs",
            "use std::io; fn f() { io::stdout().lock(); io::stdin(); }",
        ),
        (
            "render/terminal.rs",
            "use anstream::AutoStream; fn f() { std::io::stderr(); std::io::stdout(); }",
        ),
        (
            "report/model.rs",
            "use std::collections::BTreeMap; pub(crate) mod hex; use self::hex::Digits;",
        ),
        (
            "private_dir.rs",
            "use tempfile::TempDir; fn f() { builder.tempdir_in(dir); }",
        ),
        (
            "package/store.rs",
            "fn f() { tempfile::Builder::new().tempfile_in(directory); tempfile::NamedTempFile::new_in(dir); }",
        ),
        (
            "package/lock.rs",
            "use std::fs::File; fn f() { crate::checkout::open_in(dir, name); fs::read_dir(x); Store::read(x); }",
        ),
        (
            "wattage.rs",
            "use crate::wattage::watts; fn f() { wattage::x(); watt::y(); }",
        ),
    ] {
        assert_eq!(
            breaches(&Source::new(file, text)),
            Vec::<String>::new(),
            "{file}: {text}"
        );
    }
}
