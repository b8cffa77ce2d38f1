//! What is wrong with a file, with the line and a caret below the place, and what was probably
//! meant.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use dyno_analysis::filter::nearest;

/// What is wrong, and where in a text, bytes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Problem {
    pub(super) span: Range<usize>,
    /// One sentence; strangers' words in it have been quoted.
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Problem {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
            help: None,
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// A problem of a file: shows itself as a sentence, the line with a caret, and a line of help.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    /// The file, as people may see it.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The line, harmless.
    source: String,
    /// What of it is meant, bytes.
    marked: Range<usize>,
}

impl Diagnostic {
    /// The diagnostic of a problem in a text.
    pub(super) fn new(path: String, text: &str, problem: Problem) -> Self {
        let start = text.floor_char_boundary(problem.span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let rest = text[line_start..].lines().next().unwrap_or_default();
        // What goes on over several lines is meant by its first.
        let line_end = (line_start + rest.len()).max(start);
        let end = text
            .floor_char_boundary(problem.span.end)
            .clamp(start, line_end);
        let (before, marked, after) = match is_secret(text, start) {
            true => (String::new(), "…".into(), String::new()),
            false => (
                harmless(&text[line_start..start]),
                harmless(&text[start..end]),
                harmless(&text[end..line_end]),
            ),
        };
        Self {
            path,
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            message: problem.message,
            help: problem.help,
            marked: before.len()..before.len() + marked.len(),
            source: before + &marked + &after,
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let snippet = Snippet::source(&self.source)
            .line_start(self.line)
            .path(&self.path)
            .annotation(AnnotationKind::Primary.span(self.marked.clone()));
        let mut report = Level::ERROR
            .no_name()
            .primary_title(&self.message)
            .element(snippet);
        if let Some(help) = &self.help {
            report = report.element(Level::HELP.message(help));
        }
        f.write_str(&Renderer::plain().render(&[report]))
    }
}

impl std::error::Error for Diagnostic {}

/// Whether the values of variables may stand around a place: in a table `env`, or behind a key of
/// that name. They may be secrets, and what is wrong with a file is printed where others read it.
pub(super) fn is_secret(text: &str, at: usize) -> bool {
    let at = text.floor_char_boundary(at);
    let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    // Up to the header of its table.
    for line in text[..end].lines().rev() {
        if line.split(|c| !is_word(c)).any(|word| word == "env") {
            return true;
        }
        if line.trim_start().starts_with('[') {
            return false;
        }
    }
    false
}

/// One line of a stranger's file: whatever is not plainly visible becomes a sign that says so, one
/// character for one, so that the caret stays below its place.
fn harmless(line: &str) -> String {
    let shown = |c: char| match c {
        '\t' => ' ',
        // What is escaped for debugging is what cannot be seen, but for quotation marks.
        '"' | '\'' | '\\' => c,
        c if c.escape_debug().len() > 1 => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    line.chars().map(shown).collect()
}

/// A line of help for a word that none of `names` is: the nearest, or all of them.
pub(super) fn suggestion(word: &str, names: &[&str]) -> String {
    match nearest(word, names) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("there are {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests;
