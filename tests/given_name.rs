//! Programs whose files are called what no case can be called.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use super::support::{Bench, QUICK, case};

/// If this fails, such a program cannot be measured, or only under a name that nobody can type.
#[test]
fn a_program_runs_under_a_given_name() {
    let bench = Bench::new();
    for file in [b"w\xff.wat".as_slice(), b"a\nb.wat", &[b'x'; 200]] {
        let file = OsStr::from_bytes(file);
        bench.write(file, "(module (func (export \"_start\")))");
        let mut command = bench.command();
        command
            .arg("run")
            .args(QUICK)
            .arg(file)
            .args(["--name", "given"]);
        bench.finish(command).exits(0);
        let run = bench.recorded("latest");
        assert_eq!(run["plugins"][0]["name"], "given");
        assert_eq!(case(&run, "given")["outcome"]["kind"], "ok");
    }
}

/// If this fails, several plugins have one name, or a name does what a case's may not.
#[test]
fn a_given_name_is_for_one_plugin_and_must_be_one() {
    let bench = Bench::new();
    bench.write("two/a.wat", "(module (func (export \"_start\")))");
    bench.write("two/b.wat", "(module (func (export \"_start\")))");
    bench
        .run(["two", "--name", "x"])
        .exits(2)
        .complains("--name is for one plugin, and 2 were found");
    for name in ["", "..", "a/../b", "a\nb"] {
        bench.run(["two/a.wat", "--name", name]).exits(2);
    }
}
