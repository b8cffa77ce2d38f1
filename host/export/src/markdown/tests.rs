use super::*;
use dyno_fixture as fixture;
use dyno_model::{Comparison, GateOutcome, Verdict};

fn compared() -> (Run, Comparison, Run) {
    let (comparison, base) = fixture::compared();
    (fixture::full(), comparison, base)
}

fn shown(run: &Run, comparison: &Comparison, base: &Run) -> String {
    page(&Contents {
        compared: Some((comparison, base)),
        ..Contents::from(run)
    })
}

/// The rows of the table that stands open.
fn open(page: &str) -> Vec<&str> {
    let open = page.split("<details>").next().unwrap();
    open.lines()
        .filter(|line| line.starts_with("| <code>"))
        .collect()
}

#[test]
fn a_bot_finds_its_comment_by_the_first_line() {
    let (run, comparison, base) = compared();
    for page in [page(&(&run).into()), shown(&run, &comparison, &base)] {
        assert_eq!(page.lines().next(), Some(MARKER));
        assert_eq!(page.matches("<!--").count(), 1);
    }
}

#[test]
fn the_headline_is_the_gates() {
    let (run, mut comparison, base) = compared();
    let total = comparison.cases.len();
    let headline = format!(
        "**regressed**: 1 of {total} cases got worse by more than the gate allows (<code>time 10 %, fuel 1 %; "
    );
    let page = shown(&run, &comparison, &base);
    assert!(page.contains(&headline), "{page}");
    assert!(page.contains(&format!("**{} failed**", cases::failures(&run))));
    for (outcome, word) in [
        (Some(GateOutcome::Unsure), "**unsure**:"),
        (Some(GateOutcome::Passed), "**passed**: none of"),
        (None, "**compared**:"),
    ] {
        comparison.rules.gates = outcome.is_some();
        for case in &mut comparison.cases {
            match (outcome, &mut case.gate) {
                (Some(outcome), Some(gate)) => gate.outcome = outcome,
                _ => case.gate = None,
            }
        }
        assert!(shown(&run, &comparison, &base).contains(word), "{word}");
    }
}

#[test]
fn what_weighs_most_stands_first_and_what_did_not_change_is_folded() {
    let (mut run, mut comparison, base) = compared();
    for case in &mut run.plugins[0].cases {
        case.outcome = Outcome::Ok;
        case.spec.name = case.spec.name.split(' ').take(2).collect();
    }
    let rows = [
        ("unsure", Verdict::Unsure, None, 1.0),
        ("identical", Verdict::Identical, None, 1.0),
        ("work", Verdict::Equivalent, None, 1.01),
        (
            "drift",
            Verdict::Regressed,
            Some(dyno_model::Severity::Drift),
            1.0,
        ),
        ("equivalent", Verdict::Equivalent, None, 1.009),
        ("improved", Verdict::Improved, None, 1.0),
        (
            "critical",
            Verdict::Regressed,
            Some(dyno_model::Severity::Critical),
            1.0,
        ),
    ];
    let model = comparison.cases[0].clone();
    comparison.cases = rows
        .iter()
        .map(|(name, verdict, severity, fuel)| {
            let mut case = model.clone();
            (case.case, case.verdict, case.severity) = ((*name).into(), *verdict, *severity);
            case.gate = None;
            case.changes[2].ratio = *fuel;
            case
        })
        .collect();
    let page = shown(&run, &comparison, &base);
    let names: Vec<_> = open(&page)
        .iter()
        .map(|row| {
            row.split("<code>")
                .nth(2)
                .unwrap()
                .split('<')
                .next()
                .unwrap()
        })
        .collect();
    // The plugin that was refused has no case, and so its reason in that place.
    assert_eq!(names[..3], ["critical", "drift", "improved"]);
    assert!(names[3].starts_with("refused"), "{names:?}");
    assert_eq!(names[4..], ["work", "unsure"]);
    assert!(page.contains("<summary>1 equivalent, 1 identical</summary>"));
}

#[test]
fn a_failure_is_never_folded_and_comes_with_its_command() {
    let (run, comparison, base) = compared();
    let page = shown(&run, &comparison, &base);
    let open = open(&page).join("\n");
    for (_, case, outcome) in changes::failures(&run) {
        assert!(open.contains(&code(&sentence(outcome))), "{case:?}");
    }
    assert!(page.contains("- Again: <code>dyno run --quick"));
}

#[test]
fn a_run_alone_is_a_table_of_its_results() {
    let run = fixture::full();
    let page = page(&(&run).into());
    let cases: usize = run.plugins.iter().map(|plugin| plugin.cases.len()).sum();
    assert_eq!(
        open(&page).len(),
        cases + 1,
        "all cases, and the plugin that did not load"
    );
    assert!(
        page.contains("**complete**: 15 cases, 2 plugins, **14 failed**"),
        "{page}"
    );
    assert!(page.contains("one process"));
}

#[test]
fn a_row_has_the_cells_of_its_head() {
    let (run, comparison, base) = compared();
    for page in [page(&(&run).into()), shown(&run, &comparison, &base)] {
        let mut cells = 0;
        let mut rows = 0;
        for line in page.lines().filter(|line| line.starts_with('|')) {
            let count = line.matches('|').count();
            if line.starts_with("| case") {
                cells = count;
            }
            assert_eq!(count, cells, "{line}");
            rows += 1;
        }
        assert!(rows > 10);
    }
}

#[test]
fn github_takes_it_however_many_cases_there_are() {
    let (mut run, mut comparison, base) = compared();
    let case = run.plugins[0].cases[3].clone();
    let model = comparison.cases[3].clone();
    for number in 0..2_000 {
        let name = format!("{number} {}", "|".repeat(300));
        let (mut case, mut compared) = (case.clone(), model.clone());
        (compared.case, compared.verdict) = (name.clone(), Verdict::Identical);
        compared.changes.clear();
        (case.spec.name, case.outcome) = (name, Outcome::Ok);
        run.plugins[0].cases.push(case);
        comparison.cases.push(compared);
    }
    run.warnings = vec!["@".repeat(1000); 1000];
    let facts = (0..1000).map(|number| (format!("fact {number}"), "&".repeat(1000)));
    run.machine.facts = facts.collect();
    for page in [page(&(&run).into()), shown(&run, &comparison, &base)] {
        assert!(page.len() <= BYTES_MAX, "{} bytes", page.len());
        assert!(page.len() > BYTES_MAX / 2);
        assert!(page.contains(" more rows are left out here._"));
        let folds = page.matches("<details>").count();
        assert_eq!(page.matches("</details>").count(), folds);
    }
    let page = shown(&run, &comparison, &base);
    let left_out = page.split('_').find_map(|part| {
        part.strip_suffix(" more rows are left out here.")?
            .parse::<usize>()
            .ok()
    });
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| <code>"))
        .count();
    assert!(rows + left_out.unwrap() >= comparison.cases.len());
}

#[test]
fn no_text_of_a_stranger_is_more_than_text() {
    let (mut run, mut comparison, base) = compared();
    let hostile = "x | `y` </code></details><img src=x> @user #1 [a](b)\n\n# c https://e.com --> ";
    let case = &mut run.plugins[0].cases[0];
    case.spec.name = hostile.into();
    case.outcome = Outcome::Trap {
        message: hostile.into(),
    };
    run.plugins[0].label = hostile.into();
    run.plugins[0].source = hostile.into();
    run.command = vec![hostile.into()];
    run.warnings = vec![hostile.into()];
    run.machine.facts.insert(hostile.into(), hostile.into());
    comparison.base.name = hostile.into();
    comparison.cases[0].case = hostile.into();
    comparison.cases[0].notes = vec![hostile.into()];
    for page in [page(&(&run).into()), shown(&run, &comparison, &base)] {
        let rest = page.replace(MARKER, "");
        for bad in ["<img", "@user", "#1 ", "[a]", "https:", "-->", "`"] {
            assert!(!rest.contains(bad), "{bad} in {page}");
        }
        let folds = page.matches("<details>").count();
        assert_eq!(page.matches("</details>").count(), folds);
    }
}
