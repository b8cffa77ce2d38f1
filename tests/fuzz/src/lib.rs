//! What of Dyno reads a stranger's bytes, each as a function that a fuzzer can call ([`TARGETS`]),
//! with inputs to begin from. A target panics where Dyno would be wrong, and says of any other
//! input whether it was accepted: targets of which no seed is accepted would test nothing but the
//! first check.

// A panic is how a target tells.
#![allow(clippy::expect_used)]

mod files;
mod index;
mod texts;
mod wasm;

/// One entrance.
#[derive(Debug)]
pub struct Target {
    /// What it is called.
    pub name: &'static str,
    /// Whether these bytes are accepted.
    pub run: fn(&[u8]) -> bool,
    /// Inputs to begin from; some are accepted.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target {
        name: "events",
        run: texts::events,
        seeds: texts::event_seeds,
    },
    Target {
        name: "plugin-toml",
        run: texts::manifest,
        seeds: texts::manifest_seeds,
    },
    Target {
        name: "dyno-toml",
        run: texts::suite,
        seeds: texts::suite_seeds,
    },
    Target {
        name: "bundle",
        run: texts::bundle,
        seeds: texts::bundle_seeds,
    },
    Target {
        name: "report",
        run: files::report,
        seeds: files::report_seeds,
    },
    Target {
        name: "archive",
        run: files::archive,
        seeds: files::archive_seeds,
    },
    Target {
        name: "oci",
        run: files::oci,
        seeds: files::oci_seeds,
    },
    Target {
        name: "componentize",
        run: wasm::componentize,
        seeds: wasm::module_seeds,
    },
    Target {
        name: "precheck",
        run: wasm::precheck,
        seeds: wasm::component_seeds,
    },
    Target {
        name: "instrument",
        run: wasm::instrument,
        seeds: wasm::smith_seeds,
    },
    Target {
        name: "index",
        run: index::shortcut,
        seeds: index::seeds,
    },
];

/// The target of that name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// A file of the repository.
pub(crate) fn repository_file(name: &str) -> Vec<u8> {
    let path = repository().join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a directory of the repository and of those in it that have this name, or any.
pub(crate) fn repository_files(dir: &str, name: Option<&str>) -> Vec<Vec<u8>> {
    fn gather(dir: &std::path::Path, name: Option<&str>, found: &mut Vec<std::path::PathBuf>) {
        let entries =
            std::fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                let is_source = path
                    .file_name()
                    .is_some_and(|name| name != "target" && name != "node_modules");
                if is_source {
                    gather(&path, name, found);
                }
            } else if name.is_none_or(|name| path.file_name().is_some_and(|it| it == name)) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    gather(&repository().join(dir), name, &mut found);
    found.sort();
    let read = |path| std::fs::read(path).ok();
    found.into_iter().filter_map(read).collect()
}

fn repository() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If this fails, a target is broken by what it begins with, or refuses it all and so tests
    /// little.
    #[test]
    fn every_target_accepts_some_of_its_seeds() {
        for target in TARGETS {
            let seeds = (target.seeds)();
            let accepted = seeds.iter().filter(|seed| (target.run)(seed)).count();
            assert!(
                accepted > 0,
                "{}: none of {} seeds",
                target.name,
                seeds.len()
            );
        }
    }

    /// If this fails, a fault that the fuzzer once found is back.
    #[test]
    fn what_was_found_stays_mended() {
        for target in TARGETS {
            let dir = format!("tests/fuzz/corpus/{}", target.name);
            if repository().join(&dir).is_dir() {
                for input in repository_files(&dir, None) {
                    (target.run)(&input);
                }
            }
        }
    }

    /// If this fails, inputs are kept for a target that nothing runs.
    #[test]
    fn the_corpus_belongs_to_targets() {
        let corpus = std::fs::read_dir(repository().join("tests/fuzz/corpus"));
        for entry in corpus.into_iter().flatten() {
            let name = entry.unwrap().file_name();
            assert!(target(name.to_str().unwrap()).is_some(), "{name:?}");
        }
    }
}
