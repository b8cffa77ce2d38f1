//! The page of a run in which everything occurs, and of one in which every string is hostile.

use serde_json::Value;

use super::*;
use dyno_fixture as fixture;
use dyno_model::{
    CaseComparison, Change, Comparison, Condition, Conditions, Diagnosis, Difference, Exceptions,
    Gate, GateOutcome, History, Metric, Pairing, Point, Rules, Run, Severity, Side, Verdict,
};

const HOSTILE: &str = "</script></style></title>--><img src=x onerror=alert(1)>\"'`&amp;<a href=javascript:alert(1)>\u{202e}\u{0}\u{1b}[2J\u{200b}\r\nx";

fn page(contents: &Contents<'_>) -> String {
    let mut out = Vec::new();
    write(contents, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// A run, itself as its base with one case more, a judgement of both and a history.
struct Compared {
    run: Run,
    base: Run,
    comparison: Comparison,
    histories: Vec<History>,
}

impl Compared {
    #[expect(clippy::too_many_lines, reason = "one value in full")]
    fn of(run: Run) -> Self {
        let mut base = run.clone();
        let mut gone = base.plugins[0].cases[0].clone();
        gone.spec.name = "gone".into();
        base.plugins[0].cases.push(gone);
        let change = |metric| Change {
            metric,
            base: 100.0,
            candidate: 131.0,
            ratio: 1.31,
            lower: 1.28,
            upper: 1.36,
            pairs: 10,
            verdict: Verdict::Regressed,
        };
        let plugin = &base.plugins[0];
        let judged = |name: &str| CaseComparison {
            plugin: plugin.label.clone(),
            base_plugin: Some(plugin.label.clone()),
            case: name.into(),
            verdict: if name == "gone" {
                Verdict::Gone
            } else {
                Verdict::Regressed
            },
            reason: None,
            decided_by: Some(Metric::WallTime),
            cpu_may_decide: false,
            wall_is_disturbed: false,
            doubt: None,
            severity: Some(Severity::Major),
            diagnosis: Some(Diagnosis::Work),
            changes: vec![change(Metric::WallTime), change(Metric::Fuel)],
            gate: Some(Gate {
                outcome: GateOutcome::Regressed,
                reason: "it grew".into(),
                confirmation: Some(change(Metric::WallTime)),
            }),
            notes: vec!["a note".into()],
        };
        let point = |i: u32| Point {
            run: format!("run-{i}"),
            started_at: format!("2026-11-{:02}T00:00:00Z", i + 1),
            digest: None,
            median: f64::from(i),
            lower: f64::from(i) - 0.5,
            upper: f64::from(i) + 0.5,
            differences: vec![difference(&[]); usize::from(i == 5)],
        };
        let side = |name: &str| Side {
            run: run.id.clone(),
            name: name.into(),
        };
        let comparison = Comparison {
            base: side("old"),
            candidate: side("new"),
            judged_at: run.finished_at.clone(),
            pairing: Pairing::Stored,
            conditions: Conditions {
                differences: vec![difference(&[Metric::WallTime]), difference(&[])],
                noise: None,
            },
            rules: Rules {
                confidence: 0.99,
                equivalence: 0.02,
                threshold: 0.1,
                fuel: Some(0.01),
                memory: Some(0.1),
                gates: true,
                ..dyno_model::RULES
            },
            exceptions: Exceptions::default(),
            cases: plugin
                .cases
                .iter()
                .map(|case| judged(&case.spec.name))
                .collect(),
        };
        let history = History {
            plugin: plugin.name.clone(),
            label: plugin.label.clone(),
            sources: vec![plugin.source.clone()],
            case: plugin.cases[0].spec.name.clone(),
            metric: Metric::WallTime,
            machine: "m".into(),
            engine: "e".into(),
            points: (0..9).map(point).collect(),
            change_points: vec![4, 0, 99],
        };
        Self {
            run,
            base,
            comparison,
            histories: vec![history],
        }
    }

    fn contents(&self) -> Contents<'_> {
        Contents {
            run: &self.run,
            compared: Some((&self.comparison, &self.base)),
            histories: &self.histories,
        }
    }
}

fn difference(unsettles: &[Metric]) -> Difference {
    Difference {
        condition: Condition::Machine,
        name: "kernel".into(),
        base: Some("6.1".into()),
        candidate: None,
        unsettles: unsettles.to_vec(),
    }
}

/// Every string of a value by another, wherever the type takes it; names stay told apart by a
/// number.
fn poison<T: serde::Serialize + serde::de::DeserializeOwned>(whole: &T) -> T {
    let mut value = serde_json::to_value(whole).unwrap();
    let mut paths = Vec::new();
    collect(&value, String::new(), &mut paths);
    for (i, path) in paths.iter().enumerate() {
        let before = value.pointer(path).cloned().unwrap();
        *value.pointer_mut(path).unwrap() = Value::String(format!("{HOSTILE}{i}"));
        if serde_json::from_value::<T>(value.clone()).is_err() {
            *value.pointer_mut(path).unwrap() = before;
        }
    }
    serde_json::from_value(value).unwrap()
}

fn collect(value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(path),
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(i, item)| collect(item, format!("{path}/{i}"), found));
        }
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, field)| collect(field, format!("{path}/{name}"), found)),
        _ => {}
    }
}

/// A run that is small enough to be read once for each of its strings.
fn hostile() -> Compared {
    let mut run = fixture::full();
    for case in run.plugins.iter_mut().flat_map(|plugin| &mut plugin.cases) {
        for process in &mut case.processes {
            process.samples.truncate(3);
        }
    }
    let mut run = poison(&run);
    for (i, name) in ["cpu", "cores", HOSTILE].into_iter().enumerate() {
        run.machine
            .facts
            .insert(name.into(), format!("{HOSTILE}{i}"));
    }
    run.settings.insert(HOSTILE.into(), 1);
    let mut compared = Compared::of(run);
    compared.comparison.base.name = HOSTILE.into();
    compared.comparison.candidate.name = HOSTILE.into();
    for case in &mut compared.comparison.cases {
        case.notes = vec![HOSTILE.into()];
        case.gate.as_mut().unwrap().reason = HOSTILE.into();
    }
    for point in &mut compared.histories[0].points {
        (point.run, point.started_at) = (HOSTILE.into(), HOSTILE.into());
    }
    compared
}

/// The tags of a page, without what style and script hold; panics where one is not closed by its
/// own.
fn tags(page: &str) -> Vec<(String, String)> {
    const VOID: [&str; 3] = ["meta", "input", "!DOCTYPE"];
    let (mut tags, mut open): (Vec<(String, String)>, Vec<String>) = (Vec::new(), Vec::new());
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(
                open.pop().as_deref(),
                Some(name),
                "near {}",
                rest.chars().take(80).collect::<String>()
            );
            continue;
        }
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        tags.push((name.into(), attributes.into()));
        if !VOID.contains(&name) {
            open.push(name.into());
        }
        if ["style", "script"].contains(&name) {
            rest = &rest[rest.find(&format!("</{name}>")).expect("raw text ends")..];
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
    tags
}

#[test]
fn every_tag_is_closed_and_nothing_is_loaded() {
    let compared = Compared::of(fixture::full());
    for contents in [compared.contents(), Contents::from(&compared.run)] {
        let page = page(&contents);
        for (name, attributes) in tags(&page) {
            assert!(
                !["img", "link", "iframe", "object", "base", "form"].contains(&name.as_str()),
                "{name}"
            );
            assert!(
                !attributes.contains(" style=") && !attributes.starts_with("style="),
                "{name} {attributes}"
            );
            if let Some(address) = attributes.split("href=\"").nth(1) {
                assert!(address.starts_with('#'), "{attributes}");
            }
        }
        assert!(!page.contains("NaN") && !page.contains("inf%"));
    }
}

#[test]
fn no_hostile_string_becomes_markup_or_stays_invisible() {
    let compared = hostile();
    for contents in [compared.contents(), Contents::from(&compared.run)] {
        let page = page(&contents);
        let known = tags(&self::page(&Compared::of(fixture::full()).contents()));
        for (name, attributes) in tags(&page) {
            assert!(
                known.iter().any(|(known, _)| *known == name),
                "a guest made <{name} {attributes}>"
            );
            let names = attributes.split('"').step_by(2).collect::<String>();
            assert!(
                !names.contains(" on") && !names.contains('\''),
                "{attributes}"
            );
        }
        assert!(page.contains("&lt;/script&gt;"));
        for invisible in ['\u{202e}', '\u{0}', '\u{1b}', '\u{200b}', '\r'] {
            assert!(!page.contains(invisible), "{invisible:?}");
        }
        assert!(page.contains("\\u{202e}"));
        assert_eq!(page.matches("<script>").count(), 1);
    }
}

#[test]
fn every_identifier_is_there_once_and_every_link_leads_somewhere() {
    let compared = hostile();
    let page = page(&compared.contents());
    let values = |attribute: &str| -> Vec<String> {
        let start = format!("{attribute}=\"");
        let of = |(_, attributes): &(String, String)| {
            format!(" {attributes}")
                .split(&format!(" {start}"))
                .nth(1)
                .and_then(|rest| rest.split('"').next())
                .map(str::to_owned)
        };
        tags(&page).iter().filter_map(of).collect()
    };
    let mut identifiers = values("id");
    let count = identifiers.len();
    identifiers.sort();
    identifiers.dedup();
    assert_eq!(identifiers.len(), count);
    for address in values("href") {
        assert!(identifiers.contains(&address[1..].to_owned()), "{address}");
    }
}

#[test]
fn the_policy_allows_what_the_page_holds_and_nothing_else() {
    let page = page(&Contents::from(&fixture::full()));
    let between = |start: &str, end: &str| {
        let from = page.find(start).unwrap() + start.len();
        page[from..from + page[from..].find(end).unwrap()].to_owned()
    };
    let (style, script) = (
        between("<style>", "</style>"),
        between("<script>", "</script>"),
    );
    let policy = between("Content-Security-Policy\" content=\"", "\"");
    assert_eq!(policy, policy::policy(&style, &script));
    assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"));
    // A browser would read CR LF as LF, and hash that.
    assert!(!page.contains('\r') && !STYLE.is_empty() && !SCRIPT.is_empty());
}

#[test]
fn the_table_has_every_case_with_what_was_found() {
    let compared = Compared::of(fixture::full());
    let page = page(&compared.contents());
    let body = page
        .split("<tbody>")
        .nth(1)
        .unwrap()
        .split("</tbody>")
        .next()
        .unwrap();
    let rows: Vec<&str> = body.split("<tr ").skip(1).collect();
    assert_eq!(
        rows.len(),
        compared.base.plugins[0].cases.len(),
        "every case, and the one that is gone"
    );
    let columns = page
        .split("</thead>")
        .next()
        .unwrap()
        .matches("<th ")
        .count();
    assert!(
        rows.iter()
            .all(|row| row.matches("<td").count() + 1 == columns)
    );
    for expected in [
        "regressed",
        "major",
        "+31.0 %",
        "+28.0 % to +36.0 %",
        "does more work",
        "noisy",
    ] {
        assert!(rows[0].contains(expected), "{expected} in {}", rows[0]);
    }
    assert!(rows[rows.len() - 1].contains("gone"));
    assert!(
        rows.iter()
            .any(|row| row.contains("hit the memory limit of 256MiB"))
    );
    assert_eq!(page.matches("<details class=\"case\">").count(), rows.len());
}

#[test]
fn a_run_without_cases_is_still_a_page() {
    let mut run = fixture::full();
    run.plugins.clear();
    tags(&page(&Contents::from(&run)));
}
