//! What the machine does to the store of installed packages: kills, full disks, damage,
//! permissions, and two at once. Whatever it is, what was installed before is there and runs, or
//! what is new.

mod at_once;
mod damage;

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::actors::{Author, home, installed, locked, runs_version, stored, user, user_of};
use crate::support::{Bench, finish, gather, shown};

/// How often an installation is killed, each time a little later.
const KILLS: u32 = 16;

/// A release whose dataset takes a while to be written.
fn bulky(author: &Author, release: &str, fill: u8) -> std::path::PathBuf {
    let source = author.source(release, "datasets.bulk = \"bulk\"");
    fs::write(source.join("bulk"), vec![fill; 4 << 20]).unwrap();
    author.signed(&source)
}

/// How long a verb takes that nobody disturbs.
fn duration(command: Command) -> Duration {
    let began = Instant::now();
    finish(command).exits(0);
    began.elapsed()
}

/// Starts a verb and kills it after a while, unless it has ended by then.
fn killed_after(mut command: Command, delay: Duration) {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    thread::sleep(delay);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// What lies in the store and the home but not in those of somebody who was never disturbed.
fn expect_tidy(bench: &Bench, undisturbed: &Bench) {
    assert_eq!(stored(bench), stored(undisturbed));
}

/// If this fails, an installation that is killed leaves a store that cannot be used, or rubbish
/// that nobody ever removes.
#[test]
fn an_install_that_is_killed_has_happened_or_has_not() {
    let author = Author::new();
    let package = bulky(&author, "fib@1.0.0", b'a');
    let undisturbed = user(&author);
    let whole = duration(install(&undisturbed, &package));
    for step in 0..KILLS {
        let user = user(&author);
        killed_after(install(&user, &package), whole * step / (KILLS - 2));
        let there = installed(&user);
        assert!(there.is_empty() || there == ["acme/fib@1.0.0"], "{there:?}");
        if !there.is_empty() {
            runs_version(&user, "1.0.0");
        }
        finish(install(&user, &package)).exits(0);
        runs_version(&user, "1.0.0");
        expect_tidy(&user, &undisturbed);
        assert!(
            locked(&user).contains("acme/fib@1.0.0"),
            "{}",
            locked(&user)
        );
    }
}

/// If this fails, a first installation that was killed as early as can be has to be repaired by
/// hand.
#[test]
fn a_store_that_was_begun_and_no_more_is_empty_and_can_be_used() {
    let author = Author::new();
    let package = author.package("fib@1.0.0", "");
    let model = user(&author);
    finish(install(&model, &package)).exits(0);
    model.dyno(["uninstall", "acme/fib"]).exits(0);
    let empty = fs::read(home(&model).join("store/index.json")).unwrap();
    // In the order in which they are made.
    for steps in 0..=3 {
        let user = user(&author);
        let store = home(&user).join("store");
        fs::create_dir_all(&store).unwrap();
        if steps > 0 {
            fs::write(store.join(".lock"), "").unwrap();
        }
        if steps > 1 {
            fs::create_dir_all(store.join("blobs/sha256")).unwrap();
        }
        if steps > 2 {
            fs::write(store.join("index.json"), &empty).unwrap();
        }
        user.dyno(["installed"]).exits(4);
        user.dyno(["uninstall", "acme/fib"]).exits(4);
        user.run(["acme/fib"])
            .exits(3)
            .says("nor an installed package");
        finish(install(&user, &package)).exits(0);
        runs_version(&user, "1.0.0");
    }
}

/// If this fails, whoever changes their mind finds half an installation, or what it unpacked.
#[test]
fn an_install_that_is_interrupted_leaves_nothing_behind() {
    let author = Author::new();
    let package = bulky(&author, "fib@1.0.0", b'a');
    let whole = duration(install(&user(&author), &package));
    for step in 1..KILLS {
        let user = user(&author);
        let mut command = install(&user, &package);
        let what = shown(&command);
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        thread::sleep(whole * step / KILLS);
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
        // It may have ended by now, and waits to be asked how.
        kill(pid, Signal::SIGTERM).unwrap();
        let said = gather(child, what);
        let is_early = said.status.signal() == Some(15);
        assert!(
            is_early || matches!(said.status.code(), Some(0 | 143)),
            "{said}"
        );
        let there = installed(&user);
        assert!(there.is_empty() || there == ["acme/fib@1.0.0"], "{there:?}");
        if !is_early {
            let left: Vec<_> = fs::read_dir(user.tmp()).unwrap().flatten().collect();
            assert!(left.is_empty(), "{left:?}");
        }
    }
}

/// If this fails, an update that is killed takes away what was there before it.
#[test]
fn an_update_that_is_killed_leaves_the_old_version_or_the_new_one() {
    let author = Author::new();
    let old = bulky(&author, "fib@1.0.0", b'a');
    let index = author.index(&[&old]);
    let begin = || {
        let user = user_of(&author, &index);
        user.dyno(["install", "acme/fib"]).exits(0);
        user
    };
    let users: Vec<Bench> = (0..=KILLS).map(|_| begin()).collect();
    author.index(&[&bulky(&author, "fib@1.1.0", b'b')]);
    let update = |bench: &Bench| {
        let mut command = bench.command();
        command.arg("update");
        command
    };
    let (undisturbed, users) = users.split_first().unwrap();
    let whole = duration(update(undisturbed));
    let mut seen = Vec::new();
    for (step, user) in (0..).zip(users) {
        killed_after(update(user), whole * step / (KILLS - 2));
        let there = installed(user);
        assert_eq!(there.len(), 1, "{there:?}");
        let version = there[0].strip_prefix("acme/fib@").unwrap().to_owned();
        assert!(["1.0.0", "1.1.0"].contains(&version.as_str()), "{version}");
        runs_version(user, &version);
        seen.push(version);
        finish(update(user)).exits(0);
        runs_version(user, "1.1.0");
        // An update that finds nothing to do removes nothing; an installation does.
        user.dyno(["install", "acme/fib"]).exits(0);
        expect_tidy(user, undisturbed);
        assert!(locked(user).contains("acme/fib@1.1.0"), "{}", locked(user));
    }
    assert_eq!(seen[0], "1.0.0", "it was not killed before it did anything");
}

/// If this fails, a full disk costs the version that was there, or ends in something worse than a
/// sentence. The limit on a file's size fails the write as a full disk would.
#[test]
fn a_disk_that_is_full_leaves_the_old_version_working() {
    let author = Author::new();
    let old = author.package("fib@1.0.0", "");
    let new = bulky(&author, "fib@1.1.0", b'b');
    let user = user(&author);
    user.dyno(["install".as_ref(), old.as_os_str()]).exits(0);
    let (before, lock) = (stored(&user), locked(&user));
    // In units of 512 or 1024 bytes, as the shell likes: enough for all but the dataset.
    for blocks in ["0", "1", "64", "1024"] {
        let mut command = Command::new("sh");
        user.place(&mut command);
        command.args(["-c", "ulimit -f $0 && exec \"$@\"", blocks]);
        command
            .arg(env!("CARGO_BIN_EXE_dyno"))
            .arg("install")
            .arg(&new);
        let said = finish(command);
        assert!(matches!(said.status.code(), Some(1 | 3)), "{said}");
        assert_eq!(said.stderr.matches("error:").count(), 1, "{said}");
        assert!(
            said.stderr.contains("File too large"),
            "why is not said: {said}"
        );
        assert_eq!(installed(&user), ["acme/fib@1.0.0"]);
        assert_eq!(locked(&user), lock);
        runs_version(&user, "1.0.0");
    }
    // What of it was written goes with the next installation.
    user.dyno(["install".as_ref(), old.as_os_str()]).exits(0);
    assert_eq!(stored(&user), before);
    user.dyno(["install".as_ref(), new.as_os_str()]).exits(0);
    runs_version(&user, "1.1.0");
}

fn install(bench: &Bench, package: &Path) -> Command {
    let mut command = bench.command();
    command.arg("install").arg(package);
    command
}
