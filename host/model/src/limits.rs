//! The limits that the host enforces: one table that flags, jobs, messages and the report all read.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LimitKind;

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct LimitSpec {
    /// Which limit.
    pub kind: LimitKind,
    /// Its flag, without dashes, and its name in messages.
    pub name: &'static str,
    /// Its value unless the user says otherwise.
    pub default: u64,
    /// What the value counts.
    pub unit: LimitUnit,
    /// What it limits, for people.
    pub about: &'static str,
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitUnit {
    /// Bytes; typed as `256MiB`.
    Bytes,
    /// Milliseconds; typed as `60s`.
    Milliseconds,
    /// A plain number; typed as `1000` or `2e11`.
    Count,
}

pub(crate) const KIB: u64 = 1024;
pub(crate) const MIB: u64 = 1024 * KIB;
pub(crate) const GIB: u64 = 1024 * MIB;

/// Every limit, in the order in which they are shown.
pub const LIMITS: &[LimitSpec] = &[
    // Every Sightglass program fits into it (measured).
    row(
        LimitKind::Fuel,
        "fuel",
        200_000_000_000,
        LimitUnit::Count,
        "fuel of one count pass over a case",
    ),
    row(
        LimitKind::Memory,
        "memory",
        256 * MIB,
        LimitUnit::Bytes,
        "all memories and tables of a plugin, summed",
    ),
    row(
        LimitKind::Wall,
        "wall",
        60_000,
        LimitUnit::Milliseconds,
        "wall time of one worker process, which measures one case once",
    ),
    row(
        LimitKind::Compile,
        "compile",
        30_000,
        LimitUnit::Milliseconds,
        "CPU time of compiling one of a component's two builds",
    ),
    row(
        LimitKind::CompileMemory,
        "compile-memory",
        2 * GIB,
        LimitUnit::Bytes,
        "address space of compiling a component",
    ),
    row(
        LimitKind::Stack,
        "stack",
        MIB,
        LimitUnit::Bytes,
        "call stack of the guest",
    ),
    row(
        LimitKind::Instances,
        "instances",
        64,
        LimitUnit::Count,
        "core instances in a component",
    ),
    row(
        LimitKind::Structure,
        "structure",
        1,
        LimitUnit::Count,
        "how many times as large a component may be in its parts: functions, blocks, branches, …",
    ),
    row(
        LimitKind::HostCall,
        "host-call",
        MIB,
        LimitUnit::Bytes,
        "what one host call may copy out of the guest",
    ),
    row(
        LimitKind::Handles,
        "handles",
        1000,
        LimitUnit::Count,
        "streams, pollables, descriptors and other handles at one time",
    ),
    row(
        LimitKind::Random,
        "random",
        64 * KIB,
        LimitUnit::Bytes,
        "random numbers in one call",
    ),
    row(
        LimitKind::Output,
        "output-bytes",
        MIB,
        LimitUnit::Bytes,
        "stdout and stderr of one case together",
    ),
    row(
        LimitKind::Component,
        "component",
        32 * MIB,
        LimitUnit::Bytes,
        "size of a component file",
    ),
    row(
        LimitKind::Cases,
        "cases",
        1000,
        LimitUnit::Count,
        "cases that a plugin may list",
    ),
    row(
        LimitKind::ScratchBytes,
        "scratch-bytes",
        256 * MIB,
        LimitUnit::Bytes,
        "files in the scratch copies of --dir-rw",
    ),
    row(
        LimitKind::ScratchFiles,
        "scratch-files",
        10_000,
        LimitUnit::Count,
        "files and directories in the scratch copies of --dir-rw",
    ),
];

const fn row(
    kind: LimitKind,
    name: &'static str,
    default: u64,
    unit: LimitUnit,
    about: &'static str,
) -> LimitSpec {
    LimitSpec {
        kind,
        name,
        default,
        unit,
        about,
    }
}

impl LimitKind {
    /// Its row in the table.
    #[must_use]
    pub fn spec(self) -> &'static LimitSpec {
        LIMITS
            .iter()
            .find(|spec| spec.kind == self)
            .unwrap_or(&LIMITS[0])
    }
}

/// A value for every limit. Where some are read from a text, the others have their defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "BTreeMap<LimitKind, u64>")]
pub struct Limits(BTreeMap<LimitKind, u64>);

impl From<BTreeMap<LimitKind, u64>> for Limits {
    fn from(named: BTreeMap<LimitKind, u64>) -> Self {
        let mut limits = Self::default();
        limits.0.extend(named);
        limits
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self(
            LIMITS
                .iter()
                .map(|spec| (spec.kind, spec.default))
                .collect(),
        )
    }
}

impl Limits {
    /// The value of one limit, in its own unit.
    #[must_use]
    pub fn get(&self, kind: LimitKind) -> u64 {
        self.0.get(&kind).copied().unwrap_or(kind.spec().default)
    }

    /// The value of one limit as a size of this machine; the largest size if it does not fit.
    #[must_use]
    pub fn size(&self, kind: LimitKind) -> usize {
        usize::try_from(self.get(kind)).unwrap_or(usize::MAX)
    }

    /// Changes one limit.
    pub fn set(&mut self, kind: LimitKind, value: u64) {
        self.0.insert(kind, value);
    }

    /// All of them, for the report.
    #[must_use]
    pub fn values(&self) -> &BTreeMap<LimitKind, u64> {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_are_read_have_their_defaults_where_nothing_is_said() {
        let read: Limits = serde_json::from_str(r#"{"cases": 7, "output": 8}"#).unwrap();
        for spec in LIMITS {
            let expected = match spec.kind {
                LimitKind::Cases => 7,
                LimitKind::Output => 8,
                _ => spec.default,
            };
            assert_eq!(read.get(spec.kind), expected, "{}", spec.name);
            assert_eq!(read.values()[&spec.kind], expected, "{}", spec.name);
            assert_eq!(spec.kind.spec().name, spec.name);
        }
        assert_eq!(read.values().len(), LIMITS.len());
    }

    #[test]
    fn every_limit_has_one_row_and_its_name_is_that_of_the_report() {
        let kinds = serde_json::to_value(schemars::schema_for!(LimitKind)).unwrap();
        assert_eq!(kinds["oneOf"].as_array().unwrap().len(), LIMITS.len());
        for spec in LIMITS {
            assert_eq!(
                LIMITS
                    .iter()
                    .filter(|other| other.kind == spec.kind)
                    .count(),
                1
            );
            let in_report = serde_json::to_value(spec.kind).unwrap();
            assert_eq!(in_report, serde_json::Value::from(spec.name));
        }
    }
}
