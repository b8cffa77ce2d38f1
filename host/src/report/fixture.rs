//! A run in which everything occurs that can: every variant of every enum, every field filled and
//! every option once absent, and the numbers and texts that are hardest to keep.

use std::collections::BTreeMap;

use super::model::*;

mod compared;
pub(crate) use compared::compared;

/// The run. Add to the lists below what you add to the model; the matches do not compile otherwise.
pub(crate) fn full() -> Run {
    Run {
        id: "20261120T165509Z-1f2e3d4c".into(),
        started_at: "2026-11-20T16:55:09Z".into(),
        finished_at: "2026-11-20T16:58:00Z".into(),
        status: RunStatus::Complete,
        command: vec![
            "dyno".into(),
            "run".into(),
            "a b".into(),
            "\"quoted\"\n\u{1b}[2J".into(),
        ],
        host_version: "0.1.0".into(),
        engine: "wasmtime 48.0.8".into(),
        seed: u64::MAX,
        order_seed: u64::MAX - 1,
        empty_batch_ns: Some(1e-9),
        settings: BTreeMap::from([
            ("target_sample_ns".into(), 5_000_000),
            ("blocks".into(), u64::MAX),
        ]),
        limits: limits().into_iter().map(|limit| (limit, 1 << 28)).collect(),
        grants: vec!["--dir ./data::/data".into()],
        confinement: vec!["rlimits".into(), "landlock".into()],
        machine: Machine::of(BTreeMap::from([
            ("cpu".into(), "Some CPU @ 2.0GHz".into()),
            ("cores".into(), "2".into()),
        ])),
        warnings: vec!["the code cache cannot be written".into()],
        plugins: vec![measured(), refused()],
    }
}

/// A process of one block with these samples, and nothing else to say.
pub(crate) fn plain_process(block: u32, samples: Vec<Sample>) -> Process {
    Process {
        block,
        order: block,
        confirming: false,
        outcome: Outcome::Ok,
        core: None,
        padding_bytes: 0,
        layout: 0,
        ready_ns: 1,
        load_ns: 1,
        instantiate_ns: 1,
        first_iteration_ns: 10,
        samples,
        checksum: Some(7),
        precise: true,
        memory_peak_bytes: 0,
        rss_peak_bytes: 1 << 20,
    }
}

/// A deterministic count of so much fuel, in a page of memory.
pub(crate) fn plain_count(fuel_per_iteration: f64) -> Count {
    Count {
        fuel_per_iteration,
        method: CountMethod::Slope,
        deterministic: true,
        settled: true,
        untimed_share: 0.0,
        passes: Vec::new(),
        memory: MemoryProfile {
            baseline_bytes: 65536,
            peak_bytes: 65536,
            released_bytes: 65536,
            mean_bytes: 65536.0,
            growth: Vec::new(),
        },
        pace: None,
    }
}

/// A case that was counted and timed.
pub(crate) fn plain_case(name: &str, fuel_per_iteration: f64, processes: Vec<Process>) -> Case {
    Case {
        spec: CaseSpec::named(name),
        outcome: Outcome::Ok,
        marks: Vec::new(),
        checksum: Some(7),
        count: Some(plain_count(fuel_per_iteration)),
        calibration: None,
        processes,
        measurements: Vec::new(),
        output: None,
    }
}

/// The same under another id and a later time.
pub(crate) fn numbered(number: u32) -> Run {
    let mut run = full();
    run.id = format!("20261121T{number:06}Z-{number:08x}");
    run.started_at = format!("2026-11-21T{number:06}Z");
    run
}

fn measured() -> Plugin {
    let mut cases: Vec<Case> = outcomes()
        .into_iter()
        .enumerate()
        .map(|(i, o)| case(i, o))
        .collect();
    // What was folded has no throughput.
    cases[0]
        .marks
        .retain(|mark| !matches!(mark, Mark::Folded | Mark::Implausible));
    cases[1].spec = CaseSpec {
        name: "bare".into(),
        description: String::new(),
        group: None,
        params: Vec::new(),
        throughput: None,
        expected: None,
    };
    cases[1].count = None;
    cases[1].checksum = None;
    cases[1].output = None;
    cases[1].marks.clear();
    cases[1].measurements.clear();
    cases[1].processes.clear();
    cases[2].spec.throughput = Some(Throughput::Elements(u64::MAX));
    Plugin {
        name: "sorting".into(),
        label: "sorting".into(),
        operand: Some("sorting.oci.tar".into()),
        kept_from: Some("/elsewhere/sorting".into()),
        source: "sample-plugins/sorting".into(),
        kind: Some(PluginKind::Command),
        digest: Some(format!("sha256:{}", "ab".repeat(32))),
        component_bytes: Some(123_456),
        inputs: Some("cd".repeat(32)),
        outcome: Outcome::Ok,
        compile: Some(Compile {
            cache: CacheUse::Miss,
            duration_ns: 812_345_678,
            code_bytes: 99_000,
            layouts: 8,
        }),
        load_ns: Some(estimate(104_000.25, IntervalMethod::StudentT)),
        instantiate_ns: Some(estimate(8_100.0, IntervalMethod::OrderStatistic)),
        cases,
    }
}

fn refused() -> Plugin {
    Plugin {
        name: "=cmd()".into(),
        label: "=cmd()".into(),
        operand: None,
        kept_from: None,
        source: "\u{202e}evil.wasm".into(),
        kind: None,
        digest: None,
        component_bytes: None,
        inputs: None,
        outcome: Outcome::Refused {
            reason: "needs dyno:bench@0.2.0".into(),
        },
        compile: None,
        load_ns: None,
        instantiate_ns: None,
        cases: Vec::new(),
    }
}

fn case(number: usize, outcome: Outcome) -> Case {
    Case {
        spec: CaseSpec {
            name: format!("case {number} \u{7f}é\u{1F600}\0"),
            description: "Sorts, \"quickly\"".into(),
            group: Some("sorts".into()),
            params: vec![
                ("n".into(), "1000".into()),
                ("order".into(), "-random;".into()),
            ],
            throughput: Some(Throughput::Bytes(8_000)),
            expected: Some(u64::MAX - number as u64),
        },
        outcome,
        marks: marks(),
        checksum: Some(1 << 63),
        count: Some(count(number)),
        calibration: (number != 4).then_some(Calibration {
            iterations: 1 << number,
            iteration_ns: 1234.5,
            doubled_ratio: number.is_multiple_of(2).then_some(1.01),
        }),
        processes: (0..3).map(|order| process(order, number)).collect(),
        measurements: Metric::all()
            .zip(intervals().into_iter().cycle())
            .map(|(metric, interval)| Measurement {
                metric,
                estimate: estimate(1.0 / 3.0, interval),
            })
            .collect(),
        output: Some("hello\u{1b}]0;title\u{7}\r\n::error::x".into()),
    }
}

fn count(number: usize) -> Count {
    let batch = |iterations| CountBatch {
        iterations,
        fuel: 73 * iterations,
        untimed_fuel: u64::MAX,
        checksum: u64::MAX - iterations,
    };
    let pass = CountPass {
        batches: vec![batch(1), batch(2), batch(4)],
        total_fuel: 1 << 40,
    };
    Count {
        fuel_per_iteration: 7.25 + 0.1,
        method: if number.is_multiple_of(2) {
            CountMethod::Slope
        } else {
            CountMethod::Single
        },
        deterministic: number.is_multiple_of(2),
        settled: true,
        untimed_share: 0.1 + 0.2,
        passes: vec![pass.clone(), pass],
        memory: MemoryProfile {
            baseline_bytes: 1 << 20,
            peak_bytes: 1 << 28,
            released_bytes: 1 << 21,
            mean_bytes: 1e7 / 3.0,
            growth: vec![MemoryGrowth {
                at_ns: 6,
                bytes: 1 << 28,
            }],
        },
        pace: number.is_multiple_of(2).then_some(Pace {
            iterations: 8,
            cpu_ns: 401,
        }),
    }
}

/// A sample of which only the iterations and the wall time matter.
pub(crate) fn sample(iterations: u64, wall_ns: u64) -> Sample {
    Sample {
        iterations,
        wall_ns,
        cpu_ns: wall_ns,
        switches: 0,
        waits: 0,
    }
}

fn process(order: u32, number: usize) -> Process {
    let sample = |i: u64| Sample {
        iterations: 4096,
        wall_ns: 5_000_000 + i * 7919 % 10_000,
        cpu_ns: 4_999_000 + i * 7919 % 10_000,
        switches: u32::from(i == 3),
        waits: u32::from(i == 5),
    };
    let mut samples: Vec<Sample> = (0..20 * u64::from(order)).map(sample).collect();
    samples.extend((order == 2).then_some(Sample {
        iterations: u64::MAX,
        wall_ns: u64::MAX,
        cpu_ns: 0,
        switches: u32::MAX,
        waits: u32::MAX,
    }));
    let outcomes = outcomes();
    Process {
        block: order,
        order: u32::MAX - order,
        outcome: outcomes[number % outcomes.len()].clone(),
        core: (order > 0).then_some(1),
        padding_bytes: 777,
        layout: 3,
        confirming: number == 3,
        ready_ns: 11_000_000,
        load_ns: 100_000,
        instantiate_ns: 8_000,
        first_iteration_ns: u64::MAX,
        samples,
        checksum: Some(u64::MAX),
        precise: true,
        memory_peak_bytes: 1 << 28,
        rss_peak_bytes: 1 << 29,
    }
}

fn estimate(median: f64, interval: IntervalMethod) -> Estimate {
    let (lower, upper) = (-f64::MAX, f64::MIN_POSITIVE);
    Estimate {
        n: 5,
        min: median / 7.0,
        median,
        mean: median * 1.1,
        sd: 0.1,
        lower,
        upper,
        interval,
    }
}

fn outcomes() -> Vec<Outcome> {
    let text = || "unreachable in \u{9b}31m<script>".to_owned();
    let all = vec![
        Outcome::Ok,
        Outcome::Skipped { reason: text() },
        Outcome::Refused { reason: text() },
        Outcome::Error { message: text() },
        Outcome::Trap { message: text() },
        Outcome::Fault { message: text() },
        Outcome::Limit {
            limit: LimitKind::Memory,
            cap: 1 << 28,
            actual: Some(u64::MAX),
        },
        Outcome::Limit {
            limit: LimitKind::Wall,
            cap: 60_000,
            actual: None,
        },
        Outcome::Checksum {
            expected: u64::MAX,
            actual: 0,
        },
        Outcome::Output { message: text() },
        Outcome::Nondeterministic { message: text() },
        Outcome::Crash { message: text() },
        Outcome::Host { message: text() },
        Outcome::Folded { message: text() },
        Outcome::Implausible { message: text() },
    ];
    match all[0] {
        Outcome::Ok
        | Outcome::Skipped { .. }
        | Outcome::Refused { .. }
        | Outcome::Error { .. }
        | Outcome::Trap { .. }
        | Outcome::Fault { .. }
        | Outcome::Limit { .. }
        | Outcome::Checksum { .. }
        | Outcome::Output { .. }
        | Outcome::Nondeterministic { .. }
        | Outcome::Folded { .. }
        | Outcome::Implausible { .. }
        | Outcome::Crash { .. }
        | Outcome::Host { .. } => all,
    }
}

fn limits() -> Vec<LimitKind> {
    use LimitKind as L;
    let all = vec![
        L::Fuel,
        L::Memory,
        L::Wall,
        L::Compile,
        L::CompileMemory,
        L::Stack,
        L::Instances,
        L::HostCall,
        L::Handles,
        L::Random,
        L::Output,
        L::Component,
        L::Cases,
        L::ScratchBytes,
        L::ScratchFiles,
    ];
    match all[0] {
        L::Fuel
        | L::Memory
        | L::Wall
        | L::Compile
        | L::CompileMemory
        | L::Stack
        | L::Instances
        | L::HostCall
        | L::Handles
        | L::Random
        | L::Output
        | L::Component
        | L::Cases
        | L::ScratchBytes
        | L::ScratchFiles => all,
    }
}

fn marks() -> Vec<Mark> {
    use Mark as M;
    let all = vec![
        M::Nondeterministic,
        M::Noisy,
        M::Folded,
        M::Implausible,
        M::FuelUnsettled,
        M::TimerFloor,
        M::SingleProcess,
        M::Suspended,
        M::BudgetEnded,
        M::Nonlinear,
        M::Preempted,
        M::Unsteady,
        M::SharedCore,
    ];
    match all[0] {
        M::Nondeterministic
        | M::Noisy
        | M::Folded
        | M::Implausible
        | M::FuelUnsettled
        | M::TimerFloor
        | M::SingleProcess
        | M::Suspended
        | M::BudgetEnded
        | M::Nonlinear
        | M::Preempted
        | M::Unsteady
        | M::SharedCore => all,
    }
}

fn intervals() -> Vec<IntervalMethod> {
    use IntervalMethod as I;
    let all = vec![I::Exact, I::OrderStatistic, I::StudentT, I::WithinProcess];
    match all[0] {
        I::Exact | I::OrderStatistic | I::StudentT | I::WithinProcess => all,
    }
}
