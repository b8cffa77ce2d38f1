//! Words of a command line that people paste into a shell.

use dyno_model::visible::{line_commands, spelled};

/// A word as a POSIX shell reads it as one, made of nothing that cannot be seen: what cannot is
/// written as `printf` writes it.
#[must_use]
pub fn word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    let quoted = match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    };
    // What the sink would change is no longer what was meant.
    if spelled(&quoted, &line_commands(&quoted)) == quoted {
        return quoted;
    }
    let bytes = word.bytes().enumerate();
    let format: String = bytes.map(|(at, byte)| printed(byte, at == 0)).collect();
    format!("\"$(printf '{format}')\"")
}

/// A byte in a format of `printf` between single quotes. A format must not begin like an option.
fn printed(byte: u8, is_first: bool) -> String {
    match byte {
        b'%' => "%%".into(),
        b'-' if is_first => r"\055".into(),
        // A CI system could take these for a command.
        b'#' | b':' => format!("\\{byte:03o}"),
        b'\'' | b'\\' => format!("\\{byte:03o}"),
        b' '..=b'~' => char::from(byte).into(),
        _ => format!("\\{byte:03o}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_survives_the_shell_and_can_be_seen() {
        let long = "x y".repeat(1000);
        for text in [
            "plain/word-1.wasm",
            "",
            "two words",
            "it's",
            "$(rm -rf /)",
            "`x`",
            "\"",
            "a\\b",
            "*",
            "~",
            "#x",
            "größe 🦀",
            "100 %s'\\n \u{202e}\u{200b}back\u{1b}[2J",
            "a\nb",
            "--case=\u{200b}",
            "##vso[x] ::error::",
            "travis_fold:x",
            "::error",
            &long,
        ] {
            let shown = word(text);
            assert_eq!(spelled(&shown, &line_commands(&shown)), shown);
            let output = std::process::Command::new("sh")
                .args(["-c", &format!("printf %s {shown}")])
                .output();
            assert_eq!(String::from_utf8(output.unwrap().stdout).unwrap(), text);
        }
    }
}
