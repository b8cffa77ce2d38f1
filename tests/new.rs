//! `dyno new`: what it writes builds and runs at once, with nothing of this repository.

use std::path::Path;

use super::support::{Bench, QUICK, build, cases, finish};

/// Begins a plugin in a place of its own, and runs it.
pub(crate) fn begin_and_run(flags: &[&str]) {
    let bench = Bench::new();
    let mut new = bench.command();
    new.args(["new", "my-plugin", "--lang"]).args(flags);
    finish(new).exits(0).says("Next: dyno run my-plugin");
    // Twice: the second time everything is there already.
    for _ in 0..2 {
        let mut run = bench.command();

        run.env("DYNO_CACHE", bench.cache())
            .arg("run")
            .args(QUICK)
            .arg("my-plugin");
        build(run).exits(0);
        let run = bench.recorded("latest");
        let cases = cases(&run);
        assert!(!cases.is_empty(), "{flags:?} has no cases");
        for (_, case) in cases {
            assert_eq!(case["outcome"]["kind"], "ok", "{flags:?}: {case}");
            assert_eq!(case["count"]["deterministic"], true, "{flags:?}: {case}");
            let marks = case["marks"].as_array().unwrap();
            assert!(
                !marks.iter().any(|mark| mark == "folded"),
                "{flags:?}: {case}"
            );
        }
    }
    assert!(
        !Path::new(&bench.path("my-plugin/.dyno")).exists(),
        "a run wrote into the plugin"
    );
}

/// If this fails, the first thing that an author tries does not work.
#[test]
fn a_new_plugin_in_rust_c_cpp_and_text_builds_and_runs() {
    for flags in [
        &["rust"][..],
        &["rust", "--criterion"],
        &["c"],
        &["cpp"],
        &["wat"],
    ] {
        begin_and_run(flags);
    }
}

/// If this fails, `dyno new` destroys something, or leaves half a plugin behind.
#[test]
fn what_is_there_is_never_touched() {
    let bench = Bench::new();
    bench.write("taken/file", "mine");
    let new = |name: &str, flags: &[&str]| {
        let mut args = vec!["new", name, "--lang"];
        args.extend(flags);
        bench.dyno(args)
    };
    new("taken", &["wat"])
        .exits(2)
        .complains("taken is there already");
    new("Bad_Name", &["wat"])
        .exits(2)
        .complains("`Bad_Name` is not a name");
    new("x", &["wat", "--criterion"])
        .exits(2)
        .complains("--criterion goes with --lang rust");
    new("x", &["cobol"]).exits(2).complains("cobol");
    new("taken/file/x", &["wat"])
        .exits(1)
        .complains("cannot be written");
    assert_eq!(std::fs::read(bench.path("taken/file")).unwrap(), b"mine");
    assert_eq!(std::fs::read_dir(bench.work()).unwrap().count(), 1);
}

/// If this fails, somebody without the tools does not learn what to install.
#[test]
fn a_missing_tool_is_named_with_what_to_do_about_it() {
    let bench = Bench::new();
    bench.dyno(["new", "mine", "--lang", "zig"]).exits(0);
    let manifest = bench.path("mine/plugin.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(
        &manifest,
        text.replace("\"zig\"", "\"no-such-zig\"")
            .replace("\nzig =", "\nno-such-zig ="),
    )
    .unwrap();
    bench
        .dyno(["build", "mine"])
        .exits(3)
        .complains("`no-such-zig` is not installed");
    let said = bench.run(["mine"]).exits(3);
    said.says("no-such-zig").says("pip install ziglang");
    // Among others it is named and skipped.
    bench.write("good/good.wat", super::support::plugin(&["add"]));
    bench
        .run(["."])
        .exits(0)
        .says("– mine skipped: `no-such-zig` is not installed");
}
