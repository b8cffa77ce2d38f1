//! The command line of a run as it is recorded and shown.

/// The words of a command line, but for the values of variables, which may be secrets: a name alone
/// means the value that the environment has when it is run again. Reports of earlier versions hold
/// values, so what is read goes through here, as what is recorded does.
#[must_use]
pub fn without_values(words: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut is_variable = false;
    let mut masked = |word: String| {
        let is_value = std::mem::replace(&mut is_variable, word == "--env");
        let flag = if is_value { "" } else { "--env=" };
        let variable = word.strip_prefix(flag);
        match variable.and_then(|variable| variable.split_once('=')) {
            Some((name, _)) => format!("{flag}{name}"),
            None => word,
        }
    };
    words.into_iter().map(&mut masked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, a report that is passed on tells a secret.
    #[test]
    fn values_of_variables_are_left_out() {
        for (typed, shown) in [
            ("dyno run --env A=secret a.wat", "dyno run --env A a.wat"),
            ("dyno --env=B=se=cret", "dyno --env=B"),
            ("dyno --env A --env B=secret", "dyno --env A --env B"),
            ("dyno --arg c=d --env", "dyno --arg c=d --env"),
            ("dyno --env --env=E", "dyno --env --env"),
            ("dyno --env =secret", "dyno --env "),
            (
                "dyno --environment=x --envy A=b",
                "dyno --environment=x --envy A=b",
            ),
        ] {
            let words = typed.split(' ').map(str::to_owned);
            assert_eq!(without_values(words).join(" "), shown);
        }
    }
}
