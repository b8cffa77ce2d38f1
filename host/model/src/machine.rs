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
mod tests {
    use super::*;

    fn machine(facts: &[(&str, &str)]) -> Machine {
        let usual = [
            ("cpu", "AMD EPYC"),
            ("cores", "2"),
            ("governor", "schedutil"),
            ("hypervisor", "QEMU Standard PC"),
            ("kernel", "6.1.0-21"),
            ("memory_bytes", "17179869184"),
        ];
        let facts = usual.iter().chain(facts);
        Machine::of(
            facts
                .map(|(name, fact)| ((*name).into(), (*fact).into()))
                .collect(),
        )
    }

    /// If this fails, a patch of the kernel begins a new history, or machines of other speed stand
    /// in one.
    #[test]
    fn the_class_is_what_decides_speed() {
        let usual = machine(&[]).fingerprint;
        assert_eq!(usual.len(), 16);
        for same in [
            ("kernel", "6.1.0-22"),
            ("memory_bytes", "17179865088"),
            ("clock_source", "tsc"),
            ("container", "docker"),
            ("os", "linux"),
            ("governor", "ondemand"),
            ("hypervisor", "QEMU Ubuntu 24.04"),
        ] {
            assert_eq!(machine(&[same]).fingerprint, usual, "{same:?}");
        }
        for other in [
            ("cpu", "Intel Xeon"),
            ("cores", "4"),
            ("cores_physical", "1"),
            ("smt", "on"),
            ("turbo", "on"),
            ("quota", "1.00 cores"),
            ("arch", "aarch64"),
            ("governor", "performance"),
            ("governor", "unknown"),
            ("hypervisor", "none"),
            ("hypervisor", "Amazon EC2 m7i.large"),
        ] {
            assert_ne!(machine(&[other]).fingerprint, usual, "{other:?}");
        }
    }

    #[test]
    fn a_name_that_was_learnt_later_is_no_other_class() {
        let before = machine(&[("hypervisor", "unnamed")]);
        let after = machine(&[("hypervisor", "Firecracker")]);
        assert_eq!(before.fingerprint, after.fingerprint);
    }

    #[test]
    fn facts_that_differ_are_named_with_what_they_do_to_the_class() {
        let (one, other) = (
            machine(&[]),
            machine(&[
                ("kernel", "6.8.0"),
                ("cores", "4"),
                ("governor", "ondemand"),
                ("os", "linux"),
            ]),
        );
        let found = one.differences(&other);
        let found: Vec<_> = found
            .iter()
            .map(|fact| (fact.name, fact.one, fact.other, fact.is_of_class))
            .collect();
        assert_eq!(
            found,
            [
                ("cores", Some("2"), Some("4"), true),
                ("governor", Some("schedutil"), Some("ondemand"), false),
                ("kernel", Some("6.1.0-21"), Some("6.8.0"), false),
                ("os", None, Some("linux"), false),
            ]
        );
        assert_eq!(one.differences(&one), []);
        // A fact that is missing is one that is not known.
        assert_eq!(one.differences(&machine(&[("os", UNKNOWN)])), []);
    }
}
