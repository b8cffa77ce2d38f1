//! No modules of a crate go in a circle. A parent and its children may know each other; of the
//! children of one parent, each with all that is below it, none may need another that needs it.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Source, sources};

type Module = Vec<String>;

/// What leads from one child of a parent to another: by file and path, one example each.
type Arrows = BTreeMap<Module, BTreeMap<(String, String), String>>;

/// The modules of one crate, and what each imports.
struct Crate<'a> {
    sources: BTreeMap<Module, &'a Source>,
}

impl<'a> Crate<'a> {
    fn new(sources: impl Iterator<Item = &'a Source>) -> Self {
        Self {
            sources: sources
                .map(|source| (source.module.clone(), source))
                .collect(),
        }
    }

    /// The module in which the item that a path names is defined, through whatever passes it on;
    /// none if it is another crate's.
    fn home(&self, source: &Source, path: &str) -> Option<Module> {
        let mut path = self.rooted(&source.module, path.trim_end_matches('!'))?;
        // Imports of imports: more than this is a name that is imported as itself.
        'again: for _ in 0..8 {
            let mut module = Module::new();
            for (at, name) in path.iter().enumerate() {
                let below = [&*module, std::slice::from_ref(name)].concat();
                if self.sources.contains_key(&below) {
                    module = below;
                    continue;
                }
                let Some(import) = self.import(&module, name) else {
                    return Some(module);
                };
                let mut next = self.rooted(&module, import)?;
                next.extend_from_slice(&path[at + 1..]);
                path = next;
                continue 'again;
            }
            return Some(module);
        }
        None
    }

    /// A path that stands in this module, from the root of the crate; none if it leads to another
    /// one.
    fn rooted(&self, module: &[String], path: &str) -> Option<Module> {
        let mut parts = path.split("::");
        let first = parts.next().unwrap();
        let mut start = match first {
            "crate" => Module::new(),
            _ => {
                let below = [module, &[first.to_owned()]].concat();
                match self.import(module, first) {
                    _ if self.sources.contains_key(&below) => below,
                    Some(import) if import != path => self.rooted(module, import)?,
                    _ => return None,
                }
            }
        };
        start.extend(parts.map(str::to_owned));
        Some(start)
    }

    fn import(&self, module: &[String], name: &str) -> Option<&str> {
        let source = self.sources.get(module)?;
        source.imports.get(name).map(String::as_str)
    }

    fn arrows(&self) -> Arrows {
        let mut arrows = Arrows::new();
        for (from, source) in &self.sources {
            for path in &source.paths {
                let Some(to) = self.home(source, path) else {
                    continue;
                };
                let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
                if let (Some(child), Some(other)) = (from.get(shared), to.get(shared)) {
                    arrows
                        .entry(from[..shared].to_vec())
                        .or_default()
                        .entry((child.clone(), other.clone()))
                        .or_insert_with(|| format!("{} names {path}", source.file));
                }
            }
        }
        arrows
    }
}

/// Each circle in one line: who is in it, and what holds it together.
fn circles(sources: &[Source]) -> Vec<String> {
    let rooms: BTreeSet<&str> = sources.iter().map(Source::room).collect();
    let mut found = Vec::new();
    for room in rooms {
        let of_room = sources.iter().filter(|source| source.room() == room);
        for (parent, arrows) in Crate::new(of_room).arrows() {
            let inside: Vec<_> = arrows
                .iter()
                .filter(|((from, to), _)| reaches(&arrows, to, from))
                .collect();
            if !inside.is_empty() {
                let lines: Vec<String> = inside
                    .iter()
                    .map(|((from, to), why)| format!("\n    {from} -> {to}: {why}"))
                    .collect();
                let place = [vec![room.to_owned()], parent].concat().join("/");
                found.push(format!("{place}: {}", lines.concat()));
            }
        }
    }
    found
}

fn reaches(arrows: &BTreeMap<(String, String), String>, from: &str, to: &str) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        let next = arrows.keys().filter(|(start, _)| start == at);
        open.extend(next.map(|(_, end)| &**end).filter(|end| seen.insert(end)));
    }
    false
}

/// If this fails, two modules can only be understood, and changed, together.
#[test]
fn no_modules_go_in_a_circle() {
    let sources = sources();
    assert!(
        sources.len() > 300,
        "only {} sources were found",
        sources.len()
    );
    let found = circles(&sources);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// If this fails, a circle is not seen, and the test above says nothing.
#[test]
fn circles_are_found() {
    let all: [&[(&str, &str)]; 4] = [
        // By a path, by what is imported, through who passes it on, from deep below, and by way of
        // a third.
        &[
            ("x/a.rs", "use crate::b::B; pub struct A;"),
            ("x/b.rs", "fn f() { crate::a::A; } pub struct B;"),
        ],
        &[
            ("x/a.rs", "use super::b; fn f() { b::g(); }"),
            ("x/b.rs", "use crate::{A as Other}; pub fn g() {}"),
            ("x/lib.rs", "mod a; mod b; pub use a::A;"),
        ],
        &[
            ("x/a.rs", "mod one; mod three;"),
            ("x/a/one.rs", "use crate::b::two::B;"),
            ("x/a/three.rs", "pub struct C;"),
            ("x/b.rs", "mod two;"),
            ("x/b/two.rs", "use crate::a::three::C; pub struct B;"),
        ],
        &[
            ("x/a.rs", "use crate::b::B;"),
            ("x/b.rs", "use crate::c::C;"),
            ("x/c.rs", "mod deep { use super::super::a::A; }"),
        ],
    ];
    for files in all {
        let sources: Vec<Source> = files
            .iter()
            .map(|(file, text)| Source::new(file, text))
            .collect();
        assert_eq!(circles(&sources).len(), 1, "{files:?}");
    }
}

/// If this fails, what is no circle is taken for one.
#[test]
fn what_goes_one_way_is_no_circle() {
    let sources = [
        ("x/lib.rs", "mod a; mod b; pub use a::A; use b::B;"),
        ("x/a.rs", "mod inner; use crate::b::B; pub use inner::I;"),
        ("x/a/inner.rs", "use super::A; use crate::B as Other;"),
        (
            "x/b.rs",
            "//! Unlike crate::a::A.\nuse std::fmt; #[cfg(test)] mod tests { use crate::a::A; }",
        ),
        ("y/b.rs", "use crate::a::A; use x::a::A as Foreign;"),
        ("y/a.rs", "pub struct A; use x::b;"),
    ]
    .map(|(file, text)| Source::new(file, text));
    assert_eq!(circles(&sources), Vec::<String>::new());
}
