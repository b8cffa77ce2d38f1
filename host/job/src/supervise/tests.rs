//! A worker that was taken over says whatever it likes. Its stand-in here is a real process that
//! says what a file holds; the supervisor that listens to it is a process of its own, so that its
//! memory can be seen.

// Children speak to their test.
#![allow(clippy::print_stdout)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;
use crate::{Build, CompileJob, DescribeJob, Layout, ProgramJob, RunJob};
use dyno_measure::{CountSettings, ProfileSize, Sampling, TimeSettings};
use dyno_model::{Features, LimitKind, Limits, Outcome, Reach};

/// What ARCHITECTURE promises of the supervisor.
const MEMORY_KB_MAX: u64 = 64 << 10;

/// The job, and the program that plays the worker, of a supervisor that is a child.
const JOB: &str = "DYNO_TEST_JOB";
const PROGRAM: &str = "DYNO_TEST_PROGRAM";

/// What every worker says first, and next.
const HELLO: &str = r#"{"event":"hello","protocol":1,"engine":"e","version":"1","settings":{},"compatibility":"0a"}"#;
const CONFINED: &str = r#"{"event":"confined","layers":["rlimits"]}"#;
const DONE: &str = r#"{"event":"done","outcome":{"kind":"ok"}}"#;

fn run_job() -> RunJob {
    RunJob {
        code: serde_json::from_str(r#"{"path":"/code","device":0,"inode":0}"#).unwrap(),
        case: "case".into(),
        program: ProgramJob::default(),
        limits: Limits::default(),
        grants: Reach::default(),
        seed: 0,
        cores: Vec::new(),
    }
}

fn job(name: &str) -> Job {
    let run = run_job();
    match name {
        "cases" => Job::Cases(run),
        "count" => Job::Count {
            run,
            settings: CountSettings::default(),
        },
        "calibrate" => Job::Calibrate { run, sample_ns: 1 },
        "time" => Job::Time {
            run,
            settings: TimeSettings::new(Sampling {
                max_samples: 10,
                ..Sampling::default()
            }),
        },
        "profile" => Job::Profile {
            run,
            size: ProfileSize::First,
        },
        "check" => Job::Check {
            component: "/component".into(),
            limits: Limits::default(),
        },
        "describe" => Job::Describe(DescribeJob {
            component: "/component".into(),
            label: None,
            limits: Limits::default(),
        }),
        "compile" | "instrument" => Job::Compile(CompileJob {
            component: "/component".into(),
            build: match name {
                "compile" => Build::Timed,
                _ => Build::Profiled,
            },
            layout: Layout::PLAIN,
            code: "/code".into(),
            cores: Vec::new(),
            limits: Limits::default(),
            features: Features::default(),
        }),
        other => panic!("there is no job {other}"),
    }
}

/// A program that says what is given, whatever it is asked.
fn sayer(place: &Path, what: &[u8]) -> PathBuf {
    let words = place.join("words");
    fs::write(&words, what).unwrap();
    script(place, &format!("exec cat '{}'", words.display()))
}

fn script(place: &Path, line: &str) -> PathBuf {
    let program = place.join("worker");
    let text = place.join("worker.text");
    fs::write(&text, format!("#!/bin/sh\n{line}\n")).unwrap();
    // By a process of its own: a child that another test starts meanwhile would hold the file that
    // is being written, and what is being written is not run.
    let mut install = Command::new("install");
    install.args(["-m", "700"]).arg(&text).arg(&program);
    assert!(install.status().unwrap().success());
    program
}

fn listened(program: PathBuf, job: &Job) -> Report {
    ran(&supervisor(program), job)
}

fn supervisor(program: PathBuf) -> Supervisor {
    Supervisor {
        program,
        cancel: Cancel::never(),
        hello: Arc::default(),
    }
}

fn ran(supervisor: &Supervisor, job: &Job) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let wall = Duration::from_secs(120);
    runtime.block_on(supervisor.run(job, wall, 0))
}

/// How a supervisor takes these lines.
fn report_of(name: &str, lines: &[&str]) -> Report {
    let place = tempfile::tempdir().unwrap();
    let text = [HELLO].iter().chain(lines).map(|line| format!("{line}\n"));
    let program = sayer(place.path(), text.collect::<String>().as_bytes());
    listened(program, &job(name))
}

/// Not a test of its own: a supervisor whose memory is to be seen.
#[test]
fn child() {
    let (Ok(name), Some(program)) = (std::env::var(JOB), std::env::var_os(PROGRAM)) else {
        return;
    };
    let report = listened(program.into(), &job(&name));
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find(|line| line.starts_with("VmHWM"));
    // The harness has begun a line.
    println!("\nended {:?}", report.ended);
    println!("peak {}", peak.unwrap().split_whitespace().nth(1).unwrap());
}

/// How a supervisor in a process of its own takes what a program says: how that ended, and its peak
/// in KiB.
fn heard(name: &str, program: &Path) -> (String, u64) {
    let test = concat!(module_path!(), "::child");
    let test = test.split_once("::").map_or(test, |(_, inside)| inside);
    let output = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(JOB, name)
        .env(PROGRAM, program)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let word = |of: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(of));
        line.unwrap_or_else(|| panic!("{text}\n{}", String::from_utf8_lossy(&output.stderr)))
            .to_owned()
    };
    (word("ended "), word("peak ").parse().unwrap())
}

/// So many times the same, as the elements of an array.
fn array(element: &str, bytes: usize) -> String {
    let count = bytes / (element.len() + 1);
    format!("[{}]", vec![element; count].join(","))
}

/// If this fails, an attacker who takes over an engine takes the memory of the machine, too: 302 MB
/// were seen.
#[expect(clippy::too_many_lines, reason = "a table")]
#[test]
fn whatever_a_worker_says_the_supervisor_stays_small() {
    const LINE: usize = 8_300_000;
    let case = r#"{"name":"","description":"","group":null,"params":[],"throughput":null,"expected":null}"#;
    let params = array(r#"["",""]"#, LINE);
    let line = |event: &str, field: &str, value: &str| {
        format!("{{\"event\":\"{event}\",\"{field}\":{value}}}\n")
    };
    let cases =
        |cases: &str| format!("{{\"event\":\"cases\",\"kind\":\"suite\",\"cases\":{cases}}}\n");
    let node = r#"{"parent":0,"place":"host","fuel":0,"calls":0}"#;
    let sample = r#"{"iterations":0,"wall_ns":0,"cpu_ns":0,"switches":0}"#;
    let floods: Vec<(&str, &str, String)> = vec![
        ("cases", "many cases", cases(&array(case, LINE)).repeat(3)),
        (
            "cases",
            "one case with many parameters",
            cases(&format!("[{}]", case.replace("[]", &params))).repeat(3),
        ),
        (
            "cases",
            "a long name",
            cases(&format!(
                "[{}]",
                case.replacen("\"\"", &format!("\"{}\"", "x".repeat(LINE)), 1)
            ))
            .repeat(3),
        ),
        (
            "count",
            "many layers",
            line("confined", "layers", &array("\"\"", LINE)).repeat(3),
        ),
        (
            "compile",
            "names of functions",
            line("functions", "names", &array("\"\"", LINE)).repeat(3),
        ),
        (
            "instrument",
            "names of functions",
            line("functions", "names", &array("\"\"", 4000)).repeat(6000),
        ),
        (
            "time",
            "small events",
            "{\"event\":\"samples\",\"samples\":[]}\n".repeat(700_000),
        ),
        (
            "time",
            "many samples",
            line("samples", "samples", &array(sample, 700_000)).repeat(34),
        ),
        (
            "profile",
            "many nodes",
            format!(
                "{{\"event\":\"profiled\",\"nodes\":{},\"sums\":[]}}\n",
                array(node, 700_000)
            )
            .repeat(34),
        ),
        (
            "calibrate",
            "what nobody knows",
            format!(
                "{{\"event\":\"done\",\"outcome\":{{\"kind\":\"ok\"}},\"more\":{}}}\n",
                array("0", LINE)
            )
            .repeat(3),
        ),
        (
            "count",
            "objects",
            format!(
                "{{\"more\":{},\"event\":\"done\",\"outcome\":{{\"kind\":\"ok\"}}}}\n",
                array("{\"a\":{}}", LINE)
            )
            .repeat(3),
        ),
        ("count", "depth", "[".repeat(LINE)),
        (
            "time",
            "a long number",
            format!(
                "{{\"event\":\"samples\",\"samples\":[{{\"iterations\":{}\n",
                "1".repeat(LINE)
            ),
        ),
        ("check", "a line without an end", "x".repeat(2_000_000)),
        ("describe", "a line without an end", "x".repeat(40_000_000)),
        (
            "count",
            "long messages",
            line(
                "done",
                "outcome",
                &format!(
                    "{{\"kind\":\"error\",\"message\":\"{}\"}}",
                    "x".repeat(LINE - 100)
                ),
            )
            .repeat(3),
        ),
    ];
    let mut failed = Vec::new();
    for (job, what, words) in floods {
        let place = tempfile::tempdir().unwrap();
        let begun = match what {
            "many layers" => format!("{HELLO}\n{words}"),
            _ => format!("{HELLO}\n{CONFINED}\n{words}"),
        };
        let program = sayer(place.path(), begun.as_bytes());
        let (ended, peak) = heard(job, &program);
        println!("{job}, {what}: {peak} KiB, {ended}");
        if ended == "Finished" || peak > MEMORY_KB_MAX {
            failed.push(format!("{job}, {what}: {peak} KiB, {ended}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// If this fails, the report holds what was never measured, or the supervisor holds more than its
/// share for a case.
#[expect(clippy::too_many_lines, reason = "a table")]
#[test]
fn what_was_not_asked_for_is_not_taken() {
    let sample = r#"{"iterations":1,"wall_ns":1,"cpu_ns":1,"switches":0}"#;
    let samples = |count: usize| {
        let all = vec![sample; count].join(",");
        format!("{{\"event\":\"samples\",\"samples\":[{all}]}}")
    };
    let case = |name: usize| {
        format!(
            "{{\"name\":\"{name}\",\"description\":\"\",\"group\":null,\"params\":[],\"throughput\":null,\"expected\":null}}"
        )
    };
    let cases = |count: usize| {
        let all: Vec<String> = (0..count).map(case).collect();
        format!(
            "{{\"event\":\"cases\",\"kind\":\"suite\",\"cases\":[{}]}}",
            all.join(",")
        )
    };
    let timed = r#"{"event":"timed","ready_ns":1,"load_ns":1,"instantiate_ns":1,"first_iteration_ns":1,"checksum":null,"precise":false,"memory_peak_bytes":0,"rss_peak_bytes":0}"#;
    let (ten, eleven) = (samples(10), samples(11));
    let compiled = |ns: u64| format!("{{\"event\":\"compiled\",\"compile_ns\":{ns}}}");
    let (fast, endless) = (compiled(1), compiled(u64::MAX));
    let (many, too_many) = (cases(1000), cases(1001));
    let huge = samples(1).replace("\"wall_ns\":1", "\"wall_ns\":18446744073709551615");
    for lines in [vec![CONFINED, &ten, timed, DONE], vec![CONFINED, DONE]] {
        let report = report_of("time", &lines);
        assert_eq!(report.ended, Ended::Finished, "{lines:?}");
        assert_eq!(report.events.len(), 1 + lines.len());
    }
    assert_eq!(
        report_of("cases", &[CONFINED, &many, DONE]).ended,
        Ended::Finished
    );
    assert_eq!(
        report_of("compile", &[CONFINED, &fast, DONE]).ended,
        Ended::Finished
    );
    for (job, what, lines) in [
        (
            "time",
            "one sample too many",
            vec![CONFINED, &eleven, timed, DONE],
        ),
        (
            "time",
            "the same in two parts",
            vec![CONFINED, &ten, &ten, timed, DONE],
        ),
        (
            "time",
            "a time that no clock shows",
            vec![CONFINED, &huge, timed, DONE],
        ),
        (
            "time",
            "samples before it is confined",
            vec![&ten, CONFINED, timed, DONE],
        ),
        (
            "time",
            "samples after its end",
            vec![CONFINED, timed, DONE, &ten],
        ),
        ("time", "a second greeting", vec![CONFINED, HELLO, DONE]),
        ("time", "a second end", vec![CONFINED, DONE, DONE]),
        (
            "time",
            "text after its end",
            vec![CONFINED, DONE, "and more"],
        ),
        ("time", "an empty line", vec![CONFINED, "", DONE]),
        (
            "time",
            "a second confinement",
            vec![CONFINED, CONFINED, DONE],
        ),
        (
            "time",
            "two results",
            vec![CONFINED, &ten, timed, timed, DONE],
        ),
        ("count", "samples", vec![CONFINED, &ten, DONE]),
        ("time", "cases", vec![CONFINED, &many, DONE]),
        (
            "cases",
            "one case too many",
            vec![CONFINED, &too_many, DONE],
        ),
        (
            "compile",
            "compiled twice",
            vec![CONFINED, &fast, &fast, DONE],
        ),
        (
            "compile",
            "a time that no clock shows",
            vec![CONFINED, &endless, DONE],
        ),
        ("time", "that it compiled", vec![CONFINED, &fast, DONE]),
        ("cases", "two lists", vec![CONFINED, &many, &many, DONE]),
    ] {
        let report = report_of(job, &lines);
        assert_ne!(report.ended, Ended::Finished, "{job}: {what}");
        let outcome = report.outcome((LimitKind::Wall, 0));
        assert!(
            matches!(outcome, Outcome::Crash { .. }),
            "{job}, {what}: {outcome:?}"
        );
    }
}

/// If this fails, a worker of another release is given jobs that it takes for something else.
#[test]
fn a_worker_says_first_who_it_is() {
    let ended = |lines: &[&str]| {
        let place = tempfile::tempdir().unwrap();
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        listened(sayer(place.path(), text.as_bytes()), &job("time")).ended
    };
    let nothing = ended(&[CONFINED, DONE]);
    assert!(
        matches!(&nothing, Ended::Died(how) if how.contains("out of its turn")),
        "{nothing:?}"
    );
    let other = r#"{"event":"hello","protocol":7,"what":"is new"}"#;
    let Ended::Host(message) = ended(&[other, DONE]) else {
        panic!("another protocol is spoken to");
    };
    assert!(
        message.starts_with("the worker speaks protocol 7, and this dyno speaks 1"),
        "{message}"
    );
    for (what, hostile) in [
        ("a hash that leads elsewhere", HELLO.replace("0a", "../a")),
        (
            "a long name",
            HELLO.replace("\"e\"", &format!("\"{}\"", "e".repeat(300))),
        ),
    ] {
        let ended = ended(&[&hostile, CONFINED, DONE]);
        assert!(
            matches!(ended, Ended::Died(_) | Ended::Flooded),
            "{what}: {ended:?}"
        );
    }
}

/// If this fails, one side of a comparison can run in another engine than the other one.
#[test]
fn a_worker_that_is_replaced_in_between_is_noticed() {
    let place = tempfile::tempdir().unwrap();
    let supervisor = supervisor(sayer(place.path(), format!("{HELLO}\n{DONE}\n").as_bytes()));
    let say = |version: &str| {
        let hello = HELLO.replace("\"1\"", &format!("\"{version}\""));
        fs::write(
            place.path().join("words"),
            format!("{hello}\n{CONFINED}\n{DONE}\n"),
        )
        .unwrap();
        ran(&supervisor, &job("time")).ended
    };
    assert_eq!(say("1"), Ended::Finished);
    let Ended::Host(message) = say("2") else {
        panic!("nobody noticed");
    };
    assert!(message.contains("it is e 2 now"), "{message}");
}
