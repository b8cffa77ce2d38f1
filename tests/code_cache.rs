//! Machine code: whatever stands in the cache under the name of code, and whoever put it there,
//! only what was compiled for that very name is run.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::faults::endless_worker;
use super::support::{Bench, QUICK, case, finish, gather, plugin, plugin_of, shown};

/// Cached files of a plugin, by its path in the working directory.
fn code_of(bench: &Bench, file: &str) -> Vec<PathBuf> {
    let bytes = fs::read(bench.path(file)).unwrap();
    let digest = dyno_plugin::Digest::of(&bytes).hex();
    let mut files = bench.cached();
    files.retain(|path| {
        path.file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with(&digest)
    });
    assert!(!files.is_empty());
    files
}

/// Whether the last run found the code of a plugin.
fn cache_use(bench: &Bench, plugin: &str) -> String {
    let run = bench.recorded("latest");
    plugin_of(&run, plugin)["compile"]["cache"]
        .as_str()
        .unwrap()
        .into()
}

/// Puts something under a path.
type Make<'a> = &'a dyn Fn(&Path);

/// If this fails, something that is no file hangs a run, fills its memory, or is compiled around
/// for ever.
#[test]
fn what_is_no_code_is_not_waited_for_and_is_replaced() {
    let bench = Bench::new();
    bench.write("a.wat", plugin(&["add"]));
    bench.run(["a.wat"]).exits(0);
    let elsewhere = bench.write("elsewhere.cwasm", "content");
    let kinds: [(&str, Make); 6] = [
        ("pipe", &|path| {
            let made = Command::new("mkfifo").arg(path).status().unwrap();
            assert!(made.success());
        }),
        ("directory", &|path| {
            fs::create_dir(path).unwrap();
            fs::write(path.join("file"), "content").unwrap();
        }),
        ("link to a device", &|path| {
            symlink("/dev/zero", path).unwrap()
        }),
        ("link", &|path| symlink(&elsewhere, path).unwrap()),
        ("hole", &|path| {
            fs::File::create(path).unwrap().set_len(20 << 30).unwrap()
        }),
        ("nothing", &|path| fs::write(path, "").unwrap()),
    ];
    for (kind, make) in kinds {
        for file in code_of(&bench, "a.wat") {
            fs::remove_file(&file).unwrap();
            make(&file);
        }
        bench.run(["a.wat"]).exits(0);
        assert_eq!(cache_use(&bench, "a"), "miss", "{kind}");
        for file in code_of(&bench, "a.wat") {
            let found = fs::symlink_metadata(&file).unwrap();
            assert!(
                found.is_file() && found.len() < 1 << 20,
                "{kind}: {file:?} is still there"
            );
        }
        bench.run(["a.wat"]).exits(0);
        assert_eq!(cache_use(&bench, "a"), "hit", "{kind}");
    }
    assert_eq!(fs::read_to_string(elsewhere).unwrap(), "content");
}

/// If this fails, whoever can write a file into the cache has one plugin measured under the name of
/// another.
#[test]
fn code_under_another_name_is_noticed() {
    let bench = Bench::new();
    bench.write("a.wat", plugin(&["add"]));
    bench.write("b.wat", plugin(&["bad"]));
    let thorough = [
        "run",
        "--blocks",
        "8",
        "--time",
        "5ms",
        "--sample-time",
        "1ms",
    ];
    let measure = |file: &str| bench.dyno(thorough.iter().chain([&file])).exits(0);
    measure("a.wat");
    measure("b.wat");
    let (a, b) = (code_of(&bench, "a.wat"), code_of(&bench, "b.wat"));
    assert!(a.len() > 2 && b.len() > 2, "there are no layouts: {a:?}");
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap()[64..].to_owned();
    for from in &a {
        if let Some(to) = b.iter().find(|to| name(to) == name(from)) {
            fs::write(to, fs::read(from).unwrap()).unwrap();
        }
    }
    measure("b.wat");
    let run = bench.recorded("latest");
    assert_eq!(case(&run, "bad")["outcome"]["kind"], "ok");
    assert_eq!(cache_use(&bench, "b"), "miss");
    measure("b.wat");
    assert_eq!(cache_use(&bench, "b"), "hit");

    // One layout of a plugin in the place of another.
    let files = code_of(&bench, "b.wat");
    let layout = |wanted: bool| {
        let mut timed = files.iter().filter(|path| name(path).contains("timed"));
        timed.find(|path| name(path).matches('-').count() == if wanted { 3 } else { 2 })
    };
    fs::copy(layout(true).unwrap(), layout(false).unwrap()).unwrap();
    measure("b.wat");
    assert_eq!(cache_use(&bench, "b"), "miss");
}

/// If this fails, code that was put there after it was looked at is run.
#[test]
fn code_that_is_swapped_after_it_was_checked_is_not_run() {
    let bench = Bench::new();
    bench.write("evil.wat", plugin(&["other"]));
    bench.write("it.wat", plugin(&["endless", "add"]));
    bench.run(["evil.wat"]).exits(0);
    let evil = code_of(&bench, "evil.wat");
    let mut command = bench.command();
    command
        .arg("run")
        .args(QUICK)
        .args(["--fuel", "1e15", "--wall", "10min"]);
    command.args(["--no-cache", "it.wat"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let what = shown(&command);
    let child = command.spawn().unwrap();
    // It has loaded its code.
    let worker = endless_worker(child.id());
    let mut swapped = 0;
    for dir in fs::read_dir(bench.tmp()).unwrap().flatten() {
        for entry in fs::read_dir(dir.path()).unwrap().flatten() {
            let build = |path: &Path| path.to_string_lossy().contains("metered");
            if entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "cwasm")
            {
                let from = evil
                    .iter()
                    .find(|path| build(path) == build(&entry.path()))
                    .unwrap();
                let new = bench.path("new");
                fs::copy(from, &new).unwrap();
                fs::rename(new, entry.path()).unwrap();
                swapped += 1;
            }
        }
    }
    // The next case has a worker of its own.
    kill(Pid::from_raw(worker), Signal::SIGKILL).unwrap();
    assert!(swapped >= 2);
    let said = gather(child, what).exits(1);
    assert!(
        said.stdout
            .contains("not the machine code that was checked"),
        "{said}"
    );
}

/// If this fails, machine code is taken from a place where others put it.
#[test]
fn a_cache_that_others_can_write_or_own_is_not_used_and_that_is_said() {
    let bench = Bench::new();
    bench.write("a.wat", plugin(&["add"]));
    bench.run(["a.wat"]).exits(0);
    let code = bench.cache().join("code");
    let warning = |wanted: &str| {
        let said = bench.run(["a.wat"]).exits(0);
        assert!(said.stdout.contains(wanted), "{said}");
        assert_eq!(cache_use(&bench, "a"), "off");
    };
    for mode in [0o777, 0o720, 0o1777] {
        fs::set_permissions(&code, fs::Permissions::from_mode(mode)).unwrap();
        warning("other users may write to it");
    }
    fs::set_permissions(&code, fs::Permissions::from_mode(0o700)).unwrap();
    // Files that others can write, in a directory that only we can.
    for file in code_of(&bench, "a.wat") {
        fs::set_permissions(file, fs::Permissions::from_mode(0o666)).unwrap();
    }
    bench.run(["a.wat"]).exits(0);
    assert_eq!(cache_use(&bench, "a"), "miss");
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let nobody = Some(65534);
    for file in code_of(&bench, "a.wat") {
        std::os::unix::fs::chown(file, nobody, nobody).unwrap();
    }
    bench.run(["a.wat"]).exits(0);
    assert_eq!(cache_use(&bench, "a"), "miss");
    std::os::unix::fs::chown(&code, nobody, nobody).unwrap();
    warning("it belongs to another user");
}

/// If this fails, a stranger's files in the cache drive out the code that is used.
#[test]
fn what_is_no_code_of_ours_is_what_leaves_the_cache_first() {
    let bench = Bench::new();
    bench.write("a.wat", plugin(&["add"]));
    bench.run(["a.wat"]).exits(0);
    let hole = bench.cache().join("code/hole.cwasm");
    fs::File::create(&hole).unwrap().set_len(20 << 30).unwrap();
    fs::create_dir(bench.cache().join("code/directory.cwasm")).unwrap();
    bench.write("b.wat", plugin(&["bad"]));
    let said = finish({
        let mut command = bench.command();
        command.arg("run").args(QUICK).arg("b.wat");
        command
    });
    assert!(!said.exits(0).stdout.contains("cannot be kept"));
    assert!(!hole.exists());
    bench.run(["a.wat"]).exits(0);
    assert_eq!(cache_use(&bench, "a"), "hit");
}
