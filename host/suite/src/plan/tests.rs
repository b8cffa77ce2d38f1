use super::*;
use std::path::Path;

fn suite(text: &str) -> Suite {
    Suite::parse(
        &format!("[[plugins]]\npath = 'a'\n[[plugins]]\npackage = 'b/c@1'\n{text}"),
        Path::new("dir/dyno.toml"),
    )
    .unwrap()
}

fn time(keys: &str) -> Sampling {
    suite(&format!("[phases.baseline]\n{keys}"))
        .plan(None)
        .unwrap()[0]
        .time
}

#[test]
fn a_phase_becomes_what_dyno_run_would_be_asked() {
    let suite = suite("strict = true\n[grants]\ndirs = ['data::/data', '/abs']\nstdin = 'in.txt'\n[limits]\nmemory = '1GiB'\n[phases.baseline]\nplugins = ['b/c@1']\n[phases.cross]\ndepth = 'thorough'\n".replacen("strict = true\n", "", 1).as_str());
    let plans = suite.plan(None).unwrap();
    assert_eq!(
        plans.iter().map(|plan| plan.phase).collect::<Vec<_>>(),
        [PhaseName::Baseline, PhaseName::Cross]
    );
    assert_eq!(plans[0].paths, [Path::new("package:b/c@1")]);
    assert_eq!(
        plans[1].paths,
        [Path::new("dir/a"), Path::new("package:b/c@1")]
    );
    assert_eq!((plans[0].blocks, plans[1].blocks), (5, 20));
    assert_eq!(plans[1].time, dyno_session::Depth::Thorough.time());
    let dirs: Vec<_> = plans[0]
        .grants
        .dirs
        .iter()
        .map(|dir| (dir.host.as_path(), dir.guest.as_str()))
        .collect();
    assert_eq!(
        dirs,
        [
            (Path::new("dir/data"), "/data"),
            (Path::new("/abs"), "/abs")
        ]
    );
    assert_eq!(
        plans[0].grants.stdin.as_deref(),
        Some(Path::new("dir/in.txt"))
    );
    assert_eq!(plans[0].limits.get(dyno_model::LimitKind::Memory), 1 << 30);
}

#[test]
fn a_phase_that_is_not_there_or_cannot_run_is_an_error() {
    let baseline = suite("[phases.baseline]\n");
    assert_eq!(
        baseline.plan(Some(PhaseName::Cross)).unwrap_err(),
        PlanError::NoPhase(PhaseName::Cross)
    );
    assert_eq!(
        baseline.plan(Some(PhaseName::Load)).unwrap_err(),
        PlanError::NoPhase(PhaseName::Load)
    );
    let both = suite("[phases.baseline]\n[phases.load]\nrate = 1\nrequests = 1\n");
    assert_eq!(both.plan(None).unwrap_err(), PlanError::Load);
    assert_eq!(both.plan(Some(PhaseName::Baseline)).unwrap().len(), 1);
    let load = suite("[phases.load]\nrate = 1\nrequests = 1\n");
    assert_eq!(load.plan(None).unwrap_err(), PlanError::Load);
    assert_eq!(
        load.plan(Some(PhaseName::Load)).unwrap_err(),
        PlanError::Load
    );
}

#[test]
fn a_quantile_takes_the_samples_and_the_time_that_it_needs() {
    // 2000 samples in all and 200 in each process; 10,000 and 1000 for p99.
    assert_eq!(
        [2, 5, 10, 20].map(|processes| samples_for(0.95, processes)),
        [1000, 400, 200, 200]
    );
    assert_eq!(
        [2, 5, 10, 20].map(|processes| samples_for(0.99, processes)),
        [5000, 2000, 1000, 1000]
    );
    let usual = time("");
    assert_eq!(usual, Sampling::default());
    let p95 = time("criteria = ['p95 <= 1ms']");
    assert_eq!((p95.min_samples, p95.budget_ns), (400, 800_000_000));
    let shown = time("blocks = 20\nsample-time = '1ms'\nmetrics = ['p99', 'p50']");
    assert_eq!((shown.min_samples, shown.budget_ns), (1000, 1_000_000_000));
}

#[test]
fn samples_are_exact_and_time_is_the_users() {
    let samples = time("samples = 200");
    assert_eq!(
        (samples.min_samples, samples.max_samples, samples.budget_ns),
        (200, 200, 500_000_000)
    );
    let own = time("time = '100ms'\ncriteria = ['p95 <= 1ms']");
    assert_eq!((own.budget_ns, own.min_samples), (100_000_000, 400));
}
