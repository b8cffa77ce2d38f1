//! Strangers' texts in GitHub-flavoured Markdown, and numbers.

use dyno_model::{Change, Metric, Verdict, word};
use dyno_wording as wording;
use dyno_wording::escape;

/// Characters of a text that are shown at most: a table has to stay readable.
const CHARS_MAX: usize = 240;
/// The same of a command, which is of no use without its end.
const COMMAND_CHARS_MAX: usize = 1_000;

/// A text that is nothing but text. Within `<code>` GitHub makes no mention, reference, link or
/// emoji of it, and what Markdown, HTML or a table could read is a character reference, which by
/// CommonMark never is structure.
pub(super) fn code(text: &str) -> String {
    cut(text, CHARS_MAX)
}

/// The same of a command line.
pub(super) fn command(text: &str) -> String {
    cut(text, COMMAND_CHARS_MAX)
}

fn cut(text: &str, chars_max: usize) -> String {
    let visible = escape(text);
    let mut safe = String::from("<code>");
    let mut chars = visible.chars();
    for c in chars.by_ref().take(chars_max) {
        if "&<>\"'`\\*_~[]!|@#:.$".contains(c) {
            safe.push_str(&format!("&#{};", u32::from(c)));
        } else {
            safe.push(c);
        }
    }
    if chars.next().is_some() {
        safe.push('…');
    }
    safe + "</code>"
}

/// `plugin case`, both as code.
pub(super) fn case_name(plugin: &str, case: &str) -> String {
    format!("{} {}", code(plugin), code(case))
}

/// A value of a metric with its unit.
pub(super) fn value(metric: Metric, value: f64) -> String {
    wording::value(metric.spec().unit, value)
}

/// Cells of a row, each with the line behind it.
pub(super) fn cells(texts: impl Iterator<Item = String>) -> String {
    texts.map(|text| format!(" {text} |")).collect()
}

/// A ratio as the change that it is, such as `+12.5 %`; `=` if it is none.
pub(super) fn percent(ratio: f64) -> String {
    if ratio == Change::FROM_NOTHING {
        return "from 0".into();
    }
    let percent = 100.0 * (ratio - 1.0);
    match percent.abs() {
        0.0 => "=".into(),
        size if size < 0.995 => format!("{percent:+.2} %"),
        size if size < 99.95 => format!("{percent:+.1} %"),
        _ => format!("{percent:+.0} %"),
    }
}

/// `3 regressed, 1 new`: how often each verdict occurs, in the order of [`Verdict`].
pub(super) fn tally(verdicts: impl Iterator<Item = Verdict>) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for verdict in verdicts {
        *counts.entry(verdict).or_insert(0_usize) += 1;
    }
    let counts = counts.into_iter();
    let words = counts.map(|(verdict, count)| format!("{count} {}", word(&verdict)));
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_nothing_but_text() {
        let without_references = regex::Regex::new("&#[0-9]+;").unwrap();
        for hostile in [
            "a|b",
            "`x`",
            "</code><script>alert(1)</script>",
            "@user",
            "user/repo#1",
            "https://example.com",
            "www.example.com",
            "[x](javascript:y)",
            "![x](y)",
            "**bold** _it_ ~~no~~",
            "a\n\n# b",
            "&lt;",
            "\\|",
            "$x$",
            ":tada:",
            "<!-- dyno-report -->",
        ] {
            let safe = code(hostile);
            let inner = &safe["<code>".len()..safe.len() - "</code>".len()];
            let bare = without_references.replace_all(inner, "");
            assert!(
                !bare.contains(|c: char| "&<>`\\*_~[]!|@#:.$\n".contains(c)),
                "{hostile:?} became {safe}"
            );
        }
        assert_eq!(code("größe 1/2"), "<code>größe 1/2</code>");
        assert!(code(&"x".repeat(1000)).len() < 300);
    }

    #[test]
    fn a_change_has_its_sign_and_three_digits() {
        for (ratio, shown) in [
            (1.0, "="),
            (1.001, "+0.10 %"),
            (0.875, "-12.5 %"),
            (1.25, "+25.0 %"),
            (3.5, "+250 %"),
            (Change::FROM_NOTHING, "from 0"),
        ] {
            assert_eq!(percent(ratio), shown);
        }
    }
}
