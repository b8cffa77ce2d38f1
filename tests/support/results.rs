//! Finding something in a run or a table.

use serde_json::Value;

/// The cases of a run, each with the name of its plugin.
pub(crate) fn cases(run: &Value) -> Vec<(&str, &Value)> {
    let plugins = run["plugins"].as_array().unwrap().iter();
    plugins
        .flat_map(|plugin| {
            let name = plugin["name"].as_str().unwrap();
            let cases = plugin["cases"].as_array().unwrap().iter();
            cases.map(move |case| (name, case))
        })
        .collect()
}

/// A case by its name.
pub(crate) fn case<'a>(run: &'a Value, name: &str) -> &'a Value {
    let found = cases(run)
        .into_iter()
        .find(|(_, case)| case["spec"]["name"] == name);
    found
        .unwrap_or_else(|| panic!("no case {name} in {run:#}"))
        .1
}

/// A plugin by its name.
pub(crate) fn plugin_of<'a>(run: &'a Value, name: &str) -> &'a Value {
    let plugins = run["plugins"].as_array().unwrap();
    let found = plugins.iter().find(|plugin| plugin["name"] == name);
    found.unwrap_or_else(|| panic!("no plugin {name} in {run:#}"))
}

/// The text of a case in the table: its line begins with its name.
pub(crate) fn line_of<'a>(table: &'a str, case: &str) -> Option<&'a str> {
    table.lines().find(|line| {
        let rest = line
            .strip_prefix("  ")
            .and_then(|line| line.strip_prefix(case));
        rest.is_some_and(|rest| rest.starts_with(' '))
    })
}
