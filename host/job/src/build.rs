//! The builds of a component, and the layouts of their machine code.

use serde::{Deserialize, Serialize};

use dyno_model::{LimitKind, Limits};

/// How a component is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Build {
    /// With fuel, for counting: deterministic, and 10 % to 100 % slower.
    Metered,
    /// With no instrumentation at all, for timing. The supervisor's clock is its guard.
    Timed,
    /// Metered, and every function tells when it begins and ends (`instrument.rs`).
    Profiled,
}

impl Build {
    /// Both builds that a plugin is measured by.
    pub const ALL: [Self; 2] = [Self::Metered, Self::Timed];

    /// Its name in file names and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Metered => "metered",
            Self::Timed => "timed",
            Self::Profiled => "profiled",
        }
    }

    /// Whether it counts fuel.
    #[must_use]
    pub fn has_fuel(self) -> bool {
        self != Self::Timed
    }

    /// The guest's stack. The frames of a profiled one are a little larger, for the smallest about
    /// twice as large: what fits without must fit with it.
    #[must_use]
    pub fn stack_bytes(self, limits: &Limits) -> usize {
        let bytes = limits.size(LimitKind::Stack);
        match self {
            Self::Profiled => bytes.saturating_mul(2),
            Self::Metered | Self::Timed => bytes,
        }
    }
}

/// One of the layouts of a component's machine code, by its number.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Layout(pub u32);

/// Layouts of small code, and the largest code in bytes that has so many: compiling this much takes
/// some 0.1 s.
const MANY: (u32, u64) = (8, 1 << 20);

/// Layouts of code of a usual size.
const SOME: (u32, u64) = (4, 4 << 20);

impl Layout {
    /// Functions without room between them.
    pub const PLAIN: Self = Self(0);

    /// How many layouts code of this size has, bounded by what compiling costs: a script engine has
    /// one.
    #[must_use]
    pub fn count(code_bytes: u64) -> u32 {
        let fits = [MANY, SOME]
            .into_iter()
            .find(|(_, most)| code_bytes <= *most);
        fits.map_or(1, |(count, _)| count)
    }

    /// What it is called in file names; nothing for the plain one.
    #[must_use]
    pub fn suffix(self) -> String {
        match self {
            Self::PLAIN => String::new(),
            Self(number) => format!("-{number}"),
        }
    }
}
