use super::*;
use dyno_fixture as fixture;
use dyno_model::Run;

fn exported(contents: &Contents<'_>) -> String {
    let mut out = Vec::new();
    write(contents, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// The element of the one test whose name starts so.
fn element<'a>(document: &'a str, name: &str) -> &'a str {
    let tests = document.split("<testcase ");
    let mut found = tests.filter(|test| test.starts_with(&format!("name=\"{name}")));
    let first = found.next().unwrap();
    assert!(found.next().is_none(), "two tests {name}");
    first.split("</testcase>").next().unwrap()
}

#[test]
fn a_test_ends_as_its_case() {
    let run = fixture::full();
    let document = exported(&(&run).into());
    assert!(!element(&document, "case 0 ").contains("<failure"));
    assert!(element(&document, "bare").contains("<skipped type=\"skipped\""));
    assert!(element(&document, "case 4 ").contains("<failure type=\"trap\""));
    assert!(element(&document, "case 12 ").contains("<error type=\"host\""));
    assert!(element(&document, "(loading the plugin)").contains("<error type=\"refused\""));
    let bad = document.matches("<failure ").count() + document.matches("<error ").count();
    assert_eq!(bad, cases::failures(&run));
    let suite =
        "<testsuite name=\"sorting\" tests=\"15\" failures=\"11\" errors=\"2\" skipped=\"1\"";
    assert!(document.contains(suite), "{document}");
    let refused = "tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\" time=\"0\"";
    assert!(document.contains(refused), "{document}");
}

#[test]
fn the_time_is_that_of_one_iteration_in_seconds() {
    let mut run = fixture::full();
    run.plugins[0].cases[0].measurements[0].estimate.median = 2.5;
    let document = exported(&(&run).into());
    assert!(element(&document, "case 0 ").contains(" time=\"0.0000000025\">"));
    assert!(element(&document, "case 0 ").contains("wall-time: 2.500 ns ("));
}

#[test]
fn a_gate_fails_a_test_and_what_it_cannot_say_is_no_pass() {
    let mut run = fixture::full();
    for case in &mut run.plugins[0].cases {
        case.outcome = dyno_model::Outcome::Ok;
    }
    let (comparison, base) = fixture::compared();
    let document = exported(&Contents {
        compared: Some((&comparison, &base)),
        ..Contents::from(&run)
    });
    assert!(element(&document, "case 0 ").contains("<failure type=\"regressed\""));
    assert!(element(&document, "bare").contains("<skipped type=\"unsure\""));
    let passed = element(&document, "case 2 ");
    assert!(!passed.contains("<failure") && !passed.contains("<skipped"));
    assert!(passed.contains("fuel changed by +25.00 % (+20.00 % to +30.00 %)"));
    assert!(element(&document, "gone ").contains("<skipped type=\"gone\""));
}

#[test]
fn a_case_that_failed_is_a_failure_whatever_the_gate_says() {
    let run = fixture::full();
    let (mut comparison, base) = fixture::compared();
    for case in &mut comparison.cases {
        case.gate
            .iter_mut()
            .for_each(|gate| gate.outcome = GateOutcome::Unsure);
    }
    let document = exported(&Contents {
        compared: Some((&comparison, &base)),
        ..Contents::from(&run)
    });
    let bad = document.matches("<failure ").count() + document.matches("<error ").count();
    assert_eq!(bad, cases::failures(&run));
}

#[test]
fn a_case_of_a_plugin_that_is_gone_has_a_suite() {
    let run: Run = fixture::full();
    let (mut comparison, base) = fixture::compared();
    for case in &mut comparison.cases {
        case.verdict = Verdict::Gone;
        case.plugin = "old".into();
        case.base_plugin = Some("old".into());
    }
    let document = exported(&Contents {
        compared: Some((&comparison, &base)),
        ..Contents::from(&run)
    });
    assert_eq!(document.matches("<testsuite name=\"old\"").count(), 1);
}

#[test]
fn only_characters_that_xml_has_and_no_markup_of_a_guest() {
    let mut run = fixture::full();
    let every: String = (0..0x300)
        .chain(0xfff0..0x10010)
        .filter_map(char::from_u32)
        .collect();
    run.plugins[0].cases[0].spec.name = every.clone();
    run.plugins[0].label = "\"/><x>]]>&".into();
    run.plugins[0].cases[4].outcome = dyno_model::Outcome::Trap {
        message: every + "]]></system-out>",
    };
    let document = exported(&(&run).into());
    // XML 1.0, production 2.
    let allowed =
        |c: char| matches!(c, '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert_eq!(document.chars().find(|c| !allowed(*c)), None);
    assert!(!document.contains("<x") && !document.contains("]]>"));
    assert_eq!(document.matches('<').count(), document.matches('>').count());
    assert_eq!(document.matches("<testcase ").count(), 16);
}
