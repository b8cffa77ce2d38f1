//! The commands that show something again. They are meant to be pasted: each is understood as it
//! stands, chooses its case alone, and takes the report and the conditions of the run that it is
//! about.

use dyno_model::{LIMITS, Plugin, Run, quantity};

use super::shell;

/// Flags of a command that are part of the conditions of its run and that the run does not record
/// otherwise, and whether each has a value.
const TYPED: [(&str, bool); 13] = [
    ("--report", true),
    ("--no-report", false),
    ("--time", true),
    ("--sample-time", true),
    ("--no-build", false),
    ("--build-timeout", true),
    ("--build-env", true),
    ("--no-cache", false),
    ("--no-wait", false),
    ("--allow-unsigned", false),
    ("--offline", false),
    ("--locked", false),
    ("--plain-http", false),
];

/// Flags that choose cases, and whether each has a value.
const CHOOSING: [(&str, bool); 3] = [("--case", true), ("--exclude", true), ("--exact", false)];

/// The command that runs one case of a plugin again, or all of them: under the same limits, grants
/// and seed.
#[must_use]
pub fn reproduce(run: &Run, plugin: &Plugin, case: Option<&str>) -> String {
    let mut words = ["dyno", "run", "--quick"].map(String::from).to_vec();
    let operand = plugin.operand.as_ref().unwrap_or(&plugin.source);
    words.push(match operand.starts_with('-') {
        true => format!("./{operand}"),
        false => operand.clone(),
    });
    words.extend(case.map(chosen));
    if run.seed != 0 {
        words.extend(["--seed".into(), run.seed.to_string()]);
    }
    if run.settings.get("strict") == Some(&1) {
        words.push("--strict".into());
    }
    words.extend(run.grants.iter().cloned());
    for spec in LIMITS {
        if let Some(&value) = run.limits.get(&spec.kind)
            && value != spec.default
        {
            words.extend([format!("--{}", spec.name), quantity::show(value, spec.unit)]);
        }
    }
    words.extend(Typed::of(run).kept(&TYPED));
    line(&words)
}

/// The command that made a run, for one of its cases alone. A suite or a request chooses its cases
/// itself.
#[must_use]
pub fn rerun(run: &Run, case: &str) -> String {
    let typed = Typed::of(run);
    let mut words = vec!["dyno".to_owned()];
    if typed.verb() == Some("suite") || typed.has("--request") {
        words.extend(typed.words.iter().flat_map(|word| word.iter().cloned()));
        return line(&words);
    }
    let end = typed.words.iter().position(|word| word[0] == "--");
    let (flags, operands) = typed.words.split_at(end.unwrap_or(typed.words.len()));
    let is_choice = |word: &[String]| CHOOSING.iter().any(|flag| is_flag(word, flag.0));
    let flags = flags.iter().filter(|word| !is_choice(word));
    words.extend(flags.flat_map(|word| word.iter().cloned()));
    words.push(chosen(case));
    words.extend(operands.iter().flat_map(|word| word.iter().cloned()));
    line(&words)
}

/// The flag that chooses a case: its whole name goes before every other meaning. With `=`, since a
/// name may begin like a flag.
fn chosen(case: &str) -> String {
    format!("--case={case}")
}

fn line(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(|word| shell::word(word)).collect();
    words.join(" ")
}

/// A command line as it was typed, each flag with its value if that is a word of its own.
struct Typed<'a> {
    words: Vec<&'a [String]>,
}

impl<'a> Typed<'a> {
    fn of(run: &'a Run) -> Self {
        let mut rest = run.command.get(1..).unwrap_or_default();
        let mut words = Vec::new();
        let mut is_over = false;
        while let Some(word) = rest.first() {
            is_over |= word == "--";
            let is_valued = !is_over && is_valued(word) && rest.len() > 1;
            let (taken, left) = rest.split_at(if is_valued { 2 } else { 1 });
            words.push(taken);
            rest = left;
        }
        Self { words }
    }

    /// What is to be done: the first word that is no flag.
    fn verb(&self) -> Option<&'a str> {
        let first = self.words.iter().find(|word| !word[0].starts_with('-'));
        first.map(|word| word[0].as_str())
    }

    /// Whether a flag was typed.
    fn has(&self, flag: &str) -> bool {
        let mut flagged = self.words.iter().take_while(|word| word[0] != "--");
        flagged.any(|word| is_flag(word, flag))
    }

    /// The flags among `flags`, as they were typed.
    fn kept(&self, flags: &[(&str, bool)]) -> Vec<String> {
        let flagged = self.words.iter().take_while(|word| word[0] != "--");
        let kept = flagged.filter(|word| flags.iter().any(|flag| is_flag(word, flag.0)));
        kept.flat_map(|word| word.iter().cloned()).collect()
    }
}

/// Whether the next word is the value of this one. Of flags that nothing is done with here, `--arg`
/// counts, whose value may look like a flag, `--color`, which may stand before the verb, and
/// `--request`.
fn is_valued(word: &str) -> bool {
    let known = TYPED.iter().chain(&CHOOSING);
    let known = known.chain(&[("--arg", true), ("--color", true), ("--request", true)]);
    known
        .into_iter()
        .any(|(flag, valued)| *valued && word == *flag)
}

fn is_flag(word: &[String], flag: &str) -> bool {
    let rest = word[0].strip_prefix(flag);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
}

#[cfg(test)]
mod tests;
