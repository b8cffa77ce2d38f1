//! Where the functions of a component lie in memory. Two components with the same hot function can differ by
//! up to 15 % in time because of that alone, and measuring again confirms it. So functions begin at cache lines, which
//! takes that to 3 %, and a component that is cheap to compile is compiled in several layouts, among which every
//! process draws: estimates average over what is left (Mytkowicz et al., ASPLOS 2009; Curtsinger and Berger,
//! STABILIZER, ASPLOS 2013).

use serde::{Deserialize, Serialize};
use wasmtime::Config;

/// One of the layouts of a component's machine code, by its number.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Layout(pub u32);

/// Functions begin at multiples of 2^6 bytes, a cache line.
const ALIGNMENT_LOG2: &str = "6";

/// Bytes between two functions grow by this from one layout to the next, so that functions move against each other by
/// whole cache lines.
const STEP_BYTES: u32 = 64;

/// What code depends on that was compiled in any layout, since the engine's own hash knows nothing of it.
pub(super) const FORM: (&str, u32) = (ALIGNMENT_LOG2, STEP_BYTES);

/// Layouts of small code, and the largest code in bytes that has so many: compiling this much takes some 0.1 s.
const MANY: (u32, u64) = (8, 1 << 20);

/// Layouts of code of a usual size.
const SOME: (u32, u64) = (4, 4 << 20);

impl Layout {
    /// Functions without room between them.
    pub const PLAIN: Self = Self(0);

    /// How many layouts code of this size has, bounded by what compiling costs: a script engine has one.
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

    pub(super) fn configure(self, config: &mut Config) {
        let padding = (self.0 * STEP_BYTES).to_string();
        for (name, value) in [
            ("log2_min_function_alignment", ALIGNMENT_LOG2),
            ("wasmtime_linkopt_padding_between_functions", &padding),
        ] {
            // SAFETY: both move functions and change nothing in them: the engine, which checks the settings of
            // code that it loads, lets code of any alignment be loaded, and never sees the other one.
            #[allow(unsafe_code)]
            unsafe {
                config.cranelift_flag_set(name, value);
            }
        }
    }
}
