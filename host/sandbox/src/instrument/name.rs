//! What a function is called in a profile and in a trap's backtrace: its name as its author wrote
//! it, harmless and not too long. Names are a guest's own, and so are the mangled ones that are
//! taken apart here.

use dyno_model::visible::{is_visible, spell};

/// Characters that are kept of one name: generic functions of Rust and C++ run to hundreds.
const CHARS_MAX: usize = 300;

/// All that is kept of names, bytes: a plugin that gives more has the rest numbered. Both this and
/// what it becomes as JSON fit into what a worker may say.
pub(super) const BYTES_MAX: usize = 8 << 20;

/// A name as it is shown; none if nothing is left of it.
pub(crate) fn readable(raw: &str) -> Option<String> {
    let name = demangled(raw);
    let mut chars = name.trim().chars();
    let mut shown = String::new();
    for char in chars.by_ref().take(CHARS_MAX) {
        match char {
            // It divides the functions of a stack in what everybody exchanges stacks in.
            ';' => shown.push(':'),
            char if char.is_whitespace() => shown.push(' '),
            char if is_visible(char) => shown.push(char),
            char => spell(char, &mut shown),
        }
    }
    if chars.next().is_some() {
        shown.push('…');
    }
    (!shown.is_empty()).then_some(shown)
}

/// Without the hash of a symbol of Rust, which is another one in every build.
fn demangled(raw: &str) -> String {
    if let Ok(name) = rustc_demangle::try_demangle(raw) {
        // Its output can be much longer than the symbol, and has an end only if it is given one.
        let mut shown = Short::default();
        let _ = std::fmt::write(&mut shown, format_args!("{name:#}"));
        return shown.0;
    }
    // What is no symbol may be taken for a mangled type: `m` for `unsigned long`.
    let symbol = raw
        .starts_with("_Z")
        .then(|| cpp_demangle::Symbol::new(raw));
    symbol
        .and_then(|symbol| symbol.ok()?.demangle().ok())
        .unwrap_or_else(|| raw.to_owned())
}

/// Takes as much as will be kept, and then refuses.
#[derive(Default)]
struct Short(String);

impl std::fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.push_str(text);
        if self.0.len() > 4 * CHARS_MAX {
            return Err(std::fmt::Error);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_become_names() {
        for (raw, shown) in [
            ("_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write"),
            ("_RNvC6_123foo3bar", "123foo::bar"),
            ("_Z3addii", "add(int, int)"),
            ("fib", "fib"),
            ("m", "m"),
            ("<[u8; 4] as Trait>::f", "<[u8: 4] as Trait>::f"),
            ("a\nb\u{1b}[2J \u{202e}", "a b\\u{1b}[2J \\u{202e}"),
        ] {
            assert_eq!(readable(raw).as_deref(), Some(shown), "{raw}");
        }
        assert_eq!(readable(" \n"), None);
    }

    #[test]
    fn no_name_is_without_end() {
        assert_eq!(
            readable(&"x".repeat(5000)).unwrap().chars().count(),
            CHARS_MAX + 1
        );
        // Back references that double: 2^40 characters from a line.
        let mut bomb = String::from("_RIC1a");
        for _ in 0..60 {
            bomb.push_str("TB6_B6_E");
        }
        bomb.push('E');
        assert!(readable(&bomb).unwrap().len() < 20_000);
    }
}
