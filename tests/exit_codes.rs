//! Every public error, and the exit code of a command that ends with it: a table that the real
//! program is walked through. What README.md says of the codes holds for what is not found,
//! refused, or the host's fault, whatever command it is found by.

mod scene;
mod sources;
mod table;

use std::collections::BTreeSet;

use scene::Scene;
use table::{ELSEWHERE, INSIDE, ROWS};

/// If this fails, one thing has two exit codes, or an error says less than it did.
#[test]
fn every_error_ends_a_command_with_its_code() {
    let scene = Scene::new();
    let wrong: Vec<String> = ROWS
        .iter()
        .filter_map(|row| {
            let (error, line, code, says) = *row;
            let said = scene.says(line);
            let all = format!("{}{}", said.stdout, said.stderr);
            let is_right =
                said.status.code() == Some(code) && all.contains(says) && !all.contains("panicked");
            (!is_right).then(|| format!("{error} should be {code} and {says:?}: {said}"))
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {} rows:\n{}",
        wrong.len(),
        ROWS.len(),
        wrong.join("\n\n")
    );
}

/// If this fails, there is an error whose exit code nobody has looked at: add a row to the table.
#[test]
fn every_public_error_is_in_the_table() {
    let found = sources::read();
    assert!(found.public.len() > 40, "only {:?}", found.public);
    let rows: BTreeSet<&str> = ROWS.iter().map(|row| row.0).collect();
    let inside: BTreeSet<&str> = INSIDE.iter().map(|(error, _)| *error).collect();
    let elsewhere: BTreeSet<&str> = ELSEWHERE.iter().map(|it| it.0).collect();
    let named = [&rows, &inside, &elsewhere];
    let is_named = |error: &&String| named.iter().any(|names| names.contains(error.as_str()));
    let missing = found.public.iter().filter(|error| !is_named(error));
    assert_eq!(missing.collect::<Vec<_>>(), [""; 0], "no row has them");
    let known =
        |error: &&str| found.public.contains(*error) || found.classified.contains_key(*error);
    let stale = rows.union(&inside).filter(|error| !known(error));
    assert_eq!(stale.collect::<Vec<_>>(), [&""; 0], "they are gone");
    let both = rows.intersection(&inside);
    assert_eq!(both.collect::<Vec<_>>(), [&""; 0], "they have rows");
}

/// If this fails, an error can end a command with a code that the table does not show it with.
#[test]
fn every_fault_of_an_error_is_in_the_table() {
    let found = sources::read();
    assert!(found.classified.len() > 25, "{:?}", found.classified);
    let rows: BTreeSet<(&str, i32)> = ROWS.iter().map(|row| (row.0, row.2)).collect();
    let elsewhere: BTreeSet<(&str, i32)> = ELSEWHERE.iter().map(|it| (it.0, it.1)).collect();
    let mut wanted = BTreeSet::new();
    for (error, faults) in &found.classified {
        wanted.extend(faults.iter().map(|code| (error.as_str(), *code)));
    }
    let missing = wanted
        .iter()
        .filter(|pair| !rows.contains(pair) && !elsewhere.contains(pair));
    assert_eq!(
        missing.collect::<Vec<_>>(),
        [&("", 0); 0],
        "no row has them"
    );
    let stale = elsewhere
        .iter()
        .filter(|pair| !wanted.contains(pair) || rows.contains(pair));
    assert_eq!(
        stale.collect::<Vec<_>>(),
        [&("", 0); 0],
        "these need no reason"
    );
}

/// If this fails, a cause is said twice, since what an error says is followed by what its source
/// says; or not at all.
#[test]
fn no_error_repeats_its_cause_or_keeps_it_to_itself() {
    let found = sources::read();
    assert!(found.with_source > 50, "only {}", found.with_source);
    assert_eq!(found.repeating, [""; 0]);
    assert_eq!(found.unsaid, [""; 0]);
}
