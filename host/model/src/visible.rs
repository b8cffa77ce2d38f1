//! What may stand in a line that people or CI systems read: characters that show themselves, and
//! nothing that a CI system takes for a command. These are the rules; `render::sink` applies them
//! to all that is printed, `escape` and [`crate::quoted`] to single texts, and the exporters in the
//! spelling of their formats.

/// Whether a character shows itself. What does not moves the cursor, begins a line, is blank, or
/// changes how its neighbours look: controls, separators, everything that Unicode calls a format
/// character or ignorable by default (zero widths, directions, tags, variation selectors, fillers),
/// and what has no agreed look (private use). Runners that compare texts by the rules of a language
/// pass over some of these, so that they hide no command either.
pub fn is_visible(c: char) -> bool {
    let is_formatting = matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}' | '\u{891}'
        | '\u{8e2}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d159}' | '\u{1d165}'..='\u{1d17a}' | '\u{e0000}'..);
    let is_noncharacter = u32::from(c) & 0xfffe == 0xfffe;
    c == ' ' || !(c.is_control() || c.is_whitespace() || is_formatting || is_noncharacter)
}

/// Appends a character as an escape that can be seen: `\n`, `\u{1b}`, `\u{23}`.
pub fn spell(c: char, to: &mut String) {
    match c {
        '\n' | '\r' | '\t' => to.extend(c.escape_default()),
        _ => to.extend(c.escape_unicode()),
    }
}

/// What begins a command at the beginning of a line. Runners trim blanks before it.
///
/// `::` is GitHub's (`ActionCommand.TryParseV2`), Gitea's and Forgejo's; the others fold
/// Buildkite's logs.
const LINE_COMMANDS: [&str; 5] = ["::", "--- ", "+++ ", "~~~ ", "^^^ "];

/// What is a command wherever it stands: Travis's, and GitLab's up to the number of seconds.
const COMMANDS: [&str; 4] = [
    "travis_fold:",
    "travis_time:",
    "section_start:",
    "section_end:",
];

/// The characters of a text without which nothing in it is a command of a CI system, wherever in a
/// line it stands: their places in bytes, in order.
pub fn commands(text: &str) -> Vec<usize> {
    let mut found = hash_commands(text);
    for command in COMMANDS {
        let ends = memchr::memmem::find_iter(text.as_bytes(), command).map(|at| at + command.len());
        found.extend(ends.map(|end| end - 1));
    }
    found.sort_unstable();
    found
}

/// GitHub's old form `##[error]` and Azure's `##vso[…]` are searched for in the whole line
/// (`ActionCommand.TryParse`, `Command.TryParse`), and TeamCity's and Octopus's `##teamcity[`,
/// `##octopus[` look alike.
fn hash_commands(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = memchr::memmem::find(&text.as_bytes()[from..], b"##") {
        // The last of a row is the one that counts, and a long row is passed over once.
        let after = text[from + at..].trim_start_matches('#');
        from = text.len() - after.len();
        let word = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        if after.trim_start_matches(word).starts_with('[') {
            found.push(from - 1);
        }
    }
    found
}

/// The same of a text that is a whole line.
pub fn line_commands(line: &str) -> Vec<usize> {
    let mut found = commands(line);
    let start = line.trim_start();
    if LINE_COMMANDS
        .iter()
        .any(|command| start.starts_with(command))
    {
        found.insert(0, line.len() - start.len());
    }
    found
}

/// A text with these characters of it, and all that do not show themselves, spelled out.
pub fn spelled(text: &str, places: &[usize]) -> String {
    let mut shown = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match is_visible(c) && places.binary_search(&at).is_err() {
            true => shown.push(c),
            false => spell(c, &mut shown),
        }
    }
    shown
}

/// A line with the characters in these places as `spell` has them, and the rest as it is. Commands
/// are ASCII.
pub fn replaced(line: &str, places: &[usize], spell: fn(u8) -> String) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut clean_from = 0;
    for at in places {
        shown.push_str(&line[clean_from..*at]);
        shown.push_str(&spell(line.as_bytes()[*at]));
        clean_from = at + 1;
    }
    shown + &line[clean_from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_itself_stays_and_nothing_else() {
        for c in "az #:[größe🦀漢ग\u{301}\u{0940}↑─".chars() {
            assert!(is_visible(c), "{c:?}");
        }
        for c in "\n\t\r\u{0}\u{1b}\u{7f}\u{9b}\u{85}\u{a0}\u{ad}\u{34f}\u{115f}\u{180e}\u{200b}\u{2028}\u{202e}\u{2066}\u{2800}\u{3000}\u{3164}\u{e000}\u{fe0f}\u{feff}\u{ffa0}\u{ffff}\u{1d173}\u{e0041}\u{e0100}\u{10ffff}".chars() {
            assert!(!is_visible(c), "{c:?}");
        }
    }

    #[test]
    fn every_command_loses_one_character_and_nothing_else_does() {
        for (line, shown) in [
            ("std::vec a::b", "std::vec a::b"),
            ("x ::error::y", "x ::error::y"),
            ("::error::y", r"\u{3a}:error::y"),
            ("  \u{a0}::error", r"  \u{a0}\u{3a}:error"),
            ("--- a", r"\u{2d}-- a"),
            ("---a", "---a"),
            (" ^^^ +++", r" \u{5e}^^ +++"),
            ("a ##[error]b ##vso[x]", r"a #\u{23}[error]b #\u{23}vso[x]"),
            ("####[x", r"###\u{23}[x"),
            ("##teamcity[a]", r"#\u{23}teamcity[a]"),
            ("## a [b] #[c] ##a b[", "## a [b] #[c] ##a b["),
            ("travis_fold:start:x", r"travis_fold\u{3a}start:x"),
            ("section_start:1:a\r", r"section_start\u{3a}1:a\r"),
        ] {
            let once = spelled(line, &line_commands(line));
            assert_eq!(once, shown);
            assert_eq!(spelled(&once, &line_commands(&once)), shown, "twice");
        }
        // Not in the square of the time.
        let row = "#".repeat(1 << 20);
        assert!(commands(&row).is_empty());
        assert_eq!(commands(&(row + "[")), [(1 << 20) - 1]);
        let line = "é ##[a] ##[b";
        assert_eq!(
            replaced(line, &commands(line), |byte| format!("&#{byte};")),
            "é #&#35;[a] #&#35;[b"
        );
    }
}
