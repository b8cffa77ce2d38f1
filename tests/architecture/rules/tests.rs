//! Each rule is seen to catch a breach, and to let pass what is allowed.

use super::super::source::Source;
use super::{RULES, breaches};

/// If this fails, a rule no longer catches what it is there for, and the tests above say nothing.
#[test]
fn every_rule_catches_its_breach() {
    let mut caught = vec![false; RULES.len()];
    for (file, text, says) in [
        (
            "session/lib.rs",
            "fn f() { println!(\"x\"); }",
            "nothing prints",
        ),
        (
            "session/cache.rs",
            "fn f() { std::eprint!(\"x\") }",
            "nothing prints",
        ),
        (
            "report/store.rs",
            "fn f() { if true { dbg!(1); } }",
            "nothing prints",
        ),
        (
            "cli/main.rs",
            "fn f() { anstream::AutoStream::auto(x); eprintln!(); }",
            "nothing prints",
        ),
        (
            "cli/render/run.rs",
            "fn f() { let out = std::io::stdout(); }",
            "the terminal is one module",
        ),
        (
            "session/lib.rs",
            "use std::io::{self, Write, stderr};",
            "the terminal is one module",
        ),
        (
            "cli/render/columns.rs",
            "fn f() { anstream::stderr().lock(); }",
            "the terminal is one module",
        ),
        (
            "cli/commands/list.rs",
            "use std::io; fn f() { writeln!(io::stderr(), \"x\"); }",
            "the terminal is one module",
        ),
        (
            "session/lib.rs",
            "use std::io::{self, Read}; fn f() { io::stdin(); }",
            "asks somebody",
        ),
        (
            "cli/commands/list.rs",
            "use crate::render::terminal; fn f() { terminal::data(); }",
            "only exports",
        ),
        (
            "session/lib.rs",
            "fn f() { indicatif::ProgressBar::new(1); }",
            "progress",
        ),
        (
            "cli/commands/pack.rs",
            "use rpassword as ask;",
            "passphrases",
        ),
        (
            "worker/lib.rs",
            "fn f() -> ! { std::process::exit(1) }",
            "returning from main",
        ),
        (
            "cli/commands/run.rs",
            "use std::process; fn f() { process::exit(3) }",
            "returning from main",
        ),
        (
            "session/scratch.rs",
            "fn f() { tempfile::Builder::new().prefix(\"x\").tempdir_in(dir); }",
            "only private_dir",
        ),
        (
            "cli/commands/packages.rs",
            "use tempfile::TempDir;",
            "only private_dir",
        ),
        (
            "cli/commands/run.rs",
            "fn f() { std::env::temp_dir().join(\"x\"); }",
            "only private_dir",
        ),
        (
            "package/registry/push.rs",
            "fn f() { reqwest::Client::builder(); }",
            "reaches the network",
        ),
        (
            "package/packaging/lookup.rs",
            "use tokio::net::TcpStream;",
            "reaches the network",
        ),
        (
            "suite/config.rs",
            "fn f() { std::fs::read_to_string(\"dyno.toml\"); }",
            "is opened by checkout",
        ),
        (
            "session/baseline/entry.rs",
            "use std::fs::{self, File}; fn f() { File::open(\"x\"); }",
            "is opened by checkout",
        ),
        (
            "plugin/manifest.rs",
            "use std::fs; fn f() { fs::OpenOptions::new(); }",
            "is opened by checkout",
        ),
        (
            "cli/commands/suite.rs",
            "use std::fs; fn f() { fs::write(\"x\", \"\"); }",
            "is written by checkout",
        ),
        (
            "cli/commands/report.rs",
            "use std::fs::File; fn f() { File::create(\"x\"); }",
            "is written by checkout",
        ),
        (
            "stats/summary.rs",
            "use std::{cmp, fs::File};",
            "numbers in",
        ),
        (
            "analysis/estimate.rs",
            "fn f() { std::env::var(\"X\"); }",
            "numbers in",
        ),
        (
            "analysis/compare.rs",
            "use std::time::Instant;",
            "numbers in",
        ),
        (
            "model/time.rs",
            "fn f() { nix::time::clock_gettime(x); }",
            "what is given",
        ),
        (
            "export/html/table.rs",
            "fn f() { std::env::var(\"X\"); }",
            "what is given",
        ),
    ] {
        let found = breaches(&Source::new(file, text));
        assert!(
            found.iter().any(|breach| breach.contains(says)),
            "{file}: {text}: {found:?}"
        );
        let at = RULES
            .iter()
            .position(|rule| rule.says.contains(says))
            .unwrap();
        caught[at] = true;
    }
    assert!(
        caught.iter().all(|caught| *caught),
        "a rule has no breach here: {caught:?}"
    );
}

/// If this fails, a rule forbids what is allowed.
#[test]
fn what_is_allowed_is_no_breach() {
    for (file, text) in [
        (
            "cli/commands/run.rs",
            "use clap::Args; fn f() { std::io::stdin(); }",
        ),
        (
            "cli/main.rs",
            "mod commands; use clap::Parser as _; use std::process::ExitCode;",
        ),
        (
            "session/lib.rs",
            "/// println!(\"x\")\nfn f() { let s = \"std::process::exit\"; }",
        ),
        (
            "session/lib.rs",
            "#[cfg(test)] mod tests { fn f() { println!(); } } use std::fmt;",
        ),
        (
            "session/lib.rs",
            "#[cfg(all(test, unix))] mod tests; #[cfg(test)] use std::io::stdout;",
        ),
        (
            "cli/commands/report.rs",
            "fn f() { terminal::data(); anstream::ColorChoice::Auto; }",
        ),
        (
            "plugin/build.rs",
            "use std::process::Stdio; fn f(c: &mut Command) { c.stdout(Stdio::piped()); }",
        ),
        (
            "worker/lib.rs",
            "use std::io; fn f() { io::stdout().lock(); io::stdin(); }",
        ),
        (
            "cli/render/terminal.rs",
            "use anstream::AutoStream; fn f() { std::io::stderr(); std::io::stdout(); }",
        ),
        (
            "files/private_dir.rs",
            "use tempfile::TempDir; fn f() { builder.tempdir_in(dir); }",
        ),
        (
            "package/store.rs",
            "fn f() { tempfile::Builder::new().tempfile_in(directory); tempfile::NamedTempFile::new_in(dir); }",
        ),
        (
            "package/lock.rs",
            "use std::fs::File; fn f() { dyno_files::open_in(dir, name); fs::read_dir(x); Store::read(x); }",
        ),
        ("export/parquet.rs", "use std::io::Write;"),
    ] {
        let found = breaches(&Source::new(file, text));
        assert_eq!(found, Vec::<String>::new(), "{file}: {text}");
    }
}
