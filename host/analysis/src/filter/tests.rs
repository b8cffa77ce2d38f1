use super::*;

fn filter(only: &[&str], exclude: &[&str]) -> CaseFilter {
    let owned = |patterns: &[&str]| patterns.iter().map(ToString::to_string).collect::<Vec<_>>();
    CaseFilter::new(&owned(only), &owned(exclude))
}

fn chosen<'n>(filter: &CaseFilter, names: &[&'n str]) -> Vec<&'n str> {
    let selection = filter.among(names.iter().copied());
    let names = names.iter().copied();
    names.filter(|name| selection.has(name)).collect()
}

#[test]
fn a_pattern_is_a_part_a_glob_or_a_regex() {
    let matches = |pattern: &str, name: &str| chosen(&filter(&[pattern], &[]), &[name]) == [name];
    assert!(matches("write", "json/write/10"));
    assert!(matches("json/*", "json/write/10"));
    assert!(!matches("write*", "json/write/10"));
    assert!(matches("*/{10,100}", "json/write/100"));
    assert!(matches("/^json.*0$/", "json/write/10"));
    assert!(!matches("/^write/", "json/write/10"));
    assert_eq!(chosen(&CaseFilter::default(), &["anything"]), ["anything"]);
    assert!(filter(&["["], &[]).check([]).is_err());
    assert!(filter(&[], &["["]).check([]).is_err());
    assert!(filter(&["["], &[]).check(["["]).is_ok(), "it is a name");
    assert!(filter(&["["], &[]).exactly(true).check([]).is_ok());
    let error = filter(&["/a(/"], &[]).check([]).unwrap_err().to_string();
    assert_eq!(error, "`a(` is not a regular expression: unclosed group");
}

#[test]
fn the_whole_name_of_a_case_means_that_case_alone() {
    let names = ["sort", "sort1", "sort[100]", "quicksort", "/sort/", "["];
    for name in names {
        assert_eq!(chosen(&filter(&[name], &[]), &names), [name]);
    }
    // What is no name is the pattern that it looks like.
    assert_eq!(chosen(&filter(&["sort[12]"], &[]), &names), ["sort1"]);
    assert_eq!(chosen(&filter(&["quick"], &[]), &names), ["quicksort"]);
    assert_eq!(chosen(&filter(&["sort[100]"], &[]), &["sort1"]), ["sort1"]);
}

#[test]
fn several_patterns_add_up_and_what_is_excluded_goes_before_them() {
    let names = ["sort", "sort1", "quicksort", "fib"];
    assert_eq!(
        chosen(&filter(&["fib", "sort?"], &[]), &names),
        ["sort1", "fib"]
    );
    assert_eq!(
        chosen(&filter(&[], &["sort"]), &names),
        ["sort1", "quicksort", "fib"]
    );
    assert_eq!(
        chosen(&filter(&["/sort/"], &["quick"]), &names),
        ["sort", "sort1"]
    );
    assert!(chosen(&filter(&["fib"], &["fib"]), &names).is_empty());
}

/// If this fails, a pattern that is misspelt is not told of beside one that is not.
#[test]
fn a_pattern_that_means_nothing_is_told_of() {
    let names = ["sort", "sort1"];
    let both = filter(&["sort", "sorted", "z*"], &["fib", "1"]);
    assert_eq!(both.idle(names), ["sorted", "z*", "fib"]);
    assert_eq!(filter(&["sor"], &[]).exactly(true).idle(names), ["sor"]);
}

#[test]
fn exact_patterns_are_names_and_nothing_else() {
    let names = ["sort", "sort1"];
    let exactly = |pattern: &str| filter(&[pattern], &[]).exactly(true);
    assert_eq!(chosen(&exactly("sort"), &names), ["sort"]);
    for pattern in ["sor", "sort*", "/sort/", "["] {
        assert!(chosen(&exactly(pattern), &names).is_empty(), "{pattern}");
    }
}

#[test]
fn a_filter_keeps_its_text() {
    let written = filter(&["a*", "/b/"], &["c"]).exactly(true);
    let text = serde_json::to_string(&written).unwrap();
    assert_eq!(serde_json::from_str::<CaseFilter>(&text).unwrap(), written);
}

#[test]
fn a_name_is_meant_if_at_most_a_third_of_the_word_differs() {
    let names = ["sorting", "quick", "go"];
    for (word, meant) in [
        ("sorting", Some("sorting")),
        ("sotring", Some("sorting")),
        ("srtng", None),
        ("sorti", None),
        ("sortin", Some("sorting")),
        ("qick", Some("quick")),
        ("quack", Some("quick")),
        ("qck", None),
        ("gp", Some("go")),
        ("xx", None),
        ("", None),
    ] {
        assert_eq!(nearest(word, &names), meant, "{word}");
    }
    assert_eq!(nearest("sorting", &[]), None);
    // Of what is longer than any name the beginning counts.
    let long = "x".repeat(100);
    assert_eq!(nearest(&long, &[&long[..64], "sorting"]), Some(&long[..64]));
}
