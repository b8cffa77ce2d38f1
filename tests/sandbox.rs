//! Hostile guests, each through the real program beside a plugin that has done nothing wrong: the
//! guest ends as it must, the other plugin is measured, the report is written, and nothing that the
//! guest said reaches the terminal as it stands.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use crate::runners::harm;
use crate::support::{Bench, QUICK, case, cases, fib, plugin_of, repository};

#[path = "fixtures/hostile/mod.rs"]
pub(crate) mod hostile;

use hostile::{Carrier, Ends, Guest};

#[test]
fn every_hostile_guest_ends_as_it_must_and_harms_nobody() {
    let guests = hostile::guests();
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let bench = Bench::new();
                let mut met = 0;
                while let Some(guest) = guests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    met += 1;
                    if let Err(how) = meet(&bench, guest) {
                        let how = format!("{} ({}): {how}", guest.name, guest.tries);
                        wrong
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .push(how);
                    }
                }
                assert_eq!(bench.runs().len(), met, "a run is missing in the report");
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        guests.len(),
        wrong.join("\n")
    );
}

fn meet(bench: &Bench, guest: &Guest) -> Result<(), String> {
    let file = guest.write(&bench.work());
    let said = run(bench, &file, guest.flags);
    let run: Value =
        serde_json::from_str(&said.stdout).map_err(|error| format!("{error}: {said}"))?;
    let expected_exit = match guest.ends {
        Ends { kind: "ok", .. } => 0,
        Ends {
            carrier: Carrier::Plugin,
            ..
        } => 3,
        Ends {
            carrier: Carrier::Case,
            ..
        } => 5,
    };
    check(said.status.code() == Some(expected_exit), || {
        format!("exit code {expected_exit} expected: {said}")
    })?;
    judge(&run, guest)?;
    let good = &case(&run, "fib/20")["outcome"]["kind"];
    check(good == "ok", || format!("the plugin beside it: {good}"))?;
    let export = |format| bench.dyno(["report", "export", "--format", format]);
    let shown = bench.dyno(["report", "show"]);
    let exported = ["markdown", "junit", "csv"].map(export);
    for said in [said, shown].iter().chain(&exported) {
        for text in [&said.stdout, &said.stderr] {
            if let Some(harm) = harm(text) {
                return Err(format!("{harm}: {said}"));
            }
        }
    }
    Ok(())
}

fn run(bench: &Bench, file: &Path, flags: &[&str]) -> crate::support::Said {
    let mut command = bench.command();
    command
        .arg("run")
        .args(QUICK)
        .args(["--format", "json"])
        .arg(file)
        .arg(fib())
        .args(flags);
    crate::support::finish(command)
}

fn judge(run: &Value, guest: &Guest) -> Result<(), String> {
    let plugin = plugin_of(run, guest.name);
    let outcome = match guest.ends.carrier {
        Carrier::Plugin => &plugin["outcome"],
        Carrier::Case => &plugin["cases"][0]["outcome"],
    };
    let says = match guest.ends.kind {
        "limit" => outcome["limit"] == guest.ends.says,
        _ => outcome.to_string().contains(&escaped(guest.ends.says)),
    };
    check(outcome["kind"] == guest.ends.kind && says, || {
        format!(
            "{:?} expected, {} found, of {}",
            guest.ends, plugin["outcome"], plugin["cases"][0]["outcome"]
        )
    })
}

/// A text as it stands in JSON.
fn escaped(text: &str) -> String {
    Value::from(text).to_string().trim_matches('"').to_owned()
}

fn check(holds: bool, how: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(how()) }
}

#[path = "fixtures/fs_probe.rs"]
pub(crate) mod fs_probe;

#[test]
fn a_guest_reaches_what_was_granted_and_nothing_else() {
    let bench = Bench::new();
    let grants = fs_probe::lay_out(&bench.work()).unwrap();
    let mut command = bench.command();

    command
        .env("SECRET", "of the tester")
        .arg("run")
        .args(QUICK)
        .args(["--format", "json"]);
    command
        .args(fs_probe::LIMITS)
        .args(&grants)
        .arg(repository().join(fs_probe::PLUGIN));
    let said = crate::support::build(command).exits(5);
    let run = said.json();
    for (_, probe) in cases(&run) {
        let name = probe["spec"]["name"].as_str().unwrap();
        let outcome = &probe["outcome"];
        match fs_probe::STOPPED
            .iter()
            .find(|(stopped, _)| *stopped == name)
        {
            Some((_, limit)) => assert_eq!(outcome["limit"], *limit, "{name}: {outcome}"),
            None => assert_eq!(outcome["kind"], "ok", "{name}: {outcome}"),
        }
    }
    assert_eq!(cases(&run).len(), 27, "a probe is missing");
    for (file, text) in fs_probe::UNTOUCHED {
        assert_eq!(
            std::fs::read_to_string(bench.path(file)).unwrap(),
            text,
            "{file} was changed"
        );
    }
    let left: Vec<_> = std::fs::read_dir(bench.tmp()).unwrap().collect();
    assert!(left.is_empty(), "scratch copies are left behind: {left:?}");
}

/// With real clocks a count would wait as long as the guest does, and depend on the machine.
#[test]
fn a_count_does_not_wait_for_time_to_pass() {
    let bench = Bench::new();
    let guests = hostile::guests();
    let sleeper = guests
        .iter()
        .find(|guest| guest.name == "sleep-for-a-day")
        .unwrap();
    let file = sleeper.write(&bench.work());
    let args = ["check", "--wall", "20s", "--format", "json"].map(std::ffi::OsString::from);
    let said = bench
        .dyno(args.into_iter().chain([file.into_os_string()]))
        .exits(0);
    let run = said.json();
    let count = &case(&run, "case")["count"];
    assert_eq!(count["deterministic"], true, "{count}");
}
