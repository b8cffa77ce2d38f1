use super::*;

#[test]
fn the_line_stands_below_the_sentence_with_a_caret_below_its_place() {
    let text = "größe = 1\n\tblokcs = 10 # many\nlast = 2\n";
    let at = text.find("blokcs").unwrap();
    let problem = Problem::new(at..at + 6, "unknown key `blokcs`").help("did you mean `blocks`?");
    let diagnostic = Diagnostic::new("dyno.toml".into(), text, problem);
    assert_eq!((diagnostic.line, diagnostic.column), (2, 2));
    assert_eq!(
        diagnostic.to_string(),
        "unknown key `blokcs`
 --> dyno.toml:2:2
  |
2 |  blokcs = 10 # many
  |  ^^^^^^
  |
  = help: did you mean `blocks`?"
    );
}

#[test]
fn no_character_of_the_file_is_more_than_a_character() {
    let text = "a\u{1b}[2J\u{9b}1m\u{202e}\u{0}\u{7f}\u{200b}x = 1\r\n";
    let at = text.find('x').unwrap();
    let shown = Diagnostic::new("f".into(), text, Problem::new(at..at + 1, "no")).to_string();
    let line = shown.lines().find(|line| line.starts_with("1 |")).unwrap();
    assert_eq!(
        line,
        "1 | a\u{fffd}[2J\u{fffd}1m\u{fffd}\u{fffd}\u{fffd}\u{fffd}x = 1"
    );
    assert!(
        !shown.chars().any(|c| c.is_control() && c != '\n'),
        "{shown:?}"
    );
}

#[test]
fn a_place_at_the_end_or_over_lines_or_beyond_is_still_a_place() {
    for (text, span) in [
        ("", 0..0),
        ("a", 1..1),
        ("a\nb", 0..3),
        ("é", 1..2),
        ("a\n", 2..2),
        ("a", 5..9),
    ] {
        let shown = Diagnostic::new("f".into(), text, Problem::new(span, "no")).to_string();
        assert!(shown.starts_with("no\n"), "{text:?}: {shown}");
    }
}

#[test]
fn only_what_is_near_was_meant() {
    assert_eq!(
        suggestion("blokcs", &["time", "blocks"]),
        "did you mean `blocks`?"
    );
    assert_eq!(
        suggestion("patience", &["time", "blocks"]),
        "there are time, blocks"
    );
}
