//! What the machine does to the store of installed packages: kills, full disks, damage,
//! permissions, and two at once. Whatever it is, what was installed before is there and runs, or
//! what is new.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::actors::{Author, home, installed, locked, runs_version, stored, user, user_of};
use crate::support::{Bench, Said, finish, gather, shown};

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

/// If this fails, two who install at one time take away what the other installed, or wait for ever.
#[test]
fn installations_at_one_time_all_end_well_and_all_are_there() {
    let author = Author::new();
    let packages: Vec<_> = (0..4)
        .map(|number| bulky(&author, &format!("p{number}@1.0.0"), b'a' + number))
        .collect();
    for _ in 0..3 {
        let user = user(&author);
        // The same one twice, too.
        let all = packages.iter().chain(&packages[..1]);
        at_one_time(all.map(|package| install(&user, package)), &[0]);
        assert_eq!(
            installed(&user),
            [0, 1, 2, 3].map(|number| format!("acme/p{number}@1.0.0"))
        );
        user.run(["acme/p0", "acme/p1", "acme/p2", "acme/p3"])
            .exits(0);
    }
}

/// If this fails, what is installed at one time with something else is missing in the lock, and the
/// next machine does not get it.
#[test]
fn installations_at_one_time_lose_nothing_of_the_lock() {
    let author = Author::new();
    let packages: Vec<_> = (0..6)
        .map(|number| author.package(&format!("p{number}@1.0.0"), ""))
        .collect();
    let first = author.package("first@1.0.0", "");
    for _ in 0..10 {
        let user = user(&author);
        finish(install(&user, &first)).exits(0);
        at_one_time(packages.iter().map(|package| install(&user, package)), &[0]);
        let lock = locked(&user);
        for number in 0..6 {
            assert!(
                lock.contains(&format!("acme/p{number}@1.0.0")),
                "it lost p{number}: {lock}"
            );
        }
        assert_eq!(installed(&user).len(), 7);
    }
}

/// If this fails, whoever is fast enough goes back to an older version without a flag.
#[test]
fn an_older_version_does_not_win_a_race_against_a_newer_one() {
    let author = Author::new();
    let old = author.package("fib@1.0.0", "");
    let new = bulky(&author, "fib@1.1.0", b'b');
    let first = author.package("first@1.0.0", "");
    for _ in 0..4 {
        let user = user(&author);
        finish(install(&user, &first)).exits(0);
        at_one_time(
            [&old, &new, &old, &old].map(|package| install(&user, package)),
            &[0, 3],
        );
        assert_eq!(installed(&user), ["acme/fib@1.1.0", "acme/first@1.0.0"]);
        runs_version(&user, "1.1.0");
        assert!(
            locked(&user).contains("acme/fib@1.1.0"),
            "{}",
            locked(&user)
        );
    }
}

fn install(bench: &Bench, package: &Path) -> Command {
    let mut command = bench.command();
    command.arg("install").arg(package);
    command
}

/// Runs commands at one time; each ends with one of these codes.
fn at_one_time(commands: impl IntoIterator<Item = Command>, codes: &[i32]) {
    let mut running = Vec::new();
    for mut command in commands {
        let what = shown(&command);
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        running.push((child, what));
    }
    for (child, what) in running {
        let said = gather(child, what);
        assert!(
            said.status.code().is_some_and(|code| codes.contains(&code)),
            "{said}"
        );
    }
}

/// If this fails, runs and installations disturb each other.
#[test]
fn what_is_installed_runs_while_it_is_replaced() {
    let author = Author::new();
    let old = author.package("fib@1.0.0", "");
    let new = author.package("fib@1.1.0", "");
    let user = user(&author);
    user.dyno(["install".as_ref(), old.as_os_str()]).exits(0);
    thread::scope(|scope| {
        let runs = scope.spawn(|| {
            for _ in 0..40 {
                user.dyno(["verify", "acme/fib"]).exits(0);
            }
            user.run(["acme/fib"]).exits(0).says("v1.");
        });
        while !runs.is_finished() {
            for package in [&new, &old] {
                user.dyno([
                    "install".as_ref(),
                    "--allow-downgrade".as_ref(),
                    package.as_os_str(),
                ])
                .exits(0);
            }
        }
        runs.join().unwrap();
    });
    runs_version(&user, "1.0.0");
}

/// If this fails, a store that cannot be written ends in something else than a sentence, or cannot
/// be read either.
#[test]
fn a_store_that_cannot_be_written_still_runs_what_is_in_it() {
    let author = Author::new();
    let old = author.package("fib@1.0.0", "");
    let new = author.package("fib@1.1.0", "");
    let user = user(&author);
    user.dyno(["install".as_ref(), old.as_os_str()]).exits(0);
    let new = user.write("new.oci.tar", fs::read(new).unwrap());
    let store = home(&user).join("store");
    let permit = |mode: u32| {
        for dir in ["", "blobs", "blobs/sha256"] {
            fs::set_permissions(store.join(dir), fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    permit(0o555);
    let before = (stored(&user), locked(&user));
    let say = |args: &[&str]| {
        let mut command = user.command();
        let can = user.without_rights(&mut command);
        command.args(args);
        can.then(|| finish(command))
    };
    let Some(said) = say(&["install", new.to_str().unwrap()]) else {
        permit(0o755);
        return;
    };
    said.exits(1)
        .complains("store")
        .complains("Permission denied");
    say(&["uninstall", "acme/fib"])
        .unwrap()
        .exits(1)
        .complains("Permission denied");
    assert_eq!((stored(&user), locked(&user)), before);
    say(&["installed"]).unwrap().exits(0).says("acme/fib");
    say(&["run", "--quick", "--time", "20ms", "acme/fib"])
        .unwrap()
        .exits(0)
        .says("v1.0.0");
    say(&["verify", "acme/fib"]).unwrap().exits(0);
    permit(0o755);
    say(&["install", new.to_str().unwrap()]).unwrap().exits(0);
    say(&["run", "--quick", "--time", "20ms", "acme/fib"])
        .unwrap()
        .exits(0)
        .says("v1.1.0");
}

/// Damages a stored blob: the component, or the manifest.
fn damage(bench: &Bench, what: &str, how: &dyn Fn(&Path)) {
    let listed = bench.dyno(["installed", "--json"]).exits(0).json();
    let digest = listed[0][what]
        .as_str()
        .unwrap()
        .trim_start_matches("sha256:")
        .to_owned();
    how(&home(bench).join("store/blobs/sha256").join(digest));
}

/// If this fails, something is run that is not what was installed, or a damaged store cannot be
/// mended by installing again.
#[test]
fn a_damaged_blob_is_refused_by_a_sentence_and_mended_by_installing_again() {
    let author = Author::new();
    let package = author.package("fib@1.0.0", "");
    let index = author.index(&[&package]);
    let flip = |path: &Path| {
        let mut bytes = fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    let cut = |path: &Path| fs::write(path, b"").unwrap();
    let remove = |path: &Path| fs::remove_file(path).unwrap();
    let damages: [&dyn Fn(&Path); 3] = [&flip, &cut, &remove];
    let user = user_of(&author, &index);
    for way in ["acme/fib", package.to_str().unwrap()] {
        for what in ["wasm", "manifest"] {
            for how in damages {
                user.dyno(["install", way]).exits(0);
                runs_version(&user, "1.0.0");
                damage(&user, what, how);
                let said = user.run(["acme/fib"]).exits(3).says("refused");
                assert!(!said.stdout.contains("v1.0.0"), "it ran: {said}");
                user.dyno(["verify", "acme/fib"])
                    .exits(3)
                    .complains("acme/fib");
                user.dyno(["installed"]).exits(0).says("acme/fib");
            }
        }
    }
    user.dyno(["install", "acme/fib"]).exits(0);
    runs_version(&user, "1.0.0");
    // What cannot be mended can be removed.
    damage(&user, "manifest", &flip);
    user.dyno(["uninstall", "acme/fib"]).exits(0);
    assert!(installed(&user).is_empty());
}

/// If this fails, one damaged package keeps its user from all others.
#[test]
fn a_damaged_package_does_not_keep_others_from_being_installed_or_removed() {
    let author = Author::new();
    let fib = author.package("fib@1.0.0", "");
    let other = author.package("other@1.0.0", "");
    let user = user(&author);
    user.dyno(["install".as_ref(), fib.as_os_str()]).exits(0);
    damage(&user, "manifest", &|path| fs::write(path, b"").unwrap());
    user.dyno(["install".as_ref(), other.as_os_str()]).exits(0);
    user.run(["acme/other"]).exits(0);
    user.dyno(["uninstall", "acme/other"]).exits(0);
}

/// If this fails, a damaged file of ours is a panic, or somebody is trusted who should not be.
#[test]
fn a_damaged_store_or_policy_is_one_sentence_that_names_the_file() {
    let author = Author::new();
    let package = author.package("fib@1.0.0", "");
    let user = user(&author);
    user.dyno(["install".as_ref(), package.as_os_str()])
        .exits(0);
    let complain = |file: &str, content: &str, names: &str| {
        let path = home(&user).join(file);
        let good = fs::read(&path).unwrap();
        fs::write(&path, content).unwrap();
        let one = |said: Said| {
            let lines = said.stderr.trim_end().lines().count();
            assert_eq!(lines, 1, "one sentence: {said}");
            said.complains(names);
        };
        if file.starts_with("store") {
            one(user.dyno(["installed"]).exits(1));
            one(user.dyno(["uninstall", "acme/fib"]).exits(1));
            one(user
                .dyno(["install".as_ref(), package.as_os_str()])
                .exits(1));
        } else {
            // The policy is configuration.
            one(user.dyno(["trust", "list"]).exits(2));
            one(user
                .dyno(["install".as_ref(), package.as_os_str()])
                .exits(2));
            one(user.dyno(["verify".as_ref(), package.as_os_str()]).exits(2));
        }
        let code = if file.starts_with("store") { 1 } else { 3 };
        user.run(["acme/fib"]).exits(code).says(names);
        assert_eq!(fs::read(&path).unwrap(), content.as_bytes());
        fs::write(&path, good).unwrap();
        runs_version(&user, "1.0.0");
    };
    for content in ["", "hello", "[]", "{\"schemaVersion\":2,\"manifests\":7}"] {
        complain("store/index.json", content, "store");
    }
    complain("store/oci-layout", "hello", "store");
    for content in ["hello", "[[publisher]]\nname = \"acme\"\n", "\u{0}"] {
        complain("trust/policy.toml", content, "policy.toml");
    }
}

/// If this fails, whoever shares the machine decides whom its user trusts.
#[test]
fn a_policy_that_others_may_write_is_refused() {
    let author = Author::new();
    let package = author.package("fib@1.0.0", "");
    let user = user(&author);
    user.dyno(["install".as_ref(), package.as_os_str()])
        .exits(0);
    let trust = home(&user).join("trust");
    for (path, open, closed) in [
        (trust.join("policy.toml"), 0o666, 0o600),
        (trust.clone(), 0o777, 0o700),
        (trust.join("keys"), 0o777, 0o700),
    ] {
        fs::set_permissions(&path, fs::Permissions::from_mode(open)).unwrap();
        let said = user.dyno(["verify".as_ref(), package.as_os_str()]).exits(1);
        said.complains("should be writable by you alone");
        user.run(["acme/fib"])
            .exits(1)
            .says("should be writable by you alone");
        fs::set_permissions(&path, fs::Permissions::from_mode(closed)).unwrap();
        runs_version(&user, "1.0.0");
    }
}

/// If this fails, a service without a home gets an error that says nothing, or writes where it
/// should not.
#[test]
fn without_a_home_packages_need_dyno_home_and_plugins_need_none() {
    let author = Author::new();
    let package = author.package("fib@1.0.0", "");
    let user = Bench::new();
    let plain = user.write("plain.wat", crate::support::plugin(&["plain"]));
    let homeless = |args: &[&str]| {
        let mut command = user.command();
        command.env_remove("HOME").args(args);
        finish(command)
    };
    let path = package.to_str().unwrap();
    for args in [
        &["installed"][..],
        &["install", path],
        &["verify", path],
        &["key", "generate", "--no-passphrase"],
        &["trust", "list"],
        &["search"],
    ] {
        homeless(args)
            .exits(2)
            .complains("DYNO_HOME can name a directory");
    }
    homeless(&["run", "--quick", "--time", "20ms", plain.to_str().unwrap()]).exits(0);
    homeless(&["run", "--quick", path]).exits(3).says("no HOME");
    let mut command = user.command();
    command
        .env_remove("HOME")
        .env("DYNO_HOME", user.path("elsewhere"))
        .args(["key", "generate", "--no-passphrase"]);
    finish(command).exits(0);
    assert!(user.path("elsewhere/keys/signing.key").exists());
    // A relative one would be another in every directory.
    let mut command = user.command();
    command
        .env_remove("HOME")
        .env("DYNO_HOME", "relative")
        .arg("installed");
    finish(command).exits(2);
    assert!(!user.path("relative").exists());
}
