//! Full disks and changed bytes.

use std::fs;
use std::path::Path;
use std::process::Command;

use dyno_model::{Metric, Run};
use dyno_report::Store;
use nix::sys::resource::UsageWho;

use super::{MEMORY_BYTES_MAX, alone, beside, peak, report};
use crate::support::{Bench, Said, fib, finish};

/// Without room for a byte, as on a full disk.
fn without_room(bench: &Bench, args: &[&str]) -> Said {
    let mut command = Command::new("sh");
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$@\"";
    command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_dyno")]);
    command.args(args);
    bench.place(&mut command);
    finish(command)
}

/// If this fails, a full disk hides what was recorded, just when one looks for what to delete.
#[test]
fn a_report_on_a_full_disk_is_read_and_not_written() {
    let bench = Bench::new();
    report(&bench);
    for args in [
        &["report", "list"][..],
        &["report", "show"],
        &["report", "export"],
        &["baseline", "list"],
    ] {
        without_room(&bench, args).exits(0);
    }
    without_room(&bench, &["run", fib().to_str().unwrap()])
        .exits(1)
        .complains("no room left to write the report");
    // With a log beside it, that of a host that was killed.
    let store = Store::open(&bench.report()).unwrap();
    let mut again = Store::open(&bench.report()).unwrap();
    let mut run: Run = serde_json::from_str(include_str!("../fixtures/stored-run.json")).unwrap();
    run.id = "20261122T120000Z-0123abcd".into();
    again.record(&run).unwrap();
    let killed = Bench::new();
    for suffix in ["", "-wal"] {
        fs::copy(beside(&bench, suffix), beside(&killed, suffix)).unwrap();
    }
    drop((store, again));
    assert!(fs::metadata(beside(&killed, "-wal")).unwrap().len() > 0);
    let listed = without_room(&killed, &["report", "list"]).exits(0);
    assert_eq!(listed.stdout.lines().count(), 4, "{listed}");
    assert!(fs::metadata(beside(&killed, "-wal")).unwrap().len() > 0);
    assert_eq!(killed.runs().len(), 3);
}

/// Reads all that commands read; only that it ends matters.
fn read_all(path: &Path) -> bool {
    let Ok(store) = Store::open_existing(path) else {
        return false;
    };
    let runs = store.runs().unwrap_or_default();
    let mut is_whole = runs.len() == 2;
    for run in &runs {
        is_whole &= store.run(&run.id).is_ok();
        is_whole &= store.comparisons(&run.id).is_ok();
    }
    for name in store.case_names().unwrap_or_default() {
        is_whole &= store.histories(&name, Metric::WallTime).is_ok();
    }
    is_whole & store.baselines().is_ok()
}

/// Bytes and pages of a report and of its log, changed at random. `DYNO_TEST_FLIPS` says how often.
#[test]
fn flipped_bits_neither_hang_nor_crash_nor_fill_the_memory() {
    alone(
        "damage::flipped_bits_neither_hang_nor_crash_nor_fill_the_memory",
        || {
            let bench = Bench::new();
            report(&bench);
            let held = Store::open(&bench.report()).unwrap();
            let mut again = Store::open(&bench.report()).unwrap();
            let mut run: Run =
                serde_json::from_str(include_str!("../fixtures/stored-run.json")).unwrap();
            run.id = "20261122T120000Z-0123abcd".into();
            again.record(&run).unwrap();
            let (file, log) = (
                fs::read(bench.report()).unwrap(),
                fs::read(beside(&bench, "-wal")).unwrap(),
            );
            drop((held, again));
            let flips = std::env::var("DYNO_TEST_FLIPS");
            let flips: u64 = flips.map_or(300, |flips| flips.parse().unwrap());
            let mut whole = 0;
            for seed in 0..flips {
                let place = tempfile::tempdir().unwrap();
                let path = place.path().join("report.sqlite");
                let (mut file, mut log) = (file.clone(), log.clone());
                let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
                let mut random = |below: usize| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    (state % below as u64) as usize
                };
                let has_log = random(4) == 0;
                for _ in 0..=random(6) {
                    let bytes = match has_log && random(2) == 0 {
                        true => &mut log,
                        false => &mut file,
                    };
                    let at = match random(3) {
                        // Headers of the file and of pages decide more than what is in them.
                        0 => random(100),
                        1 => random(bytes.len() / 8192) * 8192 + random(64),
                        _ => random(bytes.len()),
                    };
                    match random(4) {
                        0 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random(5)],
                        1 => bytes[at] ^= 1 << random(8),
                        2 => {
                            let (from, to) = (random(bytes.len() / 8192) * 8192, at / 8192 * 8192);
                            let to = to.min(bytes.len() - 8192);
                            bytes.copy_within(from..from + 8192, to);
                        }
                        _ => {
                            let end = (at + 4).min(bytes.len());
                            bytes[at..end].fill([0, 0xff, 0x7f][random(3)]);
                        }
                    }
                }
                fs::write(&path, &file).unwrap();
                if has_log {
                    fs::write(place.path().join("report.sqlite-wal"), &log).unwrap();
                }
                whole += u64::from(read_all(&path));
            }
            let peak = peak(UsageWho::RUSAGE_SELF);
            eprintln!("{whole} of {flips} were read as if whole; {peak} bytes");
            assert!(peak < MEMORY_BYTES_MAX, "{peak} bytes");
        },
    );
}
