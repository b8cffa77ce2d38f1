use super::*;
use crate::render::{BOLD, RED};

fn styled(text: &str) -> String {
    let mut out = Vec::new();
    Sink::new(&mut out, true)
        .write_all(text.as_bytes())
        .unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn our_styles_pass_and_no_others() {
    let text = format!("{BOLD}a\u{1b}[1m{BOLD:#} {RED}b{RED:#}\n");
    assert_eq!(
        styled(&text),
        "\u{1b}[1ma\\u{1b}[1m\u{1b}[0m \u{1b}[1m\u{1b}[31mb\u{1b}[0m\n"
    );
    assert_eq!(
        plain(|out| out.write_all(text.as_bytes())),
        "a\\u{1b}[1m b\n"
    );
}

/// If this fails, a name in the first column of a table is a command, or one that our styles
/// divide.
#[test]
fn a_line_is_looked_at_as_it_is_composed() {
    let text = format!("  {BOLD}::error{BOLD:#}::x\na #{RED}#{RED:#}[b]\n\u{1b}[0m::c\n");
    assert_eq!(
        plain(|out| out.write_all(text.as_bytes())),
        "  \\u{3a}:error::x\na #\\u{23}[b]\n\\u{1b}[0m::c\n"
    );
    assert_eq!(
        styled(&text).lines().next(),
        Some("  \u{1b}[1m\\u{3a}:error\u{1b}[0m::x")
    );
}

/// If this fails, a name with a line feed in it begins a line, which looks like one of ours.
#[test]
fn what_is_written_at_once_is_one_line() {
    let text = plain(|out| {
        let name = "a\nerror: b";
        writeln!(out, "{name} x")?;
        writeln!(out, "c")?;
        writeln!(out)?;
        write!(out, "d")?;
        writeln!(out, "e\n")
    });
    assert_eq!(text, "a\\nerror: b x\nc\n\nde\\n\n");
}

#[test]
fn a_question_is_shown_before_its_line_ends() {
    let mut out = Vec::new();
    let mut sink = Sink::new(&mut out, false);
    sink.write_all(b"Install? [y/N] ").unwrap();
    sink.flush().unwrap();
    std::mem::forget(sink);
    assert_eq!(out, b"Install? [y/N] ");
}
