//! Has a worker look into a component, or write into it what it should say of itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use dyno_job::{DescribeJob, Description, Event, Job, Supervisor};
use dyno_model::{LimitKind, Limits, Outcome};

/// What a component is and says of itself; with `label`, after these sections were written into a
/// copy of it.
///
/// # Errors
/// How the worker ended, if it did not do that.
pub async fn describe(
    supervisor: &Supervisor,
    component: PathBuf,
    label: Option<(BTreeMap<String, String>, PathBuf)>,
    limits: &Limits,
) -> Result<Description, Outcome> {
    let job = Job::Describe(DescribeJob {
        component,
        label,
        limits: limits.clone(),
    });
    let report = supervisor.run(&job, job.wall(), 0).await;
    let ended = report.outcome((LimitKind::Compile, limits.get(LimitKind::Compile)));
    let described = report.events.into_iter().find_map(|event| match event {
        Event::Described(description) => Some(*description),
        _ => None,
    });
    match (ended, described) {
        (Outcome::Ok, Some(description)) => Ok(description),
        (Outcome::Ok, None) => Err(Outcome::Crash {
            message: "its worker said nothing of it".into(),
        }),
        (ended, _) => Err(ended),
    }
}
