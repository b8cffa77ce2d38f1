//! Two commands at one time on one store.

use std::process::{Command, Stdio};
use std::thread;

use super::{bulky, install};
use crate::packaging::actors::{Author, installed, locked, runs_version, user};
use crate::support::{finish, gather, shown};

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
