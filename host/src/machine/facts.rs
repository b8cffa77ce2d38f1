//! What the machine is, as far as it bears on measuring: the facts of METHOD.md.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::tree::Tree;
use super::{cpu, quota};
use crate::report::model::Machine;

/// What is written where a fact could not be read. Every fact is always there, so that reports of
/// different machines have the same columns.
const UNKNOWN: &str = "unknown";

/// The facts by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts(BTreeMap<String, String>);

impl Facts {
    /// Reads the facts from the `proc` and `sys` below `root`. Never fails: what is missing or odd
    /// is `unknown`.
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
                Some(container(tree).unwrap_or("none").to_owned()),
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

    /// With the fingerprint over all of them.
    #[must_use]
    pub fn into_machine(self) -> Machine {
        let mut hash = Sha256::new();
        for (name, fact) in &self.0 {
            // Neither holds a control character, so this cannot be read in two ways.
            hash.update(name.as_bytes());
            hash.update(b"\t");
            hash.update(fact.as_bytes());
            hash.update(b"\n");
        }
        let fingerprint = hash.finalize()[..8]
            .iter()
            .fold(String::new(), |mut hex, byte| {
                // Writing to a string cannot fail.
                let _ = write!(hex, "{byte:02x}");
                hex
            });
        Machine {
            fingerprint,
            facts: self.0,
        }
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

/// Who virtualises this machine; `none` on bare metal.
pub(super) fn hypervisor(tree: Tree<'_>) -> Option<String> {
    if let Some(kind) = tree.text("sys/hypervisor/type") {
        return Some(kind);
    }
    let flags = tree.field("proc/cpuinfo", "flags");
    let virtual_cpu = flags
        .as_deref()
        .is_some_and(|flags| flags.split_whitespace().any(|flag| flag == "hypervisor"));
    let names =
        ["sys_vendor", "product_name"].map(|name| tree.text(&format!("sys/class/dmi/id/{name}")));
    let named = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
    // x86 says so itself. Arm does not, so there only the well-known names tell.
    const VIRTUAL: [&str; 8] = [
        "QEMU",
        "KVM",
        "VMware",
        "VirtualBox",
        "Virtual Machine",
        "Amazon EC2",
        "Google",
        "Xen",
    ];
    let known_name = VIRTUAL.iter().any(|name| named.contains(name)) && !named.contains("metal");
    match (virtual_cpu || known_name, named.is_empty()) {
        (true, false) => Some(named),
        (true, true) => Some("unnamed".to_owned()),
        (false, _) if flags.is_some() || !named.is_empty() => Some("none".to_owned()),
        (false, _) => None,
    }
}

/// Which kind of container this process runs in, as far as that shows.
pub(super) fn container(tree: Tree<'_>) -> Option<&'static str> {
    if tree.exists(".dockerenv") {
        return Some("docker");
    }
    if tree.exists("run/.containerenv") {
        return Some("podman");
    }
    let groups = tree.text("proc/self/cgroup")?;
    let traces = [
        ("kubepods", "kubernetes"),
        ("docker", "docker"),
        ("libpod", "podman"),
        ("containerd", "containerd"),
        ("/lxc", "lxc"),
    ];
    traces
        .iter()
        .find(|(trace, _)| groups.contains(trace))
        .map(|(_, kind)| *kind)
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
