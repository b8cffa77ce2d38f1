//! What a shell limits: memory, descriptors, the size of files.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::support::{Bench, QUICK, Said, cases, fib, finish, plugin};

/// `dyno run` under a shell's limits.
fn limited(bench: &Bench, limits: &str, args: &[&OsStr]) -> Said {
    let mut command = Command::new("sh");
    command.args([
        "-c",
        &format!("{limits}; exec \"$0\" \"$@\""),
        env!("CARGO_BIN_EXE_dyno"),
        "run",
    ]);
    command.args(QUICK).args(args);
    bench.place(&mut command);
    finish(command)
}

/// If this fails, a plugin is blamed for the limits of the shell that dyno was started from.
#[test]
fn a_shell_that_limits_memory_is_no_fault_of_the_guest() {
    let bench = Bench::new();
    bench.run([fib()]).exits(0);
    let grows = bench.write(
        "grows.wat",
        "(module (table $t 1 funcref) (func (export \"_start\")
            (loop (drop (table.grow $t (ref.null func) (i32.const 1000000))) (br 0))))",
    );
    for (limit, plugin) in [
        ("ulimit -v 2000000", fib()),
        ("ulimit -v 500000", fib()),
        ("ulimit -d 60000", grows),
    ] {
        let said = limited(&bench, limit, &[plugin.as_os_str()]).exits(1);
        let said = said.says(&format!("(`{limit}`), which is not enough for a worker"));
        assert!(!said.stdout.contains("trapped"), "{said}");
    }
}

/// If this fails, a host that runs out of descriptors panics or says nothing.
#[test]
fn few_descriptors_are_a_message_and_never_a_panic() {
    let bench = Bench::new();
    for descriptors in [64, 32, 24, 20, 16, 14, 12, 10, 8, 6, 5, 4] {
        let said = limited(
            &bench,
            &format!("ulimit -n {descriptors}"),
            &[fib().as_os_str()],
        );
        let code = said
            .status
            .code()
            .unwrap_or_else(|| panic!("{descriptors}: {said}"));
        assert!([0, 1, 3].contains(&code), "{descriptors}: {said}");
        assert!(
            !said.stderr.contains("panicked") && !said.stdout.contains("panicked"),
            "{descriptors}: {said}"
        );
        let silent = said.stderr.is_empty() && !said.stdout.contains('✗');
        assert!(code == 0 || !silent, "{descriptors}: {said}");
        if descriptors <= 6 {
            assert_eq!(code, 1, "{descriptors}: {said}");
        }
    }
    // Whatever it was, the report is whole.
    bench.run([fib()]).exits(0);
}

/// If this fails, a full disk costs the run that was just measured, or the ones before it.
#[test]
fn a_run_that_does_not_fit_into_the_report_is_saved_as_json() {
    let bench = Bench::new();
    let file = bench.write(
        "ten.wat",
        plugin(&["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9"]),
    );
    bench.run([&file]).exits(0);
    let before = (bench.runs(), bench.recorded("latest"));
    // Compiled code is cached, so the report is what grows past the limit on files: to SQLite, a
    // write beyond it is an error like that of a full disk.
    let full = "trap '' XFSZ; ulimit -f 128";
    let said = limited(&bench, full, &[file.as_os_str()])
        .exits(1)
        .complains("the run could not be recorded");
    assert!(
        said.stdout.contains("a9"),
        "what was measured is not even shown: {said}"
    );
    let saved: Vec<_> = fs::read_dir(bench.tmp())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let [dir] = saved.as_slice() else {
        panic!("{saved:?}: {said}")
    };
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let saved = fs::read_dir(dir).unwrap().next().unwrap().unwrap().path();
    assert_eq!((mode(dir), mode(&saved)), (0o700, 0o600));
    assert!(said.stderr.contains(saved.to_str().unwrap()), "{said}");
    let read =
        || -> serde_json::Value { serde_json::from_slice(&fs::read(&saved).unwrap()).unwrap() };
    assert_eq!(cases(&read()).len(), 10);
    assert_eq!(
        (bench.runs(), bench.recorded("latest")),
        before,
        "the old report was touched"
    );
    bench.run([&file]).exits(0);
    assert_eq!(bench.runs().len(), 2);
    assert_eq!(cases(&read()).len(), 10, "the next run swept it away");
}

/// If this fails, the one way that is left to keep a run fails silently, or hides why it was
/// needed.
#[test]
fn a_run_that_cannot_be_saved_either_says_both_reasons() {
    let bench = Bench::new();
    let file = bench.write(
        "ten.wat",
        plugin(&["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9"]),
    );
    bench.run([&file]).exits(0);
    let full = "trap '' XFSZ; ulimit -f 128; export TMPDIR=/nowhere";
    let said = limited(&bench, full, &[file.as_os_str()])
        .exits(1)
        .complains("nor saved as /nowhere/");
    assert!(
        said.stderr.contains("report.sqlite") && said.stderr.contains("No such file"),
        "{said}"
    );
}
