//! A cache of compiled code that is absent, denied or damaged.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::support::{Bench, QUICK, case, fib, finish, plugin_of};

/// If this fails, dyno does not run in a bare container or a cron job.
#[test]
fn without_a_home_code_is_not_kept_and_that_is_said() {
    let bench = Bench::new();
    let bare = || {
        let mut command = bench.command();
        command.env_remove("HOME").env_remove("DYNO_CACHE");
        command
    };
    let mut run = bare();
    run.arg("run").args(QUICK).arg(fib());
    finish(run).exits(0).says("warning: there is no HOME");
    let run = bench.recorded("latest");
    assert_eq!(plugin_of(&run, "fib-wat")["compile"]["cache"], "off");
    let mut doctor = bare();
    doctor.arg("doctor");
    let said = finish(doctor).exits(0);
    assert!(
        said.stdout
            .lines()
            .any(|line| line.starts_with("  code cache") && line.ends_with("nowhere")),
        "{said}"
    );
}

/// If this fails, a cache that cannot be used stops a run that does not need it.
#[test]
fn a_cache_that_cannot_be_used_is_a_warning() {
    let bench = Bench::new();
    fs::write(bench.cache(), "a file").unwrap();
    bench
        .run([fib()])
        .exits(0)
        .says("cannot be used, so plugins are compiled for this run only");
    assert_eq!(fs::read_to_string(bench.cache()).unwrap(), "a file");

    let bench = Bench::new();
    fs::create_dir_all(bench.cache().join("code")).unwrap();
    fs::set_permissions(
        bench.cache().join("code"),
        fs::Permissions::from_mode(0o500),
    )
    .unwrap();
    let mut command = bench.command();
    command.arg("run").args(QUICK).arg(fib());
    bench.without_rights(&mut command);
    finish(command)
        .exits(0)
        .says("cannot be used, so plugins are compiled for this run only");
    assert_eq!(
        plugin_of(&bench.recorded("latest"), "fib-wat")["compile"]["cache"],
        "off"
    );
}

/// What happens to a file.
type Damage = fn(&Path);

/// If this fails, machine code that was damaged on the disk is run, or blocks a plugin for good.
#[test]
fn damaged_code_in_the_cache_is_never_run_and_compiled_again() {
    let damage: [(&str, Damage); 4] = [
        ("a flipped bit in the code", |file| {
            let mut bytes = fs::read(file).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            overwrite(file, &bytes);
        }),
        ("a flipped bit in the hash", |file| {
            let mut bytes = fs::read(file).unwrap();
            bytes[0] ^= 1;
            overwrite(file, &bytes);
        }),
        ("cut off", |file| {
            overwrite(file, &fs::read(file).unwrap()[..100])
        }),
        ("empty", |file| overwrite(file, &[])),
    ];
    let bench = Bench::new();
    bench.run([fib()]).exits(0);
    for (how, damage) in damage {
        // The two builds one after the other: the second is not loaded before the time pass.
        for build in ["metered", "timed"] {
            for file in files_of(&bench, build) {
                damage(&file);
            }
            bench.run([fib()]).exits(0);
            let run = bench.recorded("latest");
            assert_eq!(
                case(&run, "fib/20")["outcome"]["kind"],
                "ok",
                "{how}, {build}"
            );
            assert_eq!(
                plugin_of(&run, "fib-wat")["compile"]["cache"],
                "miss",
                "{how}, {build}"
            );
            bench.run([fib()]).exits(0).says("code cached");
        }
    }
}

/// In place, as a bad disk would.
fn overwrite(file: &Path, bytes: &[u8]) {
    File::options()
        .write(true)
        .truncate(true)
        .open(file)
        .unwrap()
        .write_all(bytes)
        .unwrap();
}

fn files_of(bench: &Bench, build: &str) -> Vec<PathBuf> {
    let mut files = bench.cached();
    files.retain(|file| file.to_string_lossy().contains(build));
    assert_eq!(files.len(), 2, "{files:?}");
    files
}
