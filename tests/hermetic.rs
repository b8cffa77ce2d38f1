//! A count is the same on every machine: what a guest sees of directories, and what it finds in a
//! scratch copy, does not depend on the file system, on when files were made, or on what ran
//! before.

use std::fs::{self, File, FileTimes};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tempfile::TempDir;

use super::support::{Bench, case, finish, repository};
use super::versions::change;

/// A command over the directory that is its first: `body` is what it does. `$show` prints bytes and
/// does as many rounds as they add up to, so that fuel and checksum say what they are.
fn command(body: &str) -> String {
    format!(
        r#"(module
    (import "wasi_snapshot_preview1" "fd_write"
        (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_readdir"
        (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_filestat_get"
        (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
    {PATH_OPEN}
    (import "wasi_snapshot_preview1" "path_unlink_file"
        (func $path_unlink_file (param i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_rename"
        (func $path_rename (param i32 i32 i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 2)
    (data (i32.const 64) ".")
    (data (i32.const 65) "sub")
    (data (i32.const 68) "one")
    (data (i32.const 71) "two")
    (func $must (param $error i32) (if (local.get $error) (then (unreachable))))
    (func $show (param $at i32) (param $bytes i32)
        (local $rounds i32)
        (i32.store (i32.const 0) (local.get $at))
        (i32.store (i32.const 4) (local.get $bytes))
        (call $must (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
        (loop $next
            (local.set $rounds (i32.add (i32.load8_u (local.get $at)) (i32.const 1)))
            (loop $round
                (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if $next (local.tee $bytes (i32.sub (local.get $bytes) (i32.const 1))))))
    (func $stat (param $path i32) (param $bytes i32)
        (call $must (call $path_filestat_get
            (i32.const 3) (i32.const 1) (local.get $path) (local.get $bytes) (i32.const 1024)))
        (call $show (i32.const 1024) (i32.const 64)))
    (func $list
        (call $must (call $fd_readdir
            (i32.const 3) (i32.const 2048) (i32.const 32768) (i64.const 0) (i32.const 16)))
        (call $show (i32.const 2048) (i32.load (i32.const 16))))
    ;; New, or an error.
    (func $create (param $path i32) (param $bytes i32)
        (call $must (call $path_open (i32.const 3) (i32.const 0) (local.get $path) (local.get $bytes)
            (i32.const 5) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 24))))
    (func $unlink (param $path i32) (param $bytes i32)
        (call $must (call $path_unlink_file (i32.const 3) (local.get $path) (local.get $bytes))))
    (func (export "_start") {body}))"#
    )
}

const PATH_OPEN: &str = r#"(import "wasi_snapshot_preview1" "path_open"
        (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))"#;

const ONE: &str = "(i32.const 68) (i32.const 3)";
const TWO: &str = "(i32.const 71) (i32.const 3)";

/// A directory in memory, unless this machine has none that is a file system of its own.
fn in_memory(other: &Path) -> Option<TempDir> {
    let device = |path: &Path| fs::metadata(path).map(|found| found.dev());
    let memory = Path::new("/dev/shm");
    let is_another = device(memory).is_ok_and(|found| found != device(other).unwrap());
    let dir = is_another.then(|| TempDir::with_prefix_in("dyno-e2e-", memory).ok());
    let dir = dir.flatten();
    if dir.is_none() {
        eprintln!(
            "not tried: there is no second file system at {}",
            memory.display()
        );
    }
    dir
}

/// The same files with another age, made in another order, one of them with a second name
/// elsewhere.
fn lay_out(dir: &Path, is_turned: bool) -> PathBuf {
    let data = dir.join("data");
    fs::create_dir_all(data.join("sub")).unwrap();
    let mut names: Vec<String> = (0..200_u32)
        .map(|number| format!("{:08x}", number.wrapping_mul(2_654_435_761)))
        .collect();
    names.extend(["one".into(), "two".into()]);
    if is_turned {
        names.reverse();
        fs::create_dir(data.join("was-here")).unwrap();
        fs::remove_dir(data.join("was-here")).unwrap();
    }
    for name in &names {
        fs::write(data.join(name), name).unwrap();
    }
    if is_turned {
        fs::hard_link(data.join("one"), dir.join("second-name")).unwrap();
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_007);
        let times = FileTimes::new().set_accessed(old).set_modified(old);
        File::options()
            .write(true)
            .open(data.join("two"))
            .unwrap()
            .set_times(times)
            .unwrap();
    }
    data
}

/// What the count pass found of the only case: its fuel and its checksum.
fn counted(run: &Value, name: &str) -> (f64, String) {
    let case = case(run, name);
    assert_eq!(case["outcome"]["kind"], "ok", "{case:#}");
    assert_eq!(case["count"]["deterministic"], true, "{case:#}");
    let fuel = case["count"]["fuel_per_iteration"].as_f64().unwrap();
    (fuel, case["checksum"].as_str().unwrap().to_owned())
}

/// If this fails, the same files on another disk are another benchmark.
#[test]
fn a_directory_counts_the_same_wherever_it_lies() {
    let bench = Bench::new();
    let body = format!(
        "(call $list) (call $stat {ONE}) (call $stat {TWO}) (call $stat (i32.const 64) (i32.const 1)) (call $stat (i32.const 65) (i32.const 3))"
    );
    let file = bench.write("look.wat", command(&body));
    let memory = in_memory(&bench.work());
    let mut places = vec![
        lay_out(&bench.path("plain"), false),
        lay_out(&bench.path("turned"), true),
    ];
    if let Some(memory) = &memory {
        places.push(lay_out(&memory.path().join("plain"), false));
        places.push(lay_out(&memory.path().join("turned"), true));
    }
    for access in ["--dir", "--dir-rw"] {
        let found: Vec<_> = places
            .iter()
            .map(|place| {
                let grant = format!("{access}={}::/d", place.display());
                bench
                    .run([file.as_os_str(), grant.as_ref(), "--strict".as_ref()])
                    .exits(0);
                counted(&bench.recorded("latest"), "look")
            })
            .collect();
        assert!(
            found.windows(2).all(|pair| pair[0] == pair[1]),
            "{access}: {found:?}"
        );
    }
}

/// If this fails, a number says which inodes a file system gives out again.
#[test]
fn a_file_that_comes_after_another_has_a_number_of_its_own() {
    let bench = Bench::new();
    let body = format!(
        "(call $create {ONE}) (call $stat {ONE}) (call $unlink {ONE}) (call $create {TWO}) (call $stat {TWO})
         (call $create {ONE}) (call $stat {ONE})
         (call $must (call $path_rename (i32.const 3) {TWO} (i32.const 3) {ONE})) (call $stat {ONE})
         (call $create {TWO}) (call $stat {TWO})"
    );
    let file = bench.write("churn.wat", command(&body));
    fs::create_dir(bench.path("empty")).unwrap();
    let memory = in_memory(&bench.work());
    let places = [
        Some(bench.tmp()),
        memory.as_ref().map(|dir| dir.path().to_owned()),
    ];
    let found: Vec<_> = places
        .iter()
        .flatten()
        .map(|place| {
            let mut command = bench.command();
            command
                .env("TMPDIR", place)
                .args(["check", "--format", "json"]);
            command.arg(&file).arg("--dir-rw=empty::/d");
            counted(&finish(command).exits(0).json(), "churn")
        })
        .collect();
    assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "{found:?}");
    // What each `stat` shows: device, number, type, links, size and three times, eight bytes each.
    let stats = [1_u64, 2, 3, 2, 4].map(|number| {
        let mut stat = [[0; 8]; 8];
        stat[0] = 1_u64.to_le_bytes();
        stat[1] = number.to_le_bytes();
        stat[2] = [4, 0, 0, 0, 0, 0, 0, 0];
        stat[3] = 1_u64.to_le_bytes();
        let epoch = 1_577_836_800_000_000_000_u64.to_le_bytes();
        stat[5..].fill(epoch);
        stat.concat()
    });
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(stats.concat());
    let hex: String = digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(found[0].1, format!("0x{hex}"));
}

/// If this fails, a second pass or iteration finds what the first one left, and what makes a new
/// file traps.
#[test]
fn every_pass_and_iteration_begins_with_the_directory_as_it_was() {
    let bench = Bench::new();
    bench.write("d/two", "2");
    let grant = "--dir-rw=d::/d";
    let body = format!("(call $create {ONE}) (call $unlink {TWO})");
    let file = bench.write("new.wat", command(&body));
    bench
        .run([file.as_os_str(), grant.as_ref(), "--strict".as_ref()])
        .exits(0);
    let run = bench.recorded("latest");
    counted(&run, "new");
    let samples = case(&run, "new")["processes"][0]["samples"]
        .as_array()
        .unwrap();
    assert!(samples.len() > 1, "one sample shows nothing: {samples:?}");

    let fib = fs::read_to_string(repository().join("sample-plugins/fib-wat/fib.wat")).unwrap();
    let open = "(if (call $path_open (i32.const 3) (i32.const 0) (i32.const 256) (i32.const 3)
            (i32.const 5) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 0)) (then (unreachable)))";
    let suite = fib
        .replace(
            r#"(memory (export "memory") 1)"#,
            &format!(r#"{PATH_OPEN} (memory (export "memory") 4)"#),
        )
        .replace("(i32.const 65536)", "(i32.const 262144)")
        .replace("(call $batches)", &format!("{open} (call $batches)"));
    let file = bench.write("suite.wat", suite);
    bench
        .run([file.as_os_str(), grant.as_ref(), "--strict".as_ref()])
        .exits(0);
    counted(&bench.recorded("latest"), "fib/20");
    assert_eq!(
        fs::read_dir(bench.path("d")).unwrap().count(),
        1,
        "the original was changed"
    );
    assert_eq!(
        fs::read_dir(bench.tmp()).unwrap().count(),
        0,
        "a copy is left behind"
    );
}

/// If this fails, a program of a saved baseline gets another first argument than the one it is
/// compared with, and has a case of another name.
#[test]
fn a_kept_program_is_called_what_it_was_called() {
    let bench = Bench::new();
    let program = |more: &str| {
        format!(
            r#"(module
            (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
            (memory (export "memory") 1)
            (func (export "_start") (local $rounds i32)
                (drop (call $sizes (i32.const 0) (i32.const 4)))
                (local.set $rounds (i32.mul (i32.load (i32.const 4)) (i32.const 1000)))
                (loop $round
                    (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
                {more}))"#
        )
    };
    bench.write("d/deep/down/benchmark.wat", program(""));
    bench.run(["d", "--save-baseline", "main"]).exits(0);
    bench.write("d/deep/down/benchmark.wat", program("(nop)"));
    bench.compare(["main", "d"]).exits(0);
    let compared = bench.verdict();
    assert_eq!(compared["case"], "benchmark");
    let fuel = change(&compared, "fuel");
    assert_eq!(fuel["base"], fuel["candidate"], "{fuel}");
}

/// If this fails, a guest that looks at the sign of a NaN counts one way on x86-64, and another on
/// aarch64.
#[test]
fn a_nan_counts_as_the_one_of_every_machine() {
    let bench = Bench::new();
    let file = bench.write(
        "nan.wat",
        r#"(module
        (func $over (param f64 f64) (result f64) (f64.div (local.get 0) (local.get 1)))
        (func (export "_start") (local $rounds i32)
            (if (i64.lt_s (i64.reinterpret_f64 (call $over (f64.const 0) (f64.const 0))) (i64.const 0))
                (then
                    (local.set $rounds (i32.const 1000))
                    (loop $round (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))))))"#,
    );
    let said = bench.dyno([
        "check".as_ref(),
        "--format".as_ref(),
        "json".as_ref(),
        file.as_os_str(),
    ]);
    let (fuel, _) = counted(&said.exits(0).json(), "nan");
    assert!(fuel < 100.0, "{fuel}");

    // The time pass has the processor's own, so a result that holds its sign is not the same
    // everywhere, and said so.
    let zero = "(f64.load (i32.const 1032))";
    let body = format!(
        "(f64.store (i32.const 1024) (f64.div {zero} {zero})) (call $show (i32.const 1024) (i32.const 8))"
    );
    let file = bench.write("sign.wat", command(&body));
    bench.run([&file]).exits(0);
    let run = bench.recorded("latest");
    let sign = case(&run, "sign");
    assert_eq!(sign["count"]["deterministic"], true, "{sign:#}");
    let is_marked = sign["marks"]
        .as_array()
        .unwrap()
        .contains(&"nondeterministic".into());
    assert_eq!(is_marked, cfg!(target_arch = "x86_64"), "{sign:#}");
}
