//! What plugins may use beyond what every plugin may: proposals to WebAssembly that are off by
//! default, and interfaces that they import and never call.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::{all, word};

/// A proposal to WebAssembly that is off unless it is granted.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Proposal {
    /// Structs, arrays and typed function references, whose heap is collected by the engine.
    Gc,
    /// Exceptions (`try_table`, `exnref`).
    Exceptions,
    /// Memories with 64-bit addresses.
    Memory64,
    /// Several memories in one module.
    MultiMemory,
    /// Additions and multiplications of 128 bits.
    WideArithmetic,
    /// Atomic instructions, on memories that are not shared.
    Atomics,
}

/// Interfaces of WASI that no plugin gets, and that one may import all the same.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Stub {
    /// `wasi:sockets`.
    Sockets,
    /// `wasi:http`.
    Http,
}

impl Stub {
    /// The interface whose name an import has, if it is one of these.
    #[must_use]
    pub fn of(import: &str) -> Option<Self> {
        let rest = import.strip_prefix("wasi:")?;
        let package = rest.split_once('/').map_or("", |(package, _)| package);
        all::<Self>().find(|stub| word(stub) == package)
    }
}

/// What plugins may use beyond what every plugin may.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Features {
    /// Proposals that are switched on.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub wasm: BTreeSet<Proposal>,
    /// Interfaces that may be imported; a call of one ends the guest.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub deny_stubs: BTreeSet<Stub>,
}

impl Features {
    /// Everything: for a worker that reads a component and runs nothing of it.
    #[must_use]
    pub fn all() -> Self {
        Self {
            wasm: all().collect(),
            deny_stubs: all().collect(),
        }
    }

    /// Whether it is what every plugin may use, and nothing else.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What it has that `others` lack.
    #[must_use]
    pub fn beyond(&self, others: &Self) -> Self {
        Self {
            wasm: &self.wasm - &others.wasm,
            deny_stubs: &self.deny_stubs - &others.deny_stubs,
        }
    }

    /// The words of a command line that grant this, in one order.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let wasm: Vec<_> = self.wasm.iter().map(word).collect();
        let stubs: Vec<_> = self.deny_stubs.iter().map(word).collect();
        [("wasm", wasm), ("deny-stubs", stubs)]
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(flag, names)| format!("--{flag}={}", names.join(",")))
            .collect()
    }
}
