//! The sources of the host as tokens: every path that the code names, resolved to where it leads.
//! `use super::{a, b::c}` in `measure/src/time.rs` is `crate::a` and `crate::b::c`. What is
//! compiled only for tests is not looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::support::repository;

/// A source file: where it stands, and every path that its code names.
pub(super) struct Source {
    /// The crate's directory and the file below its `src`, such as `measure/time.rs`.
    pub(super) file: String,
    /// Its module, without the crate.
    pub(super) module: Vec<String>,
    /// Absolute: `crate::…` for what is of the same crate, a crate's name first for the rest. The
    /// names of macros end with `!`.
    pub(super) paths: BTreeSet<String>,
    /// What a `use` brings into this module: the name here, and the path that it stands for.
    pub(super) imports: BTreeMap<String, String>,
    /// Modules that are declared for tests only.
    test_modules: Vec<String>,
}

impl Source {
    pub(super) fn new(file: &str, text: &str) -> Self {
        let tokens: TokenStream = text
            .parse()
            .unwrap_or_else(|error| panic!("{file}: {error}"));
        let module = module(file);
        let mut reader = Reader {
            module: module.clone(),
            ..Reader::default()
        };
        reader.read(tokens, &[]);
        Self {
            file: file.into(),
            module,
            paths: reader.paths,
            imports: reader.imports,
            test_modules: reader.test_modules,
        }
    }

    /// The directory of its crate below `host`.
    pub(super) fn room(&self) -> &str {
        self.file.split('/').next().unwrap()
    }

    /// Whether it is `place.rs` or below `place/`.
    pub(super) fn is_in(&self, place: &str) -> bool {
        self.file
            .strip_prefix(place)
            .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    }
}

/// `measure/time.rs` is the module `time` of its crate.
fn module(file: &str) -> Vec<String> {
    let stem = file.strip_suffix(".rs").unwrap();
    let mut module: Vec<String> = stem.split('/').skip(1).map(str::to_owned).collect();
    if module
        .last()
        .is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str()))
    {
        module.pop();
    }
    module
}

/// Every source of the host's crates that is not only for tests.
pub(super) fn sources() -> Vec<Source> {
    let host = repository().join("host");
    let mut sources = Vec::new();
    for entry in fs::read_dir(&host).unwrap() {
        let root = entry.unwrap().path();
        let room = root.file_name().unwrap().to_str().unwrap();
        let root = root.join("src");
        let mut files = Vec::new();
        if root.is_dir() {
            collect(&root, &mut files);
        }
        for path in files {
            let file = path.strip_prefix(&root).unwrap().to_str().unwrap();
            let text = fs::read_to_string(&path).unwrap();
            sources.push(Source::new(&format!("{room}/{file}"), &text));
        }
    }
    let for_tests: Vec<String> = sources
        .iter()
        .flat_map(|source| {
            let above = [&[source.room().to_owned()], &*source.module]
                .concat()
                .join("/");
            source
                .test_modules
                .iter()
                .map(move |name| format!("{above}/{name}"))
        })
        .collect();
    sources.retain(|source| !for_tests.iter().any(|name| source.is_in(name)));
    sources
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        // By `#[path]`, beside the module that it tests.
        let is_tests = path.to_string_lossy().ends_with("_tests.rs");
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_tests {
            files.push(path);
        }
    }
}

#[derive(Default)]
struct Reader {
    module: Vec<String>,
    paths: BTreeSet<String>,
    imports: BTreeMap<String, String>,
    test_modules: Vec<String>,
    is_use: bool,
}

impl Reader {
    /// Reads tokens; `prefix` is the path before a group of a `use`.
    fn read(&mut self, tokens: TokenStream, prefix: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at = match &tokens[at] {
                TokenTree::Punct(punct) if punct.as_char() == '#' && is_for_tests(&tokens, at) => {
                    self.skip_item(&tokens, at)
                }
                TokenTree::Ident(ident) if ident == "mod" => self.inline_module(&tokens, at),
                TokenTree::Ident(ident) if ident == "use" => {
                    // Not `impl Trait + use<'_>`.
                    self.is_use = !is_punct(&tokens, at + 1, '<');
                    at + 1
                }
                // The name that something is imported as is not a path.
                TokenTree::Ident(ident) if ident == "as" => at + 2,
                TokenTree::Ident(_) => self.path(&tokens, at, prefix),
                TokenTree::Group(group) => {
                    self.read(group.stream(), &[]);
                    at + 1
                }
                TokenTree::Punct(punct) => {
                    self.is_use &= punct.as_char() != ';';
                    at + 1
                }
                TokenTree::Literal(_) => at + 1,
            };
        }
    }

    /// Reads the path that begins at `at`, and returns where it ends.
    fn path(&mut self, tokens: &[TokenTree], at: usize, prefix: &[String]) -> usize {
        let mut path = prefix.to_vec();
        path.push(tokens[at].to_string());
        let mut next = at + 1;
        while is_punct(tokens, next, ':') && is_punct(tokens, next + 1, ':') {
            match tokens.get(next + 2) {
                Some(TokenTree::Ident(ident)) => path.push(ident.to_string()),
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    self.read(group.stream(), &path);
                    return next + 3;
                }
                _ => break,
            }
            next += 3;
        }
        let is_macro = is_punct(tokens, next, '!')
            && matches!(tokens.get(next + 1), Some(TokenTree::Group(_)));
        let absolute = self.absolute(&path) + if is_macro { "!" } else { "" };
        if self.is_use && !is_punct(tokens, next, ':') {
            let name = match tokens.get(next..next + 2) {
                Some([TokenTree::Ident(word), TokenTree::Ident(name)]) if word == "as" => {
                    name.to_string()
                }
                _ => absolute.rsplit("::").next().unwrap().to_owned(),
            };
            self.imports.insert(name, absolute.clone());
        }
        self.paths.insert(absolute);
        next
    }

    fn absolute(&self, path: &[String]) -> String {
        let mut parts: Vec<String> = Vec::new();
        for (at, part) in path.iter().enumerate() {
            match (at, part.as_str()) {
                (0, "self" | "super") => {
                    parts = [vec!["crate".to_owned()], self.module.clone()].concat();
                    if part == "super" {
                        parts.pop();
                    }
                }
                (_, "super") => {
                    parts.pop();
                }
                (1.., "self") => {}
                _ => parts.push(part.clone()),
            }
        }
        parts.join("::")
    }

    /// Reads `mod name { … }` as what it is; `mod name;` is another file.
    fn inline_module(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        if let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) =
            (tokens.get(at + 1), tokens.get(at + 2))
        {
            self.module.push(name.to_string());
            // What is imported in there has its names in there.
            let imports = self.imports.clone();
            self.read(body.stream(), &[]);
            self.imports = imports;
            self.module.pop();
            return at + 3;
        }
        at + 2
    }

    /// Passes over what follows `#[cfg(test)]`, up to its `;` or its body.
    fn skip_item(&mut self, tokens: &[TokenTree], from: usize) -> usize {
        let mut at = from + 2;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Ident(ident) if ident == "mod" => {
                    self.test_modules.push(tokens[at + 1].to_string())
                }
                TokenTree::Punct(punct) if punct.as_char() == ';' => return at + 1,
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return at + 1,
                _ => {}
            }
            at += 1;
        }
        at
    }
}

fn is_punct(tokens: &[TokenTree], at: usize, wanted: char) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn is_for_tests(tokens: &[TokenTree], at: usize) -> bool {
    let Some(TokenTree::Group(attribute)) = tokens.get(at + 1) else {
        return false;
    };
    let attribute = attribute.stream().to_string().replace(' ', "");
    attribute.starts_with("cfg(") && attribute.contains("test") && !attribute.contains("not(test")
}
