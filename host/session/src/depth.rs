//! How thorough the time pass is, in one word of the user's.

use dyno_measure::Sampling;

/// How thorough the time pass is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// One process a case: says nothing of the spread between processes.
    Quick,
    /// Five.
    #[default]
    Default,
    /// Twenty, and narrower intervals.
    Thorough,
}

impl Depth {
    /// Processes for each case (METHOD.md, blocks).
    #[must_use]
    pub fn blocks(self) -> u32 {
        match self {
            Self::Quick => 1,
            Self::Default => 5,
            Self::Thorough => 20,
        }
    }

    /// How each samples.
    #[must_use]
    pub fn time(self) -> Sampling {
        let default = Sampling::default();
        match self {
            Self::Quick => Sampling {
                budget_ns: default.budget_ns / 2,
                ..default
            },
            Self::Default => default,
            Self::Thorough => Sampling {
                precision: default.precision / 2.0,
                ..default
            },
        }
    }
}
