//! What holds for some cases alone: `[gate."PATTERN"]` and `[renames]`.

use std::collections::BTreeMap;

use toml::Spanned;

use super::values::{pattern, share, text};
use super::{Exceptions, Problem};
use crate::criterion::{self, Threshold};
use crate::file::GateTable;
use dyno_model::quoted::quoted;
use dyno_model::{CaseRules, Metric};

pub(super) fn exceptions(
    gate: BTreeMap<Spanned<String>, GateTable>,
    renames: BTreeMap<Spanned<String>, Spanned<String>>,
) -> Result<Exceptions, Problem> {
    let cases = gate.into_iter().map(|(key, table)| case(&key, &table));
    Ok(Exceptions {
        cases: cases.collect::<Result<_, _>>()?,
        renames: new_names(renames)?,
    })
}

fn case(key: &Spanned<String>, table: &GateTable) -> Result<CaseRules, Problem> {
    pattern(
        key,
        "write the name of a case, or a pattern as --case takes it",
    )?;
    let grown = |value: &Option<Spanned<toml::Value>>| value.as_ref().map(share).transpose();
    let rules = CaseRules {
        pattern: key.get_ref().clone(),
        threshold: grown(&table.threshold)?,
        fuel: grown(&table.fuel_threshold)?,
        memory: grown(&table.memory_threshold)?,
        fuel_max: most(table.fuel_max.as_ref(), Metric::Fuel)?,
        memory_max: most(table.memory_max.as_ref(), Metric::MemoryPeak)?,
    };
    let nothing = CaseRules {
        pattern: rules.pattern.clone(),
        ..CaseRules::default()
    };
    if rules == nothing {
        return Err(Problem::new(key.span(), "this table demands nothing")
            .help("write threshold = \"5%\", or fuel-max = \"120k\""));
    }
    Ok(rules)
}

/// A hard limit, in the words of a criterion about the same.
fn most(value: Option<&Spanned<toml::Value>>, metric: Metric) -> Result<Option<f64>, Problem> {
    let Some(value) = value else {
        return Ok(None);
    };
    let metric = metric.spec();
    let text = text(value.get_ref());
    match criterion::threshold(metric, &text) {
        Ok(Threshold::Number(number)) => Ok(Some(number)),
        Ok(Threshold::Checksum(_)) => Ok(None),
        Err(help) => {
            let message = format!("`{}` is not a value of `{}`", quoted(&text), metric.name);
            Err(Problem::new(value.span(), message).help(help))
        }
    }
}

fn new_names(
    renames: BTreeMap<Spanned<String>, Spanned<String>>,
) -> Result<BTreeMap<String, String>, Problem> {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for (old, new) in renames {
        let name = new.get_ref();
        if name.is_empty() || name == old.get_ref() {
            return Err(Problem::new(new.span(), "this is no new name")
                .help("write \"OLD NAME\" = \"NEW NAME\", or leave it out"));
        }
        if names.values().any(|other| other == name) {
            let message = format!("two cases would be called `{}`", quoted(name));
            return Err(Problem::new(new.span(), message).help("leave one of them out"));
        }
        names.insert(old.into_inner(), new.into_inner());
    }
    Ok(names)
}
