//! A machine: its facts, and the class of machines of equal speed that they make it one of.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::counts::COUNTERS_FACT;

/// A machine, by what does not change from one minute to the next.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Machine {
    /// The class: SHA-256 over the facts that decide how fast the machine is, shortened to 16 hex
    /// digits. Those are `cpu`, `cores`, `cores_physical`, `smt`, `turbo`, `quota`, `arch`, the
    /// kind of `governor` and the kind of `hypervisor`. Equal for machines whose times can be
    /// compared, whatever else differs.
    pub fingerprint: String,
    /// The facts by name, such as `cpu`, `cores`, `governor`, `smt`, `turbo`, `quota`,
    /// `hypervisor`, `clock_source`, `kernel`, `memory_bytes`, `os`, `arch`.
    pub facts: BTreeMap<String, String>,
}

/// What is written where a fact could not be read.
pub const UNKNOWN: &str = "unknown";

/// How a fact bears on the class: the fact itself, or the kind of it.
type Kind = fn(&str) -> &str;

/// The facts that decide how fast a machine is.
const CLASS: [(&str, Kind); 9] = [
    ("arch", itself),
    ("cores", itself),
    ("cores_physical", itself),
    ("cpu", itself),
    ("governor", governor),
    ("hypervisor", hypervisor),
    ("quota", itself),
    ("smt", itself),
    ("turbo", itself),
];

impl Machine {
    /// The machine of which these are the facts. A run of any age belongs to a class by its facts,
    /// so that a class does not depend on which version recorded it.
    #[must_use]
    pub fn of(facts: BTreeMap<String, String>) -> Self {
        let mut hash = Sha256::new();
        for (name, kind) in CLASS {
            let fact = facts.get(name).map_or(UNKNOWN, String::as_str);
            // Facts are one line each, so this cannot be read in two ways.
            hash.update(format!("{name}\t{}\n", kind(fact)));
        }
        let hex = |mut hex: String, byte: &u8| {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        };
        let fingerprint = hash.finalize()[..8].iter().fold(String::new(), hex);
        Self { fingerprint, facts }
    }

    /// The facts in which another machine differs, by name: this one's and the other's, and whether
    /// that puts them into different classes.
    #[must_use]
    pub fn differences<'a>(&'a self, other: &'a Self) -> Vec<FactDifference<'a>> {
        let mut names: Vec<&str> = self
            .facts
            .keys()
            .chain(other.facts.keys())
            .map(String::as_str)
            .collect();
        names.retain(|name| *name != COUNTERS_FACT);
        names.sort_unstable();
        names.dedup();
        let fact = |machine: &'a Self, name| machine.facts.get(name).map(String::as_str);
        let differing = names.into_iter().filter_map(|name| {
            let (one, other) = (fact(self, name), fact(other, name));
            let kinds = [one, other].map(|fact| fact.unwrap_or(UNKNOWN));
            (kinds[0] != kinds[1]).then(|| FactDifference {
                name,
                one,
                other,
                is_of_class: CLASS
                    .iter()
                    .any(|(fact, kind)| *fact == name && kind(kinds[0]) != kind(kinds[1])),
            })
        });
        differing.collect()
    }
}

/// A fact in which two machines differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactDifference<'a> {
    /// Its name.
    pub name: &'a str,
    /// The fact of the one machine, if it has it.
    pub one: Option<&'a str>,
    /// The fact of the other.
    pub other: Option<&'a str>,
    /// Whether it decides how fast a machine is.
    pub is_of_class: bool,
}

fn itself(fact: &str) -> &str {
    fact
}

/// A core at its highest frequency, one that the firmware or the kernel keeps low, or one that
/// follows the load: which of the governors follows it does not matter, and neither does it where
/// some cores have one and some another.
fn governor(fact: &str) -> &str {
    match fact {
        UNKNOWN | "performance" | "powersave" => fact,
        _ => "by load",
    }
}

/// What runs the machine, whatever model of machine that pretends to be.
fn hypervisor(fact: &str) -> &str {
    const KINDS: [(&str, &str); 11] = [
        ("Amazon EC2", "ec2"),
        ("Google", "google"),
        ("VMware", "vmware"),
        ("VirtualBox", "virtualbox"),
        ("Virtual Machine", "hyper-v"),
        ("QEMU", "kvm"),
        ("KVM", "kvm"),
        ("Xen", "xen"),
        ("xen", "xen"),
        // Has no name of its own in the firmware's tables for people, and had none here before it
        // was known by others.
        ("Firecracker", "unnamed"),
        (UNKNOWN, UNKNOWN),
    ];
    let known = KINDS.iter().find(|(name, _)| fact.contains(name));
    known.map_or(fact, |(_, kind)| kind)
}

#[cfg(test)]
mod tests;
