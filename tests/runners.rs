//! What terminals and CI systems would do with an output: parsers made after those of the runners,
//! but stricter, since a command is one here whatever it is called. Every hostile input is held
//! against this.

use regex::Regex;

/// What of this output is more than text; none if all of it can be shown anywhere.
pub(crate) fn harm(output: &str) -> Option<String> {
    // .NET and Java end lines at a carriage return, too.
    let mut lines = output.split(['\n', '\r']);
    let obeyed = lines.find_map(|line| obeyed(line).map(|who| format!("{who} obeys {line:?}")));
    let hidden = || output.chars().find(|c| *c != '\n' && is_hidden(*c));
    obeyed.or_else(|| hidden().map(|c| format!("{c:?} is shown as it stands")))
}

/// The same of an output with colours: their sequences are the only ones that may be there.
pub(crate) fn harm_but_colours(output: &str) -> Option<String> {
    harm(
        &Regex::new("\u{1b}\\[[0-9]{1,2}m")
            .unwrap()
            .replace_all(output, ""),
    )
}

/// Who takes a part of this line for a command.
fn obeyed(line: &str) -> Option<&'static str> {
    let trimmed = line.trim_start();
    let between = |start: &str, end: &str| {
        let (_, rest) = line.split_once(start)?;
        rest.split_once(end).map(|(inner, _)| inner)
    };
    let is_service = |name: &str| between(&format!("##{name}["), "]").is_some();
    let is = |pattern: &str| Regex::new(pattern).unwrap().is_match(line);
    [
        // actions/runner, ActionCommand.TryParseV2: trims, and wants a second `::`.
        (
            "GitHub",
            trimmed
                .strip_prefix("::")
                .is_some_and(|rest| rest.contains("::")),
        ),
        // ActionCommand.TryParse: anywhere.
        ("GitHub, old form", is_service("")),
        // nektos/act, Gitea and Forgejo.
        (
            "act",
            is(r"^::([^ ]+)( (.+))?::") || is(r"^##\[([^ ]+)( (.+))?]"),
        ),
        // azure-pipelines-agent, Command.TryParse: anywhere; `##[section]` is drawn by the log's
        // viewer.
        ("Azure", is_service("vso")),
        ("TeamCity", is_service("teamcity")),
        ("Octopus", is_service("octopus")),
        // Regex of gitlab-foss, less the end, which needs control characters.
        ("GitLab", is(r"section_(start|end):[0-9]+:[a-zA-Z0-9_.-]+")),
        // buildkite/agent, headerRegex and headerExpansionRegex.
        (
            "Buildkite",
            is(r"^(---|\+\+\+|~~~)\s") || is(r"^\^\^\^\s+\+\+\+\s*$"),
        ),
        ("Travis", is(r"travis_(fold|time):")),
    ]
    .into_iter()
    .find_map(|(who, obeys)| obeys.then_some(who))
}

/// Whether a character moves, hides or reorders what is shown: written anew here, and not taken
/// from the program.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(u32::from(c),
            0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
            | 0x2028..=0x202e | 0x2060..=0x206f | 0x2800 | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0
            | 0xfff0..=0xfffb | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff)
}

#[test]
fn the_check_is_as_clever_as_the_runners() {
    for harmful in [
        "::error::x",
        "  \t::error file=a.rs,line=1::x",
        "\u{2003}::add-mask::a",
        "a\r::error::b",
        "some text ##[error]x",
        "fib  ##vso[task.complete result=Succeeded]",
        "##teamcity[buildStatus text='x']",
        "  ##octopus[setVariable name='x']",
        "section_start:1:a\r\u{1b}[0Kb",
        "--- group",
        "^^^ +++",
        "travis_fold:start:x",
        "\u{1b}[31m",
        "\u{9b}31m",
        "a\u{8}",
        "a\u{202e}b",
        "a\u{e0041}",
        "x\u{fe0f}",
        "x\u{200b}",
    ] {
        assert!(
            harm(&format!("fine\n{harmful}\nfine\n")).is_some(),
            "{harmful:?}"
        );
    }
    for harmless in [
        "std::vec::Vec",
        "case a::b::c",
        "| ::error::x",
        r"\u{3a}:error::x",
        r"a #\u{23}[error]b",
        "## [x] #[y]",
        "----BEGIN",
        "größe 漢字 e\u{301} 🧨 ✗ │",
    ] {
        assert_eq!(harm(harmless), None, "{harmless:?}");
    }
    assert_eq!(harm_but_colours("\u{1b}[1ma\u{1b}[0m"), None);
    assert!(harm_but_colours("\u{1b}[2J").is_some());
    assert!(harm_but_colours("\u{1b}[31m::error::x").is_some());
}
