//! What a worker says first, before it has read its job: which protocol it speaks, and which engine
//! it is.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The form of jobs and events. A worker that speaks another one is refused by name, whatever else
/// it says.
pub const PROTOCOL: u32 = 1;

/// Who a worker is. All workers of a session say the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The form of jobs and events that it speaks.
    pub protocol: u32,
    /// The name of its engine.
    pub engine: String,
    /// The engine's version.
    pub version: String,
    /// How the engine is set, for people: name and value.
    pub settings: BTreeMap<String, String>,
    /// What compiled code depends on besides the component, the build and the layout: 16 hex digits
    /// that differ between engines, their versions and settings, and CPUs.
    pub compatibility: String,
}

impl fmt::Display for Hello {
    /// Name and version of the engine, for the report.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.engine, self.version)
    }
}

/// The part of a [`Hello`] that every protocol has, so that another one can be named.
#[derive(Deserialize)]
struct Greeting {
    event: String,
    protocol: u32,
}

impl Hello {
    /// Why a worker that begins with this line cannot be spoken to; none if it can, or if it is no
    /// greeting at all.
    pub(super) fn refusal(line: &[u8]) -> Option<String> {
        let greeting: Greeting = serde_json::from_slice(line).ok()?;
        let protocol = greeting.protocol;
        (greeting.event == "hello" && protocol != PROTOCOL).then(|| {
            format!(
                "the worker speaks protocol {protocol}, and this dyno speaks {PROTOCOL}: use a `dyno-worker` of this release ({})",
                env!("CARGO_PKG_VERSION")
            )
        })
    }
}
