//! The guest that does nothing, in a sandbox within this process: what `next`, `start` and `stop`
//! cost, without the system calls that a sample's CPU time takes and without a process around it.

use std::time::Instant;

use std::collections::BTreeSet;

use dyno_job::{Build, CodeFile, Layout};
use dyno_measure::{Batch, Order, Sampler, Schedule, SystemClock};
use dyno_model::{Features, Limits, Reach};
use dyno_sandbox as sandbox;
use dyno_sandbox::{Conditions, FuelGauge, Linked, Program};
use dyno_stats as stats;

use crate::product::Result;

/// The same one by which every run measures its empty batch.
const GUEST: &str = include_str!("../../session/src/empty.wat");

const BATCHES: u64 = 100_000;
const ROUNDS: usize = 15;

/// What nothing costs: medians over rounds on fresh guests.
pub(crate) struct Cost {
    /// From one `next` to the next, with a `start` and a `stop`, ns.
    pub(crate) batch_ns: f64,
    /// Between that `start` and `stop`, ns.
    pub(crate) timed_ns: f64,
    /// An iteration of an empty loop, ns.
    pub(crate) iteration_ns: f64,
}

pub(crate) fn cost() -> Result<Cost> {
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let (code, limits) = (place.path().join("empty"), Limits::default());
    sandbox::compile(
        &sandbox::to_binary(GUEST.as_bytes())?,
        Build::Timed,
        Layout::PLAIN,
        (&limits, &Features::default()),
        &code,
        &mut std::fs::File::create(&code)?,
    )?;
    let code = CodeFile::check(&code).ok_or("the code is damaged")?;
    let component = sandbox::load(&code, Build::Timed, &limits, &Features::default())?;
    let linked = Linked::new(&component, Build::Timed, &BTreeSet::new())
        .map_err(|outcome| format!("{outcome:?}"))?;
    let round = |case: &str, batches, iterations| {
        let conditions = Conditions {
            build: Build::Timed,
            limits: &limits,
            grants: &Reach::default(),
            program: &Program::default(),
            seed: 0,
        };
        let sampler = Sampler::new(SystemClock::start(), Equal::new(batches, iterations));
        let finished = linked.run(case, conditions, &FuelGauge::default(), sampler);
        let finished = finished.map_err(|outcome| format!("{outcome:?}"))?;
        Ok::<_, String>(finished.bench.into_schedule())
    };
    let (mut batch, mut timed, mut iteration) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let many = round("empty", BATCHES, 1)?;
        batch.push(many.total_ns as f64 / BATCHES as f64);
        timed.push(many.timed_ns as f64 / BATCHES as f64);
        let long = round("loop", 10, 1_000_000)?;
        iteration.push(long.timed_ns as f64 / 1e7);
    }
    let median = |values: &[f64]| stats::median(values).ok_or("nothing was measured");
    Ok(Cost {
        batch_ns: median(&batch)?,
        timed_ns: median(&timed)?,
        iteration_ns: median(&iteration)?,
    })
}

/// So many equal batches.
struct Equal {
    left: u64,
    iterations: u64,
    began: Instant,
    total_ns: u64,
    timed_ns: u64,
}

impl Equal {
    fn new(batches: u64, iterations: u64) -> Self {
        Self {
            left: batches,
            iterations,
            began: Instant::now(),
            total_ns: 0,
            timed_ns: 0,
        }
    }
}

impl Schedule for Equal {
    fn next(&mut self, done: Option<&Batch>) -> Option<Order> {
        match done {
            None => self.began = Instant::now(),
            Some(batch) => self.timed_ns += batch.timed,
        }
        if self.left == 0 {
            self.total_ns = self.began.elapsed().as_nanos() as u64;
            return None;
        }
        self.left -= 1;
        Some(Order {
            iterations: self.iterations,
            usage: false,
        })
    }
}
