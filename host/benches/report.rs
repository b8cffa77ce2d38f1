//! What keeping a large run costs: 1000 cases x 10^4 samples in 5 processes each.
//!
//! `cargo bench -p dyno-host --bench report`. Aims: written in under 2 s, one case read back in
//! under 20 ms; the page of 500 cases x 1000 samples at most 3 MB; the history of a case over 10^4
//! runs in under 100 ms. A disk's speed is not ours, so each figure stands beside what the same
//! machine needs in the same moment for a plain file of as many bytes.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use dyno_export::{Format, export};
use dyno_model::{
    Case, CaseSpec, Estimate, IntervalMethod, Machine, Measurement, Metric, Outcome, Plugin,
    PluginKind, Process, Run, RunStatus, Sample,
};
use dyno_report::{Store, pack};

const CASES: u64 = 1000;
const PROCESSES: u32 = 5;
const SAMPLES: usize = 2000;
const ROUNDS: u32 = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let mut run = generate();
    let samples = CASES as usize * PROCESSES as usize * SAMPLES;
    println!("{CASES} cases x {PROCESSES} processes x {SAMPLES} samples = {samples} samples");
    let (mut writes, mut plains, mut bytes) = (Vec::new(), Vec::new(), 0);
    for round in 0..ROUNDS {
        // A new report each time: opening, recording and closing, all of it durable.
        let path = place.path().join(format!("{round}.sqlite"));
        writes.push(timed(|| Ok(Store::open(&path)?.record(&run)?))?);
        bytes = fs::metadata(&path)?.len();
        plains.push(timed(|| plain(&place.path().join("plain"), bytes))?);
    }
    let path = place.path().join("0.sqlite");
    let (write, bare) = (median(writes), median(plains));
    println!(
        "write      {write:?} (aim 2 s), {:.1} x a plain file of as many bytes and its fsync ({bare:?})",
        ratio(write, bare)
    );
    println!(
        "size       {bytes} bytes, {:.2} a sample, {:.1} x smaller than in memory",
        bytes as f64 / samples as f64,
        (samples * size_of::<Sample>()) as f64 / bytes as f64
    );

    // The second run into the same file finds it large.
    run.id.push('2');
    let second = timed(|| Ok(Store::open(&path)?.record(&run)?))?;
    println!(
        "second     {second:?} into the same report, {:.2} x the first",
        ratio(second, write)
    );

    let mut reads = Vec::new();
    for case in (0..CASES).step_by(97) {
        let name = format!("case {case}");
        reads.push(timed(|| {
            let read = Store::open_existing(&path)?.case_samples(&run.id, "bench", &name)?;
            assert_eq!(read.len(), PROCESSES as usize);
            Ok(())
        })?);
    }
    let worst = reads.iter().max().copied().unwrap_or_default();
    println!(
        "one case   {:?}, worst {worst:?} (aim 20 ms), opening included",
        median(reads)
    );

    let list = timed(|| {
        assert_eq!(Store::open_existing(&path)?.runs()?.len(), 2);
        Ok(())
    })?;
    println!("list       {list:?}");
    let whole = timed(|| {
        assert!(Store::open_existing(&path)?.run(&run.id)? == run);
        Ok(())
    })?;
    println!(
        "whole run  {whole:?} read and compared, {:.1} x its write",
        ratio(whole, write)
    );
    for format in [Format::Json, Format::Jsonl, Format::Csv] {
        let took = timed(|| {
            Ok(export(
                &(&run).into(),
                format,
                std::io::BufWriter::new(std::io::sink()),
            )?)
        })?;
        println!("export     {took:?} as {format:?}");
    }
    packing(&run, samples)?;
    page(run)?;
    history(place.path())
}

/// What people get to see of a large run, in the directory of temporary files of the build, where a
/// browser can be pointed at it.
fn page(mut run: Run) -> Result<(), Box<dyn Error>> {
    for plugin in &mut run.plugins {
        plugin.cases.truncate(500);
        for process in plugin.cases.iter_mut().flat_map(|case| &mut case.processes) {
            process.samples.truncate(200);
        }
    }
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report-500x1000.html");
    let took = timed(|| {
        let file = std::io::BufWriter::new(File::create(&path)?);
        Ok(export(&(&run).into(), Format::Html, file)?)
    })?;
    let bytes = fs::metadata(&path)?.len();
    println!(
        "page       {took:?}, {:.2} MB of 500 cases x 1000 samples (aim 3 MB): {}",
        bytes as f64 / 1e6,
        path.display()
    );
    Ok(())
}

/// A small plugin over ten thousand runs.
fn history(place: &Path) -> Result<(), Box<dyn Error>> {
    const RUNS: usize = 10_000;
    let path = place.join("history.sqlite");
    let mut store = Store::open(&path)?;
    let mut run = generate();
    for plugin in &mut run.plugins {
        plugin.cases.truncate(5);
        for case in &mut plugin.cases {
            case.processes.clear();
        }
    }
    for number in 0..RUNS {
        run.id = format!("20261121T{number:06}Z-00000000");
        run.started_at = format!("2026-11-21T{number:06}Z");
        store.record(&run)?;
    }
    drop(store);
    let mut reads = Vec::new();
    for _ in 0..ROUNDS {
        reads.push(timed(|| {
            let histories = Store::open_existing(&path)?.histories("case 3", Metric::WallTime)?;
            assert_eq!(histories[0].points.len(), RUNS);
            let values: Vec<f64> = histories[0]
                .points
                .iter()
                .map(|point| point.median)
                .collect();
            std::hint::black_box(dyno_stats::change_points(&values));
            Ok(())
        })?);
    }
    println!(
        "history    {:?} of a case over {RUNS} runs, with its change points (aim 100 ms)",
        median(reads)
    );
    Ok(())
}

/// The format alone, without a file.
fn packing(run: &Run, samples: usize) -> Result<(), Box<dyn Error>> {
    let processes = || {
        run.plugins
            .iter()
            .flat_map(|p| &p.cases)
            .flat_map(|c| &c.processes)
    };
    let mut blobs = Vec::new();
    let packing = timed(|| {
        blobs = processes()
            .map(|process| pack::pack(&process.samples))
            .collect();
        Ok(())
    })?;
    let unpacking = timed(|| {
        for blob in &blobs {
            pack::unpack(blob)?;
        }
        Ok(())
    })?;
    let per_sample = |took: Duration| took.as_secs_f64() * 1e9 / samples as f64;
    println!(
        "pack       {:.1} ns a sample, unpack {:.1} ns",
        per_sample(packing),
        per_sample(unpacking)
    );
    Ok(())
}

fn timed(work: impl FnOnce() -> Result<(), Box<dyn Error>>) -> Result<Duration, Box<dyn Error>> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn ratio(a: Duration, b: Duration) -> f64 {
    a.as_secs_f64() / b.as_secs_f64()
}

/// As many bytes, written once and flushed: the least that keeping them can cost.
fn plain(path: &Path, bytes: u64) -> Result<(), Box<dyn Error>> {
    let block = vec![0xa5; 1 << 20];
    let mut file = File::create(path)?;
    let mut left = bytes as usize;
    while left > 0 {
        let part = left.min(block.len());
        file.write_all(&block[..part])?;
        left -= part;
    }
    Ok(file.sync_all()?)
}

/// Numbers like those of a quiet machine: samples of some 5 ms that vary by 1 %, with a slow drift
/// and now and then an interruption.
fn generate() -> Run {
    let mut random = Random(7);
    let cases = (0..CASES).map(|number| case(number, &mut random)).collect();
    Run {
        id: "20261120T165509Z-1f2e3d4c".into(),
        started_at: "2026-11-20T16:55:09Z".into(),
        finished_at: "2026-11-20T18:55:09Z".into(),
        status: RunStatus::Complete,
        command: vec!["dyno".into(), "run".into()],
        host_version: env!("CARGO_PKG_VERSION").into(),
        engine: "none".into(),
        seed: 7,
        order_seed: 7,
        empty_batch_ns: Some(40.5),
        settings: BTreeMap::new(),
        limits: BTreeMap::new(),
        grants: Vec::new(),
        confinement: Vec::new(),
        machine: Machine::of(BTreeMap::new()),
        warnings: Vec::new(),
        plugins: vec![Plugin {
            kept_from: None,
            operand: None,
            label: "bench".into(),
            name: "bench".into(),
            source: "bench.wasm".into(),
            kind: Some(PluginKind::Suite),
            digest: Some(format!("sha256:{}", "0".repeat(64))),
            component_bytes: Some(1 << 20),
            inputs: None,
            engine: None,
            outcome: Outcome::Ok,
            compile: None,
            load_ns: None,
            instantiate_ns: None,
            cases,
        }],
    }
}

fn case(number: u64, random: &mut Random) -> Case {
    Case {
        spec: CaseSpec {
            name: format!("case {number}"),
            description: String::new(),
            group: None,
            params: Vec::new(),
            throughput: None,
            expected: None,
        },
        outcome: Outcome::Ok,
        marks: Vec::new(),
        checksum: Some(number),
        count: None,
        calibration: None,
        processes: (0..PROCESSES).map(|block| process(block, random)).collect(),
        measurements: Metric::all().map(measurement).collect(),
        output: None,
    }
}

fn measurement(metric: Metric) -> Measurement {
    let interval = IntervalMethod::StudentT;
    let estimate = Estimate {
        n: 5,
        min: 1.1,
        median: 1.2,
        mean: 1.3,
        sd: 0.1,
        lower: 1.0,
        upper: 1.5,
        interval,
    };
    Measurement { metric, estimate }
}

fn process(block: u32, random: &mut Random) -> Process {
    let iterations = 1 << (random.next() % 20);
    let mut level = 5e6;
    let samples = (0..SAMPLES)
        .map(|_| {
            level += 500.0 * random.normal();
            let switches = u32::from(random.next().is_multiple_of(200));
            let stolen = u64::from(switches) * (random.next() % 3_000_000);
            let busy = (level + 50_000.0 * random.normal()) as u64;
            let cpu_ns = busy + random.next() % 60;
            Sample {
                iterations,
                wall_ns: busy + 150 + random.next() % 100 + stolen,
                cpu_ns,
                switches,
                waits: 0,
                counts: Default::default(),
            }
        })
        .collect();
    Process {
        block,
        order: block,
        outcome: Outcome::Ok,
        core: Some(1),
        padding_bytes: 100,
        layout: 0,
        confirming: false,
        ready_ns: 20_000_000,
        load_ns: 100_000,
        instantiate_ns: 10_000,
        first_iteration_ns: 5_000,
        samples,
        checksum: Some(7),
        precise: true,
        memory_peak_bytes: 1 << 20,
        rss_peak_bytes: 1 << 24,
    }
}

/// SplitMix64: the samples only have to look like samples, and to be the same each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// About standard normal: the sum of twelve uniform numbers.
    fn normal(&mut self) -> f64 {
        (0..12)
            .map(|_| (self.next() >> 11) as f64 / (1_u64 << 53) as f64)
            .sum::<f64>()
            - 6.0
    }
}
