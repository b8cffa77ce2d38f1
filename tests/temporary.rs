//! Temporary directories: private whatever the user's umask is, gone when their process is, and if
//! it was killed, at the next start; and what stands beside them is left alone.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::faults::endless_worker;
use super::support::{Bench, QUICK, fib, finish, plugin};

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

/// Everything of this name below a directory.
fn named(dir: &Path, name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_name() == name {
            found.push(path.clone());
        }
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(named(&path, name));
        }
    }
    found
}

/// A run that never ends, with a copy of `data`, under a umask that takes nothing away.
fn endless(bench: &Bench, flags: &[&str]) -> Endless {
    let mut command = Command::new("sh");
    command.args(["-c", "umask 000; exec \"$0\" \"$@\""]);
    command
        .arg(env!("CARGO_BIN_EXE_dyno"))
        .arg("run")
        .args(QUICK);
    command.args([
        "--fuel",
        "1e15",
        "--wall",
        "3min",
        "--dir-rw",
        "data::/data",
    ]);
    command.args(flags).arg("endless.wat");
    bench.place(&mut command);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let endless = Endless(command.spawn().unwrap());
    endless_worker(endless.0.id());
    endless
}

/// A run that does not outlive its test, however that ends.
struct Endless(Child);

impl Drop for Endless {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn end(mut endless: Endless, signal: Signal) {
    kill(Pid::from_raw(endless.0.id().cast_signed()), signal).unwrap();
    endless.0.wait().unwrap();
}

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("endless.wat", plugin(&["endless"]));
    for (file, mode) in [
        ("data/private", 0o600),
        ("data/tool", 0o750),
        ("data/sub/fixed", 0o440),
    ] {
        let path = bench.write(file, "content");
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    fs::set_permissions(bench.path("data/sub"), fs::Permissions::from_mode(0o710)).unwrap();
    bench
}

/// If this fails, another user reads files that only their owner may read, or puts code there for
/// it to run.
#[test]
fn a_temporary_directory_is_private_whatever_the_umask_is() {
    let bench = bench();
    let child = endless(&bench, &["--no-cache"]);
    let made = entries(&bench.tmp());
    let modes: Vec<_> = made.iter().map(|path| (path, mode(path))).collect();
    let copies = named(&bench.tmp(), "private");
    let private: Vec<u32> = copies.iter().map(|path| mode(path)).collect();
    let code: Vec<PathBuf> = made.iter().flat_map(|dir| entries(dir)).collect();
    let code: Vec<_> = code
        .iter()
        .filter(|path| path.extension().is_some())
        .collect();
    let code: Vec<u32> = code.into_iter().map(|path| mode(path)).collect();
    let as_before = |file: &str, wanted: u32| {
        named(&bench.tmp(), file)
            .iter()
            .any(|path| mode(path) == wanted)
    };
    let kept = [("tool", 0o750), ("sub", 0o710), ("fixed", 0o440)]
        .map(|(file, mode)| as_before(file, mode));
    let wider = named(&bench.tmp(), "fixed")
        .iter()
        .any(|path| mode(path) & !0o440 != 0);
    end(child, Signal::SIGTERM);
    assert!(
        !modes.is_empty() && modes.iter().all(|(_, mode)| *mode == 0o700),
        "{modes:?}"
    );
    assert_eq!(private, [0o600; 2]);
    assert!(
        !code.is_empty() && code.iter().all(|mode| *mode == 0o600),
        "{code:?}"
    );
    assert_eq!((kept, wider), ([true; 3], false));
    assert_eq!(entries(&bench.tmp()), Vec::<PathBuf>::new());
}

/// If this fails, copies of private files lie around for ever after a crash; or a run takes from
/// another one, from another user or through a link what is not its own.
#[test]
fn what_a_killed_process_left_is_swept_and_nothing_else() {
    let bench = bench();
    let live = endless(&bench, &[]);
    let (of_live, code_of_live) = (entries(&bench.tmp()), entries(&bench.cache().join("code")));
    end(endless(&bench, &[]), Signal::SIGKILL);
    let mut left = entries(&bench.tmp());
    left.retain(|path| !of_live.contains(path));
    assert!(!left.is_empty(), "nothing was left behind");

    // Names like those, of what is none of them.
    let like = |number: usize| {
        let name = left[0].file_name().unwrap().to_str().unwrap();
        bench
            .tmp()
            .join(format!("{}{number:03}", &name[..name.len() - 3]))
    };
    let precious = bench.write("precious/file", "content");
    symlink(precious.parent().unwrap(), like(1)).unwrap();
    fs::write(like(2), "a file").unwrap();
    // What others may look into was not made by us.
    fs::DirBuilder::new().mode(0o755).create(like(3)).unwrap();
    fs::write(like(3).join("file"), "content").unwrap();
    let mut others = vec![
        like(1),
        like(2),
        like(3),
        bench.tmp().join("dyno-e2e-of-a-user"),
    ];
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&others[3])
        .unwrap();
    if nix::unistd::geteuid().is_root() {
        fs::DirBuilder::new().mode(0o700).create(like(4)).unwrap();
        std::os::unix::fs::chown(like(4), Some(65534), Some(65534)).unwrap();
        others.push(like(4));
    }

    bench
        .dyno(
            ["run", "--quick", "--time", "10ms"]
                .iter()
                .map(Path::new)
                .chain([fib().as_path()]),
        )
        .exits(0);
    let mut expected = [of_live, others].concat();
    expected.sort();
    assert_eq!(entries(&bench.tmp()), expected);
    assert!(precious.exists() && like(3).join("file").exists());
    let code = entries(&bench.cache().join("code"));
    let dirs = |paths: &[PathBuf]| paths.iter().filter(|path| path.is_dir()).count();
    assert!(code_of_live.iter().all(|path| path.exists()));
    assert_eq!((dirs(&code_of_live), dirs(&code)), (1, 1), "{code:?}");
    end(live, Signal::SIGTERM);
    bench.dyno(["list", "endless.wat"]).exits(0);
    assert_eq!(dirs(&entries(&bench.cache().join("code"))), 0);
}

/// If this fails, another user leads a guest that may write to its copy of a directory to another
/// directory of the user.
#[test]
fn a_temporary_directory_that_others_can_move_holds_no_scratch_copy() {
    let bench = bench();
    fs::set_permissions(bench.tmp(), fs::Permissions::from_mode(0o777)).unwrap();
    let mut command = bench.command();
    command
        .arg("run")
        .args(QUICK)
        .args(["--dir-rw", "data::/data"])
        .arg(fib());
    let said = finish(command).exits(1);
    assert!(said.stdout.contains("sticky"), "{said}");
    fs::set_permissions(bench.tmp(), fs::Permissions::from_mode(0o1777)).unwrap();
    let mut command = bench.command();
    command
        .arg("run")
        .args(QUICK)
        .args(["--dir-rw", "data::/data"])
        .arg(fib());
    finish(command).exits(0);
}
