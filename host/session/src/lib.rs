//! The whole pipeline: from paths to a run that is ready to be recorded.

pub mod baseline;
mod budget;
mod builds;
pub mod cache;
mod case;
mod code;
mod compile_time;
mod conclude;
mod core;
mod depth;
mod error;
mod floor;
mod host;
mod inputs;
mod listing;
mod packages;
mod permissions;
mod plan;
mod profile;
mod program;
mod provider;
mod request;
mod resume;
mod scratch;
mod subject;
mod sweep;
mod versus;
mod work;

use std::collections::BTreeMap;
use std::time::Duration;

use rand_chacha::ChaCha12Rng;
use rand_core::SeedableRng as _;

pub use budget::BUDGET;
use case::{CaseAt, Place, pending};
use core::Core;
pub use core::CoreChoice;
pub use depth::Depth;
pub use error::SessionError;
pub use host::Host;
pub use listing::{MeantBy, idle, select};
use plan::{CasePlan, Planned};
pub use profile::{CaseProfile, Profiles, profile};
pub use provider::{Provided, Provider};
pub use request::{
    FORMAT, Format, REQUEST_BYTES_MAX, Request, RequestError, SCHEMA, Stage, Versus, random_u64,
    schema,
};
use subject::{Side, Subject};

use crate::cache::CodeCache;
use dyno_analysis::compare::{LOOKS, Next};
use dyno_job::{Cancel, Hello, Job, Shape, Stop, Supervisor};
use dyno_model::progress::{Observer, Progress, Step};
use dyno_model::{Comparison, Outcome, Run, label};

/// What a session brought.
#[derive(Debug)]
pub struct Findings {
    /// Ready to be recorded.
    pub run: Run,
    /// If it was held against something: that as a run of its own, and what came out.
    pub compared: Option<(Run, Comparison)>,
    /// The structure of each plugin of the run that was checked, in the same order.
    pub shapes: Vec<Option<Shape>>,
    /// Why it ended early, if it did.
    pub stop: Option<Stop>,
}

/// Does what a request asks for, on this host.
///
/// # Errors
/// If it cannot even begin.
pub async fn measure(
    request: &Request,
    host: &Host,
    cancel: Cancel,
    observer: &mut dyn Observer,
) -> Result<Findings, SessionError> {
    let request = &request.resolved()?;
    let mut session = Session::open(request, host, cancel, observer).await?;
    let mut subjects = session.find().await;
    if request.name.is_some() && subjects.len() != 1 {
        return Err(SessionError::Name(subjects.len()));
    }
    session.check_pairing(&subjects)?;
    session.list_all(&mut subjects).await?;
    session.pass_over_identical(&mut subjects);
    session.take_over(&mut subjects)?;
    if request.stage >= Stage::Count {
        session.count(&mut subjects).await;
    }
    if request.stage >= Stage::Time {
        let all = session.to_be_timed(&subjects);
        session.begin_timing(&all).await;
        session.sample_compiling(&mut subjects).await;
        session.calibrate(&mut subjects, &all).await;
        session
            .time(&mut subjects, all, request.blocks, false)
            .await;
        if let Some(versus) = &request.versus {
            let open = session.needing(Next::Extend, &subjects);
            session
                .time(&mut subjects, open, versus.extension, false)
                .await;
            for _ in 0..LOOKS {
                let flagged = session.needing(Next::Confirm, &subjects);
                session
                    .time(&mut subjects, flagged, versus.confirmation / LOOKS, true)
                    .await;
            }
        }
        session.release_core();
    }
    session.observer.on(Progress::Done);
    Ok(session.conclude(subjects))
}

struct Session<'a> {
    request: &'a Request,
    host: &'a Host,
    observer: &'a mut dyn Observer,
    cancel: Cancel,
    supervisor: Supervisor,
    cache: CodeCache,
    /// Who the workers are, or why there are none.
    hello: Result<Hello, Outcome>,
    core: Core,
    scratch: scratch::Scratch,
    started_at: jiff::Timestamp,
    /// Decides on order and padding.
    random: ChaCha12Rng,
    /// What every process of a case does.
    plans: BTreeMap<CaseAt, CasePlan>,
    /// Processes of the time pass so far, and blocks.
    order: u32,
    blocks: u32,
    empty_batch_ns: Option<f64>,
    confinement: Vec<String>,
    warnings: Vec<String>,
}

impl<'a> Session<'a> {
    async fn open(
        request: &'a Request,
        host: &'a Host,
        cancel: Cancel,
        observer: &'a mut dyn Observer,
    ) -> Result<Self, SessionError> {
        request.grants.expect_values(&host.variables)?;
        let budget = Duration::from_millis(request.budget_ms);
        let cancel = cancel.within(budget.saturating_sub(host.spent));
        let supervisor = Supervisor::new(cancel.clone())?;
        let hello = supervisor.hello().await;
        let (cache, warning) = CodeCache::open(host.cache_dir.as_deref(), host.cache_bytes_max)
            .map_err(SessionError::Temporary)?;
        Ok(Self {
            request,
            host,
            observer,
            cancel,
            supervisor,
            cache,
            hello,
            core: Core::default(),
            scratch: scratch::Scratch::default(),
            started_at: jiff::Timestamp::now(),
            random: ChaCha12Rng::seed_from_u64(request.order_seed),
            plans: BTreeMap::new(),
            order: 0,
            blocks: 0,
            empty_batch_ns: None,
            confinement: Vec::new(),
            warnings: host.warnings.iter().cloned().chain(warning).collect(),
        })
    }

    /// Paths and packages become subjects: found and verified, built, hashed.
    async fn find(&mut self) -> Vec<Subject> {
        let (request, host) = (self.request, self.host);
        let base = request.versus.iter().flat_map(|versus| &versus.paths);
        let sides = base.map(|path| (Side::Base, path));
        let sides = sides.chain(request.paths.iter().map(|path| (Side::Candidate, path)));
        let (mut subjects, mut trees) = (Vec::new(), inputs::Trees::default());
        for (side, path) in sides {
            let (sources, package) = if host.kept_from.contains_key(path) {
                (vec![baseline::source(path)], None)
            } else if host.provider.provides(path) {
                self.package(path).await
            } else {
                (dyno_plugin::find(path), None)
            };
            let first = subjects.len();
            let of = sources.len();
            for (index, source) in sources.into_iter().enumerate() {
                let cancel = self.cancel.clone();
                let observer = &mut *self.observer;
                let source = source.map(|source| source.called(request.name.as_deref()));
                let plugin = source.as_ref().map_or("", |source| &source.name);
                let number = index + 1;
                observer.on(Progress::Find {
                    step: Step { number, of },
                    plugin,
                });
                let dir = self.cache.run_dir();
                let asked = (request, host);
                subjects.push(Subject::prepare(source, path, asked, dir, observer, cancel).await);
            }
            if let (Some(package), Some(subject)) = (package, subjects.last_mut()) {
                subject.is_packaged(package, path);
            }
            for subject in &mut subjects[first..] {
                subject.side = side;
                subject.plugin.kept_from = host.kept_from.get(path).cloned();
                subject.plugin.engine = self.hello.as_ref().ok().map(ToString::to_string);
                if let (Side::Base, Some(versus)) = (side, &request.versus) {
                    subject.exceptions = versus.exceptions.clone();
                }
                subject.note_inputs((request, host), &mut trees);
            }
        }
        for side in [Side::Base, Side::Candidate] {
            let of_side = subjects.iter_mut().filter(|subject| subject.side == side);
            label(of_side.map(|subject| &mut subject.plugin).collect());
        }
        subjects
    }

    /// Asks a plugin for its cases.
    async fn list(&mut self, subject: &mut Subject) {
        let Some(code) = subject.code.clone() else {
            return;
        };
        let job = Job::Cases(self.run_job(subject, &code.metered, ""));
        let report = self.work(job, 0).await;
        subject.listed(report, &self.request.limits);
    }

    /// The count pass over every case.
    async fn count(&mut self, subjects: &mut [Subject]) {
        let cases = pending(subjects, Stage::Count);
        for (index, at) in cases.iter().enumerate() {
            let Some((subject, code, case)) = at.of(subjects) else {
                continue;
            };
            let limits = plan::patient(&self.request.limits, plan::COUNT_FACTOR);
            let mut run = self.run_job(subject, &code.metered, case);
            run.limits = limits.clone();
            let job = Job::Count {
                run,
                settings: self.request.count,
            };
            let step = Step {
                number: index + 1,
                of: cases.len(),
            };
            self.observer.on(Progress::Count {
                step,
                plugin: &subject.plugin.label,
                case,
            });
            let report = self.work(job, 0).await;
            at.counted(subjects, report, self.request, &limits);
        }
    }

    /// The time pass: a fresh process for every case in every block.
    async fn time(
        &mut self,
        subjects: &mut [Subject],
        cases: Vec<CaseAt>,
        blocks: u32,
        confirming: bool,
    ) {
        let planned = self.plan(subjects, &cases, blocks);
        self.provide_layouts(subjects, &planned).await;
        self.announce(&planned, blocks);
        let first = planned.first().map_or(0, |first| first.block);
        for (number, process) in planned.iter().enumerate() {
            self.observer.on(Progress::Time {
                step: Step {
                    number: number + 1,
                    of: planned.len(),
                },
                block: Step {
                    number: (process.block - first) as usize + 1,
                    of: blocks as usize,
                },
                plugin: process.at.plugin(subjects),
                case: process.at.name(subjects),
            });
            self.time_once(subjects, process, confirming).await;
        }
    }

    /// One process of the time pass, unless its case has failed.
    async fn time_once(&mut self, subjects: &mut [Subject], process: &Planned, confirming: bool) {
        let at = process.at;
        let found = at.of(subjects).filter(|_| at.is_pending(subjects));
        let (Some((subject, code, case)), Some(plan)) = (found, self.plans.get(&at).cloned())
        else {
            return;
        };
        let (layout, code) = code.timed(process.layout);
        let mut run = self.run_job(subject, code, case);
        run.limits = plan.limits.clone();
        let job = Job::Time {
            run,
            settings: plan.settings,
        };
        let report = self.work(job, process.padding_bytes).await;
        let place = Place {
            block: process.block,
            order: self.order,
            confirming,
            core: self.core.number,
            padding_bytes: process.padding_bytes,
            layout,
        };
        at.timed(subjects, report, place, &plan.limits);
        self.order += 1;
    }
}
