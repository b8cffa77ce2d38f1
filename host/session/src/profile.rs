//! Profiles of cases: sources are found, checked and listed as in every session, then each case is
//! run once, in a build of its own, by a worker of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::subject::{Subject, ran};
use super::{Findings, Host, Session, SessionError};
use crate::Request;
use dyno_analysis::profile::Profile;
use dyno_files::private_dir::PrivateDir;
use dyno_job::{Build, Cancel, CodeFile, Event, Job, Layout, Report};
use dyno_measure::ProfileSize;
use dyno_model::Outcome;
use dyno_model::progress::{Observer, Progress, Step};

/// What a session of profiles brought.
#[derive(Debug)]
pub struct Profiles {
    /// Which plugins and cases there were, and what went wrong with them; nothing of it was
    /// measured.
    pub findings: Findings,
    /// In the order of the plugins and their cases; only of those that came to their end.
    pub profiles: Vec<CaseProfile>,
}

/// The profile of one case.
#[derive(Debug, Clone)]
pub struct CaseProfile {
    /// Which plugin of the run.
    pub plugin: usize,
    /// The name of the case; hostile.
    pub case: String,
    /// What was counted.
    pub profile: Profile,
}

/// Profiles every case that a request asks for. A case of a later plugin is profiled over as many
/// iterations as the case of that name of the first one, so that the two can be compared.
///
/// # Errors
/// If it cannot even begin.
pub async fn profile(
    request: &Request,
    host: &Host,
    cancel: Cancel,
    observer: &mut dyn Observer,
) -> Result<Profiles, SessionError> {
    let request = &request.resolved()?;
    let mut session = Session::open(request, host, cancel, observer).await?;
    let mut subjects = session.find().await;
    session.list_all(&mut subjects).await?;
    let of = subjects
        .iter()
        .map(|subject| subject.plugin.cases.len())
        .sum();
    let mut step = Step { number: 0, of };
    let mut sizes = BTreeMap::new();
    let mut profiles = Vec::new();
    for (plugin, subject) in subjects.iter_mut().enumerate() {
        if subject.plugin.cases.is_empty() {
            continue;
        }
        let Some(build) = session.compile_profiled(subject).await else {
            continue;
        };
        for case in 0..subject.plugin.cases.len() {
            step.number += 1;
            let name = subject.plugin.cases[case].spec.name.clone();
            let size = sizes.get(&name).copied().unwrap_or(ProfileSize::Enough);
            match session
                .profile_case(subject, &build, &name, size, step)
                .await
            {
                Ok(profile) => {
                    let size = ProfileSize::Iterations(profile.iterations);
                    sizes.entry(name.clone()).or_insert(size);
                    profiles.push(CaseProfile {
                        plugin,
                        case: name,
                        profile,
                    });
                }
                Err(outcome) => subject.plugin.cases[case].outcome = outcome,
            }
        }
    }
    session.observer.on(Progress::Done);
    Ok(Profiles {
        findings: session.conclude(subjects),
        profiles,
    })
}

/// The profiled build of a plugin.
struct ProfiledBuild {
    code: CodeFile,
    functions: Arc<[String]>,
    /// Where the code is, until it is not needed any more.
    _staging_dir: PrivateDir,
}

impl Session<'_> {
    /// Compiles the profiled build, unless the plugin is refused for it.
    async fn compile_profiled(&mut self, subject: &mut Subject) -> Option<ProfiledBuild> {
        match self.try_compile_profiled(subject).await {
            Ok(build) => Some(build),
            Err(outcome) => {
                subject.refuse(outcome);
                None
            }
        }
    }

    async fn try_compile_profiled(&mut self, subject: &Subject) -> Result<ProfiledBuild, Outcome> {
        let limits = &self.request.limits;
        let host = |error: std::io::Error| Outcome::Host {
            message: error.to_string(),
        };
        self.observer.on(Progress::Compile {
            step: None,
            plugin: &subject.plugin.label,
        });
        let staging_dir = PrivateDir::inside(self.cache.run_dir()).map_err(host)?;
        let component = staging_dir.path().join("component");
        subject.snapshot(limits, &component)?;
        let written = staging_dir.path().join("code");
        std::fs::create_dir(&written).map_err(host)?;
        let code = written.join("profiled.cwasm");
        let job = self.compile_job(component, Build::Profiled, Layout::PLAIN, code.clone());
        let report = self.work(job, 0).await;
        match self.compiled(&report) {
            Outcome::Ok => {}
            outcome => return Err(outcome),
        }
        let code = CodeFile::check(&code).ok_or_else(|| Outcome::Host {
            message: "the compiled code is damaged".into(),
        })?;
        let functions = report.events.into_iter().filter_map(|event| match event {
            Event::Functions { names } => Some(names),
            _ => None,
        });
        Ok(ProfiledBuild {
            code,
            functions: functions.flatten().collect(),
            _staging_dir: staging_dir,
        })
    }

    async fn profile_case(
        &mut self,
        subject: &Subject,
        build: &ProfiledBuild,
        case: &str,
        size: ProfileSize,
        step: Step,
    ) -> Result<Profile, Outcome> {
        self.observer.on(Progress::Profile {
            step,
            plugin: &subject.plugin.label,
            case,
        });
        let run = self.run_job(subject, &build.code, case);
        let report = self.work(Job::Profile { run, size }, 0).await;
        let outcome = ran(&report, &self.request.limits);
        if !outcome.is_ok() {
            return Err(subject.advised(outcome, self.request));
        }
        gathered(report, &build.functions).ok_or_else(|| Outcome::Crash {
            message: "its worker ended without a profile".into(),
        })
    }
}

/// What a worker said of a case that came to its end.
fn gathered(report: Report, functions: &Arc<[String]>) -> Option<Profile> {
    let mut profile = Profile {
        functions: Arc::clone(functions),
        ..Profile::default()
    };
    let mut is_done = false;
    for event in report.events {
        match event {
            Event::Profiled { nodes, sums } => {
                profile.nodes.extend(nodes);
                profile.sums.extend(sums);
            }
            Event::ProfileDone { iterations, fuel } => {
                profile.iterations = iterations;
                profile.fuel = fuel;
                is_done = true;
            }
            _ => {}
        }
    }
    is_done.then_some(profile)
}
