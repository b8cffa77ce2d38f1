//! No source file is longer than a reader can hold in mind.

use std::fs;
use std::path::Path;

use crate::support::repository;

/// Lines that a Rust source file may have.
const LINES_MAX: usize = 500;

/// Every Rust source file below a directory, but what tools made there.
fn visit(dir: &Path, look: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let is_made =
            |name: &str| ["target", "node_modules"].contains(&name) || name.starts_with('.');
        let name = path.file_name().unwrap().to_string_lossy();
        if path.is_dir() && !is_made(&name) {
            visit(&path, look);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            look(&path);
        }
    }
}

/// If this fails, a file has grown together from parts that could be read by themselves.
#[test]
fn no_source_file_is_too_long() {
    let mut looked_at = 0;
    let mut too_long = Vec::new();
    for dir in ["host", "guest-sdk", "tests", "sample-plugins"] {
        visit(&repository().join(dir), &mut |path| {
            looked_at += 1;
            let lines = fs::read_to_string(path).unwrap().lines().count();
            if lines > LINES_MAX {
                let name = path.strip_prefix(repository()).unwrap().display();
                too_long.push(format!(
                    "{name} has {lines} lines, and the limit is {LINES_MAX}"
                ));
            }
        });
    }
    assert!(looked_at > 300, "only {looked_at} files were found");
    assert!(too_long.is_empty(), "{}", too_long.join("\n"));
}
