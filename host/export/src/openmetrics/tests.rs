use super::*;
use dyno_fixture as fixture;

fn exported(run: &Run) -> String {
    let mut out = Vec::new();
    write(&run.into(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn every_metric_has_a_family_in_base_units() {
    let mut run = fixture::full();
    let case = &mut run.plugins[0].cases[0];
    case.measurements[0].estimate.median = 2_500.0;
    let text = exported(&run);
    for metric in Metric::all() {
        let family = format!("# TYPE dyno_{}", metric.spec().name.replace('-', "_"));
        assert!(text.contains(&family), "{family}");
    }
    assert!(text.contains("# UNIT dyno_wall_time_seconds seconds\n"));
    let line = text
        .lines()
        .find(|line| line.starts_with("dyno_wall_time_seconds{"))
        .unwrap();
    let (_, value) = line.rsplit_once(' ').unwrap();
    assert!((value.parse::<f64>().unwrap() - 2.5e-6).abs() < 1e-20);
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn what_failed_is_0_and_has_no_time() {
    let run = fixture::full();
    let text = exported(&run);
    let not_ok = |family: &str| {
        let lines = text.lines();
        lines
            .filter(|line| line.starts_with(family) && line.ends_with(" 0e0"))
            .count()
    };
    // One of the cases was skipped, which is no failure but not ok either.
    assert_eq!(
        not_ok("dyno_case_ok{") + not_ok("dyno_plugin_ok{"),
        cases::failures(&run) + 1
    );
    let times = text
        .lines()
        .filter(|line| line.starts_with("dyno_wall_time_seconds{"));
    assert_eq!(times.count(), 1);
}

#[test]
fn a_guest_leaves_no_label_and_starts_no_line() {
    let mut run = fixture::full();
    let before = exported(&run).lines().count();
    let spec = &mut run.plugins[0].cases[0].spec;
    spec.name = "\",x=\"1\"} 7\n# EOF\n\\".into();
    let text = exported(&run);
    assert_eq!(text.lines().count(), before);
    assert!(
        text.contains(r#"case="\",x=\"1\"} 7\\n# EOF\\n\\~"#),
        "{text}"
    );
}

#[test]
fn no_two_samples_of_a_family_have_the_same_labels() {
    let mut run = fixture::full();
    run.plugins.push(run.plugins[0].clone());
    run.plugins[2].label = "sorting #2".into();
    let text = exported(&run);
    let samples: Vec<_> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.rsplit_once(' ').unwrap().0)
        .collect();
    let unique: std::collections::HashSet<_> = samples.iter().collect();
    assert_eq!(unique.len(), samples.len());
}
