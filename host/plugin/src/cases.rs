//! Checks what a plugin says of its cases. After this every string is short, printable and
//! unique, but still the guest's own: it is escaped wherever it is shown.

use std::collections::HashSet;

use dyno_model::CaseSpec;

/// The longest name of a case, in characters (`wit/`).
pub(crate) const CASE_NAME_CHARS_MAX: usize = 128;
const DESCRIPTION_CHARS_MAX: usize = 512;
const PARAM_CHARS_MAX: usize = 64;
const PARAMS_MAX: usize = 16;

/// Checks a list of cases against the contract.
///
/// # Errors
/// One sentence on the first rule that is broken, with the offending string escaped.
pub fn validate(cases: &[CaseSpec]) -> Result<(), String> {
    if cases.is_empty() {
        return Err("it lists no cases".into());
    }
    let mut names = HashSet::new();
    for case in cases {
        let shown = shorten(&case.name);
        if matches!(case.name.as_str(), "" | "." | "..")
            || case.name.split('/').any(|part| part == "..")
        {
            return Err(format!("a case is named {shown}, which is not a name"));
        }
        check(
            &case.name,
            CASE_NAME_CHARS_MAX,
            &format!("the case name {shown}"),
        )?;
        check(
            &case.description,
            DESCRIPTION_CHARS_MAX,
            &format!("the description of case {shown}"),
        )?;
        check(
            case.group.as_deref().unwrap_or("none"),
            CASE_NAME_CHARS_MAX,
            &format!("the group of case {shown}"),
        )?;
        if case.params.len() > PARAMS_MAX {
            return Err(format!(
                "case {shown} has {} parameters, more than {PARAMS_MAX}",
                case.params.len()
            ));
        }
        for (name, value) in &case.params {
            check(
                name,
                PARAM_CHARS_MAX,
                &format!("a parameter's name of case {shown}"),
            )?;
            check(
                value,
                PARAM_CHARS_MAX,
                &format!("a parameter's value of case {shown}"),
            )?;
        }
        if !names.insert(&case.name) {
            return Err(format!("two cases are named {shown}"));
        }
    }
    Ok(())
}

fn check(text: &str, chars_max: usize, what: &str) -> Result<(), String> {
    if text.chars().any(char::is_control) {
        return Err(format!("{what} holds a control character"));
    }
    let chars = text.chars().count();
    if chars > chars_max {
        return Err(format!(
            "{what} has {chars} characters, more than {chars_max}"
        ));
    }
    Ok(())
}

/// A hostile string for a message: quoted, escaped, and cut.
fn shorten(text: &str) -> String {
    let start: String = text.chars().take(40).collect();
    format!(
        "{start:?}{}",
        if start.len() < text.len() { "…" } else { "" }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(name: &str) -> CaseSpec {
        CaseSpec {
            name: name.into(),
            description: String::new(),
            group: None,
            params: Vec::new(),
            throughput: None,
            expected: None,
        }
    }

    #[test]
    fn names_that_only_look_dangerous_are_names() {
        validate(&[
            case("json/write/100"),
            case("<script>"),
            case("=cmd()"),
            case("größe 🦀"),
            case("a..b"),
        ])
        .unwrap();
    }

    #[test]
    fn every_rule_is_enforced() {
        let long = "x".repeat(129);
        for (name, why) in [
            ("", "not a name"),
            ("..", "not a name"),
            ("a/../b", "not a name"),
            ("a\nb", "control character"),
            ("\u{1b}[31m", "control character"),
            (&long, "129 characters"),
        ] {
            let error = validate(&[case(name)]).unwrap_err();
            assert!(
                error.contains(why) && !error.chars().any(char::is_control),
                "{error}"
            );
        }
        assert!(validate(&[]).unwrap_err().contains("no cases"));
        assert!(
            validate(&[case("a"), case("a")])
                .unwrap_err()
                .contains("two cases")
        );
        let mut crowded = case("a");
        crowded.params = vec![("n".into(), "v".into()); 17];
        assert!(validate(&[crowded]).unwrap_err().contains("17 parameters"));
        let mut wordy = case("a");
        wordy.description = "x".repeat(513);
        assert!(validate(&[wordy]).unwrap_err().contains("513 characters"));
    }
}
