//! What a request of a stranger cannot do.

use std::fs::{self, File};

use serde_json::{Value, json};

use super::{asked, finish_of, printed};
use crate::support::{Bench, plugin};

/// If this fails, a file that is none is waited for, read without end, or explained in a way that
/// helps nobody.
#[test]
fn what_is_no_request_is_refused_in_one_sentence() {
    let bench = Bench::new();
    bench.write("a.wat", plugin(&["add"]));
    let good = printed(&bench, &["a.wat"]);
    let changed = |key: &str, value: Value| {
        let mut request = good.clone();
        request[key] = value;
        request.to_string()
    };
    fs::create_dir(bench.path("dir.json")).unwrap();
    let mode = nix::sys::stat::Mode::S_IRWXU;
    nix::unistd::mkfifo(&bench.path("fifo.json"), mode).unwrap();
    let large = File::create(bench.path("large.json")).unwrap();
    large.set_len(2 << 20).unwrap();
    bench.write("binary.json", b"\xff\xfe");
    bench.write("cut.json", &good.to_string()[..100]);
    bench.write("twice.json", format!("{good}{good}"));
    bench.write("other.json", "{\"auths\": {}}");
    bench.write("newer.json", changed("request", json!(2)));
    bench.write("unknown.json", changed("bloks", json!(5)));
    bench.write("zero.json", changed("blocks", json!(0)));
    bench.write("list.json", changed("stage", json!("list")));
    bench.write("escape.json", changed("\u{1b}[2J::set-output::", json!(1)));
    bench.write("deep.json", "[".repeat(100_000));
    for (file, says) in [
        ("dir.json", "dir.json cannot be read: "),
        ("fifo.json", "fifo.json cannot be read: not a regular file"),
        ("/dev/zero", "/dev/zero cannot be read: not a regular file"),
        (
            "large.json",
            "large.json cannot be read: it is larger than 1MiB",
        ),
        ("binary.json", "binary.json cannot be read: it is not UTF-8"),
        ("cut.json", "cut.json:1:100: EOF while parsing"),
        ("twice.json", "trailing characters"),
        ("other.json", "other.json is not a request: "),
        ("newer.json", "newer.json is a request of format 2"),
        (
            "unknown.json",
            "unknown field `bloks`: did you mean `blocks`?",
        ),
        (
            "zero.json",
            "zero.json: `blocks` is 0, and must be 1 to 1000",
        ),
        ("list.json", "`dyno list` shows them"),
        ("escape.json", "unknown field `"),
        ("deep.json", "recursion limit exceeded"),
    ] {
        let said = bench
            .dyno(["run", "--request", file])
            .exits(2)
            .complains(says);
        assert!(!said.stderr.contains('\u{1b}'), "{said}");
        assert_eq!(said.stdout, "", "{said}");
    }
    bench
        .dyno(["run", "--request", "none.json"])
        .exits(4)
        .complains("none.json cannot be read: ");
    assert!(!bench.report().exists());
    // What it names is looked for as if it were typed.
    asked(&bench, &printed(&bench, &["nowhere.wat"]), &[]).exits(3);
    let dir = printed(&bench, &["a.wat", "--dir", "nowhere::/d"]);
    asked(&bench, &dir, &[])
        .exits(4)
        .complains("nowhere is not a directory that can be granted");
    let mut hostile = dir;
    hostile["grants"]["dirs"][0]["host"] = json!("\u{1b}[2J\n::set-output::x");
    let said = asked(&bench, &hostile, &[]).exits(4);
    assert!(!said.stderr.contains('\u{1b}'), "{said}");
    assert!(!said.stderr.contains("\n::set-output"), "{said}");
    let pattern = printed(&bench, &["a.wat", "--case", "/a(/"]);
    asked(&bench, &pattern, &[])
        .exits(2)
        .complains("`a(` is not a regular expression");
}

/// A program that prints its environment.
const ENVIRONMENT: &str = r#"(module
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $sizes (i32.const 0) (i32.const 4)))
    (drop (call $get (i32.const 16) (i32.const 1024)))
    (i32.store (i32.const 8) (i32.const 1024))
    (i32.store (i32.const 12) (i32.load (i32.const 4)))
    (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 2048)))))"#;

/// If this fails, a file that came with a checkout takes what it likes from the environment of
/// whoever runs it.
#[test]
fn a_variable_of_a_request_has_the_value_that_is_typed_beside_it_and_no_other() {
    let bench = Bench::new();
    bench.write("env.wat", ENVIRONMENT);
    bench.write("expected.txt", "TOKEN=typed\0");
    let request = printed(
        &bench,
        &[
            "env.wat",
            "--env",
            "TOKEN=first",
            "--stdout",
            "expected.txt",
        ],
    );
    assert_eq!(request["grants"]["env"], json!(["TOKEN"]));
    asked(&bench, &request, &["--env", "TOKEN=typed"]).exits(0);
    bench.write("r.json", request.to_string());
    let by = |args: &[&str]| {
        let mut command = bench.command();
        command.env("TOKEN", "typed").env("OTHER", "secret");
        command.args(["run", "--request", "r.json"]);
        finish_of(command, args)
    };
    by(&["--env", "TOKEN"]).exits(0);
    by(&[]).exits(2).complains(
        "the variable TOKEN is granted, and it has no value here: give it with --env TOKEN or --env TOKEN=VALUE",
    );
    by(&["--env", "TOKEN", "--env", "OTHER"])
        .exits(2)
        .complains("--env OTHER: the request does not grant this variable");
    // Nor by one of its fields.
    for env in [
        json!(["TOKEN=typed"]),
        json!([["TOKEN", "typed"]]),
        json!({ "TOKEN": "typed" }),
    ] {
        let mut wrong = request.clone();
        wrong["grants"]["env"] = env;
        let said = asked(&bench, &wrong, &[]).exits(2);
        assert!(!said.stderr.contains("typed"), "{said}");
    }
}

/// If this fails, a request names who is trusted, where code is kept, or what its workers may go
/// without.
#[test]
fn a_request_changes_nothing_of_what_belongs_to_the_machine() {
    let bench = Bench::new();
    bench.write("bare/it.wat", plugin(&["add"]));
    bench.write(
        "bare/plugin.toml",
        "[plugin]\nname = 'bare'\n[build]\ncomponent = 'it.wat'\n[package]\nid = 'acme/bare'\nversion = '1.0.0'\n",
    );
    bench.dyno(["pack", "bare"]).exits(0);
    let request = printed(&bench, &["acme-bare-1.0.0.oci.tar"]);
    for field in [
        "access",
        "allow_unsigned",
        "build_env",
        "build_timeout",
        "cache_bytes_max",
        "cache_dir",
        "command",
        "cores",
        "home",
        "kept_from",
        "locked",
        "no_report",
        "offline",
        "plain_http",
        "report",
        "require",
        "save_baseline",
        "spent",
        "stored",
        "trust",
        "variables",
        "warnings",
    ] {
        let mut more = request.clone();
        more[field] = json!(true);
        let unknown = format!("unknown field `{field}`");
        asked(&bench, &more, &[]).exits(2).complains(&unknown);
    }
    // An unsigned package is one, and taken where that is typed.
    asked(&bench, &request, &[]).exits(3).says("is not signed");
    let said = asked(&bench, &request, &["--allow-unsigned"]).exits(0);
    assert!(said.stderr.contains("--allow-unsigned"), "{said}");
    // The lock of the project holds, too.
    bench.write("dyno.lock", "version = 1\n");
    let locked = asked(&bench, &request, &["--allow-unsigned", "--locked"]);
    assert!(!locked.status.success(), "{locked}");
    // A kept plugin is no data only because a request says where it lies.
    bench.write("p/it.wat", plugin(&["add"]));
    bench.write(
        "p/plugin.toml",
        "[plugin]\nname = 'it'\n[build]\ncommands = [['touch', 'built']]\ncomponent = 'it.wat'\n",
    );
    let building = printed(&bench, &["p"]);
    let mut forbidden = bench.command();
    bench.write("r.json", building.to_string());
    forbidden.env("DYNO_NO_BUILD", "1");
    finish_of(forbidden, &["run", "--request", "r.json"]).exits(0);
    asked(&bench, &building, &["--no-build"]).exits(0);
    assert!(!bench.path("p/built").exists());
    let said = asked(&bench, &building, &[]).exits(0);
    assert!(said.stderr.contains("touch built"), "{said}");
    fs::remove_file(bench.path("p/built")).unwrap();
    // One that wants no build has none.
    let unbuilt = printed(&bench, &["--no-build", "p"]);
    asked(&bench, &unbuilt, &[]).exits(0);
    assert!(!bench.path("p/built").exists());
}

/// If this fails, whoever runs a file of another does not see what it lets plugins do.
#[test]
fn what_a_request_grants_is_shown_before_anything_runs() {
    let bench = Bench::new();
    bench.write("a.wat", plugin(&["add"]));
    bench.write("data/file", "content");
    let flags = [
        "a.wat",
        "--dir",
        "data::/data",
        "--env",
        "MODE=x",
        "--arg",
        "a\u{1b}b",
        "--own-dir",
        "--memory",
        "1GiB",
    ];
    let request = printed(&bench, &flags);
    let said = asked(&bench, &request, &["--env", "MODE=x"]).exits(0);
    let note =
        "note: r.json grants --dir=data::/data --env=MODE --arg=a\\u{1b}b --own-dir --memory=1GiB";
    let flat: Vec<_> = said.stderr.split_whitespace().collect();
    assert!(flat.join(" ").contains(note), "{said}");
    let said = asked(&bench, &printed(&bench, &["a.wat"]), &[]).exits(0);
    assert!(!said.stderr.contains("grants"), "{said}");
}
