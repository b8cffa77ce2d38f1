//! What was granted to the guests of two runs. The values of variables are not recorded, since they
//! may be secrets.

use std::collections::{BTreeMap, BTreeSet};

use super::{difference, every_metric};
use dyno_model::{Condition, Difference, Run};

/// Whether directories were granted.
pub(super) fn has_directories(run: &Run) -> bool {
    let flags = flags(run);
    ["--dir", "--dir-rw", "--own-dir"]
        .iter()
        .any(|flag| flags.contains_key(flag))
}

/// The grants in which two runs differ; variables always, since nothing shows that their values did
/// not.
pub(super) fn differences(base: &Run, candidate: &Run) -> Vec<Difference> {
    let flags = [flags(base), flags(candidate)];
    let names: BTreeSet<&str> = flags
        .iter()
        .flat_map(|flags| flags.keys().copied())
        .collect();
    let mut found = Vec::new();
    for name in names {
        let values = flags.each_ref().map(|flags| flags.get(name));
        match name {
            "--env" => found.extend(variables(values)),
            _ if values[0] == values[1] => {}
            // What a program must print decides how it ends, and not what it takes.
            "--stdout" => found.push(difference(Condition::Grant, name, values.map(shown), &[])),
            _ => found.push(difference(
                Condition::Grant,
                name,
                values.map(shown),
                &every_metric(),
            )),
        }
    }
    found
}

/// The values of each flag, in the order in which they were given.
fn flags(run: &Run) -> BTreeMap<&str, Vec<&str>> {
    let mut flags: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for word in &run.grants {
        let (flag, value) = word.split_once('=').unwrap_or((word, ""));
        flags.entry(flag).or_default().push(value);
    }
    flags
}

fn shown(values: Option<&Vec<&str>>) -> Option<String> {
    let text = values?.join(" ");
    Some(if text.is_empty() {
        "given".to_owned()
    } else {
        text
    })
}

fn variables(values: [Option<&Vec<&str>>; 2]) -> Vec<Difference> {
    let names = values.map(|values| {
        let names = values.into_iter().flatten();
        names
            .map(|word| word.split('=').next().unwrap_or(word))
            .collect::<BTreeSet<_>>()
    });
    let all: BTreeSet<&str> = names.iter().flatten().copied().collect();
    let variable = |name: &str| {
        let shown = names.each_ref().map(|names| {
            names
                .contains(name)
                .then(|| "given, its value is not recorded".to_owned())
        });
        difference(Condition::Environment, name, shown, &every_metric())
    };
    all.into_iter().map(variable).collect()
}
