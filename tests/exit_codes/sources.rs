//! Which errors there are, read from the sources as tokens: those that are public, and whose fault
//! each says it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::super::support::repository;

/// Errors by part and name, such as `package::LockError`.
#[derive(Debug, Default)]
pub(super) struct Errors {
    /// Those that other parts can see.
    pub(super) public: BTreeSet<String>,
    /// All types that other parts can see.
    types: BTreeSet<String>,
    /// Those that say whose fault they are, with the codes of the faults that they name themselves.
    pub(super) classified: BTreeMap<String, BTreeSet<i32>>,
    /// Those that have the text of their source in their own: where.
    pub(super) repeating: Vec<String>,
    /// Those that hold something that neither their text nor their source says: where, and what.
    pub(super) unsaid: Vec<String>,
    /// Variants and errors that have a source.
    pub(super) with_source: usize,
}

/// Reads all sources of the host.
pub(super) fn read() -> Errors {
    let root = repository().join("host");
    let mut files = Vec::new();
    collect(&root, &mut files);
    let mut errors = Errors::default();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let tokens: TokenStream = text.parse().unwrap();
        let part = part(path.strip_prefix(&root).unwrap());
        let tokens: Vec<_> = tokens.into_iter().collect();
        errors.read(&part, &tokens);
        errors.read_texts(&part, &tokens);
    }
    errors
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The part of the host that a file belongs to: its directory or module below `src`, or else the
/// crate.
fn part(file: &Path) -> String {
    let words: Vec<_> = file.iter().map(|word| word.to_str().unwrap()).collect();
    let part = match words.as_slice() {
        ["src", part, ..] => part,
        [part, ..] => part,
        [] => "",
    };
    part.trim_end_matches(".rs").to_owned()
}

/// The exit code of a fault.
fn code(fault: &str) -> i32 {
    match fault {
        "Host" => 1,
        "Usage" => 2,
        "Refused" => 3,
        "NotFound" => 4,
        other => panic!("the fault {other} has no exit code here"),
    }
}

impl Errors {
    fn read(&mut self, part: &str, tokens: &[TokenTree]) {
        let word = |at: usize| tokens.get(at).map(ToString::to_string).unwrap_or_default();
        let mut is_error = false;
        for (at, token) in tokens.iter().enumerate() {
            match token {
                // An attribute belongs to the item behind it.
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    let attribute = word(at + 1).replace(' ', "");
                    is_error |= attribute.starts_with("[derive(") && attribute.contains("Error)");
                }
                TokenTree::Ident(ident) if ident == "enum" || ident == "struct" => {
                    let is_public = at > 0 && word(at - 1) == "pub";
                    let name = format!("{part}::{}", word(at + 1));
                    if is_error && is_public {
                        self.public.insert(name.clone());
                    }
                    if is_public {
                        self.types.insert(name);
                    }
                    is_error = false;
                }
                TokenTree::Ident(ident) if ident == "impl" => self.read_impl(part, &tokens[at..]),
                // A module in the file.
                TokenTree::Group(group) if at > 1 && word(at - 2) == "mod" => {
                    let inner: Vec<_> = group.stream().into_iter().collect();
                    self.read(part, &inner);
                }
                _ => {}
            }
        }
    }

    /// `impl Error for NAME` or `impl Classify for NAME`.
    fn read_impl(&mut self, part: &str, tokens: &[TokenTree]) {
        let is_body = |token: &TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        let end = tokens.iter().position(is_body).unwrap_or(tokens.len());
        let words: Vec<_> = tokens[..end].iter().map(ToString::to_string).collect();
        let Some(at) = words.iter().position(|word| word == "for") else {
            return;
        };
        let name = || format!("{part}::{}", words[at + 1..].join(""));
        match words[at - 1].as_str() {
            "Error" if self.types.contains(&name()) => {
                self.public.insert(name());
            }
            "Classify" => {
                let mut faults = BTreeSet::new();
                named(tokens[end].clone().into(), &mut faults);
                self.classified.insert(name(), faults);
            }
            _ => {}
        }
    }
}

impl Errors {
    /// Looks at each `#[error("…")]` and the fields behind it.
    fn read_texts(&mut self, part: &str, tokens: &[TokenTree]) {
        for (at, token) in tokens.iter().enumerate() {
            let TokenTree::Group(group) = token else {
                continue;
            };
            let inner: Vec<_> = group.stream().into_iter().collect();
            self.read_texts(part, &inner);
            let is_text = inner
                .first()
                .is_some_and(|word| word.to_string() == "error");
            if !is_text || group.delimiter() != Delimiter::Bracket {
                continue;
            }
            // The fields are the first group behind it that is no attribute, unless there are none.
            let rest = tokens[at + 1..].iter();
            let fields = rest
                .take_while(|token| !matches!(token.to_string().as_str(), "," | ";"))
                .find_map(|token| match token {
                    TokenTree::Group(group) if group.delimiter() != Delimiter::Bracket => {
                        Some(group)
                    }
                    _ => None,
                });
            let Some(fields) = fields else { continue };
            let text = inner[1].to_string();
            for (name, kind) in named_fields(fields) {
                let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
                // A fault is said by the exit code.
                if name != "source" && kind != "Fault" && !words.into_iter().any(|it| it == name) {
                    self.unsaid.push(format!("{part}: {name} of {text}"));
                }
            }
            let fields = fields.to_string().replace(char::is_whitespace, "");
            let is_marked = fields.contains("#[from]") || fields.contains("#[source]");
            if !is_marked && !fields.contains("source:") {
                continue;
            }
            self.with_source += 1;
            if text.contains("{source") || is_marked && text.contains("{0") {
                self.repeating.push(format!("{part}: {text}"));
            }
        }
    }
}

/// The names of fields, and the first word of their types.
fn named_fields(fields: &Group) -> Vec<(String, String)> {
    if fields.delimiter() != Delimiter::Brace {
        return Vec::new();
    }
    let words: Vec<String> = (fields.stream().into_iter())
        .map(|token| token.to_string())
        .collect();
    let mut depth = 0;
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        match word.as_str() {
            "<" => depth += 1,
            ">" => depth -= 1,
            ":" if depth == 0 && at > 0 && at + 1 < words.len() => {
                let [before, after] = [&words[at - 1], &words[at + 1]];
                // Of `::`, either has another beside it.
                if before != ":" && after != ":" {
                    found.push((before.clone(), after.clone()));
                }
            }
            _ => {}
        }
    }
    found
}

/// The codes of the faults that a body names.
fn named(tokens: TokenStream, faults: &mut BTreeSet<i32>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => named(group.stream(), faults),
            TokenTree::Ident(ident) if ident == "Fault" => {
                // `Fault::Host`, and neither a type nor a function.
                let variant = tokens.get(at + 3).map(ToString::to_string);
                let variant = variant.filter(|name| name.starts_with(char::is_uppercase));
                let is_path = tokens
                    .get(at + 1)
                    .is_some_and(|next| next.to_string() == ":");
                if let Some(variant) = variant.filter(|_| is_path) {
                    faults.insert(code(&variant));
                }
            }
            _ => {}
        }
    }
}
