//! What the machine is, as far as it bears on measuring: the facts of METHOD.md.

use std::collections::BTreeMap;
use std::path::Path;

use super::tree::Tree;
use super::virtualized::{container, hypervisor};
use super::{cpu, quota};
use dyno_model::{Machine, UNKNOWN};

/// The facts by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts(BTreeMap<String, String>);

impl Facts {
    /// Reads the facts from the `proc` and `sys` below `root`. Never fails: what is missing or odd
    /// is `unknown`. Every fact is always there, so that reports of different machines have the
    /// same columns.
    #[must_use]
    pub fn read(root: &Path) -> Self {
        let tree = Tree { root };
        let count = |number: Option<usize>| number.map(|number| number.to_string());
        let cores = cpu::logical(tree)
            .or_else(|| std::thread::available_parallelism().ok().map(usize::from));
        let quota = quota::cores(tree)
            .map_or_else(|| "none".to_owned(), |cores| format!("{cores:.2} cores"));
        let clock = "sys/devices/system/clocksource/clocksource0/current_clocksource";
        let facts = [
            ("cpu", cpu::model(tree)),
            ("cores", count(cores)),
            ("cores_physical", count(cpu::physical(tree))),
            ("governor", cpu::governors(tree)),
            ("smt", cpu::smt(tree)),
            ("turbo", cpu::turbo(tree)),
            ("quota", Some(quota)),
            ("hypervisor", hypervisor(tree)),
            (
                "container",
                Some(container(tree).unwrap_or_else(|| "none".to_owned())),
            ),
            ("clock_source", tree.text(clock)),
            ("kernel", tree.text("proc/sys/kernel/osrelease")),
            (
                "memory_bytes",
                memory_bytes(tree).map(|bytes| bytes.to_string()),
            ),
            ("os", Some(std::env::consts::OS.to_owned())),
            ("arch", Some(std::env::consts::ARCH.to_owned())),
        ];
        let known =
            |fact: Option<String>| fact.map_or_else(|| UNKNOWN.to_owned(), |f| one_line(&f));
        Self(
            facts
                .into_iter()
                .map(|(name, fact)| (name.to_owned(), known(fact)))
                .collect(),
        )
    }

    /// A fact by its name; none if it is unknown.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|fact| *fact != UNKNOWN)
    }

    /// As a machine of the class that they make it one of.
    #[must_use]
    pub(crate) fn into_machine(self) -> Machine {
        Machine::of(self.0)
    }
}

/// Bytes of memory, by the kernel's count.
pub(super) fn memory_bytes(tree: Tree<'_>) -> Option<u64> {
    kibibytes(tree, "MemTotal")?.checked_mul(1024)
}

/// A field of `/proc/meminfo`.
pub(super) fn kibibytes(tree: Tree<'_>, name: &str) -> Option<u64> {
    tree.field("proc/meminfo", name)?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

/// Firmware writes these names; they go to terminals and reports.
fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
pub(super) mod tests;
