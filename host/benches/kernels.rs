//! What measuring with Dyno does to a kernel or a program: its time by `dyno run` over its time in a
//! bare wasmtime embedding, for the same component or core module, between 0.99 and 1.01.
//!
//! `cargo bench -p dyno-host --bench kernels [-- BLOCKS]`. Each block runs every kernel once with
//! each of the two, every time in a fresh process on the same core and with another environment
//! padding, in shuffled order. The two of a block stand side by side in time, so what slows the
//! machine slows both: each block gives one ratio of their medians, and the figure is the median
//! over the blocks with its 95 % interval.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use dyno_job::PADDING_VARIABLE;
use dyno_model::Sample;
use dyno_session::random_u64;
use dyno_stats as stats;
use product::{Result, figure};
use rand_chacha::ChaCha12Rng;
use rand_core::{Rng as _, SeedableRng as _};

mod bare;
#[allow(dead_code, reason = "each benchmark uses a part")]
mod product;

const KERNELS: [&str; 6] = [
    "sha256/64KiB",
    "sha256/1MiB",
    "sort/100000",
    "copy/4MiB",
    "n-body/1000",
    "allocation/10000",
];

/// Programs that are core modules, in text.
const PROGRAMS: [(&str, &str); 3] = [
    ("sieve", include_str!("programs/sieve.wat")),
    ("fibonacci", include_str!("programs/fibonacci.wat")),
    ("logistic", include_str!("programs/logistic.wat")),
];

/// The interval of a median needs six; with twenty it is that of the 6th and the 15th.
const BLOCKS: usize = 20;

/// How long each process samples.
const BUDGET: Duration = Duration::from_millis(250);

/// The argument that makes this program a bare embedding.
const BARE: &str = "--bare";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [BARE, component, case] => return bare::measure(Path::new(component), case, BUDGET),
        [BARE, program] => return bare::program::measure(Path::new(program), BUDGET),
        _ => {}
    }
    let blocks = args
        .iter()
        .find_map(|arg| arg.parse().ok())
        .unwrap_or(BLOCKS);
    product::build(product::GUESTS)?;
    let component = product::guest("kernels")?;
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let mut measured: Vec<Measured> = Vec::new();
    for case in KERNELS {
        let file = component.clone();
        measured.push(Measured {
            name: case,
            case: Some(case),
            file,
        });
    }
    for (name, text) in PROGRAMS {
        let file = place.path().join(name).with_extension("wasm");
        std::fs::write(&file, wat::parse_str(text)?)?;
        measured.push(Measured {
            name,
            case: None,
            file,
        });
    }

    let seed = random_u64();
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    let mut pairs = vec![Vec::new(); measured.len()];
    for _ in 0..blocks {
        let mut order: Vec<usize> = (0..measured.len()).collect();
        for last in (1..order.len()).rev() {
            order.swap(last, random.next_u32() as usize % (last + 1));
        }
        for kernel in order {
            pairs[kernel].push(pair(&measured[kernel], &mut random)?);
        }
    }
    println!("`dyno run` over bare wasmtime: {blocks} pairs of processes, order seed {seed:#x}");
    for (kernel, pairs) in measured.iter().zip(&pairs) {
        show(kernel.name, pairs)?;
    }
    Ok(())
}

/// What is measured by both.
struct Measured {
    name: &'static str,
    /// The case of a plugin; none of a program, which is one.
    case: Option<&'static str>,
    file: PathBuf,
}

/// Its times an iteration by one process, ns.
#[derive(Clone, Copy)]
struct Times {
    wall: f64,
    cpu: f64,
}

impl Times {
    fn of(samples: &[Sample]) -> Option<Self> {
        let median = |ns: fn(&Sample) -> u64| {
            let times = samples
                .iter()
                .map(|sample| ns(sample) as f64 / sample.iterations as f64);
            stats::median(&times.collect::<Vec<_>>())
        };
        Some(Self {
            wall: median(|sample| sample.wall_ns)?,
            cpu: median(|sample| sample.cpu_ns)?,
        })
    }
}

#[derive(Clone, Copy)]
struct Pair {
    dyno: Times,
    bare: Times,
}

fn pair(kernel: &Measured, random: &mut ChaCha12Rng) -> Result<Pair> {
    let padding = random.next_u32() as usize % 4096;
    if random.next_u32().is_multiple_of(2) {
        let dyno = by_dyno(kernel)?;
        let bare = by_bare(kernel, padding)?;
        Ok(Pair { dyno, bare })
    } else {
        let bare = by_bare(kernel, padding)?;
        let dyno = by_dyno(kernel)?;
        Ok(Pair { dyno, bare })
    }
}

fn by_dyno(kernel: &Measured) -> Result<Times> {
    let file = kernel.file.to_string_lossy();
    let budget = format!("{}ms", BUDGET.as_millis());
    let mut args = vec![
        "run",
        &file,
        "--blocks",
        "1",
        "--thorough",
        "--time",
        &budget,
    ];
    args.push("--no-report");
    args.extend(kernel.case.iter().flat_map(|case| ["--case", case]));
    let run = product::run(&args)?;
    let cases = run.plugins.iter().flat_map(|plugin| &plugin.cases);
    let process = cases.flat_map(|case| &case.processes).next();
    process
        .and_then(|process| Times::of(&process.samples))
        .ok_or_else(|| format!("no samples of {}", kernel.name).into())
}

fn by_bare(kernel: &Measured, padding: usize) -> Result<Times> {
    let output = Command::new(std::env::current_exe()?)
        .env_clear()
        .env(PADDING_VARIABLE, "x".repeat(padding))
        .args([BARE.as_ref(), kernel.file.as_os_str()])
        .args(kernel.case)
        .stderr(Stdio::inherit())
        .output()?;
    let samples: Vec<Sample> = serde_json::from_slice(&output.stdout)?;
    Times::of(&samples).ok_or_else(|| format!("no samples of bare {}", kernel.name).into())
}

/// Wall time if it resolves the target, else CPU time, which a neighbour disturbs less.
fn show(kernel: &str, pairs: &[Pair]) -> Result<()> {
    let ratio = |of: fn(Times) -> f64| {
        let logs = pairs
            .iter()
            .map(|pair| (of(pair.dyno) / of(pair.bare)).ln());
        stats::estimate_over_processes(&logs.collect::<Vec<_>>()).ok_or("two blocks are needed")
    };
    let (wall, cpu) = (ratio(|times| times.wall)?, ratio(|times| times.cpu)?);
    let (clock, ratio) = match wall.upper - wall.lower {
        ..0.02 => ("wall", wall),
        _ => ("CPU", cpu),
    };
    let (median, lower, upper) = (ratio.median.exp(), ratio.lower.exp(), ratio.upper.exp());
    let met = match (lower, upper) {
        (0.99.., ..=1.01) => Some(true),
        (..0.99, ..0.99) | (1.01.., 1.01..) => Some(false),
        _ => None,
    };
    let bare: Vec<f64> = pairs.iter().map(|pair| pair.bare.wall / 1e3).collect();
    let name = format!(
        "{kernel} ({:.1} µs bare)",
        stats::median(&bare).unwrap_or_default()
    );
    let value = format!("{median:.4} [{lower:.4}, {upper:.4}] {clock}");
    figure(&name, &value, "0.99–1.01", met);
    Ok(())
}
