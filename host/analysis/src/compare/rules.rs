//! The rules of one case: those of the whole comparison, but for what `[gate."PATTERN"]` and
//! `[renames]` of a suite say otherwise.

use crate::filter::CaseFilter;
use dyno_model::{CaseComparison, CaseRules, Exceptions, Plugin, Rules};

/// The rules that a case is judged by. A table that bears the case's own name goes before those
/// whose patterns fit; of several patterns the strictest value counts, whatever their order in the
/// file is.
#[must_use]
pub fn rules_of(rules: &Rules, exceptions: &Exceptions, case: &str) -> Rules {
    let applying = applying(&exceptions.cases, case);
    let least = |of: fn(&CaseRules) -> Option<f64>| {
        let values = applying.iter().filter_map(|rules| of(rules));
        values.reduce(f64::min)
    };
    Rules {
        threshold: least(|case| case.threshold).unwrap_or(rules.threshold),
        fuel: least(|case| case.fuel).or(rules.fuel),
        memory: least(|case| case.memory).or(rules.memory),
        fuel_max: least(|case| case.fuel_max).or(rules.fuel_max),
        memory_max: least(|case| case.memory_max).or(rules.memory_max),
        ..*rules
    }
}

fn applying<'a>(cases: &'a [CaseRules], case: &str) -> Vec<&'a CaseRules> {
    let own: Vec<_> = cases.iter().filter(|rules| rules.pattern == case).collect();
    match own.is_empty() {
        true => cases.iter().filter(|rules| fits(rules, case)).collect(),
        false => own,
    }
}

/// Patterns are checked where they are read, so one that is none fits nothing.
fn fits(rules: &CaseRules, case: &str) -> bool {
    let filter = CaseFilter::new(std::slice::from_ref(&rules.pattern), &[]);
    filter.among([case]).has(case)
}

/// The patterns that fit none of these cases: they look as if they guarded something.
#[must_use]
pub fn idle<'a>(exceptions: &'a Exceptions, cases: &[CaseComparison]) -> Vec<&'a str> {
    let is_idle = |rules: &&CaseRules| !cases.iter().any(|case| fits(rules, &case.case));
    let idle = exceptions.cases.iter().filter(is_idle);
    idle.map(|rules| rules.pattern.as_str()).collect()
}

/// The old names of `[renames]` that no case of the baseline has.
#[must_use]
pub fn idle_renames<'a>(exceptions: &'a Exceptions, base: &[Plugin]) -> Vec<&'a str> {
    let olds = exceptions.renames.keys().map(String::as_str);
    olds.filter(|old| !base.iter().any(|plugin| has(plugin, old)))
        .collect()
}

/// What a case of the base is called now. A name that the base has itself is not the new name of
/// another case, unless the one that has it is renamed, too, as in a swap.
#[must_use]
pub fn renamed<'a>(exceptions: &'a Exceptions, base: &Plugin, name: &'a str) -> &'a str {
    match exceptions.renames.get(name) {
        Some(new) if is_free(exceptions, base, new) => new,
        _ => name,
    }
}

/// What a case of the base would be called if the base had no case of that name.
pub(super) fn not_renamed<'a>(
    exceptions: &'a Exceptions,
    base: &Plugin,
    name: &str,
) -> Option<&'a str> {
    let new = exceptions.renames.get(name)?;
    (!is_free(exceptions, base, new)).then_some(new)
}

/// Whether the base has no case of this name, or that one gets another. No two cases get one name,
/// so what goes round comes back to where it began.
fn is_free(exceptions: &Exceptions, base: &Plugin, name: &str) -> bool {
    let mut name = name;
    for _ in 0..exceptions.renames.len() {
        match exceptions.renames.get(name) {
            _ if !has(base, name) => return true,
            Some(new) => name = new,
            None => return false,
        }
    }
    true
}

fn has(plugin: &Plugin, name: &str) -> bool {
    plugin.cases.iter().any(|case| case.spec.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dyno_model::RULES;

    fn rules(pattern: &str, threshold: Option<f64>, fuel: Option<f64>) -> CaseRules {
        CaseRules {
            pattern: pattern.into(),
            threshold,
            fuel,
            ..CaseRules::default()
        }
    }

    /// If this fails, a case is held to another case's threshold, or to none.
    #[test]
    fn a_case_has_its_own_rules_then_the_strictest_that_fit_then_those_of_all() {
        let exceptions = Exceptions {
            cases: vec![
                rules("sort/*", Some(0.05), None),
                rules("/noisy$/", Some(0.3), Some(0.01)),
                rules("sort/100", Some(0.5), None),
            ],
            ..Exceptions::default()
        };
        let of = |case: &str| {
            let rules = rules_of(&RULES, &exceptions, case);
            (rules.threshold, rules.fuel)
        };
        assert_eq!(of("other"), (RULES.threshold, None));
        assert_eq!(of("sort/1000"), (0.05, None));
        assert_eq!(of("a/noisy"), (0.3, Some(0.01)));
        assert_eq!(of("sort/noisy"), (0.05, Some(0.01)));
        assert_eq!(of("sort/100"), (0.5, None), "its own table may be laxer");
    }
    #[test]
    fn every_rule_of_a_case_goes_before_that_of_all() {
        let all = Rules {
            fuel: Some(0.5),
            memory: Some(0.5),
            fuel_max: Some(500.0),
            memory_max: Some(500.0),
            ..RULES
        };
        let own = CaseRules {
            pattern: "own".into(),
            threshold: Some(0.3),
            fuel: Some(0.1),
            memory: Some(0.2),
            fuel_max: Some(100.0),
            memory_max: Some(200.0),
        };
        let exceptions = Exceptions {
            cases: vec![own],
            ..Exceptions::default()
        };
        assert_eq!(rules_of(&all, &exceptions, "other"), all);
        let expected = Rules {
            threshold: 0.3,
            fuel: Some(0.1),
            memory: Some(0.2),
            fuel_max: Some(100.0),
            memory_max: Some(200.0),
            ..all
        };
        assert_eq!(rules_of(&all, &exceptions, "own"), expected);
    }

    fn with_cases(names: &[&str]) -> Plugin {
        let mut plugin = Plugin::named("x", "");
        let cases = names.iter();
        let cases = cases.map(|name| dyno_fixture::plain_case(name, 1.0, Vec::new()));
        plugin.cases = cases.collect();
        plugin
    }

    fn renaming(renames: &[(&str, &str)]) -> Exceptions {
        let renames = renames.iter();
        Exceptions {
            renames: renames
                .map(|(old, new)| ((*old).to_owned(), (*new).to_owned()))
                .collect(),
            ..Exceptions::default()
        }
    }

    /// If this fails, what is misspelt looks as if it guarded something.
    #[test]
    fn what_fits_no_case_is_idle() {
        let exceptions = Exceptions {
            cases: ["sort/*", "srot/*", "hash"]
                .map(|it| rules(it, None, None))
                .into(),
            ..renaming(&[("old", "new"), ("odl", "newer")])
        };
        let (mut comparison, _) = dyno_fixture::compared();
        comparison.cases.truncate(2);
        for (case, name) in comparison.cases.iter_mut().zip(["sort/10", "hash"]) {
            case.case = name.into();
        }
        assert_eq!(idle(&exceptions, &comparison.cases), ["srot/*"]);
        let base = [with_cases(&["sort/10"]), with_cases(&["hash", "old"])];
        assert_eq!(idle_renames(&exceptions, &base), ["odl"]);
    }

    #[test]
    fn a_case_gets_its_new_name_unless_another_has_and_keeps_it() {
        let base = with_cases(&["a", "b", "c", "d"]);
        let of = |renames: &[(&str, &str)], name: &'static str| {
            let exceptions = renaming(renames);
            let renamed = renamed(&exceptions, &base, name).to_owned();
            let not_renamed = not_renamed(&exceptions, &base, name).map(str::to_owned);
            (renamed, not_renamed)
        };
        let named = |name: &str| (name.to_owned(), None);
        let kept = |name: &str, new: &str| (name.to_owned(), Some(new.to_owned()));
        assert_eq!(of(&[], "a"), named("a"));
        assert_eq!(of(&[("a", "x")], "a"), named("x"));
        assert_eq!(of(&[("a", "x")], "b"), named("b"));
        assert_eq!(of(&[("a", "b")], "a"), kept("a", "b"));
        let swap = [("a", "b"), ("b", "a")];
        assert_eq!((of(&swap, "a"), of(&swap, "b")), (named("b"), named("a")));
        let round = [("a", "b"), ("b", "c"), ("c", "a")];
        assert_eq!(of(&round, "c"), named("a"));
        let chain = [("a", "b"), ("b", "c"), ("c", "x")];
        assert_eq!(of(&chain, "a"), named("b"));
        let blocked = [("a", "b"), ("b", "c"), ("c", "d")];
        assert_eq!(of(&blocked, "a"), kept("a", "b"));
        assert_eq!(of(&blocked, "c"), kept("c", "d"));
    }
}
